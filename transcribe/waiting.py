"""Drafts that wait for a clerk, light enough for a list of hundreds: no turns, no evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from transcribe.drafts import DraftState
from transcribe.masking import Veil
from transcribe.models import Draft, Transcript
from transcribe.sensitive import SensitiveSpan, find_sensitive
from transcribe.turns import CALLER, Turn

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
            Transcript.seconds, Transcript.turns, Transcript.sensitive,
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
            first_words=_first_words(row.turns, row.sensitive),
        )
        for row in await session.execute(query)
    ]


def _first_words(turns: Sequence[Any], sensitive: Iterable[Any] | None) -> str:
    """Covered as in the draft's turns; only the one turn that is shown is looked at."""
    spoken = [index for index, turn in enumerate(turns) if turn["text"]]
    at = next((index for index in spoken if turns[index]["speaker"] == CALLER), spoken[0] if spoken else None)
    if at is None:
        return ""
    shown = (Turn(str(turns[at]["speaker"]), 0.0, 1.0, str(turns[at]["text"])),)
    noted = [SensitiveSpan.from_json({**span, "turn": 0}) for span in sensitive or () if span["turn"] == at]
    veil = Veil.over(shown, find_sensitive(shown) if sensitive is None else noted)
    return veil.masked_turns()[0].text[:FIRST_WORDS]
