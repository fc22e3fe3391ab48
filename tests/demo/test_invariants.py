"""The invariants of a run, on time lines that keep and break them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hotline.demo.invariants import Moment, double_rings, engagements, stranded

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def moment(call: str, second: float, kind: str, seat: str = "") -> Moment:
    return Moment(call, START + timedelta(seconds=second), kind, seat)


def test_a_seat_belongs_to_a_call_from_ringing_to_the_end() -> None:
    line = [moment("a", 1, "ringing", "8001"), moment("a", 3, "answered", "8001"), moment("a", 9, "ended")]
    (held,) = engagements(line)
    assert (held.seat, held.start, held.end) == ("8001", line[0].at, line[2].at)


def test_a_ring_that_is_not_answered_frees_the_seat_for_the_next_call() -> None:
    lines = [
        moment("a", 1, "ringing", "8001"),
        moment("a", 8, "returned", "8001"),
        moment("a", 9, "ringing", "8002"),
        moment("b", 9, "ringing", "8001"),
        moment("a", 20, "ended"),
        moment("b", 20, "ended"),
    ]
    assert double_rings(lines) == []


def test_two_calls_at_one_seat_at_once_are_found() -> None:
    lines = [
        moment("a", 1, "ringing", "8001"),
        moment("b", 5, "ringing", "8001"),
        moment("a", 8, "ended"),
        moment("b", 9, "ended"),
    ]
    assert [(one.call, other.call) for one, other in double_rings(lines)] == [("a", "b")]


def test_a_call_that_never_lets_go_of_its_seat_clashes_with_the_next() -> None:
    lines = [moment("a", 1, "ringing", "8001"), moment("b", 100, "ringing", "8001"), moment("b", 101, "ended")]
    assert len(double_rings(lines)) == 1


def test_a_member_of_the_fallback_queue_counts_as_engaged() -> None:
    lines = [
        moment("a", 1, "fallback_answered", "8001"),
        moment("b", 2, "ringing", "8001"),
        moment("a", 5, "ended"),
        moment("b", 6, "ended"),
    ]
    assert len(double_rings(lines)) == 1


def test_a_caller_without_an_outcome_is_stranded() -> None:
    assert stranded(["1", "2", "3"], {"1": "answered", "2": None}) == ["2", "3"]
