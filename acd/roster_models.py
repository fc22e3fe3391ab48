"""Tables of shifts: who is planned when, and what every seat did from second to second (D81, D82)."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import DDL, BigInteger, Index, Table, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column

from acd.models import Seat
from hotline.database import Base


class SeatStateRow(Base):
    """A stretch of time in one state. The database appends it itself, whoever changes a seat's row (see `APPEND`)."""

    __tablename__ = "seat_states"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    extension: Mapped[str]
    person: Mapped[str] = mapped_column(default="")
    """Log-in of the person whom the seat belonged to when this state began; empty where it was nobody's."""
    state: Mapped[str]
    reason: Mapped[str | None]
    """Of a break."""
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    """None while the seat is in this state."""

    __table_args__ = (
        Index("ix_seat_states_extension_since", "extension", "since"),
        Index("ix_seat_states_person_since", "person", "since"),
        Index("uq_seat_states_open", "extension", unique=True, postgresql_where="until IS NULL"),
    )


class RosterRow(Base):
    """One planned shift, by the centre's wall clock; an end that is not after the begin is on the next day."""

    __tablename__ = "roster"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    day: Mapped[date]
    person: Mapped[str]
    """Log-in of the person; empty where only the seat is planned."""
    seat: Mapped[str]
    """Extension; empty where the person sits anywhere."""
    begins: Mapped[time]
    ends: Mapped[time]
    break_minutes: Mapped[int]

    __table_args__ = (UniqueConstraint("day", "person", "seat", "begins", name="uq_roster_once"),)


APPEND = """
CREATE FUNCTION seat_states_append() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    why text;
    moment timestamptz;
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE seat_states SET until = greatest(since, clock_timestamp())
        WHERE extension = OLD.extension AND until IS NULL;
        RETURN NULL;
    END IF;
    moment := NEW.state_since;
    IF NEW.state = 'break' THEN
        why := NEW.break_reason;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.state = OLD.state THEN
        IF NEW.state <> 'break' OR NEW.break_reason IS NOT DISTINCT FROM OLD.break_reason THEN
            RETURN NULL;
        END IF;
        moment := greatest(moment, clock_timestamp());
    END IF;
    UPDATE seat_states SET until = greatest(since, moment)
    WHERE extension = NEW.extension AND until IS NULL
    RETURNING until INTO moment;
    INSERT INTO seat_states (extension, person, state, reason, since)
    VALUES (
        NEW.extension,
        coalesce((SELECT login FROM users WHERE seat = NEW.extension AND NOT disabled ORDER BY login LIMIT 1), ''),
        NEW.state, why, coalesce(moment, NEW.state_since)
    );
    RETURN NULL;
END $$
"""
"""The one place where a seat's history is written: the claim, the controller, the desk and a leader's keys all change
the row in `seats`, and none of them can forget it. A break whose reason changes is two stretches."""

TRIGGER = """
CREATE TRIGGER seat_states_append AFTER INSERT OR DELETE OR UPDATE OF state, break_reason ON seats
FOR EACH ROW EXECUTE FUNCTION seat_states_append()
"""

_states = SeatStateRow.__table__
assert isinstance(_states, Table)
assert isinstance(Seat.__table__, Table)
_states.add_is_dependent_on(Seat.__table__)  # the trigger is on `seats`
event.listen(_states, "after_create", DDL(APPEND))  # type: ignore[no-untyped-call]
event.listen(_states, "after_create", DDL(TRIGGER))  # type: ignore[no-untyped-call]
