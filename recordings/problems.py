"""Rows of what the reconciliation found: opened once, kept up to date, resolved when it is found no more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from recordings.findings import Finding, Problem
from recordings.models import RecordingProblem


@dataclass(frozen=True, slots=True)
class OpenProblem:
    call_uid: str
    problem: Problem
    detail: str
    found_at: datetime


async def list_open(session: AsyncSession) -> list[OpenProblem]:
    """Every problem not resolved yet, oldest first."""
    rows = await session.scalars(
        select(RecordingProblem)
        .where(RecordingProblem.resolved_at.is_(None))
        .order_by(RecordingProblem.found_at, RecordingProblem.id)
    )
    return [OpenProblem(row.call_uid, Problem(row.problem), row.detail, row.found_at) for row in rows]


async def open_counts(session: AsyncSession) -> Mapping[Problem, int]:
    """How many problems of each kind are open; kinds without one are 0."""
    query = select(RecordingProblem.problem, func.count()).where(RecordingProblem.resolved_at.is_(None))
    found = {kind: int(count) for kind, count in await session.execute(query.group_by(RecordingProblem.problem))}
    return {kind: found.get(kind.value, 0) for kind in Problem}


async def count_open(session: AsyncSession) -> int:
    query = select(func.count()).select_from(RecordingProblem).where(RecordingProblem.resolved_at.is_(None))
    return int((await session.execute(query)).scalar_one())


async def apply(
    session: AsyncSession, scope: Collection[str], kinds: Collection[Problem], found: Iterable[Finding], now: datetime
) -> tuple[int, int]:
    """Make the open rows of the calls in `scope` say what `found` says; how many were opened and resolved.

    Only problems in `kinds`, which the caller has looked for, are resolved.
    """
    rows = await session.scalars(
        select(RecordingProblem).where(
            RecordingProblem.resolved_at.is_(None), RecordingProblem.call_uid.in_(sorted(scope))
        )
    )
    still_open = {(row.call_uid, row.problem): row for row in rows}
    opened = resolved = 0
    for finding in found:
        row = still_open.pop((finding.call_uid, finding.problem.value), None)
        if row is None:
            opened += await _open(session, finding, now)
        elif row.detail != finding.detail:
            row.detail = finding.detail
    for row in still_open.values():
        if row.problem in kinds:
            row.resolved_at = now
            resolved += 1
    await session.flush()
    return opened, resolved


async def _open(session: AsyncSession, finding: Finding, now: datetime) -> int:
    """1 where the row is new; two reconciliations at once, by the job and by a person, open it once."""
    statement = (
        insert(RecordingProblem)
        .values(call_uid=finding.call_uid, problem=finding.problem.value, detail=finding.detail, found_at=now)
        .on_conflict_do_nothing(
            index_elements=["call_uid", "problem"], index_where=RecordingProblem.resolved_at.is_(None)
        )
        .returning(RecordingProblem.id)
    )
    return int((await session.scalar(statement)) is not None)
