"""A call's state is what was heard of it, whatever the order, however often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import given, settings

from acd.calls import TRANSITIONS, CallFacts, CallState, Outcome, facts_of, hear
from acd.events import CallEvent, Kind
from acd.words import Service

START = datetime(2026, 3, 15, 9, 0, tzinfo=UTC)
UID = "n1-1773565200.1"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def event(kind: Kind, seconds: float, seat: str = "", epoch: int = 0, detail: str = "") -> CallEvent:
    return CallEvent(UID, kind, at(seconds), seat, epoch, Service.COMPLAINT, detail=detail)


ANSWERED = [
    event(Kind.ENTERED, 0),
    event(Kind.QUEUED, 5),
    event(Kind.RINGING, 5.1, "8001", 1),
    event(Kind.RETURNED, 12.1, "8001", 1, "NOANSWER"),
    event(Kind.RINGING, 12.2, "8002", 2),
    event(Kind.ANSWERED, 14, "8002", 2),
    event(Kind.TALKED, 60),
    event(Kind.ENDED, 61, detail="done"),
]

kinds = st.sampled_from([kind for kind in Kind if kind is not Kind.ENDED])
events = st.builds(
    event,
    kind=kinds | st.just(Kind.ENDED),
    seconds=st.integers(0, 20).map(float),
    seat=st.sampled_from(["8001", "8002", "8003"]),
    epoch=st.integers(1, 4),
    detail=st.sampled_from(["", "NOANSWER", "CHANUNAVAIL", "stale"]),
)


@given(st.lists(events, max_size=10), st.randoms(use_true_random=False))
def test_order_and_repetition_make_no_difference(told: list[CallEvent], random: object) -> None:
    shuffled = told + told[: len(told) // 2]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert facts_of(UID, shuffled) == facts_of(UID, told)


@given(st.permutations(ANSWERED), st.integers(0, 8))
def test_a_whole_call_in_any_order_ends_the_same(told: list[CallEvent], again: int) -> None:
    facts = facts_of(UID, [*told, *told[:again]])
    assert (facts.state, facts.outcome, facts.seat) == (CallState.ENDED, Outcome.ANSWERED, "8002")
    assert (facts.queued_at, facts.answered_at, facts.ended_at) == (at(5), at(14), at(61))
    assert facts.ring_attempts == 2


@settings(max_examples=300)
@given(st.lists(events, max_size=12))
def test_every_step_is_in_the_table(told: list[CallEvent]) -> None:
    facts = CallFacts(UID)
    for one in told:
        before, known = facts.state, bool(facts.first)
        facts = hear(facts, one)
        assert not known or facts.state is before or facts.state in TRANSITIONS[before], (before, one.kind, facts.state)


@given(st.lists(events, max_size=8), events)
def test_an_ended_call_stays_ended(told: list[CallEvent], late: CallEvent) -> None:
    assert hear(facts_of(UID, [*told, event(Kind.ENDED, 3)]), late).state is CallState.ENDED


@given(st.sets(st.integers(0, len(ANSWERED) - 2)))
def test_lost_events_are_implied_by_later_ones(lost: set[int]) -> None:
    told = [one for number, one in enumerate(ANSWERED) if number not in lost]
    facts = facts_of(UID, told)
    assert facts.state is CallState.ENDED
    assert facts.outcome is (Outcome.ANSWERED if 5 not in lost else Outcome.ABANDONED)


def test_states_along_the_way() -> None:
    states = [facts_of(UID, ANSWERED[: number + 1]).state for number in range(len(ANSWERED))]
    ringing, talking = CallState.RINGING, CallState.TALKING
    assert states == [
        CallState.IVR, CallState.WAITING, ringing, CallState.WAITING, ringing, talking, talking, CallState.ENDED,
    ]  # fmt: skip


def test_a_refusal_is_no_ring_attempt() -> None:
    facts = facts_of(UID, [event(Kind.QUEUED, 0), event(Kind.REFUSED, 1, "8001", 7, "busy")])
    assert (facts.state, facts.ring_attempts) == (CallState.WAITING, 0)


def test_a_clock_set_back_does_not_wake_an_ended_call_nor_unanswer_one() -> None:
    told = [event(Kind.QUEUED, 0), event(Kind.RINGING, 1, "8001", 1), event(Kind.ANSWERED, -3600, "8001", 1)]
    assert facts_of(UID, told).state is CallState.TALKING


def outcome(*told: CallEvent) -> Outcome | None:
    return facts_of(UID, [event(Kind.QUEUED, 0), *told, event(Kind.ENDED, 99)]).outcome


def test_outcomes() -> None:
    assert outcome() is Outcome.ABANDONED
    assert outcome(event(Kind.VOICEMAIL, 5), event(Kind.MESSAGE, 20, detail="9.5")) is Outcome.VOICEMAIL
    assert outcome(event(Kind.FALLBACK, 5)) is Outcome.ABANDONED
    assert outcome(event(Kind.FALLBACK, 5), event(Kind.FALLBACK_ANSWERED, 9, "8001")) is Outcome.FALLBACK
    assert outcome(event(Kind.RINGING, 1, "8001", 1), event(Kind.ANSWERED, 2, "8001", 1)) is Outcome.ANSWERED


def test_the_wait_ends_with_a_person_the_message_box_or_the_end() -> None:
    queued = event(Kind.QUEUED, 0)
    assert facts_of(UID, [queued]).wait_over_at is None
    assert facts_of(UID, [queued, event(Kind.VOICEMAIL, 30), event(Kind.ENDED, 40)]).wait_over_at == at(30)
    assert facts_of(UID, [queued, event(Kind.ENDED, 40)]).wait_over_at == at(40)
