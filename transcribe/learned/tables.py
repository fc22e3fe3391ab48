"""Versions of the learned model."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class LearnedVersion(Base):
    """One training run: the model, what it learned from, and how it stood against the rules."""

    __tablename__ = "learned_versions"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    state: Mapped[str]
    """`trained`, `live` (one at most), or `retired`."""
    why: Mapped[str]
    """Who wanted it: `weekly`, or the log-in of a person."""
    created_at: Mapped[datetime]
    since: Mapped[datetime]
    until: Mapped[datetime]
    """The forms confirmed in `[since, until)`."""
    forms: Mapped[int]
    report: Mapped[dict[str, Any]]
    """Field → its comparison with the rules on held-back forms; see `cases.classifier_compare`."""
    sha256: Mapped[str]
    data: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    live_at: Mapped[datetime | None]
    live_by: Mapped[str | None]
    followed: Mapped[int | None]
    """The version that was live before, which a roll-back brings back; None for the rules alone."""
    ended_at: Mapped[datetime | None]

    __table_args__ = (Index("uq_learned_versions_live", "state", unique=True, postgresql_where=text("state = 'live'")),)
