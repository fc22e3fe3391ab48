"""What lies on the clerks' desk, who had it when, and what was changed in the drafts that were decided there."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class DeskItem(Base):
    """One piece of work: a recording's draft (`draft:<call uid>`) or a text that came in (`text:<id>`)."""

    __tablename__ = "desk_items"

    ref: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    """Until when it must be keyed: two hours after its receipt by default (D20, D28)."""
    state: Mapped[str]
    """A `cases.desk_states.ItemState`; `taken` and `held` only count until `lease_until`."""
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    """Who works on it or keeps it aside."""
    for_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    """The person it was handed to; nobody else takes it."""
    for_role: Mapped[str | None]
    """The role it was handed to, such as `senior` (D25, D29)."""
    taken_at: Mapped[datetime | None]
    """When its present owner took it."""
    lease_until: Mapped[datetime | None]
    """Nothing heard of the owner's page until then: it is free again, with what was typed."""
    beat_at: Mapped[datetime | None]
    """When the owner's page was heard of last."""
    worked_seconds: Mapped[float]
    """How long the present owner has worked on it, idle time left out."""
    typed: Mapped[dict[str, Any]]
    """What stands in the form; see `cases.desk_form`."""
    version: Mapped[int]
    """Rises with each save; who saves from an older one is told."""
    saved_at: Mapped[datetime | None]
    saved_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    note: Mapped[str | None]
    """Why it was put aside or handed on."""
    closed_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_desk_items_state_due_at", "state", "due_at"),)


class DeskMove(Base):
    """One step of an item from hand to hand; appended, never changed."""

    __tablename__ = "desk_moves"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    ref: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    """Who made the step; None where the system did."""
    before: Mapped[str]
    after: Mapped[str]
    """States of `cases.desk_states`."""
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    """Who has it from now on."""
    for_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    for_role: Mapped[str | None]
    had_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    """Who had it until now."""
    had_seconds: Mapped[float]
    """How long that one had it on the desk."""
    worked_seconds: Mapped[float]
    """How long of that something was done."""
    reason: Mapped[str | None]

    __table_args__ = (Index("ix_desk_moves_after_at", "after", "at"), Index("ix_desk_moves_had_id_at", "had_id", "at"))


class DraftCorrection(Base):
    """One field of a decided draft: what was drafted and what a person made of it (D30)."""

    __tablename__ = "draft_corrections"

    call_uid: Mapped[str] = mapped_column(primary_key=True)
    """The call; for a text that came in, its reference `text:<id>`."""
    field: Mapped[str] = mapped_column(primary_key=True)
    drafted: Mapped[Any] = mapped_column(JSONB, nullable=False)
    confirmed: Mapped[Any] = mapped_column(JSONB, nullable=False)
    """As on the order; null where the draft was discarded."""
    discarded: Mapped[bool]
    confidence: Mapped[float | None]
    """What the draft gave its value."""
    engine: Mapped[str]
    """The recogniser whose transcript the draft was read from."""
    extractor: Mapped[str]
    """What read the field out of the turns, as the draft says: `rules`, `learned:<version>` or `llm`."""
    by: Mapped[str]
    """Log-in of who decided."""
    at: Mapped[datetime]

    __table_args__ = (Index("ix_draft_corrections_at", "at"),)


class EntryCheck(Base):
    """An inspector looked at one order that was entered at the desk (D30, D70)."""

    __tablename__ = "entry_checks"

    order_number: Mapped[str] = mapped_column(ForeignKey("orders.number"), primary_key=True)
    clerk_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    """Who entered it."""
    fields: Mapped[int]
    """How many fields were looked at."""
    wrong: Mapped[dict[str, Any]]
    """Field → what should have stood there."""
    by: Mapped[str]
    at: Mapped[datetime]
