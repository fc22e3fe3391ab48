"""A node's clock that was set: found by holding it against the clock that never jumps, and taken out of every wait.

Waits are differences of times of one clock (`acd.events`), so that an hour's correction between the queue and the
answer would make a wait of seconds look like an hour, or end before it began. The controller runs on the node's host or
on one that keeps the same time; it notes each jump with the readings before and after, and `elapsed` undoes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from hotline.clock import Clock
from hotline.database import Base, Database

LEAST_SECONDS = 1.0
"""A smaller step is a slew or a late wake-up, and does no harm to a wait."""
LOOK_SECONDS = 0.5
RETRY_SECONDS = 5.0

_log = structlog.get_logger(__name__)


class ClockJump(Base):
    __tablename__ = "clock_jumps"

    before: Mapped[datetime] = mapped_column(primary_key=True)
    """What the clock would have said at that moment."""
    after: Mapped[datetime] = mapped_column(primary_key=True)
    """What it did say."""


@dataclass(frozen=True, slots=True)
class Jump:
    """The clock went from `before` to `after` in no time."""

    before: datetime
    after: datetime

    @property
    def seconds(self) -> float:
        return (self.after - self.before).total_seconds()


def elapsed(start: datetime, end: datetime, jumps: Iterable[Jump]) -> float:
    """Seconds that really passed from `start` to `end`, never less than 0.

    A jump forwards lies between them where they stand on both sides of the hour that never was; a jump back lies
    between them where the end reads earlier than the start. (An interval that is longer than the clock was set back,
    across the jump, cannot be told from one that does not cross it: no call waits an hour.)
    """
    margin = timedelta(seconds=2 * LOOK_SECONDS)
    seconds = (end - start).total_seconds()
    for jump in jumps:
        around = start <= jump.before + margin and end >= jump.after - margin
        if around and (jump.seconds > 0 or end < start):
            seconds -= jump.seconds
    return max(0.0, seconds)


async def jumps_between(session: AsyncSession, start: datetime, end: datetime) -> tuple[Jump, ...]:
    """The jumps that may lie within calls of `[start, end]`, a day to each side."""
    day = timedelta(days=1)
    query = select(ClockJump).where(ClockJump.before >= start - day, ClockJump.before <= end + day)
    rows = (await session.scalars(query.order_by(ClockJump.before))).all()
    return merged(Jump(row.before, row.after) for row in rows)


def merged(jumps: Iterable[Jump]) -> tuple[Jump, ...]:
    """One jump that several controllers noticed, each at its own moment, is one."""
    found: list[Jump] = []
    for jump in jumps:
        close = 4 * LOOK_SECONDS
        if not any(
            abs((jump.before - other.before).total_seconds()) < close and abs(jump.seconds - other.seconds) < close
            for other in found
        ):
            found.append(jump)
    return tuple(found)


async def note(session: AsyncSession, jump: Jump) -> None:
    values = {"before": jump.before, "after": jump.after}
    await session.execute(insert(ClockJump).values(values).on_conflict_do_nothing())


async def watch(database: Database, clock: Clock, steady: Callable[[], float]) -> None:
    """Hold `clock` against `steady` (seconds that only grow) and write each jump down; runs until cancelled."""
    unwritten: list[Jump] = []
    wall, since = clock.now(), steady()
    retry = 0.0
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        now, passed = clock.now(), steady()
        due = wall + timedelta(seconds=passed - since)
        if abs((now - due).total_seconds()) >= LEAST_SECONDS:
            unwritten.append(Jump(due, now))
            _log.warning("acd.clock_jumped", seconds=round((now - due).total_seconds(), 1))
        wall, since = now, passed
        if unwritten and passed >= retry and not await _written(database, unwritten):
            retry = passed + RETRY_SECONDS


async def _written(database: Database, unwritten: list[Jump]) -> bool:
    try:
        async with database.transaction() as session:
            for jump in unwritten:
                await note(session, jump)
    except (SQLAlchemyError, OSError):
        return False
    unwritten.clear()
    return True
