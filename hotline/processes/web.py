"""The console as a process: uvicorn on the settings' address, until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator

import uvicorn

from console.app import create_app
from console.phone.frames import LONGEST
from hotline.connect import database_url
from hotline.database import Database
from hotline.errors import HotlineError
from hotline.settings import Settings

_GRACE_SECONDS = 3
"""Open streams are cut after this; browsers come back by themselves."""


class WebError(HotlineError):
    code = "web"


class _Server(uvicorn.Server):
    """uvicorn that leaves signals to the part around it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(settings: Settings, ready: Callable[[], None], stop: asyncio.Event) -> None:
    """Serve the console; WebError where its port is taken."""
    database = Database(database_url(settings), pool_size=10)
    app = create_app(settings, database)
    server = _Server(
        uvicorn.Config(
            app,
            host=settings.web_host, port=settings.web_port, log_config=None, access_log=False, lifespan="on",
            timeout_graceful_shutdown=_GRACE_SECONDS, server_header=False,
            ssl_certfile=settings.web_certificate, ssl_keyfile=settings.web_key, ws_max_size=LONGEST,
        )
    )  # fmt: skip
    serving = asyncio.create_task(_serve(server, settings))
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.02)
        if server.started:
            ready()
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        app.state.console.close_streams()
        server.should_exit = True
        await serving
    finally:
        await database.close()


async def _serve(server: uvicorn.Server, settings: Settings) -> None:
    try:
        await server.serve()
    except SystemExit:  # uvicorn's way to say that it could not bind
        raise WebError(
            f"the console cannot have port {settings.web_port} on {settings.web_host};"
            " end what uses it, or set HOTLINE_WEB_PORT to a free one"
        ) from None
    if not server.started:
        raise WebError("the console did not start; its log says why")
