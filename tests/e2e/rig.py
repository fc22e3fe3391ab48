"""A centre that tests can call, staff, hurt and question."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from acd import desk, floor, ledger
from acd.ledger import CallView
from acd.words import Level
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.demo.softphone import Softphone, open_softphone
from hotline.processes.supervisor import System
from ivr.paths import NodePaths
from recordings import store
from recordings.store import RecordingView

T = TypeVar("T")


def free_port(*, udp: bool = False) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(ask: Callable[[], Awaitable[T | None]], what: str, *, seconds: float) -> T:
    """The first answer that is true; fails naming `what` after `seconds`."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        answer = await ask()
        if answer:
            return answer
        assert asyncio.get_running_loop().time() < deadline, f"{what} did not happen within {seconds:g} s"
        await asyncio.sleep(0.2)


def tone(path: Path, seconds: float) -> Path:
    """A WAV file of a loud square wave: sound that no silence check can overlook."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        half = b"\x00\x20" * 8 + b"\x00\xe0" * 8
        file.writeframes(half * int(seconds * 8000 / 16))
    return path


@dataclass
class Centre:
    system: System
    database: Database
    clock: SystemClock = field(default_factory=SystemClock)
    seats: dict[str, Softphone] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        asterisk = self.system.settings.asterisk
        return f"{asterisk.bind}:{asterisk.sip_port}"

    @property
    def spool(self) -> Path:
        return NodePaths.of(self.system.settings).recordings

    @asynccontextmanager
    async def staffed(self, levels: dict[str, str]) -> AsyncIterator[None]:
        """Make the seats, register a softphone at each and press ready."""
        async with AsyncExitStack() as stack:
            for extension, level in levels.items():
                async with self.database.transaction() as session:
                    account = await desk.add_seat(
                        session, extension, name=extension, level=Level(level), now=self.clock.now()
                    )
                phone = await stack.enter_async_context(open_softphone(extension, self.domain, secret=account.secret))
                await phone.register()
                self.seats[extension] = phone
                for press in (desk.log_in, desk.ready):
                    async with self.database.transaction() as session:
                        await press(session, extension, self.clock.now())
            yield

    def caller(self, number: str) -> AbstractAsyncContextManager[Softphone]:
        return open_softphone(number, self.domain)

    async def enter_queue(self, phone: Softphone, key: str = "1") -> None:
        """Dial, hear the notice out and press a key of the menu."""
        await phone.call(self.system.settings.asterisk.access_numbers[0])
        await asyncio.sleep(8)  # the notice is 6.2 s, and most callers hear it out
        await phone.tell("keys", keys=key)

    async def pick_up(self, *, seconds: float = 15) -> str:
        """Answer at whichever seat rings; its extension."""
        waits = {
            asyncio.create_task(phone.wait_for("incoming", timeout=seconds)): extension
            for extension, phone in self.seats.items()
        }
        done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        rung = done.pop()
        rung.result()
        extension = waits[rung]
        await self.seats[extension].tell("answer")
        await self.seats[extension].wait_for("confirmed", timeout=5)
        return extension

    async def call_of(self, number: str) -> CallView | None:
        async with self.database.transaction() as session:
            calls = await ledger.calls_between(
                session, self.clock.now().replace(year=2000), self.clock.now().replace(year=2100)
            )
        return next((call for call in reversed(calls) if call.caller == number), None)

    async def ended(self, number: str, *, seconds: float = 20) -> CallView:
        """The caller's call once the ledger says that it has ended."""

        async def look() -> CallView | None:
            try:
                call = await self.call_of(number)
            except (SQLAlchemyError, OSError):
                return None  # the database is away, as some tests want it
            return call if call is not None and call.ended_at is not None else None

        return await until(look, "the end of the call", seconds=seconds)

    async def recording_of(self, number: str, *, seconds: float = 40) -> RecordingView:
        async def look() -> RecordingView | None:
            call = await self.call_of(number)
            if call is None:
                return None
            async with self.database.transaction() as session:
                return await store.get(session, call.uid)

        return await until(look, "the recording", seconds=seconds)

    async def seat_is(self, extension: str, state: str, *, seconds: float = 20) -> None:
        async def look() -> bool:
            async with self.database.transaction() as session:
                view = await floor.snapshot(session, self.clock.now())
            return any(seat.extension == extension and seat.state == state for seat in view.seats)

        await until(look, f"seat {extension} being {state}", seconds=seconds)

    async def all_ready(self) -> None:
        for extension in self.seats:
            await self.seat_is(extension, "ready", seconds=30)

    def kill(self, part: str) -> int:
        """SIGKILL one part; the process id it had."""
        pid = self.system.pids[part]
        os.kill(pid, signal.SIGKILL)
        return pid

    async def back(self, part: str, old: int, *, seconds: float = 40) -> None:
        """Wait until the supervisor has started the part again."""

        async def look() -> bool:
            return self.system.pids.get(part, old) != old

        await until(look, f"{part} coming back", seconds=seconds)
