"""Telephones that sound each in its own pitch, buttons as the console presses them, and what a recording holds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from acd import commands, ledger
from acd.commands import CommandKind, CommandState, CommandView
from acd.errors import CommandRefused
from hotline.demo.softphone import Softphone
from tests.acd.floor_rig import Floor, until

RATE = 16_000
HERTZ = {"caller": 440.0, "8001": 620.0, "8002": 830.0, "8101": 1130.0, "public": 1370.0}
"""Who sounds how; no pitch is a harmonic of another."""
PHASE_SECONDS = 1.2


async def ask(stage: Floor, seat: str, kind: CommandKind, **argument: Mapping[str, str] | str) -> int:
    async with stage.database.transaction() as session:
        return await commands.ask(session, seat=seat, kind=kind, argument=argument, by="agent", now=stage.clock.now())


async def press(stage: Floor, seat: str, kind: CommandKind, **argument: Mapping[str, str] | str) -> str | None:
    """What the console does for a button: None once it is done, else the sentence of the refusal."""
    try:
        asked = await ask(stage, seat, kind, **argument)
    except CommandRefused as refused:
        return str(refused)
    found: list[CommandView] = []

    async def settled() -> bool:
        async with stage.database.transaction() as session:
            found[:] = [await commands.outcome(session, asked)]
        return found[0].state is not CommandState.ASKED

    await until(settled, 20, f"{kind} is carried out")
    return found[0].problem


async def call_is(stage: Floor, uid: str, state: str, seconds: float = 30) -> ledger.CallView:
    found: list[ledger.CallView] = []

    async def matches() -> bool:
        async with stage.database.transaction() as session:
            call = await ledger.get_call(session, uid)
        found[:] = [call] if call is not None and call.state == state else []
        return bool(found)

    await until(matches, seconds, f"call {uid} is {state}")
    return found[0]


async def told(stage: Floor, uid: str, wanted: str, seconds: float = 25, *, times: int = 1) -> None:
    """Until the time line has `wanted` (kind, or kind and seat)."""

    async def there() -> bool:
        line = await stage.timeline(uid)
        return sum(entry == wanted or entry.split(" ")[0] == wanted for entry in line) >= times

    await until(there, seconds, f"{wanted} is told")


@dataclass
class Sounds:
    """Files of one pitch each, and who was meant to be heard when."""

    folder: Path
    phases: list[tuple[str, datetime, frozenset[str]]] = field(default_factory=list)

    def file(self, name: str) -> Path:
        path = self.folder / f"{name}.wav"
        if not path.exists():
            beats = np.arange(8_000 * 90) / 8_000
            soundfile.write(path, 0.3 * np.sin(2 * np.pi * HERTZ[name] * beats), 8_000, subtype="PCM_16")
        return path

    async def sound(self, phone: Softphone, name: str) -> None:
        await phone.tell("play", file=str(self.file(name)))

    async def answer(self, phone: Softphone, name: str) -> dict[str, Any]:
        """Take the next ring, and sound; gives what the INVITE told the telephone."""
        ring = await phone.wait_for("incoming", timeout=25)
        await phone.tell("answer")
        await phone.wait_for("confirmed", timeout=15)
        await self.sound(phone, name)
        return dict(ring.facts.get("headers", {}))

    async def phase(self, stage: Floor, what: str, *heard: str) -> None:
        """For a while the caller hears these; what is found in the recording is looked at by `found`."""
        await asyncio.sleep(PHASE_SECONDS / 2)
        self.phases.append((what, stage.clock.now(), frozenset(heard)))
        await asyncio.sleep(PHASE_SECONDS / 2)

    def found(self, leg: NDArray[np.int16], began: datetime) -> dict[str, frozenset[str]]:
        """Whose pitch is in `leg`, which began then, around the middle of each phase."""
        return {what: pitches(leg, (at - began).total_seconds()) for what, at, _ in self.phases}

    @property
    def meant(self) -> dict[str, frozenset[str]]:
        return {what: heard for what, _, heard in self.phases}


def pitches(leg: NDArray[np.int16], at: float, seconds: float = 0.5) -> frozenset[str]:
    """Whose pitch sounds in half a second around `at`, well above what a codec leaves of another."""
    begin = int(max(0.0, at - seconds / 2) * RATE)
    part = leg[begin : begin + int(seconds * RATE)].astype(np.float64)
    if len(part) < RATE * seconds / 2:
        return frozenset()
    power = np.abs(np.fft.rfft(part * np.hanning(len(part)))) / len(part)
    bins = np.fft.rfftfreq(len(part), 1 / RATE)
    return frozenset(
        name for name, hertz in HERTZ.items() if float(power[np.abs(bins - hertz) < 6].max(initial=0.0)) > 200
    )


def legs(stage: Floor, uid: str) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """What the other side says and what it hears, at 16 kHz."""
    folder = stage.node.paths.recordings
    said, heard = (np.fromfile(folder / f"{uid}.{leg}.sln16", "<i2") for leg in ("rx", "tx"))
    return said, heard
