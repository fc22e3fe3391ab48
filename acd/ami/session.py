"""One logged-in AMI connection: actions with their answers, events handed on, silence noticed."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from acd.ami.wire import MAX_MESSAGE, Answer, BadStream, Framer, encode, parse
from acd.ports import ActionRefused, ActionTimeout, AmiEvent, AmiResponse, CredentialsRefused, LinkDownError

log = logging.getLogger(__name__)

MAX_LIST = 200_000
"""Events of one list action; more is taken for a runaway answer."""
MAX_UNSENT = 1024 * 1024
"""Bytes that Asterisk has not taken from us; more means it has stopped reading."""
PING_ROUNDS = 20
"""Waits for one ping while other data still arrives: a backlog of events may stand before its answer. Waits in which
we did not read all the time do not count."""


@dataclass(slots=True)
class _Pending:
    """An action on its way; with `complete_event` its events are gathered until that one."""

    name: str
    answered: asyncio.Future[AmiResponse]
    complete_event: str | None = None
    events: list[AmiEvent] = field(default_factory=list)
    response: AmiResponse | None = None

    def take_answer(self, answer: Answer) -> bool:
        """Whether the action is complete with this answer."""
        response = AmiResponse(answer.message, answer.fields)
        if not answer.accepted:
            self._fail(ActionRefused(answer.message or "refused without a reason"))
            return True
        if self.complete_event is None:
            self._succeed(response)
            return True
        self.response = response
        return False

    def take_event(self, event: AmiEvent) -> bool:
        complete = event.get("EventList").lower()
        if event.name.lower() == (self.complete_event or "").lower() or complete == "complete":
            self._succeed(self.response or AmiResponse(""))
            return True
        if complete == "cancelled" or len(self.events) >= MAX_LIST:
            self._fail(ActionRefused(f"the list of {self.name} was cut off"))
            return True
        self.events.append(event)
        return False

    def lose(self, reason: str) -> None:
        self._fail(LinkDownError(reason, sent=True))

    def _succeed(self, response: AmiResponse) -> None:
        if not self.answered.done():
            self.answered.set_result(response)

    def _fail(self, error: Exception) -> None:
        if not self.answered.done():
            self.answered.set_exception(error)


class AmiSession(asyncio.Protocol):
    """A connection from its greeting to its loss; never reused, so nothing can be replayed on the next one.

    `lost` is done once the connection is gone, with the reason as its result.
    """

    def __init__(self, name: str, on_event: Callable[[AmiEvent], None], *, max_message: int = MAX_MESSAGE) -> None:
        self.name = name
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.malformed = 0
        """Messages that could not be read or handled; each is logged and skipped."""
        self._on_event = on_event
        self._framer = Framer(max_message)
        self._pending: dict[str, _Pending] = {}
        self._ids = (f"{secrets.token_hex(6)}-{number}" for number in itertools.count(1))
        self._transport: asyncio.Transport | None = None
        self._received = 0
        self._held = False
        self._holds = 0

    # ---- asyncio's side ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        try:
            self._framer.feed(data)
        except BadStream as error:
            self.drop(f"{self.name}: {error}")
            return
        self._pump()

    def connection_lost(self, error: Exception | None) -> None:
        self.drop(f"{self.name}: {error or 'Asterisk closed the connection'}")

    # ---- reading ----------------------------------------------------------------------------------------------

    def hold(self) -> None:
        """Stop handing events on; Asterisk's side fills up instead of our memory."""
        if not self._held:
            self._held = True
            self._holds += 1
            if self._transport is not None:
                self._transport.pause_reading()

    def release(self) -> None:
        if self._held:
            self._held = False
            self._pump()
            if not self._held and self._transport is not None:
                self._transport.resume_reading()

    def _pump(self) -> None:
        while not self._held and not self.lost.done() and (text := self._framer.take()) is not None:
            try:
                self._dispatch(parse(text))
            except Exception:
                # One unreadable message or a fault of the receiver must not cost the connection. The text is not
                # logged: it may hold a caller's number.
                self.malformed += 1
                log.exception("%s: a message of %d characters could not be handled", self.name, len(text))

    def _dispatch(self, message: Answer | AmiEvent | None) -> None:
        match message:
            case AmiEvent():
                action_id = message.fields.get("ActionID", "")
                pending = self._pending.get(action_id)
                if pending is None or pending.complete_event is None:
                    self._on_event(message)
                elif pending.take_event(message):
                    self._pending.pop(action_id, None)
            case Answer():
                pending = self._pending.get(message.action_id)
                if pending is not None and pending.take_answer(message):
                    self._pending.pop(message.action_id, None)
            case None:
                self.malformed += 1

    # ---- acting -----------------------------------------------------------------------------------------------

    async def login(self, user: str, secret: str, events: str, timeout: float) -> None:
        """Log in; raise CredentialsRefused when Asterisk knows us not, LinkDownError when it does not answer."""
        try:
            await self.request("Login", {"Username": user, "Secret": secret, "Events": events}, timeout=timeout)
        except ActionTimeout as error:
            raise LinkDownError(f"{self.name}: no answer to the login within {timeout:g} s") from error
        except ActionRefused as error:
            if "in use" in error.message.lower():
                raise LinkDownError(f"{self.name}: {error.message}; set allowmultiplelogin=yes") from error
            raise CredentialsRefused(
                f"Asterisk refuses AMI user {user!r} ({error.message}); "
                "make ami.user and ami.secret match manager.conf and allow this host there"
            ) from error

    async def request(
        self,
        name: str,
        headers: Mapping[str, str],
        *,
        timeout: float,
        variables: Mapping[str, str] | None = None,
    ) -> AmiResponse:
        """Send one action, wait for its answer; raises as `acd.ports.Link.action` says."""
        response, _ = await self._request(name, headers, timeout, variables, None)
        return response

    async def request_list(
        self, name: str, headers: Mapping[str, str], complete_event: str, *, timeout: float
    ) -> list[AmiEvent]:
        _, events = await self._request(name, headers, timeout, None, complete_event)
        return events

    async def _request(
        self,
        name: str,
        headers: Mapping[str, str],
        timeout: float,
        variables: Mapping[str, str] | None,
        complete_event: str | None,
    ) -> tuple[AmiResponse, list[AmiEvent]]:
        action_id, pending = self._send(name, headers, variables, complete_event)
        try:
            async with asyncio.timeout(timeout):
                return await pending.answered, pending.events
        except TimeoutError as error:
            raise ActionTimeout(f"{name} was not answered within {timeout:g} s; it may still be carried out") from error
        finally:
            self._pending.pop(action_id, None)

    def _send(
        self, name: str, headers: Mapping[str, str], variables: Mapping[str, str] | None, complete_event: str | None
    ) -> tuple[str, _Pending]:
        action_id = next(self._ids)
        data = encode(name, action_id, headers, variables)
        if self._transport is None or self.lost.done():
            raise LinkDownError(f"{self.name}: not connected, {name} was not sent")
        if self._transport.get_write_buffer_size() > MAX_UNSENT:
            self.drop(f"{self.name}: Asterisk no longer reads")
            raise LinkDownError(f"{self.name}: Asterisk no longer reads, {name} was not sent")
        pending = _Pending(name, asyncio.get_running_loop().create_future(), complete_event)
        self._pending[action_id] = pending
        self._transport.write(data)
        return action_id, pending

    # ---- staying alive ----------------------------------------------------------------------------------------

    async def watch(self, interval: float, timeout: float) -> None:
        """Ping for ever; drop the connection when an answer stays out (a half-open socket looks like a quiet one)."""
        while not self.lost.done():
            await asyncio.sleep(interval)
            await self._ping(timeout)

    async def _ping(self, timeout: float) -> None:
        if self.lost.done():
            return
        action_id, pending = self._send("Ping", {}, None, None)
        rounds = 0
        try:
            while rounds < PING_ROUNDS:
                before, holds = self._received, self._holds
                done, _ = await asyncio.wait({pending.answered}, timeout=timeout)
                if done:
                    pending.answered.exception()
                    return
                if self._held or self._holds != holds:
                    continue  # we were the ones not reading
                if self._received == before:
                    break
                rounds += 1
        finally:
            self._pending.pop(action_id, None)
        self.drop(f"{self.name}: a ping was not answered within {timeout:g} s")

    def drop(self, reason: str) -> None:
        """End this connection at once and fail everything that waits on it."""
        if self.lost.done():
            return
        self.lost.set_result(reason)
        if self._transport is not None:
            self._transport.abort()  # close() would wait for bytes that a dead peer never takes
        for pending in self._pending.values():
            pending.lose(reason)
        self._pending.clear()
