"""Jobs of the room: the index of repeats, forms beside their calls, the week's figures, the lexicon's measurements."""

from __future__ import annotations

from datetime import timedelta

from procrastinate import App

from cases import classifier_jobs, differences, field_scores, lexicon_effect, repeats
from cases.erasing import erase_forms
from hotline.jobs import RETRY, JobContext
from transcribe.figures import iso_week


def register(app: App, context: JobContext) -> None:
    """Make the room's tasks known to the worker's application."""

    @app.periodic(cron="*/5 * * * *")
    @app.task(name="cases.index_repeats", queueing_lock="cases.index_repeats", retry=RETRY, pass_context=False)
    async def index_repeats(timestamp: int) -> None:
        async with context.database.transaction() as session:
            await repeats.catch_up(session)

    @app.task(name="cases.erase", retry=RETRY, pass_context=False)
    async def erase(call_uid: str) -> None:
        async with context.database.transaction() as session:
            await erase_forms(session, call_uid)

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="cases.compare_forms", queueing_lock="cases.compare_forms", retry=RETRY, pass_context=False)
    async def compare_forms(timestamp: int) -> None:
        async with context.database.transaction() as session:
            await differences.keep_missing(session, zone=context.settings.zone, now=context.clock.now())

    @app.periodic(cron="40 2 * * 1")
    @app.task(name="cases.count_weeks", queueing_lock="cases.count_weeks", retry=RETRY, pass_context=False)
    async def count_weeks(timestamp: int) -> None:
        """Last week, and the one before it: references and confirmations come late."""
        now, zone = context.clock.now(), context.settings.zone
        for back in (1, 2):
            async with context.database.transaction() as session:
                week = iso_week(now - timedelta(weeks=back), zone)
                await field_scores.count_week(session, week, zone=zone, now=now)

    classifier_jobs.register(app, context)
    lexicon_effect.register(app, context)
