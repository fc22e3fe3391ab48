"""Job of the room: the daily draw."""

from __future__ import annotations

from datetime import timedelta

from procrastinate import App

from hotline.jobs import RETRY, JobContext
from qa import draws

_DAYS_BACK = 2
"""Days that are topped up: a recovered recording or a late journal can bring a call a day after it was made."""


def register(app: App, context: JobContext) -> None:
    """Make the room's task known to the worker's application."""

    @app.periodic(cron="20 * * * *")
    @app.task(name="qa.draw_day", queueing_lock="qa.draw_day", retry=RETRY, pass_context=False)
    async def draw_day(timestamp: int, day: str | None = None) -> None:
        """Draw `day`, or yesterday and the days before it whose late calls are still missing.

        Hourly rather than at midnight, so that a worker that was down draws as soon as it is back.
        """
        now = context.clock.now()
        today = now.astimezone(context.settings.zone).date()
        days = [day] if day else [(today - timedelta(days=back)).isoformat() for back in range(1, _DAYS_BACK + 1)]
        for each in days:
            async with context.database.transaction() as session:
                await draws.draw_day(session, each, settings=context.settings, actor="qa.draw_day", now=now)
