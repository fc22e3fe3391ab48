"""What was really said in a sample of calls, typed by people: the truth that recognition is measured against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action
from transcribe.covered import covered
from transcribe.lexicon.errors import LexiconError
from transcribe.lexicon.models import Reference
from transcribe.models import Transcript
from transcribe.turns import Turn

LONGEST = 2_000
"""Characters of one turn."""


class WrongReference(LexiconError):
    code = "reference_wrong"


@dataclass(frozen=True, slots=True)
class ReferenceView:
    call_uid: str
    turns: tuple[Turn, ...]
    author: str
    at: datetime


async def get(session: AsyncSession, call_uid: str) -> ReferenceView | None:
    row = await session.get(Reference, call_uid, populate_existing=True)
    return None if row is None else _view(row)


async def save(
    session: AsyncSession, call_uid: str, texts: Sequence[str], *, subject: Subject, now: datetime
) -> ReferenceView:
    """Keep what was said, one text for each turn of the transcript; an empty one where nothing was said after all.

    Raises Denied, and WrongReference where the texts do not fit the transcript.
    """
    subject.demand(Action.REFERENCE_WRITE)
    stored = await session.scalar(select(Transcript.turns).where(Transcript.call_uid == call_uid))
    if stored is None or len(stored) != len(texts):
        raise WrongReference("the transcript has changed since the page was drawn; load the page anew")
    if any(len(text) > LONGEST for text in texts):
        raise WrongReference(f"a turn is longer than {LONGEST} characters; shorten it")
    typed = [
        replace(Turn.from_json(turn), text=" ".join(text.split()), words=())
        for turn, text in zip(stored, texts, strict=True)
    ]
    turns = covered(typed)  # a digit that slipped past the silence is typed here
    values = {"turns": [turn.to_json() for turn in turns if turn.text], "author": subject.login, "at": now}
    made = insert(Reference).values(call_uid=call_uid, **values)
    await session.execute(made.on_conflict_do_update(index_elements=["call_uid"], set_=values))
    await audit.record(
        session, actor=subject.login, role=subject.role.value, action="reference.write", subject=f"call:{call_uid}",
        detail={"turns": len(turns)}, now=now,
    )  # fmt: skip
    found = await get(session, call_uid)
    assert found is not None
    return found


async def latest(session: AsyncSession, *, limit: int = 50) -> list[ReferenceView]:
    """References, the newest first."""
    return [_view(row) for row in await session.scalars(select(Reference).order_by(Reference.at.desc()).limit(limit))]


async def to_type(session: AsyncSession, *, since: datetime, until: datetime, limit: int = 5) -> list[str]:
    """Calls of `[since, until)` without a reference, drawn by a digest of their names: the same for everybody who asks,
    whatever was heard in them."""
    query = (
        select(Transcript.call_uid)
        .outerjoin(Reference, Reference.call_uid == Transcript.call_uid)
        .where(Transcript.created_at >= since, Transcript.created_at < until, Reference.call_uid.is_(None))
        .where(func.jsonb_array_length(Transcript.turns) > 0)
        .order_by(func.md5(Transcript.call_uid))
        .limit(limit)
    )
    return list(await session.scalars(query))


def _view(row: Reference) -> ReferenceView:
    return ReferenceView(row.call_uid, tuple(Turn.from_json(turn) for turn in row.turns), row.author, row.at)
