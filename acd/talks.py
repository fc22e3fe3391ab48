"""Who talked to the caller, from when to when, and why it ended: read off the ring attempts and the ends of talks.

Each talk is named by the epoch of the ring that began it; epochs rise, so that their order is the order of the talks,
whatever the order in which events were heard. A talk that the fallback queue began has no epoch and is named 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from acd.events import CallEvent, Kind

_WEIGHT = {Kind.LEFT: 0, Kind.TALKED: 1, Kind.LOST: 2, Kind.REATTACHED: 3, Kind.HANDED: 4}
WAITS_AGAIN = frozenset({Kind.LOST, Kind.REATTACHED, Kind.HANDED})
"""Ends of a talk after which the caller waits for another one."""


@dataclass(frozen=True, slots=True)
class Over:
    """The end of one talk."""

    why: Kind
    at: datetime
    seat: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Talk:
    """One seat's part of a call."""

    seat: str
    epoch: int
    started_at: datetime
    ended_at: datetime | None
    """None while it goes on."""
    why: Kind | None = None
    """What ended it; None while it goes on, and where that was never told."""
    detail: str = ""
    """Of a caller who was handed on: where to."""
    waited_seconds: float | None = None
    """What the caller waited for this seat, since the queue or since the talk before; None who joined."""


def over_of(event: CallEvent) -> Over:
    return Over(event.kind, event.at, event.seat, event.detail)


def join_over(one: Over | None, other: Over) -> Over:
    """What both say of the end of one talk: the weightier reason, the earlier time."""
    if one is None:
        return other
    strong = max(one, other, key=lambda over: (_WEIGHT[over.why], over.detail, over.seat))
    return replace(strong, at=min(one.at, other.at), seat=max(one.seat, other.seat))
