"""Words that people miss while they read transcripts, for the data manager to take or refuse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action
from transcribe.lexicon import versions
from transcribe.lexicon.errors import LexiconError
from transcribe.lexicon.models import Proposal
from transcribe.lexicon.table import one
from transcribe.lexicon.words import LexiconWord, WordKind, read_pinyin


class ProposalState(StrEnum):
    OPEN = "open"
    TAKEN = "taken"
    REFUSED = "refused"


class ProposalDecided(LexiconError):
    code = "lexicon_proposal_decided"


@dataclass(frozen=True, slots=True)
class ProposalView:
    id: int
    word: str
    kind: WordKind
    note: str
    call_uid: str | None
    author: str
    at: datetime


async def propose(
    session: AsyncSession, *, word: str, kind: str, note: str, call_uid: str | None, subject: Subject, now: datetime
) -> None:
    """Put a word before the data manager; one that waits there already is not put twice.

    Raises Denied and WrongWord.
    """
    subject.demand(Action.LEXICON_PROPOSE)
    known = one({"word": word, "kind": kind, "note": note})
    made = insert(Proposal).values(
        word=known.word, kind=known.kind.value, note=known.note, call_uid=call_uid, author=subject.login, at=now,
        state=ProposalState.OPEN.value,
    )  # fmt: skip
    stored = await session.scalar(made.on_conflict_do_nothing().returning(Proposal.id))
    if stored is not None:
        await _note(session, subject, "lexicon.propose", known.word, now, call=call_uid)


async def waiting(session: AsyncSession) -> list[ProposalView]:
    """Proposals to decide, the oldest first."""
    query = select(Proposal).where(Proposal.state == ProposalState.OPEN.value).order_by(Proposal.at, Proposal.id)
    return [
        ProposalView(row.id, row.word, WordKind(row.kind), row.note, row.call_uid, row.author, row.at)
        for row in await session.scalars(query)
    ]


async def decide(session: AsyncSession, proposal: int, *, version: int | None, subject: Subject, now: datetime) -> None:
    """Take the word into the open `version`, or refuse it where that is None.

    Raises ProposalDecided and what `put` does.
    """
    subject.demand(Action.LEXICON_MANAGE)
    row = await session.get(Proposal, proposal, with_for_update=True, populate_existing=True)
    if row is None or row.state != ProposalState.OPEN.value:
        raise ProposalDecided("this proposal was decided already; load the page anew")
    if version is not None:
        word = LexiconWord(row.word, WordKind(row.kind), read_pinyin(row.word), 1.0, row.note)
        await versions.put(session, version, [word], subject=subject, now=now)
    row.state = (ProposalState.TAKEN if version is not None else ProposalState.REFUSED).value
    row.decided_by, row.decided_at = subject.login, now
    await session.flush()
    if version is None:
        await _note(session, subject, "lexicon.refuse", row.word, now)


async def _note(
    session: AsyncSession, subject: Subject, action: str, word: str, now: datetime, **detail: object
) -> None:
    await audit.record(
        session, actor=subject.login, role=subject.role.value, action=action, subject=f"word:{word}", detail=detail,
        now=now,
    )  # fmt: skip
