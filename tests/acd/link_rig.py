"""Runs a link for the length of a test and reads its stream."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from pydantic import SecretStr

from acd.link import AmiLink
from acd.ports import AmiEvent, Link, LinkDown, LinkEvent, LinkUp
from hotline.settings import AmiSettings
from tests.acd.scripted_ami import SECRET

PATIENCE = 10.0
"""Seconds after which a test that still waits has failed."""


def quick(port: int, **changes: object) -> AmiSettings:
    """Settings whose waits suit a test."""
    values: dict[str, object] = {
        "port": port,
        "secret": SecretStr(SECRET),
        "action_timeout": 2.0,
        "ping_interval": 0.15,
        "ping_timeout": 0.15,
        "boot_timeout": 5.0,
    }
    return AmiSettings.model_validate(values | changes)


class Stream:
    """One reader of a link's events."""

    def __init__(self, link: Link) -> None:
        self._events = aiter(link.events())

    async def next(self) -> LinkEvent:
        async with asyncio.timeout(PATIENCE):
            return await anext(self._events)

    async def rest(self) -> list[LinkEvent]:
        """What is left once the link has ended."""
        async with asyncio.timeout(PATIENCE):
            return [item async for item in self._events]

    async def up(self) -> LinkUp:
        """The next LinkUp, passing over what comes before it."""
        while not isinstance(item := await self.next(), LinkUp):
            pass
        return item

    async def down(self) -> LinkDown:
        while not isinstance(item := await self.next(), LinkDown):
            pass
        return item

    async def event(self, name: str = "") -> AmiEvent:
        """The next event (of that name)."""
        while not isinstance(item := await self.next(), AmiEvent) or (name and item.name != name):
            pass
        return item


@contextlib.asynccontextmanager
async def running(link: Link) -> AsyncIterator[Stream]:
    """`link.run()` beside the test's body; an error it ends with is raised at the end."""
    task = asyncio.create_task(link.run())
    await asyncio.sleep(0)  # a task cancelled before its first step would never have run at all
    try:
        yield Stream(link)
    finally:
        if not task.done():
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def linked(settings: AmiSettings, *, queue_limit: int = 10_000) -> AsyncIterator[tuple[AmiLink, Stream]]:
    """A link that is up, its LinkUp already taken."""
    link = AmiLink(settings, queue_limit=queue_limit)
    async with running(link) as stream:
        await stream.up()
        yield link, stream


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that another party brings about."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is waited for is often panoramisk's, which tells nobody
            await asyncio.sleep(0.01)
