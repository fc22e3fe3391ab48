"""Calls looked up by what a person remembers of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from acd.calls import Direction
from acd.ledger import CallView, views_of
from acd.models import Call


@dataclass(frozen=True, slots=True)
class CallQuery:
    """What is looked for; what is None or empty does not count. Seconds are from entry to end."""

    since: datetime
    until: datetime
    number: str = ""
    """Digits anywhere in the caller's number."""
    seat: str = ""
    """Who answered first."""
    service: str = ""
    outcome: str = ""
    shortest: float | None = None
    longest: float | None = None
    only: Collection[str] | None = None
    """Uids of which the call must be one."""
    without: Collection[str] = ()
    """Uids of which it must be none."""


async def search(session: AsyncSession, query: CallQuery, *, limit: int, offset: int = 0) -> tuple[list[CallView], int]:
    """Ended calls of callers and to customers, the latest first, and how many there are without the limit."""
    found = _conditions(select(Call), query)
    total = await session.scalar(_conditions(select(func.count()).select_from(Call), query))
    rows = await session.scalars(found.order_by(Call.entered_at.desc(), Call.uid).limit(limit).offset(offset))
    return await views_of(session, rows.all()), int(total or 0)


def _conditions(statement: Select, query: CallQuery) -> Select:  # type: ignore[type-arg] # a row or a count
    statement = statement.where(
        Call.entered_at >= query.since,
        Call.entered_at < query.until,
        Call.ended_at.is_not(None),
        Call.direction.in_([Direction.IN.value, Direction.OUT.value]),
    )
    length = func.extract("epoch", Call.ended_at - Call.entered_at)
    if query.number:
        statement = statement.where(Call.caller.contains(query.number, autoescape=True))
    for column, wanted in ((Call.seat, query.seat), (Call.service, query.service), (Call.outcome, query.outcome)):
        if wanted:
            statement = statement.where(column == wanted)
    if query.shortest is not None:
        statement = statement.where(length >= query.shortest)
    if query.longest is not None:
        statement = statement.where(length <= query.longest)
    if query.only is not None:
        statement = statement.where(Call.uid.in_(query.only))
    if query.without:
        statement = statement.where(Call.uid.not_in(query.without))
    return statement
