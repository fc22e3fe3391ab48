"""Tables of what the shift leader tells the seats: messages with receipts (D81), notices that are confirmed (D8)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class MessageRow(Base):
    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sent_at: Mapped[datetime] = mapped_column(index=True)
    sender: Mapped[str]
    """Log-in."""
    sender_name: Mapped[str]
    audience: Mapped[str]
    """`seat`, `level`, `skill` or `all`."""
    target: Mapped[str]
    """The extension, level or skill; empty for all."""
    text: Mapped[str]
    urgent: Mapped[bool]


class ReceiptRow(Base):
    """One message at one seat; made when it is sent, so that who has not read it is known too."""

    __tablename__ = "message_receipts"

    message_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    seat: Mapped[str] = mapped_column(primary_key=True)
    read_at: Mapped[datetime | None]
    reader: Mapped[str | None]
    """Log-in."""
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_message_receipts_unread", "seat", postgresql_where="read_at IS NULL"),)


class NoticeRow(Base):
    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    version: Mapped[int]
    """The one in force; a change of the words makes the next."""
    withdrawn_at: Mapped[datetime | None]


class NoticeVersionRow(Base):
    """The words as they were; never changed, so that a confirmation says what was confirmed."""

    __tablename__ = "notice_versions"

    notice_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("notices.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str]
    text: Mapped[str]
    valid_from: Mapped[datetime]
    written_by: Mapped[str]
    """Log-in."""
    written_at: Mapped[datetime]


class ConfirmationRow(Base):
    """The proof that a person has read one version (D8)."""

    __tablename__ = "notice_confirmations"

    notice_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("notices.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person: Mapped[str] = mapped_column(primary_key=True)
    """Log-in."""
    seat: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
