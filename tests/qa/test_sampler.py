"""The draw: exact, repeatable, indifferent to order (D64), and the two calls a week (D65)."""

from __future__ import annotations

import hashlib
from collections import Counter
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.errors import BadRate, BadRows
from qa.sampler import ALGORITHM, Row, draw, exact_rate, iso_week, quota

days = st.dates().map(lambda day: day.isoformat())
names = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8)
rows_of_calls = st.lists(
    st.builds(
        Row, id=names, day=st.sampled_from(["2026-11-20", "2026-11-21", "2027-01-01"]),
        business=st.sampled_from(["mobile", "data", "other"]), seat=st.sampled_from(["8001", "8002", ""]),
    ),
    unique_by=lambda row: row.id, max_size=80,
)  # fmt: skip
rates = st.fractions(min_value=Fraction(1, 1000), max_value=1)
seeds = st.integers(min_value=-(2**63), max_value=2**63)


@given(rows_of_calls, rates, seeds, st.randoms())
def test_order_of_rows_does_not_matter(rows: list[Row], rate: Fraction, seed: int, random) -> None:  # type: ignore[no-untyped-def]
    first = draw(rows, rate, seed)
    random.shuffle(rows)
    assert draw(rows, rate, seed) == first


@given(rows_of_calls, rates, seeds)
def test_each_business_of_each_day_gives_its_share_rounded_up(rows: list[Row], rate: Fraction, seed: int) -> None:
    result = draw(rows, rate, seed)
    groups = Counter((row.day, row.business) for row in rows)
    found = {(day, business): ids for day, by in result.drawn.items() for business, ids in by.items()}
    assert set(found) == set(groups)
    members = {(row.id, row.day, row.business) for row in rows}
    for (day, business), ids in found.items():
        assert len(ids) == len(set(ids)) == ceil(rate * groups[day, business])
        assert all((each, day, business) in members for each in ids)


@given(rows_of_calls, rates, rates, seeds)
def test_greater_rate_only_adds(rows: list[Row], one: Fraction, other: Fraction, seed: int) -> None:
    low, high = sorted((one, other))
    assert draw(rows, low, seed).ids() <= draw(rows, high, seed).ids()


@given(rows_of_calls, rates, seeds, days)
def test_late_call_displaces_at_most_one(rows: list[Row], rate: Fraction, seed: int, day: str) -> None:
    before = draw(rows, rate, seed).ids()
    late = Row("a late call", day, "mobile", "8001")
    after = draw([*rows, late], rate, seed).ids()
    assert len(before - after) <= 1
    assert after - before <= {late.id} or not before - after


@pytest.mark.parametrize(
    ("population", "drawn"), [(0, 0), (1, 1), (19, 1), (20, 1), (21, 2), (40, 2), (41, 3), (60, 3), (100, 5), (140, 7)]
)
def test_five_per_cent_is_not_rounded_by_binary_fractions(population: int, drawn: int) -> None:
    assert quota(population, exact_rate(0.05)) == quota(population, exact_rate("0.05")) == drawn


@pytest.mark.parametrize("tenths", range(1, 11))
def test_whole_shares_are_not_rounded_up(tenths: int) -> None:
    assert all(quota(10 * n, exact_rate(tenths / 10)) == tenths * n for n in range(200))


@pytest.mark.parametrize("rate", ["0", "-0.1", "1.01", "nan", "inf", "five", "", "1e400"])
def test_rate_outside_its_range_is_refused(rate: str) -> None:
    with pytest.raises(BadRate, match="rate"):
        draw([], rate, 1)


def test_auditor_can_repeat_the_draw_from_its_description() -> None:
    rows = [Row(f"n1-{i}", "2026-11-20", "mobile", "8001") for i in range(30)]
    expected = sorted(rows, key=lambda row: hashlib.sha256(f"7|2026-11-20|mobile|{row.id}".encode()).hexdigest())[:2]
    assert draw(rows, "0.05", 7).drawn["2026-11-20"]["mobile"] == tuple(row.id for row in expected)
    assert ALGORITHM == "sha256-rank-1"


def test_draw_is_the_same_on_every_machine() -> None:
    rows = [Row(str(i), "2026-11-20", "data", "8001") for i in range(40)]
    assert draw(rows, "0.05", 42).drawn["2026-11-20"]["data"] == GOLDEN


GOLDEN = ("7", "11")


def test_seeds_draw_differently() -> None:
    rows = [Row(str(i), "2026-11-20", "data", "8001") for i in range(1000)]
    assert len({draw(rows, "0.05", seed).ids() for seed in range(20)}) == 20


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([Row("a", "2026-11-20", "x", "1"), Row("a", "2026-11-21", "x", "1")], "'a' occurs twice"),
        ([Row("", "2026-11-20", "x", "1")], "without an id"),
        ([Row("a", "20261120", "x", "1")], "is not a day"),
        ([Row("a", "2026-02-30", "x", "1")], "is not a day"),
    ],
)
def test_rows_that_cannot_be_drawn_from_are_refused(rows: list[Row], message: str) -> None:
    with pytest.raises(BadRows, match=message):
        draw(rows, "0.05", 1)


def test_seat_with_fewer_than_two_inspected_calls_in_a_week_is_short() -> None:
    rows = [Row(f"m{i}", "2026-11-16", "mobile", "8001") for i in range(20)]
    rows += [Row(f"t{i}", "2026-11-22", "mobile", "8001") for i in range(20)]
    rows += [Row("only", "2026-11-18", "data", "8002"), Row("message", "2026-11-18", "data", "")]
    short = {(each.seat, each.week): each for each in draw(rows, "0.05", 1).shortfalls}
    assert ("8001", "2026-W47") not in short
    assert "" not in {seat for seat, _ in short}
    only = draw([rows[-2]], "0.05", 1).shortfalls
    assert [(each.seat, each.week, each.drawn, each.available, each.short) for each in only] == [
        ("8002", "2026-W47", 1, 1, 1)
    ]


def test_week_belongs_to_the_iso_year() -> None:
    assert iso_week("2027-01-01") == "2026-W53"
    assert iso_week("2026-11-21") == "2026-W47"


@given(rows_of_calls, rows_of_calls, rates, seeds)
def test_topping_up_keeps_what_was_drawn_and_reaches_the_share(
    rows: list[Row], late: list[Row], rate: Fraction, seed: int
) -> None:
    first = draw(rows, rate, seed).ids()
    known = {row.id for row in rows}
    everything = [*rows, *(row for row in late if row.id not in known)]
    second = draw(everything, rate, seed, first).ids()
    assert not first & second
    groups = Counter((row.day, row.business) for row in everything)
    taken = Counter((row.day, row.business) for row in everything if row.id in first | second)
    assert all(taken[group] == ceil(rate * count) for group, count in groups.items())
