"""What must be true of every run: nobody stranded, no seat rung twice at once, no call unrecorded. Pure."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

ENGAGED = frozenset({"ringing", "fallback_answered"})
"""Time-line entries from which a seat belongs to a call."""
FREED = frozenset({"returned", "refused", "talked", "ended"})
"""Time-line entries after which it does not."""
OUTCOMES = frozenset({"answered", "voicemail", "callback", "abandoned", "fallback"})


@dataclass(frozen=True)
class Moment:
    """One entry of a call's time line (D126)."""

    call: str
    at: datetime
    kind: str
    seat: str


@dataclass(frozen=True)
class Engagement:
    seat: str
    call: str
    start: datetime
    end: datetime | None


def engagements(moments: Iterable[Moment]) -> list[Engagement]:
    """When each seat rang or talked for each call; open-ended where the call never let go of it."""
    found: list[Engagement] = []
    lines: dict[str, list[Moment]] = defaultdict(list)
    for moment in moments:
        lines[moment.call].append(moment)
    for call, line in lines.items():
        held: tuple[str, datetime] | None = None
        for moment in sorted(line, key=lambda entry: entry.at):
            if held is not None and (moment.kind in FREED or moment.kind in ENGAGED):
                found.append(Engagement(held[0], call, held[1], moment.at))
                held = None
            if moment.kind in ENGAGED:
                held = (moment.seat, moment.at)
        if held is not None:
            found.append(Engagement(held[0], call, held[1], None))
    return found


def double_rings(moments: Iterable[Moment]) -> list[tuple[Engagement, Engagement]]:
    """Pairs of calls that had the same seat at the same moment."""
    seats: dict[str, list[Engagement]] = defaultdict(list)
    for engagement in engagements(moments):
        seats[engagement.seat].append(engagement)
    pairs = []
    for held in seats.values():
        held.sort(key=lambda entry: entry.start)
        for earlier, later in itertools.pairwise(held):
            if earlier.end is None or later.start < earlier.end:
                pairs.append((earlier, later))
    return pairs


def stranded(dialled: Iterable[str], outcomes: Mapping[str, str | None]) -> list[str]:
    """Callers who dialled and whose call did not end in a known outcome; `outcomes` by caller."""
    return [caller for caller in dialled if outcomes.get(caller) not in OUTCOMES]
