"""Orders made from confirmed drafts, and the counters that number them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class Order(Base):
    __tablename__ = "orders"

    number: Mapped[str] = mapped_column(primary_key=True)
    """`TS20261121-0001` for a complaint (投诉); see `cases.numbers`."""
    kind: Mapped[str]
    source: Mapped[str] = mapped_column(unique=True)
    """What the order was made from, never twice: `call:<uid>` or `text:<id>` of a text entry."""
    call_uid: Mapped[str | None] = mapped_column(unique=True)
    """The call, and with it the draft, that the order was made from; None where a text was its source."""
    original: Mapped[str | None] = mapped_column(ForeignKey("orders.number"), index=True)
    """The order that this one supplements (D16)."""
    business: Mapped[str]
    nature: Mapped[str | None]
    urgent: Mapped[bool]
    fields: Mapped[dict[str, Any]]
    """What the clerk confirmed, with the evidence of the fields that stayed as the draft had them."""
    corrected: Mapped[list[Any]]
    """Names of the fields the clerk changed (D70)."""
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    """Who was asked first and answers for it to the end (D85)."""
    state: Mapped[str]
    received_at: Mapped[datetime]
    """End of the call: where both clocks start."""
    created_at: Mapped[datetime]
    entry_due_at: Mapped[datetime]
    reply_due_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    reply: Mapped[str | None]
    """What the customer was told; None where the call itself answered."""

    __table_args__ = (Index("ix_orders_state_reply_due_at", "state", "reply_due_at"),)


class OrderCounter(Base):
    """The last number given on a day; the row's lock is what keeps the series without gaps."""

    __tablename__ = "order_counters"

    series: Mapped[str] = mapped_column(primary_key=True)
    """Letters and local day, such as `TS20261121`."""
    last: Mapped[int]
