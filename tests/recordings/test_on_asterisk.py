"""Calls on a real Asterisk: legs are held while it writes, whole when it ends, kept when it is killed or starved."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import soundfile

from acd.models import Call
from hotline import audit
from hotline.clock import SystemClock
from hotline.demo.softphone import Softphone, open_softphone
from hotline.settings import RecordingSettings
from recordings import noting, reconcile, store
from recordings.disk import stalled
from recordings.errors import LegsHeld
from recordings.finalise import Node, attempt
from recordings.legs import find, holders, scan
from recordings.rotation import rotate_day, rotate_master
from recordings.sealed import SealedObjects, open_objects
from tests.ivr.rig import ACCESS, Stage, open_stage
from tests.recordings.sounds import tone

pytestmark = pytest.mark.asterisk


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A node with a controller's heartbeat."""
    async with open_stage(tmp_path, seats=["8001"]) as stage:
        yield stage


@pytest.fixture
def on_stage(node: Node, stage: Stage) -> Node:
    """The finaliser of the stage's own node, on real time."""
    return replace(node, clock=SystemClock(), spool=stage.node.paths.recordings)


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    """Half a minute of a tone, for a softphone to say."""
    raw, path = tmp_path / "tone.raw", tmp_path / "tone.wav"
    raw.write_bytes(tone(30, 440, 0.5))
    samples, rate = soundfile.read(raw, samplerate=16_000, channels=1, format="RAW", subtype="PCM_16", dtype="int16")
    soundfile.write(path, samples, rate)
    return path


async def answered_call(stage: Stage, caller: Softphone, seat: Softphone, speech: Path) -> str:
    """A caller and a seat talking; returns the call's uid."""
    await caller.call(ACCESS)
    uid = (await stage.ami.told("queued"))["Call"]
    await stage.ring(uid, "8001", 1)
    await seat.wait_for("incoming", timeout=10)
    await seat.tell("answer")
    await stage.ami.told("answered")
    await caller.tell("play", file=str(speech))
    await seat.tell("play", file=str(speech))
    return uid


async def known(node: Node, stage: Stage, uid: str, *, ended: bool) -> Call:
    """Write into the ledger what the dialplan told of the call, as the controller does."""
    moments = {}
    for kind in ("entered", "answered", *(["ended"] if ended else [])):
        moments[kind] = datetime.fromtimestamp(float((await stage.ami.told(kind, call=uid))["At"]), UTC)
    call = Call(
        uid=uid, caller="13900000003", state="ended" if ended else "talking", outcome="answered" if ended else None,
        entered_at=moments["entered"], answered_at=moments["answered"], ended_at=moments.get("ended"), seat="8001",
    )  # fmt: skip
    async with node.database.transaction() as session:
        session.add(call)
    return call


async def test_an_answered_call_is_held_while_it_goes_on_and_whole_when_it_ends(
    on_stage: Node, stage: Stage, speech: Path
) -> None:
    async with stage.seat("8001") as seat, open_softphone("13900000003", stage.domain) as caller:
        uid = await answered_call(stage, caller, seat, speech)
        await asyncio.sleep(2)
        legs = find(on_stage.spool, uid)
        assert legs is not None
        assert holders().holds(legs), "Asterisk in its chroot is not seen to hold its files"
        with pytest.raises(LegsHeld):
            await attempt(on_stage, uid)
        await asyncio.sleep(2)
        await caller.tell("hangup")
        await stage.ami.told("ended")
    call = await known(on_stage, stage, uid, ended=True)
    made = await finalised(on_stage, uid)
    assert call.ended_at is not None
    assert made.seconds == pytest.approx((call.ended_at - call.entered_at).total_seconds(), abs=0.5)
    assert made.caller_seconds == pytest.approx(made.seat_seconds, abs=0.1)
    assert made.caller_rms > 0.05
    assert made.seat_rms > 0.05
    assert (await reconcile.run(on_stage)).sound
    assert list(on_stage.spool.iterdir()) == []


async def test_keys_turned_in_mid_call_leave_a_recording_that_opens_and_that_the_audit_carries(
    on_stage: Node, stage: Stage, speech: Path
) -> None:
    objects = on_stage.objects
    assert isinstance(objects, SealedObjects)
    async with stage.seat("8001") as seat, open_softphone("13900000003", stage.domain) as caller:
        uid = await answered_call(stage, caller, seat, speech)
        await objects.keys.current()
        for _ in range(2):
            await asyncio.sleep(1)
            await rotate_master(on_stage.settings, on_stage.database, on_stage.clock, objects.keys, actor="t")
            await rotate_day(on_stage.database, on_stage.clock, objects.keys, actor="t")
        await caller.tell("hangup")
        await stage.ami.told("ended")
    await known(on_stage, stage, uid, ended=True)
    made = await finalised(on_stage, uid)
    await rotate_master(on_stage.settings, on_stage.database, on_stage.clock, objects.keys, actor="t")
    fresh = open_objects(on_stage.settings, on_stage.database, on_stage.clock)
    async with store.local_file(fresh, made) as path:
        assert soundfile.info(path).duration == pytest.approx(made.seconds, abs=0.01)
    assert await fresh.keys.damaged_keys() == []
    assert await noting.note_new(on_stage.database, on_stage.clock) == 1
    async with on_stage.database.transaction() as session:
        assert [each async for each in noting.mismatches(session)] == []
        assert (await audit.verify(session)).sound


async def test_the_legs_of_an_asterisk_killed_in_mid_call_are_recovered_to_within_two_seconds(
    on_stage: Node, stage: Stage, speech: Path
) -> None:
    async with stage.seat("8001") as seat, open_softphone("13900000003", stage.domain) as caller:
        uid = await answered_call(stage, caller, seat, speech)
        await asyncio.sleep(5)
        stage.node.kill()
        killed_at = time.time()
        call = await known(on_stage, stage, uid, ended=False)
    impatient = on_stage.settings.model_copy(update={"recordings": RecordingSettings(settle_seconds=3)})
    node = replace(on_stage, settings=impatient)
    await asyncio.sleep(3)
    report = await reconcile.run(node)
    assert report.recovered == (uid,)
    async with node.database.transaction() as session:
        made = await store.get(session, uid)
    assert made is not None
    assert made.recovered
    assert made.caller_rms > 0.05
    assert killed_at - call.entered_at.timestamp() - made.seconds < 2.0
    assert abs(made.caller_seconds - made.seat_seconds) < 2.0


async def test_a_disk_that_fills_in_mid_call_loses_only_what_came_after_and_is_told(
    on_stage: Node, stage: Stage, speech: Path
) -> None:
    with _small_spool(on_stage.spool):
        async with stage.seat("8001") as seat, open_softphone("13900000003", stage.domain) as caller:
            uid = await answered_call(stage, caller, seat, speech)
            await asyncio.sleep(8)
            before = scan(on_stage.spool)
            await asyncio.sleep(2)
            assert stalled(before, scan(on_stage.spool), holders()) == (uid,)
            await caller.tell("hangup")
            await stage.ami.told("ended")
        call = await known(on_stage, stage, uid, ended=True)
        made = await finalised(on_stage, uid)
        assert call.ended_at is not None
        length = (call.ended_at - call.entered_at).total_seconds()
        assert 3 < made.seconds < length - 2
        report = await reconcile.run(on_stage)
        assert (uid, "short") in [(each.call_uid, each.problem.value) for each in report.problems]


async def finalised(node: Node, uid: str) -> store.RecordingView:
    """The recording, once Asterisk has let go of the legs."""
    for _ in range(40):
        try:
            return await attempt(node, uid)
        except LegsHeld:
            await asyncio.sleep(0.25)
    raise AssertionError("Asterisk still holds the legs ten seconds after the call")


@contextmanager
def _small_spool(folder: Path) -> Iterator[None]:
    """A real disk of 384 kB where Asterisk writes its legs: about six seconds of a call."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=384k,mode=0777", "tmpfs", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        pytest.skip(f"cannot mount a tmpfs here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
