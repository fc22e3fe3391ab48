"""Jobs of the room: the index of repeats, forms beside calls, figures, measurements, texts past their time."""

from __future__ import annotations

from datetime import timedelta

from procrastinate import App

from cases import classifier_jobs, differences, field_scores, lexicon_effect, repeats, text_removal, text_retention
from cases.erasing import erase_forms
from hotline.jobs import RETRY, JobContext
from recordings.sealed import open_objects
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

    @app.periodic(cron="10 3 * * *")
    @app.task(name="cases.retire_texts", queueing_lock="cases.retire_texts", pass_context=False)
    async def retire_texts(timestamp: int) -> None:
        objects = open_objects(context.settings, context.database, context.clock)
        await text_retention.run(context.database, objects, context.settings, context.clock)

    @app.periodic(cron="45 * * * *")
    @app.task(name="cases.end_text_deletions", queueing_lock="cases.end_text_deletions", pass_context=False)
    async def end_text_deletions(timestamp: int) -> None:
        objects = open_objects(context.settings, context.database, context.clock)
        await text_removal.end_begun(context.database, objects, context.clock)

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
