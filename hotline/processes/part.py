"""What every long-running program has around its work: logs, secrets, signals, a heartbeat, a word when it is ready."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import structlog

from hotline import health, logs, metrics, secrets
from hotline.clock import SystemClock
from hotline.connect import database_url
from hotline.database import Database
from hotline.errors import UsageError
from hotline.settings import Settings

PARTS = {
    "asterisk": "hotline.processes.node",
    "controller": "hotline.processes.controller",
    "worker": "hotline.processes.worker",
    "web": "hotline.processes.web",
}
READY_FD = "HOTLINE_READY_FD"
"""Variable that names the pipe on which the supervisor waits for a line."""
LONGEST_END_SECONDS = 15.0
"""Jobs and calls survive a part that is killed; a part that does not end holds up everybody else."""

_log = structlog.get_logger(__name__)


class Run(Protocol):
    async def __call__(self, settings: Settings, ready: Callable[[], None], stop: asyncio.Event) -> None: ...


def main(name: str, settings: Settings) -> None:
    """Run the part until SIGTERM or SIGINT; whatever ends it otherwise is raised."""
    if name not in PARTS:
        raise UsageError(f"there is no part {name!r}; the parts are {', '.join(PARTS)}")
    logs.configure(settings.log_level, part=name)
    if name != "asterisk":  # whose configuration and sounds another user reads
        os.umask(0o077)  # recordings and drafts are nobody else's on this machine
    settings = secrets.complete(settings)
    run: Run = importlib.import_module(PARTS[name]).run
    metrics.serve(settings.metrics_port, settings.metrics_host)
    asyncio.run(_run(name, run, settings))


async def _run(name: str, run: Run, settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    _log.info("part.starting", pid=os.getpid())
    database = Database(database_url(settings), pool_size=1)
    forcing = asyncio.create_task(_force(stop))
    beating = asyncio.create_task(health.keep_beating(database, SystemClock(), name, stop))
    try:
        await run(settings, _tell_ready, stop)
    finally:
        stop.set()
        await beating
        await database.close()
        forcing.cancel()
        _log.info("part.ended")


async def _force(stop: asyncio.Event) -> None:
    """End the process all the same when ending in order takes too long, with the database gone before us, say."""
    await stop.wait()
    await asyncio.sleep(LONGEST_END_SECONDS)
    _log.error("part.ended_by_force")
    os._exit(1)


def _tell_ready() -> None:
    _log.info("part.ready")
    descriptor = os.environ.pop(READY_FD, "")
    if descriptor:
        with suppress(OSError):  # the supervisor is gone, and so are we in a moment
            os.write(int(descriptor), b"ready\n")
            os.close(int(descriptor))
