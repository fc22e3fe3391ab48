"""Who came late, went early or stayed away, and what an agent's day held, summed over a seat's history (D81, D82)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from acd.seats import SeatState

BEFOREHAND = timedelta(hours=4)
"""A log-in up to so long before the shift belongs to it."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A planned shift; aware times."""

    start: datetime
    end: datetime
    break_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in one state of a seat; `until` None while it lasts."""

    state: str
    since: datetime
    until: datetime | None
    reason: str | None = None


class Standing(StrEnum):
    PLANNED = "planned"
    """The shift has not begun."""
    MISSING = "missing"
    """It has begun, and nobody has logged in for it."""
    HERE = "here"
    AWAY = "away"
    """Was here, and has logged out before the end."""
    DONE = "done"
    ABSENT = "absent"
    """It is over, and nobody came."""


@dataclass(frozen=True, slots=True)
class Attendance:
    """How a shift was kept. Seconds; lateness up to the grace is 0."""

    standing: Standing
    came_at: datetime | None
    went_at: datetime | None
    """When the last log-out within the shift was; None while here, and for who stayed to the end."""
    late: float
    early: float
    """Known once the shift is over."""
    gaps: float
    """Logged out in between."""
    present: float


@dataclass(frozen=True, slots=True)
class Day:
    """Seconds of an agent's time by what they did."""

    ready: float
    ringing: float
    talking: float
    wrap_up: float
    breaks: Mapping[str, float]
    """By reason."""
    unready: float
    """Logged in, and neither ready nor on a break that was asked for."""

    @property
    def on_break(self) -> float:
        return sum(self.breaks.values())


def shift_of(day: date, begins: time, ends: time, break_minutes: int, zone: ZoneInfo) -> Shift:
    """The shift that the centre's wall clock means; an end that is not after the begin is on the next day."""
    start = datetime.combine(day, begins, zone).astimezone(UTC)
    last = day if ends > begins else day + timedelta(days=1)
    end = datetime.combine(last, ends, zone).astimezone(UTC)
    if end <= start:  # the begin names an hour that the clock leaps over
        end = start + (datetime.combine(last, ends) - datetime.combine(day, begins))
    return Shift(start, end, break_minutes)


def attend(shift: Shift, stretches: Iterable[Stretch], now: datetime, grace: timedelta = timedelta(0)) -> Attendance:
    """Hold a shift against what the seat did. Stretches may come in any order and overlap."""
    here = _presence(stretches, shift.start - BEFOREHAND, now)
    within = [span for span in (_clip(span, shift.start, min(shift.end, now)) for span in here) if span is not None]
    over = now >= shift.end
    if not within:
        standing = Standing.ABSENT if over else Standing.PLANNED if now < shift.start else Standing.MISSING
        if standing is Standing.PLANNED and here and here[-1][1] >= now:
            standing = Standing.HERE  # came before the shift and waits for it
            return Attendance(standing, here[-1][0], None, 0.0, 0.0, 0.0, 0.0)
        late = 0.0 if standing is Standing.PLANNED else _beyond(min(now, shift.end) - shift.start, grace)
        return Attendance(standing, None, None, late, 0.0, 0.0, 0.0)
    first, last = within[0][0], within[-1][1]
    came = next(span[0] for span in here if span[1] > shift.start)
    present = sum((span[1] - span[0]).total_seconds() for span in within)
    gaps = (last - first).total_seconds() - present
    until = min(shift.end, now)
    if last >= until:
        standing, went, early = (Standing.DONE if over else Standing.HERE), None, 0.0
    else:
        standing, went = (Standing.DONE if over else Standing.AWAY), last
        early = _beyond(shift.end - last, grace) if over else 0.0
    return Attendance(standing, came, went, _beyond(first - shift.start, grace), early, max(0.0, gaps), present)


def day_of(stretches: Iterable[Stretch], start: datetime, end: datetime) -> Day:
    """Sum up `[start, end)`; a stretch that lasts counts up to `end`."""
    spent: dict[str, float] = {}
    breaks: dict[str, float] = {}
    for stretch in stretches:
        span = _clip((stretch.since, stretch.until or end), start, end)
        if span is None:
            continue
        seconds = (span[1] - span[0]).total_seconds()
        if stretch.state == SeatState.BREAK and stretch.reason:
            breaks[stretch.reason] = breaks.get(stretch.reason, 0.0) + seconds
        else:
            spent[stretch.state] = spent.get(stretch.state, 0.0) + seconds
    return Day(
        ready=spent.get(SeatState.READY, 0.0),
        ringing=spent.get(SeatState.RINGING, 0.0),
        talking=spent.get(SeatState.TALKING, 0.0),
        wrap_up=spent.get(SeatState.WRAP_UP, 0.0),
        breaks=breaks,
        unready=spent.get(SeatState.BREAK, 0.0),
    )


Span = tuple[datetime, datetime]


def _presence(stretches: Iterable[Stretch], start: datetime, now: datetime) -> Sequence[Span]:
    """Times logged in, joined where they touch, in order."""
    spans = sorted(
        span
        for stretch in stretches
        if stretch.state != SeatState.OFFLINE
        and (span := _clip((stretch.since, stretch.until or now), start, now)) is not None
    )
    joined: list[Span] = []
    for span in spans:
        if joined and span[0] <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], span[1]))
        else:
            joined.append(span)
    return joined


def _clip(span: Span, start: datetime, end: datetime) -> Span | None:
    since, until = max(span[0], start), min(span[1], end)
    return (since, until) if until > since else None


def _beyond(lateness: timedelta, grace: timedelta) -> float:
    return lateness.total_seconds() if lateness > grace else 0.0
