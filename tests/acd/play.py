"""A controller on a played Asterisk and a real PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from acd import desk, ledger
from acd.callbacks import Policy
from acd.controller import Controller
from acd.ports import AmiEvent
from acd.words import Level
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.settings import AcdSettings
from tests.acd.fake_link import FakeLink, Sent
from tests.acd.floor_rig import until


@dataclass
class Play:
    link: FakeLink
    database: Database
    controller: Controller
    clock: SystemClock = field(default_factory=SystemClock)

    def tell(
        self, kind: str, call: str, *, ago: float = 0.0, seat: str = "", epoch: int | str = "", **other: str
    ) -> None:
        """A milestone, as the dialplan tells it."""
        at = self.clock.now() - timedelta(seconds=ago)
        facts = {
            "UserEvent": "Hotline", "Kind": kind, "Call": call, "At": f"{at.timestamp():.3f}", "Service": "complaint",
            "Caller": "13900001111", "Seat": seat, "Epoch": str(epoch), "Detail": "",
        }  # fmt: skip
        self.link.emit("UserEvent", facts | other)

    def queue(self, call: str, *, ago: float = 0.0, **other: str) -> None:
        self.tell("entered", call, ago=ago, **other)
        self.tell("queued", call, ago=ago, **other)

    def rings(self) -> list[tuple[str, str, int]]:
        """(call, seat, epoch) of every Redirect so far."""
        return [_ring(sent) for sent in self.link.actions("Redirect") if sent.headers["Context"] == "acd-ring"]

    async def rung(self, count: int, seconds: float = 5) -> tuple[str, str, int]:
        """The newest Redirect, once there are `count`."""

        async def enough() -> bool:
            return len(self.rings()) >= count

        await until(enough, seconds, f"{count} rings; there are {self.rings()}")
        return self.rings()[count - 1]

    def registered(self, *extensions: str) -> None:
        """What Asterisk answers when it is asked for registered telephones."""
        self.link.lists["DeviceStateList"] = [
            AmiEvent("DeviceStateChange", {"Device": f"PJSIP/{extension}", "State": "NOT_INUSE"})
            for extension in extensions
        ]

    def channels(self, *channels: Mapping[str, str]) -> None:
        """Callers' channels: `Uniqueid` and the HL_ variables of each."""
        self.link.lists["Status"] = [
            AmiEvent(
                "Status",
                {"Uniqueid": channel["Uniqueid"], "CallerIDNum": "13900001111"},
                {"Variable": tuple(f"{name}={value}" for name, value in channel.items() if name.startswith("HL_"))},
            )
            for channel in channels
        ]

    async def ready(self, *extensions: str, level: Level = Level.JUNIOR) -> None:
        async with self.database.transaction() as session:
            for extension in extensions:
                await desk.add_seat(session, extension, name=extension, level=level, now=self.clock.now())
                await desk.ready(session, extension, self.clock.now())

    async def one(self, query: str, **values: Any) -> Any:
        async with self.database.transaction() as session:
            return (await session.execute(text(query), values)).scalar()

    async def becomes(self, query: str, wanted: object, seconds: float = 5) -> None:
        """Until `query` gives `wanted`."""

        async def matches() -> bool:
            return bool(await self.one(query) == wanted)

        await until(matches, seconds, f"{query} -> {wanted}, not {await self.one(query)}")

    async def seat_is(self, extension: str, state: str, seconds: float = 5) -> None:
        await self.becomes(f"SELECT state FROM seats WHERE extension = '{extension}'", state, seconds)

    async def call(self, uid: str) -> ledger.CallView | None:
        async with self.database.transaction() as session:
            return await ledger.get_call(session, uid)


def _ring(sent: Sent) -> tuple[str, str, int]:
    seat, epoch, _ = sent.headers["Exten"].split("*")
    return sent.headers["Channel"], seat, int(epoch)


@contextlib.asynccontextmanager
async def playing(
    database: Database,
    *seats: str,
    up: bool = True,
    url: str | None = None,
    callbacks: Policy | None = None,
    channels: Sequence[Mapping[str, str]] = (),
    there: Sequence[str] = (),
    **acd: Any,
) -> AsyncIterator[Play]:
    """A leading controller with these seats ready and registered.

    `channels` are in Asterisk already, seats of `there` registered.
    """
    link = FakeLink()
    own = Database(url) if url else database
    settings = AcdSettings(**{"wrap_up_seconds": 0.3, "ring_penalty_seconds": 0.5, "heartbeat_seconds": 0.2} | acd)
    play = Play(link, database, Controller(link, own, SystemClock(), settings, callbacks=callbacks))
    play.channels(*channels)
    await play.ready(*seats)
    play.registered(*seats, *there)
    running = asyncio.create_task(play.controller.run())
    try:
        if up:
            link.come_up()
            await asyncio.wait_for(play.controller.acting.wait(), 10)
        yield play
        assert not running.done(), running.exception()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        if own is not database:
            await own.close()
