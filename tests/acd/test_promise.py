"""Was the promise of D9 broken, by how much and why: from the time line alone."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from acd.calls import facts_of
from acd.events import CallEvent, Kind
from acd.promise import Cause, breach, waited
from tests.acd.test_calls import UID, at, event, events

LIMIT = 15.0


def cause_of(*told: CallEvent, now: float = 100) -> Cause | None:
    wait = breach(facts_of(UID, [event(Kind.QUEUED, 0), *told]), LIMIT, at(now))
    return wait.cause if wait is not None else None


def test_no_breach_before_the_promise_is_over() -> None:
    assert cause_of(now=15) is None
    assert cause_of(now=15.1) is Cause.NO_IDLE_SEAT


def test_an_answer_in_time_keeps_the_promise_whenever_it_is_looked_at() -> None:
    assert cause_of(event(Kind.RINGING, 8, "8001", 1), event(Kind.ANSWERED, 14.9, "8001", 1)) is None


def test_the_clock_starts_at_entry_and_a_long_menu_is_a_cause_of_its_own() -> None:
    told = [event(Kind.ENTERED, -10), event(Kind.RINGING, 7, "8001", 1), event(Kind.ANSWERED, 8, "8001", 1)]
    assert cause_of(*told) is Cause.MENU
    assert waited(facts_of(UID, [event(Kind.QUEUED, 0), *told]), at(99)) == 18
    assert cause_of(event(Kind.ENTERED, -10), now=30) is Cause.NO_IDLE_SEAT


def test_a_caller_who_leaves_in_time_was_not_let_down() -> None:
    assert cause_of(event(Kind.ENDED, 12)) is None
    assert cause_of(event(Kind.VOICEMAIL, 12)) is None


def test_nobody_idle() -> None:
    assert cause_of(event(Kind.RINGING, 13, "8001", 1), event(Kind.ANSWERED, 17, "8001", 1)) is Cause.NO_IDLE_SEAT


def test_rung_and_not_picked_up() -> None:
    told = [
        event(Kind.RINGING, 0.1, "8001", 1), event(Kind.RETURNED, 7.1, "8001", 1, "NOANSWER"),
        event(Kind.RINGING, 7.2, "8002", 2), event(Kind.RETURNED, 14.2, "8002", 2, "NOANSWER"),
    ]  # fmt: skip
    assert cause_of(*told) is Cause.RING_UNANSWERED
    assert cause_of(*told[:1]) is Cause.RING_UNANSWERED, "still ringing"


def test_a_short_ring_in_vain_after_a_long_wait_is_not_the_cause() -> None:
    told = [event(Kind.RINGING, 10, "8001", 1), event(Kind.RETURNED, 17, "8001", 1, "NOANSWER")]
    assert cause_of(*told) is Cause.NO_IDLE_SEAT


def test_a_telephone_that_cannot_be_rung() -> None:
    told = [event(Kind.RINGING, 1, "8001", 1), event(Kind.RETURNED, 1.1, "8001", 1, "CHANUNAVAIL")]
    assert cause_of(*told) is Cause.SEAT_UNREACHABLE


def test_the_system_itself() -> None:
    assert cause_of(event(Kind.FALLBACK, 6), event(Kind.FALLBACK_ANSWERED, 20, "8001")) is Cause.SYSTEM
    assert cause_of(event(Kind.INTERRUPTED, 3, detail="unattended")) is Cause.SYSTEM
    assert cause_of(event(Kind.INTERRUPTED, 30, detail="unattended")) is Cause.NO_IDLE_SEAT, "came later"


def test_a_call_that_never_queued_has_no_wait() -> None:
    assert waited(facts_of(UID, [event(Kind.ENTERED, 0)]), at(99)) is None


@given(st.lists(events, max_size=10), st.integers(0, 60))
def test_any_time_line_has_one_answer(told: list[CallEvent], now: int) -> None:
    facts = facts_of(UID, told)
    wait = breach(facts, LIMIT, at(now))
    seconds = waited(facts, at(now))
    assert (wait is not None) == (seconds is not None and seconds > LIMIT)
    if wait is not None:
        assert wait.ringing >= 0
        assert wait.waited == seconds
