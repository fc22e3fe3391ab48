"""Breaks and their limits: how long one may last by its reason, and how many went over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from acd.roster_models import SeatStateRow
from acd.seats import SeatState


@dataclass(frozen=True, slots=True)
class Break:
    extension: str
    reason: str
    since: datetime
    until: datetime | None
    """None while it lasts."""


def break_until(reason: str | None, since: datetime, minutes: Mapping[str, float]) -> datetime | None:
    """When a break must be over; None for a reason without a limit."""
    limit = minutes.get(reason or "")
    return since + timedelta(minutes=limit) if limit is not None else None


def over_limit(breaks: Iterable[Break], minutes: Mapping[str, float], now: datetime) -> dict[str, int]:
    """How many breaks went over their limit, by seat; one that lasts counts once it is over."""
    late: Counter[str] = Counter()
    for each in breaks:
        end = break_until(each.reason, each.since, minutes)
        if end is not None and (each.until or now) > end:
            late[each.extension] += 1
    return dict(late)


async def breaks_between(session: AsyncSession, start: datetime, end: datetime) -> list[Break]:
    """Breaks that began in `[start, end)`."""
    query = select(SeatStateRow).where(
        SeatStateRow.state == SeatState.BREAK.value, SeatStateRow.since >= start, SeatStateRow.since < end
    )
    return [
        Break(row.extension, row.reason or "", row.since, row.until) for row in (await session.scalars(query)).all()
    ]
