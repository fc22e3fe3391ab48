"""Whether the parts are alive: each tells the database every few seconds, and anybody can read who did.

Rows and not ports: parts may run on other machines (docker/compose.yaml), and the database is what all of them share.
A part whose database is away cannot tell, which is right: it cannot work either.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from hotline.clock import Clock
from hotline.database import Database
from hotline.models import Heartbeat

BEAT_SECONDS = 2.0
DEAD_SECONDS = 10.0
LINK = "asterisk-link"
"""Beats while the controller that leads is connected to Asterisk and acts."""
_FORGET = timedelta(hours=1)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Check:
    """One line of a readiness answer; `detail` names no secret."""

    name: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True)
class Part:
    """A process that told the database it is alive."""

    name: str
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime

    def alive(self, now: datetime) -> bool:
        return now - self.seen_at < timedelta(seconds=DEAD_SECONDS)


async def beat(session: AsyncSession, part: str, started_at: datetime, now: datetime) -> None:
    """Say that this process, as `part`, is alive; forget the ones long gone."""
    values = {
        "part": part, "host": socket.gethostname(), "pid": os.getpid(), "started_at": started_at, "seen_at": now,
    }  # fmt: skip
    await session.execute(
        insert(Heartbeat)
        .values(values)
        .on_conflict_do_update(index_elements=["part", "host", "pid"], set_={"seen_at": now, "started_at": started_at})
    )
    await session.execute(delete(Heartbeat).where(Heartbeat.seen_at < now - _FORGET))


async def gone(session: AsyncSession, part: str) -> None:
    """Say that this process has ended in order."""
    await session.execute(
        delete(Heartbeat).where(
            Heartbeat.part == part, Heartbeat.host == socket.gethostname(), Heartbeat.pid == os.getpid()
        )
    )


async def parts(session: AsyncSession) -> list[Part]:
    """Every part that was heard of within the hour, by name."""
    rows = await session.scalars(select(Heartbeat).order_by(Heartbeat.part, Heartbeat.host, Heartbeat.pid))
    return [Part(row.part, row.host, row.pid, row.started_at, row.seen_at) for row in rows]


async def readiness(database: Database, now: datetime, wanted: Iterable[str] = ("controller", "worker")) -> list[Check]:
    """Whether the database answers and each wanted part was heard of lately; never raises."""
    try:
        async with asyncio.timeout(3), database.transaction() as session:
            await session.execute(text("SELECT 1"))
            heard = await parts(session)
    except (SQLAlchemyError, TimeoutError, OSError) as error:
        return [Check("database", False, f"does not answer ({type(error).__name__})")]
    checks = [Check("database", True)]
    for name in wanted:
        last = max((part.seen_at for part in heard if part.name == name), default=None)
        alive = any(part.alive(now) for part in heard if part.name == name)
        detail = "" if alive else "was not heard of" if last is None else f"last heard of at {last.isoformat()}"
        checks.append(Check(name, alive, detail))
    return checks


async def keep_beating(database: Database, clock: Clock, part: str, stop: asyncio.Event) -> None:
    """Beat until `stop`; a database that is away is tried again, and the work goes on meanwhile."""
    started_at = clock.now()
    away = False
    while not stop.is_set():
        try:
            async with asyncio.timeout(BEAT_SECONDS * 2), database.transaction() as session:
                await beat(session, part, started_at, clock.now())
            away = False
        except (SQLAlchemyError, TimeoutError, OSError) as error:
            if not away:
                _log.warning("heartbeat.database_away", error=type(error).__name__)
            away = True
        try:
            async with asyncio.timeout(BEAT_SECONDS):  # not wait_for: in Python 3.11 it can swallow a cancellation
                await stop.wait()
        except TimeoutError:
            continue
    try:
        async with asyncio.timeout(BEAT_SECONDS), database.transaction() as session:
            await gone(session, part)
    except (SQLAlchemyError, TimeoutError, OSError):
        _log.info("heartbeat.not_taken_back")
