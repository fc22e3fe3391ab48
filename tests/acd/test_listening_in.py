"""A supervisor on a real call, judged by what each telephone and each recording really has: a tone for each person."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from acd import desk, monitoring
from acd.commands import CommandKind
from acd.monitoring import Mode, MonitoringView
from acd.words import Level
from hotline import accounts
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.demo.softphone import Softphone, SoftphoneError, open_softphone
from hotline.roles import Role
from hotline.settings import Settings
from recordings import store
from recordings.finalise import Node, attempt
from recordings.sealed import open_objects
from tests.acd.floor_rig import Floor, open_floor, until
from tests.acd.oncall_rig import press

pytestmark = pytest.mark.asterisk

TONES = {"caller": 440, "seat": 1000, "boss": 1700}
PRESENT, ABSENT = 0.05, 0.005
SECONDS = 1.5
"""How much of what a telephone hears is judged."""


def levels(samples: NDArray[np.int16], rate: int) -> dict[str, float]:
    """The usual level of each person's tone, 0…1 of full scale: the median over tenths of a second, whose phase slips
    do not matter."""
    size = rate // 10
    pieces = samples[: len(samples) // size * size].reshape(-1, size).astype(float) / 32768
    window = np.hanning(size)
    return {
        name: float(
            np.median(np.abs(pieces @ (np.exp(-2j * np.pi * hertz * np.arange(size) / rate) * window)) * 4 / size)
        )
        for name, hertz in TONES.items()
    }


def heard_in(samples: NDArray[np.int16], rate: int) -> set[str]:
    found = levels(samples, rate)
    assert not [name for name, level in found.items() if ABSENT <= level <= PRESENT], found
    return {name for name, level in found.items() if level > PRESENT}


@dataclass
class Ear:
    """A telephone that speaks its tone and keeps what it hears."""

    phone: Softphone
    file: Path
    tone: Path

    async def hears(self) -> set[str]:
        """Whose tones the next moments hold."""
        await self._grow(0.3)  # what was on its way
        start = self.file.stat().st_size
        await self._grow(SECONDS)
        raw = self.file.read_bytes()[start:]
        rate = soundfile.info(self.file).samplerate
        return heard_in(np.frombuffer(raw[: len(raw) // 2 * 2], "<i2"), rate)

    async def _grow(self, seconds: float) -> None:
        rate = soundfile.info(self.file).samplerate
        wanted = self.file.stat().st_size + int(seconds * rate * 2)

        async def grown() -> bool:
            return self.file.stat().st_size >= wanted

        await until(grown, 30, f"{self.phone.user} hears {seconds} s")


async def ear(floor: Floor, who: str, user: str) -> Ear:
    tone = floor.scratch / f"{who}.wav"
    seconds = np.arange(16_000 * 120) / 16_000
    soundfile.write(tone, (np.sin(2 * np.pi * TONES[who] * seconds) * 6000).astype("<i2"), 16_000)
    heard = floor.scratch / f"{who}-heard.wav"
    phone = await floor.open.enter_async_context(
        open_softphone(user, floor.domain, secret=floor.secrets.get(user, ""), heard=heard)
    )
    if user in floor.secrets:
        await phone.register()
    return Ear(phone, heard, tone)


async def latest(floor: Floor) -> MonitoringView:
    async with floor.database.transaction() as session:
        found = await monitoring.latest_of(session, "boss")
    assert found is not None
    return found


async def goes_on(floor: Floor, mode: Mode) -> None:
    async def matches() -> bool:
        own = await latest(floor)
        return own.mode is mode and own.ended_at is None

    await until(matches, 30, f"the listening is {mode}")


async def is_over(floor: Floor) -> None:
    async def matches() -> bool:
        return (await latest(floor)).ended_at is not None

    await until(matches, 30, "the listening is over")


async def nobody_s_file_has_what_is_said_in_a_pause(floor: Floor, call: str, listening: str) -> None:
    """The supervisor's recording has the call in its right leg; the agent's pause silences that one, too."""
    folder = floor.node.paths.recordings
    files = [folder / f"{uid}.{leg}.sln16" for uid in (call, listening) for leg in ("rx", "tx")]

    def loud() -> list[bool]:
        return [bool(np.frombuffer(path.read_bytes()[-16_000:], "<i2").any()) for path in files]

    async def silent() -> bool:
        return not any(loud())

    async def all_there() -> bool:
        return all(loud())

    await until(all_there, 20, "everything is recorded")
    assert await press(floor, "8001", CommandKind.PAUSE) is None
    await until(silent, 20, "nothing is recorded")
    assert await press(floor, "8001", CommandKind.UNPAUSE) is None
    await until(all_there, 20, "everything is recorded again")


async def test_listen_is_heard_by_nobody_whisper_by_the_seat_and_barge_by_both(
    tmp_path: Path, database: Database
) -> None:
    """From the page, by key, and by a dialled number with no controller alive; the call notices nothing of any."""
    staff = {"8001": Level.JUNIOR, "8002": Level.JUNIOR, "8801": Level.SUPERVISOR, "8802": Level.SUPERVISOR}
    async with database.transaction() as session:
        for login, role, phone in (("boss", Role.SHIFT_LEADER, "8801"), ("ear", Role.INSPECTOR, "8802")):
            await accounts.create_user(
                session, login=login, name=login, role=role, password="long enough", seat=phone, now=SystemClock().now()
            )
    async with open_floor(tmp_path, database, staff) as floor:
        controller = await floor.controller()
        boss = await ear(floor, "boss", "8801")
        junior, inspector = await floor.seat("8002", ready=False), await floor.seat("8802", ready=False)
        seat = await ear(floor, "seat", "8001")
        async with database.transaction() as session:
            await desk.ready(session, "8001", floor.clock.now())
        await floor.reachable("8001", "8801")
        caller = await ear(floor, "caller", "13900001111")
        await caller.phone.call("10015")
        await seat.phone.wait_for("incoming", timeout=30)
        await seat.phone.tell("answer")
        await floor.seat_is("8001", "talking")
        call = await floor.call_is("talking")
        for each in (caller, seat):
            await each.phone.tell("play", file=str(each.tone))
        noticed = len(seat.phone.past), len(caller.phone.past)

        # from the page
        async with database.transaction() as session:
            first = await monitoring.ask(
                session, seat="8001", mode=Mode.LISTEN, listener="boss", role="shift_leader", phone="8801",
                now=floor.clock.now(),
            )  # fmt: skip
        await boss.phone.wait_for("incoming", timeout=30)
        await boss.phone.tell("answer")
        await boss.phone.wait_for("confirmed", timeout=30)
        await boss.phone.tell("play", file=str(boss.tone))
        await goes_on(floor, Mode.LISTEN)
        assert await asyncio.gather(boss.hears(), seat.hears(), caller.hears()) == [
            {"seat", "caller"}, {"caller"}, {"seat"},
        ]  # fmt: skip
        for mode, at_seat, at_caller in (
            (Mode.WHISPER, {"caller", "boss"}, {"seat"}),
            (Mode.BARGE, {"caller", "boss"}, {"seat", "boss"}),
            (Mode.LISTEN, {"caller"}, {"seat"}),
        ):
            async with database.transaction() as session:
                await monitoring.change(session, first, mode, listener="boss")
            await goes_on(floor, mode)
            heard = await asyncio.gather(boss.hears(), seat.hears(), caller.hears())
            assert heard == [{"seat", "caller"}, at_seat, at_caller], mode
        await nobody_s_file_has_what_is_said_in_a_pause(floor, call.uid, first)
        async with database.transaction() as session:
            await monitoring.change(session, first, None, listener="boss")
        await boss.phone.wait_for("disconnected", timeout=30)
        await is_over(floor)

        # by a dialled number; nobody controls
        for phone, number in ((junior, "*18001"), (inspector, "*28001"), (inspector, "*38001")):
            with pytest.raises(SoftphoneError, match="404"):
                await phone.call(number)
        await inspector.call("*18001")
        await inspector.tell("keys", keys="3")
        await floor.ami.until(lambda block: block.get("Detail", "").startswith("listen 8802"))
        await inspector.tell("hangup")
        last = await floor.ami.until(lambda block: block.get("Kind") == "unspied" and " 8802 " in block["Detail"])
        assert last["Detail"].startswith("listen ")
        controller.kill()
        await controller.gone()
        await boss.phone.call("*28001")
        await boss.phone.tell("play", file=str(boss.tone))
        assert await asyncio.gather(seat.hears(), caller.hears()) == [{"caller", "boss"}, {"seat"}]
        await boss.phone.tell("keys", keys="3")
        assert await asyncio.gather(seat.hears(), caller.hears()) == [{"caller", "boss"}, {"seat", "boss"}]
        assert (len(seat.phone.past), len(caller.phone.past)) == noticed
        await caller.phone.tell("hangup")
        await boss.phone.wait_for("disconnected", timeout=30)

        # what is left of it
        await floor.controller()
        await is_over(floor)
        await floor.call_is("ended")
        second = await latest(floor)
        assert [span.mode for span in second.spans] == [Mode.WHISPER, Mode.BARGE]
        assert second.id != first
        assert {second.call_uid} == {call.uid}
        settings = Settings(data=tmp_path / "data")
        objects = open_objects(settings, database)
        files = Node(settings, database, SystemClock(), objects, floor.node.paths.recordings, tmp_path)
        for uid, left, right in (
            (call.uid, {"caller"}, {"seat"}),
            (second.id, {"boss"}, {"caller", "seat"}),
        ):
            await attempt(files, uid)
            async with database.transaction() as session:
                kept = await store.get(session, uid)
            assert kept is not None
            async with store.local_file(files.objects, kept) as path:
                samples, rate = soundfile.read(path, dtype="int16")
            middle = samples[len(samples) // 2 :]
            assert (heard_in(middle[:, 0], rate), heard_in(middle[:, 1], rate)) == (left, right)
        waiting = await floor.one("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'transcribe.call'")
        assert waiting == 2, "the supervisor's file is looked through for card numbers, too"
