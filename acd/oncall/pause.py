"""A recording that is silent for a while: the caller says a card number or a password (asked for by the agent).

Asterisk writes silence in step with time meanwhile (MixMonitorMute), so that the legs keep their length. A pause has
an end of its own: after `recording_pause_seconds`, and as soon as the seat that asked for it no longer talks with the
caller alone, so that nothing of the case is lost because somebody forgot it.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from acd.calls import CallFacts, CallState
from acd.duty import Duty
from acd.events import OVER, CallEvent, Kind
from acd.oncall.decide import Act, mute, taped
from acd.ports import ActionRefused, LinkError
from acd.resync import snapshot

ENDS = OVER | {Kind.CONSULTING, Kind.FALLBACK, Kind.JOINED}
"""After these somebody else hears or speaks, or the caller waits: it is recorded."""
AGAIN_SECONDS = 2.0

_log = structlog.get_logger(__name__)


def begun(duty: Duty, call: str, seat: str) -> None:
    """The recording has just fallen silent."""
    duty.note(CallEvent(call, Kind.PAUSED, duty.clock.now(), seat))


def over(duty: Duty, call: str, seat: str, why: str) -> None:
    """The recording goes on."""
    duty.note(CallEvent(call, Kind.UNPAUSED, duty.clock.now(), seat, detail=why))


async def follow(duty: Duty, event: CallEvent, facts: CallFacts) -> None:
    """What a milestone means for a pause that goes on."""
    if facts.paused_since is None or facts.state is CallState.ENDED:
        return
    match event.kind:
        case Kind.PAUSED:
            watch(duty, facts)
        case Kind.SPIED:
            supervisor = event.detail.rpartition(" ")[2]
            await _send(duty, Act("MixMonitorMute", {"Channel": supervisor, "Direction": "both", "State": "1"}))
        case kind if kind in ENDS:
            await lift(duty, facts.uid, kind.value)


def watch(duty: Duty, facts: CallFacts) -> None:
    """End the pause at its limit; one that nobody watched meanwhile, at once where it is over."""
    since = facts.paused_since
    if since is None:
        return
    ends = since + timedelta(seconds=duty.settings.recording_pause_seconds)
    left = (ends - duty.clock.now()).total_seconds() if facts.state is CallState.TALKING else 0.0

    async def limit() -> None:
        call = duty.board.calls.get(facts.uid)
        if call is not None and call.facts.paused_since == since:
            await lift(duty, facts.uid, "limit")

    duty.later(max(0.0, left), limit)


async def lift(duty: Duty, call: str, why: str) -> None:
    """Record the call again; tried until Asterisk has done it, or the call is gone."""
    try:
        channels = (await snapshot(duty.link, duty.clock)).channels
        for channel in taped(channels, call):
            await _send(duty, mute(channel, silent=False, optional=True))
    except LinkError as error:
        _log.warning("acd.pause_not_lifted", call=call, code=error.code)
        duty.later(AGAIN_SECONDS, lambda: _try_again(duty, call, why))
        return
    over(duty, call, "", why)


async def _try_again(duty: Duty, call: str, why: str) -> None:
    live = duty.board.calls.get(call)
    if live is not None and live.facts.paused_since is not None:
        await lift(duty, call, why)


async def _send(duty: Duty, act: Act) -> None:
    """Only what is refused is let go: that channel is not there any more."""
    try:
        await duty.link.action(act.name, act.headers)
    except ActionRefused as refused:
        _log.info("acd.pause_refused", code=refused.code)
