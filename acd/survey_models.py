"""Table of what callers answered after the talk."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class SurveyAnswer(Base):
    """One caller's mark for one talk (D47, D51)."""

    __tablename__ = "survey_answers"

    call_uid: Mapped[str] = mapped_column(primary_key=True)
    seat: Mapped[str]
    """The seat that was talked to last."""
    score: Mapped[int]
    """From 1, the worst."""
    points: Mapped[int]
    """The best score on the scale that was asked: 5 or 10 (D134)."""
    at: Mapped[datetime]

    __table_args__ = (Index("ix_survey_answers_at", "at"),)
