"""The controller as a process: one of any number, of which one leads (see `acd.controller`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from acd.callbacks import Policy
from acd.controller import Controller
from acd.errors import AcdError
from acd.link import AmiLink
from acd.ports import LinkFatal
from hotline import health
from hotline.clock import SystemClock
from hotline.connect import database_url
from hotline.database import Database
from hotline.settings import Settings
from ivr.errors import NoAsteriskError
from ivr.paths import NodePaths

PATIENCE_SECONDS = 5.0
"""A controller that does not act by then stands by for another one, or waits for Asterisk: that is its work too."""

_log = structlog.get_logger(__name__)


class ControllerError(AcdError):
    """The controller cannot do its work with these settings."""

    code = "controller"


async def run(settings: Settings, ready: Callable[[], None], stop: asyncio.Event) -> None:
    """Lead, or stand by, until `stop`. Raises ControllerError where only other settings can help."""
    database = Database(database_url(settings))
    controller = Controller(
        AmiLink(settings.ami),
        database,
        SystemClock(),
        settings.acd,
        journal=journal_of(settings),
        callbacks=Policy.of(settings) if settings.asterisk.outbound else None,
    )
    working = asyncio.create_task(controller.run())
    announcing = asyncio.create_task(_announce(controller, ready))
    telling = asyncio.create_task(_tell_link(controller, database))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    except* LinkFatal as fatal:
        raise ControllerError(_sentence(fatal)) from fatal
    finally:
        for task in (stopping, announcing, telling, working):
            task.cancel()
        await asyncio.gather(stopping, announcing, telling, working, return_exceptions=True)
        await database.close()


def journal_of(settings: Settings) -> Path | None:
    """The node's journal where this host has the node; None where Asterisk runs elsewhere."""
    try:
        return NodePaths.of(settings).journal
    except NoAsteriskError:
        _log.warning("controller.no_journal")
        return None


async def _announce(controller: Controller, ready: Callable[[], None]) -> None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await controller.acting.wait()
    except TimeoutError:
        _log.info("controller.stands_by")
    ready()


async def _tell_link(controller: Controller, database: Database) -> None:
    """A heartbeat of its own while calls are served: a process may well live without Asterisk."""
    clock = SystemClock()
    started_at = clock.now()
    while True:
        if controller.serves:
            try:
                async with asyncio.timeout(health.BEAT_SECONDS * 2), database.transaction() as session:
                    await health.beat(session, health.LINK, started_at, clock.now())
            except (SQLAlchemyError, TimeoutError, OSError) as error:
                _log.info("controller.link_not_told", error=type(error).__name__)
        await asyncio.sleep(health.BEAT_SECONDS)


def _sentence(group: BaseExceptionGroup[LinkFatal]) -> str:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error)
