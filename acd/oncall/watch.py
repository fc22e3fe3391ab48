"""A seat whose telephone vanishes in mid-call: after a moment the caller is taken back to the front of the queue."""

from __future__ import annotations

import structlog

from acd.duty import Duty
from acd.oncall.scene import leg_of
from acd.ports import LinkError
from acd.resync import snapshot
from acd.seats import SeatState
from acd.talks import Talk

GONE = frozenset({"Unreachable", "Removed"})
"""What a ContactStatus event says of a telephone that does not answer OPTIONS or whose connection closed. The device's
state tells nothing of it in mid-call: it stays InUse."""

VOICE_SECONDS = 2.0
"""A telephone that is there sends fifty packets a second, also of a muted microphone."""

_log = structlog.get_logger(__name__)


def watch_telephone(duty: Duty, extension: str) -> None:
    """Give a telephone that has just vanished `seat_lost_seconds` to be there again.

    A page that is loaded anew registers within a second or two and asks for its call itself (reattach). Asterisk sees a
    telephone without sound only after its RTP time-out, which is longer than a caller should listen to nothing. A
    telephone whose voice still comes is cut off from signalling alone (a console that restarts), and talks on.
    """
    seat = duty.board.seats.get(extension)
    if seat is None or seat.state is not SeatState.TALKING or seat.call_uid is None:
        return
    uid, epoch = seat.call_uid, seat.epoch

    async def gone() -> Talk | None:
        """The talk that nobody is at; None where it is over, or the telephone is back."""
        now = duty.board.seats.get(extension)
        if now is None or now.state is not SeatState.TALKING or not duty.acts:
            return None
        call = duty.board.calls.get(uid)
        if now.call_uid != uid or now.epoch != epoch or call is None:
            return None
        others = [talk for talk in call.facts.open_talks if talk.seat != extension]
        if others or not call.facts.open_talks or await _answers(duty, extension):
            return None
        return max(call.facts.talks, key=lambda talk: talk.epoch)

    async def look() -> None:
        if await gone() is not None:
            before = await _packets(duty, extension)
            duty.later(VOICE_SECONDS, lambda: judge(before))

    async def judge(before: str) -> None:
        last = await gone()
        if last is None:
            return
        if await _packets(duty, extension) != before:
            duty.later(duty.settings.seat_lost_seconds, look)
            return
        _log.warning("acd.telephone_lost", seat=extension, call=uid)
        headers = {"Channel": uid, "Context": "acd-handed", "Exten": f"{last.seat}*{last.epoch}*lost", "Priority": "1"}
        try:
            await duty.link.action("Redirect", headers)
        except LinkError as error:
            _log.warning("acd.telephone_lost_failed", call=uid, code=error.code)

    duty.later(duty.settings.seat_lost_seconds, look)


async def _packets(duty: Duty, extension: str) -> str:
    """How many RTP packets came from the telephone so far; empty where nobody knows."""
    try:
        leg = leg_of((await snapshot(duty.link, duty.clock)).channels, extension)
        if leg is None:
            return ""
        answer = await duty.link.action("Getvar", {"Channel": leg.name, "Variable": "CHANNEL(rtcp,rxcount)"})
    except LinkError:
        return ""
    return answer.get("Value") or ""


async def _answers(duty: Duty, extension: str) -> bool:
    """Whether Asterisk knows a contact of this telephone that answers it; in doubt, it does."""
    try:
        answer = await duty.link.action("Getvar", {"Variable": f"PJSIP_DIAL_CONTACTS({extension})"})
    except LinkError:
        return True
    return bool(answer.get("Value"))
