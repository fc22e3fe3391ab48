"""Calling back: who is due stands in line, a claimed seat dials, and what comes of it is written down.

One attempt: the matcher offers a seat → the seat is claimed, as for a live caller → the row says `dialling`, with the
attempt's number → one Originate, whose channel has the name of that attempt → the customer answers and the dialplan
(`acd-called-back`) rings the kept seat, or nobody answers and the seat is free again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from acd import callback_rows, claims
from acd.board import LiveCall
from acd.callbacks import (
    Callback,
    CallbackEvent,
    CallbackState,
    Dialled,
    Ended,
    Missed,
    Reached,
    TakenUp,
    TimePassed,
    is_due,
    next_change,
    step,
)
from acd.calls import CallFacts, CallState, Outcome, facts_of
from acd.customers import standings
from acd.duty import Duty
from acd.events import CallEvent, Kind
from acd.ports import ActionRefused, LinkError
from acd.resume import NOTICED
from acd.resync import FloorSnapshot
from acd.seats import RingOver, Seat, SeatState
from acd.seatwork import tell_seat

NOTICE_SECONDS = 12.0
"""From the customer's answer to the seat's ring, with room for a slow machine."""
BUSY, UNREACHABLE = "17", frozenset({"1", "2", "3", "20", "27", "28", "34", "38", "41", "42"})
"""Q.850 causes of Hangup events."""

_log = structlog.get_logger(__name__)


def lease_of(duty: Duty, uid: str) -> float:
    """Seconds a claim for this call lasts: a call-back's seat is kept while the customer is rung and greeted."""
    if uid not in duty.board.callbacks:
        return duty.lease
    return duty.settings.callback_dial_seconds + NOTICE_SECONDS + duty.lease


async def refresh(duty: Duty) -> None:
    """Read who waits to be called back; take up new ones, end those whose time is over."""
    listed = duty.callbacks
    if listed.policy is None or duty.term is None or not duty.resumed:
        return
    listed.replace(await duty.term.run(callback_rows.load_open))
    for callback in list(listed.open.values()):
        taken = await move(duty, callback, TakenUp())
        await move(duty, taken, TimePassed())
    await _look_up(duty)
    stand_in_line(duty)


async def _look_up(duty: Duty) -> None:
    """Learn whose complaint is past its limit (D84).

    The owner of a case does not count here (D85): that would let a customer overtake callers who came earlier.
    """
    numbers, now = [callback.number for callback in duty.callbacks.open.values()], duty.clock.now()
    if numbers and duty.term is not None:
        found = await duty.term.run(lambda connection: standings(connection, numbers, now))
        duty.callbacks.past_limit = {number for number, standing in found.items() if standing.past_limit}


def stand_in_line(duty: Duty) -> None:
    """Let everybody who may be called now stand in line, and nobody else; wake when that changes."""
    listed, board = duty.callbacks, duty.board
    if listed.policy is None:
        return
    now, policy = duty.clock.now(), listed.policy
    due = {
        callback.attempt_uid(policy.node, callback.attempts + 1): callback
        for callback in listed.open.values()
        if is_due(callback, now, policy)
    }
    for uid in board.callbacks.keys() - due.keys():
        board.drop_callback(uid)
    for uid in due.keys() - board.callbacks.keys():
        board.put_callback(uid, _as_caller(uid, due[uid], due[uid].number in listed.past_limit))
    if listed.wake is not None:
        listed.wake.cancel()
    moment = next_change(listed.open.values(), now, policy)
    listed.wake = duty.later((moment - now).total_seconds() + 0.05, lambda: refresh(duty)) if moment else None


def _as_caller(uid: str, callback: Callback, past_limit: bool) -> LiveCall:
    facts = CallFacts(uid, callback.number, service=callback.service, first={Kind.QUEUED: callback.queued_at})
    return LiveCall(facts, callback.customer_class, past_limit=past_limit)


async def move(duty: Duty, callback: Callback, event: CallbackEvent) -> Callback:
    """Step a call-back here and in its row; one that somebody else changed meanwhile is read again."""
    listed = duty.callbacks
    assert listed.policy is not None
    assert duty.term is not None
    after = step(callback, event, duty.clock.now(), listed.policy)
    if after is callback:
        return callback
    if not await duty.term.run(lambda connection: callback_rows.save(connection, callback, after)):
        _log.info("acd.callback.changed_meanwhile", callback=callback.id, told=type(event).__name__)
        duty.later(0.0, lambda: refresh(duty))
        return callback
    listed.put(after)
    _log.info("acd.callback", callback=callback.id, state=after.state.value, attempt=after.attempts, seat=after.seat)
    return after


async def dial(duty: Duty, uid: str, seat: Seat) -> None:
    """Ring the customer for the seat that was just claimed for them."""
    callback = duty.callbacks.of(uid)
    duty.board.drop_callback(uid)
    duty.board.put_seat(seat)
    dialled = None
    if callback is not None and callback.state is CallbackState.WAITING:
        dialled = await move(duty, callback, Dialled(seat.extension, seat.epoch))
    if dialled is None or dialled.state is not CallbackState.DIALLING:
        await tell_seat(duty, seat.extension, RingOver(uid, seat.epoch))  # cancelled at this moment
        return
    duty.board.places[uid] = dialled.queued_at.timestamp()
    ring = asyncio.create_task(_originate(duty, uid, dialled))
    duty.rings.add(ring)
    ring.add_done_callback(duty.rings.discard)


async def _originate(duty: Duty, uid: str, callback: Callback) -> None:
    headers = {
        "Channel": f"PJSIP/{callback.number}@trunk-out", "ChannelId": uid, "Context": "acd-called-back", "Exten": "s",
        "Priority": "1", "Timeout": str(int(duty.settings.callback_dial_seconds * 1000)), "Async": "true",
    }  # fmt: skip
    variables = {
        "CB_RING": _ring_exten(callback), "CB_SERVICE": callback.service.value if callback.service else "",
        "CB_NUMBER": callback.number, "CB_CALL": callback.call_uid,
    }  # fmt: skip
    try:
        await duty.link.action("Originate", headers, variables=variables)
    except LinkError as error:
        if error.undecided:
            return  # the next look at the floor tells
        _log.warning("acd.callback.not_dialled", callback=callback.id, reason=error.code)
        duty.later(0.0, lambda: channel_gone(duty, uid, "lost"))


def _ring_exten(callback: Callback) -> str:
    return f"{callback.seat}*{callback.epoch}*1"


async def follow(duty: Duty, event: CallEvent, call: LiveCall) -> None:
    """A call that may be a call-back's own has a milestone more."""
    callback = duty.callbacks.of(event.call)
    if callback is None:
        return
    match event.kind:
        case Kind.ENTERED:
            await _reached(duty, event.call, callback, call)
        case Kind.ENDED:
            await _over(duty, event.call, callback, call.facts)


async def _reached(duty: Duty, uid: str, callback: Callback, call: LiveCall) -> None:
    duty.board.places[uid] = callback.queued_at.timestamp()
    call.customer_class = callback.customer_class
    call.past_limit = callback.number in duty.callbacks.past_limit
    for seat in duty.board.seats.values():
        if seat.call_uid == uid and seat.state is SeatState.RINGING:
            call.claimed = (seat.extension, seat.epoch)
    await move(duty, callback, Reached(uid))


async def _over(duty: Duty, uid: str, callback: Callback, facts: CallFacts) -> None:
    duty.board.places.pop(uid, None)
    served = bool(facts.seat) or facts.outcome not in {None, Outcome.ABANDONED}
    await move(duty, callback, Ended(facts.seat, served))
    stand_in_line(duty)


async def channel_gone(duty: Duty, uid: str, cause: str) -> None:
    """The customer was rung in vain: the seat is free again, the next attempt is set."""
    callback = duty.callbacks.dialling.get(uid)
    if callback is None or uid in duty.board.calls:
        return
    duty.board.places.pop(uid, None)
    if callback.seat is not None:
        await tell_seat(duty, callback.seat, RingOver(uid, callback.epoch))
    await move(duty, callback, Missed(_why(cause)))
    stand_in_line(duty)


def _why(cause: str) -> str:
    if cause == "lost":
        return cause
    if cause == BUSY:
        return "busy"
    return "unreachable" if cause in UNREACHABLE else "no_answer"


async def compare(duty: Duty, seen: FloorSnapshot) -> None:
    """A customer who should be ringing, and whom Asterisk does not know, was not dialled or rang in vain."""
    live = {channel.uniqueid for channel in seen.channels}
    for uid, callback in duty.callbacks.dialling.items():
        if uid not in live and callback.history[-1].at < seen.taken_at - NOTICED:
            await channel_gone(duty, uid, "lost")


async def recover(duty: Duty, seen: FloorSnapshot, told: Mapping[str, Sequence[CallEvent]]) -> None:
    """Take call-backs over: from Asterisk's channels, from what was told of their calls, and from the ledger.

    Nobody whose phone may be ringing is dialled again: an attempt that nobody knows the end of counts as made.
    """
    listed, board = duty.callbacks, duty.board
    if listed.policy is None or duty.term is None:
        return
    listed.replace(await duty.term.run(callback_rows.load_open))
    live = {channel.uniqueid for channel in seen.channels}
    own = [callback.answered_uid for callback in listed.open.values() if callback.answered_uid]
    ended = await duty.term.run(lambda connection: callback_rows.outcomes(connection, own))
    for callback in list(listed.open.values()):
        match callback.state:
            case CallbackState.DIALLING:
                await _recover_dialled(duty, callback, live, told)
            case CallbackState.CONNECTED if callback.answered_uid is not None:
                uid = callback.answered_uid
                if uid in board.calls:
                    board.places[uid] = callback.queued_at.timestamp()
                elif uid in ended:
                    outcome, seat = ended[uid]
                    await move(duty, callback, Ended(seat, outcome != Outcome.ABANDONED))
                else:
                    await _over(duty, uid, callback, facts_of(uid, told.get(uid, ())))
            case _:
                taken = await move(duty, callback, TakenUp())
                await move(duty, taken, TimePassed())
    await _look_up(duty)
    stand_in_line(duty)


async def _recover_dialled(
    duty: Duty, callback: Callback, live: set[str], told: Mapping[str, Sequence[CallEvent]]
) -> None:
    assert duty.callbacks.policy is not None
    uid = callback.attempt_uid(duty.callbacks.policy.node, callback.attempts)
    call = duty.board.calls.get(uid)
    if call is not None:
        await _reached(duty, uid, callback, call)
        if call.facts.state is CallState.IVR:
            await _keep_seat(duty, callback, uid, call)
    elif uid in live:
        duty.board.places[uid] = callback.queued_at.timestamp()
        await _keep_seat(duty, callback, uid, None)
    elif told.get(uid):
        reached = await move(duty, callback, Reached(uid))
        await _over(duty, uid, reached, facts_of(uid, told[uid]))
    else:
        await move(duty, callback, Missed("lost"))


async def _keep_seat(duty: Duty, callback: Callback, uid: str, call: LiveCall | None) -> None:
    """Claim the seat anew for a customer who is being rung or greeted: claims of the term before are refused.

    Where it is not to be had, the customer goes to the head of the queue.
    """
    seat = duty.board.seats.get(callback.seat or "")
    if seat is None or not seat.can_ring or duty.term is None:
        return
    lease = duty.settings.callback_dial_seconds + NOTICE_SECONDS + duty.lease
    claimed = await duty.term.run(
        lambda connection: claims.claim(connection, uid, seat.extension, now=duty.clock.now(), lease=lease)
    )
    if claimed is None:
        return
    kept = replace(duty.callbacks.open[callback.id], seat=claimed.extension, epoch=claimed.epoch)
    before = duty.callbacks.open[callback.id]
    if await duty.term.run(lambda connection: callback_rows.save(connection, before, kept)):
        duty.callbacks.put(kept)
    duty.board.put_seat(claimed)
    if call is not None:
        call.claimed = (claimed.extension, claimed.epoch)
    try:
        await duty.link.action("Setvar", {"Channel": uid, "Variable": "CB_RING", "Value": _ring_exten(kept)})
    except ActionRefused:
        await tell_seat(duty, claimed.extension, RingOver(uid, claimed.epoch))  # hung up at this moment
    except LinkError as error:
        _log.warning("acd.callback.seat_not_told", callback=callback.id, code=error.code)
