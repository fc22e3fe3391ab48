"""Jobs of the room: finalise after each call, reconcile and watch the disk all the time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from procrastinate import App, BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

from hotline.jobs import JobContext
from recordings import disk, erase, figures, listenings, noting, reconcile, retire, scrub
from recordings.errors import HostileName, LegsHeld, LegsMissing
from recordings.finalise import Node, attempt
from recordings.legs import holders, scan
from recordings.private import sweep
from recordings.sealed import open_objects
from recordings.sealing import seal_old

GROWTH_SECONDS = 5.0
"""A live leg grows by 32 kB a second and is flushed about once a second."""
LATELY = timedelta(hours=3)
"""What the reconciliation of every minute looks at; the one of every hour looks back two days."""
SCRUB_SECONDS = 600.0
"""So long of each hour old recordings are sealed, and stored ones read back."""
_HELD_WAIT = 2
_HELD_ATTEMPTS = 30
_LONGEST_WAIT = 600


class Patience(BaseRetryStrategy):
    """Legs still held: again in two seconds, for a minute. A full disk or a failing store: ever more slowly, for good.

    What is given up here is taken up by the reconciliation, which tries whatever it finds in the spool.
    """

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        match exception:
            case HostileName():
                return None
            case LegsHeld():
                return RetryDecision(retry_in={"seconds": _HELD_WAIT}) if job.attempts < _HELD_ATTEMPTS else None
            case _:
                return RetryDecision(retry_in={"seconds": min(5 * 2 ** min(job.attempts, 10), _LONGEST_WAIT)})


def register(app: App, context: JobContext) -> None:
    """Make the room's tasks known to the worker's application."""

    @app.task(name="recordings.finalise", retry=Patience(), pass_context=False)
    async def finalise(call_uid: str) -> None:
        try:
            await attempt(Node.of(context), call_uid)
        except LegsMissing:
            return  # `attempt` has opened a problem row that names the call; trying again brings no legs

    @app.periodic(cron="* * * * *")
    @app.task(name="recordings.reconcile", queueing_lock="recordings.reconcile", pass_context=False)
    async def reconcile_lately(timestamp: int) -> None:
        node = Node.of(context)
        await asyncio.to_thread(sweep, node.objects.work())
        await reconcile.run(node, look_back=LATELY)

    @app.periodic(cron="40 * * * *")
    @app.task(name="recordings.reconcile_days", queueing_lock="recordings.reconcile_days", pass_context=False)
    async def reconcile_days(timestamp: int) -> None:
        node = Node.of(context)
        await reconcile.run(node)
        await reconcile.tidy(node)
        await erase.end_begun(context.database, open_objects(context.settings, context.database), context.clock)

    @app.periodic(cron="50 2 * * *")
    @app.task(name="recordings.retire", queueing_lock="recordings.retire", pass_context=False)
    async def retire_due(timestamp: int) -> None:
        objects = open_objects(context.settings, context.database, context.clock)
        await retire.run(context.database, objects, context.settings, context.clock)

    @app.periodic(cron="* * * * * 30")
    @app.task(name="recordings.note", queueing_lock="recordings.note", pass_context=False)
    async def note_new(timestamp: int) -> None:
        await noting.note_new(context.database, context.clock)

    @app.periodic(cron="* * * * *")
    @app.task(name="recordings.listenings", queueing_lock="recordings.listenings", pass_context=False)
    async def close_listenings(timestamp: int) -> None:
        async with context.database.transaction() as session:
            await listenings.close_quiet(session, context.clock.now())

    @app.periodic(cron="25 * * * *")
    @app.task(name="recordings.scrub", queueing_lock="recordings.scrub", lock="recordings.scrub", pass_context=False)
    async def scrub_on(timestamp: int) -> None:
        objects = open_objects(context.settings, context.database, context.clock)
        limits = context.settings.recordings
        await seal_old(context.database, objects, seconds=SCRUB_SECONDS)
        async with context.database.transaction() as session:
            due = await scrub.due(session, context.clock.now(), limits.scrub_days)
        if due:
            rate = limits.scrub_mb_per_second * 1_000_000
            await scrub.scrub(context.database, objects, context.clock, bytes_per_second=rate, seconds=SCRUB_SECONDS)

    @app.periodic(cron="* * * * * */20")
    @app.task(name="recordings.watch", queueing_lock="recordings.watch", pass_context=False)
    async def watch(timestamp: int) -> None:
        node = Node.of(context)
        disk.watch((node.spool, node.settings.instance_dir), node.settings.recordings)
        await figures.measure(context.database, context.settings, context.clock.now())
        before = await asyncio.to_thread(scan, node.spool)
        await asyncio.sleep(GROWTH_SECONDS if before.calls else 0)
        after = await asyncio.to_thread(scan, node.spool)
        disk.measure(after, disk.stalled(before, after, await asyncio.to_thread(holders)))
