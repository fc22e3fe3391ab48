"""How timely and how exact each person enters (D30, D70): from the desk's moves and from the inspectors' checks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.desk_models import DeskItem, DeskMove
from cases.desk_rows import DRAFT
from cases.desk_states import ItemState
from cases.entry_checks import Checked, checks_of
from hotline.models import User
from recordings import store

THIRD = 1 / 3
"""What a recording is to take at most of the time that listening to it takes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of work that a person ended."""

    ref: str
    clerk_id: UUID
    done_at: datetime
    in_time: bool
    worked: float
    """Seconds with signs of work: keys, the mouse, sound that plays; longer silence left out."""
    open: float
    """Seconds from taking to the end, over all the times that this person had it."""
    audio: float | None
    """Length of its recording; None of a text, and where there is none."""


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    entered: int
    in_time: int


@dataclass(frozen=True, slots=True)
class Clerk:
    user_id: UUID
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class ClerkFigures:
    """One person's period."""

    clerk: Clerk
    entered: int
    in_time: int
    days: tuple[Day, ...]
    worked_median: float | None
    """Seconds for a recording."""
    open_median: float | None
    audio_median: float | None
    of_listening: float | None
    """Work on all recordings against their length: 0.33 is a third of listening."""
    checked: Checked

    @property
    def share(self) -> float | None:
        """Entered within the limit, 0…1."""
        return self.in_time / self.entered if self.entered else None


async def clerk_figures(
    session: AsyncSession, *, since: datetime, until: datetime, zone: ZoneInfo, clerk_id: UUID | None = None
) -> list[ClerkFigures]:
    """Everybody who ended something in `[since, until)`, by name; or one person."""
    entries = await _entries(session, since, until, clerk_id)
    by_clerk: dict[UUID, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_clerk[entry.clerk_id].append(entry)
    checked = await checks_of(session, by_clerk, since=since, until=until)
    people = await session.scalars(select(User).where(User.id.in_(by_clerk)).order_by(User.name, User.login))
    return [
        figures_of(Clerk(user.id, user.name, user.role), by_clerk[user.id], checked.get(user.id, Checked()), zone)
        for user in people
    ]


def figures_of(clerk: Clerk, entries: Sequence[Entry], checked: Checked, zone: ZoneInfo) -> ClerkFigures:
    """One person's figures out of what was ended. Pure."""
    days: dict[date, list[Entry]] = defaultdict(list)
    for entry in entries:
        days[entry.done_at.astimezone(zone).date()].append(entry)
    heard = [entry for entry in entries if entry.audio]
    audio = sum(entry.audio or 0.0 for entry in heard)
    return ClerkFigures(
        clerk=clerk,
        entered=len(entries),
        in_time=sum(entry.in_time for entry in entries),
        days=tuple(Day(day, len(found), sum(entry.in_time for entry in found)) for day, found in sorted(days.items())),
        worked_median=_median(entry.worked for entry in heard),
        open_median=_median(entry.open for entry in heard),
        audio_median=_median(entry.audio or 0.0 for entry in heard),
        of_listening=sum(entry.worked for entry in heard) / audio if audio else None,
        checked=checked,
    )


async def _entries(session: AsyncSession, since: datetime, until: datetime, clerk_id: UUID | None) -> list[Entry]:
    query = (
        select(DeskMove.ref, DeskMove.actor_id, DeskMove.at, DeskItem.due_at)
        .join(DeskItem, DeskItem.ref == DeskMove.ref)
        .where(DeskMove.after == ItemState.DONE.value, DeskMove.actor_id.is_not(None))
        .where(DeskMove.at >= since, DeskMove.at < until)
        .order_by(DeskMove.at, DeskMove.id)
    )
    if clerk_id is not None:
        query = query.where(DeskMove.actor_id == clerk_id)
    ended = {(row.ref, row.actor_id): row for row in await session.execute(query)}
    spent = await _spent(session, {ref for ref, _ in ended})
    recordings = await store.of_calls(session, {ref.removeprefix(DRAFT) for ref, _ in ended if ref.startswith(DRAFT)})
    found = []
    for (ref, clerk), row in ended.items():
        worked, opened = spent.get((ref, clerk), (0.0, 0.0))
        recording = recordings.get(ref.removeprefix(DRAFT))
        audio = recording.seconds if recording is not None else None
        found.append(Entry(ref, clerk, row.at, row.at <= row.due_at, worked, opened, audio))
    return found


async def _spent(session: AsyncSession, refs: Iterable[str]) -> Mapping[tuple[str, UUID], tuple[float, float]]:
    """Seconds worked and seconds open, by piece of work and person."""
    query = select(
        DeskMove.ref, DeskMove.had_id, func.sum(DeskMove.worked_seconds), func.sum(DeskMove.had_seconds)
    ).where(DeskMove.ref.in_(list(refs)), DeskMove.had_id.is_not(None))
    rows = await session.execute(query.group_by(DeskMove.ref, DeskMove.had_id))
    return {(ref, clerk): (float(worked), float(opened)) for ref, clerk, worked, opened in rows if clerk is not None}


def _median(values: Iterable[float]) -> float | None:
    known = list(values)
    return median(known) if known else None
