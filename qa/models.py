"""Draws, the calls drawn, and their score cards."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class Draw(Base):
    """One run of the sampler, with all that is needed to run it again."""

    __tablename__ = "qa_draws"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    day: Mapped[str]
    """YYYY-MM-DD in the centre's time zone."""
    seed: Mapped[int] = mapped_column(BigInteger)
    rate: Mapped[float]
    algorithm: Mapped[str]
    population: Mapped[list[Any]]
    """The rows drawn from, `[id, business, seat]`, sorted by id."""
    drawn_at: Mapped[datetime]
    drawn_by: Mapped[str]


class Sample(Base):
    __tablename__ = "qa_samples"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    draw_id: Mapped[UUID] = mapped_column(ForeignKey("qa_draws.id"), index=True)
    call_uid: Mapped[str]
    day: Mapped[str]
    business: Mapped[str]
    seat: Mapped[str]

    __table_args__ = (UniqueConstraint("call_uid", name="uq_qa_samples_call_uid"),)


class ScoreCard(Base):
    __tablename__ = "qa_score_cards"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("qa_samples.id"), unique=True)
    call_uid: Mapped[str] = mapped_column(index=True)
    inspector_id: Mapped[UUID]
    items: Mapped[dict[str, Any]]
    """Item code → points taken, with the second of the call it refers to and a remark."""
    total: Mapped[int]
    fatal: Mapped[bool]
    comment: Mapped[str]
    created_at: Mapped[datetime]
    version: Mapped[str]
    """Of the score-card template."""
