"""Table of who listened to whose call."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class Monitoring(Base):
    """One listening: asked for on the page, or dialled from a telephone; what was heard of it fills it in."""

    __tablename__ = "monitorings"

    id: Mapped[str] = mapped_column(primary_key=True)
    """Uniqueid of the supervisor's channel; also the name of the recording of the supervisor's voice."""
    call_uid: Mapped[str] = mapped_column(index=True)
    seat: Mapped[str]
    """The seat that is listened to."""
    listener: Mapped[str]
    """Log-in of who listens; empty where the telephone belongs to nobody."""
    role: Mapped[str]
    phone: Mapped[str]
    asked_at: Mapped[datetime | None]
    """When it was asked for on the page; None where it was dialled."""
    wanted: Mapped[str | None]
    """What the page asks the controller for: a mode or `leave`; None once it has been passed on."""
    spans: Mapped[list[Any]]
    """`[mode, ISO time]` of each beginning and change, in order of time."""
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    problem: Mapped[str | None]
    """Code of what went wrong: `late`, `refused`."""

    __table_args__ = (
        Index("ix_monitorings_started_at", "started_at"),
        Index("ix_monitorings_wanted", "id", postgresql_where="wanted IS NOT NULL"),
    )
