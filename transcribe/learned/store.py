"""Versions of the model in the database: which is live, what it may decide, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from transcribe.errors import TranscribeError
from transcribe.learned.model import Model, unpack
from transcribe.learned.tables import LearnedVersion

_MOST = 2**31 - 1
"""What PostgreSQL's integer holds."""


class VersionState(StrEnum):
    TRAINED = "trained"
    LIVE = "live"
    RETIRED = "retired"


class NoVersion(TranscribeError):
    code: ClassVar[str] = "no_model_version"


class NotBetter(TranscribeError):
    """The version is in no field measurably better than the rules."""

    code: ClassVar[str] = "model_not_better"


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version without its weights."""

    number: int
    state: VersionState
    why: str
    created_at: datetime
    since: datetime
    until: datetime
    forms: int
    report: Mapping[str, Any]
    sha256: str
    live_at: datetime | None
    live_by: str | None
    followed: int | None
    ended_at: datetime | None

    @property
    def takes_over(self) -> frozenset[str]:
        """Fields in which it was measurably better on held-back forms."""
        return frozenset(name for name, figures in self.report.items() if figures["takes_over"])


async def add(
    session: AsyncSession, *, data: bytes, sha256: str, report: Mapping[str, Any], forms: int, since: datetime,
    until: datetime, why: str, now: datetime,
) -> VersionView:  # fmt: skip
    """Keep a newly trained version; it decides nothing yet."""
    row = LearnedVersion(
        state=VersionState.TRAINED.value, why=why, created_at=now, since=since, until=until, forms=forms,
        report=dict(report), sha256=sha256, data=data, live_at=None, live_by=None, followed=None, ended_at=None,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return _view(row)


async def versions(session: AsyncSession, limit: int = 50) -> list[VersionView]:
    """The newest first."""
    query = select(LearnedVersion).order_by(LearnedVersion.number.desc()).limit(limit)
    return [_view(row) for row in await session.scalars(query)]


async def get(session: AsyncSession, number: int | None = None) -> VersionView:
    """One version, or the newest; NoVersion where there is none."""
    return _view(await _row(session, number))


async def model_of(session: AsyncSession, number: int) -> Model:
    """A version with its weights, all of whose fields can be asked; NoVersion, ModelDamaged."""
    row = await session.scalar(
        select(LearnedVersion).where(LearnedVersion.number == min(number, _MOST)).options(undefer(LearnedVersion.data))
    )
    if row is None:
        raise NoVersion(f"there is no version {number}; `hotline drafts show` lists those there are")
    return Model(row.number, unpack(row.data, row.sha256), _view(row).takes_over)


async def live_model(session: AsyncSession) -> Model | None:
    """The live version with its weights, None where the rules decide alone. Raises ModelDamaged.

    It is read for every call: a megabyte, beside the seconds that recognising takes.
    """
    live = select(LearnedVersion.number).where(LearnedVersion.state == VersionState.LIVE.value)
    number = await session.scalar(live)
    return await model_of(session, number) if number is not None else None


async def go_live(session: AsyncSession, number: int, *, by: str, now: datetime) -> VersionView:
    """Let a version decide the fields in which it was better; the one before it is kept for a roll-back.

    Raises NoVersion, NotBetter, ModelDamaged; nothing changes then.
    """
    row = await _row(session, number, lock=True)
    if not _view(row).takes_over:
        raise NotBetter(f"version {number} is in no field measurably better than the rules, so it cannot go live")
    await model_of(session, number)  # what cannot be read must not go live
    before = await _live_row(session)
    if before is row:
        return _view(row)
    if before is not None:
        await _retire(session, before, now)
    row.state, row.live_at, row.live_by, row.ended_at = VersionState.LIVE.value, now, by, None
    row.followed = before.number if before is not None else None
    await session.flush()
    return _view(row)


async def roll_back(session: AsyncSession, *, by: str, now: datetime) -> tuple[VersionView, VersionView | None]:
    """Retire the live version; the one before it is live again, or the rules alone. Who left, and who came.

    Raises NoVersion where none is live.
    """
    row = await _live_row(session)
    if row is None:
        raise NoVersion("no version is live; the rules decide alone already")
    await _retire(session, row, now)
    if row.followed is None:
        return _view(row), None
    before = await _row(session, row.followed, lock=True)
    before.state, before.live_at, before.live_by, before.ended_at = VersionState.LIVE.value, now, by, None
    await session.flush()
    return _view(row), _view(before)


async def _retire(session: AsyncSession, row: LearnedVersion, now: datetime) -> None:
    row.state, row.ended_at = VersionState.RETIRED.value, now
    await session.flush()


async def _live_row(session: AsyncSession) -> LearnedVersion | None:
    query = select(LearnedVersion).where(LearnedVersion.state == VersionState.LIVE.value).with_for_update()
    return await session.scalar(query)


async def _row(session: AsyncSession, number: int | None, *, lock: bool = False) -> LearnedVersion:
    query = select(LearnedVersion).order_by(LearnedVersion.number.desc()).limit(1)
    if number is not None:
        query = query.where(LearnedVersion.number == min(number, _MOST))
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        named = f"there is no version {number}; `hotline drafts show` lists those there are" if number else ""
        raise NoVersion(named or "nothing has been trained yet; run: hotline drafts train")
    return row


def _view(row: LearnedVersion) -> VersionView:
    return VersionView(
        row.number, VersionState(row.state), row.why, row.created_at, row.since, row.until, row.forms, row.report,
        row.sha256, row.live_at, row.live_by, row.followed, row.ended_at,
    )  # fmt: skip
