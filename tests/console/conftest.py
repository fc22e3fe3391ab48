"""The real application over a real database: in process for most tests, on a socket for the browser."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import expect

from console.access import SESSION_COOKIE
from console.app import create_app
from hotline import accounts
from hotline.database import Database
from hotline.roles import Role
from hotline.settings import Settings
from tests.console import seed

expect.set_options(timeout=60_000)  # what comes, comes; a machine that is busy takes longer

ELSEWHERE = "203.0.113.9"
"""A client that is not this machine."""


@dataclass(frozen=True)
class House:
    """The console with its database and one person for each role."""

    app: FastAPI
    database: Database
    settings: Settings
    client: Callable[[Role | None], Awaitable[httpx.AsyncClient]]
    """A browser of a person with this role, logged in; of nobody for None. Its address is not loopback."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data")


@pytest.fixture
async def house(database: Database, settings: Settings) -> AsyncIterator[House]:
    async with database.transaction() as session:
        await seed.people(session, datetime.now(UTC))
    app = create_app(settings, database)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))

        async def client(role: Role | None) -> httpx.AsyncClient:
            transport = httpx.ASGITransport(app, client=(ELSEWHERE, 1234))
            made = httpx.AsyncClient(transport=transport, base_url="http://console.test")
            if role is not None:
                made.cookies.set(SESSION_COOKIE, await token_of(database, role))
            return await stack.enter_async_context(made)

        yield House(app, database, settings, client)


async def token_of(database: Database, role: Role) -> str:
    """A session of the person with this role, opened with the real password."""
    async with database.transaction() as session:
        _, token = await accounts.authenticate(session, role.value, seed.PASSWORD, datetime.now(UTC))
    return token


def csrf_in(page: str) -> str:
    """The form token of a page."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found, "the page has no form token"
    return found.group(1)


async def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until `holds()`; TimeoutError where it never does."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - the state belongs to code that knows of no event
            await asyncio.sleep(0.02)


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The application on a free port of loopback; gives its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2, lifespan="off")
    server = uvicorn.Server(config)
    server.capture_signals = _no_signals  # type: ignore[method-assign]
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        app.state.console.close_streams()
        server.should_exit = True
        await running
        listener.close()


class _no_signals:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None
