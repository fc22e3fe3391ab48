"""Transcripts and the drafts read out of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class Transcript(Base):
    __tablename__ = "transcripts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    call_uid: Mapped[str] = mapped_column(unique=True)
    engine: Mapped[str]
    """Recogniser and model, such as `faster-whisper/base`."""
    seconds: Mapped[float]
    turns: Mapped[list[Any]]
    """`[{"speaker": str, "start": s, "end": s, "text": str, "words": [[start, end, text, confidence]]}]`, in order of
    start; `words` is missing from transcripts that were made before they were kept."""
    talk_over: Mapped[list[Any]]
    """`[[start, end]]` seconds in which both sides spoke."""
    state: Mapped[str] = mapped_column(server_default="heard")
    """`heard`, `partly` or `set_aside` (`transcribe.turns.State`)."""
    unheard: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """`[[start, end]]` seconds of speech on which the recogniser failed."""
    reason: Mapped[str | None]
    """Why it was set aside, one sentence."""
    warnings: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """Sentences for who reads it: the sound breaks off, another recogniser had to be used."""
    sure_of_speakers: Mapped[float] = mapped_column(server_default=text("1"))
    """0…1: how surely `caller` and `seat` are told apart; 1 on two channels."""
    created_at: Mapped[datetime]
    sensitive: Mapped[list[Any] | None]
    """Spoken card numbers and passwords, as `transcribe.sensitive` finds them; None where nobody looked yet."""
    normalised: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """`[[turn, first, last, what, written]]`: characters of the verbatim turns and how they are written
    (`transcribe.normal`)."""
    suggestions: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """`[[turn, first, last, heard, meant, score]]`: lexicon words that may have been misheard
    (`transcribe.lexicon.repair`)."""

    __table_args__ = (Index("ix_transcripts_not_heard", "state", postgresql_where=text("state <> 'heard'")),)


class Draft(Base):
    __tablename__ = "drafts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    call_uid: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    business: Mapped[str]
    nature: Mapped[str | None]
    urgent: Mapped[bool]
    fields: Mapped[dict[str, Any]]
    """The draft as `hotline transcribe --json` prints it, evidence and confidence included."""
    state: Mapped[str] = mapped_column(default="pending")
    """`pending`, `confirmed`, `discarded`, or `registered` where the agent made the sheet during the call."""
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    """When the recording clerk must have keyed it: 2 h by default (D28)."""

    __table_args__ = (Index("ix_drafts_state_due_at", "state", "due_at"),)


class RegisteredCall(Base):
    """A call whose sheet an agent has made: its draft, also one that comes later, asks nothing of a clerk."""

    __tablename__ = "registered_calls"

    call_uid: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
