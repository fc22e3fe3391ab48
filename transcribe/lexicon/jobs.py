"""Job of the lexicon: stored transcripts get the suggestions of the words that are live now."""

from __future__ import annotations

from datetime import timedelta

from procrastinate import App

from hotline.jobs import RETRY, JobContext
from transcribe.lexicon import notes
from transcribe.lexicon.versions import SUGGEST_AGAIN

DAYS_BACK = 30
"""Older transcripts are read by nobody who could still use a suggestion; they keep those of their day."""


def register(app: App, context: JobContext) -> None:
    @app.task(name=SUGGEST_AGAIN, queueing_lock=SUGGEST_AGAIN, retry=RETRY, pass_context=False)
    async def suggest_again() -> None:
        await suggest_anew(context)


async def suggest_anew(context: JobContext) -> None:
    """Done twice, the same suggestions stand."""
    since, place = context.clock.now() - timedelta(days=DAYS_BACK), None
    while True:
        async with context.database.transaction() as session:
            place = await notes.suggest_again(session, since=since, after=place)
        if place is None:
            return
