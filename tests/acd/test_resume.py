"""Putting the floor together from Asterisk, database and journal."""

from __future__ import annotations

from datetime import datetime

import hypothesis.strategies as st
from hypothesis import given

from acd.calls import CallFacts, CallState, facts_of
from acd.events import CallEvent, Kind
from acd.resume import Resumed, resume
from acd.resync import FloorSnapshot, LiveChannel
from acd.seats import Seat, SeatState
from acd.words import Level, Service, usual
from tests.acd.test_calls import ANSWERED, UID, at, event

NOW = at(100)


def channel(state: str, uid: str = UID, **variables: str) -> LiveChannel:
    known = {"HL_STATE": state, "HL_ENTERED": stamp(0), "HL_QUEUED": stamp(5), "HL_SERVICE": "complaint"} | variables
    return LiveChannel(uid, "PJSIP/trunk-1", uid, "13900001111", "", "Up", "acd-hold", "s", 9, known)


def stamp(seconds: float) -> str:
    return f"{at(seconds).timestamp():.3f}"


def seat(state: SeatState, extension: str = "8001", **other: object) -> Seat:
    return Seat(extension, Level.JUNIOR, usual(Service), state, at(0), reachable=True, **other)  # type: ignore[arg-type]


def picked_up(
    *channels: LiveChannel,
    seats: tuple[Seat, ...] = (),
    known: tuple[CallEvent, ...] = (),
    journal: tuple[CallEvent, ...] = (),
    registered: frozenset[str] = frozenset({"8001", "8002"}),
    away_since: datetime | None = None,
) -> Resumed:
    return resume(
        snapshot=FloorSnapshot(channels, registered, frozenset(), NOW),
        seats=seats,
        known={UID: facts_of(UID, known)} if known else {},
        journal={UID: journal} if journal else {},
        gone_at={},
        away_since=away_since,
        now=NOW,
        lease=20,
    )


def test_a_call_that_only_asterisk_knows_is_adopted_with_its_place_in_the_queue() -> None:
    facts = picked_up(channel("waiting")).calls[UID]
    assert (facts.state, facts.queued_at, facts.entered_at) == (CallState.WAITING, at(5), at(0))
    assert (facts.service, facts.caller) == (Service.COMPLAINT, "13900001111")


def test_a_call_that_asterisk_has_no_more_is_ended_when_it_was_last_heard_of() -> None:
    floor = picked_up(known=tuple(ANSWERED[:6]))
    assert floor.calls == {}
    (ended,) = floor.events
    assert (ended.kind, ended.at, ended.detail) == (Kind.ENDED, at(14), "lost")


def test_what_the_journal_tells_is_written_down_and_nothing_is_made_up() -> None:
    floor = picked_up(known=tuple(ANSWERED[:3]), journal=tuple(ANSWERED))
    assert floor.calls == {}
    assert set(floor.events) == set(ANSWERED)


def test_a_seat_whose_claim_was_never_carried_out_is_free_again() -> None:
    claimed = seat(SeatState.RINGING, call_uid=UID, epoch=7, lease_until=at(20), idle_since=at(1))
    ((before, after),) = picked_up(channel("waiting"), seats=(claimed,)).seats
    assert before is claimed
    assert (after.state, after.call_uid, after.epoch, after.idle_since) == (SeatState.READY, None, 7, at(1))


def test_a_seat_that_talks_to_a_call_that_ended_wraps_up() -> None:
    talking = seat(SeatState.TALKING, call_uid=UID, epoch=2)
    ((_, after),) = picked_up(seats=(talking,), known=tuple(ANSWERED[:6])).seats
    assert after.state is SeatState.WRAP_UP


def test_a_seat_that_talks_goes_on_talking() -> None:
    free = seat(SeatState.READY, "8002", epoch=1, idle_since=at(0))
    floor = picked_up(channel("talking", HL_SEAT="8002", HL_EPOCH="2"), seats=(free,), journal=tuple(ANSWERED[:6]))
    ((_, after),) = floor.seats
    assert (after.state, after.call_uid, after.epoch, after.state_since) == (SeatState.TALKING, UID, 2, at(14))


def test_a_seat_that_rings_goes_on_ringing_under_a_new_lease() -> None:
    claimed = seat(SeatState.RINGING, "8002", call_uid=UID, epoch=2, lease_until=at(1))
    floor = picked_up(channel("ringing", HL_SEAT="8002", HL_EPOCH="2"), seats=(claimed,), journal=tuple(ANSWERED[:5]))
    ((_, after),) = floor.seats
    assert after.state is SeatState.RINGING
    assert after.lease_until is not None
    assert after.lease_until > NOW


def test_a_call_answered_by_the_fallback_queue_holds_its_seat() -> None:
    ready = seat(SeatState.READY, idle_since=at(0))
    floor = picked_up(channel("talking", HL_SEAT="8001"), seats=(ready,))
    assert floor.seats[0][1].state is SeatState.TALKING
    assert floor.calls[UID].seat == "8001"


def test_a_ring_whose_end_was_not_told_is_over_when_the_caller_waits_again() -> None:
    facts = picked_up(channel("waiting"), known=tuple(ANSWERED[:3])).calls[UID]
    assert facts.state is CallState.WAITING
    assert facts.rings[1].in_vain


def test_telephones_are_reachable_as_asterisk_says() -> None:
    seats = (seat(SeatState.READY), seat(SeatState.BREAK, "8009"))
    assert [after.reachable for _, after in picked_up(seats=seats).seats] == [True, False]


def test_callers_in_the_fallback_queue_or_the_message_box_are_left_there() -> None:
    assert picked_up(channel("fallback")).calls[UID].state is CallState.FALLBACK
    assert picked_up(channel("voicemail")).calls[UID].state is CallState.VOICEMAIL


def test_a_wait_without_a_controller_is_the_systems_fault_and_a_short_gap_is_not() -> None:
    def interrupted(away_since: datetime | None) -> list[datetime]:
        floor = picked_up(channel("waiting"), known=tuple(ANSWERED[:2]), away_since=away_since)
        return [one.at for one in floor.events if one.kind is Kind.INTERRUPTED]

    assert interrupted(at(99)) == []
    assert interrupted(at(90)) == [at(90)]
    assert interrupted(at(1)) == [at(5)], "not before the caller queued"
    assert interrupted(None) == [NOW]


def test_a_channel_that_is_no_callers_is_no_call() -> None:
    agent = LiveChannel("n1-5.5", "PJSIP/8001-2", "n1-5.5", "8001", "", "Up", "seat-out", "s", 9, {"HL_SEAT": "8001"})
    assert picked_up(agent).calls == {}


texts = st.text(max_size=12) | st.sampled_from(["talking", "ringing", "waiting", "ivr", "done", "8001", "2", stamp(3)])


@given(
    st.dictionaries(
        st.sampled_from(["HL_STATE", "HL_SEAT", "HL_EPOCH", "HL_QUEUED", "HL_ENTERED", "HL_SERVICE"]), texts
    ),
    st.integers(0, len(ANSWERED)),
    st.integers(0, len(ANSWERED)),
    st.sampled_from(SeatState),
)
def test_whatever_is_found_one_call_has_at_most_one_seat_and_an_ended_one_none(
    variables: dict[str, str], known: int, told: int, state: SeatState
) -> None:
    busy = state in {SeatState.RINGING, SeatState.TALKING}
    seats = (
        seat(state, "8001", call_uid=UID if busy else None, epoch=1),
        seat(SeatState.READY, "8002", idle_since=at(0)),
    )
    live = LiveChannel(UID, "c", UID, "139张三", "", "Up", "", "", 0, variables)
    floor = picked_up(live, seats=seats, known=tuple(ANSWERED[:known]), journal=tuple(ANSWERED[:told]))
    holders = [after for _, after in floor.seats if after.call_uid == UID]
    assert len(holders) <= 1
    assert not holders or UID in floor.calls
    assert {facts.state for facts in floor.calls.values()}.isdisjoint({CallState.ENDED})
    for after in holders:
        assert isinstance(floor.calls[UID], CallFacts)
        assert after.state in {SeatState.RINGING, SeatState.TALKING}


def test_events_of_a_caller_who_waits_are_not_needed_to_ring_for_him() -> None:
    assert picked_up(channel("waiting"), journal=(event(Kind.ENTERED, 0),)).calls[UID].queued_at == at(5)
