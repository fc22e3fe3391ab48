"""The weekly proposal of a learned version, and the one that a person asks for on the console."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from procrastinate import App

from cases import classifier_runs
from cases.classifier import Example, Trained, train
from cases.classifier_runs import WEEKLY, By, TooFewForms
from hotline.jobs import JobContext

_log = structlog.get_logger(__name__)


def register(app: App, context: JobContext) -> None:
    """Make the tasks known to the worker's application."""

    @app.periodic(cron="30 3 * * 1")
    @app.task(name="cases.learn_weekly", queueing_lock="cases.learn_weekly", pass_context=False)
    async def learn_weekly(timestamp: int) -> None:
        await propose(context, By(WEEKLY, "system"))

    @app.task(name="cases.learn", pass_context=False)
    async def learn(login: str, role: str) -> None:
        await propose(context, By(login, role))


async def propose(context: JobContext, by: By) -> None:
    """Train a version in the process for heavy work; too few forms are no fault."""

    async def apart(found: Sequence[Example], least_forms: int) -> Trained:
        return await context.heavy.run(train, found, least_forms)

    try:
        version = await classifier_runs.train_version(
            context.database, context.settings, by=by, now=context.clock.now(), work=apart
        )
    except TooFewForms as error:
        _log.info("model.too_few_forms", reason=str(error))
        return
    _log.info("model.trained", version=version.number, forms=version.forms, takes_over=sorted(version.takes_over))
