"""A seat's life as a table, and the events that move it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from acd.seats import (
    TRANSITIONS,
    USUAL,
    Answered,
    BreakTaken,
    CallOver,
    Claimed,
    ContactChanged,
    Customs,
    LoggedIn,
    LoggedOut,
    Rang,
    Ready,
    RingOver,
    Seat,
    SeatEvent,
    SeatState,
    WrapUpOver,
    step,
)
from acd.words import Level, Service, usual

NOW = datetime(2026, 3, 15, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=30)
LEASE = NOW + timedelta(seconds=20)


def seat(state: SeatState = SeatState.READY, **other: object) -> Seat:
    values: dict[str, object] = {"reachable": True, "idle_since": NOW if state is SeatState.READY else None} | other
    return Seat("8001", Level.JUNIOR, usual(Service), state, NOW, **values)  # type: ignore[arg-type]


def after(start: Seat, *events: SeatEvent) -> Seat:
    for event in events:
        start = step(start, event, LATER)
    return start


def test_a_call_from_claim_to_ready_again() -> None:
    ringing = after(seat(), Claimed("a", 1, LEASE), Rang("a", 1))
    assert (ringing.state, ringing.call_uid, ringing.epoch) == (SeatState.RINGING, "a", 1)
    talking = after(ringing, Answered("a", 1))
    assert (talking.state, talking.lease_until, talking.idle_since) == (SeatState.TALKING, None, None)
    wrapping = after(talking, CallOver("a"))
    assert (wrapping.state, wrapping.call_uid) == (SeatState.WRAP_UP, None)
    ready = after(wrapping, WrapUpOver())
    assert (ready.state, ready.idle_since) == (SeatState.READY, LATER)


def test_who_ignores_a_ring_goes_to_the_end_of_the_line_and_who_lost_the_caller_does_not() -> None:
    ringing = after(seat(), Claimed("a", 1, LEASE))
    assert after(ringing, RingOver("a", 1, ignored=True)).idle_since == LATER
    assert after(ringing, RingOver("a", 1)).idle_since == NOW
    assert after(ringing, CallOver("a")).idle_since == NOW


def test_a_phone_that_cannot_be_rung_is_unreachable() -> None:
    seen = after(seat(), Claimed("a", 1, LEASE), RingOver("a", 1, unreachable=True))
    assert (seen.state, seen.reachable, seen.can_ring) == (SeatState.READY, False, False)


def test_events_of_another_claim_change_nothing() -> None:
    ringing = after(seat(), Claimed("b", 5, LEASE))
    for late in (
        RingOver("a", 4),
        RingOver("b", 4),
        Answered("a", 4),
        CallOver("a"),
        Rang("a", 4),
        Claimed("c", 6, LEASE),
    ):
        assert after(ringing, late) is ringing, late


def test_an_answer_told_again_after_the_call_does_not_wake_the_seat() -> None:
    wrapping = after(seat(), Claimed("a", 1, LEASE), Answered("a", 1), CallOver("a"))
    assert after(wrapping, Answered("a", 1)) is wrapping


def test_a_break_asked_for_during_a_call_begins_after_it() -> None:
    talking = after(seat(), Claimed("a", 1, LEASE), Answered("a", 1), BreakTaken("lunch"))
    assert talking.state is SeatState.TALKING
    resting = after(talking, CallOver("a"))
    assert (resting.state, resting.break_reason) == (SeatState.BREAK, "lunch")


def test_ready_takes_back_a_break_asked_for_during_a_call() -> None:
    talking = after(seat(), Claimed("a", 1, LEASE), Answered("a", 1), BreakTaken("lunch"), Ready())
    assert after(talking, CallOver("a")).state is SeatState.WRAP_UP


def test_nobody_logs_out_of_a_call() -> None:
    talking = after(seat(), Claimed("a", 1, LEASE), Answered("a", 1))
    assert after(talking, LoggedOut()) is talking


def test_an_unreachable_or_resting_seat_is_not_claimed() -> None:
    for start in (seat(reachable=False), seat(SeatState.BREAK), seat(SeatState.WRAP_UP), seat(SeatState.OFFLINE)):
        assert after(start, Claimed("a", 1, LEASE)) is start


def test_the_fallback_queue_makes_a_seat_talk_without_a_claim() -> None:
    assert after(seat(), Answered("a", 0)).state is SeatState.TALKING
    assert (
        after(seat(SeatState.BREAK, break_reason="lunch"), Answered("a", 0), CallOver("a")).state is SeatState.WRAP_UP
    )


def missed(times: int, customs: Customs = USUAL) -> Seat:
    """A seat that lets so many calls ring out."""
    start = seat()
    for epoch in range(1, times + 1):
        start = step(start, Claimed("a", epoch, LEASE), LATER, customs)
        start = step(start, RingOver("a", epoch, ignored=True), LATER, customs)
    return start


def test_misses_in_a_row_make_a_seat_not_answering_and_ready_ends_it() -> None:
    assert (missed(1).state, missed(1).misses) == (SeatState.READY, 1)
    away = missed(2)
    assert (away.state, away.misses, away.idle_since, away.call_uid) == (SeatState.NOT_ANSWERING, 2, None, None)
    assert after(away, Claimed("a", 3, LEASE)) is away
    back = after(away, Ready())
    assert (back.state, back.misses) == (SeatState.READY, 0)
    assert missed(2, Customs(misses_before_away=3)).state is SeatState.READY


def test_an_answer_and_a_break_begin_the_misses_anew_and_a_caller_who_hung_up_is_none() -> None:
    assert after(missed(1), Claimed("a", 5, LEASE), Answered("a", 5)).misses == 0
    assert after(missed(1), BreakTaken("rest"), Ready()).misses == 0
    assert after(missed(1), Claimed("a", 5, LEASE), CallOver("a")).misses == 1
    assert after(missed(1), Claimed("a", 5, LEASE), RingOver("a", 5)).misses == 1


def test_a_break_asked_for_while_it_rings_comes_before_not_answering() -> None:
    ringing = after(missed(1), Claimed("a", 5, LEASE), BreakTaken("rest"), RingOver("a", 5, ignored=True))
    assert (ringing.state, ringing.break_reason) == (SeatState.BREAK, "rest")


def test_wrap_up_lasts_as_long_as_the_service_says() -> None:
    customs = Customs(wrap_up_seconds=20, wrap_up_by_service={"suggestion": 45.0})
    talking = after(seat(), Claimed("a", 1, LEASE), Answered("a", 1))
    for service, seconds in ((Service.SUGGESTION, 45), (Service.COMPLAINT, 20), (None, 20)):
        wrapping = step(talking, CallOver("a", service), LATER, customs)
        assert wrapping.wrap_up_until == LATER + timedelta(seconds=seconds)
        assert step(wrapping, WrapUpOver(), LATER).wrap_up_until is None


calls = st.sampled_from(["a", "b"])
epochs = st.integers(1, 6)
all_events = st.one_of(
    st.builds(LoggedIn), st.builds(LoggedOut), st.builds(Ready), st.builds(WrapUpOver),
    st.builds(BreakTaken, st.sampled_from(["lunch", "training"])),
    st.builds(Claimed, calls, epochs, st.just(LEASE)), st.builds(Rang, calls, epochs),
    st.builds(Answered, calls, epochs | st.just(0)), st.builds(RingOver, calls, epochs, st.booleans(), st.booleans()),
    st.builds(CallOver, calls), st.builds(ContactChanged, st.booleans()),
)  # fmt: skip


class SeatLife(RuleBasedStateMachine):
    """Any events in any order, each told twice."""

    def __init__(self) -> None:
        super().__init__()
        self.seat = seat(SeatState.OFFLINE)
        self.now = NOW

    @rule(event=all_events)
    def happens(self, event: SeatEvent) -> None:
        self.now += timedelta(seconds=1)
        before, self.seat = self.seat, step(self.seat, event, self.now)
        assert self.seat.state is before.state or self.seat.state in TRANSITIONS[before.state]
        assert self.seat.epoch >= before.epoch
        if not isinstance(event, Ready):  # the key pressed twice: the first takes the break back, the second nothing
            assert step(self.seat, event, self.now + timedelta(seconds=1)) is self.seat, "told twice"

    @invariant()
    def has_a_call_exactly_while_it_rings_or_talks(self) -> None:
        assert (self.seat.call_uid is not None) == (self.seat.state in {SeatState.RINGING, SeatState.TALKING})

    @invariant()
    def is_idle_only_while_ready_or_ringing(self) -> None:
        if self.seat.state is SeatState.READY:
            assert self.seat.idle_since is not None
        elif self.seat.state is not SeatState.RINGING:
            assert self.seat.idle_since is None

    @invariant()
    def knows_when_wrap_up_ends_exactly_while_it_wraps_up(self) -> None:
        assert (self.seat.wrap_up_until is not None) == (self.seat.state is SeatState.WRAP_UP)

    @invariant()
    def has_missed_too_often_exactly_while_it_does_not_answer(self) -> None:
        if self.seat.state is SeatState.NOT_ANSWERING:
            assert self.seat.misses >= USUAL.misses_before_away
        elif self.seat.state is not SeatState.RINGING:
            assert self.seat.misses < USUAL.misses_before_away


TestSeatLife = SeatLife.TestCase
TestSeatLife.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
