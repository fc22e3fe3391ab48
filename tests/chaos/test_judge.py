"""The judge of the chaos suite finds each kind of broken promise: a suite whose judge sees nothing proves nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chaos.judge import Invariant, Wire, Written, judge
from tests.chaos.traffic import busy_twice
from tests.light_sip import Seen

WIRE = Wire("13900000001", 100.0, accepted=True, gave_up=False, seat_answers=((104.0, "8001"),))
ROW = Written("n1-1.1", "13900000001", "answered", ended=True, waited=4.2, legs=(30.0, 30.02))


def test_a_call_that_is_told_alike_on_both_sides_breaks_nothing() -> None:
    verdict = judge([WIRE], [ROW], {"8001": 0})
    assert verdict.good
    assert verdict.outcomes == {"answered": 1}


@pytest.mark.parametrize(
    ("wire", "rows", "doubled", "broken"),
    [
        (WIRE, [], 0, Invariant.ACCOUNTED),
        (WIRE, [ROW, replace(ROW, uid="n1-1.2")], 0, Invariant.ACCOUNTED),
        (WIRE, [replace(ROW, outcome=None)], 0, Invariant.ACCOUNTED),
        (WIRE, [replace(ROW, outcome="abandoned", waited=None)], 0, Invariant.ACCOUNTED),
        (WIRE, [replace(ROW, ended=False)], 0, Invariant.ACCOUNTED),
        (
            replace(WIRE, seat_answers=(), gave_up=True),
            [replace(ROW, outcome="abandoned", waited=None)],
            0,
            Invariant.NOT_STRANDED,
        ),
        (WIRE, [ROW], 1, Invariant.ONE_CALL),
        (WIRE, [replace(ROW, legs=None)], 0, Invariant.TWO_LEGS),
        (WIRE, [replace(ROW, legs=(30.0, 29.0))], 0, Invariant.TWO_LEGS),
        (WIRE, [replace(ROW, waited=5.5)], 0, Invariant.TIMES),
        (replace(WIRE, seat_answers=()), [ROW], 0, Invariant.TIMES),
    ],
)
def test_each_broken_promise_is_found(wire: Wire, rows: list[Written], doubled: int, broken: Invariant) -> None:
    verdict = judge([wire], rows, {"8001": doubled})
    assert not verdict.good
    assert verdict.broken[broken]


def test_a_seat_rung_during_a_call_is_counted_and_one_rung_after_it_is_not() -> None:
    first = [Seen(1.0, "INVITE", "a", "1"), Seen(2.0, "200", "a", "1")]
    assert busy_twice([*first, Seen(3.0, "INVITE", "b", "2")]) == [(3.0, "b")]
    assert busy_twice([*first, Seen(3.0, "BYE", "a", "1"), Seen(4.0, "INVITE", "b", "2")]) == []
