"""Tables of the lexicon: versions with their words, proposals, measurements, what became of suggestions, references."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class LexiconVersion(Base):
    __tablename__ = "lexicon_versions"

    number: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]
    """A `transcribe.lexicon.states.State`."""
    based_on: Mapped[int | None]
    """The version whose words it began with; None for the words that come with the program."""
    note: Mapped[str]
    changed: Mapped[int]
    """Rises with each change of its words; a measurement holds for one count of changes."""
    author: Mapped[str]
    created_at: Mapped[datetime]
    live_at: Mapped[datetime | None]
    live_by: Mapped[str | None]
    override: Mapped[str | None]
    """Why it went live without a measurement, or against one."""
    ended_at: Mapped[datetime | None]
    """When it was no longer live, or was given up."""

    __table_args__ = (
        Index(
            "uq_lexicon_versions_state", "state", unique=True, postgresql_where="state IN ('draft', 'measured', 'live')"
        ),
    )


class Word(Base):
    __tablename__ = "lexicon_words"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    version: Mapped[int] = mapped_column(ForeignKey("lexicon_versions.number", ondelete="CASCADE"))
    word: Mapped[str]
    kind: Mapped[str]
    pinyin: Mapped[str]
    """Toneless syllables apart by spaces, one for each character."""
    weight: Mapped[float]
    note: Mapped[str]
    author: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("version", "word"),)


class Proposal(Base):
    """A word that somebody missed while reading a transcript."""

    __tablename__ = "lexicon_proposals"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    word: Mapped[str]
    kind: Mapped[str]
    note: Mapped[str]
    call_uid: Mapped[str | None]
    """Where it was missed."""
    author: Mapped[str]
    at: Mapped[datetime]
    state: Mapped[str]
    """`open`, `taken` or `refused`."""
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]

    __table_args__ = (Index("uq_lexicon_proposals_open", "word", unique=True, postgresql_where="state = 'open'"),)


class Measurement(Base):
    """One comparison of a version with what was live, on stored samples."""

    __tablename__ = "lexicon_measurements"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    version: Mapped[int] = mapped_column(ForeignKey("lexicon_versions.number", ondelete="CASCADE"), index=True)
    changed: Mapped[int]
    """The version's count of changes when it was begun."""
    against: Mapped[int | None]
    """The live version it was compared with; None for the words that come with the program."""
    heard_anew: Mapped[int]
    """Calls to recognise again with the words as hints; 0 where only suggestions are compared."""
    state: Mapped[str]
    """`waiting`, `running`, `done` or `failed`."""
    done: Mapped[int]
    total: Mapped[int]
    result: Mapped[dict[str, Any] | None]
    problem: Mapped[str | None]
    author: Mapped[str]
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SuggestionVerdict(Base):
    """What a person made of a suggestion; the verbatim text stays as it was heard."""

    __tablename__ = "suggestion_verdicts"

    call_uid: Mapped[str] = mapped_column(primary_key=True)
    turn: Mapped[int] = mapped_column(primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True)
    heard: Mapped[str]
    meant: Mapped[str] = mapped_column(index=True)
    accepted: Mapped[bool]
    author: Mapped[str]
    at: Mapped[datetime]


class Reference(Base):
    """What was really said in a call, typed by a person: what error rates are counted against."""

    __tablename__ = "reference_transcripts"

    call_uid: Mapped[str] = mapped_column(primary_key=True)
    turns: Mapped[list[Any]]
    """`[{"speaker", "start", "end", "text"}]`, the turns of the transcript as they should have been written."""
    author: Mapped[str]
    at: Mapped[datetime]


class WeekFigures(Base):
    """Error rate and field scores of one engine in one week."""

    __tablename__ = "recognition_weeks"

    week: Mapped[str] = mapped_column(primary_key=True)
    """ISO week, such as `2026-W47`."""
    engine: Mapped[str] = mapped_column(primary_key=True)
    calls: Mapped[int]
    """Calls with a reference transcript."""
    errors: Mapped[int]
    characters: Mapped[int]
    forms: Mapped[int]
    """Drafts that a clerk decided."""
    fields: Mapped[dict[str, Any]]
    """Field → `[right, drafted, confirmed]`."""
    counted_at: Mapped[datetime]
