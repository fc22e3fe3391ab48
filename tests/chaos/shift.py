"""A shift compressed into minutes: callers with little patience, agents who hold, hand on, reload and ignore; then the
system's figures beside what the telephones themselves saw. `make shift` prints both and ends with 1 where they differ.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from acd import commands, ledger
from acd.commands import CommandKind
from acd.errors import CommandRefused
from acd.promise_day import End, figures_of, read_waits
from acd.talks import Talk
from tests.chaos.__main__ import settings_of
from tests.chaos.centre import SEATS, ChaosCentre, opened
from tests.chaos.traffic import Traffic, answered_at, busy_twice
from tests.light_sip import Dialog, LightPhone

PROMISE = 15.0
TOLERANCE = 1.0
"""Seconds by which one wait, or one seat's talk per call, may differ on the two sides."""


@dataclass
class Agents:
    """What the people at the seats did, by their own dice."""

    centre: ChaosCentre
    chance: random.Random
    did: Counter[str] = field(default_factory=Counter)
    handed: set[str] = field(default_factory=set)
    """Callers who were handed on once: nobody is passed round for ever."""

    async def take(self, phone: LightPhone, dialog: Dialog) -> None:
        again = dialog.invite is not None and "x-hotline-reattach" in dialog.invite.headers
        phone.ring(dialog)
        if not again and self.chance.random() < 0.05:
            self.did["let it ring"] += 1
            return
        if await _ended(dialog, 0.05 if again else self.chance.uniform(0.2, 2.5)):
            return
        await phone.answer(dialog)
        if dialog.state != "up":
            return
        if not await self._talk(phone, dialog):
            await phone.hang_up(dialog)

    async def _talk(self, phone: LightPhone, dialog: Dialog) -> bool:
        """Talk for a while; whether the call was over, or went elsewhere, before the agent hung up."""
        if await _ended(dialog, self.chance.uniform(1.5, 4.0)):
            return True
        dice = self.chance.random()
        if dice < 0.2:
            self.did["held"] += 1
            await phone.hold(dialog, on=True)
            if await _ended(dialog, self.chance.uniform(0.5, 2.0)):
                return True
            await phone.hold(dialog, on=False)
        elif dice < 0.35 and dialog.number not in self.handed:
            self.handed.add(dialog.number)
            to = self.chance.choice([{"service": "complaint"}, {"level": "senior"}, {"level": "junior"}])
            if await self._ask(phone, CommandKind.TRANSFER, {"to": to}):
                self.did["handed on"] += 1
                return await _ended(dialog, 10)
        elif dice < 0.42 and await self._ask(phone, CommandKind.REATTACH, {}):
            self.did["page reloaded"] += 1
            return await _ended(dialog, 10)
        return await _ended(dialog, self.chance.uniform(0.5, 3.0))

    async def _ask(self, phone: LightPhone, kind: CommandKind, argument: dict[str, object]) -> bool:
        with suppress(CommandRefused):
            async with self.centre.database.transaction() as session:
                await commands.ask(
                    session, seat=phone.user, kind=kind, argument=argument, by="shift", now=datetime.now(UTC)
                )
            return True
        return False


async def _ended(dialog: Dialog, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await dialog.over.wait()
            return True
    return False


@dataclass(frozen=True, slots=True)
class Line:
    """One figure from both sides."""

    name: str
    wire: float
    system: float
    tolerance: float = 0.0

    @property
    def same(self) -> bool:
        return abs(self.wire - self.system) <= self.tolerance


def talks_on_the_wire(phones: dict[str, LightPhone]) -> dict[str, list[float]]:
    """Per seat the seconds from each 200 to the BYE, from either side."""
    found: dict[str, list[float]] = {}
    for extension, phone in phones.items():
        began: dict[str, float] = {}
        for seen in phone.log:
            if seen.kind == "200":
                began[seen.call_id] = seen.at
            elif seen.kind == "BYE" and seen.call_id in began:
                found.setdefault(extension, []).append(seen.at - began.pop(seen.call_id))
    return found


async def compare(centre: ChaosCentre, traffic: Traffic, began: datetime) -> list[Line]:
    """The figures of the shift, counted twice."""
    async with centre.database.transaction() as session:
        now = datetime.now(UTC)
        waits = await read_waits(session, began, now, limit=PROMISE, now=now)
        calls = await ledger.calls_between(session, began, now)
        talks: dict[str, list[Talk]] = {}
        for call in calls:
            for talk in await ledger.talks(session, call.uid):
                talks.setdefault(talk.seat, []).append(talk)
    figures = figures_of(waits, PROMISE)
    accepted = [placed for placed in traffic.placed if placed.dialog.status == 200]
    answers = {placed.number: answered_at(centre.seats, placed.number) for placed in accepted}
    seconds = {
        placed.number: answers[placed.number][0][0] - placed.dialog.heard_at
        for placed in accepted
        if answers[placed.number]
    }
    said = {call.caller: call for call in calls}
    by_uid = {call.uid: call.caller for call in calls}
    system_seconds = {by_uid[wait.uid]: wait.seconds for wait in waits if wait.end is End.ANSWERED}
    worst = max((abs(seconds[number] - system_seconds.get(number, -999.0)) for number in seconds), default=0.0)
    lines = [
        Line("callers accepted", len(accepted), len(calls)),
        Line("answered", len(seconds), figures.all.answered),
        Line("answered within 15 s of entry", sum(1 for each in seconds.values() if each <= PROMISE), figures.all.kept,
             sum(1 for each in seconds.values() if abs(each - PROMISE) < 0.2)),
        Line("not answered", len(accepted) - len(seconds), sum(1 for call in said.values() if call.outcome in
             {"abandoned", "voicemail", "callback"})),
        Line("mean seconds to the answer", _mean(seconds.values()), _mean(system_seconds.values()), 0.2),
        Line("largest difference of one wait (s)", 0.0, worst, TOLERANCE),
        Line("rung while on a call", 0, sum(len(busy_twice(phone.log)) for phone in centre.seats.values())),
    ]  # fmt: skip
    for extension, mine in sorted(talks_on_the_wire(centre.seats).items()):
        theirs = [
            (talk.ended_at - talk.started_at).total_seconds()
            for talk in talks.get(extension, [])
            if talk.ended_at is not None
        ]
        lines.append(Line(f"seat {extension}: talks", len(mine), len(theirs)))
        lines.append(Line(f"seat {extension}: seconds talked", sum(mine), sum(theirs), TOLERANCE * max(1, len(mine))))
    return lines


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return sum(numbers) / len(numbers) if numbers else 0.0


async def work(centre: ChaosCentre, calls: int, seconds: float) -> list[Line]:
    chance = centre.chance
    agents = Agents(centre, chance)
    await centre.make_ready()
    began = datetime.now(UTC) - timedelta(seconds=1)
    for phone in centre.seats.values():
        phone.log.clear()
        phone.behaviour = agents.take
    traffic = Traffic(centre.caller, centre.settings.asterisk.access_numbers[0])
    moments = sorted(chance.uniform(0, seconds) for _ in range(calls))
    watching = asyncio.create_task(centre.keep_ready())
    before = 0.0
    for number, moment in enumerate(moments, 1):
        await asyncio.sleep(moment - before)
        before = moment
        await traffic.one(patience=chance.choice([chance.uniform(1, 12), chance.uniform(15, 60), 60.0]))
        if number % 20 == 0:
            print(f"{number} of {calls} callers have dialled", flush=True)
    await traffic.over()
    watching.cancel()
    await centre.settled(began, traffic)
    print("agents: " + ", ".join(f"{count} × {what}" for what, count in agents.did.most_common()))
    return await compare(centre, traffic, began)


async def run(calls: int, seconds: float, seed: int) -> list[Line]:
    with tempfile.TemporaryDirectory(prefix="hotline-shift-") as name, settings_of(Path(name)) as settings:
        async with opened(settings, seed=seed) as centre:
            return await work(centre, calls, seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=160)
    parser.add_argument("--seconds", type=float, default=240.0, help="over which the callers dial")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    print(f"{arguments.calls} callers within {arguments.seconds:g} s, {len(SEATS)} seats, seed {arguments.seed}")
    lines = asyncio.run(run(arguments.calls, arguments.seconds, arguments.seed))
    print(f"{'figure':<40}{'telephones':>14}{'system':>14}")
    for line in lines:
        print(f"{line.name:<40}{line.wire:>14.2f}{line.system:>14.2f}  {'same' if line.same else 'DIFFERENT'}")
    return 0 if all(line.same for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
