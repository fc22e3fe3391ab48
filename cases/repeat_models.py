"""What orders are found again by: the numbers of their caller, and the sounds of what they say."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class RepeatKey(Base):
    """One order in the index that later complaints are looked up in (D16, D50)."""

    __tablename__ = "repeat_keys"

    order_number: Mapped[str] = mapped_column(ForeignKey("orders.number", ondelete="CASCADE"), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(index=True)
    numbers: Mapped[list[str]] = mapped_column(ARRAY(String))
    """Calling and contact number, digits alone."""
    grams: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    """Pairs of neighbouring syllables of what happened, what is asked for and where; see `cases.repeat_grams`."""

    __table_args__ = (
        Index("ix_repeat_keys_numbers", "numbers", postgresql_using="gin"),
        Index("ix_repeat_keys_grams", "grams", postgresql_using="gin"),
    )
