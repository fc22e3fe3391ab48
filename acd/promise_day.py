"""The promise of D9 over a day, from the time lines alone: every figure can be counted again from the ledger.

The clock of D9 starts at **entry**, when Asterisk takes the call, and stops at the **answer** of a seat, whatever menus
and announcements come between. The figures:

- *asked*: callers who asked for a person (chose a service and stood in line). Who hung up in the menu is none of them.
- *answered*, and *kept* of these: answered within the promise since entry.
- *a seat was idle*: between the caller's entry and the end of the promise (or the answer, or the caller's going, if
  that came first) some junior's or senior's seat was ready with its telephone registered, had the service among its
  skills and was not kept for other customers. Clerks (D27, D31) and the manager hotline are not counted as idle seats.
  Whoever answered within the promise was idle before.
- *share when a seat was idle*: kept of those answered callers for whom a seat was idle; this is what D9 promises.
  *Share when none was*: the same of the others; what more seats would mend.
- *gave up*: left before an answer, within the promise or after it; they are in neither share, nor is who left a message
  or asked to be called back.
- *late*: callers whose wait, answered or not, went over the promise: the list of breaches, with the cause that
  `acd.promise` gives.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from acd.calls import CallFacts, Direction, Outcome
from acd.clock_jumps import Jump, elapsed, jumps_between
from acd.promise import Cause, breach
from acd.record import read
from acd.routing_models import SeatIdle
from acd.words import CustomerClass, Level, Service

COUNTED = frozenset({Level.JUNIOR, Level.SENIOR})
"""Levels whose idle seats could have answered anybody."""


class End(StrEnum):
    """How a wait ended."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"
    WAITING = "waiting"
    """Not yet."""


@dataclass(frozen=True, slots=True)
class IdleSpell:
    """A stretch of time in which a seat could be given a caller."""

    extension: str
    level: Level
    services: frozenset[Service]
    classes: frozenset[CustomerClass]
    since: datetime
    until: datetime | None
    """None while it lasts."""

    def fits(self, service: Service | None, customer_class: CustomerClass) -> bool:
        known = service is None or service in self.services
        return self.level in COUNTED and known and (not self.classes or customer_class in self.classes)


class IdleHistory:
    """Which seats were idle when: per seat its spells in order, so that a moment is found without reading them all."""

    def __init__(self, spells: Iterable[IdleSpell]) -> None:
        self._spells: dict[str, list[IdleSpell]] = {}
        for spell in sorted(spells, key=lambda spell: spell.since):
            self._spells.setdefault(spell.extension, []).append(spell)

    def any_between(
        self, start: datetime, end: datetime, service: Service | None, customer_class: CustomerClass
    ) -> bool:
        """Whether a seat that fits was idle at any moment from `start` to `end`, both included."""
        for spells in self._spells.values():
            for place in range(bisect_right(spells, end, key=_since) - 1, -1, -1):
                spell = spells[place]
                if spell.until is not None and spell.until < start:
                    break
                if spell.fits(service, customer_class):
                    return True
        return False


def _since(spell: IdleSpell) -> datetime:
    return spell.since


@dataclass(frozen=True, slots=True)
class CallerWait:
    """One caller's wait since entry. Seconds as floats."""

    uid: str
    service: Service | None
    entered_at: datetime
    menu_seconds: float
    """From entry to standing in line: announcements and menu."""
    seconds: float
    """From entry to the answer, to the caller's going, or until now."""
    end: End
    seat: str
    """The seat that answered, or nothing."""
    seat_was_idle: bool
    cause: Cause | None
    """Why it took longer than the promise; None where it did not."""


@dataclass(frozen=True, slots=True)
class Share:
    """Of `answered` callers `kept` were answered within the promise."""

    kept: int
    answered: int

    @property
    def value(self) -> float | None:
        return self.kept / self.answered if self.answered else None


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of those who asked for a person; see the module for what each figure means."""

    asked: int
    all: Share
    seat_was_idle: Share
    none_was_idle: Share
    gave_up_in_time: int
    gave_up_late: int
    voicemail: int
    callback: int
    waiting: int
    causes: tuple[tuple[str, int], ...]
    """Cause and count of the late ones, most frequent first."""
    menu_seconds: float | None
    """Half of the callers took no longer than this to stand in line."""


def wait_of(
    facts: CallFacts,
    customer_class: CustomerClass,
    idle: IdleHistory,
    limit: float,
    now: datetime,
    *,
    jumps: Sequence[Jump] = (),
) -> CallerWait | None:
    """This caller's wait, None for one who did not ask for a person."""
    if facts.queued_at is None or facts.direction is not Direction.IN or facts.about:
        return None
    entered, queued = facts.entered_at, facts.queued_at
    over = facts.wait_over_at
    seconds = elapsed(entered, over or now, jumps)
    answered = facts.answered_at is not None and over == facts.answered_at
    kept = answered and seconds <= limit
    promised = min(over or now, entered + timedelta(seconds=limit))
    was_idle = kept or idle.any_between(entered, promised, facts.service, customer_class)
    broken = breach(facts, limit, now, jumps)
    return CallerWait(
        uid=facts.uid,
        service=facts.service,
        entered_at=entered,
        menu_seconds=elapsed(entered, queued, jumps),
        seconds=seconds,
        end=_end_of(facts, answered=answered),
        seat=facts.seat if answered else "",
        seat_was_idle=was_idle,
        cause=broken.cause if broken is not None else None,
    )


def _end_of(facts: CallFacts, *, answered: bool) -> End:
    if answered:
        return End.ANSWERED
    if facts.wait_over_at is None:
        return End.WAITING
    ends = {Outcome.VOICEMAIL: End.VOICEMAIL, Outcome.CALLBACK: End.CALLBACK, None: End.WAITING}
    return ends.get(facts.outcome, End.ABANDONED)


def figures_of(waits: Iterable[CallerWait], limit: float) -> Figures:
    """Count; `limit` is the promise in seconds."""
    known = list(waits)
    ends = Counter(wait.end for wait in known)
    gave_up = [wait for wait in known if wait.end is End.ABANDONED]
    menus = sorted(wait.menu_seconds for wait in known)
    return Figures(
        asked=len(known),
        all=_share(known, limit),
        seat_was_idle=_share((wait for wait in known if wait.seat_was_idle), limit),
        none_was_idle=_share((wait for wait in known if not wait.seat_was_idle), limit),
        gave_up_in_time=sum(1 for wait in gave_up if wait.seconds <= limit),
        gave_up_late=sum(1 for wait in gave_up if wait.seconds > limit),
        voicemail=ends[End.VOICEMAIL],
        callback=ends[End.CALLBACK],
        waiting=ends[End.WAITING],
        causes=tuple(Counter(wait.cause.value for wait in known if wait.cause is not None).most_common()),
        menu_seconds=menus[(len(menus) - 1) // 2] if menus else None,
    )


def _share(waits: Iterable[CallerWait], limit: float) -> Share:
    answered = [wait for wait in waits if wait.end is End.ANSWERED]
    return Share(sum(1 for wait in answered if wait.seconds <= limit), len(answered))


def late(waits: Iterable[CallerWait]) -> list[CallerWait]:
    """The list of breaches, the longest wait first."""
    return sorted((wait for wait in waits if wait.cause is not None), key=lambda wait: (-wait.seconds, wait.uid))


def by_part(
    waits: Iterable[CallerWait], part_of: Callable[[datetime], datetime], limit: float
) -> dict[datetime, Figures]:
    """Figures of each part of time (an hour, a day) in which callers entered, by the part's start."""
    parts: dict[datetime, list[CallerWait]] = {}
    for wait in waits:
        parts.setdefault(part_of(wait.entered_at), []).append(wait)
    return {start: figures_of(parts[start], limit) for start in sorted(parts)}


_CALLS = text(
    "SELECT uid, caller, dialled, customer_class FROM calls"
    " WHERE entered_at >= :start AND entered_at < :end ORDER BY entered_at, uid"
)


async def read_waits(
    session: AsyncSession, start: datetime, end: datetime, *, limit: float, now: datetime
) -> list[CallerWait]:
    """Waits of those who entered in `[start, end)`, oldest first, counted from the time lines."""
    rows: Mapping[str, Mapping[str, Any]] = {
        row["uid"]: dict(row) for row in (await session.execute(_CALLS, {"start": start, "end": end})).mappings()
    }
    facts = await read(session, list(rows), rows)
    idle = IdleHistory(await _spells(session, start, end + timedelta(seconds=limit)))
    jumps = await jumps_between(session, start, end)
    found: list[CallerWait] = []
    for uid in rows:
        if uid not in facts:
            continue
        wait = wait_of(facts[uid], CustomerClass(rows[uid]["customer_class"]), idle, limit, now, jumps=jumps)
        if wait is not None:
            found.append(wait)
    return found


async def _spells(session: AsyncSession, start: datetime, end: datetime) -> Sequence[IdleSpell]:
    still = SeatIdle.until.is_(None) | (SeatIdle.until >= start)
    rows = (await session.scalars(select(SeatIdle).where(SeatIdle.since <= end, still))).all()
    return [
        IdleSpell(
            row.extension,
            Level(row.level),
            frozenset(Service(service) for service in row.skills),
            frozenset(CustomerClass(name) for name in row.classes),
            row.since,
            row.until,
        )
        for row in rows
    ]
