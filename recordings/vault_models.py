"""What is stored and under which key, what the scrubber has seen, what is held, and what was deleted."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base
from recordings.proofs import refuse_changes


class DayKey(Base):
    """A key pair of one local day: the recipient in clear, the identity only wrapped to the master key."""

    __tablename__ = "day_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    """`2026-11-21.9f3a6c01`; never used twice."""
    day: Mapped[date] = mapped_column(index=True)
    recipient: Mapped[str]
    wrapped: Mapped[str]
    """The identity, encrypted by age (armoured) to the master key's recipient."""
    master: Mapped[str]
    """That recipient, so that a day key can be made while the master key is away."""
    made_at: Mapped[datetime]


class StoredObject(Base):
    """One object of the store as it must lie there; rows of objects from before sealing have no day key."""

    __tablename__ = "stored_objects"

    key: Mapped[str] = mapped_column(primary_key=True)
    call_uid: Mapped[str | None] = mapped_column(index=True)
    """The call it belongs to; none for a letter's scan."""
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    """Of the plain bytes, hexadecimal."""
    stored_bytes: Mapped[int] = mapped_column(BigInteger)
    stored_sha256: Mapped[str]
    """Of the bytes as they lie in the store."""
    header_sha256: Mapped[str | None]
    """Of the sealed object's header, which names the SHA-256 of each segment: ranges are verified by it."""
    day_key: Mapped[str | None] = mapped_column(index=True)
    stored_at: Mapped[datetime]
    scrubbed_at: Mapped[datetime | None] = mapped_column(index=True)
    damage: Mapped[str | None]
    """What the scrubber found wrong with it when it was last read."""


class ScrubRun(Base):
    """One round over everything that is stored; the place where it stopped is its last key."""

    __tablename__ = "scrub_runs"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    last_key: Mapped[str] = mapped_column(default="")
    objects: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    damaged: Mapped[int] = mapped_column(default=0)


class RecordingHold(Base):
    """A reason for which a call's recording must not be deleted; told by the rooms above, or by a person."""

    __tablename__ = "recording_holds"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    call_uid: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str]
    """`case`, `sample`, `appeal` or `manual`."""
    ref: Mapped[str]
    """Of the order, sample or appeal; of a manual hold what the person wrote."""
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    """When it was released; none while it holds."""

    __table_args__ = (
        Index("uq_recording_holds_open", "call_uid", "reason", "ref", unique=True, postgresql_where="until IS NULL"),
    )


class RecordingKind(Base):
    """What a call was about, as told by the room that makes orders: it decides how long the recording is kept."""

    __tablename__ = "recording_kinds"

    call_uid: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    business: Mapped[str | None]


class Certificate(Base):
    """The proof that a recording was deleted, by which rule and by whom; append-only like the audit."""

    __tablename__ = "recording_certificates"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    call_uid: Mapped[str] = mapped_column(index=True)
    object_key: Mapped[str]
    sha256: Mapped[str]
    """Of the plain FLAC file."""
    bytes: Mapped[int] = mapped_column(BigInteger)
    seconds: Mapped[float]
    started_at: Mapped[datetime]
    retention_class: Mapped[str]
    rule: Mapped[str]
    """Such as `complaint: 1095 days`, or `erasure on request`."""
    reason: Mapped[str]
    """What the person wrote; empty where the rule alone deleted it."""
    actor: Mapped[str]
    at: Mapped[datetime]
    words: Mapped[bool]
    """Whether the transcript's words went too."""
    audit_seq: Mapped[int] = mapped_column(BigInteger)
    """The entry of the audit chain that carries this certificate's digest."""
    digest: Mapped[str]
    """SHA-256 over what this row says, as canonical JSON."""


class Deletion(Base):
    """A deletion under way: written before anything is removed, gone with the certificate's transaction."""

    __tablename__ = "recording_deletions"

    call_uid: Mapped[str] = mapped_column(primary_key=True)
    retention_class: Mapped[str]
    rule: Mapped[str]
    reason: Mapped[str]
    actor: Mapped[str]
    role: Mapped[str]
    words: Mapped[bool]
    begun_at: Mapped[datetime]


refuse_changes(Certificate.__table__, "certificates")
