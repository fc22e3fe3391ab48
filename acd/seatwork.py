"""Seats as the controller moves them: stepped by what is heard, written at once, resting, wrapping up."""

from __future__ import annotations

import structlog

from acd import claims
from acd.clerks import CLERKS, pending_work
from acd.duty import Duty
from acd.errors import NotLeadingError
from acd.seats import ContactChanged, RingOver, Seat, SeatEvent, SeatState, WrapUpOver, step

_log = structlog.get_logger(__name__)


async def tell_seat(duty: Duty, extension: str, event: SeatEvent) -> None:
    """Step a seat here and in the database; should somebody have changed the row meanwhile, on the fresh row."""
    seat = duty.board.seats.get(extension)
    if seat is None:
        _log.warning("acd.unknown_seat", seat=extension, told=type(event).__name__)
        return
    for attempt in range(3):
        before, after = seat, step(seat, event, duty.clock.now(), duty.customs)
        if after is before:
            if attempt:
                duty.board.put_seat(before)
            return
        if duty.term is None or duty.term.lost.is_set():
            break  # the next resume sets the row right
        try:
            if await duty.term.run(lambda connection, b=before, a=after: claims.save(connection, b, a)):  # type: ignore[misc]
                break
            fresh = await duty.term.run(lambda connection: claims.load(connection, extension))
        except NotLeadingError:
            break
        if not fresh:
            duty.board.drop_seat(extension)
            return
        seat = fresh[0]
    duty.board.put_seat(after)
    follow_seat(duty, after)
    if isinstance(event, RingOver) and event.ignored:
        rest(duty, extension)
    if isinstance(event, RingOver) and event.unreachable:
        duty.contacts[extension] = False


def follow_seat(duty: Duty, seat: Seat) -> None:
    """Wrap-up ends by itself, and so does a redeployment (D81)."""
    now = duty.clock.now()
    if seat.redeployed_until is not None:
        duty.later(max(0.0, (seat.redeployed_until - now).total_seconds()), lambda: fall_back(duty))
    if seat.state is not SeatState.WRAP_UP or seat.state_since is None:
        return
    since = seat.state_since
    over = seat.wrap_up_until or since + duty.customs.wrap_up(None)

    async def wrapped_up() -> None:
        current = duty.board.seats.get(seat.extension)
        if current is not None and current.state is SeatState.WRAP_UP and current.state_since == since:
            await tell_seat(duty, seat.extension, WrapUpOver())

    duty.later(max(0.0, (over - now).total_seconds()), wrapped_up)


async def fall_back(duty: Duty) -> None:
    """Seats whose redeployment is over are again what they usually are."""
    if duty.term is None or not duty.resumed:
        return  # the next resume reads all
    over = await duty.term.run(lambda connection: claims.end_redeployments(connection, duty.clock.now()))
    for extension in over:
        _log.info("acd.redeployment_over", seat=extension)
        await reload(duty, extension)


def rest(duty: Duty, extension: str) -> None:
    """A seat that was rung in vain is offered nothing for a moment."""
    if duty.settings.ring_penalty_seconds <= 0:
        return
    duty.board.rest(extension)

    async def rested() -> None:
        duty.board.rested(extension)

    duty.later(duty.settings.ring_penalty_seconds, rested)


async def reload(duty: Duty, extension: str | None) -> None:
    """Read what agents pressed; everything once more where that may have been missed."""
    if duty.term is None or not duty.resumed:
        return  # the next resume reads all
    if extension is None or extension == CLERKS:
        duty.board.set_clerk_work(await duty.term.run(pending_work))
        if extension == CLERKS:
            return
    fresh = await duty.term.run(lambda connection: claims.load(connection, extension))
    if extension is not None and not fresh:
        duty.board.drop_seat(extension)
    for seat in fresh:
        duty.board.put_seat(seat)
        follow_seat(duty, seat)
        if duty.contacts.get(seat.extension, seat.reachable) != seat.reachable:
            await tell_seat(duty, seat.extension, ContactChanged(not seat.reachable))
