"""What replay keeps beside a recording: its check for sensitive digits, its peaks, its marks, who may hear it early."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class RecordingCheck(Base):
    """A recording that was looked through for sensitive digits, and its masked rendition where some were found.

    Without a row nobody has looked yet, and only those who may hear sensitive digits can listen.
    """

    __tablename__ = "recording_checks"

    call_uid: Mapped[str] = mapped_column(primary_key=True)
    checked_at: Mapped[datetime]
    source_sha256: Mapped[str]
    """Of the recording that was looked through; a check of other bytes counts for nothing."""
    ranges: Mapped[list[Any]]
    """`[[start, end]]` seconds that are silenced, in order, apart from each other."""
    object_key: Mapped[str | None]
    """The masked rendition in the store; None where `ranges` is empty."""
    sha256: Mapped[str | None]
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    by_ear_ranges: Mapped[list[Any] | None]
    """What is silenced for who must key in by ear what the recogniser failed on: numbers that were found, and what is
    near them. None where all was recognised, so that there is no such rendition; empty where it is the original."""
    by_ear_key: Mapped[str | None]
    by_ear_sha256: Mapped[str | None]
    by_ear_bytes: Mapped[int | None] = mapped_column(BigInteger)
    former: Mapped[list[Any]]
    """Keys of renditions that later checks replaced, kept here so that an erasure finds them."""


class RecordingPeaks(Base):
    """What a waveform needs, made once."""

    __tablename__ = "recording_peaks"

    call_uid: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    seconds: Mapped[float]
    channels: Mapped[int]
    levels: Mapped[bytes]
    """Channel by channel, one byte 0…255 for each bucket."""
    quiet: Mapped[list[Any]]
    """`[[start, end]]` seconds in which no channel has a voice."""


class RecordingMark(Base):
    """A bookmark of somebody who listened, seen by all who may."""

    __tablename__ = "recording_marks"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    call_uid: Mapped[str]
    letter: Mapped[str]
    second: Mapped[float]
    note: Mapped[str]
    author: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("call_uid", "letter"),)


class UncheckedListening(Base):
    """Somebody who said why they must hear a recording before it is checked; good for a while after `at`."""

    __tablename__ = "unchecked_listenings"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    call_uid: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
