"""The question after the talk: a caller's mark, kept with the call and the seat it was given to (D47, D51, D134)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Double, cast, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from acd.events import CallEvent, Kind
from acd.models import Call
from acd.survey_models import SurveyAnswer

_MARK = re.compile(r"(10|[1-9]) of (10|5)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mark:
    """`score` from 1 to `points`."""

    score: int
    points: int


@dataclass(frozen=True, slots=True)
class Answer:
    call_uid: str
    seat: str
    mark: Mark
    at: datetime


@dataclass(frozen=True, slots=True)
class SeatMarks:
    """A seat's marks on one scale in a period."""

    seat: str
    points: int
    answers: int
    average: float
    talks: int
    """Calls the seat answered in the period, marked or not."""


def mark_of(detail: str) -> Mark | None:
    """The mark in an event's detail, `4 of 5`; None for anything else."""
    found = _MARK.fullmatch(detail)
    if found is None or int(found[1]) > int(found[2]):
        return None
    return Mark(int(found[1]), int(found[2]))


async def note(session: AsyncSession, events: Iterable[CallEvent]) -> None:
    """Keep the marks among `events`; told twice, or by two keys, a call has its first one."""
    rows = [
        {"call_uid": event.call, "seat": event.seat, "score": mark.score, "points": mark.points, "at": event.at}
        for event in sorted(events, key=lambda event: event.at)
        if event.kind is Kind.SURVEY and (mark := mark_of(event.detail)) is not None
    ]
    if rows:
        await session.execute(insert(SurveyAnswer).on_conflict_do_nothing(), rows)


async def answers_of(session: AsyncSession, call_uids: Collection[str]) -> dict[str, Answer]:
    """Marks by call: what a case is joined to through the call it was made from."""
    if not call_uids:
        return {}
    query = select(SurveyAnswer).where(SurveyAnswer.call_uid.in_(call_uids))
    return {row.call_uid: _answer(row) for row in (await session.scalars(query)).all()}


async def recent(session: AsyncSession, start: datetime, end: datetime, *, limit: int = 50) -> list[Answer]:
    """The latest marks given in `[start, end)`, newest first."""
    query = (
        select(SurveyAnswer)
        .where(SurveyAnswer.at >= start, SurveyAnswer.at < end)
        .order_by(SurveyAnswer.at.desc())
        .limit(limit)
    )
    return [_answer(row) for row in (await session.scalars(query)).all()]


async def marks_by_seat(session: AsyncSession, start: datetime, end: datetime) -> Sequence[SeatMarks]:
    """Averages of the marks given in `[start, end)`, by seat and scale."""
    talked = (
        select(Call.seat, func.count().label("talks"))
        .where(Call.answered_at >= start, Call.answered_at < end)
        .group_by(Call.seat)
        .subquery()
    )
    query = (
        select(
            SurveyAnswer.seat,
            SurveyAnswer.points,
            func.count().label("answers"),
            func.avg(cast(SurveyAnswer.score, Double)).label("average"),
            func.coalesce(func.max(talked.c.talks), 0).label("talks"),
        )
        .outerjoin(talked, talked.c.seat == SurveyAnswer.seat)
        .where(SurveyAnswer.at >= start, SurveyAnswer.at < end)
        .group_by(SurveyAnswer.seat, SurveyAnswer.points)
        .order_by(SurveyAnswer.seat, SurveyAnswer.points)
    )
    return [
        SeatMarks(row.seat, row.points, row.answers, float(row.average), row.talks)
        for row in await session.execute(query)
    ]


def _answer(row: SurveyAnswer) -> Answer:
    return Answer(row.call_uid, row.seat, Mark(row.score, row.points), row.at)
