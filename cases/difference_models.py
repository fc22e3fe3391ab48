"""How an agent's form differs from what was read out of the call (D68)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class FormDifference(Base):
    __tablename__ = "form_differences"

    call_uid: Mapped[str] = mapped_column(primary_key=True)
    seat: Mapped[str] = mapped_column(primary_key=True)
    agent_id: Mapped[UUID] = mapped_column(index=True)
    registered_at: Mapped[datetime] = mapped_column(index=True)
    fields: Mapped[dict[str, Any]]
    """Field → a `cases.compare.Verdict`."""
    differing: Mapped[int]
    """Fields that say something else than the call."""
    missing: Mapped[int]
    """Fields that the call says and the form does not (D68: completeness)."""
    compared_at: Mapped[datetime]
