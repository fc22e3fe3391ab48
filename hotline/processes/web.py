"""The web process: the console over HTTP, behind a reverse proxy or on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn

from console.app import create_app
from hotline.database import Database
from hotline.settings import Settings

log = structlog.get_logger(__name__)
GRACE_SECONDS = 5


class _Server(uvicorn.Server):
    """uvicorn that leaves signals to whoever runs the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Serve the console on `web_host:web_port` until `stop` is set; raises OSError where the port is taken."""
    database = Database.of(settings)
    try:
        app = create_app(settings, database)
        config = uvicorn.Config(
            app,
            host=settings.web_host,
            port=settings.web_port,
            log_config=None,
            access_log=False,  # addresses and paths say who worked on what; the audit holds that, not a log
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        server = _Server(config)
        serving = asyncio.create_task(server.serve())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        app.state.console.hub.close()
        server.should_exit = True
        await serving
    finally:
        await database.close()
