"""Error rates as lines over weeks, one line for each engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transcribe.figures import Week

WIDTH, HEIGHT = 900.0, 180.0
"""Units of the drawing, without its labels."""
MOST_LINES = 4
_STEPS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
"""Tops of the scale."""


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    text: str
    count: int
    few: bool


@dataclass(frozen=True, slots=True)
class Line:
    engine: str
    dots: tuple[Dot, ...]

    @property
    def points(self) -> str:
        return " ".join(f"{dot.x},{dot.y}" for dot in self.dots)


@dataclass(frozen=True, slots=True)
class Chart:
    lines: tuple[Line, ...]
    labels: tuple[tuple[float, str], ...]
    top: float
    """Rate at the top of the scale."""


def chart(weeks: Sequence[Week], shown: Sequence[str]) -> Chart:
    """Draw the weeks named in `shown`, oldest first; a week without a reference has no dot."""
    step = WIDTH / max(1, len(shown))
    places = {week: round(step * (number + 0.5), 1) for number, week in enumerate(shown)}
    counted = [week for week in weeks if week.week in places and week.errors.rate is not None]
    highest = max((week.errors.rate or 0.0 for week in counted), default=0.0)
    top = next((each for each in _STEPS if each >= highest), highest)
    engines = sorted({week.engine for week in counted})[:MOST_LINES]
    lines = tuple(
        Line(engine, tuple(_dot(week, places[week.week], top) for week in counted if week.engine == engine))
        for engine in engines
    )
    return Chart(lines, tuple((x, week[5:]) for week, x in places.items()), top)


def _dot(week: Week, x: float, top: float) -> Dot:
    rate = week.errors.rate or 0.0
    return Dot(x, round(HEIGHT - rate / top * HEIGHT, 1), f"{rate:.1%}", week.calls, week.too_few)
