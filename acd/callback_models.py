"""The table of call-backs: who waits to be called, since when, and what came of each attempt."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class Callback(Base):
    __tablename__ = "callbacks"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    call_uid: Mapped[str] = mapped_column(unique=True)
    """The call in which it was asked for; unique, so that telling it twice asks once."""
    number: Mapped[str]
    """Digits as the caller confirmed them."""
    service: Mapped[str | None]
    customer_class: Mapped[str]
    queued_at: Mapped[datetime]
    """The caller's place in line: when the wait began, or when it was asked for by somebody who never waited."""
    priority: Mapped[int]
    asked_at: Mapped[datetime]
    state: Mapped[str]
    """A `acd.callbacks.CallbackState`."""
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    """Not dialled before."""
    expires_at: Mapped[datetime | None]
    """Not dialled from then on; None until a controller has taken it up."""
    seat: Mapped[str | None]
    """The seat that is kept for the attempt, then the one that talks or talked."""
    epoch: Mapped[int] = mapped_column(BigInteger, default=0)
    answered_uid: Mapped[str | None]
    """The call-back's own call."""
    history: Mapped[list[Any]]
    """`{"at": …, "what": …, "detail": …}`, oldest first."""

    __table_args__ = (
        Index("ix_callbacks_open", "queued_at", postgresql_where="state IN ('waiting', 'dialling', 'connected')"),
        Index("ix_callbacks_answered_uid", "answered_uid"),
        Index("ix_callbacks_asked_at", "asked_at"),
    )
