"""Picking the floor up: asking Asterisk, database and journal, and acting again from what they say together."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from acd import callback_work, claims, record, telling
from acd.board import LiveCall
from acd.calls import CallState
from acd.clerks import pending_work
from acd.duty import Duty
from acd.hearing import look_up, watch_promise
from acd.journal import read_journal
from acd.leader import Term
from acd.oncall import pause
from acd.oncall.carry import carry_out
from acd.ports import LinkError
from acd.resume import Resumed, events_by_call, resume
from acd.resync import snapshot
from acd.seatwork import follow_seat
from acd.words import CustomerClass

RETRY_SECONDS = 1.0

_log = structlog.get_logger(__name__)


async def pick_up(duty: Duty) -> None:
    """Put the floor together from Asterisk, database and journal, then act; tried again until it succeeds."""
    term = duty.term
    if term is None or term.lost.is_set() or not duty.linked:
        return
    try:
        await _fence(duty, term)
        await duty.outbox.drained(RETRY_SECONDS)
        seen = await snapshot(duty.link, duty.clock)
        journal = await asyncio.to_thread(read_journal, duty.journal, start=duty.journal_read)
        told = events_by_call([*journal.events, *duty.outbox.unwritten()])
        async with duty.database.transaction() as session:
            known = await record.open_calls(session)
            over = await record.ended_among(session, list(told))
        seats = await term.run(claims.load)
    except LinkError as error:
        _again(duty, error.code)
        return
    except (SQLAlchemyError, OSError) as error:
        _again(duty, type(error).__name__)
        return
    floor = resume(
        snapshot=seen,
        seats=seats,
        known={uid: facts for uid, (facts, _) in known.items()},
        journal={uid: events for uid, events in told.items() if uid not in over},
        gone_at=journal.last_seen,
        away_since=duty.away_since,
        now=duty.clock.now(),
        lease=duty.lease,
        customs=duty.customs,
    )
    duty.journal_read = duty.journal_told = journal.end
    classes = {uid: customer_class for uid, (_, customer_class) in known.items()}
    if await _take_over(duty, term, floor, classes):
        told = events_by_call([*journal.events, *floor.events])
        await callback_work.recover(duty, seen, told)
        await telling.learn(duty)


async def _take_over(duty: Duty, term: Term, floor: Resumed, classes: dict[str, CustomerClass]) -> bool:
    """Whether it was taken over; else it is tried again."""
    for event in floor.events:
        duty.outbox.add(event)
    for before, after in floor.seats:
        if after is before:
            continue
        if not await term.run(lambda connection, b=before, a=after: claims.save(connection, b, a)):  # type: ignore[misc]
            _again(duty, "seat_changed")  # an agent pressed a key meanwhile
            return False
    await term.run(lambda connection: claims.end_redeployments(connection, duty.clock.now()))
    seats = await term.run(claims.load)
    calls = {uid: LiveCall(facts, classes.get(uid)) for uid, facts in floor.calls.items()}
    for call in calls.values():
        call.tried = {ring.seat for ring in call.facts.rings.values() if ring.in_vain}
    duty.board.set_clerk_work(await term.run(pending_work))
    duty.board.reset(seats, calls)
    duty.contacts = {seat.extension: seat.reachable for seat in seats}
    await look_up(duty, [call for call in calls.values() if call.facts.caller])
    for seat in seats:
        follow_seat(duty, seat)
    for call in calls.values():
        if call.facts.state in {CallState.WAITING, CallState.RINGING}:
            watch_promise(duty, call.facts)
        pause.watch(duty, call.facts)
    duty.outbox.overflowed = False
    duty.resumed = True
    duty.away_since = None
    duty.acting.set()
    duty.later(0.0, lambda: carry_out(duty))
    _log.info("acd.resumed", epoch=term.epoch, calls=len(calls), seats=len(seats), written=len(floor.events))
    return True


def _again(duty: Duty, reason: str) -> None:
    _log.warning("acd.resume_failed", reason=reason)
    duty.later(RETRY_SECONDS, lambda: pick_up(duty))


async def _fence(duty: Duty, term: Term) -> None:
    """From here on the dialplan refuses whatever was claimed before this term.

    A dialplan that remembers higher numbers than ours outlived the database it got them from: ours must pass them.
    """
    highest = await _remembered(duty, "ACD_FENCE")
    if highest >= term.epoch:
        for seat in await term.run(claims.load):
            highest = max(highest, await _remembered(duty, f"ACD_E_{seat.extension}"))
        _log.warning("acd.epochs_behind", ours=term.epoch, theirs=highest)
        term.epoch = await term.run(lambda connection: claims.next_epoch(connection, above=highest))
    await duty.link.action("Setvar", {"Variable": "ACD_FENCE", "Value": str(term.epoch)})


async def _remembered(duty: Duty, variable: str) -> int:
    answer = await duty.link.action("Getvar", {"Variable": variable})
    value = answer.get("Value")
    return int(value) if value.isdecimal() else 0
