"""A manager interface that does as it is told: the same bytes as Asterisk's, and every fault on demand."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

SECRET = "right-secret"
Handler = Callable[["Connection", Mapping[str, str]], None]


def render(pairs: Mapping[str, str] | list[tuple[str, str]]) -> bytes:
    """The bytes of one message; a list of pairs may repeat a header."""
    items = pairs.items() if isinstance(pairs, Mapping) else pairs
    return "".join(f"{key}: {value}\r\n" for key, value in items).encode() + b"\r\n"


@dataclass(eq=False)
class Connection:
    """One client as the server sees it."""

    server: ScriptedAmi
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    event_classes: str = ""
    """What the client asked for at its log-in; empty before it, `off` for a session of actions."""
    received: list[dict[str, str]] = field(default_factory=list)

    @property
    def wants_events(self) -> bool:
        return self.event_classes not in ("", "off")

    def write(self, data: bytes) -> None:
        if not self.writer.is_closing():
            self.writer.write(data)

    def answer(self, action: Mapping[str, str], status: str = "Success", **headers: str) -> None:
        self.write(render({"Response": status, "ActionID": action.get("ActionID", ""), **headers}))

    def answer_list(
        self, action: Mapping[str, str], events: list[list[tuple[str, str]]], complete: str, **headers: str
    ) -> None:
        """A list action's answer: the consent, its events, its end."""
        marker = ("ActionID", action.get("ActionID", ""))
        self.answer(action, EventList="start", Message="will follow", **headers)
        for event in events:
            self.write(render([event[0], marker, *event[1:]]))
        self.write(render([("Event", complete), marker, ("EventList", "Complete"), ("ListItems", str(len(events)))]))

    def abort(self) -> None:
        """Cut the connection as a crashed host's kernel would (RST)."""
        linger = struct.pack("ii", 1, 0)
        with contextlib.suppress(OSError):
            self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


class ScriptedAmi:
    """Listens on a free port of loopback; `handlers` and `silent` say what each action meets."""

    def __init__(self) -> None:
        self.port = 0
        self.connections: list[Connection] = []
        self.log: list[dict[str, str]] = []
        """Every action of every connection, in order of arrival."""
        self.handlers: dict[str, Handler] = {}
        self.silent: set[str] = set()
        """Actions that are swallowed without an answer."""
        self.started = "2026-11-21 08:00:00"
        self.banner = b"Asterisk Call Manager/11.0.0\r\n"
        self.fully_booted = True
        self.allow_logins = True
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # ---- life ---------------------------------------------------------------------------------------------------

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, reuse_address=True)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop_listening(self) -> None:
        """As a dead Asterisk: connections cut, nothing on the port."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()
        for task in list(self._tasks):
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await task

    def cut(self) -> None:
        for connection in self.connections:
            connection.abort()
        self.connections.clear()

    # ---- what tests do ------------------------------------------------------------------------------------------

    @property
    def feed(self) -> Connection:
        """The session that gets events."""
        return next(connection for connection in reversed(self.connections) if connection.wants_events)

    def emit(self, name: str, fields: Mapping[str, str] | None = None) -> None:
        self.feed.write(render({"Event": name, **(fields or {})}))

    def emit_raw(self, data: bytes) -> None:
        self.feed.write(data)

    def actions(self, name: str) -> list[dict[str, str]]:
        return [action for action in self.log if action.get("Action", "").lower() == name.lower()]

    # ---- the protocol -------------------------------------------------------------------------------------------

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        connection = Connection(self, reader, writer)
        self.connections.append(connection)
        try:
            connection.write(self.banner)
            async for action in _actions(reader):
                connection.received.append(action)
                self.log.append(action)
                self._handle(connection, action)
        except ConnectionError:
            pass  # the client went away, as some tests make it do
        finally:
            writer.close()
            self._tasks.discard(task)

    def _handle(self, connection: Connection, action: dict[str, str]) -> None:
        name = action.get("Action", "")
        if name in self.silent:
            return
        handler = self.handlers.get(name) or _DEFAULTS.get(name)
        if handler is None:
            connection.answer(action, "Error", Message="Invalid/unknown command")
        else:
            handler(connection, action)


async def _actions(reader: asyncio.StreamReader) -> AsyncIterator[dict[str, str]]:
    """Messages as Asterisk reads them: a lone line feed ends a header too; repeated headers join with line feeds."""
    action: dict[str, str] = {}
    while line := await reader.readline():
        text = line.decode().rstrip("\r\n")
        if not text:
            if action:
                yield action
            action = {}
            continue
        key, _, value = text.partition(":")
        value = value.lstrip()
        action[key] = f"{action[key]}\n{value}" if key in action else value


def _login(connection: Connection, action: Mapping[str, str]) -> None:
    if not connection.server.allow_logins or action.get("Secret") != SECRET:
        connection.answer(action, "Error", Message="Authentication failed")
        connection.writer.close()
        return
    connection.event_classes = action.get("Events", "on")
    connection.answer(action, Message="Authentication accepted")
    if connection.wants_events and connection.server.fully_booted:
        connection.write(render({"Event": "FullyBooted", "Uptime": "10", "Status": "Fully Booted"}))


def _core_status(connection: Connection, action: Mapping[str, str]) -> None:
    date, _, clock = connection.server.started.partition(" ")
    connection.answer(action, CoreStartupDate=date, CoreStartupTime=clock, CoreCurrentCalls="0")


def _empty_list(complete: str) -> Handler:
    return lambda connection, action: connection.answer_list(action, [], complete)


_DEFAULTS: dict[str, Handler] = {
    "Login": _login,
    "CoreStatus": _core_status,
    "Ping": lambda connection, action: connection.answer(action, Ping="Pong"),
    "Setvar": lambda connection, action: connection.answer(action, Message="Variable Set"),
    "Redirect": lambda connection, action: connection.answer(action, Message="Redirect successful"),
    "Status": _empty_list("StatusComplete"),
    "DeviceStateList": _empty_list("DeviceStateListComplete"),
}
