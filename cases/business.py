"""What business the orders of calls are about, for the rooms that sample and count."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Order


async def business_of(session: AsyncSession, call_uids: Iterable[str]) -> dict[str, str]:
    """Business type (D4) of calls as a clerk confirmed it; calls without an order are left out."""
    query = select(Order.call_uid, Order.business).where(Order.call_uid.in_(list(call_uids)))
    return {uid: business for uid, business in await session.execute(query) if uid is not None}
