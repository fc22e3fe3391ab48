"""Drafts that wait for a clerk, light enough for a list of hundreds: no turns, no evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from transcribe.drafts import DraftState
from transcribe.models import Draft, Transcript
from transcribe.turns import CALLER

FIRST_WORDS = 80


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """What decides whether a draft is still to be entered."""

    state: DraftState
    kind: str
    created_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class WaitingDraft:
    """One line of the list."""

    call_uid: str
    kind: str
    business: str
    nature: str | None
    urgent: bool
    key_account: bool
    created_at: datetime
    due_at: datetime
    seconds: float
    """Length of the recording."""
    confidence: Mapping[str, float]
    first_words: str
    """What the caller said first."""


async def facts_of(session: AsyncSession, call_uid: str) -> DraftFacts | None:
    """None where the call has no draft."""
    query = select(Draft.state, Draft.kind, Draft.created_at, Draft.due_at).where(Draft.call_uid == call_uid)
    row = (await session.execute(query)).one_or_none()
    return DraftFacts(DraftState(row.state), row.kind, row.created_at, row.due_at) if row is not None else None


async def list_waiting(session: AsyncSession, *, limit: int = 500) -> list[WaitingDraft]:
    """Pending drafts, the one due first at the front."""
    query = (
        select(
            Draft.call_uid, Draft.kind, Draft.business, Draft.nature, Draft.urgent, Draft.created_at, Draft.due_at,
            Draft.fields["confidence"].label("confidence"), Draft.fields["key_account"].label("key_account"),
            Transcript.seconds, Transcript.turns,
        )
        .join(Transcript, Transcript.call_uid == Draft.call_uid)
        .where(Draft.state == DraftState.PENDING.value)
        .order_by(Draft.due_at, Draft.call_uid)
        .limit(limit)
    )  # fmt: skip
    return [
        WaitingDraft(
            call_uid=row.call_uid,
            kind=row.kind,
            business=row.business,
            nature=row.nature,
            urgent=row.urgent,
            key_account=bool(row.key_account),
            created_at=row.created_at,
            due_at=row.due_at,
            seconds=row.seconds,
            confidence=row.confidence or {},
            first_words=_first_words(row.turns),
        )
        for row in await session.execute(query)
    ]


def _first_words(turns: list[dict[str, str]]) -> str:
    words = next((turn["text"] for turn in turns if turn["speaker"] == CALLER and turn["text"]), "")
    return (words or next((turn["text"] for turn in turns), ""))[:FIRST_WORDS]
