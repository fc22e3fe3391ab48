"""Texts that reached the centre on paper or as e-mail, and the scans of their originals (D19-D25, D59, D61)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base
from recordings.proofs import refuse_changes


class TextEntry(Base):
    __tablename__ = "text_entries"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    channel: Mapped[str]
    """A `cases.text_entries.Channel`: how it came."""
    received_at: Mapped[datetime]
    """When it reached the centre, which may be before it was put in here: the two hours start there."""
    due_at: Mapped[datetime]
    sender: Mapped[str]
    contact: Mapped[str]
    """Number or address of the sender, as far as it is known."""
    reply_channel: Mapped[str]
    """A `cases.text_entries.Reply`: how the customer wants the answer (D24)."""
    reply_to: Mapped[str]
    words: Mapped[str]
    """The original's text, where somebody typed or pasted it, or the e-mail's."""
    draft: Mapped[dict[str, Any] | None]
    """What was proposed from the words, with the evidence of each field as characters of them."""
    state: Mapped[str]
    """A `cases.text_entries.TextState`."""
    order_number: Mapped[str | None] = mapped_column(ForeignKey("orders.number"))
    reason: Mapped[str | None]
    """Why no order was made."""
    created_at: Mapped[datetime]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    filed_at: Mapped[datetime | None]
    """When the data manager put the original away (D23)."""
    filed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    shelf: Mapped[str | None]
    """Where the original lies."""
    erased_at: Mapped[datetime | None]
    """When its words, its sender and its scans were deleted, with a certificate; the row and its order stay."""

    __table_args__ = (Index("ix_text_entries_state_due_at", "state", "due_at"),)


class TextScan(Base):
    """One file that came with an entry: pages made anew from it, and of a PDF the file itself."""

    __tablename__ = "text_scans"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("text_entries.id"))
    name: Mapped[str]
    """Its name as it came, printable and without a path."""
    kind: Mapped[str]
    """`pdf`, `jpeg`, `png` or `tiff`, by its content."""
    source_sha256: Mapped[str]
    """Of the file as it came."""
    source_bytes: Mapped[int] = mapped_column(BigInteger)
    original_key: Mapped[str | None]
    """The file as it came, in the object store; only a PDF is kept so."""
    pages: Mapped[list[Any]]
    """`[{"key", "sha256", "bytes", "type", "width", "height"}]`, pictures made anew."""
    added_at: Mapped[datetime]
    added_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))

    __table_args__ = (UniqueConstraint("entry_id", "source_sha256"),)


class TextDeletion(Base):
    """A deletion under way: written before anything is removed, gone with the certificate's transaction."""

    __tablename__ = "text_deletions"

    ref: Mapped[str] = mapped_column(primary_key=True)
    """`text:17` of a whole entry, `text:17/<scan's id>` of one scan."""
    entry_id: Mapped[int] = mapped_column(BigInteger)
    scan_id: Mapped[UUID | None]
    rule: Mapped[str]
    reason: Mapped[str]
    actor: Mapped[str]
    role: Mapped[str]
    begun_at: Mapped[datetime]


class TextCertificate(Base):
    """The proof that a text, or one scan of it, was deleted; append-only like the audit."""

    __tablename__ = "text_certificates"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    entry_id: Mapped[int] = mapped_column(BigInteger, index=True)
    scan_id: Mapped[UUID | None]
    """The scan, where only that was removed."""
    files: Mapped[list[Any]]
    """`[{"source": SHA-256 of the file as it came, "keys": objects that were deleted, "sha256": of each}]`."""
    rule: Mapped[str]
    """Such as `complaint: 1095 days`, `erasure on request` or `wrong scan`."""
    reason: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]
    audit_seq: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str]
    """SHA-256 over what this row says, as canonical JSON."""


refuse_changes(TextCertificate.__table__, "text_certificates")
