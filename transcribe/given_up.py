"""Calls that no recogniser could make anything of, for whoever watches the centre."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from transcribe.drafts import DraftState
from transcribe.models import Draft, Transcript
from transcribe.turns import State


@dataclass(frozen=True, slots=True)
class GivenUp:
    """How many were set aside and still wait for a clerk, and why most of them were."""

    calls: int = 0
    reason: str = ""


async def waiting(session: AsyncSession, since: datetime) -> GivenUp:
    """Calls set aside since then whose draft nobody has decided: a clerk must listen to each (D28)."""
    query = (
        select(Transcript.reason, func.count().label("calls"))
        .join(Draft, Draft.call_uid == Transcript.call_uid)
        .where(
            Transcript.state == State.SET_ASIDE.value,
            Transcript.created_at >= since,
            Draft.state == DraftState.PENDING.value,
        )
        .group_by(Transcript.reason)
        .order_by(func.count().desc(), Transcript.reason)
    )
    rows = (await session.execute(query)).all()
    return GivenUp(sum(row.calls for row in rows), str(rows[0].reason or "") if rows else "")
