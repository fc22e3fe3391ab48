"""All that callers hear and that changes while a node runs: menus in versions, announcements, days.

A `Content` is rendered into two files, menus.conf and globals.conf; everything else of a node's configuration stays as
it is from start to stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from hotline.settings import Settings
from ivr.dialplan import checked
from ivr.hours import HORIZON_DAYS, DayTable, day_table
from ivr.menu import Menus, Service
from ivr.menu_reader import load_menus
from ivr.render import Sound, render_menus

SLOTS = 4
"""Announcements that one caller can hear before the menu, and as many again before the queue of a service."""
EVERYBODY = "all"
SCOPES = (EVERYBODY, *(service.value for service in Service))
FOREVER = 4_000_000_000
"""Epoch seconds (the year 2096) of an announcement without an end."""


@dataclass(frozen=True)
class News:
    """An announcement while it is switched on."""

    prompt: str
    scopes: tuple[str, ...]
    """`all` for everybody, after the greeting; or services, before whose queue it is said."""
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True)
class Content:
    live: int
    """The version that new callers enter; 0 is the menu file itself."""
    menus: Mapping[int, Menus]
    """By version: the live one and those that callers may still be in."""
    today: date
    """On the centre's wall clock; the days of a year ahead are rendered from here."""
    days: DayTable = field(default_factory=DayTable)
    news: tuple[News, ...] = ()

    def prompts(self) -> frozenset[str]:
        heard = {news.prompt for news in self.news}
        return frozenset(heard.union(*(menus.prompts() for menus in self.menus.values())))


def content_of_file(settings: Settings) -> Content:
    """The menu file of the settings and the official days; raises MenuError."""
    today = datetime.now(settings.zone).date()
    return Content(0, {0: load_menus(settings.menu, prompts=settings.prompts)}, today, day_table(today, {}))


def content_texts(content: Content, sound: Sound) -> dict[str, str]:
    """The two files by name."""
    return {"menus.conf": render_menus(content.live, content.menus, sound), "globals.conf": _globals(content)}


def _globals(content: Content) -> str:
    """Every name is written each time, empty ones too: a reload sets globals anew and forgets none."""
    lines = ["; days that differ from the plain week, by month; announcements as from:until:prompt"]
    for month in _months(content.today):
        lines.append(f"HL_OFF_{month} = {_monthdays(content.days.days_off, month)}")
        lines.append(f"HL_ON_{month} = {_monthdays(content.days.workdays, month)}")
    for scope in SCOPES:
        rows = [_slot(news) for news in content.news if scope in news.scopes][:SLOTS]
        rows += ["0:0:none"] * (SLOTS - len(rows))
        lines += [f"HL_NEWS_{scope}_{number} = {checked(row)}" for number, row in enumerate(rows, 1)]
    return "\n".join(lines) + "\n"


def _slot(news: News) -> str:
    until = int(news.ends_at.timestamp()) if news.ends_at is not None else FOREVER
    return f"{int(news.starts_at.timestamp())}:{until}:{news.prompt}"


def _months(today: date) -> list[str]:
    days = (today + timedelta(days=number) for number in range(-1, HORIZON_DAYS))
    return sorted({f"{day:%Y%m}" for day in days})


def _monthdays(days: Iterable[date], month: str) -> str:
    return ".".join(f"{day:%d}" for day in days if f"{day:%Y%m}" == month) or "none"
