"""Server-sent events of the floor: one LISTEN on the database, fanned out to every viewer.

A change is told by `pg_notify('floor', …)`. There are several faces of the floor (the live floor, the wallboard); each
that somebody looks at is read, rendered and encoded once per change, however many look on, and the same bytes go
into each viewer's small queue; who reads too slowly loses old boards, never the newest.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import structlog

from hotline.database import Database
from hotline.embedded import libpq_url
from hotline.listening import listen

log = structlog.get_logger(__name__)

CHANNEL = "floor"
SETTLE_SECONDS = 0.03
"""Changes that come together are one board: a ring moves a call, a seat and a figure in one breath."""
INTERVAL_SECONDS = 0.2
"""However much happens, no face is rendered more often than this."""
REFRESH_SECONDS = 5.0
"""A board is rendered this often even when nobody notified: waiting grows past the promise without an event."""
KEEP_ALIVE_SECONDS = 15.0
QUEUE = 4


@dataclass(eq=False)
class Viewer:
    """One open stream of one face."""

    face: str = "floor"
    boards: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(QUEUE))
    """Events to send; None ends the stream."""
    dropped: int = 0

    def offer(self, board: bytes | None) -> None:
        """Queue `board`; a full queue gives up its oldest, since each board is the whole floor."""
        if self.boards.full():
            self.boards.get_nowait()
            self.dropped += 1
        self.boards.put_nowait(board)


class FloorHub:
    """Renders the floor when it changes and hands it to all viewers.

    `faces` makes the HTML of each face by name; it is awaited once per change. `run()` belongs to the application's
    lifespan.
    """

    def __init__(self, database: Database, faces: Mapping[str, Callable[[], Awaitable[str]]]) -> None:
        self._url = libpq_url(database.url)
        self._faces = faces
        self._viewers: set[Viewer] = set()
        self._changed = asyncio.Event()
        self.listening = False

    def __repr__(self) -> str:
        return f"<FloorHub {len(self._viewers)} viewers, {'listening' if self.listening else 'not listening'}>"

    @property
    def viewers(self) -> int:
        return len(self._viewers)

    @contextmanager
    def viewer(self, face: str = "floor") -> Iterator[Viewer]:
        """A registered viewer; it gets a first board at once."""
        viewer = Viewer(face)
        self._viewers.add(viewer)
        self._changed.set()
        try:
            yield viewer
        finally:
            self._viewers.discard(viewer)

    def close(self) -> None:
        """End every stream, so that the server can stop; browsers come back by themselves."""
        for viewer in self._viewers:
            viewer.offer(None)

    async def run(self) -> None:
        """Listen and render until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(listen(self._url, CHANNEL, self._heard, name="hotline-console-floor", lost=self._deaf))
            tasks.create_task(self._broadcast())

    async def _heard(self, word: str) -> None:
        self.listening = True
        self._changed.set()

    def _deaf(self) -> None:
        self.listening = False

    async def _broadcast(self) -> None:
        loop = asyncio.get_running_loop()
        rendered_at = loop.time() - INTERVAL_SECONDS
        while True:
            with suppress(TimeoutError):  # nobody notified: the refresh is due all the same
                # Not wait_for, which in Python 3.11 forgets a cancellation that comes together with the event.
                async with asyncio.timeout(REFRESH_SECONDS):
                    await self._changed.wait()
            await asyncio.sleep(max(SETTLE_SECONDS, rendered_at + INTERVAL_SECONDS - loop.time()))
            self._changed.clear()
            if not self._viewers:
                await self._changed.wait()
                continue
            rendered_at = loop.time()
            for face in {viewer.face for viewer in self._viewers}:
                await self._show(face)

    async def _show(self, face: str) -> None:
        try:
            board = event(face, await self._faces[face]()).encode()
        except Exception as error:  # the database may be away; the next round tries again
            log.warning("floor.render_failed", face=face, error=type(error).__name__)
            return
        for viewer in self._viewers:
            if viewer.face == face:
                viewer.offer(board)


def event(name: str, data: str) -> str:
    """One server-sent event; each line of `data` is a field of its own (HTML standard, 9.2.6)."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines())
    return f"event: {name}\n{lines}\n"


async def stream(
    hub: FloorHub, still_allowed: Callable[[], Awaitable[bool]], face: str = "floor"
) -> AsyncIterator[bytes]:
    """The events of one viewer: boards as they come, comments as keep-alive, `over` once the session has ended."""
    loop = asyncio.get_running_loop()
    yield b"retry: 2000\n\n"
    with hub.viewer(face) as viewer:
        checked = loop.time()
        while True:
            board: bytes | None = b": keep-alive\n\n"
            with suppress(TimeoutError):
                async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                    board = await viewer.boards.get()
            if board is None:
                return
            if loop.time() - checked >= KEEP_ALIVE_SECONDS:
                checked = loop.time()
                if not await still_allowed():
                    yield event("over", "session ended").encode()
                    return
            yield board
