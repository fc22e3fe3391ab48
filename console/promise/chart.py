"""Hours of a day as bars of an SVG: kept, late, gave up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from acd.promise_day import Figures

WIDTH, HEIGHT = 960.0, 160.0
"""Units of the drawing, without its labels."""
LEAST_TOP = 4
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a bar; `kind` is `kept`, `late` or `gave_up`."""

    kind: str
    y: float
    height: float
    count: int


@dataclass(frozen=True, slots=True)
class Bar:
    hour: int
    x: float
    width: float
    parts: tuple[Part, ...]
    asked: int


@dataclass(frozen=True, slots=True)
class Chart:
    bars: tuple[Bar, ...]
    labels: tuple[tuple[float, int], ...]
    top: int
    """Callers at the top of the scale."""


def chart(hours: Mapping[datetime, Figures], midnight: datetime, end: datetime) -> Chart:
    """Draw the day from `midnight` to `end`, which a change of the clock makes 23 or 25 hours."""
    starts = [midnight + HOUR * number for number in range(round((end - midnight) / HOUR))]
    step = WIDTH / len(starts)
    top = max(LEAST_TOP, *(_height(figures) for figures in hours.values()), 0)
    bars = tuple(
        _bar(hours[start], start, number * step, step, top) for number, start in enumerate(starts) if start in hours
    )
    labels = tuple((round(number * step, 1), start.hour) for number, start in enumerate(starts) if number % 3 == 0)
    return Chart(bars, labels, top)


def _height(figures: Figures) -> int:
    return figures.all.answered + figures.gave_up_in_time + figures.gave_up_late


def _bar(figures: Figures, start: datetime, x: float, step: float, top: int) -> Bar:
    counts = {
        "kept": figures.all.kept,
        "late": figures.all.answered - figures.all.kept,
        "gave_up": figures.gave_up_in_time + figures.gave_up_late,
    }
    parts: list[Part] = []
    floor = HEIGHT
    for kind, count in counts.items():
        height = count / top * HEIGHT
        floor -= height
        if count:
            parts.append(Part(kind, round(floor, 1), round(height, 1), count))
    return Bar(start.hour, round(x + step * 0.12, 1), round(step * 0.76, 1), tuple(parts), figures.asked)
