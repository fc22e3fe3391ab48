"""Announcements that a shift leader switches on and off, and the days that the centre works or not."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from ivr.content import EVERYBODY, SLOTS, News
from ivr.errors import IvrError
from ivr.hours import DayKind
from ivr.menu import Service
from ivr.models import Announcement, CentreDay
from ivr.versions import CHANNEL


class AnnouncementError(IvrError):
    """An announcement that cannot be switched on as wanted."""

    code = "announcement"


class TooManyError(AnnouncementError):
    code = "announcement_too_many"


@dataclass(frozen=True, slots=True)
class AnnouncementView:
    id: int
    prompt: str
    services: tuple[Service, ...]
    """Empty: everybody hears it, after the greeting."""
    starts_at: datetime
    ends_at: datetime | None
    switched_on: bool
    changed_by: str
    changed_at: datetime
    aired_at: datetime | None
    """When the node followed the last change; None until it has."""
    problem: str | None

    def over(self, now: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= now

    def heard(self, now: datetime) -> bool:
        """Whether a caller who enters now is told it, as soon as the node has followed."""
        return self.switched_on and self.starts_at <= now and not self.over(now)

    @property
    def scopes(self) -> tuple[str, ...]:
        return tuple(service.value for service in self.services) or (EVERYBODY,)


@dataclass(frozen=True, slots=True)
class DayView:
    day: date
    kind: DayKind
    note: str
    changed_by: str


async def announce(
    session: AsyncSession,
    prompt: str,
    *,
    services: Collection[Service],
    starts_at: datetime,
    ends_at: datetime | None,
    by: str,
    prompts: Path,
    now: datetime,
) -> AnnouncementView:
    """Make an announcement and switch it on.

    Raises AnnouncementError for an unknown prompt or an end before its start, TooManyError where callers would have to
    hear more than `SLOTS` in a row.
    """
    if prompt not in prompt_names(prompts):
        raise AnnouncementError(f"there is no prompt {prompt[:40]!r} in the prompts folder")
    if ends_at is not None and ends_at <= max(starts_at, now):
        raise AnnouncementError("the announcement ends before it begins, or has ended already; give a later end")
    await _lock(session)
    row = Announcement(
        prompt=prompt, services=sorted({service.value for service in services}), starts_at=starts_at, ends_at=ends_at,
        switched_on=True, changed_by=by, changed_at=now,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await _room(session, now)
    await _told(session)
    return _view(row)


async def switch(session: AsyncSession, number: int, on: bool, *, by: str, now: datetime) -> AnnouncementView | None:
    """Switch an announcement on or off; None where there is none of this number, TooManyError as in `announce`."""
    await _lock(session)
    row = await session.get(Announcement, number, populate_existing=True)
    if row is None:
        return None
    if on and row.ends_at is not None and row.ends_at <= now:
        raise AnnouncementError("this announcement's time is over; make a new one")
    row.switched_on, row.changed_by, row.changed_at, row.aired_at, row.problem = on, by, now, None, None
    await session.flush()
    await _room(session, now)
    await _told(session)
    return _view(row)


async def listed(session: AsyncSession, limit: int = 100) -> Sequence[AnnouncementView]:
    """Announcements, those switched on first, then the latest changed."""
    query = select(Announcement).order_by(Announcement.switched_on.desc(), Announcement.changed_at.desc()).limit(limit)
    return [_view(row) for row in (await session.scalars(query)).all()]


async def news(session: AsyncSession, now: datetime) -> tuple[News, ...]:
    """What is switched on and not over, in the order it is said; what begins later is among it."""
    query = select(Announcement).where(Announcement.switched_on).order_by(Announcement.starts_at, Announcement.id)
    views = [_view(row) for row in (await session.scalars(query)).all()]
    return tuple(News(view.prompt, view.scopes, view.starts_at, view.ends_at) for view in views if not view.over(now))


async def unaired(session: AsyncSession) -> int:
    """How many announcements were changed since the node last said that it follows."""
    query = select(func.count()).select_from(Announcement).where(Announcement.aired_at.is_(None))
    return int(await session.scalar(query) or 0)


async def aired(session: AsyncSession, *, now: datetime) -> None:
    """The node says what is switched on, and nothing else."""
    query = update(Announcement).where(Announcement.aired_at.is_(None))
    await session.execute(query.values(aired_at=now, problem=None))


async def not_aired(session: AsyncSession, problem: str) -> None:
    """The node could not follow the last change, and why."""
    await session.execute(update(Announcement).where(Announcement.aired_at.is_(None)).values(problem=problem))


def prompt_names(prompts: Path) -> list[str]:
    """Prompts that an announcement may play: those of the prompts folder, announcements (`news-…`) first."""
    names = (file.stem for file in prompts.glob("*.wav"))
    return sorted(
        (name for name in names if name.replace("-", "").isalnum()), key=lambda name: (name[:5] != "news-", name)
    )


async def set_day(session: AsyncSession, day: date, kind: DayKind, *, note: str, by: str) -> None:
    """The centre works on this day, or does not, whatever the calendar says."""
    values = {"kind": kind.value, "note": note, "changed_by": by}
    statement = insert(CentreDay).values(day=day, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["day"], set_=values))
    await _told(session)


async def unset_day(session: AsyncSession, day: date) -> bool:
    """Let the calendar decide again; False where the day was not set."""
    found = await session.execute(delete(CentreDay).where(CentreDay.day == day).returning(CentreDay.day))
    await _told(session)
    return found.first() is not None


async def days_from(session: AsyncSession, day: date) -> Sequence[DayView]:
    """The days that the centre has set itself, from `day` on."""
    query = select(CentreDay).where(CentreDay.day >= day).order_by(CentreDay.day)
    return [DayView(row.day, DayKind(row.kind), row.note, row.changed_by) for row in (await session.scalars(query))]


async def own_days(session: AsyncSession) -> Mapping[date, DayKind]:
    return {row.day: DayKind(row.kind) for row in (await session.scalars(select(CentreDay))).all()}


async def _lock(session: AsyncSession) -> None:
    await session.execute(text("LOCK TABLE announcements IN SHARE ROW EXCLUSIVE MODE"))


async def _room(session: AsyncSession, now: datetime) -> None:
    present = await news(session, now)
    for scope in (EVERYBODY, *(service.value for service in Service)):
        if sum(scope in each.scopes for each in present) > SLOTS:
            raise TooManyError(f"{SLOTS} announcements are switched on there already; switch one off first")


async def _told(session: AsyncSession) -> None:
    await session.execute(text(f"SELECT pg_notify('{CHANNEL}', '')"))


def _view(row: Announcement) -> AnnouncementView:
    return AnnouncementView(
        row.id, row.prompt, tuple(Service(service) for service in row.services), row.starts_at, row.ends_at,
        row.switched_on, row.changed_by, row.changed_at, row.aired_at, row.problem,
    )  # fmt: skip
