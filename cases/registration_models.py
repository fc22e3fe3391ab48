"""What agents register while the caller speaks, and who was shown which caller's card."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class Registration(Base):
    """One seat's notes of one call (D10); a call that was handed on has one for each seat."""

    __tablename__ = "registrations"

    call_uid: Mapped[str] = mapped_column(primary_key=True)
    seat: Mapped[str] = mapped_column(primary_key=True)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    """Who sat there when the call was answered: the only one who writes here."""
    state: Mapped[str]
    fields: Mapped[dict[str, Any]]
    """What stands in the form, as typed: name of the field to its text."""
    version: Mapped[int]
    """Rises with each save; who saves from an older one is told."""
    created_at: Mapped[datetime]
    saved_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    """Why no order was made; None while open and where one was."""
    order_number: Mapped[str | None] = mapped_column(ForeignKey("orders.number"))

    __table_args__ = (Index("ix_registrations_agent_state", "agent_id", "state"),)


class CardView(Base):
    """A caller's card was shown at a seat: what makes the audit say so once, however often the page is drawn."""

    __tablename__ = "card_views"

    call_uid: Mapped[str] = mapped_column(primary_key=True)
    seat: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
