"""The room's jobs on a real worker."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from procrastinate import jobs as procrastinate_jobs
from sqlalchemy import text

from hotline.clock import ManualClock
from hotline.jobs import JobContext, build_app, defer
from recordings import certificates, figures, jobs, master, problems, scrub, store, stored
from recordings.errors import DiskFull, HostileName, LegsHeld
from recordings.finalise import Node, attempt
from recordings.sealed import SealedObjects
from recordings.stored import ObjectRow
from tests.recordings.conftest import AddCall
from tests.recordings.sounds import NOW, leave, tone

UID = "n1-1763700000.7"


@pytest.fixture
def work(node: Node, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Awaitable[None]]:
    """Run the jobs that are due, on a worker of their own."""
    monkeypatch.setattr(Node, "of", lambda _: node)

    async def run() -> None:
        app = build_app(database_url)
        jobs.register(app, JobContext(node.settings, node.database, ManualClock(NOW)))
        async with app.open_async():
            await app.run_worker_async(wait=False, queues=["default"], install_signal_handlers=False)

    return run


async def status_of(node: Node, job: int) -> tuple[str, int]:
    async with node.database.transaction() as session:
        row = (
            await session.execute(text(f"SELECT status::text, attempts FROM procrastinate_jobs WHERE id = {job}"))
        ).one()
        return row[0], row[1]


async def test_a_call_that_ended_is_finalised_by_the_worker(
    node: Node, add_call: AddCall, work: Callable[[], Awaitable[None]], deferred: Callable[[], Awaitable[list[str]]]
) -> None:
    await add_call(UID, 4)
    leave(node.spool, UID, tone(4), tone(4))
    async with node.database.transaction() as session:
        job = await defer(session, "recordings.finalise", call_uid=UID)
    await work()
    assert (await status_of(node, job))[0] == "succeeded"
    async with node.database.transaction() as session:
        assert await store.get(session, UID) is not None
    assert await deferred() == [UID]


async def test_a_full_disk_is_tried_again_and_a_call_without_legs_is_not(
    node: Node, add_call: AddCall, work: Callable[[], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_call("n1-1.1", 4)
    await add_call("n1-2.1", 4)
    leave(node.spool, "n1-1.1", tone(4), tone(4))

    def full(*_: object, **__: object) -> None:
        raise DiskFull("no room")

    monkeypatch.setattr("recordings.finalise.encode", full)
    async with node.database.transaction() as session:
        again = await defer(session, "recordings.finalise", call_uid="n1-1.1")
        never = await defer(session, "recordings.finalise", call_uid="n1-2.1")
    await work()
    status, attempts = await status_of(node, again)
    assert status == "todo"
    assert attempts >= 1
    assert (await status_of(node, never))[0] == "succeeded"  # it has done what it can: the call is named
    async with node.database.transaction() as session:
        named = {(each.call_uid, each.problem.value) for each in await problems.list_open(session)}
    assert named == {("n1-1.1", "missing"), ("n1-2.1", "missing")}


@pytest.mark.parametrize(
    ("error", "attempts", "seconds"),
    [
        (LegsHeld("x"), 0, 2),
        (LegsHeld("x"), 29, 2),
        (LegsHeld("x"), 30, None),  # the reconciliation takes over
        (DiskFull("x"), 0, 5),
        (DiskFull("x"), 3, 40),
        (DiskFull("x"), 1000, 600),
        (HostileName("x"), 0, None),
        (OSError("database away"), 0, 5),
    ],
)
def test_what_may_pass_is_tried_again_and_what_cannot_is_not(
    error: Exception, attempts: int, seconds: int | None
) -> None:
    job = procrastinate_jobs.Job(
        id=1, queue="default", lock=None, queueing_lock=None, task_name="recordings.finalise", attempts=attempts
    )
    before = datetime.now(UTC)
    decision = jobs.Patience().get_retry_decision(exception=error, job=job)
    if seconds is None:
        assert decision is None
    else:
        assert decision is not None
        assert decision.retry_at is not None
        assert abs(decision.retry_at - before - timedelta(seconds=seconds)) < timedelta(seconds=1)


async def test_the_periodic_jobs_run_on_an_empty_and_on_a_used_spool(node: Node, add_call: AddCall) -> None:
    from recordings.disk import SPOOL_CALLS

    app = build_app(node.database.url)
    context = JobContext(node.settings, node.database, ManualClock(NOW))
    jobs.register(app, context)
    assert {"recordings.finalise", "recordings.reconcile", "recordings.watch"} <= set(app.tasks)
    await add_call(UID, 4)
    leave(node.spool, UID, tone(4), tone(4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Node, "of", lambda _: node)
        patch.setattr(jobs, "GROWTH_SECONDS", 0)
        await app.tasks["recordings.watch"](timestamp=0)
        assert SPOOL_CALLS._value.get() == 1
        await app.tasks["recordings.reconcile"](timestamp=0)
    assert list(Path(node.spool).iterdir()) == []


async def test_the_worker_seals_old_recordings_reads_everything_back_and_deletes_what_is_due(
    node: Node, add_call: AddCall
) -> None:
    await add_call(UID, 4)
    leave(node.spool, UID, tone(4), tone(4))
    made = await attempt(node, UID)
    assert isinstance(node.objects, SealedObjects)
    async with store.local_file(node.objects, made) as path:
        plain = path.read_bytes()
    await node.objects.store.write(made.object_key, plain)
    old = ObjectRow(made.object_key, UID, made.bytes, made.sha256, made.bytes, made.sha256, None, None, NOW)
    async with node.database.transaction() as session:
        await stored.save(session, old)
    clock = ManualClock(NOW)
    app = build_app(node.database.url)
    jobs.register(app, JobContext(node.settings, node.database, clock))
    await app.tasks["recordings.scrub"](timestamp=0)
    async with node.database.transaction() as session:
        assert (await figures.look(session)).unsealed == 0
        assert await scrub.last_round(session) == NOW
    await figures.measure(node.database, node.settings, NOW + timedelta(hours=2))
    assert (figures.SCRUB_AGE._value.get(), figures.MASTER_KEY._value.get()) == (7200, 1)
    key = master.path(node.settings)
    key.rename(key.with_suffix(".away"))
    await figures.measure(node.database, node.settings, NOW)
    assert figures.MASTER_KEY._value.get() == 0
    clock.advance(91 * 24 * 3600)
    await app.tasks["recordings.retire"](timestamp=0)
    async with node.database.transaction() as session:
        assert await store.get(session, UID) is None
        certificate = await certificates.of_call(session, UID)
    assert certificate is not None
    assert certificate.rule == "abandoned: 90 days"
