"""The worker: runs the jobs of every room, and loses none when it or the database goes away in between."""

from __future__ import annotations

import asyncio
import importlib
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog
from procrastinate import App, BaseRetryStrategy, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.job_context import JobContext as RunningJob
from procrastinate.jobs import Job
from procrastinate.worker import Worker
from psycopg import Error as PsycopgError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from hotline import anchors, audit, metrics
from hotline.clock import SystemClock
from hotline.connect import database_url
from hotline.database import Database
from hotline.errors import HotlineError
from hotline.heavy import HeavyWork
from hotline.jobs import SPEECH, JobContext, build_app
from hotline.settings import Settings
from recordings.errors import RecordingError, StoreUnavailable
from recordings.objects import open_store
from recordings.private import sweep
from recordings.sealed import open_objects

ROOMS = ("recordings", "transcribe", "cases", "qa")
"""Rooms with a `jobs.py`."""
DEFAULT_QUEUE = "default"
CONCURRENCY = 4
GRACE_SECONDS = 8.0
"""What is not done this long after the stop is given back and done by another worker."""
_LOOK_SECONDS = 5.0
_LONGEST_BACK_OFF = 10.0

_log = structlog.get_logger(__name__)


async def run(settings: Settings, ready: Callable[[], None], stop: asyncio.Event) -> None:
    """Work until `stop`; a database that goes away is waited for."""
    limits = settings.recognition
    heavy = HeavyWork(limits.processes, most_runs=limits.files_per_process, most_megabytes=limits.most_megabytes)
    database = Database(database_url(settings))
    context = JobContext(settings, database, SystemClock(), heavy)
    back_off = 0.5
    try:
        while not stop.is_set():
            app = build(context)
            try:
                async with app.open_async():
                    await make_keys(context)
                    with suppress(StoreUnavailable):  # not our folder: who needs it says so
                        await asyncio.to_thread(sweep, open_store(settings).work())
                    ready()
                    back_off = 0.5
                    await _work(app, database, stop, settings.recognition.processes)
            except (ConnectorException, PsycopgError, SQLAlchemyError, OSError) as error:
                _log.warning("worker.database_away", error=type(error).__name__)
            if not stop.is_set():
                await _pause(stop, back_off)
                back_off = min(back_off * 2, _LONGEST_BACK_OFF)
    finally:
        heavy.close()
        await database.close()


async def make_keys(context: JobContext) -> None:
    """See to it that there is a key to seal with before the first call ends; a new instance gets its master key."""
    try:
        await open_objects(context.settings, context.database, context.clock).keys.current()
    except RecordingError as error:
        _log.error("worker.no_key", reason=str(error))  # the finaliser keeps the legs and says so again


def build(context: JobContext) -> App:
    """The job application with every room's tasks, none of which is lost when a worker stops in the middle."""
    app = build_app(context.database.url)
    for room in ROOMS:
        try:
            module = importlib.import_module(f"{room}.jobs")
        except ModuleNotFoundError as error:
            if error.name != f"{room}.jobs":
                raise
            continue  # a room without jobs
        module.register(app, context)

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="hotline.anchor_audit", queueing_lock="hotline.anchor_audit", pass_context=False)
    async def anchor(timestamp: int) -> None:
        async with context.database.transaction() as session:
            end = await audit.head(session)
        if end.seq > 0:
            anchors.append(anchors.path(context.settings), end)

    for task in app.tasks.values():
        task.retry_strategy = Unlosable(task.retry_strategy)
    return app


class Unlosable(BaseRetryStrategy):
    """A task's own strategy, save that a job cut short by the worker's end is always given back.

    procrastinate would call it aborted, and nobody would run it again.
    """

    def __init__(self, own: BaseRetryStrategy | None) -> None:
        self._own = own

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision(retry_in={"seconds": 0})
        decision = self._own.get_retry_decision(exception=exception, job=job) if self._own is not None else None
        _tell(exception, job, again=decision is not None)
        return decision


def _tell(exception: BaseException, job: Job, *, again: bool) -> None:
    """Log a failure so that it can be found, and no more: an unexpected exception's text may hold a caller's words."""
    expected = isinstance(exception, HotlineError)
    own = [frame for frame in traceback.extract_tb(exception.__traceback__) if "site-packages" not in frame.filename]
    say = _log.error if not again else _log.info if expected else _log.warning
    say(
        "job.failed", task=job.task_name, job=job.id, attempt=job.attempts + 1, again=again,
        error=type(exception).__name__, reason=str(exception) if expected else None,
        at=f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else None,
    )  # fmt: skip


async def _work(app: App, database: Database, stop: asyncio.Event, speech: int = 1) -> None:
    """Work on all queues, on at most `speech` jobs of recognition at a time beside `CONCURRENCY` others."""
    running: dict[int, Worker] = {}

    async def watched(process: Callable[[], Awaitable[Any]], context: RunningJob, worker: Worker) -> Any:
        assert context.job.id is not None
        running[context.job.id] = worker
        workers.add(worker)
        try:
            return await metrics.measured(context.job, process)
        finally:
            running.pop(context.job.id, None)

    workers: set[Worker] = set()
    working = [
        asyncio.create_task(
            app.run_worker_async(
                queues=queues, concurrency=places, install_signal_handlers=False,
                shutdown_graceful_timeout=GRACE_SECONDS, worker_middleware=[watched], fetch_job_polling_interval=2.0,
            )
        )
        for queues, places in (([DEFAULT_QUEUE], CONCURRENCY), ([SPEECH], speech))
    ]  # fmt: skip
    looking = asyncio.create_task(_look_for_strays(app, database, running, workers))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({*working, looking, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (looking, stopping, *working):
            task.cancel()
        results = await asyncio.gather(looking, stopping, *working, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _look_for_strays(app: App, database: Database, running: dict[int, Worker], workers: set[Worker]) -> None:
    """Give back jobs that are `doing` in our name though we are not at them.

    So it looks where the database went away at the moment a job's end was to be written. Seen twice in a row, so that
    a job between being fetched and being begun is not mistaken for one.
    """
    suspected: set[int] = set()
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        ours = [worker.worker_id for worker in workers if worker.worker_id is not None]
        async with database.transaction() as session:
            await metrics.count_jobs(session)
            rows = await session.scalars(
                text("SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = ANY(:ours)"),
                {"ours": ours},
            )
            astray = {int(job) for job in rows} - running.keys()
        for job in astray & suspected:
            _log.warning("job.astray", job=job)
            await app.job_manager.retry_job_by_id_async(job, SystemClock().now())
        suspected = astray


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):  # not wait_for: in Python 3.11 it can swallow a cancellation
            await stop.wait()
    except TimeoutError:
        return
