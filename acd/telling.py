"""Telling waiting callers their place and estimate: as variables of their channels, shortly before they are spoken.

The dialplan speaks `HL_PLACE` and `HL_ESTIMATE` at the entry and every `announce_seconds` (`acd-hold`). They are set
once soon after the entry and then a moment before each announcement, where they changed: a long line costs few words.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import fmean
from typing import TYPE_CHECKING

import structlog

from acd import callback_rows
from acd.assign import LEVELS, Need
from acd.calls import CallFacts, CallState
from acd.estimate import MOST_PLACES, Estimate, InLine, Staffed, estimates
from acd.ports import LinkError
from acd.seats import SeatState
from acd.words import Service

if TYPE_CHECKING:
    from acd.duty import Duty

FIRST_SECONDS = 0.5
"""After the entry: a caller for whom a seat is idle has left by then, and the greeting of the queue still plays."""
AHEAD_SECONDS = 2.0
"""Before the announcement."""
FRESH_SECONDS = 1.0
"""The whole line is worked out at most so often."""
RECENT = timedelta(hours=2)
_STAFFED = frozenset({SeatState.READY, SeatState.RINGING, SeatState.TALKING, SeatState.WRAP_UP})
_IN_LINE = frozenset({CallState.WAITING, CallState.RINGING})
_LEVELS = frozenset(LEVELS[Need.ANY])

_log = structlog.get_logger(__name__)


@dataclass
class Telling:
    """What callers were told, and what is known of handling times."""

    told: dict[str, Estimate] = field(default_factory=dict)
    handled: deque[float] = field(default_factory=lambda: deque(maxlen=50))
    """Seconds from answer to end of the latest calls."""
    line: Mapping[str, Estimate] = field(default_factory=dict)
    line_at: float = float("-inf")
    """Loop time of `line`."""


async def learn(duty: Duty) -> None:
    """Begin with the handling times of the last hours, and tell those who wait already."""
    assert duty.term is not None
    since = duty.clock.now() - RECENT
    duty.telling.handled.extend(
        await duty.term.run(lambda connection: callback_rows.handling_seconds(connection, since))
    )
    for uid, call in duty.board.calls.items():
        if call.facts.state in _IN_LINE:
            follow(duty, uid)


def follow(duty: Duty, uid: str) -> None:
    """Tell this caller from now on, as long as the wait lasts."""
    duty.later(FIRST_SECONDS, lambda: _tell(duty, uid, FIRST_SECONDS))


def note_end(duty: Duty, facts: CallFacts) -> None:
    duty.telling.told.pop(facts.uid, None)
    if facts.answered_at is not None and facts.ended_at is not None:
        duty.telling.handled.append(max(0.0, (facts.ended_at - facts.answered_at).total_seconds()))


async def _tell(duty: Duty, uid: str, gone: float) -> None:
    call = duty.board.calls.get(uid)
    if call is None or call.facts.state not in _IN_LINE:
        duty.telling.told.pop(uid, None)
        return
    pause = duty.settings.announce_seconds
    duty.later(pause - AHEAD_SECONDS - gone if gone else pause, lambda: _tell(duty, uid, 0.0))
    if not call.waits or not duty.acts:
        return
    estimate = _line(duty).get(uid)
    if estimate is None or estimate == duty.telling.told.get(uid):
        return
    duty.telling.told[uid] = estimate
    sending = asyncio.create_task(_send(duty, uid, estimate))
    duty.rings.add(sending)
    sending.add_done_callback(duty.rings.discard)


def _line(duty: Duty) -> Mapping[str, Estimate]:
    telling, board, now = duty.telling, duty.board, asyncio.get_running_loop().time()
    if now - telling.line_at < FRESH_SECONDS:
        return telling.line
    waiting = [(uid, call) for uid, call in board.calls.items() if call.facts.state in _IN_LINE]
    line = [
        InLine(uid, place, call.facts.service or Service.COMPLAINT, _LEVELS)
        for uid, call in [*waiting, *board.callbacks.items()]
        if (place := board.place_of(uid, call)) is not None
    ]
    seats = [
        Staffed(seat.extension, seat.level, frozenset(seat.skills))
        for seat in board.seats.values()
        if seat.state in _STAFFED and (seat.reachable or seat.state is SeatState.TALKING)
    ]
    handling = fmean(telling.handled) + duty.settings.wrap_up_seconds if telling.handled else None
    telling.line, telling.line_at = estimates(line, seats, handling), now
    return telling.line


async def _send(duty: Duty, uid: str, estimate: Estimate) -> None:
    place = str(estimate.place) if estimate.place <= MOST_PLACES else ""
    minutes = "" if estimate.minutes is None else str(estimate.minutes)
    try:
        for name, value in (("HL_PLACE", place), ("HL_ESTIMATE", minutes)):
            await duty.link.action("Setvar", {"Channel": uid, "Variable": name, "Value": value})
    except LinkError as error:  # gone, or not told this time: nothing depends on it
        _log.debug("acd.place_not_told", call=uid, code=error.code)
        duty.telling.told.pop(uid, None)
