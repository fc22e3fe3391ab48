"""Giving callers seats: claim, one Redirect, and what follows where it comes to nothing."""

from __future__ import annotations

import asyncio

import structlog

from acd import callback_work, claims, figures
from acd.calls import Attempt
from acd.duty import Duty, RingFailed
from acd.errors import NotLeadingError
from acd.events import CallEvent, Kind
from acd.hearing import hear
from acd.ports import LinkError
from acd.seats import RingOver, Seat
from acd.seatwork import reload, rest, tell_seat

HOLD_SECONDS = 1.0
"""How long a caller is not offered after a claim or Redirect that failed for no known reason."""

_log = structlog.get_logger(__name__)


async def offer(duty: Duty) -> None:
    """Claim a seat for everyone who can be given one, and ring it at once."""
    if not duty.acts:
        return
    assert duty.term is not None
    term = duty.term
    made = duty.board.offers(duty.clock.now().timestamp())
    for number, one in enumerate(made):
        try:
            claimed = await term.run(
                lambda connection, o=one: claims.claim(  # type: ignore[misc]
                    connection,
                    o.uid,
                    o.extension,
                    now=duty.clock.now(),
                    lease=callback_work.lease_of(duty, o.uid),
                    own=not duty.board.seats[o.extension].can_ring,
                )
            )
            if claimed is None:
                await reload(duty, one.extension)
        except NotLeadingError:
            for open_offer in made[number:]:
                _put_back(duty, open_offer.uid, open_offer.extension)
            raise
        figures.CLAIMS.labels("lost" if claimed is None else "won").inc()
        if claimed is None:
            _hold(duty, one.uid)
            continue
        if one.uid in duty.board.callbacks:
            await callback_work.dial(duty, one.uid, claimed)
        else:
            _ring(duty, one.uid, claimed)
    _await_widening(duty)


def _ring(duty: Duty, uid: str, seat: Seat) -> None:
    """One Redirect, sent at once; its answer is awaited beside, so that the next caller need not wait for it."""
    call = duty.board.calls[uid]
    call.claimed = (seat.extension, seat.epoch)
    duty.board.put_seat(seat)
    ring = asyncio.create_task(_redirect(duty, uid, seat, len(call.facts.rings) + 1))
    duty.rings.add(ring)
    ring.add_done_callback(duty.rings.discard)


async def _redirect(duty: Duty, uid: str, seat: Seat, attempt: int) -> None:
    exten = f"{seat.extension}*{seat.epoch}*{attempt}"
    try:
        with figures.REDIRECT.time():
            await duty.link.action("Redirect", {"Channel": uid, "Context": "acd-ring", "Exten": exten, "Priority": "1"})
    except LinkError as error:
        if not error.undecided:  # else the lease decides
            await duty.inbox.put(RingFailed(uid, seat.extension, seat.epoch, error.code))


async def ring_failed(duty: Duty, failed: RingFailed) -> None:
    figures.CLAIMS.labels("failed").inc()
    _log.warning("acd.ring_failed", call=failed.call, seat=failed.seat, reason=failed.reason)
    await tell_seat(duty, failed.seat, RingOver(failed.call, failed.epoch))
    _release(duty, failed.call, failed.epoch)


async def lease_over(duty: Duty, overdue: Seat) -> None:
    if overdue.call_uid is None:
        return
    uid, seat, epoch = overdue.call_uid, overdue.extension, overdue.epoch
    _log.warning("acd.lease_over", call=uid, seat=seat, epoch=epoch)
    call = duty.board.calls.get(uid)
    ring = call.facts.rings.get(epoch) if call is not None else None
    if ring is not None and ring.result is Attempt.RINGING:
        # it rang, and what came of it was told to nobody: the dialplan has long taken the caller back
        await hear(duty, CallEvent(uid, Kind.RETURNED, duty.clock.now(), seat, epoch, detail="UNKNOWN"))
    await tell_seat(duty, seat, RingOver(uid, epoch))
    rest(duty, seat)
    _release(duty, uid, epoch)


def _release(duty: Duty, uid: str, epoch: int) -> None:
    """The claim is off; the caller, if still there, is offered again in a moment."""
    call = duty.board.calls.get(uid)
    if call is not None and call.claimed is not None and call.claimed[1] == epoch:
        call.claimed = None
        _hold(duty, uid)


def _hold(duty: Duty, uid: str) -> None:
    call = duty.board.calls.get(uid)
    if call is None:
        return
    call.held = True
    duty.board.index_call(uid)

    async def released() -> None:
        held = duty.board.calls.get(uid)
        if held is not None:
            held.held = False
            duty.board.index_call(uid)

    duty.later(HOLD_SECONDS, released)


def _put_back(duty: Duty, uid: str, extension: str) -> None:
    duty.board.index_call(uid)
    if extension in duty.board.seats:
        duty.board.put_seat(duty.board.seats[extension])


def _await_widening(duty: Duty) -> None:
    """Wake when a caller has waited long enough for a senior (D18)."""
    if duty.widening is not None:
        duty.widening.cancel()
        duty.widening = None
    moment = duty.board.next_change()
    if moment is None:
        return

    async def widen() -> None:
        """`_offer` follows whatever is handled."""

    duty.widening = duty.later(max(0.01, moment - duty.clock.now().timestamp()), widen)
