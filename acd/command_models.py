"""Table of what agents ask for during their calls."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class CallCommand(Base):
    """One wish of an agent: written by the console, carried out by the controller that leads."""

    __tablename__ = "call_commands"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    call_uid: Mapped[str]
    """The call it is about; empty for a call that is still to be made."""
    seat: Mapped[str]
    kind: Mapped[str]
    """A `acd.commands.CommandKind`."""
    argument: Mapped[dict[str, Any]]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    state: Mapped[str]
    """`asked`, `done` or `refused`."""
    problem: Mapped[str | None]
    """Why it was refused: a sentence for the agent."""
    done_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_call_commands_asked", "id", postgresql_where="state = 'asked'"),)
