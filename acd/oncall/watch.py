"""A seat whose telephone vanishes in mid-call: after a moment the caller is taken back to the front of the queue."""

from __future__ import annotations

import structlog

from acd.duty import Duty
from acd.ports import LinkError
from acd.seats import SeatState

GONE = frozenset({"Unreachable", "Removed"})
"""What a ContactStatus event says of a telephone that does not answer OPTIONS or whose connection closed. The device's
state tells nothing of it in mid-call: it stays InUse."""

_log = structlog.get_logger(__name__)


def watch_telephone(duty: Duty, extension: str) -> None:
    """Give a telephone that has just vanished `seat_lost_seconds` to be there again.

    A page that is loaded anew registers within a second or two and asks for its call itself (reattach). Asterisk sees a
    telephone without sound only after its RTP time-out, which is longer than a caller should listen to nothing.
    """
    seat = duty.board.seats.get(extension)
    if seat is None or seat.state is not SeatState.TALKING or seat.call_uid is None:
        return
    uid, epoch = seat.call_uid, seat.epoch

    async def look() -> None:
        now = duty.board.seats.get(extension)
        if now is None or now.state is not SeatState.TALKING or not duty.acts:
            return
        call = duty.board.calls.get(uid)
        if now.call_uid != uid or now.epoch != epoch or call is None:
            return
        others = [talk for talk in call.facts.open_talks if talk.seat != extension]
        if others or not call.facts.open_talks:
            return
        if await _answers(duty, extension):
            return
        last = max(call.facts.talks, key=lambda talk: talk.epoch)
        _log.warning("acd.telephone_lost", seat=extension, call=uid)
        headers = {"Channel": uid, "Context": "acd-handed", "Exten": f"{last.seat}*{last.epoch}*lost", "Priority": "1"}
        try:
            await duty.link.action("Redirect", headers)
        except LinkError as error:
            _log.warning("acd.telephone_lost_failed", call=uid, code=error.code)

    duty.later(duty.settings.seat_lost_seconds, look)


async def _answers(duty: Duty, extension: str) -> bool:
    """Whether Asterisk knows a contact of this telephone that answers it; in doubt, it does."""
    try:
        answer = await duty.link.action("Getvar", {"Variable": f"PJSIP_DIAL_CONTACTS({extension})"})
    except LinkError:
        return True
    return bool(answer.get("Value"))
