"""A SIP softphone that a program operates: registers, calls, answers, presses keys, speaks a file, hangs up.

Each `Softphone` runs `hotline.demo.endpoint` in a process of its own (PJSUA is built for four calls per process, and a
telephone that crashes should not take the others with it).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class SoftphoneError(Exception):
    """The endpoint did not do what was asked within its time; the message says what was asked and what came instead."""


@dataclass(frozen=True)
class PhoneEvent:
    name: str
    """`up`, `registration`, `incoming`, `early`, `confirmed`, `played`, `dtmf`, `disconnected` or `refused`."""
    facts: Mapping[str, Any]


class Softphone:
    """One endpoint; `open_softphone` starts and ends it."""

    def __init__(self, user: str, process: asyncio.subprocess.Process) -> None:
        self.user = user
        self.address = ""
        """`host:port` at which it takes calls to any number."""
        self.events: asyncio.Queue[PhoneEvent] = asyncio.Queue()
        self.past: list[PhoneEvent] = []
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    async def listen(self) -> None:
        """Read what the endpoint tells until it ends; the last event is always a `gone`."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            facts = json.loads(line)
            self._note(PhoneEvent(facts.pop("event"), facts))
        self._note(PhoneEvent("gone", {}))

    def _note(self, event: PhoneEvent) -> None:
        self.past.append(event)
        self.events.put_nowait(event)

    async def tell(self, do: str, **arguments: Any) -> None:
        """Send one command (`call`, `answer`, `play`, `keys`, `hangup`, `quit`)."""
        assert self._process.stdin is not None
        self._process.stdin.write((json.dumps({"do": do, **arguments}) + "\n").encode())
        with contextlib.suppress(ConnectionError):  # it has ended: `wait_for` sees `gone`
            await self._process.stdin.drain()

    async def wait_for(self, *names: str, timeout: float) -> PhoneEvent:
        """The next event of one of `names`, passing over others; SoftphoneError after `timeout` seconds."""
        seen: list[str] = []
        try:
            async with asyncio.timeout(timeout):
                while True:
                    event = await self.events.get()
                    if event.name in names:
                        return event
                    seen.append(event.name)
                    if event.name == "gone":
                        break
        except TimeoutError:
            seen.append(f"nothing more in {timeout:g} s")
        raise SoftphoneError(f"{self.user}: waited for {' or '.join(names)}, got {', '.join(seen)}")

    async def register(self, *, patience: float = 20) -> None:
        """Be registered, asking again each second: a new seat is known to the node a few seconds later.

        SoftphoneError names the registrar's last answer.
        """
        deadline = asyncio.get_running_loop().time() + patience
        while True:
            event = await self.wait_for("registration", timeout=patience)
            if event.facts["active"]:
                return
            if asyncio.get_running_loop().time() > deadline:
                raise SoftphoneError(
                    f"{self.user}: registration refused, {event.facts['code']} {event.facts['reason']}"
                )
            await asyncio.sleep(1)
            await self.tell("register")

    async def call(self, number: str, *, timeout: float = 15) -> None:
        await self.tell("call", to=number)
        event = await self.wait_for("confirmed", "disconnected", timeout=timeout)
        if event.name == "disconnected":
            raise SoftphoneError(f"{self.user}: call to {number} ended with {event.facts['code']}")

    async def speak(self, file: Path) -> bool:
        """Play a 16-bit WAV file into the call; False when the call ended before the file did."""
        await self.tell("play", file=str(file))
        event = await self.wait_for("played", "disconnected", "refused", "gone", timeout=120)
        return event.name == "played"


@asynccontextmanager
async def open_softphone(
    user: str, domain: str, *, secret: str = "", bind: str = "127.0.0.1", heard: Path | None = None
) -> AsyncIterator[Softphone]:
    """Start an endpoint for `user` at `domain` (`host:port`); it ends with the block, its call hung up."""
    config = {
        "user": user,
        "domain": domain,
        "secret": secret,
        "bind": bind,
        "heard": str(heard) if heard else "",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "hotline.demo.endpoint",
        json.dumps(config),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    phone = Softphone(user, process)
    listener = asyncio.create_task(phone.listen())
    try:
        phone.address = (await phone.wait_for("up", timeout=30)).facts["address"]
        yield phone
    finally:
        await phone.tell("quit")
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()
        await listener
