"""Today's curve as figures of an SVG: a bar of calls and a point of service level for each half hour."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from acd.today import HALF_HOUR, Slot, total

WIDTH, HEIGHT = 1600.0, 200.0
"""Units of the drawing, without its labels."""
LEAST_TOP = 4
"""The scale of calls goes up to this at least, so that one call is no tower."""


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    width: float
    y: float
    height: float
    entered: int
    lost: float
    """Height of the part that was not answered within the promise; from the bottom."""


@dataclass(frozen=True, slots=True)
class Curve:
    bars: tuple[Bar, ...]
    line: str
    """Points of the service level, as SVG takes them."""
    dots: tuple[tuple[float, float], ...]
    hours: tuple[tuple[float, int], ...]
    """Where an hour's label stands, every third hour."""
    top: int
    """Calls at the top of the scale."""
    target: float
    """Height of the service level that is aimed at."""
    now_x: float


def curve(slots: Iterable[Slot], midnight: datetime, end: datetime, now: datetime, target: float) -> Curve:
    """Draw the day from `midnight` to `end`, which a change of the clock makes 23 or 25 hours."""
    count = (end - midnight) // HALF_HOUR
    step = WIDTH / count
    known = [slot for slot in slots if midnight <= slot.start < end]
    top = max([slot.entered for slot in known], default=0)
    top = max(LEAST_TOP, -(-top // 4) * 4)
    bars, dots = [], []
    for slot in known:
        x = (slot.start - midnight) / HALF_HOUR * step
        height = slot.entered / top * HEIGHT
        lost = (slot.decided - slot.kept) / top * HEIGHT
        bars.append(Bar(_r(x + step * 0.1), _r(step * 0.8), _r(HEIGHT - height), _r(height), slot.entered, _r(lost)))
        level = total([slot]).level
        if level is not None:
            dots.append((_r(x + step / 2), _r(HEIGHT * (1 - level))))
    return Curve(
        bars=tuple(bars),
        line=" ".join(f"{x},{y}" for x, y in dots),
        dots=tuple(dots),
        hours=tuple((_r(hour * 2 * step), hour) for hour in range(0, count // 2 + 1, 3)),
        top=top,
        target=_r(HEIGHT * (1 - target)),
        now_x=_r(min(WIDTH, max(0.0, (now - midnight) / timedelta(minutes=30) * step))),
    )


def _r(value: float) -> float:
    return round(value, 1)
