"""Jobs on the same PostgreSQL: deferred in the transaction whose work they follow, and never lost.

A job exists exactly when its transaction was committed. A worker that is killed leaves its jobs `doing` without a
heartbeat; the periodic task `hotline.recover_stalled` gives them back, so every job must be idempotent.
Rooms register theirs in `<room>/jobs.py` with `register(app, context)`; a room that defers to one above it names
the task as text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

import structlog
from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.jobs import Status
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from hotline.clock import Clock
from hotline.database import Database
from hotline.embedded import libpq_url
from hotline.heavy import HeavyWork
from hotline.settings import Settings

JSON: TypeAlias = "str | int | float | bool | Sequence[JSON] | Mapping[str, JSON] | None"

RETRY = RetryStrategy(max_attempts=6, exponential_wait=3)
"""For jobs whose failure may pass: tried again after 3, 9, 27, 81 and 243 seconds."""

SPEECH = "speech"
"""Queue of the jobs that recognise speech for minutes: they have places of their own in the worker, so that a backlog
of them holds up nothing else. Within it live calls go before imported ones, by priority."""
HEARTBEAT_SECONDS = 5.0
STALLED_SECONDS = 20.0
"""A worker that was not heard of for this long is dead, and its jobs go to another."""
MOST_STALLS = 4
"""A job that has taken so many workers down with it is failed, and not given to another."""

_DEFER = text(
    "SELECT unnest(procrastinate_defer_jobs_v1(ARRAY[ROW(:queue, :task, :priority, :lock, :queueing_lock,"
    " CAST(:args AS jsonb), CAST(:schedule_at AS timestamptz))]::procrastinate_job_to_defer_v1[]))"
)
_WAITING = text("SELECT id FROM procrastinate_jobs WHERE queueing_lock = :queueing_lock AND status = 'todo'")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class JobContext:
    """What a room's jobs work with."""

    settings: Settings
    database: Database
    clock: Clock
    heavy: HeavyWork = field(default_factory=HeavyWork)
    """Where audio is worked on: a process of its own, kept with its models."""


async def defer(
    session: AsyncSession,
    task: str,
    *,
    queue: str = "default",
    lock: str | None = None,
    queueing_lock: str | None = None,
    schedule_at: datetime | None = None,
    priority: int = 0,
    **args: JSON,
) -> int:
    """Queue `task` in the session's own transaction and return the job's id.

    Jobs of one `lock` run one after the other. Where a job with the same `queueing_lock` is waiting already, no other
    is queued and that one's id is returned.
    """
    values = {
        "queue": queue, "task": task, "priority": priority, "lock": lock, "queueing_lock": queueing_lock,
        "args": json.dumps(args), "schedule_at": schedule_at,
    }  # fmt: skip
    if queueing_lock is None:
        return int((await session.execute(_DEFER, values)).scalar_one())
    while True:
        try:
            async with session.begin_nested():
                return int((await session.execute(_DEFER, values)).scalar_one())
        except IntegrityError as error:
            if "queueing_lock" not in str(error.orig):
                raise
        waiting = (await session.execute(_WAITING, {"queueing_lock": queueing_lock})).scalar()
        if waiting is not None:  # else a worker took it between the two statements: queue ours after all
            return int(waiting)


async def waiting_jobs(session: AsyncSession, task: str) -> int:
    """How many jobs of one task are still to be done, those at work included."""
    query = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = :task AND status IN ('todo', 'doing')")
    return int((await session.execute(query, {"task": task})).scalar_one())


def build_app(url: str) -> App:
    """The procrastinate application on the database at `url` (SQLAlchemy's form), with the kernel's own tasks."""
    app = App(
        connector=PsycopgConnector(conninfo=libpq_url(url), min_size=1, max_size=8, timeout=10.0),
        periodic_defaults={"max_delay": 300},
        worker_defaults={"update_heartbeat_interval": HEARTBEAT_SECONDS, "stalled_worker_timeout": STALLED_SECONDS},
    )

    @app.periodic(cron="* * * * * */10")
    @app.task(name="hotline.recover_stalled", queueing_lock="hotline.recover_stalled", pass_context=False)
    async def recover(timestamp: int) -> None:
        await recover_stalled(app)

    @app.periodic(cron="17 3 * * *")
    @app.task(name="hotline.forget_old_jobs", queueing_lock="hotline.forget_old_jobs", pass_context=False)
    async def forget(timestamp: int) -> None:
        await app.job_manager.delete_old_jobs(nb_hours=14 * 24)

    return app


async def recover_stalled(app: App, *, seconds: float = STALLED_SECONDS) -> list[int]:
    """Give back the jobs of workers that were not heard of for `seconds`; returns their ids."""
    given_back = []
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=seconds):
        assert job.id is not None
        if job.attempts >= MOST_STALLS:
            _log.error("job.stalled_too_often", job=job.id, task=job.task_name, attempts=job.attempts)
            await app.job_manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=False)
            continue
        _log.warning("job.stalled", job=job.id, task=job.task_name, attempts=job.attempts)
        await app.job_manager.retry_job(job)
        given_back.append(job.id)
    return given_back
