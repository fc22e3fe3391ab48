"""News of a seat for the browser that sits at it: one LISTEN for the whole process, a few bytes for each event.

A change is told by `pg_notify('seat_news', '<extension>:<topic>')` (`*` for every seat). The event carries no data of
a call, only when it was told: the page fetches what it shows by routes that ask who is there and write the audit.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from console.floor.stream import event
from hotline.database import Database
from hotline.embedded import libpq_url
from hotline.listening import listen

log = structlog.get_logger(__name__)

CHANNEL = "seat_news"
EVERY_SEAT = "*"
TOPICS = ("seat", "call", "command", "message", "notice", "callback")
KEEP_ALIVE_SECONDS = 15.0


@dataclass(eq=False)
class Listener:
    """One open page of a seat. Topics that were told and not yet sent; the same topic twice is one event."""

    extension: str
    pending: set[str] = field(default_factory=set)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False

    def tell(self, topics: Iterable[str]) -> None:
        self.pending.update(topics)
        self.woken.set()

    def take(self) -> list[str]:
        """The topics to send now, in the order of `TOPICS`."""
        taken, self.pending = self.pending, set()
        self.woken.clear()
        return [topic for topic in TOPICS if topic in taken]


class SeatHub:
    """Hands each seat's news to the pages open at it. `run()` belongs to the application's lifespan."""

    def __init__(self, database: Database) -> None:
        self._url = libpq_url(database.url)
        self._listeners: dict[str, set[Listener]] = {}
        self.listening = False

    def __repr__(self) -> str:
        count = sum(len(listeners) for listeners in self._listeners.values())
        return f"<SeatHub {count} pages, {'listening' if self.listening else 'not listening'}>"

    @contextmanager
    def listener(self, extension: str) -> Iterator[Listener]:
        """A page at this seat; it is told every topic at once, since what happened before is not known to it."""
        listener = Listener(extension)
        listener.tell(TOPICS)
        self._listeners.setdefault(extension, set()).add(listener)
        try:
            yield listener
        finally:
            here = self._listeners[extension]
            here.discard(listener)
            if not here:
                del self._listeners[extension]

    def close(self) -> None:
        """End every stream, so that the server can stop; browsers come back by themselves."""
        for listener in self._all():
            listener.over = True
            listener.woken.set()

    def tell(self, payload: str) -> None:
        """Pass on one notification; what is no news of a seat is passed over."""
        extension, _, topic = payload.partition(":")
        if topic not in TOPICS:
            log.warning("seat.unknown_news")
            return
        for listener in self._all() if extension == EVERY_SEAT else tuple(self._listeners.get(extension, ())):
            listener.tell((topic,))

    async def run(self) -> None:
        """Listen until cancelled; after a break everybody looks at everything, for notifications are not kept."""
        await listen(self._url, CHANNEL, self._heard, name="hotline-console-seats", lost=self._deaf)

    async def _heard(self, payload: str) -> None:
        self.listening = True
        if payload:
            self.tell(payload)
            return
        for listener in self._all():
            listener.tell(TOPICS)

    def _deaf(self) -> None:
        self.listening = False

    def _all(self) -> tuple[Listener, ...]:
        return tuple(listener for here in self._listeners.values() for listener in here)


async def stream(hub: SeatHub, extension: str, still_allowed: Callable[[], Awaitable[bool]]) -> AsyncIterator[str]:
    """The events of one page: a topic as its name, milliseconds since 1970 as its data; `over` at the session's end."""
    loop = asyncio.get_running_loop()
    yield "retry: 1000\n\n"
    with hub.listener(extension) as listener:
        checked = loop.time()
        while True:
            quiet = False
            try:
                # Not wait_for, which in Python 3.11 forgets a cancellation that comes together with the event.
                async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                    await listener.woken.wait()
            except TimeoutError:
                quiet = True
            if listener.over:
                return
            if loop.time() - checked >= KEEP_ALIVE_SECONDS:
                checked = loop.time()
                if not await still_allowed():
                    yield event("over", "session ended")
                    return
            if quiet:
                yield ": keep-alive\n\n"
            for topic in listener.take():
                yield event(topic, str(round(time.time() * 1000)))
