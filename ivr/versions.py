"""Menus in versions: every text that somebody saved, which of them callers hear, and what became of the others.

A console or command only asks for a version (`ask`); the node's process takes it and says what came of it
(`made_live`, `failed`). So whoever asks sees the truth, and a version that cannot be applied changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from hotline.settings import Settings
from ivr.errors import IvrError
from ivr.menu import Menus
from ivr.menu_reader import parse_menus
from ivr.models import MenuVersion

CHANNEL = "menus"
_LOCK = 0x6D656E7573_01
"""Key of the advisory lock under which states change."""


class VersionState(StrEnum):
    DRAFT = "draft"
    ASKED = "asked"
    """To be applied; the node has not taken it yet."""
    LIVE = "live"
    PAST = "past"
    FAILED = "failed"
    """The node could not apply it."""


TRANSITIONS: Mapping[VersionState, frozenset[VersionState]] = {
    VersionState.DRAFT: frozenset({VersionState.ASKED}),
    VersionState.ASKED: frozenset({VersionState.LIVE, VersionState.FAILED, VersionState.DRAFT, VersionState.PAST}),
    VersionState.LIVE: frozenset({VersionState.PAST}),
    VersionState.PAST: frozenset({VersionState.ASKED}),
    VersionState.FAILED: frozenset({VersionState.ASKED}),
}
"""ASKED goes back where another version is asked for before the node has taken it."""


class VersionError(IvrError):
    """No such version, or one that cannot be applied now."""

    code = "menu_version"


@dataclass(frozen=True, slots=True)
class VersionView:
    number: int
    text: str
    author: str
    note: str
    created_at: datetime
    state: VersionState
    asked_at: datetime | None
    applied_at: datetime | None
    problem: str | None


def parse(text: str, settings: Settings, source: str = "menu") -> Menus:
    """The menus of a version's text; raises MenuError with each problem's line."""
    return parse_menus(text, source, lambda prompt: (settings.prompts / f"{prompt}.wav").is_file())


async def add(session: AsyncSession, text: str, *, author: str, note: str, now: datetime) -> VersionView:
    """Save a text as a draft under the next number; whoever saves has checked it with `parse`."""
    await _lock(session)
    last = await session.scalar(select(func.max(MenuVersion.number)))
    row = MenuVersion(
        number=(last or 0) + 1, text=text, author=author, note=note, created_at=now, state=VersionState.DRAFT.value
    )
    session.add(row)
    await session.flush()
    return _view(row)


async def first(session: AsyncSession, text: str, *, author: str, now: datetime) -> VersionView | None:
    """Make `text` version 1 and live, where there is no version yet; None where there is."""
    await _lock(session)
    if await session.scalar(select(func.count()).select_from(MenuVersion)):
        return None
    row = MenuVersion(
        number=1, text=text, author=author, created_at=now, state=VersionState.LIVE.value, asked_at=now, applied_at=now,
        note="",
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return _view(row)


async def ask(session: AsyncSession, number: int, *, now: datetime) -> VersionView:
    """Want version `number` applied; raises VersionError where it is unknown, live, or asked for already."""
    await _lock(session)
    row = await _row(session, number)
    _may(row, VersionState.ASKED)
    for other in await session.scalars(select(MenuVersion).where(MenuVersion.state == VersionState.ASKED.value)):
        other.state = (VersionState.PAST if other.applied_at is not None else VersionState.DRAFT).value
    await session.flush()
    row.state, row.asked_at, row.problem = VersionState.ASKED.value, now, None
    await session.flush()
    await session.execute(text(f"SELECT pg_notify('{CHANNEL}', '')"))
    return _view(row)


async def made_live(session: AsyncSession, number: int, *, now: datetime) -> None:
    """Callers hear this version from now on."""
    await _lock(session)
    row = await _row(session, number)
    _may(row, VersionState.LIVE)
    for other in await session.scalars(select(MenuVersion).where(MenuVersion.state == VersionState.LIVE.value)):
        other.state = VersionState.PAST.value
    await session.flush()
    row.state, row.applied_at, row.problem = VersionState.LIVE.value, now, None


async def failed(session: AsyncSession, number: int, problem: str) -> None:
    """The node could not apply this version, and why."""
    await _lock(session)
    row = await _row(session, number)
    _may(row, VersionState.FAILED)
    row.state, row.problem = VersionState.FAILED.value, problem


async def get(session: AsyncSession, number: int) -> VersionView | None:
    row = await session.get(MenuVersion, number, populate_existing=True)
    return _view(row) if row is not None else None


async def in_state(session: AsyncSession, state: VersionState) -> VersionView | None:
    """The live version, or the one that is asked for; there is one of each at most."""
    row = await session.scalar(select(MenuVersion).where(MenuVersion.state == state.value))
    return _view(row) if row is not None else None


async def previous(session: AsyncSession) -> VersionView | None:
    """What callers heard before the live version: where a roll-back leads."""
    found = await applied(session, 1)
    return found[0] if found else None


async def applied(session: AsyncSession, count: int) -> Sequence[VersionView]:
    """Versions that callers have heard and do not hear now, the latest first."""
    query = (
        select(MenuVersion)
        .where(MenuVersion.applied_at.is_not(None), MenuVersion.state != VersionState.LIVE.value)
        .order_by(MenuVersion.applied_at.desc(), MenuVersion.number.desc())
        .limit(count)
    )
    return [_view(row) for row in (await session.scalars(query)).all()]


async def history(session: AsyncSession, limit: int = 50) -> Sequence[VersionView]:
    """The newest versions, newest first."""
    query = select(MenuVersion).order_by(MenuVersion.number.desc()).limit(limit)
    return [_view(row) for row in (await session.scalars(query)).all()]


async def _lock(session: AsyncSession) -> None:
    await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


async def _row(session: AsyncSession, number: int) -> MenuVersion:
    row = await session.get(MenuVersion, number, populate_existing=True)
    if row is None:
        raise VersionError(f"there is no menu version {number}; `hotline ivr history` lists them")
    return row


def _may(row: MenuVersion, state: VersionState) -> None:
    if state not in TRANSITIONS[VersionState(row.state)]:
        raise VersionError(f"menu version {row.number} is {row.state} and cannot become {state.value}")


def _view(row: MenuVersion) -> VersionView:
    return VersionView(
        row.number, row.text, row.author, row.note, row.created_at, VersionState(row.state), row.asked_at,
        row.applied_at, row.problem,
    )  # fmt: skip
