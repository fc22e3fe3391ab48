"""The 15 seconds of D9 as a pure function of a call's time line: was the promise broken, by how much, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from acd.calls import Attempt, CallFacts, Ring
from acd.clock_jumps import Jump, elapsed
from acd.events import Kind


class Cause(StrEnum):
    NO_IDLE_SEAT = "no_idle_seat"
    RING_UNANSWERED = "ring_unanswered"
    SEAT_UNREACHABLE = "seat_unreachable"
    SYSTEM = "system"
    MENU = "menu"
    """The wait in the line alone was short enough: announcements and menu took the time."""


UNREACHABLE = frozenset({"CHANUNAVAIL", "CONGESTION"})
"""Dial's statuses of a phone that could not be rung at all."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait over the promise. Times in seconds; `over` False while the caller still waits."""

    cause: Cause
    waited: float
    over: bool
    ringing: float
    """Of the promised seconds, how many were spent ringing seats that did not pick up."""
    in_vain: int
    """Attempts that came to nothing before the promise was broken."""


def waited(facts: CallFacts, now: datetime, jumps: Sequence[Jump] = ()) -> float | None:
    """Seconds from entry, where the clock of D9 starts, to whatever ended the wait, or to `now`.

    `jumps` are the times at which the clock was set.

    None for a call that never stood in line: the caller did not ask for a person.
    """
    if facts.queued_at is None:
        return None
    return elapsed(facts.entered_at, facts.wait_over_at or now, jumps)


def breach(facts: CallFacts, limit: float, now: datetime, jumps: Sequence[Jump] = ()) -> Wait | None:
    """The breach of this call's promise, or None where it was kept or can still be kept.

    The cause is `menu` if the wait in the line was within the promise. Else it is what filled the promised seconds of
    that wait: `system` if nobody could assign the caller for a while or the dialplan's fallback had to serve;
    `ring_unanswered` if ringing in vain took as long as waiting for an idle seat, or longer; `seat_unreachable` if a
    phone that could not be rung was all that was tried; else `no_idle_seat`.
    """
    seconds = waited(facts, now, jumps)
    if seconds is None or facts.queued_at is None or seconds <= limit:
        return None
    deadline = facts.queued_at + timedelta(seconds=limit)
    vain = [ring for ring in facts.rings.values() if ring.in_vain and _begin(ring) < deadline]
    ringing = sum(_overlap(ring, facts.queued_at, deadline) for ring in facts.rings.values() if not _picked_up(ring))
    in_menu = (facts.wait_over_at or now) <= deadline
    cause = Cause.MENU if in_menu else _cause(facts, deadline, vain, ringing, limit)
    return Wait(cause, seconds, facts.wait_over_at is not None, ringing, len(vain))


def _cause(facts: CallFacts, deadline: datetime, vain: list[Ring], ringing: float, limit: float) -> Cause:
    broke = [facts.first[kind] for kind in (Kind.FALLBACK, Kind.INTERRUPTED) if kind in facts.first]
    if any(moment <= deadline for moment in broke) or any(ring.result is Attempt.REFUSED for ring in vain):
        return Cause.SYSTEM
    if ringing > 0 and ringing >= limit - ringing:
        return Cause.RING_UNANSWERED
    if vain and all(ring.detail in UNREACHABLE for ring in vain):
        return Cause.SEAT_UNREACHABLE
    return Cause.NO_IDLE_SEAT


def _picked_up(ring: Ring) -> bool:
    return ring.result is Attempt.ANSWERED


def _begin(ring: Ring) -> datetime:
    moments = [moment for moment in (ring.started_at, ring.ended_at) if moment is not None]
    return min(moments)


def _overlap(ring: Ring, start: datetime, end: datetime) -> float:
    """Seconds of this attempt between `start` and `end`; an attempt that still rings lasts to `end`."""
    if ring.detail in UNREACHABLE or ring.result is Attempt.REFUSED:
        return 0.0
    return max(0.0, (min(ring.ended_at or end, end) - max(_begin(ring), start)).total_seconds())
