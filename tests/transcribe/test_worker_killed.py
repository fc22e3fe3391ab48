"""A worker killed with -9 at any step of a transcription loses nothing and does nothing twice."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable

import psutil
from sqlalchemy import text

from hotline.jobs import SPEECH, JobContext, build_app, defer, recover_stalled
from hotline.settings import CHECKOUT
from recordings import renditions, store
from recordings.sealed import open_objects
from tests.transcribe.conftest import UID, AddCall
from transcribe import drafts


async def until(true: Callable[[], Awaitable[bool]], worker: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(240):
        while not await true():
            assert worker.poll() is None, "the worker ended by itself"
            await asyncio.sleep(0.05)


async def test_killed_at_any_step_nothing_is_lost_or_doubled_and_a_saved_draft_is_not_made_anew(
    context: JobContext, add_call: AddCall, database_url: str
) -> None:
    await add_call()
    async with context.database.transaction() as session:
        await defer(session, "transcribe.call", queue=SPEECH, call_uid=UID)
    flag = context.settings.data / "flag"

    def start(step: str) -> subprocess.Popen[bytes]:
        flag.unlink(missing_ok=True)
        command = [sys.executable, "-m", "tests.transcribe.stopping_worker"]
        return subprocess.Popen([*command, database_url, str(context.settings.data), str(flag), step], cwd=CHECKOUT)

    async def flagged() -> bool:
        return flag.exists()

    async def counts() -> tuple[int, int, int, str]:
        async with context.database.transaction() as session:
            row = (
                await session.execute(
                    text(
                        "SELECT (SELECT count(*) FROM transcripts), (SELECT count(*) FROM drafts),"
                        " (SELECT count(*) FROM clerk_work), (SELECT string_agg(status::text, ',')"
                        " FROM procrastinate_jobs WHERE task_name = 'transcribe.call')"
                    )
                )
            ).one()
        return row[0], row[1], row[2], row[3]

    app = build_app(database_url)
    for step, saved in (("claim", 0), ("recognise", 0), ("masked", 0), ("commit", 0), ("end", 1)):
        worker = start(step)
        try:
            await until(flagged, worker)
            children = psutil.Process(worker.pid).children(recursive=True)
        finally:
            worker.kill()
            worker.wait()
        psutil.wait_procs(children, timeout=10)
        assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)
        assert await counts() == (saved, saved, saved, "doing"), step
        async with app.open_async():
            async with asyncio.timeout(60):
                while (await counts())[3] != "todo":  # other jobs of the dead worker may be found stalled before it
                    await asyncio.sleep(0.1)  # a heart that stops is no event
                    await recover_stalled(app, seconds=0.5)
        async with context.database.transaction() as session:  # these are so many bad days, not one bad recording
            await session.execute(text("UPDATE procrastinate_jobs SET attempts = 0"))

    async def done() -> bool:
        return (await counts())[3] == "succeeded"

    worker = start("none")
    try:
        await until(done, worker)
    finally:
        worker.kill()
        worker.wait()
    assert await counts() == (1, 1, 1, "succeeded")
    async with context.database.transaction() as session:
        transcript = await drafts.transcript_of(session, UID)
    assert transcript is not None
    assert "宽带" in transcript.turns[0].text, "another recogniser's words took the place of those somebody works on"
    async with context.database.transaction() as session:
        recording = await store.get(session, UID)
        assert recording is not None
        check = await renditions.get(session, recording)
    assert check is not None
    objects = open_objects(context.settings, context.database)
    assert {each.key async for each in objects.listing()} == {"call.flac", check.key}
