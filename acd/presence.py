"""What keeps a controller in touch: the heartbeat that the dialplan watches, and the agents' keys told by NOTIFY."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import structlog

from acd.desk import CHANNEL
from acd.ports import Link, LinkError

GRACE_SECONDS = 5.0
"""So long after the database last answered the dialplan is still told that somebody controls."""
BACK_OFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)

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


async def listen(conninfo: str, pressed: Callable[[str], Awaitable[None]], *, channel: str = CHANNEL) -> None:
    """Call `pressed(payload)` for every word on `channel`, and `pressed("")` when any may have been missed.

    By default that is the extension of a desk where something was pressed.
    """
    failures = 0
    while True:
        try:
            async with await _connect(conninfo) as connection:
                await connection.execute(f"LISTEN {channel}")
                await pressed("")
                failures = 0
                async for notify in connection.notifies():
                    await pressed(notify.payload)
        except (psycopg.Error, OSError) as error:
            pause = BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS) - 1)]
            failures += 1
            if failures == 1:
                _log.warning("acd.listen.lost", error=type(error).__name__)
            await asyncio.sleep(pause)


async def _connect(conninfo: str) -> psycopg.AsyncConnection[Any]:
    return await psycopg.AsyncConnection.connect(
        conninfo,
        autocommit=True,
        connect_timeout=5,
        application_name="hotline-controller-desk",
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
    )
