"""A call that goes through many hands is the same call, in whatever order, however often it was told."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
from hypothesis import given

from acd.calls import CallState, Direction, Outcome, facts_of, hear
from acd.events import CallEvent, Kind
from acd.oncall.wishes import NONE, PATIENCE, Wish, best, wish_of
from acd.seats import Seat, SeatState
from acd.talks import Talk
from acd.words import Level, Service, usual
from tests.acd.test_calls import UID, at, event
from tests.acd.test_resume import channel, picked_up, seat

THROUGH = [
    event(Kind.ENTERED, 0),
    event(Kind.QUEUED, 2),
    event(Kind.RINGING, 2.1, "8001", 1),
    event(Kind.ANSWERED, 4, "8001", 1),
    event(Kind.HANDED, 30, "8001", 1, "level senior"),
    event(Kind.RINGING, 31, "8101", 2),
    event(Kind.ANSWERED, 33, "8101", 2),
    event(Kind.CONSULTING, 40, "8101", 3, "8201"),
    event(Kind.CONSULT_OVER, 50, "8101", 3, "joined"),
    event(Kind.JOINED, 50, "8201", 3),
    event(Kind.LEFT, 60, "8101", 2),
    event(Kind.LOST, 70, "8201", 3),
    event(Kind.RINGING, 71, "8001", 4),
    event(Kind.ANSWERED, 73, "8001", 4),
    event(Kind.TALKED, 90, "8001", 4),
    event(Kind.ENDED, 92, detail="done"),
]
"""Handed to a senior, who has a manager join and leaves; whose telephone is lost; back to where it began."""

TALKS = (
    Talk("8001", 1, at(4), at(30), Kind.HANDED, "level senior", 2.0),
    Talk("8101", 2, at(33), at(60), Kind.LEFT, "", 3.0),
    Talk("8201", 3, at(50), at(70), Kind.LOST, "", None),
    Talk("8001", 4, at(73), at(90), Kind.TALKED, "", 3.0),
)


@given(st.permutations(THROUGH), st.lists(st.integers(0, len(THROUGH) - 1), max_size=8))
def test_the_talks_are_the_same_in_any_order_however_often(told: list[CallEvent], again: list[int]) -> None:
    facts = facts_of(UID, [*told, *(THROUGH[number] for number in again)])
    assert facts.talks == TALKS
    assert (facts.state, facts.outcome, facts.seat, facts.answered_at) == (
        CallState.ENDED, Outcome.ANSWERED, "8001", at(4),
    )  # fmt: skip
    assert facts.wait_over_at == at(4), "the promise counts once"
    assert facts.place_at == at(2), "the first place is kept"


def test_states_through_many_hands() -> None:
    states = [facts_of(UID, THROUGH[: number + 1]).state.value for number in range(len(THROUGH))]
    assert states == [
        "ivr", "waiting", "ringing", "talking", "waiting", "ringing", "talking", "talking", "talking", "talking",
        "talking", "waiting", "ringing", "talking", "talking", "ended",
    ]  # fmt: skip


@given(st.sets(st.integers(0, len(THROUGH) - 2)))
def test_whatever_is_lost_on_the_way_the_caller_is_never_held_by_a_seat_that_handed_on(lost: set[int]) -> None:
    facts = facts_of(UID, [one for number, one in enumerate(THROUGH[:-2]) if number not in lost])
    known = {epoch for epoch, ring in facts.rings.items() if ring.talked}
    for talk in facts.talks:
        later = [epoch for epoch in known if epoch > talk.epoch and epoch != 3]
        assert talk.ended_at is not None or not later, "who was rung later has the caller"


@given(st.integers(1, len(THROUGH) - 1))
def test_a_controller_that_comes_back_reads_all_of_it_from_the_journal(known: int) -> None:
    """Half in the database, the rest in the journal alone, the node gone: what stands is the same."""
    floor = picked_up(known=tuple(THROUGH[:known]), journal=tuple(THROUGH))
    assert floor.calls == {}
    told = facts_of(UID, [*THROUGH[:known], *floor.events])
    assert told.talks == TALKS


def test_picked_up_in_mid_call_the_seat_that_talks_now_has_it_and_the_first_is_free() -> None:
    told = tuple(THROUGH[:7])
    was, now = (
        seat(SeatState.TALKING, "8001", call_uid=UID, epoch=1),
        seat(SeatState.RINGING, "8101", call_uid=UID, epoch=2),
    )
    floor = picked_up(channel("talking", HL_SEAT="8101", HL_EPOCH="2"), seats=(was, now), known=told)
    after = {seat.extension: seat for _, seat in floor.seats}
    assert (after["8001"].state, after["8001"].call_uid) == (SeatState.WRAP_UP, None)
    assert (after["8101"].state, after["8101"].call_uid) == (SeatState.TALKING, UID)


ASIDE = f"{UID}-c7"


def aside(kind: Kind, seconds: float, seat: str = "", epoch: int = 0, detail: str = "") -> CallEvent:
    return replace(event(kind, seconds, seat, epoch, detail), call=ASIDE)


CONSULT = [
    aside(Kind.CONSULTED, 40, "8101", detail=UID),
    aside(Kind.RINGING, 40.1, "8201", 3),
    aside(Kind.ANSWERED, 42, "8201", 3),
    aside(Kind.ENDED, 60, detail="left"),
]


@given(st.permutations(CONSULT))
def test_a_consult_is_a_call_of_its_own_about_the_customers(told: list[CallEvent]) -> None:
    facts = facts_of(ASIDE, told)
    assert (facts.direction, facts.about, facts.seat, facts.queued_at) == (Direction.CONSULT, UID, "8201", None)
    assert facts.outcome is Outcome.ANSWERED


def test_an_outgoing_call_has_its_direction_and_its_order() -> None:
    facts = facts_of(UID, [event(Kind.PLACED, 0, "8001", 5, "TS1"), event(Kind.ANSWERED, 3, "8001", 5)])
    assert (facts.direction, facts.about, facts.state) == (Direction.OUT, "TS1", CallState.TALKING)


# ---- whom a caller who was handed on waits for


def handed(to: str, *more: CallEvent) -> Wish:
    facts = facts_of(UID, [*THROUGH[:4], event(Kind.HANDED, 30, "8001", 1, to), *more])
    return wish_of(facts, at(31))


def test_a_seat_is_rung_alone_then_the_one_that_handed_on_then_anybody() -> None:
    vain = [event(Kind.RETURNED, 35, "8002", 2, "NOANSWER"), event(Kind.RETURNED, 40, "8001", 3, "NOANSWER")]
    assert handed("seat 8002") == Wish(seat="8002")
    assert handed("seat 8002", vain[0]) == Wish(seat="8001", own=True)
    assert handed("seat 8002", *vain) == NONE
    assert handed("seat 8002", event(Kind.ANSWERED, 35, "8002", 2)) == NONE


def test_a_level_is_waited_for_alone_for_a_while_only() -> None:
    facts = facts_of(UID, THROUGH[:5])
    assert wish_of(facts, at(31)) == Wish(levels=(Level.SENIOR,), until=at(30) + PATIENCE)
    assert wish_of(facts, at(30) + PATIENCE) == NONE
    assert handed("manager").levels == (Level.MANAGER,)


def test_another_service_is_for_the_usual_line() -> None:
    wish = handed("service suggestion")
    assert (wish.service, wish.is_strict) == (Service.SUGGESTION, False)


def test_a_reattached_caller_waits_for_the_same_seat_until_it_was_rung_in_vain() -> None:
    told = [*THROUGH[:4], event(Kind.REATTACHED, 30, "8001", 1)]
    own = Wish(seat="8001", own=True)
    assert wish_of(facts_of(UID, told), at(31)) == own
    busy = event(Kind.REFUSED, 31, "8001", 2, "busy")
    assert wish_of(facts_of(UID, [*told, busy]), at(32)) == own, "the lost channel still counted as its call"
    vain = event(Kind.RETURNED, 39, "8001", 3, "NOANSWER")
    assert wish_of(facts_of(UID, [*told, vain]), at(40)) == NONE


def at_seat(extension: str, state: SeatState, idle: float | None = None, level: Level = Level.SENIOR) -> Seat:
    since = at(idle) if idle is not None else None
    return Seat(extension, level, usual(Service), state, at(0), reachable=True, idle_since=since)


def test_only_its_own_seat_is_rung_in_wrap_up_and_the_longest_idle_of_a_level_first() -> None:
    seats = [
        at_seat("8001", SeatState.WRAP_UP), at_seat("8101", SeatState.READY, 9), at_seat("8102", SeatState.READY, 5),
        at_seat("8103", SeatState.TALKING), at_seat("8104", SeatState.READY, 1, Level.JUNIOR),
    ]  # fmt: skip
    names = {wish: (found.extension if (found := best(wish, seats)) else None) for wish in (
        Wish(seat="8001", own=True), Wish(seat="8001"), Wish(levels=(Level.SENIOR,)), Wish(seat="8103", own=True),
        Wish(outside=True),
    )}  # fmt: skip
    assert list(names.values()) == ["8001", None, "8102", None, None]


def test_an_ended_talk_stays_ended_whatever_comes_late() -> None:
    facts = facts_of(UID, THROUGH[:5])
    assert hear(facts, THROUGH[3]).state is CallState.WAITING
