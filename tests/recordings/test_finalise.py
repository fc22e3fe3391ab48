"""Legs become one stored recording, whoever is killed when, and nothing that was heard is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sqlalchemy import func, select

from acd import ledger
from acd.models import CallEvent
from hotline.database import Database
from recordings import problems, reconcile, store
from recordings.errors import DiskFull, HostileName, LegsHeld, LegsMissing, ObjectDamaged, StoreUnavailable
from recordings.finalise import Node, attempt, finalise
from recordings.models import Recording
from recordings.objects import Objects, ObstoreObjects, Stored, digest, object_key
from recordings.store import RecordingView
from tests.recordings.conftest import AddCall
from tests.recordings.killed import STEPS
from tests.recordings.sounds import NOW, leave, quiet, tone

UID = "n1-1763700000.7"
Deferred = Callable[[], Awaitable[list[str]]]


async def row_of(database: Database, uid: str = UID) -> RecordingView | None:
    async with database.transaction() as session:
        return await store.get(session, uid)


async def open_problems(database: Database) -> list[tuple[str, str]]:
    async with database.transaction() as session:
        return [(each.call_uid, each.problem.value) for each in await problems.list_open(session)]


async def pause(node: Node, begun: datetime, *seconds: float) -> None:
    """Write into the call's events that it was paused and unpaused in turns, so many seconds after it had begun."""
    async with node.database.transaction() as session:
        for number, second in enumerate(seconds):
            kind = "unpaused" if number % 2 else "paused"
            at = begun + timedelta(seconds=second)
            session.add(CallEvent(call_uid=UID, kind=kind, at=at, seat="8001", detail={}))


async def test_what_was_paused_is_silent_in_the_file_and_silence_on_purpose_is_no_problem(
    node: Node, add_call: AddCall
) -> None:
    await add_call(UID, 12, answered=0)
    await pause(node, NOW - timedelta(seconds=312), 1, 11)
    leave(node.spool, UID, quiet(1) + tone(10) + quiet(1), quiet(1) + tone(10) + quiet(1))
    made = await attempt(node, UID)
    samples = await samples_of(node, made)
    assert not samples.any()
    assert await open_problems(node.database) == []
    assert (await reconcile.run(node)).sound


async def test_a_pause_whose_end_went_untold_is_no_longer_than_a_pause_may_be(node: Node, add_call: AddCall) -> None:
    node.settings.acd.recording_pause_seconds = 5
    await add_call(UID, 12, answered=0)
    await pause(node, NOW - timedelta(seconds=312), 1)
    leave(node.spool, UID, tone(12), tone(12))
    samples = await samples_of(node, await attempt(node, UID))
    assert not samples[16_000 : 8 * 16_000].any()
    assert samples[8 * 16_000 :].any()


async def samples_of(node: Node, recording: RecordingView) -> np.ndarray:
    async with store.local_file(node.objects, recording) as path:
        return np.asarray(soundfile.read(path, dtype="int16")[0])


async def test_the_legs_of_an_ended_call_become_one_stored_recording(
    node: Node, add_call: AddCall, deferred: Deferred
) -> None:
    await add_call(UID, 12, answered=8)
    caller, seat = tone(12), tone(8, 300) + quiet(4)
    paths = leave(node.spool, UID, caller, seat)
    made = await attempt(node, UID)
    assert made == await row_of(node.database)
    assert (made.seconds, made.recovered, made.seat_rms) == (12.0, False, 0.0)
    assert made.object_key.endswith(f"/{UID}.flac")
    assert await digest(node.objects, made.object_key) == (made.sha256, made.bytes)
    samples = await samples_of(node, made)
    assert samples[:, 0].tobytes() == caller
    assert samples[:, 1].tobytes() == seat
    assert not any(path.exists() for path in paths)
    assert list(node.work.iterdir()) == []
    assert await deferred() == [UID]
    assert await open_problems(node.database) == [(UID, "seat_silent")]


async def test_finalising_again_changes_nothing_and_transcribes_once(
    node: Node, add_call: AddCall, deferred: Deferred
) -> None:
    await add_call(UID, 3)
    leave(node.spool, UID, tone(3), tone(3))
    first = await attempt(node, UID)
    assert await attempt(node, UID) == first
    assert await deferred() == [UID]


@pytest.mark.parametrize("step", STEPS)
async def test_a_finaliser_killed_at_any_step_loses_nothing_and_the_next_one_ends_it(
    step: str, node: Node, database_url: str, add_call: AddCall, deferred: Deferred
) -> None:
    await add_call(UID, 3)
    caller, seat = tone(3), tone(3, 900)
    paths = leave(node.spool, UID, caller, seat)
    arguments = (step, database_url, str(node.settings.data), str(node.spool), str(node.work), UID)
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.recordings.killed", *arguments)
    assert await asyncio.wait_for(child.wait(), 60) == -signal.SIGKILL
    kept = await row_of(node.database)
    assert kept is not None or all(path.exists() for path in paths)

    made = await attempt(node, UID)
    samples = await samples_of(node, made)
    assert (samples[:, 0].tobytes(), samples[:, 1].tobytes()) == (caller, seat)
    assert [found.key async for found in node.objects.listing()] == [made.object_key]
    assert list(node.spool.iterdir()) == []
    assert list(node.work.iterdir()) == []
    assert await deferred() == [UID]
    async with node.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Recording)) == 1


async def test_two_finalisers_at_once_make_one_recording(node: Node, add_call: AddCall, deferred: Deferred) -> None:
    await add_call(UID, 5)
    leave(node.spool, UID, tone(5), tone(5))
    done = await asyncio.gather(*(finalise(node, UID) for _ in range(4)), return_exceptions=True)
    assert any(isinstance(result, RecordingView) for result in done)
    assert all(isinstance(result, RecordingView | LegsHeld) for result in done)
    assert await deferred() == [UID]
    assert len([found async for found in node.objects.listing()]) == 1


async def test_legs_that_are_still_written_are_left_alone(node: Node, add_call: AddCall) -> None:
    await add_call(UID, 5, ago=1)
    path, _ = leave(node.spool, UID, tone(5), tone(5))
    script = "import sys; f = open(sys.argv[1], 'ab'); print(flush=True); sys.stdin.read()"
    writer = subprocess.Popen([sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(LegsHeld):
            await attempt(node, UID)
    finally:
        writer.kill()
        writer.communicate()
    assert await open_problems(node.database) == []
    assert (await attempt(node, UID)).seconds == 5.0


async def test_a_call_without_legs_is_named_and_one_leg_is_kept(node: Node, add_call: AddCall) -> None:
    await add_call("n1-1.1", 30, answered=5)
    with pytest.raises(LegsMissing):
        await attempt(node, "n1-1.1")
    await add_call("n1-2.1", 10)
    leave(node.spool, "n1-2.1", tone(10), None)
    assert (await attempt(node, "n1-2.1")).seconds == 10.0
    await add_call("n1-3.1", 10)
    leave(node.spool, "n1-3.1", b"", b"")
    with pytest.raises(LegsMissing):
        await attempt(node, "n1-3.1")
    assert list(node.spool.iterdir()) == []
    assert await open_problems(node.database) == [
        ("n1-1.1", "missing"), ("n1-2.1", "legs_differ"), ("n1-3.1", "missing"),
    ]  # fmt: skip


async def test_a_name_that_is_no_call_reaches_no_file(node: Node) -> None:
    with pytest.raises(HostileName):
        await attempt(node, "../../etc/passwd")


async def test_a_full_disk_keeps_the_legs_says_so_and_is_mended_later(
    node: Node, small_disk: Path, add_call: AddCall, deferred: Deferred
) -> None:
    await add_call(UID, 60)
    noise = np.random.default_rng(1).integers(-9000, 9000, 16_000 * 60, dtype=np.int16).tobytes()
    paths = leave(node.spool, UID, noise, noise)
    for full in (replace(node, work=small_disk), replace(node, objects=_store_in(small_disk))):
        with pytest.raises(DiskFull):
            await attempt(full, UID)
        assert all(path.read_bytes() == noise for path in paths)
        assert await row_of(node.database) is None
        async with node.database.transaction() as session:
            (problem,) = await problems.list_open(session)
        assert "free some space" in problem.detail
    assert list(node.work.iterdir()) == []
    await attempt(node, UID)
    assert await open_problems(node.database) == []
    assert await deferred() == [UID]


async def test_a_store_that_fails_keeps_the_legs(node: Node, add_call: AddCall, tmp_path: Path) -> None:
    await add_call(UID, 3)
    paths = leave(node.spool, UID, tone(3), tone(3))
    with pytest.raises(StoreUnavailable):
        await attempt(replace(node, objects=_Refusing(node.objects)), UID)
    assert all(path.exists() for path in paths)


async def test_a_copy_that_does_not_read_back_keeps_the_legs_and_the_next_try_mends_it(
    node: Node, add_call: AddCall
) -> None:
    await add_call(UID, 3)
    paths = leave(node.spool, UID, tone(3), tone(3))
    with pytest.raises(ObjectDamaged):
        await attempt(replace(node, objects=_Damaging(node.objects)), UID)
    assert all(path.exists() for path in paths)
    made = await attempt(node, UID)
    assert (await digest(node.objects, made.object_key))[0] == made.sha256


async def test_what_lies_under_a_key_is_never_overwritten(node: Node, add_call: AddCall, tmp_path: Path) -> None:
    await add_call(UID, 3)
    async with node.database.transaction() as session:
        call = await ledger.get_call(session, UID)
    assert call is not None
    key = object_key(UID, call.entered_at, node.settings)
    other = tmp_path / "other"
    other.write_bytes(b"somebody else's")
    await node.objects.put(key, other)
    leave(node.spool, UID, tone(3), tone(3))
    made = await attempt(node, UID)
    assert made.object_key != key
    assert b"".join([chunk async for chunk in node.objects.read(key, 0, 100)]) == b"somebody else's"
    assert (await samples_of(node, made)).shape == (48_000, 2)


async def test_legs_longer_than_their_recording_are_never_deleted(node: Node, add_call: AddCall) -> None:
    await add_call(UID, 3)
    leave(node.spool, UID, tone(3), tone(3))
    await attempt(node, UID)
    paths = leave(node.spool, UID, tone(9), tone(9))
    with pytest.raises(Exception, match="listen to both"):
        await attempt(node, UID)
    assert all(path.exists() for path in paths)


async def test_a_call_that_only_its_legs_tell_of_is_adopted(node: Node, deferred: Deferred) -> None:
    paths = leave(node.spool, UID, tone(4), tone(4))
    for path in paths:
        os.utime(path, (NOW.timestamp() - 300, NOW.timestamp() - 300))
    made = await attempt(node, UID)
    assert made.recovered
    async with node.database.transaction() as session:
        call = await ledger.get_call(session, UID)
    assert call is not None
    assert call.ended_at is not None
    assert made.started_at == call.entered_at
    assert await deferred() == [UID]


def _store_in(folder: Path) -> ObstoreObjects:
    from obstore.store import LocalStore

    return ObstoreObjects(LocalStore(prefix=folder), folder)


class _Refusing:
    """A store that is down."""

    def __init__(self, inner: Objects) -> None:
        self._inner = inner

    async def size(self, key: str) -> int | None:
        return await self._inner.size(key)

    async def put(self, key: str, source: Path) -> None:
        raise StoreUnavailable("the store is down")

    def read(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        return self._inner.read(key, start, length)

    def listing(self, folder: str = "") -> AsyncIterator[Stored]:
        return self._inner.listing(folder)

    def forget_halves(self, before: datetime) -> int:
        return self._inner.forget_halves(before)

    def work(self) -> Path:
        return self._inner.work()

    async def holds(self, key: str, sha256: str) -> bool:
        return await self._inner.holds(key, sha256)

    async def delete(self, key: str) -> None:
        await self._inner.delete(key)


class _Damaging(_Refusing):
    """A store that loses the end of what it is given."""

    async def put(self, key: str, source: Path) -> None:
        cut = source.with_suffix(".cut")
        cut.write_bytes(source.read_bytes()[:-10])
        await self._inner.put(key, cut)
        cut.unlink()
