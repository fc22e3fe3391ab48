"""Hearing what happens: a milestone changes the board, moves seats, and is written down."""

from __future__ import annotations

import structlog

from acd import callback_work, figures, telling
from acd.board import LiveCall
from acd.calls import CallFacts, CallState
from acd.customers import UNKNOWN, standings
from acd.duty import Duty
from acd.errors import EventRefusedError, NotLeadingError
from acd.events import CallEvent, Kind, SeatContact
from acd.oncall import pause
from acd.oncall.carry import follow_outgoing, originated
from acd.oncall.heard import held
from acd.oncall.watch import GONE, watch_telephone
from acd.ports import AmiEvent
from acd.resume import NOTICED, missed
from acd.resync import FloorSnapshot
from acd.seats import CallOver, ContactChanged
from acd.seatwork import rest, tell_seat
from acd.translate import translate

HANGUP_GRACE_SECONDS = 3.0
"""A channel is gone and its `ended` was not told: so long it is waited for."""

_log = structlog.get_logger(__name__)


async def hear_link(duty: Duty, event: AmiEvent) -> None:
    try:
        told = translate(event)
    except EventRefusedError as error:
        figures.REFUSED.labels(error.reason).inc()
        _log.warning("acd.event_refused", code=error.reason, name=event.name)
        return
    match told:
        case CallEvent():
            await hear(duty, told)
        case SeatContact(seat, reachable):
            duty.contacts[seat] = reachable
            if seat in duty.board.seats:
                await tell_seat(duty, seat, ContactChanged(reachable))
        case None if event.name == "ContactStatus" and event["ContactStatus"] in GONE:
            watch_telephone(duty, event["AOR"])
        case None if event.name in {"Hold", "Unhold"}:
            calls = {uid: call.facts for uid, call in duty.board.calls.items()}
            change = held(event, duty.board.seats, calls, duty.clock.now())
            if change is not None:
                await hear(duty, change)
        case None if event.name == "OriginateResponse":
            await originated(duty, event["Uniqueid"], event["Response"] == "Success")
        case None if event.name == "Hangup" and event["Uniqueid"] in duty.board.calls:
            _await_end(duty, event["Uniqueid"])
        case None if event.name == "Hangup":
            await callback_work.channel_gone(duty, event["Uniqueid"], event["Cause"])
        case None:
            pass


async def compare(duty: Duty, seen: FloorSnapshot) -> None:
    """Hear what was missed; a telephone that could not be rung for a moment is tried again."""
    for event in missed(seen, {uid: call.facts for uid, call in duty.board.calls.items()}):
        _log.warning("acd.missed", call=event.call, kind=event.kind.value)
        await hear(duty, event)
    duty.contacts = dict.fromkeys(seen.seats_registered, True)
    for extension, seat in list(duty.board.seats.items()):
        await tell_seat(duty, extension, ContactChanged(extension in seen.seats_registered))
        since = seat.state_since or seen.taken_at
        expected = {*duty.callbacks.dialling, *duty.outgoing}
        known = seat.call_uid in duty.board.calls or seat.call_uid in expected
        if seat.call_uid is not None and not known and since < seen.taken_at - NOTICED:
            _log.warning("acd.seat_without_call", seat=extension, call=seat.call_uid)
            await tell_seat(duty, extension, CallOver(seat.call_uid))
    await callback_work.compare(duty, seen)


async def hear(duty: Duty, event: CallEvent, *, told_before: bool = False) -> None:
    """Take in a milestone: the board changes, seats follow, and it is written down.

    `told_before`: it was most likely told already, and is then not written again.
    """
    heard = duty.board.hear(event)
    if heard is None or not heard.changed:
        if not told_before:
            duty.outbox.add(event)
        return
    call = heard.call
    figures.note_wait(heard.before, call.facts)
    if call.customer_class is None and call.facts.caller:
        await look_up(duty, [call])
    duty.outbox.add(event, call.customer_class, duty.board.priority_of(call))
    for extension, follows in heard.seats:
        await tell_seat(duty, extension, follows)
    if event.kind is Kind.REFUSED and call.facts.state is CallState.WAITING:
        rest(duty, event.seat)  # whatever keeps the dialplan from ringing it is not over in a millisecond
    if event.kind is Kind.QUEUED:
        watch_promise(duty, call.facts)
        telling.follow(duty, event.call)
    if event.kind is Kind.ENDED:
        telling.note_end(duty, call.facts)
    await callback_work.follow(duty, event, call)
    await follow_outgoing(duty, event)
    await pause.follow(duty, event, call.facts)
    _log.info(
        "acd.call", call=event.call, kind=event.kind.value, state=call.facts.state.value, seat=event.seat or None,
        epoch=event.epoch or None, detail=None if event.kind is Kind.CALLBACK else event.detail or None,
    )  # fmt: skip


async def look_up(duty: Duty, calls: list[LiveCall]) -> None:
    """Learn who calls (D15, D18, D84, D85); left for the next resume where the database is away."""
    if duty.term is None:
        return
    numbers, now = [call.facts.caller for call in calls], duty.clock.now()
    try:
        found = await duty.term.run(lambda connection: standings(connection, numbers, now))
    except NotLeadingError:
        return
    for call in calls:
        standing = found.get(call.facts.caller, UNKNOWN)
        call.customer_class = standing.customer_class
        call.owner, call.past_limit = standing.owner, standing.past_limit
        duty.board.index_call(call.facts.uid)


def watch_promise(duty: Duty, facts: CallFacts) -> None:
    """Note a breach when it happens, not only at the end (D9)."""
    if facts.queued_at is None:
        return
    gone = max(0.0, (duty.clock.now() - facts.entered_at).total_seconds())
    uid = facts.uid

    async def broken() -> None:
        call = duty.board.calls.get(uid)
        if call is not None and call.facts.wait_over_at is None:
            duty.outbox.touch(uid)

    duty.later(max(0.0, duty.settings.promise_seconds - gone) + 0.05, broken)


def _await_end(duty: Duty, uid: str) -> None:
    """The channel is gone: should its `ended` not be told, the hang-up itself was the end."""
    at = duty.clock.now()

    async def end() -> None:
        if uid in duty.board.calls:
            await hear(duty, CallEvent(uid, Kind.ENDED, at, detail="hangup"))

    duty.later(HANGUP_GRACE_SECONDS, end)
