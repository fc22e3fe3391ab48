"""Measurements of a version: asked for, under way, done; and the stored samples they use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hotline import audit
from hotline.accounts import Subject
from hotline.jobs import defer
from hotline.roles import Action
from transcribe.covered import covered
from transcribe.lexicon import versions
from transcribe.lexicon.effect import Sample, Speaks, speaks
from transcribe.lexicon.errors import NoSuchVersion, NotOpen
from transcribe.lexicon.models import Measurement, Reference
from transcribe.lexicon.states import OPEN, State
from transcribe.models import Transcript
from transcribe.turns import Turn

MEASURE = "cases.measure_lexicon"
"""Task that carries a measurement out; forms are known to the room above."""
MOST_ANEW = 50
MOST_REFERENCES = 500


class Progress(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class MeasurementView:
    id: int
    version: int
    changed: int
    against: int | None
    heard_anew: int
    state: Progress
    done: int
    total: int
    result: Mapping[str, Any] | None
    problem: str | None
    author: str
    at: datetime
    ended_at: datetime | None

    @property
    def under_way(self) -> bool:
        return self.state in {Progress.WAITING, Progress.RUNNING}


async def ask(session: AsyncSession, number: int, *, anew: int, subject: Subject, now: datetime) -> MeasurementView:
    """Ask for a measurement of an open version; a job of the same transaction carries it out.

    `anew` calls are recognised again with the words as hints, 0 for none. Raises Denied, NoSuchVersion, NotOpen.
    """
    subject.demand(Action.LEXICON_MANAGE)
    version = await versions.get(session, number)
    if version.state not in OPEN:
        raise NotOpen(f"version {number} is {version.state.value}; only an open one is measured")
    live = await versions.in_state(session, State.LIVE)
    row = Measurement(
        version=number, changed=version.changed, against=live.number if live else None,
        heard_anew=max(0, min(anew, MOST_ANEW)), state=Progress.WAITING.value, done=0, total=0, author=subject.login,
        at=now,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await defer(session, MEASURE, lock=MEASURE, measurement=row.id)
    await audit.record(
        session, actor=subject.login, role=subject.role.value, action="lexicon.measure", subject=f"lexicon:{number}",
        detail={"anew": row.heard_anew}, now=now,
    )  # fmt: skip
    return _view(row)


async def get(session: AsyncSession, measurement: int) -> MeasurementView:
    """NoSuchVersion where there is none."""
    row = await session.get(Measurement, measurement, populate_existing=True)
    if row is None:
        raise NoSuchVersion(f"there is no measurement {measurement}")
    return _view(row)


async def of_version(session: AsyncSession, number: int) -> MeasurementView | None:
    """The latest measurement of a version."""
    query = select(Measurement).where(Measurement.version == number).order_by(Measurement.id.desc()).limit(1)
    row = await session.scalar(query.execution_options(populate_existing=True))
    return None if row is None else _view(row)


async def progress(session: AsyncSession, measurement: int, done: int, total: int) -> None:
    row = await session.get_one(Measurement, measurement)
    row.state, row.done, row.total = Progress.RUNNING.value, done, total


async def finish(session: AsyncSession, measurement: int, result: Mapping[str, Any], now: datetime) -> None:
    """Keep the outcome; the version counts as measured if it is still the one that was, and the outcome speaks for it.

    Otherwise it goes live with a reason only.
    """
    row = await session.get_one(Measurement, measurement)
    row.state, row.result, row.ended_at, row.done = Progress.DONE.value, dict(result), now, row.total
    await session.flush()
    if speaks(result) is Speaks.FOR:
        await versions.measured(session, row.version, row.changed)


async def fail(session: AsyncSession, measurement: int, problem: str, now: datetime) -> None:
    row = await session.get_one(Measurement, measurement)
    row.state, row.problem, row.ended_at = Progress.FAILED.value, problem, now


async def samples(session: AsyncSession, written: Mapping[str, tuple[str, ...]]) -> list[Sample]:
    """The calls with a reference, the latest first, and those whose forms a clerk `written` otherwise, by call."""
    query = (
        select(Transcript.call_uid, Transcript.turns, Transcript.sensitive, Reference.turns)
        .join(Reference, Reference.call_uid == Transcript.call_uid)
        .order_by(Reference.at.desc())
        .limit(MOST_REFERENCES)
    )
    found = [
        Sample(uid, covered(_turns(heard), sensitive), _turns(said), written.get(uid, ()))
        for uid, heard, sensitive, said in await session.execute(query)
    ]
    known = {each.call_uid for each in found}
    others = select(Transcript.call_uid, Transcript.turns, Transcript.sensitive).where(
        Transcript.call_uid.in_([uid for uid in written if uid not in known])
    )
    found += [
        Sample(uid, covered(_turns(heard), sensitive), None, written[uid])
        for uid, heard, sensitive in await session.execute(others)
    ]
    return found


def _turns(rows: Iterable[Any]) -> tuple[Turn, ...]:
    return tuple(Turn.from_json(row) for row in rows)


def _view(row: Measurement) -> MeasurementView:
    return MeasurementView(
        row.id, row.version, row.changed, row.against, row.heard_anew, Progress(row.state), row.done, row.total,
        row.result, row.problem, row.author, row.at, row.ended_at,
    )  # fmt: skip
