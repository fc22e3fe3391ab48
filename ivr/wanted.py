"""What callers are to hear, as the database has it, made into a `Content` that a node can render."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from hotline.settings import Settings
from ivr import announcements, versions
from ivr.content import Content, News, content_of_file
from ivr.hours import DayKind, DayTable, day_table
from ivr.menu import MenuError, Menus
from ivr.versions import VersionState, VersionView

KEPT = 3
"""Earlier versions that stay rendered, whether callers are in them or not."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Wanted:
    """One look at the database."""

    content: Content
    asked: VersionView | None
    """A version to be applied; `content` has it as the live one unless its text cannot be read."""
    problem: str = ""
    """Why the asked version cannot be read."""


@dataclass(frozen=True)
class Standing:
    """What `wanted` is made of, cheap to ask for: as long as it is the same, so is what callers are to hear."""

    versions: tuple[tuple[int, datetime | None], ...]
    """Those asked for and live, with the moment of the last step."""
    days: Mapping[date, DayKind]
    news: tuple[News, ...]
    unaired: int
    """Announcements whose last change nobody has answered yet."""
    today: date


async def standing(session: AsyncSession, settings: Settings, now: datetime) -> Standing:
    """How things stand in the database."""
    views = [await versions.in_state(session, state) for state in (VersionState.ASKED, VersionState.LIVE)]
    return Standing(
        tuple((view.number, view.asked_at) for view in views if view is not None),
        await announcements.own_days(session),
        await announcements.news(session, now),
        await announcements.unaired(session),
        now.astimezone(settings.zone).date(),
    )


async def wanted(
    session: AsyncSession,
    settings: Settings,
    now: datetime,
    in_use: Collection[int] = (),
    *,
    with_asked: bool = True,
) -> Wanted:
    """What the node should render now; `in_use` are versions that callers are in.

    A live version whose prompts have gone missing gives way to what callers heard before it, and in the end to the
    settings' menu file: a node always has something to say.
    """
    asked = await versions.in_state(session, VersionState.ASKED) if with_asked else None
    live = await versions.in_state(session, VersionState.LIVE)
    earlier = await versions.applied(session, KEPT)
    found: dict[int, Menus] = {}
    problem = ""
    if asked is not None:
        try:
            found[asked.number] = versions.parse(asked.text, settings, f"version {asked.number}")
        except MenuError as error:
            problem = str(error)
    for view in (live, *earlier):
        if view is not None and view.number not in found:
            _read(view, settings, found)
    for number in set(in_use) - found.keys():
        view = await versions.get(session, number)
        if view is not None:
            _read(view, settings, found)
    today = now.astimezone(settings.zone).date()
    table = day_table(today, await announcements.own_days(session))
    news = await announcements.news(session, now)
    content = _content(settings, found, [asked, live, *earlier])
    return Wanted(Content(content.live, content.menus, today, table, news), asked, problem)


async def take_up(session: AsyncSession, settings: Settings, now: datetime) -> None:
    """Where no version was ever saved, the settings' menu file becomes the first one."""
    if await versions.in_state(session, VersionState.LIVE) is None:
        text = settings.menu.read_text("utf-8")
        versions.parse(text, settings, str(settings.menu))
        await versions.first(session, text, author="", now=now)


def _read(view: VersionView, settings: Settings, found: dict[int, Menus]) -> None:
    try:
        found[view.number] = versions.parse(view.text, settings, f"version {view.number}")
    except MenuError as error:
        _log.error("menus.version_unreadable", version=view.number, reason=str(error))


def _content(settings: Settings, found: dict[int, Menus], order: list[VersionView | None]) -> Content:
    for view in order:
        if view is not None and view.number in found:
            return Content(view.number, found, datetime.now(settings.zone).date(), DayTable())
    return content_of_file(settings)
