"""Place in line and an honest estimate for everybody who waits. Pure.

Whoever is ahead and could take a seat that this caller could have counts as ahead, whatever service they chose. The
estimate is those ahead and this caller, each with the recent mean handling time, shared out over the staffed seats
that could take the call; rounded up to whole minutes, above ten to the next five. It counts as ahead also
those who will be served elsewhere, so that it errs on the long side. Of one line (the same service and levels)
nobody is told less than somebody in front.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from acd.words import Level, Service

MOST_MINUTES = 60
OVER_AN_HOUR = MOST_MINUTES + 1
MOST_PLACES = 99
"""A higher place is not told: there are no prompts for it, and no comfort in it."""


@dataclass(frozen=True, slots=True)
class InLine:
    uid: str
    place: float
    """Lower is sooner (`acd.assign`)."""
    service: Service
    levels: frozenset[Level]
    """Seats that may take this call in the end."""


@dataclass(frozen=True, slots=True)
class Staffed:
    """A seat that takes calls now: ready, ringing, talking or wrapping up."""

    extension: str
    level: Level
    skills: frozenset[Service]


@dataclass(frozen=True, slots=True)
class Estimate:
    place: int
    """1 for who is next."""
    minutes: int | None
    """0 is less than one, OVER_AN_HOUR more than sixty, None not known."""


def estimates(
    line: Iterable[InLine], seats: Iterable[Staffed], handling_seconds: float | None
) -> Mapping[str, Estimate]:
    """Estimates by uid; `handling_seconds` is the recent mean from answer to the end of wrap-up, None if unknown."""
    staffed = list(seats)
    able: dict[tuple[Service, frozenset[Level]], frozenset[str]] = {}
    ahead: dict[tuple[Service, frozenset[Level]], int] = {}
    found: dict[str, Estimate] = {}
    for caller in sorted(line, key=lambda one: (one.place, one.uid)):
        kind = (caller.service, caller.levels)
        if kind not in able:
            able[kind] = frozenset(
                seat.extension for seat in staffed if caller.service in seat.skills and seat.level in caller.levels
            )
        mine = able[kind]
        before = sum(count for other, count in ahead.items() if other == kind or not mine.isdisjoint(able[other]))
        found[caller.uid] = Estimate(before + 1, _minutes(before + 1, len(mine), handling_seconds))
        ahead[kind] = ahead.get(kind, 0) + 1
    return found


def _minutes(calls: int, seats: int, handling_seconds: float | None) -> int | None:
    if seats == 0 or handling_seconds is None:
        return None
    seconds = calls * handling_seconds / seats
    if seconds < 60:
        return 0
    minutes = math.ceil(seconds / 60)
    if minutes > 10:
        minutes = math.ceil(minutes / 5) * 5
    return minutes if minutes <= MOST_MINUTES else OVER_AN_HOUR
