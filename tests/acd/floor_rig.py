"""A whole floor on real parts: an Asterisk node, telephones, PostgreSQL, and controllers as processes of their own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import text

from acd import desk, floor, ledger
from acd.words import Level
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.demo.softphone import Softphone, open_softphone
from hotline.processes.asterisk import AsteriskNode
from hotline.processes.part import READY_FD
from hotline.settings import AcdSettings, Settings
from ivr.node import SeatAccount
from tests.ivr.rig import ACCESS, Ami, open_ami, settings_of_node

MENU = """
greeting: [tone]
start: main
menus:
  main:
    prompt: tone
    wait_seconds: 1
    tries: 1
    keys:
      1: {person: complaint}
    otherwise: {person: complaint}
"""
"""A caller who presses nothing is in the queue about two seconds after dialling."""

PROGRAM = """
from hotline.processes.part import main
from hotline.settings import load_settings
main("controller", load_settings())
"""


@dataclass
class RunningController:
    process: asyncio.subprocess.Process
    log: Path

    def kill(self) -> None:
        """As a crash would end it."""
        self.process.send_signal(signal.SIGKILL)

    async def gone(self) -> None:
        await self.process.wait()


@dataclass
class Floor:
    node: AsteriskNode
    ami: Ami
    settings: Settings
    database: Database
    scratch: Path
    secrets: Mapping[str, str]
    open: contextlib.AsyncExitStack
    clock: SystemClock = field(default_factory=SystemClock)
    started: int = 0

    @property
    def domain(self) -> str:
        return f"127.0.0.1:{self.settings.asterisk.sip_port}"

    async def controller(self, *, database_url: str | None = None, wait: bool = True) -> RunningController:
        """Start one as `hotline up` does; it has led and resumed, or stands by, when this returns."""
        self.started += 1
        log = self.scratch / f"controller-{self.started}.log"
        reading, writing = os.pipe()
        url = database_url or self.database.engine.url.render_as_string(hide_password=False)
        acd = {
            f"HOTLINE_ACD__{name.upper()}": value if isinstance(value, str) else json.dumps(value)
            for name, value in self.settings.acd.model_dump(mode="json").items()
        }
        environment = os.environ | acd | {
            "HOTLINE_INSTANCE": self.settings.instance, "HOTLINE_DATABASE_URL": url,
            "HOTLINE_AMI__PORT": str(self.settings.ami.port),
            "HOTLINE_AMI__SECRET": self.settings.ami.secret.get_secret_value(),
            "HOTLINE_ASTERISK__NODE": self.settings.asterisk.node, READY_FD: str(writing),
            "HOTLINE_ASTERISK__OUTBOUND": self.settings.asterisk.outbound,
        }  # fmt: skip
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", PROGRAM, env=environment, pass_fds=(writing,),
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        os.close(writing)
        self.open.push_async_callback(_ended, process)
        running = RunningController(process, log)
        try:
            if wait:
                told = await asyncio.wait_for(asyncio.to_thread(os.read, reading, 16), 30)
                assert told, log.read_text()[-2000:]
        finally:
            os.close(reading)
        return running

    async def seat(self, extension: str, *, ready: bool = True) -> Softphone:
        """A registered telephone, and its agent ready."""
        phone = await self.open.enter_async_context(
            open_softphone(extension, self.domain, secret=self.secrets[extension])
        )
        await phone.register()
        if ready:
            async with self.database.transaction() as session:
                await desk.ready(session, extension, self.clock.now())
        return phone

    async def caller(self, number: str = "13900001111") -> Softphone:
        """Somebody who has dialled and hears the greeting."""
        phone = await self.open.enter_async_context(open_softphone(number, self.domain))
        await phone.call(ACCESS)
        return phone

    async def floor(self) -> floor.FloorView:
        async with self.database.transaction() as session:
            return await floor.snapshot(session, self.clock.now())

    async def seat_state(self, extension: str) -> str:
        return next(seat.state for seat in (await self.floor()).seats if seat.extension == extension)

    async def seat_is(self, extension: str, state: str, seconds: float = 15) -> None:
        async def matches() -> bool:
            return await self.seat_state(extension) == state

        await until(matches, seconds, f"seat {extension} is {state}")

    async def reachable(self, *extensions: str, seconds: float = 15) -> None:
        """Until the controller knows that these telephones are registered."""

        async def known() -> bool:
            return all(seat.reachable for seat in (await self.floor()).seats if seat.extension in extensions)

        await until(known, seconds, f"{extensions} reachable")

    async def calls(self) -> list[ledger.CallView]:
        now = self.clock.now()
        async with self.database.transaction() as session:
            return await ledger.calls_between(session, now - timedelta(hours=1), now + timedelta(hours=1))

    async def call_is(self, state: str, seconds: float = 20) -> ledger.CallView:
        """The newest call, once it is in `state`."""
        found: list[ledger.CallView] = []

        async def matches() -> bool:
            found[:] = [call for call in (await self.calls())[-1:] if call.state == state]
            return bool(found)

        await until(matches, seconds, f"call is {state}")
        return found[0]

    async def timeline(self, uid: str) -> list[str]:
        """`kind` or `kind seat`, in order."""
        async with self.database.transaction() as session:
            entries = await ledger.timeline(session, uid)
        return [f"{entry.kind} {entry.seat}".strip() for entry in entries]

    async def one(self, query: str, **values: Any) -> Any:
        async with self.database.transaction() as session:
            return (await session.execute(text(query), values)).scalar()


async def until(matches: Callable[[], Awaitable[bool]], seconds: float, what: str) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not await matches():  # noqa: ASYNC110 - what is awaited lies in another process
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"not within {seconds:g} s: {what}") from None


@contextlib.asynccontextmanager
async def open_floor(
    scratch: Path,
    database: Database,
    seats: Mapping[str, Level] | None = None,
    *,
    outbound: str = "",
    prompts: Path | None = None,
    **acd: Any,
) -> AsyncIterator[Floor]:
    """A node with these seats known and nobody registered, no controller yet; `outbound` is the public network."""
    menu = scratch / "menu.yaml"
    menu.write_text(MENU)
    plain = settings_of_node(prompts=prompts)
    asterisk = plain.asterisk.model_copy(update={"outbound": outbound})
    settings = plain.model_copy(
        update={"menu": menu, "asterisk": asterisk, "acd": AcdSettings(**{"wrap_up_seconds": 1.0} | acd)}
    )
    async with database.transaction() as session:
        for extension, level in (seats or {"8001": Level.JUNIOR, "8002": Level.JUNIOR}).items():
            await desk.add_seat(session, extension, name=extension, level=level, now=SystemClock().now())
        accounts = await desk.accounts(session)
    node = AsteriskNode(
        settings,
        [SeatAccount(each.extension, SecretStr(each.secret), each.supervises) for each in accounts],
        die_with_parent=True,
    )
    secrets = {each.extension: each.secret for each in accounts}
    try:
        async with node, open_ami(settings) as ami, contextlib.AsyncExitStack() as stack:
            yield Floor(node, ami, settings, database, scratch, secrets, stack)
    finally:
        shutil.rmtree(node.paths.base, ignore_errors=True)
        shutil.rmtree(settings.instance_dir, ignore_errors=True)


async def first_to_ring(phones: Mapping[str, Softphone]) -> str:
    """Extension of the telephone that rings first."""
    waiting = {asyncio.create_task(phone.wait_for("incoming", timeout=15)): name for name, phone in phones.items()}
    done, rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    return waiting[done.pop()]


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()
