"""The ledger of calls as this room reads it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from acd import ledger
from recordings.findings import CallFacts


async def get(session: AsyncSession, uid: str) -> CallFacts | None:
    found = await ledger.get_call(session, uid)
    return _facts(found) if found is not None else None


async def ended_between(session: AsyncSession, start: datetime, end: datetime) -> list[CallFacts]:
    """Calls that ended in `[start, end)`."""
    return [_facts(call) for call in await ledger.calls_ended_between(session, start, end)]


async def adopt(session: AsyncSession, uid: str, entered_at: datetime, ended_at: datetime) -> CallFacts:
    """Make the ledger know a call of which only the recording is left."""
    await ledger.adopt_call(session, uid, entered_at=entered_at, ended_at=ended_at)
    found = await get(session, uid)
    assert found is not None
    return found


def _facts(call: ledger.CallView) -> CallFacts:
    return CallFacts(call.uid, call.entered_at, call.answered_at, call.ended_at, call.outcome)
