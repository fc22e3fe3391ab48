"""A week of shifts as the page's table: a row for each person or seat, a column for each day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from acd.roster_book import Planned


@dataclass(frozen=True, slots=True)
class Staff:
    names: Mapping[str, str]
    """By log-in, of people who work at seats."""
    seat_of: Mapping[str, str]
    """By log-in; empty where the person has none."""
    seats: tuple[str, ...]

    @property
    def known(self) -> dict[str, str]:
        """Log-ins by log-in and by name; a name that several people have is left out."""
        names = list(self.names.values())
        return {name: login for login, name in self.names.items() if names.count(name) == 1} | {
            login: login for login in self.names
        }


@dataclass(frozen=True, slots=True)
class Line:
    person: str
    """Log-in; empty for a seat's own line."""
    name: str
    days: tuple[tuple[Planned, ...], ...]
    """Seven."""
    hours: float


@dataclass(frozen=True, slots=True)
class Week:
    monday: date
    lines: tuple[Line, ...]

    @property
    def days(self) -> list[date]:
        return [self.monday + timedelta(days=number) for number in range(7)]

    @property
    def before(self) -> date:
        return self.monday - timedelta(days=7)

    @property
    def after(self) -> date:
        return self.monday + timedelta(days=7)


def week_of(monday: date, planned: Iterable[Planned], staff: Staff) -> Week:
    """Everybody who works at a seat has a line, planned or not; a seat planned without a person has one too."""
    lines: dict[tuple[str, str], list[Planned]] = {(login, ""): [] for login in staff.names}
    for one in planned:
        lines.setdefault((one.plan.person, "" if one.plan.person else one.plan.seat), []).append(one)
    made = [
        Line(
            person,
            staff.names.get(person, person) or seat,
            tuple(
                tuple(one for one in shifts if one.plan.day == monday + timedelta(days=number)) for number in range(7)
            ),
            sum(_hours(one) for one in shifts),
        )
        for (person, seat), shifts in lines.items()
    ]
    return Week(monday, tuple(sorted(made, key=lambda line: (not line.person, line.name))))


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _hours(one: Planned) -> float:
    """Paid hours by the wall clock, without the break."""
    plan = one.plan
    minutes = (plan.ends.hour * 60 + plan.ends.minute) - (plan.begins.hour * 60 + plan.begins.minute)
    return ((minutes if minutes > 0 else minutes + 1440) - plan.break_minutes) / 60
