"""Calls by what was said in them, as the reader may see it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from transcribe.drafts import transcript_view
from transcribe.models import Transcript

LONGEST = 60
_MOST = 2000
_SAID = text(
    "EXISTS (SELECT 1 FROM jsonb_array_elements(transcripts.turns) AS turn"
    " WHERE position(lower(:words) IN lower(turn->>'text')) > 0)"
)


async def calls_saying(session: AsyncSession, words: str, *, since: datetime) -> list[str]:
    """Calls recognised since then in which one turn has these words, sensitive digits covered, newest first.

    What is covered cannot be found by guessing it. At most 2000 calls are looked through.
    """
    wanted = words.strip()[:LONGEST]
    query = select(Transcript).where(Transcript.created_at >= since, _SAID.bindparams(words=wanted))
    rows = await session.scalars(query.order_by(Transcript.created_at.desc()).limit(_MOST))
    return [
        row.call_uid for row in rows if any(wanted.lower() in turn.text.lower() for turn in transcript_view(row).turns)
    ]
