"""A week of one person's entries as bars of an SVG: within the limit below, late on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from cases.clerk_figures import ClerkFigures

WIDTH, HEIGHT = 210.0, 44.0
"""Units of one person's drawing."""
LEAST_TOP = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One day; heights from the bottom up."""

    day: date
    x: float
    width: float
    in_time: float
    late: float
    entered: int
    missed: int


def top_of(people: Sequence[ClerkFigures]) -> int:
    """The most entries on any day, so that everybody is drawn on one scale."""
    return max([LEAST_TOP, *(day.entered for each in people for day in each.days)])


def bars(figures: ClerkFigures, monday: date, top: int) -> tuple[Bar, ...]:
    """Seven bars from Monday on."""
    known = {day.day: day for day in figures.days}
    step = WIDTH / 7
    drawn = []
    for number in range(7):
        day = known.get(monday + timedelta(days=number))
        entered, in_time = (day.entered, day.in_time) if day is not None else (0, 0)
        scale = HEIGHT / top
        drawn.append(
            Bar(
                monday + timedelta(days=number), round(number * step + 3, 1), round(step - 6, 1),
                round(in_time * scale, 1), round((entered - in_time) * scale, 1), entered, entered - in_time,
            )
        )  # fmt: skip
    return tuple(drawn)
