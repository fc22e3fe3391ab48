"""The day in half hours: who asked for a person, who was answered, and how many of them within the promise (D9).

The same definitions as `acd.promise_day`, which counts from the time lines and tells the causes: the clock runs from
entry to the answer; calls that the centre makes itself do not count. Here one statement counts over the calls' rows,
cheap enough for every change on the floor; a test holds the two to each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

HALF_HOUR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Slot:
    """Callers who entered within the half hour from `start` on, an aware time, and asked for a person."""

    start: datetime
    entered: int
    answered: int
    kept: int
    """Answered within the promise since entry."""
    decided: int
    """Whose wait is over, or is longer than the promise already."""
    abandoned: int
    """Hung up while waiting."""
    voicemail: int


@dataclass(frozen=True, slots=True)
class Total:
    entered: int
    answered: int
    kept: int
    decided: int
    abandoned: int
    voicemail: int

    @property
    def level(self) -> float | None:
        """Service level: the share answered within the promise, of all who asked for a person.

        Who hung up or went to the message box counts as not answered; who still waits within the promise does not
        count yet. None before the first wait is decided.
        """
        return self.kept / self.decided if self.decided else None

    @property
    def abandoned_share(self) -> float | None:
        return self.abandoned / self.entered if self.entered else None


_SLOTS = text(
    "SELECT date_bin(interval '30 minutes', entered_at, CAST(:origin AS timestamptz)) AS start,"
    " count(*) AS entered, count(answered_at) AS answered,"
    " count(*) FILTER (WHERE answered_at <= entered_at + CAST(:promise AS interval)) AS kept,"
    " count(*) FILTER (WHERE answered_at IS NOT NULL OR ended_at IS NOT NULL"
    " OR CAST(:now AS timestamptz) > entered_at + CAST(:promise AS interval)) AS decided,"
    " count(*) FILTER (WHERE outcome = 'abandoned') AS abandoned,"
    " count(*) FILTER (WHERE outcome = 'voicemail') AS voicemail"
    " FROM calls WHERE entered_at >= :since AND entered_at < :until"
    " AND queued_at IS NOT NULL AND direction = 'in' AND about IS NULL GROUP BY 1 ORDER BY 1"
)
_HOUSE = text(
    "SELECT count(*) AS calls, count(*) FILTER (WHERE ended_at IS NULL) AS open"
    " FROM calls WHERE entered_at >= :since AND entered_at < :until"
)
_CALLBACKS = text("SELECT count(*) FROM callbacks WHERE state = 'waiting'")
_BOXED = text("SELECT uid FROM calls WHERE outcome = 'voicemail' AND entered_at >= :since")


async def slots(
    session: AsyncSession, midnight: datetime, since: datetime, *, promise: float, now: datetime
) -> list[Slot]:
    """Half hours counted from `midnight` on that hold calls entered in `[since, now]`; `promise` in seconds.

    One statement that reads no more than those calls; `since` should be the begin of a half hour.
    """
    values = {
        "origin": midnight,
        "since": since,
        "until": now + timedelta(seconds=1),
        "now": now,
        "promise": timedelta(seconds=promise),
    }
    return [Slot(**row) for row in (await session.execute(_SLOTS, values)).mappings()]


async def house(session: AsyncSession, since: datetime, until: datetime) -> tuple[int, int]:
    """Calls of any kind that entered in `[since, until)`, and how many of them have not ended."""
    row = (await session.execute(_HOUSE, {"since": since, "until": until})).one()
    return int(row.calls), int(row.open)


async def boxed(session: AsyncSession, since: datetime) -> list[str]:
    """Uids of calls since then that left a message in the box."""
    return list((await session.scalars(_BOXED, {"since": since})).all())


def total(counted: Iterable[Slot]) -> Total:
    """The sum over half hours."""
    known = list(counted)
    return Total(
        entered=sum(slot.entered for slot in known),
        answered=sum(slot.answered for slot in known),
        kept=sum(slot.kept for slot in known),
        decided=sum(slot.decided for slot in known),
        abandoned=sum(slot.abandoned for slot in known),
        voicemail=sum(slot.voicemail for slot in known),
    )


def half_hour(moment: datetime, midnight: datetime) -> datetime:
    """The begin of the half hour that `moment` lies in, counted from `midnight`."""
    return midnight + HALF_HOUR * ((moment - midnight) // HALF_HOUR)


async def callbacks_waiting(session: AsyncSession) -> int:
    """Callers who wait to be called back."""
    return int((await session.execute(_CALLBACKS)).scalar_one())
