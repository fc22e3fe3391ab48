"""Taking a node out of service without cutting a call: new callers are refused, those who are there are served."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable

from hotline.errors import HotlineError
from hotline.processes.asterisk import AsteriskNode, running_pid
from hotline.settings import Settings
from ivr.paths import NodePaths

VARIABLE = "HL_DRAIN"
"""Asterisk's global that `hl-entry` looks at (docker/asterisk/dialplan/entry.conf.j2); forgotten when Asterisk ends."""
_CHANNELS = re.compile(r"^(\d+) active channel", re.MULTILINE)


class NotRunningError(HotlineError):
    """There is no node on this machine that could be drained."""

    code = "not_running"


class Drain:
    """The running node of this machine."""

    def __init__(self, settings: Settings) -> None:
        paths = NodePaths.of(settings)
        if running_pid(paths) is None:
            raise NotRunningError(
                f"no Asterisk of instance {settings.instance!r} runs on this machine; run this where `hotline up` runs"
            )
        self._node = AsteriskNode(settings, ())

    async def begin(self) -> None:
        """From now on each new call is refused with 503, on which a trunk or dispatcher tries the next node."""
        await self._node.command(f"dialplan set global {VARIABLE} 1")

    async def undo(self) -> None:
        await self._node.command(f"dialplan set global {VARIABLE} 0")

    async def channels(self) -> int:
        """Channels that are still there, those of callers and of seats alike."""
        answer = await self._node.command("core show channels count")
        found = _CHANNELS.search(answer)
        if found is None:
            raise HotlineError(f"Asterisk's count of channels cannot be read: {answer.strip()[:100]!r}")
        return int(found.group(1))


async def until_empty(drain: Drain, seconds: float, progress: Callable[[int], None]) -> int:
    """Wait until nobody is on the node, at most `seconds`; the channels that are left."""
    deadline = time.monotonic() + seconds
    told = None
    while True:
        left = await drain.channels()
        if left != told:
            progress(left)
            told = left
        if left == 0 or time.monotonic() >= deadline:
            return left
        await asyncio.sleep(min(1.0, max(0.0, deadline - time.monotonic())))
