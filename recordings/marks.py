"""Bookmarks in a recording: a letter, a second and a note, by whoever listens, seen by all who may."""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action
from recordings import store
from recordings.errors import NoRecording, RecordingError
from recordings.replay_models import RecordingMark

LONGEST_NOTE = 200
ADDED, REMOVED = "recording.mark", "recording.unmark"


class NoLetterLeft(RecordingError):
    """A recording has as many marks as the alphabet has letters: remove one."""

    code = "no_letter_left"


@dataclass(frozen=True, slots=True)
class Mark:
    """`second` of the recording; `author` is the log-in of who set it."""

    id: int
    letter: str
    second: float
    note: str
    author: str
    at: datetime


async def of_call(session: AsyncSession, call_uid: str) -> list[Mark]:
    """In order of time."""
    query = select(RecordingMark).where(RecordingMark.call_uid == call_uid)
    rows = await session.scalars(query.order_by(RecordingMark.second, RecordingMark.letter))
    return [Mark(row.id, row.letter, row.second, row.note, row.author, row.at) for row in rows]


async def add(
    session: AsyncSession, subject: Subject, call_uid: str, second: float, note: str, *, now: datetime
) -> Mark:
    """Set the next free letter at a second, kept within the recording; audited.

    Raises Denied, NoRecording, NoLetterLeft.
    """
    subject.demand(Action.RECORDING_REPLAY)
    recording = await store.get(session, call_uid)
    if recording is None:
        raise NoRecording("this call has no stored recording; there is nothing to mark")
    taken = {mark.letter for mark in await of_call(session, call_uid)}
    letter = next((each for each in string.ascii_uppercase if each not in taken), None)
    if letter is None:
        raise NoLetterLeft("every letter marks a second of this recording already; remove one first")
    row = RecordingMark(
        call_uid=call_uid, letter=letter, second=round(min(max(second, 0.0), recording.seconds), 2),
        note=note[:LONGEST_NOTE], author=subject.login, at=now,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await _audit(session, subject, ADDED, row, now)
    return Mark(row.id, row.letter, row.second, row.note, row.author, row.at)


async def remove(session: AsyncSession, subject: Subject, call_uid: str, mark: int, *, now: datetime) -> bool:
    """Take a mark of one's own away; False where it is not there, or another's."""
    subject.demand(Action.RECORDING_REPLAY)
    row = await session.get(RecordingMark, mark, populate_existing=True)
    if row is None or row.call_uid != call_uid or row.author != subject.login:
        return False
    await session.delete(row)
    await _audit(session, subject, REMOVED, row, now)
    return True


async def _audit(session: AsyncSession, subject: Subject, action: str, row: RecordingMark, now: datetime) -> None:
    await audit.record(
        session, actor=subject.login, role=subject.role.value, action=action, subject=f"call:{row.call_uid}",
        detail={"letter": row.letter, "second": row.second}, now=now,
    )  # fmt: skip
