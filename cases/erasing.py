"""What is left of the desk's work on a call whose recording was deleted: who had it when, which codes; no words."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from cases.desk_models import DeskItem, DraftCorrection
from cases.desk_rows import DRAFT

WORDS = (
    "summary", "phone", "amount", "request", "place", "what_happened", "reported", "shop", "dates", "days", "promised",
)  # fmt: skip
"""Fields that hold what was said; the others are codes."""


async def erase_forms(session: AsyncSession, call_uid: str) -> None:
    """Take the words of one call out of what was typed at the desk and of what was kept of its corrections; done
    twice, the same stands. The order stays: it is the case's own paper."""
    await session.execute(update(DeskItem).where(DeskItem.ref == DRAFT + call_uid).values(typed={}, note=None))
    said = update(DraftCorrection).where(DraftCorrection.call_uid == call_uid, DraftCorrection.field.in_(WORDS))
    await session.execute(said.values(drafted=JSONB.NULL, confirmed=JSONB.NULL))
