"""A link without an Asterisk, for the controller's tests; it keeps every promise of `acd.ports.Link`.

`tests/acd/test_link_conformance.py` holds it and the real link to the same tests.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

from acd.ami.wire import encode
from acd.ports import (
    ActionRefused,
    ActionTimeout,
    AmiEvent,
    AmiResponse,
    LinkDown,
    LinkDownError,
    LinkEvent,
    LinkUp,
)


@dataclass(frozen=True)
class Sent:
    """An action as the controller gave it."""

    name: str
    headers: Mapping[str, str]
    variables: Mapping[str, str] = field(default_factory=dict)


class FakeLink:
    """Down until `come_up`. Each action is accepted unless told otherwise; a list is empty unless set in `lists`."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.lists: dict[str, list[AmiEvent]] = {}
        self.refusals: dict[str, str] = {}
        """Asterisk's words by the name of the action that it refuses."""
        self.silent: set[str] = set()
        """Actions that are taken and never answered."""
        self.on_action: Callable[[Sent], None] | None = None
        """Called for each action before its answer, to play Asterisk's part."""
        self._queue: deque[LinkEvent] = deque()
        self._filled = asyncio.Event()
        self._up = False
        self._ended = False
        self._unanswered: set[asyncio.Future[None]] = set()

    # ---- Asterisk's side ----------------------------------------------------------------------------------------

    def come_up(self, *, restarted: bool = False, booted: str = "2026-11-21 08:00:00") -> None:
        self._up = True
        self._put(LinkUp(restarted, booted))

    def go_down(self, reason: str = "cut by the test") -> None:
        if not self._up:
            return
        self._up = False
        for future in self._unanswered:
            if not future.done():
                future.set_exception(LinkDownError(reason, sent=True))
        self._put(LinkDown(reason))

    def emit(self, name: str, fields: Mapping[str, str] | None = None) -> None:
        """An event, if anybody is connected to hear it."""
        if self._up:
            self._put(AmiEvent(name, dict(fields or {})))

    def actions(self, name: str) -> list[Sent]:
        return [action for action in self.sent if action.name == name]

    # ---- the port -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.go_down("the link was closed")
            self._ended = True
            self._filled.set()

    async def events(self) -> AsyncIterator[LinkEvent]:
        while True:
            while self._queue:
                yield self._queue.popleft()
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
        await self._take(name, headers, variables, timeout)
        return AmiResponse("done", {"Response": "Success", "Message": "done"})

    async def action_list(
        self, name: str, headers: Mapping[str, str], complete_event: str, *, timeout: float | None = None
    ) -> list[AmiEvent]:
        await self._take(name, headers, None, timeout)
        return list(self.lists.get(name, []))

    async def _take(
        self, name: str, headers: Mapping[str, str], variables: Mapping[str, str] | None, timeout: float | None
    ) -> None:
        if not self._up:
            raise LinkDownError("the link to Asterisk is down, nothing was sent")
        encode(name, "fake", headers, variables)  # refuses what the real link refuses
        sent = Sent(name, dict(headers), dict(variables or {}))
        self.sent.append(sent)
        if self.on_action is not None:
            self.on_action(sent)
        await asyncio.sleep(0)
        if name in self.silent:
            await self._never(name, timeout)
        if name in self.refusals:
            raise ActionRefused(self.refusals[name])

    async def _never(self, name: str, timeout: float | None) -> None:
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._unanswered.add(answer)
        try:
            async with asyncio.timeout(5.0 if timeout is None else timeout):
                await answer
        except TimeoutError as error:
            raise ActionTimeout(f"{name} was not answered") from error
        finally:
            self._unanswered.discard(answer)

    def _put(self, item: LinkEvent) -> None:
        self._queue.append(item)
        self._filled.set()
