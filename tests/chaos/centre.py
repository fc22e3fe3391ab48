"""A whole centre that can be hurt: real Asterisk, PostgreSQL, controllers and worker; seats and callers are light."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from acd import desk, floor, ledger
from acd.clock_jumps import elapsed, jumps_between
from acd.errors import AcdError
from acd.words import Level
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.processes.environment import for_child
from hotline.processes.supervisor import System, running
from hotline.settings import Settings
from ivr.node import SeatAccount
from ivr.paths import NodePaths
from recordings import store
from tests.chaos.fake_clock import FakeClock
from tests.chaos.judge import Verdict, Wire, Written, judge
from tests.chaos.relay import Mangler
from tests.chaos.traffic import Traffic, answered_at, busy_twice, habits
from tests.light_sip import Behaviour, LightPhone

SEATS = {"8001": "junior", "8002": "junior", "8003": "junior", "8101": "senior", "8102": "senior"}


class KeptController:
    """One controller process behind the relay, started again half a second after it died."""

    def __init__(self, settings: Settings, ami_port: int, log: Path) -> None:
        self._environment = for_child(settings) | {"HOTLINE_AMI__PORT": str(ami_port)}
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> KeptController:
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._keeper is not None
        self._keeper.cancel()
        with suppress(ProcessLookupError):
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
        assert self._process is not None
        try:
            await asyncio.wait_for(self._process.wait(), 20)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Nothing where it has died by itself and is about to be started again."""
        assert self._process is not None
        if self._process.returncode is None:
            os.kill(self._process.pid, number)

    async def _spawn(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "hotline", "run", "controller",
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment, start_new_session=True,
            )  # fmt: skip

    async def _keep(self) -> None:
        while True:
            assert self._process is not None
            await self._process.wait()
            await asyncio.sleep(0.5)
            await self._spawn()


@dataclass
class ChaosCentre:
    system: System
    database: Database
    relay: Mangler
    controllers: list[KeptController]
    caller: LightPhone
    seats: dict[str, LightPhone]
    chance: random.Random
    fake_clock: FakeClock | None = None
    clock: SystemClock = field(default_factory=SystemClock)

    @property
    def settings(self) -> Settings:
        return self.system.settings

    @property
    def spool(self) -> Path:
        return NodePaths.of(self.settings).recordings

    # ---- one scenario -----------------------------------------------------------------------------------------

    async def scenario(
        self, hurt: Callable[[ChaosCentre, Traffic], Coroutine[Any, Any, None]], calls: int, seconds: float, *,
        cut: bool = False,
    ) -> Verdict:  # fmt: skip
        """Traffic with `hurt` going on beside it; judged when everybody has gone and everything is written down."""
        await self.make_ready()
        before = {extension: len(phone.log) for extension, phone in self.seats.items()}
        began = datetime.now(UTC)
        traffic = Traffic(self.caller, self.settings.asterisk.access_numbers[0])
        async with asyncio.TaskGroup() as both:
            both.create_task(traffic.several(calls, seconds, self.chance))
            both.create_task(hurt(self, traffic))
        await traffic.over()
        rows = await self._written(began, traffic)
        wires = [
            Wire(
                number=placed.number,
                invited=placed.dialog.heard_at or placed.at,
                accepted=placed.dialog.status == 200,
                gave_up=placed.gave_up,
                seat_answers=tuple(answered_at(self.seats, placed.number)),
                cut=cut,
            )
            for placed in traffic.placed
        ]
        rung_twice = {
            extension: len(busy_twice(phone.log[before[extension] :])) for extension, phone in self.seats.items()
        }
        return judge(wires, rows, rung_twice)

    async def _written(self, began: datetime, traffic: Traffic, *, seconds: float = 120.0) -> list[Written]:
        """The ledger's rows of the scenario, once each accepted call has ended there and answered ones are recorded."""
        deadline = asyncio.get_running_loop().time() + seconds
        numbers = {placed.number for placed in traffic.placed if placed.dialog.status == 200}
        rows: list[Written] = []
        while asyncio.get_running_loop().time() < deadline:
            with suppress(SQLAlchemyError, OSError):  # the database may be coming back
                rows = [row for row in await self._rows(began) if row.caller in {p.number for p in traffic.placed}]
                done = {row.caller for row in rows if row.ended and (row.legs or row.waited is None)}
                if numbers <= done:
                    break
            await asyncio.sleep(0.5)
        return rows

    async def _rows(self, began: datetime) -> list[Written]:
        async with self.database.transaction() as session:
            # an hour and more to each side: the clock itself may have been the fault
            calls = await ledger.calls_between(
                session, began - timedelta(hours=2), began + timedelta(hours=2)
            )  # fmt: skip
            recordings = await store.of_calls(session, [call.uid for call in calls])
            jumps = await jumps_between(session, began, datetime.now(UTC))
        return [
            Written(
                uid=call.uid,
                caller=call.caller,
                outcome=call.outcome,
                ended=call.ended_at is not None,
                waited=elapsed(call.entered_at, call.answered_at, jumps) if call.answered_at else None,
                legs=(recordings[call.uid].caller_seconds, recordings[call.uid].seat_seconds)
                if call.uid in recordings
                else None,
            )
            for call in calls
        ]

    # ---- means ------------------------------------------------------------------------------------------------

    async def make_ready(self) -> None:
        """Every telephone registered and every seat ready, whatever came before."""
        for phone in self.seats.values():
            phone.deaf = False
        self.behave(habits(self.chance))
        deadline = asyncio.get_running_loop().time() + 90
        while True:
            with suppress(SQLAlchemyError, OSError, TimeoutError):
                states = await self._press_ready()
                if all(state == "ready" for state in states.values()):
                    break
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError("the seats did not become ready again within 90 s")
            await asyncio.sleep(1)

    def kill_controllers(self) -> None:
        """All at once, so that the one that leads is among them."""
        for controller in self.controllers:
            controller.signal(signal.SIGKILL)

    async def keep_ready(self) -> None:
        """Press ready for whoever is not, again and again; runs until cancelled."""
        while True:
            with suppress(SQLAlchemyError, OSError, TimeoutError, AcdError):
                await self._press_ready()
            await asyncio.sleep(1)

    async def settled(self, began: datetime, traffic: Traffic) -> None:
        """Until every accepted call has ended in the ledger and every answered one is recorded."""
        await self._written(began, traffic)

    def behave(self, habit: Callable[[], Behaviour], *extensions: str) -> None:
        """From now on these seats (all where none is named) take a call so."""

        for extension in extensions or tuple(self.seats):

            async def take(phone: LightPhone, dialog: Any) -> None:
                await habit()(phone, dialog)

            self.seats[extension].behaviour = take

    async def _press_ready(self) -> dict[str, str]:
        async with self.database.transaction() as session:
            view = await floor.snapshot(session, self.clock.now())
        states = {}
        for seat in view.seats:
            phone = self.seats.get(seat.extension)
            if phone is None:
                continue
            if not seat.reachable:
                await phone.register(60, timeout=5)
                states[seat.extension] = "unreachable"
                continue
            states[seat.extension] = seat.state
            if seat.state not in {"ready", "ringing", "talking"}:
                async with self.database.transaction() as session:
                    if seat.state == "offline":
                        await desk.log_in(session, seat.extension, self.clock.now())
                    await desk.ready(session, seat.extension, self.clock.now())
        return states

    async def waiting_for(self, states: set[str], *, seconds: float = 20) -> None:
        """Until a seat's row says one of `states`."""
        deadline = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < deadline:
            async with self.database.transaction() as session:
                view = await floor.snapshot(session, self.clock.now())
            if any(seat.state in states for seat in view.seats):
                return
            await asyncio.sleep(0.02)

    def postgres(self) -> list[psutil.Process]:
        postmaster = psutil.Process(self.system.pids["postgres"])
        return [postmaster, *postmaster.children(recursive=True)]


@asynccontextmanager
async def opened(
    settings: Settings, *, seed: int, controllers: int = 1, set_clock: bool = False
) -> AsyncIterator[ChaosCentre]:
    """A running centre with five seats whose telephones are registered.

    With `set_clock` every process of it has a clock that `FakeClock` can set; Asterisk is then run from here.
    """
    async with AsyncExitStack() as stack:
        fake = stack.enter_context(FakeClock.installed(settings)) if set_clock else None
        relay = await stack.enter_async_context(Mangler(settings.ami.port))
        parts = ("worker",) if fake else ("asterisk", "worker")
        system = await stack.enter_async_context(running(settings, parts))
        database = Database(system.database_url)
        stack.push_async_callback(database.close)
        accounts = {}
        for extension, level in SEATS.items():
            async with database.transaction() as session:
                accounts[extension] = await desk.add_seat(
                    session, extension, name=extension, level=Level(level), now=SystemClock().now()
                )
        if fake is not None:
            seats_of_node = [SeatAccount(each.extension, SecretStr(each.secret)) for each in accounts.values()]
            await stack.enter_async_context(fake.node(system.settings, seats_of_node))
        folder = settings.instance_dir / "log"
        kept = [
            await stack.enter_async_context(
                KeptController(system.settings, relay.port, folder / f"controller-{number}.log")
            )
            for number in range(controllers)
        ]
        server = (system.settings.asterisk.bind, system.settings.asterisk.sip_port)
        seats = {
            extension: await stack.enter_async_context(
                LightPhone(extension, server, secret=account.secret, speaks=True)
            )
            for extension, account in accounts.items()
        }
        caller = await stack.enter_async_context(LightPhone("caller", server, speaks=True))
        yield ChaosCentre(system, database, relay, kept, caller, seats, random.Random(seed), fake)
