"""Words that one program tells another through the database (LISTEN and NOTIFY), over every break of the connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import structlog

BACK_OFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)

_log = structlog.get_logger(__name__)


async def listen(
    conninfo: str,
    channel: str,
    heard: Callable[[str], Awaitable[None]],
    *,
    name: str,
    lost: Callable[[], None] = lambda: None,
) -> None:
    """Call `heard(payload)` for every word on `channel`, until cancelled.

    Notifications are not kept for who is away: `heard("")` says that any may have been missed, at the beginning and
    after each break. `lost` is called when a connection ends; `name` is how the database shows it.
    """
    failures = 0
    while True:
        try:
            async with await _connect(conninfo, name) as connection:
                await connection.execute(f"LISTEN {channel}")
                await heard("")
                failures = 0
                async for notify in connection.notifies():
                    await heard(notify.payload)
        except (psycopg.Error, OSError) as error:
            if failures == 0:
                _log.warning("listen.lost", channel=channel, error=type(error).__name__)
        finally:
            lost()
        await asyncio.sleep(BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS) - 1)])
        failures += 1


async def _connect(conninfo: str, name: str) -> psycopg.AsyncConnection[Any]:
    return await psycopg.AsyncConnection.connect(
        conninfo,
        autocommit=True,
        connect_timeout=5,
        application_name=name,
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
    )
