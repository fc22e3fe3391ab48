"""Drafts that wait for a clerk, light enough for a list of hundreds: no turns, no evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from transcribe.drafts import DraftState
from transcribe.masking import Veil
from transcribe.models import Draft, Transcript
from transcribe.sensitive import SensitiveSpan, find_sensitive
from transcribe.turns import CALLER, State, Turn

FIRST_WORDS = 80


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """What decides whether a draft is still to be entered."""

    state: DraftState
    kind: str
    created_at: datetime
    due_at: datetime
    heard: State
    """How much of the call was recognised."""


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


async def facts_of(session: AsyncSession, call_uid: str) -> DraftFacts | None:
    """None where the call has no draft."""
    query = (
        select(Draft.state, Draft.kind, Draft.created_at, Draft.due_at, Transcript.state.label("heard"))
        .join(Transcript, Transcript.call_uid == Draft.call_uid)
        .where(Draft.call_uid == call_uid)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    return DraftFacts(DraftState(row.state), row.kind, row.created_at, row.due_at, State(row.heard))


async def list_waiting(session: AsyncSession, *, limit: int = 500) -> list[WaitingDraft]:
    """Pending drafts, the one due first at the front."""
    query = (
        select(
            Draft.call_uid, Draft.kind, Draft.business, Draft.nature, Draft.urgent, Draft.created_at, Draft.due_at,
            Draft.fields["confidence"].label("confidence"), Draft.fields["key_account"].label("key_account"),
            Transcript.seconds,
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
        )
        for row in await session.execute(query)
    ]


_FIRST = text("""
SELECT said.call_uid, first.at, first.words, said.sensitive
FROM transcripts AS said
CROSS JOIN LATERAL (
    SELECT turn.at - 1 AS at, turn.value ->> 'text' AS words
    FROM jsonb_array_elements(said.turns) WITH ORDINALITY AS turn (value, at)
    WHERE turn.value ->> 'text' <> ''
    ORDER BY turn.value ->> 'speaker' <> :caller, turn.at
    LIMIT 1
) AS first
WHERE said.call_uid = ANY(:uids)
""")
"""Picked out in the database: with their words' seconds, the turns of hundreds of calls are megabytes."""


async def first_words(session: AsyncSession, call_uids: Sequence[str]) -> dict[str, str]:
    """What the caller said first, by call; sensitive digits are covered as in the draft's turns."""
    rows = await session.execute(_FIRST, {"caller": CALLER, "uids": list(call_uids)})
    return {row.call_uid: _covered(row.words, row.at, row.sensitive)[:FIRST_WORDS] for row in rows}


def _covered(words: str, at: int, sensitive: Sequence[Any] | None) -> str:
    """Only the one turn that is shown is looked at."""
    shown = (Turn(CALLER, 0.0, 1.0, words),)
    if sensitive is None:
        noted = list(find_sensitive(shown))
    else:
        noted = [SensitiveSpan.from_json({**span, "turn": 0}) for span in sensitive if span["turn"] == at]
    return Veil.over(shown, noted).masked_turns()[0].text if noted else words
