"""What waiting callers are told is honest: never less for somebody further back, nothing where nothing is known."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from acd.estimate import OVER_AN_HOUR, Estimate, InLine, Staffed, estimates
from acd.words import Level, Service

LEVELS = frozenset({Level.JUNIOR, Level.CLERK, Level.SENIOR})
ONLY_SENIOR = frozenset({Level.SENIOR})
lines = st.lists(
    st.tuples(st.integers(0, 50), st.sampled_from(list(Service)), st.sampled_from([LEVELS, ONLY_SENIOR])), max_size=25
).map(lambda found: [InLine(f"c{n}", float(place), service, able) for n, (place, service, able) in enumerate(found)])
floors = st.lists(
    st.tuples(st.sampled_from([Level.JUNIOR, Level.SENIOR]), st.frozensets(st.sampled_from(list(Service)))), max_size=6
).map(lambda found: [Staffed(f"80{n}", level, skills) for n, (level, skills) in enumerate(found)])


@given(lines, floors, st.none() | st.floats(1, 2000))
def test_nobody_is_told_less_than_somebody_in_front_of_the_same_line(
    line: list[InLine], seats: list[Staffed], handling: float | None
) -> None:
    found = estimates(line, seats, handling)
    assert set(found) == {one.uid for one in line}
    for kind in {(one.service, one.levels) for one in line}:
        same = sorted((o for o in line if (o.service, o.levels) == kind), key=lambda o: (o.place, o.uid))
        told = [found[one.uid] for one in same]
        assert [each.place for each in told] == sorted({each.place for each in told})
        able = [seat for seat in seats if kind[0] in seat.skills and seat.level in kind[1]]
        known = [each.minutes for each in told if each.minutes is not None]
        assert len(known) == (len(told) if able and handling is not None else 0)
        assert known == sorted(known)


@given(lines, floors, st.floats(1, 2000))
def test_the_place_counts_everybody_in_front_who_could_take_the_same_seat(
    line: list[InLine], seats: list[Staffed], handling: float
) -> None:
    def able(one: InLine) -> set[str]:
        return {seat.extension for seat in seats if one.service in seat.skills and seat.level in one.levels}

    found = estimates(line, seats, handling)
    for one in line:
        ahead = sum(
            1
            for other in line
            if (other.place, other.uid) < (one.place, one.uid)
            and (able(one) & able(other) or (one.service, one.levels) == (other.service, other.levels))
        )
        assert found[one.uid].place == ahead + 1


def test_minutes_are_rounded_up() -> None:
    line = [InLine(f"c{n:03}", n, Service.COMPLAINT, LEVELS) for n in range(200)]
    seats = [Staffed("8001", Level.JUNIOR, frozenset(Service)), Staffed("8002", Level.SENIOR, frozenset(Service))]
    found = estimates(line, seats, 100.0)
    assert found["c000"] == Estimate(1, 0)
    assert found["c001"] == Estimate(2, 2)  # 100 s
    assert found["c014"] == Estimate(15, 15)  # 12.5 minutes
    assert found["c199"] == Estimate(200, OVER_AN_HOUR)
