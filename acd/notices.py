"""Notices of new business: each agent confirms each version, and the proof is kept (D8, D57).

A notice is shown from the moment it is written and in force from `valid_from`. Changed words are a new version that
everybody confirms anew; old versions and their confirmations stay as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from acd.errors import AcdError
from acd.message_models import ConfirmationRow, NoticeRow, NoticeVersionRow
from hotline import accounts
from hotline.roles import Action, Role, allows

LONGEST_TITLE = 80
LONGEST_TEXT = 4000
_NEWS = select(func.pg_notify("seat_news", "*:notice"))


class Fault(StrEnum):
    EMPTY = "empty"
    TOO_LONG = "too_long"
    GONE = "gone"
    OLD_VERSION = "old_version"
    UNCHANGED = "unchanged"


class NoticeError(AcdError):
    """A notice that cannot be written or confirmed; `fault` says why."""

    code = "notice"

    def __init__(self, fault: Fault) -> None:
        super().__init__(_SENTENCES[fault])
        self.fault = fault


_SENTENCES = {
    Fault.EMPTY: "a notice needs a title and a text",
    Fault.TOO_LONG: f"a title has at most {LONGEST_TITLE} characters and a text {LONGEST_TEXT}; shorten it",
    Fault.GONE: "there is no such notice, or it was withdrawn",
    Fault.OLD_VERSION: "the notice was changed meanwhile; read the new version and confirm that",
    Fault.UNCHANGED: "nothing was changed, so nobody has to confirm anything anew",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """The present version."""

    id: int
    version: int
    title: str
    text: str
    valid_from: datetime
    written_by: str
    written_at: datetime

    def in_force(self, now: datetime) -> bool:
        return now >= self.valid_from


@dataclass(frozen=True, slots=True)
class Wording:
    """What a notice says, and from when it holds."""

    title: str
    text: str
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class ForPerson:
    notice: Notice
    confirmed_at: datetime | None
    """Of the present version."""
    before: int
    """The newest version that this person confirmed; 0 for none."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One person and the present version."""

    login: str
    name: str
    seat: str
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Overview:
    """A notice as its writer sees it: everybody who must confirm, those who have not first."""

    notice: Notice
    people: tuple[Standing, ...]

    @property
    def confirmed(self) -> int:
        return sum(1 for person in self.people if person.confirmed_at is not None)


@dataclass(frozen=True, slots=True)
class Proof:
    """A confirmation of some version, for the record."""

    version: int
    login: str
    seat: str
    at: datetime


async def write(session: AsyncSession, wording: Wording, *, by: str, now: datetime) -> Notice:
    """A new notice; every seat's page is told. Raises NoticeError."""
    wording = _checked(wording)
    row = NoticeRow(version=1)
    session.add(row)
    await session.flush()
    return await _add_version(session, row, wording, by, now)


async def revise(session: AsyncSession, notice: int, wording: Wording, *, by: str, now: datetime) -> Notice:
    """Change a notice: a new version, to be confirmed anew. Raises NoticeError, also where nothing would change."""
    wording = _checked(wording)
    row = await _row(session, notice)
    old = await session.get(NoticeVersionRow, (row.id, row.version))
    if old is not None and Wording(old.title, old.text, old.valid_from) == wording:
        raise NoticeError(Fault.UNCHANGED)
    row.version += 1
    return await _add_version(session, row, wording, by, now)


async def withdraw(session: AsyncSession, notice: int, *, now: datetime) -> None:
    """Nobody is shown it any more; who confirmed it stays known."""
    row = await _row(session, notice)
    row.withdrawn_at = now
    await session.flush()
    await session.execute(_NEWS)


async def for_person(session: AsyncSession, person: str) -> list[ForPerson]:
    """Every notice that was not withdrawn: unconfirmed first, then the newest."""
    query = select(ConfirmationRow).where(ConfirmationRow.person == person)
    mine: dict[int, dict[int, datetime]] = {}
    for row in await session.scalars(query):
        mine.setdefault(row.notice_id, {})[row.version] = row.at
    found = [
        ForPerson(notice, mine.get(notice.id, {}).get(notice.version), max(mine.get(notice.id, {}), default=0))
        for notice in await _current(session)
    ]
    return sorted(found, key=lambda one: (one.confirmed_at is not None, -one.notice.id))


async def unconfirmed(session: AsyncSession, person: str, now: datetime) -> list[Notice]:
    """Notices in force that this person has not confirmed in their present version."""
    return [
        one.notice for one in await for_person(session, person) if one.confirmed_at is None and one.notice.in_force(now)
    ]


async def confirm(session: AsyncSession, notice: int, version: int, *, person: str, seat: str, now: datetime) -> bool:
    """Note that this person has read this version; False where that was noted before. Raises NoticeError."""
    row = await _row(session, notice)
    if row.version != version:
        raise NoticeError(Fault.OLD_VERSION)
    statement = (
        insert(ConfirmationRow)
        .values(notice_id=notice, version=version, person=person, seat=seat, at=now)
        .on_conflict_do_nothing()
        .returning(ConfirmationRow.person)
    )
    noted = (await session.execute(statement)).first() is not None
    await session.execute(_NEWS)
    return noted


async def overview(session: AsyncSession) -> list[Overview]:
    """Every notice that was not withdrawn, newest first, with everybody whose role confirms notices."""
    people = [
        user
        for user in await accounts.list_users(session)
        if not user.disabled and allows(Role(user.role), Action.NOTICE_CONFIRM)
    ]
    notices = await _current(session)
    confirmed = await _confirmed(session)
    found = []
    for notice in notices:
        standings = [
            Standing(user.login, user.name, user.seat or "", confirmed.get((notice.id, notice.version, user.login)))
            for user in people
        ]
        standings.sort(key=lambda one: (one.confirmed_at is not None, one.seat, one.login))
        found.append(Overview(notice, tuple(standings)))
    return found


async def proofs(session: AsyncSession, notice: int) -> list[Proof]:
    """Every confirmation of every version, oldest first."""
    query = select(ConfirmationRow).where(ConfirmationRow.notice_id == notice).order_by(ConfirmationRow.at)
    return [Proof(row.version, row.person, row.seat, row.at) for row in await session.scalars(query)]


async def _confirmed(session: AsyncSession) -> Mapping[tuple[int, int, str], datetime]:
    query = select(ConfirmationRow).join(
        NoticeRow, and_(NoticeRow.id == ConfirmationRow.notice_id, NoticeRow.version == ConfirmationRow.version)
    )
    rows = await session.scalars(query.where(NoticeRow.withdrawn_at.is_(None)))
    return {(row.notice_id, row.version, row.person): row.at for row in rows}


async def _current(session: AsyncSession) -> list[Notice]:
    """The present versions of what was not withdrawn, newest notice first."""
    present = and_(NoticeRow.id == NoticeVersionRow.notice_id, NoticeRow.version == NoticeVersionRow.version)
    query = select(NoticeVersionRow).join(NoticeRow, present).where(NoticeRow.withdrawn_at.is_(None))
    return [_notice(row) for row in await session.scalars(query.order_by(NoticeRow.id.desc()))]


async def _row(session: AsyncSession, notice: int) -> NoticeRow:
    query = select(NoticeRow).where(NoticeRow.id == notice, NoticeRow.withdrawn_at.is_(None)).with_for_update()
    row = (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()
    if row is None:
        raise NoticeError(Fault.GONE)
    return row


async def _add_version(session: AsyncSession, row: NoticeRow, wording: Wording, by: str, now: datetime) -> Notice:
    version = NoticeVersionRow(
        notice_id=row.id, version=row.version, title=wording.title, text=wording.text, valid_from=wording.valid_from,
        written_by=by, written_at=now,
    )  # fmt: skip
    session.add(version)
    await session.flush()
    await session.execute(_NEWS)
    return _notice(version)


def _checked(wording: Wording) -> Wording:
    title = " ".join(wording.title.replace("\0", "").split())
    words = wording.text.replace("\0", "").replace("\r\n", "\n").strip()
    if not title or not words:
        raise NoticeError(Fault.EMPTY)
    if len(title) > LONGEST_TITLE or len(words) > LONGEST_TEXT:
        raise NoticeError(Fault.TOO_LONG)
    return Wording(title, words, wording.valid_from)


def _notice(row: NoticeVersionRow) -> Notice:
    return Notice(row.notice_id, row.version, row.title, row.text, row.valid_from, row.written_by, row.written_at)
