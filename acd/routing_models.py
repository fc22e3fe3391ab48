"""Tables of routing: what is known of a caller's open cases, what clerks have to enter, what seats did when."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DDL, BigInteger, Index, Table, event
from sqlalchemy.orm import Mapped, mapped_column

from acd.models import Seat
from hotline.database import Base


class Caller(Base):
    """One open case by one of the caller's numbers: who was asked first (D85), until when an answer is owed (D84)."""

    __tablename__ = "callers"

    case: Mapped[str] = mapped_column(primary_key=True)
    """Number of the order."""
    number: Mapped[str] = mapped_column(primary_key=True, index=True)
    """The caller's number, plain: digits without the country code."""
    owner_id: Mapped[UUID]
    """The user who owns the case; the seat is where this user works now."""
    complaint: Mapped[bool]
    repeated: Mapped[bool]
    """It supplements an earlier case (D16)."""
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    """Limit of the reply; of a repeated case that of the first one, since asking again starts no new clock."""


class ClerkWork(Base):
    """Something that waits to be entered; while there is any, its clerks take no calls (D27, D31)."""

    __tablename__ = "clerk_work"

    ref: Mapped[str] = mapped_column(primary_key=True)
    """What it is, such as `draft:n1-1732212345.7`."""
    due_at: Mapped[datetime]


class SeatIdle(Base):
    """A stretch of time in which a seat could be given a caller: ready, its telephone registered.

    The database appends it itself, whoever changes the seat's row (see `APPEND`).
    """

    __tablename__ = "seat_idle"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    extension: Mapped[str]
    level: Mapped[str]
    skills: Mapped[dict[str, Any]]
    classes: Mapped[list[Any]]
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    """None while it lasts."""

    __table_args__ = (
        Index("ix_seat_idle_since", "since"),
        Index("uq_seat_idle_open", "extension", unique=True, postgresql_where="until IS NULL"),
    )


APPEND = """
CREATE FUNCTION seat_idle_append() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := clock_timestamp();
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.state = 'ready' AND OLD.reachable THEN
        IF TG_OP = 'UPDATE' AND NEW.state = 'ready' AND NEW.reachable AND NEW.level = OLD.level
            AND NEW.skills = OLD.skills AND NEW.classes = OLD.classes THEN
            RETURN NULL;
        END IF;
        IF TG_OP = 'UPDATE' AND NEW.state <> 'ready' THEN
            moment := NEW.state_since;
        END IF;
        UPDATE seat_idle SET until = greatest(since, moment) WHERE extension = OLD.extension AND until IS NULL;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.state = 'ready' AND NEW.reachable THEN
        IF TG_OP = 'INSERT' OR OLD.state <> 'ready' THEN
            moment := NEW.state_since;
        END IF;
        INSERT INTO seat_idle (extension, level, skills, classes, since)
        VALUES (NEW.extension, NEW.level, NEW.skills, NEW.classes, moment);
    END IF;
    RETURN NULL;
END $$
"""
"""One place for every writer: the claim, the controller, the desk and the leader's keys."""

TRIGGER = """
CREATE TRIGGER seat_idle_append AFTER INSERT OR DELETE OR UPDATE OF state, reachable, level, skills, classes ON seats
FOR EACH ROW EXECUTE FUNCTION seat_idle_append()
"""

_idle = SeatIdle.__table__
assert isinstance(_idle, Table)
assert isinstance(Seat.__table__, Table)
_idle.add_is_dependent_on(Seat.__table__)  # the trigger is on `seats`
event.listen(_idle, "after_create", DDL(APPEND))  # type: ignore[no-untyped-call]
event.listen(_idle, "after_create", DDL(TRIGGER))  # type: ignore[no-untyped-call]
