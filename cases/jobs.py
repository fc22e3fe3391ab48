"""Jobs of the room: put orders from before there was an index of repeats into it."""

from __future__ import annotations

from procrastinate import App

from cases import repeats
from hotline.jobs import RETRY, JobContext


def register(app: App, context: JobContext) -> None:
    """Make the room's tasks known to the worker's application."""

    @app.periodic(cron="*/5 * * * *")
    @app.task(name="cases.index_repeats", queueing_lock="cases.index_repeats", retry=RETRY, pass_context=False)
    async def index_repeats(timestamp: int) -> None:
        async with context.database.transaction() as session:
            await repeats.catch_up(session)
