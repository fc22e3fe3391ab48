"""Picking the floor up again: what is true in Asterisk, in the database and in the journal, put together.

Pure. After a start, a reconnect or a change of leader the controller asks all three and takes over from here: a call
that ended unheard is ended, a call nobody knew is adopted, callers in the queue keep their places, seats are set right,
and callers who talk, leave a message or are in the fallback queue are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from acd.calls import CallFacts, CallState, Direction, hear
from acd.errors import EventRefusedError
from acd.events import CallEvent, Kind
from acd.resync import FloorSnapshot, LiveChannel
from acd.seats import USUAL, CallOver, Customs, RingOver, Seat, SeatState, step
from acd.translate import moment
from acd.words import Service

NOTICED = timedelta(seconds=2)
"""A shorter absence of the controller is no reason for a late answer."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The floor as it is: live calls, events still to be written down, and seats as they must be."""

    calls: Mapping[str, CallFacts]
    events: tuple[CallEvent, ...]
    seats: tuple[tuple[Seat, Seat], ...]
    """(as the database has it, as it is)."""


def resume(
    *,
    snapshot: FloorSnapshot,
    seats: Iterable[Seat],
    known: Mapping[str, CallFacts],
    journal: Mapping[str, tuple[CallEvent, ...]],
    gone_at: Mapping[str, datetime],
    away_since: datetime | None,
    now: datetime,
    lease: float,
    customs: Customs = USUAL,
) -> Resumed:
    """Put together what three sources say.

    `known`: calls that the database has as open. `journal`: events by call, of calls that the database does not have as
    ended. `gone_at`: when the journal last told of a call's channel, for calls whose end was not told. The snapshot
    must be older than the reading of the journal. `away_since`: when this controller stopped acting, None where it has
    just started. `lease`: seconds that a ring found going on may last.
    """
    live = {channel.uniqueid: channel for channel in snapshot.channels if "HL_STATE" in channel.variables}
    aside = _spoken_of(snapshot)
    events: list[CallEvent] = []
    calls: dict[str, CallFacts] = {}
    for uid in known.keys() | journal.keys() | live.keys():
        facts = known.get(uid, CallFacts(uid))
        told = [*journal.get(uid, ())]
        facts = _hear_all(facts, told)
        channel = live.get(uid)
        added = _seen(facts, channel, now) if channel is not None else []
        facts = _hear_all(facts, added)
        if channel is None and uid not in aside and facts.first and facts.state is not CallState.ENDED:
            # no channel, no end told: Asterisk was killed, or this call's end was heard by nobody
            last = max([*facts.first.values(), gone_at.get(uid, facts.entered_at)])
            added.append(CallEvent(uid, Kind.ENDED, last, detail="lost"))
            facts = _hear_all(facts, added)
        elif facts.state is CallState.WAITING:
            left = _left_alone(facts, uid in known, away_since, now)
            if left is not None:
                added.append(CallEvent(uid, Kind.INTERRUPTED, left, detail="unattended"))
                facts = hear(facts, added[-1])
        events += told + added
        if facts.first and facts.state is not CallState.ENDED:
            calls[uid] = facts
    right = tuple((seat, _set_right(seat, calls, snapshot, now, lease=lease, customs=customs)) for seat in seats)
    return Resumed(calls, tuple(events), right)


def missed(snapshot: FloorSnapshot, calls: Mapping[str, CallFacts]) -> list[CallEvent]:
    """What Asterisk shows and was never told: callers in the queue, and calls that are gone.

    Only what had time to be told (`NOTICED`) before the snapshot was taken counts as missed.
    """
    settled = snapshot.taken_at - NOTICED
    live = {channel.uniqueid: channel for channel in snapshot.channels if "HL_STATE" in channel.variables}
    events: list[CallEvent] = []
    for uid, channel in live.items():
        queued = _at(channel.variables.get("HL_QUEUED", ""))
        facts = calls.get(uid, CallFacts(uid))
        if queued is not None and queued < settled and facts.queued_at is None:
            told = _seen(facts, channel, snapshot.taken_at)
            events += [event for event in told if event.kind in {Kind.ENTERED, Kind.QUEUED}]
    aside = _spoken_of(snapshot)
    for uid, facts in calls.items():
        if uid not in live and uid not in aside and max(facts.first.values()) < settled:
            events.append(CallEvent(uid, Kind.ENDED, snapshot.taken_at, detail="lost"))
    return events


def _spoken_of(snapshot: FloorSnapshot) -> frozenset[str]:
    """Consults that go on, and outgoing calls whose customer is still rung: only a seat's channel knows of them."""
    found = {channel.variables.get(name, "") for channel in snapshot.channels for name in ("HL_ASIDE", "HL_OF")}
    return frozenset(found - {""})


def _left_alone(facts: CallFacts, known: bool, away_since: datetime | None, now: datetime) -> datetime | None:
    """From when this waiting caller could not be given a seat; None where the gap was too short to matter."""
    queued = facts.queued_at or now
    if not known:
        return queued if now - queued > NOTICED else None
    if away_since is None:
        return now
    return max(queued, away_since) if now - away_since > NOTICED else None


def _hear_all(facts: CallFacts, events: Iterable[CallEvent]) -> CallFacts:
    for event in events:
        facts = hear(facts, event)
    return facts


def _seen(facts: CallFacts, channel: LiveChannel, now: datetime) -> list[CallEvent]:
    """What the variables of a live caller's channel say that was not told."""
    variables = channel.variables
    uid = channel.uniqueid
    service = _service(variables.get("HL_SERVICE", ""))
    added: list[CallEvent] = []
    entered, queued = _at(variables.get("HL_ENTERED", "")), _at(variables.get("HL_QUEUED", ""))
    if Kind.ENTERED not in facts.first:
        added.append(CallEvent(uid, Kind.ENTERED, entered or now, caller=_digits(channel.caller)))
    if queued is not None and Kind.QUEUED not in facts.first:
        added.append(CallEvent(uid, Kind.QUEUED, queued, service=service))
    seat = variables.get("HL_SEAT", "")
    epoch = int(variables["HL_EPOCH"]) if variables.get("HL_EPOCH", "").isdecimal() else 0
    match variables["HL_STATE"]:
        case "talking" | "aside" if facts.state is not CallState.TALKING and seat:
            kind = Kind.ANSWERED if epoch else Kind.FALLBACK_ANSWERED
            added.append(CallEvent(uid, kind, now, seat=seat, epoch=epoch))
        case "ringing" if seat and epoch and epoch not in facts.rings:
            added.append(CallEvent(uid, Kind.RINGING, now, seat=seat, epoch=epoch))
        case "waiting" if facts.state is CallState.RINGING:
            last, ring = facts.last_ring
            added.append(CallEvent(uid, Kind.RETURNED, now, seat=ring.seat, epoch=last, detail="UNKNOWN"))
        case "fallback" if Kind.FALLBACK not in facts.first:
            added.append(CallEvent(uid, Kind.FALLBACK, now))
        case "voicemail" if Kind.VOICEMAIL not in facts.first:
            added.append(CallEvent(uid, Kind.VOICEMAIL, now))
        case _:
            pass
    return added


def _set_right(
    seat: Seat,
    calls: Mapping[str, CallFacts],
    snapshot: FloorSnapshot,
    now: datetime,
    *,
    lease: float,
    customs: Customs,
) -> Seat:
    """The seat as the live calls have it."""
    after = replace(seat, reachable=seat.extension in snapshot.seats_registered)
    mine = calls.get(seat.call_uid or "")
    if mine is not None and Kind.PLACED in mine.first and not mine.talks:
        return after  # the agent listens while the customer is rung
    # who was asked aside and has joined is still the consult's: two seats of one call would be one too many
    ordered = sorted(calls.values(), key=lambda facts: facts.direction is not Direction.CONSULT)
    talking = next((facts for facts in ordered if _talks_at(facts, seat.extension)), None)
    ringing = next((facts for facts in calls.values() if _rings_at(facts, seat.extension)), None)
    if talking is not None:
        talk = next(talk for talk in talking.open_talks if talk.seat == seat.extension)
        epoch = max(seat.epoch, talk.epoch)
        if seat.state is SeatState.TALKING and seat.call_uid == talking.uid:
            return after
        since = talk.started_at
        return replace(
            after, state=SeatState.TALKING, state_since=since, call_uid=talking.uid, epoch=epoch, lease_until=None,
            idle_since=None,
        )  # fmt: skip
    if ringing is not None:
        return replace(
            after, state=SeatState.RINGING, state_since=now, call_uid=ringing.uid,
            epoch=max(seat.epoch, ringing.last_ring[0]), lease_until=now + timedelta(seconds=lease),
        )  # fmt: skip
    if after.call_uid is not None:
        after = step(after, RingOver(after.call_uid, after.epoch), now, customs)
    if after.call_uid is not None:
        after = step(after, CallOver(after.call_uid), now, customs)
    return after


def _talks_at(facts: CallFacts, extension: str) -> bool:
    return facts.state is CallState.TALKING and any(talk.seat == extension for talk in facts.open_talks)


def _rings_at(facts: CallFacts, extension: str) -> bool:
    return facts.state is CallState.RINGING and facts.last_ring[1].seat == extension


def _at(text: str) -> datetime | None:
    try:
        return moment(text)
    except EventRefusedError:
        return None


def _service(text: str) -> Service | None:
    return Service(text) if text in set(Service) else None


def _digits(text: str) -> str:
    return "".join(character for character in text if character in "0123456789+")[:20]


def events_by_call(events: Iterable[CallEvent]) -> dict[str, tuple[CallEvent, ...]]:
    grouped: dict[str, list[CallEvent]] = {}
    for event in events:
        grouped.setdefault(event.call, []).append(event)
    return {uid: tuple(told) for uid, told in grouped.items()}
