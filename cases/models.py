"""Orders made from confirmed drafts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class Order(Base):
    __tablename__ = "orders"

    number: Mapped[str] = mapped_column(primary_key=True)
    """`TS20261121-0001` for a complaint (投诉), `JY…` for a suggestion (建议), numbered per day."""
    kind: Mapped[str]
    draft_id: Mapped[UUID] = mapped_column(unique=True)
    call_uid: Mapped[str] = mapped_column(index=True)
    business: Mapped[str]
    nature: Mapped[str | None]
    urgent: Mapped[bool]
    fields: Mapped[dict[str, Any]]
    """What the clerk confirmed, with the evidence of the draft."""
    corrected: Mapped[list[Any]]
    """Names of the fields the clerk changed."""
    owner_id: Mapped[UUID] = mapped_column(index=True)
    state: Mapped[str]
    created_at: Mapped[datetime]
    entry_due_at: Mapped[datetime]
    reply_due_at: Mapped[datetime]

    __table_args__ = (Index("ix_orders_state_reply_due_at", "state", "reply_due_at"),)
