"""What a seat is staffed with, for good or for a while: the shift leader's temporary redeployment (D81).

A redeployment keeps what the seat usually is beside what it is now; the controller puts it back when the time is over
(`claims.end_redeployments`), also after it was away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from acd.desk import seat_row, tell, wanted_skills
from acd.errors import DeskError
from acd.models import Seat as SeatRow
from acd.words import CustomerClass, Level, Service, Skills

LONGEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Staffing:
    """Level, skills and the customers a seat is kept for (none: all)."""

    level: Level
    skills: Skills
    classes: frozenset[CustomerClass] = frozenset()

    def to_json(self) -> dict[str, Any]:
        """As it is kept while a seat is redeployed, and as the audit has it."""
        return {
            "level": self.level.value,
            "skills": {service.value: level for service, level in self.skills.items()},
            "classes": sorted(each.value for each in self.classes),
        }


@dataclass(frozen=True, slots=True)
class Deployed:
    """One seat as the leader sees it."""

    extension: str
    name: str
    state: str
    state_since: datetime
    reachable: bool
    break_reason: str | None
    misses: int
    staffing: Staffing
    until: datetime | None
    """End of the redeployment, None where there is none."""
    usual: Staffing
    """What the seat falls back to; the same as `staffing` where it is not redeployed."""


_CLEAR = text("UPDATE seats SET normal = NULL, redeployed_until = NULL WHERE extension = :extension")


async def deployments(session: AsyncSession) -> list[Deployed]:
    """Every seat, by extension."""
    rows = (await session.scalars(select(SeatRow).order_by(SeatRow.extension))).all()
    return [_view(row) for row in rows]


async def staff(session: AsyncSession, extension: str, staffing: Staffing, *, name: str | None = None) -> Staffing:
    """Staff a seat otherwise from now on; returns what it was. A redeployed seat must be put back first."""
    row = await seat_row(session, extension)
    if row.redeployed_until is not None:
        raise DeskError(f"seat {extension} is redeployed until {row.redeployed_until:%H:%M} UTC; put it back first")
    before = _view(row).staffing
    _set(row, staffing)
    if name is not None:
        row.name = name
    await session.flush()
    await tell(session, extension)
    return before


async def redeploy(
    session: AsyncSession, extension: str, staffing: Staffing, *, until: datetime, now: datetime
) -> None:
    """Staff a seat otherwise until a moment; again, it changes the redeployment and keeps what is usual."""
    if not now < until <= now + LONGEST:
        raise DeskError("a redeployment ends within the next 24 hours; give a later time, or staff the seat for good")
    row = await seat_row(session, extension)
    if row.redeployed_until is None:
        row.normal = _view(row).staffing.to_json()
    _set(row, staffing)
    row.redeployed_until = until
    await session.flush()
    await tell(session, extension)


async def put_back(session: AsyncSession, extension: str) -> None:
    """End a redeployment before its time."""
    row = await seat_row(session, extension)
    if row.redeployed_until is None:
        raise DeskError(f"seat {extension} is not redeployed; `hotline seats list` shows what it is")
    _set(row, _view(row).usual)
    await session.flush()
    await session.execute(_CLEAR, {"extension": extension})
    await tell(session, extension)


def _set(row: SeatRow, staffing: Staffing) -> None:
    row.level = staffing.level.value
    row.skills = wanted_skills(staffing.skills)
    row.classes = sorted(each.value for each in staffing.classes)


def _view(row: SeatRow) -> Deployed:
    now = _staffing({"level": row.level, "skills": row.skills, "classes": row.classes})
    usual = _staffing(row.normal) if row.redeployed_until is not None and row.normal else now
    return Deployed(
        row.extension, row.name, row.state, row.state_since, row.reachable, row.break_reason, row.misses, now,
        row.redeployed_until, usual,
    )  # fmt: skip


def _staffing(kept: Mapping[str, Any]) -> Staffing:
    return Staffing(
        Level(kept["level"]),
        {Service(service): int(level) for service, level in kept["skills"].items()},
        frozenset(CustomerClass(name) for name in kept["classes"]),
    )
