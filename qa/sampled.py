"""Which calls were drawn for inspection."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from qa.models import Sample


async def samples_of_calls(session: AsyncSession, call_uids: Collection[str]) -> dict[str, str]:
    """The sample's id by call; calls that were not drawn are left out."""
    rows = await session.execute(select(Sample.call_uid, Sample.id).where(Sample.call_uid.in_(call_uids)))
    return {uid: str(sample) for uid, sample in rows}


async def sampled_since(session: AsyncSession, day: str) -> set[str]:
    """Calls of this day and later that were drawn; `day` is such as `2026-11-21`."""
    return set(await session.scalars(select(Sample.call_uid).where(Sample.day >= day)))
