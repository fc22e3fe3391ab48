"""Calls as the inspection room sees them: what there is to inspect, on which day, of which business, by which seat."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from acd import ledger
from acd.calls import Outcome
from acd.ledger import CallView
from cases.business import business_of as business_of_orders
from hotline.clock import local_day
from qa.sampler import Row
from transcribe import drafts

_INSPECTABLE = {Outcome.ANSWERED.value, Outcome.FALLBACK.value, Outcome.VOICEMAIL.value}
"""A caller who hung up while waiting was served by nobody."""
_BUSINESS_OF_SERVICE = {"report": "information"}
"""What a service says about the business before anybody has (D93: bad information); the others say nothing."""


def bounds(first: date, days: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """`[start, end)` of so many calendar days in the centre's time zone."""
    start = datetime.combine(first, time.min, zone)
    return start, datetime.combine(first + timedelta(days=days), time.min, zone)


async def rows_between(session: AsyncSession, start: datetime, end: datetime, zone: ZoneInfo) -> tuple[Row, ...]:
    """The finished calls that entered in `[start, end)` and were served by a person or left a message."""
    views = await ledger.calls_between(session, start, end)
    return await _rows(session, [view for view in views if view.ended_at and view.outcome in _INSPECTABLE], zone)


async def _rows(session: AsyncSession, views: Iterable[CallView], zone: ZoneInfo) -> tuple[Row, ...]:
    calls = tuple(views)
    uids = [call.uid for call in calls]
    confirmed = await business_of_orders(session, uids)
    drafted = await drafts.business_of(session, uids)
    return tuple(
        Row(
            id=call.uid,
            day=local_day(call.entered_at, zone),
            business=confirmed.get(call.uid)
            or drafted.get(call.uid)
            or _BUSINESS_OF_SERVICE.get(call.service or "", "other"),
            seat=call.seat or "",
        )
        for call in calls
    )
