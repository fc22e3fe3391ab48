"""Opening hours: which days are workdays, and which minutes of them the hotline is staffed.

Decided here for screens and tests, and in the dialplan for callers (`ivr.render`, context hl-day), from the same facts:
Monday to Friday are workdays, but for the days named in a `DayTable`.
"""

from __future__ import annotations

import functools
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import chinese_calendar
import holidays

MINUTES = 24 * 60
HORIZON_DAYS = 370
"""So far ahead days are written into the dialplan: it then holds for a year without this program."""


class DayKind(StrEnum):
    WORKDAY = "workday"
    DAY_OFF = "day_off"


@dataclass(frozen=True)
class Span:
    """Minutes of a day, `start` included and `end` not; `end` may be 1440."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start // 60:02d}:{self.start % 60:02d}-{self.end // 60:02d}:{self.end % 60:02d}"


@dataclass(frozen=True)
class Hours:
    """Opening times by kind of day; a kind without spans is closed all day."""

    name: str
    workdays: tuple[Span, ...]
    days_off: tuple[Span, ...]

    def open_at(self, minute: int, kind: DayKind) -> bool:
        spans = self.workdays if kind is DayKind.WORKDAY else self.days_off
        return any(span.start <= minute < span.end for span in spans)


@dataclass(frozen=True)
class DayTable:
    """Days that differ from the plain week: holidays from Monday to Friday, and weekends that are worked."""

    days_off: tuple[date, ...] = ()
    workdays: tuple[date, ...] = ()

    def kind(self, day: date) -> DayKind:
        if day in self.workdays:
            return DayKind.WORKDAY
        return DayKind.DAY_OFF if day in self.days_off or day.isoweekday() > 5 else DayKind.WORKDAY


def is_open(hours: Hours, table: DayTable, local: datetime) -> bool:
    """Whether `hours` are open at a moment on the centre's wall clock."""
    return hours.open_at(local.hour * 60 + local.minute, table.kind(local.date()))


@functools.cache
def official(day: date) -> DayKind:
    """China's public calendar: exchanged weekends where its year is published, plain holidays in other years."""
    try:
        return DayKind.WORKDAY if chinese_calendar.is_workday(day) else DayKind.DAY_OFF
    except NotImplementedError:  # that year's exchange of days is not published, or not in our copy of it
        if day.isoweekday() > 5 or day in _public(day.year):
            return DayKind.DAY_OFF
        return DayKind.WORKDAY


@functools.cache
def _public(year: int) -> Container[date]:
    return holidays.country_holidays("CN", years=year)


def day_table(today: date, own: Mapping[date, DayKind], *, days: int = HORIZON_DAYS) -> DayTable:
    """What differs from the plain week from yesterday on; the leader's own days outdo the official ones."""
    days_off: list[date] = []
    workdays: list[date] = []
    for number in range(-1, days):
        day = today + timedelta(days=number)
        kind = own.get(day) or official(day)
        if kind is DayKind.DAY_OFF and day.isoweekday() <= 5:
            days_off.append(day)
        elif kind is DayKind.WORKDAY and day.isoweekday() > 5:
            workdays.append(day)
    return DayTable(tuple(days_off), tuple(workdays))
