"""Numbers of orders: one series for each kind and local day, without gaps or duplicates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import OrderCounter
from hotline.clock import local_day
from transcribe.draft import Kind

LETTERS: Mapping[Kind, str] = {
    Kind.COMPLAINT: "TS",  # 投诉
    Kind.SUGGESTION: "JY",  # 建议
    Kind.ENQUIRY: "ZX",  # 咨询
    Kind.REPORT: "JB",  # 举报, a line of its own (D93)
}


async def next_number(session: AsyncSession, kind: Kind, now: datetime, zone: ZoneInfo) -> str:
    """The next number of the series, such as `TS20261121-0001`.

    The counter's row stays locked until the transaction ends: who rolls back gives the number back, and others of
    the same series wait that long.
    """
    series = f"{LETTERS[kind]}{local_day(now, zone).replace('-', '')}"
    statement = (
        insert(OrderCounter)
        .values(series=series, last=1)
        .on_conflict_do_update(index_elements=["series"], set_={"last": OrderCounter.last + 1})
        .returning(OrderCounter.last)
    )
    return f"{series}-{(await session.execute(statement)).scalar_one():04d}"
