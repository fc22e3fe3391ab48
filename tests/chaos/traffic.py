"""Callers with their own habits, and the seats that answer them, all of it seen from SIP's side."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.light_sip import Behaviour, Dialog, LightPhone, Seen, answers_after

PATIENCE = 75.0
"""A caller who has neither been served nor sent away after this many seconds hangs up."""
_NUMBERS = itertools.count(1)


@dataclass
class Placed:
    """One INVITE of ours."""

    number: str
    dialog: Dialog
    at: float
    """Wall clock of the INVITE."""
    gave_up: bool = False
    """A patient caller was not served; one who means to leave early is no sign of anything."""


@dataclass
class Traffic:
    """Calls of one scenario."""

    phone: LightPhone
    access: str
    placed: list[Placed] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def one(self, *, patience: float = PATIENCE, from_user: str | None = None) -> Placed:
        """Dial now; the caller stays until the other side hangs up or patience ends."""
        number = from_user or f"139{next(_NUMBERS):08d}"
        dialog = await self.phone.call(self.access, from_user=number)
        placed = Placed(number, dialog, self.phone.log[-1].at)
        self.placed.append(placed)

        async def stay() -> None:
            try:
                async with asyncio.timeout(patience):
                    await dialog.over.wait()
            except TimeoutError:
                placed.gave_up = patience >= PATIENCE
                await self.phone.hang_up(dialog)

        self._tasks.append(asyncio.create_task(stay()))
        return placed

    async def several(self, count: int, seconds: float, chance: random.Random) -> None:
        """`count` calls at random moments of `seconds`."""
        moments = sorted(chance.uniform(0, seconds) for _ in range(count))
        before = 0.0
        for moment in moments:
            await asyncio.sleep(moment - before)
            before = moment
            await self.one()

    async def over(self) -> None:
        """Until every call has ended, by whoever."""
        await asyncio.gather(*self._tasks)


def habits(chance: random.Random) -> Callable[[], Behaviour]:
    """Agents who pick up within a second or so and talk for a few."""
    return lambda: answers_after(chance.uniform(0.1, 1.2), talks=chance.uniform(2.0, 5.0))


def answered_at(seats: dict[str, LightPhone], number: str) -> list[tuple[float, str]]:
    """When and where a seat's telephone said 200 to a call with this caller's number, oldest first."""
    return sorted(
        (seen.at, extension)
        for extension, phone in seats.items()
        for seen in phone.log
        if seen.kind == "200" and seen.number == number
    )


def busy_twice(log: list[Seen]) -> list[tuple[float, str]]:
    """Moments at which a seat was rung while it had a call already: (when, Call-ID).

    A page that was reloaded is rung for its own call, whose old leg may end a moment later.
    """
    open_calls: set[str] = set()
    found = []
    for seen in log:
        match seen.kind:
            case "INVITE":
                if open_calls and "x-hotline-reattach" not in seen.headers:
                    found.append((seen.at, seen.call_id))
                open_calls.add(seen.call_id)
            case "BYE" | "CANCEL" | "486" | "408":
                open_calls.discard(seen.call_id)
    return found
