"""No job is lost when the worker stops in the middle of one, or when its end could not be written down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from procrastinate import App
from procrastinate.job_context import JobContext as RunningJob
from sqlalchemy import text
from structlog.testing import capture_logs

from hotline.clock import SystemClock
from hotline.database import Database
from hotline.jobs import RETRY, JobContext, defer
from hotline.processes import worker
from hotline.settings import Settings
from transcribe.errors import AudioError


@pytest.fixture
def context(database: Database, tmp_path: Path) -> JobContext:
    return JobContext(Settings(data=tmp_path, instance="test"), database, SystemClock())


async def _status(database: Database, task: str) -> tuple[str, int]:
    async with database.transaction() as session:
        row = (
            await session.execute(
                text("SELECT status::text, attempts FROM procrastinate_jobs WHERE task_name = :task"), {"task": task}
            )
        ).one()
    return row[0], row[1]


async def _until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await true():  # noqa: ASYNC110 - the database has no event for it
            await asyncio.sleep(0.05)


def _slow(app: App, begun: asyncio.Event) -> None:
    @app.task(name="test.slow")
    async def slow() -> None:
        begun.set()
        await asyncio.sleep(600)


def test_every_rooms_jobs_are_registered_and_none_can_be_lost(context: JobContext) -> None:
    tasks = worker.build(context).tasks
    assert {"recordings.finalise", "recordings.reconcile", "hotline.recover_stalled", "hotline.anchor_audit"} <= set(
        tasks
    )
    for task in tasks.values():
        assert isinstance(task.retry_strategy, worker.Unlosable)


async def test_a_job_cut_short_by_the_workers_end_is_given_back(
    context: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "GRACE_SECONDS", 0.2)
    app, begun, stop = worker.build(context), asyncio.Event(), asyncio.Event()
    _slow(app, begun)
    app.tasks["test.slow"].retry_strategy = worker.Unlosable(None)
    async with context.database.transaction() as session:
        await defer(session, "test.slow")
    async with app.open_async():
        working = asyncio.create_task(worker._work(app, context.database, stop))
        await asyncio.wait_for(begun.wait(), 30)
        stop.set()
        await asyncio.wait_for(working, 30)
    assert (await _status(context.database, "test.slow"))[0] == "todo"


async def test_a_job_whose_end_was_never_written_is_given_back(
    context: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_LOOK_SECONDS", 0.3)
    app, begun, stop = worker.build(context), asyncio.Event(), asyncio.Event()
    done, doing_it = 0, None

    @app.task(name="test.quick", pass_context=True)
    async def quick(running: RunningJob) -> None:
        nonlocal done, doing_it
        done, doing_it = done + 1, running.job.worker_id
        begun.set()

    async with context.database.transaction() as session:
        await defer(session, "test.quick")
    async with app.open_async():
        working = asyncio.create_task(worker._work(app, context.database, stop))
        await asyncio.wait_for(begun.wait(), 30)

        async def ended() -> bool:
            return (await _status(context.database, "test.quick"))[0] == "succeeded"

        await _until(ended)
        async with context.database.transaction() as session:  # as if the write of its end had failed
            await session.execute(
                text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = :it WHERE task_name = 'test.quick'"),
                {"it": doing_it},
            )

        async def again() -> bool:
            return done == 2 and await ended()

        await _until(again)
        stop.set()
        await asyncio.wait_for(working, 30)
    assert (await _status(context.database, "test.quick"))[0] == "succeeded"


@pytest.mark.parametrize(
    ("failure", "level", "reason"),
    [
        (ValueError("请把13900001111记下"), "warning", None),
        (AudioError("the file has no sound"), "info", "the file has no sound"),
    ],
)
async def test_a_failed_job_is_told_without_what_people_said(
    context: JobContext, failure: Exception, level: str, reason: str | None
) -> None:
    app, failed, stop = worker.build(context), asyncio.Event(), asyncio.Event()

    @app.task(name="test.failing")
    async def failing() -> None:
        failed.set()
        raise failure

    app.tasks["test.failing"].retry_strategy = worker.Unlosable(RETRY)
    async with context.database.transaction() as session:
        await defer(session, "test.failing")
    with capture_logs() as told:
        async with app.open_async():
            working = asyncio.create_task(worker._work(app, context.database, stop))
            await asyncio.wait_for(failed.wait(), 30)

            async def given_back() -> bool:
                return await _status(context.database, "test.failing") == ("todo", 1)

            await _until(given_back)
            stop.set()
            await asyncio.wait_for(working, 30)
    (line,) = [each for each in told if each["event"] == "job.failed" and each["task"] == "test.failing"]
    assert (line["log_level"], line["task"], line["error"]) == (level, "test.failing", type(failure).__name__)
    assert (line["attempt"], line["again"], line["reason"]) == (1, True, reason)
    assert line["at"].startswith("test_worker.py:")
    assert "13900001111" not in str(line)
