"""What keeps the dialplan in touch with a controller: the heartbeat that it watches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from acd.ports import Link, LinkError

GRACE_SECONDS = 5.0
"""So long after the database last answered the dialplan is still told that somebody controls."""

_log = structlog.get_logger(__name__)


async def heartbeat(link: Link, well: Callable[[], int | None], seconds: float) -> None:
    """Bump `ACD_HB` while `well()` gives a term's epoch; callers go to the fallback queue soon after it stops.

    The counter begins with the epoch, so that a controller which takes over never repeats its predecessor's number.
    """
    beats = 0
    while True:
        epoch = well()
        if epoch is not None:
            beats += 1
            try:
                await link.action(
                    "Setvar",
                    {"Variable": "ACD_HB", "Value": str(epoch * 1_000_000 + beats % 1_000_000)},
                    timeout=seconds,
                )
            except LinkError as error:
                _log.warning("acd.heartbeat.missed", code=error.code)
        await asyncio.sleep(seconds)
