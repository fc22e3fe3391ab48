"""The link to one Asterisk node: two AMI sessions, kept up, with one ordered stream of what happened.

One session carries events, the other actions, because Asterisk serves a session's actions one after another and lets
events in between. Both stand or fall together: whoever sees `LinkUp` knows that both work and that Asterisk is fully
booted; whoever sees `LinkDown` knows that events are missing from there on and `acd.resync` must fill the gap.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from acd.ami.backoff import backoff
from acd.ami.session import AmiSession
from acd.ports import (
    ActionRefused,
    ActionTimeout,
    AmiEvent,
    AmiResponse,
    LinkDown,
    LinkDownError,
    LinkEvent,
    LinkFatal,
    LinkUp,
)
from hotline.settings import AmiSettings

log = logging.getLogger(__name__)

EVENT_CLASSES = "system,call,user,agent"
"""What the controller reads; `system` also brings FullyBooted (AST main/manager.c:3425)."""
STABLE_SECONDS = 5.0
"""A connection that lasted this long was good: the next attempt begins with the shortest pause again."""


class AmiLink:
    """A link that connects, watches, and connects again; see `acd.ports.Link` for its promises.

    `queue_limit` events are kept for a slow reader; then the socket is no longer read until half of them are taken.
    """

    def __init__(self, settings: AmiSettings, *, queue_limit: int = 10_000) -> None:
        self._settings = settings
        self._queue_limit = queue_limit
        self._queue: deque[LinkEvent] = deque()
        self._filled = asyncio.Event()
        self._ended = False
        self._actions: AmiSession | None = None
        self._feed: AmiSession | None = None
        self._up = False
        self._booted = ""
        self._last_booted: str | None = None
        self._went_up = asyncio.Event()
        self.connects = 0
        """Times the link came up."""

    def __repr__(self) -> str:
        return f"<AmiLink {'up' if self._up else 'down'}, {len(self._queue)} events queued, {self.connects} connects>"

    @property
    def is_up(self) -> bool:
        return self._up

    # ---- the port ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        pauses = backoff()
        try:
            while True:
                self._went_up.clear()
                started = loop.time()
                try:
                    reason = await self._connect_and_watch()
                except LinkDownError as error:
                    reason = str(error)
                self._note_down(reason)
                if self.connects and loop.time() - started > STABLE_SECONDS:
                    pauses = backoff()
                pause = next(pauses)
                log.warning("link to Asterisk lost (%s); trying again in %.1f s", reason, pause)
                await asyncio.sleep(pause)
        except LinkFatal as error:
            self._note_down(str(error))
            raise
        finally:
            self._note_down("the link was closed")
            self._ended = True
            self._filled.set()

    async def events(self) -> AsyncIterator[LinkEvent]:
        while True:
            while self._queue:
                item = self._queue.popleft()
                if self._feed is not None and len(self._queue) <= self._queue_limit // 2:
                    self._feed.release()
                yield item
            if self._ended:
                return
            self._filled.clear()
            await self._filled.wait()

    async def action(
        self,
        name: str,
        headers: Mapping[str, str],
        *,
        timeout: float | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> AmiResponse:
        limit = timeout if timeout is not None else self._settings.action_timeout
        return await self._session().request(name, headers, timeout=limit, variables=variables)

    async def action_list(
        self, name: str, headers: Mapping[str, str], complete_event: str, *, timeout: float | None = None
    ) -> list[AmiEvent]:
        limit = timeout if timeout is not None else self._settings.action_timeout * 4
        return await self._session().request_list(name, headers, complete_event, timeout=limit)

    # ---- one connection ---------------------------------------------------------------------------------------

    async def _connect_and_watch(self) -> str:
        """Bring both sessions up and stay until one is lost; return why."""
        settings = self._settings
        sessions: list[AmiSession] = []
        watchers: list[asyncio.Task[None]] = []
        try:
            actions = await self._open("actions", lambda event: None, sessions)
            await self._login(actions, "off")
            self._booted = await self._boot_time(actions)
            feed = await self._open("events", self._take_event, sessions)
            self._actions, self._feed = actions, feed
            await self._login(feed, EVENT_CLASSES)
            watchers = [
                asyncio.create_task(session.watch(settings.ping_interval, settings.ping_timeout))
                for session in sessions
            ]
            await self._fully_booted(sessions)
            await asyncio.wait([session.lost for session in sessions], return_when=asyncio.FIRST_COMPLETED)
            return next(session.lost.result() for session in sessions if session.lost.done())
        finally:
            self._actions = self._feed = None
            for watcher in watchers:
                watcher.cancel()
            for session in sessions:
                session.drop("the link's other session was lost")
            for watcher in watchers:
                with contextlib.suppress(asyncio.CancelledError, LinkDownError):
                    await watcher

    async def _open(self, name: str, on_event: Callable[[AmiEvent], None], sessions: list[AmiSession]) -> AmiSession:
        settings = self._settings
        session = AmiSession(name, on_event)
        sessions.append(session)
        try:
            async with asyncio.timeout(settings.action_timeout):
                await asyncio.get_running_loop().create_connection(lambda: session, settings.host, settings.port)
        except (OSError, TimeoutError) as error:
            raise LinkDownError(
                f"cannot reach Asterisk at {settings.host}:{settings.port}: {error or 'no answer'}"
            ) from error
        return session

    async def _login(self, session: AmiSession, events: str) -> None:
        settings = self._settings
        await session.login(settings.user, settings.secret.get_secret_value(), events, settings.action_timeout)

    async def _boot_time(self, session: AmiSession) -> str:
        """When this Asterisk process started: the same at every reconnect, whatever the clocks do meanwhile."""
        try:
            status = await session.request("CoreStatus", {}, timeout=self._settings.action_timeout)
        except (ActionTimeout, ActionRefused) as error:
            raise LinkDownError(
                f"Asterisk does not tell when it started ({error}); the AMI user needs write=reporting"
            ) from error
        return f"{status.get('CoreStartupDate')} {status.get('CoreStartupTime')}"

    async def _fully_booted(self, sessions: list[AmiSession]) -> None:
        """Wait while Asterisk loads its modules; a minute is many times what it takes."""
        went_up = asyncio.create_task(self._went_up.wait())
        ends: list[asyncio.Future[Any]] = [went_up, *(session.lost for session in sessions)]
        try:
            await asyncio.wait(ends, timeout=self._settings.boot_timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            went_up.cancel()
        if not self._up and not any(session.lost.done() for session in sessions):
            raise LinkDownError("Asterisk did not become fully booted; does the AMI user have read=system?")

    # ---- the stream -------------------------------------------------------------------------------------------

    def _take_event(self, event: AmiEvent) -> None:
        if not self._up:
            # What comes before FullyBooted is covered by the resynchronisation that LinkUp asks for.
            if event.name == "FullyBooted":
                self._note_up()
            return
        self._put(event)
        if len(self._queue) >= self._queue_limit and self._feed is not None:
            self._feed.hold()

    def _note_up(self) -> None:
        restarted = self._last_booted is not None and self._booted != self._last_booted
        self._last_booted = self._booted
        self._up = True
        self.connects += 1
        self._went_up.set()
        self._put(LinkUp(restarted, self._booted))

    def _note_down(self, reason: str) -> None:
        if self._up:
            self._up = False
            self._put(LinkDown(reason))

    def _put(self, item: LinkEvent) -> None:
        self._queue.append(item)
        self._filled.set()

    def _session(self) -> AmiSession:
        if not self._up or self._actions is None:
            raise LinkDownError("the link to Asterisk is down, nothing was sent")
        return self._actions
