"""Which calls became orders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Order


async def calls_with_orders(session: AsyncSession, since: datetime) -> set[str]:
    """Calls of which an order was made since then."""
    rows = await session.scalars(select(Order.call_uid).where(Order.call_uid.is_not(None), Order.created_at >= since))
    return {uid for uid in rows if uid is not None}
