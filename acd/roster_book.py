"""The roster in the database, and each shift held against the seats' history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from acd.errors import AcdError
from acd.roster import BEFOREHAND, Attendance, Day, Shift, Stretch, attend, day_of, shift_of
from acd.roster_models import RosterRow, SeatStateRow

LONGEST = timedelta(hours=16)
MOST_BREAK = 240


class Fault(StrEnum):
    NOBODY = "nobody"
    TOO_LONG = "too_long"
    BREAK = "break"
    CLASH = "clash"
    GONE = "gone"


class RosterError(AcdError):
    """A shift that cannot be planned; `fault` says why."""

    code = "roster"

    def __init__(self, fault: Fault) -> None:
        super().__init__(_SENTENCES[fault])
        self.fault = fault


_SENTENCES = {
    Fault.NOBODY: "a shift needs a person or a seat",
    Fault.TOO_LONG: "a shift lasts at most 16 hours; make two of it",
    Fault.BREAK: "break minutes are 0 to 240 and shorter than the shift",
    Fault.CLASH: "this person or seat has another shift at that time",
    Fault.GONE: "there is no such shift any more",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """A line of the roster; times of the centre's wall clock. `person` a log-in, `seat` an extension; one may be ''."""

    day: date
    person: str
    seat: str
    begins: time
    ends: time
    break_minutes: int = 0

    def shift(self, zone: ZoneInfo) -> Shift:
        return shift_of(self.day, self.begins, self.ends, self.break_minutes, zone)


@dataclass(frozen=True, slots=True)
class Planned:
    id: int
    plan: Plan


@dataclass(frozen=True, slots=True)
class Kept:
    """A planned shift and how it was kept."""

    plan: Plan
    shift: Shift
    attendance: Attendance
    day: Day

    @property
    def over_break(self) -> float:
        """Seconds of break beyond what the plan allows."""
        return max(0.0, self.day.on_break - self.plan.break_minutes * 60)


def faults(plan: Plan, others: Iterable[Plan], zone: ZoneInfo) -> Fault | None:
    """Why this plan cannot stand beside `others`; None where it can."""
    if not plan.person and not plan.seat:
        return Fault.NOBODY
    shift = plan.shift(zone)
    if shift.end - shift.start > LONGEST:
        return Fault.TOO_LONG
    if not 0 <= plan.break_minutes <= MOST_BREAK or timedelta(minutes=plan.break_minutes) >= shift.end - shift.start:
        return Fault.BREAK
    for other in others:
        same = (plan.person and plan.person == other.person) or (plan.seat and plan.seat == other.seat)
        known = other.shift(zone)
        if same and shift.start < known.end and known.start < shift.end:
            return Fault.CLASH
    return None


async def between(session: AsyncSession, first: date, last: date) -> list[Planned]:
    """Shifts that begin on the days `first` to `last`, both included, in order of day and begin."""
    query = select(RosterRow).where(RosterRow.day >= first, RosterRow.day <= last)
    rows = await session.scalars(query.order_by(RosterRow.day, RosterRow.begins, RosterRow.person, RosterRow.seat))
    return [Planned(row.id, _plan(row)) for row in rows]


async def add(session: AsyncSession, plans: Sequence[Plan], zone: ZoneInfo) -> list[Fault | None]:
    """Plan all of these or none: the answer says of each what keeps it out, and only all None were written."""
    if not plans:
        return []
    days = [plan.day for plan in plans]
    known = await between(session, min(days) - timedelta(days=1), max(days) + timedelta(days=1))
    standing = [one.plan for one in known]
    found: list[Fault | None] = []
    for plan in plans:
        fault = faults(plan, standing, zone)
        found.append(fault)
        if fault is None:
            standing.append(plan)
    if not any(found):
        session.add_all(
            RosterRow(
                day=plan.day, person=plan.person, seat=plan.seat, begins=plan.begins, ends=plan.ends,
                break_minutes=plan.break_minutes,
            )
            for plan in plans
        )  # fmt: skip
        await session.flush()
    return found


async def remove(session: AsyncSession, shift: int) -> Plan:
    """Take a shift off the roster; gives what it was. Raises RosterError."""
    row = await session.get(RosterRow, shift)
    if row is None:
        raise RosterError(Fault.GONE)
    plan = _plan(row)
    await session.delete(row)
    await session.flush()
    return plan


async def copy_week(session: AsyncSession, monday: date, zone: ZoneInfo) -> tuple[int, int]:
    """Copy the week before into the week of `monday`; gives how many shifts were copied and how many did not fit."""
    before = await between(session, monday - timedelta(days=7), monday - timedelta(days=1))
    copied = 0
    for one in before:
        plan = one.plan
        moved = Plan(plan.day + timedelta(days=7), plan.person, plan.seat, plan.begins, plan.ends, plan.break_minutes)
        copied += await add(session, [moved], zone) == [None]
    return copied, len(before) - copied


async def kept(session: AsyncSession, day: date, zone: ZoneInfo, now: datetime, grace: timedelta) -> list[Kept]:
    """Every shift that begins on `day`, and how it was kept.

    A person's shift is held against any seat that was that person's at the time; a seat's own shift against that seat.
    """
    plans = [one.plan for one in await between(session, day, day)]
    if not plans:
        return []
    shifts = [plan.shift(zone) for plan in plans]
    start, end = min(shift.start for shift in shifts) - BEFOREHAND, max(shift.end for shift in shifts)
    rows = await _history(
        session, {plan.person for plan in plans if plan.person}, {plan.seat for plan in plans}, start, end
    )
    found = []
    for plan, shift in zip(plans, shifts, strict=True):
        mine = [
            Stretch(row.state, row.since, row.until, row.reason)
            for row in rows
            if (row.person == plan.person if plan.person else row.extension == plan.seat)
        ]
        attendance = attend(shift, mine, now, grace)
        found.append(Kept(plan, shift, attendance, day_of(mine, shift.start, max(shift.start, min(shift.end, now)))))
    return found


async def _history(
    session: AsyncSession, people: set[str], seats: set[str], start: datetime, end: datetime
) -> Sequence[SeatStateRow]:
    query = select(SeatStateRow).where(
        SeatStateRow.since < end,
        or_(SeatStateRow.until.is_(None), SeatStateRow.until > start),
        or_(SeatStateRow.person.in_(sorted(people)), SeatStateRow.extension.in_(sorted(seats))),
    )
    return (await session.scalars(query.order_by(SeatStateRow.since, SeatStateRow.id))).all()


def _plan(row: RosterRow) -> Plan:
    return Plan(row.day, row.person, row.seat, row.begins, row.ends, row.break_minutes)
