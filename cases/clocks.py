"""The clocks of an order, computed from moments that are passed in.

Both run from the receipt, which is the end of the call: the clerk has 2 h to key the sheet (D28), the owner 48 h to
reply (D86). They run through nights and holidays, since neither rule excepts them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

WARNING_SHARE = 1 / 6
"""A clock warns in the last sixth of its time: 20 minutes of the clerk's 2 h, 8 h of the reply's 48 (D49)."""


class Standing(StrEnum):
    RUNNING = "running"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    MET = "met"
    """Done in time."""
    MISSED = "missed"
    """Done, and too late."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """One clock as it stands at a moment; `seconds` are left until it is due, negative when it is past."""

    due_at: datetime
    standing: Standing
    seconds: float


def reply_due(received_at: datetime, hours: float) -> datetime:
    """When the customer must have an answer to a case received at `received_at` (D86)."""
    return received_at + timedelta(hours=hours)


def deadline(received_at: datetime, due_at: datetime, done_at: datetime | None, now: datetime) -> Deadline:
    """How a clock stands at `now`; one that was done stands for ever as it stood then. Done on the dot is in time."""
    at = done_at if done_at is not None else now
    left = (due_at - at).total_seconds()
    if done_at is not None:
        return Deadline(due_at, Standing.MET if left >= 0 else Standing.MISSED, left)
    if left < 0:
        return Deadline(due_at, Standing.OVERDUE, left)
    warning = (due_at - received_at).total_seconds() * WARNING_SHARE
    return Deadline(due_at, Standing.DUE_SOON if left <= warning else Standing.RUNNING, left)
