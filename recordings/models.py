"""Stored recordings and what is wrong with calls that lack one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class Recording(Base):
    __tablename__ = "recordings"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    call_uid: Mapped[str] = mapped_column(unique=True)
    object_key: Mapped[str] = mapped_column(unique=True)
    sha256: Mapped[str]
    """Of the stored FLAC file, hexadecimal."""
    bytes: Mapped[int] = mapped_column(BigInteger)
    seconds: Mapped[float]
    sample_rate: Mapped[int]
    caller_seconds: Mapped[float]
    """Length of the caller's raw leg before padding; 0 where the leg was missing."""
    seat_seconds: Mapped[float]
    """Length of the other raw leg before padding; 0 where the leg was missing."""
    caller_rms: Mapped[float]
    """0…1 of full scale, over the whole left channel."""
    seat_rms: Mapped[float]
    """0…1 of full scale, over the right channel from the answer on (the whole of it where nobody answered)."""
    started_at: Mapped[datetime]
    finalised_at: Mapped[datetime]
    recovered: Mapped[bool] = mapped_column(default=False)
    """Whether the legs were found after a crash and not handed over by a call's end."""
    noted_seq: Mapped[int | None] = mapped_column(BigInteger)
    """The entry of the audit chain that carries its SHA-256 (`recordings.noting`); none for the first minute."""

    __table_args__ = (Index("ix_recordings_not_noted", "finalised_at", postgresql_where="noted_seq IS NULL"),)


class RecordingProblem(Base):
    """A finding of the reconciliation: a call without a sound recording, or a file without a call."""

    __tablename__ = "recording_problems"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    call_uid: Mapped[str] = mapped_column(index=True)
    problem: Mapped[str]
    """`missing`, `short`, `legs_differ`, `caller_silent`, `seat_silent`, `unreadable`, `no_call`."""
    detail: Mapped[str]
    found_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]

    __table_args__ = (
        Index("uq_recording_problems_open", "call_uid", "problem", unique=True, postgresql_where="resolved_at IS NULL"),
    )


class Listening(Base):
    """The last time somebody opened a recording, so that one listening is one audit row and not one per range."""

    __tablename__ = "listenings"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    call_uid: Mapped[str] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime]
    last_at: Mapped[datetime]
    """The last request or report; a listening that was quiet for a while is closed and written into the audit."""
    clear: Mapped[bool]
    """Whether the sensitive digits could be heard."""
    heard: Mapped[list[Any] | None]
    """`[[start, end]]` seconds that the player says were played; None before its first report."""
    served: Mapped[list[Any]]
    """`[[start, end]]` seconds whose bytes were sent, in a share of the file's length."""
