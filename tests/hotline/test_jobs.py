from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from procrastinate import App
from sqlalchemy import text

from hotline.database import Database
from hotline.jobs import MOST_STALLS, build_app, defer, recover_stalled

WORKER = """
import asyncio, pathlib, sys
from hotline.jobs import build_app
app = build_app(sys.argv[1])
@app.task(name="test.slow")
async def slow(path):
    pathlib.Path(path).write_text("begun")
    await asyncio.sleep(600)
async def main():
    async with app.open_async():
        await app.run_worker_async(update_heartbeat_interval=0.2)
asyncio.run(main())
"""


@pytest.fixture
async def app(database: Database) -> AsyncIterator[App]:
    app = build_app(database.url)
    async with app.open_async():
        yield app


async def _rows(database: Database) -> list[tuple[str, str, dict[str, object]]]:
    async with database.transaction() as session:
        result = await session.execute(text("SELECT task_name, status, args FROM procrastinate_jobs ORDER BY id"))
        return [(row.task_name, row.status, row.args) for row in result]


async def test_a_job_is_there_when_its_transaction_is_committed(database: Database) -> None:
    async with database.transaction() as session:
        assert await defer(session, "recordings.finalise", lock="n1-7", call_uid="n1-7") > 0
    assert await _rows(database) == [("recordings.finalise", "todo", {"call_uid": "n1-7"})]


async def test_a_job_deferred_in_a_rolled_back_transaction_is_not_there(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction() as session:
            await defer(session, "recordings.finalise", call_uid="n1-7")
            raise RuntimeError
    assert await _rows(database) == []


async def test_a_queueing_lock_keeps_one_waiting_job_and_the_transaction_goes_on(database: Database) -> None:
    async with database.transaction() as session:
        first = await defer(session, "recordings.reconcile", queueing_lock="reconcile")
    async with database.transaction() as session:
        assert await defer(session, "recordings.reconcile", queueing_lock="reconcile") == first
        await defer(session, "transcribe.call", call_uid="n1-8")
    assert [name for name, _, _ in await _rows(database)] == ["recordings.reconcile", "transcribe.call"]


async def test_a_worker_runs_what_was_deferred(database: Database, app: App) -> None:
    seen: list[str] = []

    @app.task(name="test.note")
    async def note(word: str) -> None:
        seen.append(word)

    async with database.transaction() as session:
        await defer(session, "test.note", word="彩铃")
    await app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)
    assert seen == ["彩铃"]


async def test_a_job_of_a_killed_worker_is_given_back_and_run_again(
    database: Database, app: App, tmp_path: Path
) -> None:
    marker = tmp_path / "begun"
    async with database.transaction() as session:
        job = await defer(session, "test.slow", lock="one call", path=str(marker))
    worker = subprocess.Popen([sys.executable, "-c", WORKER, database.url])
    try:
        for _ in range(300):
            if marker.exists():
                break
            await asyncio.sleep(0.1)
        assert marker.exists(), "the worker did not begin"
        assert await recover_stalled(app, seconds=5) == [], "a live worker's job is left alone"
    finally:
        with suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    await asyncio.sleep(1.2)
    assert await recover_stalled(app, seconds=1) == [job]

    again: list[str] = []

    @app.task(name="test.slow")
    async def quick(path: str) -> None:
        again.append(path)

    await app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)
    assert again == [str(marker)]
    assert [status for name, status, _ in await _rows(database) if name == "test.slow"] == ["succeeded"]


async def test_a_job_that_takes_every_worker_down_is_failed_at_last(database: Database, app: App) -> None:
    async with database.transaction() as session:
        await defer(session, "test.poison")
        await session.execute(text("UPDATE procrastinate_jobs SET status = 'doing', attempts = :n"), {"n": MOST_STALLS})
    assert await recover_stalled(app) == []
    assert [status for _, status, _ in await _rows(database)] == ["failed"]
