"""The life of a call as a join of what was heard of it.

Events come twice (AMI and journal), late, or not at all. So a call is not stepped from state to state by the order of
arrival: `hear` joins an event into what is known, and the state is read off the whole. Joining is commutative and
idempotent by construction (sets, first times, and the epoch that names each ring attempt), and an event that never
came is implied by a later one: a call that was answered has been queued. No clock decides the order of states, so a
clock that is set back cannot wake an ended call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from acd.events import OVER, PAUSES, CallEvent, Kind
from acd.talks import WAITS_AGAIN, Over, Talk, join_over, over_of
from acd.words import Service


class CallState(StrEnum):
    IVR = "ivr"
    WAITING = "waiting"
    RINGING = "ringing"
    TALKING = "talking"
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"
    """Asked to be called back, and hears that this is noted."""
    FALLBACK = "fallback"
    ENDED = "ended"


class Outcome(StrEnum):
    ANSWERED = "answered"
    VOICEMAIL = "voicemail"
    ABANDONED = "abandoned"
    FALLBACK = "fallback"
    CALLBACK = "callback"


TRANSITIONS: Mapping[CallState, frozenset[CallState]] = {
    CallState.IVR: frozenset(CallState) - {CallState.IVR},
    CallState.WAITING: frozenset(CallState) - {CallState.IVR, CallState.WAITING},
    CallState.RINGING: frozenset(CallState) - {CallState.IVR, CallState.RINGING},
    CallState.FALLBACK: frozenset(CallState) - {CallState.IVR, CallState.FALLBACK},
    CallState.VOICEMAIL: frozenset({CallState.CALLBACK, CallState.TALKING, CallState.ENDED}),
    CallState.CALLBACK: frozenset({CallState.TALKING, CallState.ENDED}),
    CallState.TALKING: frozenset(CallState) - {CallState.IVR, CallState.TALKING},
    CallState.ENDED: frozenset(),
}
"""Where a call can go next, states whose event was lost skipped. A ring in vain and a talk that was handed on lead
back to waiting, out of the fallback queue too when the talk there was not told in time."""


class Direction(StrEnum):
    """Which way a call goes."""

    IN = "in"
    OUT = "out"
    """An agent calls a customer (D40)."""
    CONSULT = "consult"
    """An agent asks another seat about a call."""


class Attempt(StrEnum):
    """How a ring attempt stands."""

    RINGING = "ringing"
    REFUSED = "refused"
    RETURNED = "returned"
    JOINED = "joined"
    """Rung for a consult, then brought to the caller."""
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Ring:
    """One attempt to ring a seat."""

    seat: str
    result: Attempt
    started_at: datetime | None = None
    ended_at: datetime | None = None
    detail: str = ""

    @property
    def in_vain(self) -> bool:
        return self.result in {Attempt.REFUSED, Attempt.RETURNED}

    @property
    def talked(self) -> bool:
        return self.result in {Attempt.ANSWERED, Attempt.JOINED}


_WEIGHT = {weight: place for place, weight in enumerate(Attempt)}


@dataclass(frozen=True, slots=True)
class CallFacts:
    """All that is known of one call."""

    uid: str
    caller: str = ""
    dialled: str = ""
    service: Service | None = None
    first: Mapping[Kind, datetime] = field(default_factory=dict)
    """Earliest time of each kind heard."""
    rings: Mapping[int, Ring] = field(default_factory=dict)
    """Ring attempts by epoch."""
    overs: Mapping[int, Over] = field(default_factory=dict)
    """Ends of talks by the epoch of the ring that began them, 0 for one that the fallback queue began."""
    fallback_seat: str = ""
    about: str = ""
    """Of a consult the uid of the customer's call; of an outgoing call the order."""
    callback_number: str = ""
    """Where the caller asked to be called back."""
    end_detail: str = ""
    pauses: frozenset[tuple[datetime, Kind]] = frozenset()
    """When the recording fell silent, and when it went on."""

    @property
    def paused_since(self) -> datetime | None:
        """Since when nothing is recorded; None while everything is."""
        spans = pause_spans(self.pauses)
        return spans[-1][0] if spans and spans[-1][1] is None else None

    @property
    def state(self) -> CallState:
        heard = self.first
        if Kind.ENDED in heard:
            return CallState.ENDED
        last = self.last_talk
        waits_again = last is not None and last.why in WAITS_AGAIN
        if self.open_talks or (last is not None and not waits_again) or (last is None and Kind.TALKED in heard):
            return CallState.TALKING
        if Kind.CALLBACK in heard:
            return CallState.CALLBACK
        if Kind.VOICEMAIL in heard or Kind.MESSAGE in heard:
            return CallState.VOICEMAIL
        if Kind.FALLBACK in heard and not waits_again:
            return CallState.FALLBACK
        if self.rings:
            return CallState.RINGING if self.last_ring[1].result is Attempt.RINGING else CallState.WAITING
        return CallState.WAITING if Kind.QUEUED in heard or waits_again else CallState.IVR

    @property
    def direction(self) -> Direction:
        if Kind.CONSULTED in self.first:
            return Direction.CONSULT
        return Direction.OUT if Kind.PLACED in self.first else Direction.IN

    @property
    def talks(self) -> tuple[Talk, ...]:
        """Every seat's part of the call in order of epochs, that of the fallback queue in front."""
        found: list[Talk] = []
        begun = self.first.get(Kind.FALLBACK_ANSWERED)
        if self.fallback_seat and begun is not None:
            found.append(self._talk(0, self.fallback_seat, begun, None))
        for epoch, ring in sorted(self.rings.items()):
            if not ring.talked or ring.ended_at is None:
                continue
            later = [
                other.started_at or other.ended_at
                for place, other in self.rings.items()
                if place > epoch and other.result is not Attempt.JOINED
            ]
            # who is rung again has ended the talk before, whether that was told or not
            found.append(self._talk(epoch, ring.seat, ring.ended_at, min((at for at in later if at), default=None)))
        return tuple(
            talk if self._joined(talk.epoch) else replace(talk, waited_seconds=self._waited_for(talk, found))
            for talk in found
        )

    def _talk(self, epoch: int, seat: str, begun: datetime, rung_again: datetime | None) -> Talk:
        over = self.overs.get(epoch)
        if over is not None:
            return Talk(seat, epoch, begun, over.at, over.why, over.detail)
        ends = [at for at in (rung_again, self.ended_at) if at is not None]
        return Talk(seat, epoch, begun, min(ends, default=None))

    def _joined(self, epoch: int) -> bool:
        return epoch in self.rings and self.rings[epoch].result is Attempt.JOINED

    def _waited_for(self, talk: Talk, talks: Iterable[Talk]) -> float | None:
        freed = [each.ended_at for each in talks if each.epoch < talk.epoch and each.why in WAITS_AGAIN]
        since = max((at for at in freed if at is not None), default=self.queued_at)
        return max(0.0, (talk.started_at - since).total_seconds()) if since is not None else None

    @property
    def open_talks(self) -> tuple[Talk, ...]:
        """Who talks to the caller now."""
        return tuple(talk for talk in self.talks if talk.ended_at is None)

    @property
    def last_talk(self) -> Talk | None:
        """The talk that decides where the caller is now: one that goes on, else the last one."""
        talks = self.talks
        final = [talk for talk in talks if talk.epoch == 0 and talk.why not in WAITS_AGAIN]
        going = [talk for talk in talks if talk.ended_at is None]
        return next(reversed(going or final or talks), None)

    @property
    def last_ring(self) -> tuple[int, Ring]:
        """Epoch and attempt; only where there are rings."""
        epoch = max(self.rings)
        return epoch, self.rings[epoch]

    @property
    def answering_ring(self) -> Ring | None:
        """The first attempt that was answered."""
        answered = [epoch for epoch, ring in self.rings.items() if ring.result is Attempt.ANSWERED]
        return self.rings[min(answered)] if answered else None

    @property
    def seat(self) -> str:
        """The seat that answered first, or nothing; `talks` has who came after."""
        ring = self.answering_ring
        return ring.seat if ring is not None else self.fallback_seat

    @property
    def entered_at(self) -> datetime:
        return self.first.get(Kind.ENTERED) or min(self.first.values())

    @property
    def queued_at(self) -> datetime | None:
        return self.first.get(Kind.QUEUED)

    @property
    def place_at(self) -> datetime | None:
        """Since when the caller has a place in the line; one who was handed on keeps that of the first wait."""
        freed = (talk.ended_at for talk in self.talks if talk.why in WAITS_AGAIN)
        return self.queued_at or min((at for at in freed if at is not None), default=None)

    @property
    def answered_at(self) -> datetime | None:
        ring = self.answering_ring
        return ring.ended_at if ring is not None else self.first.get(Kind.FALLBACK_ANSWERED)

    @property
    def ended_at(self) -> datetime | None:
        return self.first.get(Kind.ENDED)

    @property
    def wait_over_at(self) -> datetime | None:
        """When the wait for a person ended, by whatever came first; None while it goes on."""
        boxes = (Kind.VOICEMAIL, Kind.MESSAGE, Kind.CALLBACK)
        ends = [self.answered_at, self.ended_at, *(self.first.get(kind) for kind in boxes)]
        return min((moment for moment in ends if moment is not None), default=None)

    @property
    def ring_attempts(self) -> int:
        """Attempts that made a seat ring, or should have: a stale or busy refusal is none."""
        return sum(1 for ring in self.rings.values() if ring.result is not Attempt.REFUSED)

    @property
    def outcome(self) -> Outcome | None:
        if Kind.ENDED not in self.first:
            return None
        if self.answering_ring is not None:
            return Outcome.ANSWERED
        if self.fallback_seat:
            return Outcome.FALLBACK
        if Kind.CALLBACK in self.first:
            return Outcome.CALLBACK
        if Kind.VOICEMAIL in self.first or Kind.MESSAGE in self.first:
            return Outcome.VOICEMAIL
        return Outcome.ABANDONED


def hear(facts: CallFacts, event: CallEvent) -> CallFacts:
    """Join one event into what is known; the same event again changes nothing."""
    earlier = facts.first.get(event.kind)
    first = facts.first
    if earlier is None or event.at < earlier:
        first = {**first, event.kind: event.at}
    known = replace(
        facts,
        first=first,
        # `max` so that the join does not depend on the order, should a caller's number ever be told in two ways
        caller=max(facts.caller, event.caller),
        dialled=max(facts.dialled, event.dialled),
        service=max((s for s in (facts.service, event.service) if s is not None), default=None),
    )
    match event.kind:
        case Kind.RINGING | Kind.REFUSED | Kind.ANSWERED | Kind.RETURNED | Kind.JOINED:
            ring = _join(facts.rings.get(event.epoch), _ring_of(event))
            return replace(known, rings={**facts.rings, event.epoch: ring})
        case kind if kind in OVER:
            over = join_over(facts.overs.get(event.epoch), over_of(event))
            return replace(known, overs={**facts.overs, event.epoch: over})
        case Kind.CONSULTED | Kind.PLACED | Kind.CALLED_BACK:
            return replace(known, about=max(facts.about, event.detail))
        case Kind.FALLBACK_ANSWERED:
            return replace(known, fallback_seat=max(facts.fallback_seat, event.seat))
        case Kind.CALLBACK:
            return replace(known, callback_number=max(facts.callback_number, event.detail))
        case kind if kind in PAUSES:
            return replace(known, pauses=facts.pauses | {(event.at, event.kind)})
        case Kind.ENDED:
            return replace(known, end_detail=max(facts.end_detail, event.detail))
        case _:
            return known


def pause_spans(marks: Iterable[tuple[datetime, Kind]]) -> tuple[tuple[datetime, datetime | None], ...]:
    """From when to when a recording was silent on purpose; None where it never went on before the call's end."""
    spans: list[tuple[datetime, datetime | None]] = []
    for at, kind in sorted(marks):
        open_since = spans[-1][0] if spans and spans[-1][1] is None else None
        if kind is Kind.PAUSED and open_since is None:
            spans.append((at, None))
        elif kind is Kind.UNPAUSED and open_since is not None:
            spans[-1] = (open_since, at)
    return tuple(spans)


def _ring_of(event: CallEvent) -> Ring:
    if event.kind is Kind.RINGING:
        return Ring(event.seat, Attempt.RINGING, started_at=event.at)
    return Ring(event.seat, Attempt(event.kind.value), ended_at=event.at, detail=event.detail)


def _join(one: Ring | None, other: Ring) -> Ring:
    if one is None:
        return other
    strong, weak = (one, other) if _strength(one) >= _strength(other) else (other, one)
    starts = [ring.started_at for ring in (one, other) if ring.started_at is not None]
    return replace(strong, seat=strong.seat or weak.seat, started_at=min(starts, default=None))


def _strength(ring: Ring) -> tuple[int, float, str, str]:
    """The further attempt counts; of two alike the one that was over first."""
    ended = -ring.ended_at.timestamp() if ring.ended_at is not None else float("-inf")
    return _WEIGHT[ring.result], ended, ring.detail, ring.seat


def facts_of(uid: str, events: Iterable[CallEvent]) -> CallFacts:
    """What `events`, in any order, say of one call."""
    facts = CallFacts(uid)
    for event in events:
        facts = hear(facts, event)
    return facts
