"""The sealed store on a real folder and a real database: ranges, tampering, keys that are away, rotation in mid-day."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pyrage.x25519 import Identity
from sqlalchemy import delete, select, update

from hotline.clock import ManualClock
from hotline.database import Database
from hotline.settings import Settings
from recordings import master, stored
from recordings.container import SEGMENT
from recordings.daykeys import copy_key
from recordings.errors import KeyUnavailable, ObjectDamaged, StoreConflict
from recordings.objects import keep
from recordings.private import opened_copy, sweep
from recordings.rotation import rotate_day, rotate_master
from recordings.sealed import SealedObjects, open_objects
from recordings.sealing import seal_old
from recordings.stored import ObjectRow
from recordings.vault_models import DayKey, StoredObject
from tests.recordings.rotator import RESEAL, STEPS
from tests.recordings.sounds import NOW

KEY = "2026/11/21/n1-1.1.flac"
CONTENT = b"fLaC" + os.urandom(3 * SEGMENT)


@pytest.fixture
def objects(settings: Settings, database: Database) -> SealedObjects:
    return open_objects(settings, database, ManualClock(NOW))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(CONTENT)
    return path


def anew(settings: Settings, database: Database) -> SealedObjects:
    """The store as another process has it, which remembers no key and no header."""
    return open_objects(settings, database, ManualClock(NOW))


def lies(objects: SealedObjects, key: str = KEY) -> Path:
    path = objects.store.path(key)
    assert path is not None
    return path


async def content(objects: SealedObjects, key: str = KEY, start: int = 0, length: int = len(CONTENT)) -> bytes:
    return b"".join([part async for part in objects.read(key, start, length)])


async def plain_before(objects: SealedObjects, database: Database, key: str = KEY) -> ObjectRow:
    """An object as it was stored before there was any sealing."""
    await objects.store.write(key, CONTENT)
    digest = hashlib.sha256(CONTENT).hexdigest()
    row = ObjectRow(key, stored.call_of(key), len(CONTENT), digest, len(CONTENT), digest, None, None, NOW)
    async with database.transaction() as session:
        await stored.save(session, row)
    return row


async def test_ranges_across_segments_are_those_of_the_plain_file(objects: SealedObjects, source: Path) -> None:
    await objects.put(KEY, source)
    assert CONTENT[100:200] not in lies(objects).read_bytes()
    for start, length in ((0, 1), (SEGMENT - 1, 2), (SEGMENT, SEGMENT), (2 * SEGMENT - 5, SEGMENT + 10), (5, 10**9)):
        assert await content(objects, KEY, start, length) == CONTENT[start : start + length]
    assert await content(objects, KEY, len(CONTENT), 5) == b""


async def test_the_first_start_makes_the_master_key_for_its_owner_only(
    settings: Settings, objects: SealedObjects, source: Path
) -> None:
    await objects.put(KEY, source)
    file = settings.instance_dir / "secrets" / "recordings-master.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not master.too_open(settings)
    assert list(objects.work().iterdir()) == []
    assert stat.S_IMODE(objects.work().stat().st_mode) == 0o700


async def test_a_tampered_object_is_never_sound_whoever_reads_it(
    settings: Settings, database: Database, objects: SealedObjects, source: Path
) -> None:
    await objects.put(KEY, source)
    path = lies(objects)
    whole = path.read_bytes()
    for changed in (
        whole[:-1] + bytes([whole[-1] ^ 1]),
        whole[:40] + bytes([whole[40] ^ 1]) + whole[41:],
        b"x" + whole[1:],
        whole[:-1],
        whole + b"\0",
        CONTENT,  # the plain file itself: what was sealed is not taken for a plain one
        b"",
    ):
        path.write_bytes(changed)
        with pytest.raises(ObjectDamaged):
            await content(anew(settings, database))
        try:  # who has read the true header before needs no other
            assert await content(objects) == CONTENT
        except ObjectDamaged:
            assert changed[-100:] != whole[-100:]
    path.write_bytes(whole)
    assert await content(objects) == CONTENT


async def test_an_object_sealed_by_somebody_who_knows_the_recipient_only_is_refused(
    settings: Settings, database: Database, objects: SealedObjects, source: Path, tmp_path: Path
) -> None:
    await objects.put(KEY, source)
    async with database.transaction() as session:
        true = await stored.get(session, KEY)
    assert true is not None
    lies(objects).unlink()
    other = tmp_path / "other"
    other.write_bytes(b"fLaC" + bytes(3 * SEGMENT))
    await objects.put(KEY, other)
    async with database.transaction() as session:
        await stored.save(session, true)
    with pytest.raises(ObjectDamaged, match="header"):
        await content(anew(settings, database))


async def test_an_object_whose_row_was_lost_with_the_process_is_taken_up_again(
    database: Database, objects: SealedObjects, source: Path
) -> None:
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    await objects.put(KEY, source)
    async with database.transaction() as session:
        true = await stored.get(session, KEY)
        await session.execute(delete(StoredObject))
    assert await keep(objects, source, KEY, KEY + "~x", sha256) == KEY
    async with database.transaction() as session:
        assert await stored.get(session, KEY) == true


async def test_keeping_goes_round_what_somebody_else_put_there(objects: SealedObjects, source: Path) -> None:
    lies(objects).parent.mkdir(parents=True)
    lies(objects).write_bytes(b"something else")
    marked = KEY.replace(".flac", "~abc.flac")
    assert await keep(objects, source, KEY, marked, hashlib.sha256(CONTENT).hexdigest()) == marked
    with pytest.raises(StoreConflict):
        await objects.put(KEY, source)


async def test_without_the_master_key_calls_are_stored_and_nothing_is_opened_and_the_error_says_what_to_do(
    settings: Settings, database: Database, objects: SealedObjects, source: Path
) -> None:
    await objects.put(KEY, source)
    file = master.path(settings)
    away = file.rename(file.with_suffix(".away"))
    other = anew(settings, database)
    later = open_objects(settings, database, ManualClock(NOW.replace(day=23)))
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert await keep(other, source, "2026/11/21/a.flac", "2026/11/21/a~b.flac", sha256) == "2026/11/21/a.flac"
    assert await keep(later, source, "2026/11/23/a.flac", "2026/11/23/a~b.flac", sha256) == "2026/11/23/a.flac"
    with pytest.raises(KeyUnavailable, match="put the master key back from its backup"):
        await content(other)
    assert not file.exists(), "a new one would hide that the old one is lost"
    master.write(settings, (Identity.generate(),), NOW)
    with pytest.raises(KeyUnavailable, match="it is another one"):
        await content(other)
    away.rename(file)
    fresh = anew(settings, database)
    for key in (KEY, "2026/11/21/a.flac", "2026/11/23/a.flac"):
        assert await content(fresh, key) == CONTENT


async def test_a_database_from_before_today_opens_what_was_stored_since(
    settings: Settings, database: Database, objects: SealedObjects, source: Path
) -> None:
    await objects.put(KEY, source)
    async with database.transaction() as session:
        await session.execute(delete(DayKey))
        await session.execute(delete(StoredObject))
    fresh = anew(settings, database)
    assert await content(fresh) == CONTENT
    async with database.transaction() as session:
        assert len((await session.scalars(select(DayKey))).all()) == 1


async def test_a_new_day_and_a_key_turned_by_hand_seal_under_keys_of_their_own(
    settings: Settings, database: Database, source: Path
) -> None:
    clock = ManualClock(NOW)
    objects = open_objects(settings, database, clock)
    await objects.put("a", source)
    await objects.put("b", source)
    turned = await rotate_day(database, clock, open_objects(settings, database, clock).keys, actor="me")
    await objects.put("c", source)
    clock.advance(24 * 3600)
    await objects.put("d", source)
    async with database.transaction() as session:
        used = {row.key: row.day_key for row in await stored.after(session, "", 9)}
    assert used["a"] == used["b"]
    assert used["c"] == turned
    assert len({used["a"], used["c"], used["d"]}) == 3
    assert (used["d"] or "").startswith("2026-11-22.")
    for key in "abcd":
        assert await content(anew(settings, database), key) == CONTENT


async def test_many_writers_at_once_make_one_key_of_the_day(
    settings: Settings, database: Database, source: Path
) -> None:
    stores = [anew(settings, database) for _ in range(4)]
    await asyncio.gather(*(each.put(f"k{number}", source) for number, each in enumerate(stores)))
    async with database.transaction() as session:
        assert len((await session.scalars(select(DayKey))).all()) == 1


async def test_the_old_master_opens_nothing_after_a_rotation_and_who_runs_goes_on(
    settings: Settings, database: Database, objects: SealedObjects, source: Path
) -> None:
    await objects.put(KEY, source)
    old = master.read(settings)
    never_read = anew(settings, database)
    done = await rotate_master(settings, database, ManualClock(NOW), anew(settings, database).keys, actor="me")
    assert (done.day_keys, done.resumed) == (1, False)
    assert master.read(settings).recipient == done.recipient != old.recipient
    assert len(master.read(settings).identities) == 1
    assert stat.S_IMODE(master.path(settings).stat().st_mode) == 0o600
    for reader in (objects, never_read, anew(settings, database)):
        assert await content(reader) == CONTENT
    async with database.transaction() as session:
        row = (await session.scalars(select(DayKey))).one()
    copy = lies(objects, copy_key(row.id)).read_text()
    for wrapped in (row.wrapped, copy):
        assert master.read(settings).unwrap(wrapped, row.id)
        with pytest.raises(KeyUnavailable):
            old.unwrap(wrapped, row.id)


async def test_a_key_of_the_operators_own_is_taken_and_a_malformed_one_changes_nothing(
    settings: Settings, database: Database, objects: SealedObjects, source: Path, tmp_path: Path
) -> None:
    await objects.put(KEY, source)
    before = master.path(settings).read_text()
    bad = tmp_path / "bad.key"
    bad.write_text("AGE-SECRET-KEY-1NONSENSE\n")
    keys, clock = anew(settings, database).keys, ManualClock(NOW)
    with pytest.raises(KeyUnavailable, match="no age identity"):
        await rotate_master(settings, database, clock, keys, actor="me", new_key=bad)
    assert master.path(settings).read_text() == before
    mine, good = Identity.generate(), tmp_path / "good.key"
    good.write_text(f"# created: today\n{mine}\n")
    done = await rotate_master(settings, database, clock, keys, actor="me", new_key=good)
    assert done.recipient == str(mine.to_public())
    again = await rotate_master(settings, database, clock, keys, actor="me", new_key=good)
    assert again.day_keys == 0
    assert await content(anew(settings, database)) == CONTENT


async def test_a_master_key_file_that_cannot_be_written_is_turned_by_the_operator(
    settings: Settings, database: Database, objects: SealedObjects, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await objects.put(KEY, source)
    old, new = master.read(settings).identities[0], Identity.generate()
    master.write(settings, (new, old), NOW)

    def refuse(*_: object) -> None:
        raise PermissionError(30, "Read-only file system")

    monkeypatch.setattr(master, "write", refuse)
    keys, clock = anew(settings, database).keys, ManualClock(NOW)
    with pytest.raises(KeyUnavailable, match="take the others out of it yourself"):
        await rotate_master(settings, database, clock, keys, actor="me")
    monkeypatch.undo()
    master.write(settings, (new,), NOW)
    assert await content(anew(settings, database)) == CONTENT


@pytest.mark.parametrize("step", STEPS)
async def test_a_rotation_killed_at_any_step_is_ended_by_the_next_and_nothing_is_lost_meanwhile(
    step: str, settings: Settings, database: Database, objects: SealedObjects, source: Path
) -> None:
    await objects.put(KEY, source)
    old = master.read(settings)
    process = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.recordings.rotator", step, database.url, str(settings.data)],
        capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    assert process.returncode == -signal.SIGKILL, process.stderr
    assert await content(anew(settings, database)) == CONTENT
    await anew(settings, database).put("between", source)
    done = await rotate_master(settings, database, ManualClock(NOW), anew(settings, database).keys, actor="me")
    assert len(master.read(settings).identities) == 1
    async with database.transaction() as session:
        rows = (await session.scalars(select(DayKey))).all()
    assert {row.master for row in rows} == {done.recipient}
    for row in rows:
        with pytest.raises(KeyUnavailable):
            old.unwrap(row.wrapped, row.id)
        with pytest.raises(KeyUnavailable):
            old.unwrap(lies(objects, copy_key(row.id)).read_text(), row.id)
    assert await content(anew(settings, database), "between") == CONTENT


async def test_writers_and_readers_go_on_while_the_master_is_turned_again_and_again(
    settings: Settings, database: Database, source: Path
) -> None:
    over = asyncio.Event()
    written: list[str] = []

    async def write() -> None:
        while not over.is_set() or not written:
            key = f"w/{len(written)}"
            await anew(settings, database).put(key, source)
            written.append(key)

    async def read() -> int:
        read = 0
        while not over.is_set() or not read:
            for key in written[-2:]:
                assert await content(anew(settings, database), key) == CONTENT
                read += 1
            await asyncio.sleep(0)
        return read

    async def turn() -> None:
        for number in range(4):
            await rotate_master(settings, database, ManualClock(NOW), anew(settings, database).keys, actor="me")
            if number == 1:
                await rotate_day(database, ManualClock(NOW), anew(settings, database).keys, actor="me")
        over.set()

    await anew(settings, database).put("first", source)
    _, reads, _ = await asyncio.gather(write(), read(), turn())
    assert reads
    for key in ("first", *written):
        assert await content(anew(settings, database), key) == CONTENT


async def test_two_rotations_at_once_leave_one_master_key_that_opens_everything(
    settings: Settings, database: Database, objects: SealedObjects, source: Path
) -> None:
    await objects.put(KEY, source)
    await asyncio.gather(
        *(rotate_master(settings, database, ManualClock(NOW), anew(settings, database).keys, actor="me") for _ in "ab")
    )
    assert len(master.read(settings).identities) == 1
    assert await content(anew(settings, database)) == CONTENT


async def test_recordings_from_before_are_read_and_then_sealed_and_a_damaged_one_is_left(
    settings: Settings, database: Database, objects: SealedObjects
) -> None:
    for number in range(3):
        await plain_before(objects, database, f"2026/11/20/n1-{number}.1.flac")
    lies(objects, "2026/11/20/n1-1.1.flac").write_bytes(CONTENT[:-1] + b"?")
    assert await content(objects, "2026/11/20/n1-0.1.flac") == CONTENT
    report = await seal_old(database, objects)
    assert report.sealed == 2
    assert [key for key, _ in report.left_out] == ["2026/11/20/n1-1.1.flac"]
    assert lies(objects, "2026/11/20/n1-1.1.flac").read_bytes().endswith(b"?")
    for number in (0, 2):
        assert await content(anew(settings, database), f"2026/11/20/n1-{number}.1.flac") == CONTENT
        assert CONTENT[50:90] not in lies(objects, f"2026/11/20/n1-{number}.1.flac").read_bytes()
    assert list(objects.work().iterdir()) == []
    assert (await seal_old(database, objects)).sealed == 0


@pytest.mark.parametrize("step", RESEAL)
async def test_a_sealing_killed_at_any_step_is_ended_by_the_next_and_read_meanwhile(
    step: str, settings: Settings, database: Database, objects: SealedObjects
) -> None:
    await objects.keys.current()
    await plain_before(objects, database)
    process = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.recordings.rotator", step, database.url, str(settings.data)],
        capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    assert process.returncode == -signal.SIGKILL, process.stderr
    assert await content(anew(settings, database)) == CONTENT
    for left in objects.work().iterdir():
        os.utime(left, (0, 0))
    sweep(objects.work())
    assert [left.suffix for left in objects.work().iterdir() if left.suffix != ".sealed"] == []
    assert (await seal_old(database, anew(settings, database))).sealed == 1
    assert CONTENT[50:90] not in lies(objects).read_bytes()
    assert await content(anew(settings, database)) == CONTENT
    async with database.transaction() as session:
        row = await stored.get(session, KEY)
    assert row is not None
    assert row.stored_sha256 == hashlib.sha256(lies(objects).read_bytes()).hexdigest()


async def test_plain_copies_are_closed_to_others_gone_afterwards_and_swept_after_a_kill(
    settings: Settings, database: Database, objects: SealedObjects, source: Path
) -> None:
    await objects.put(KEY, source)
    async with opened_copy(objects, KEY, ".flac") as copy:
        assert copy.read_bytes() == CONTENT
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        os.utime(copy, (0, 0))
        assert sweep(objects.work()) == 0, "somebody works on it"
    assert not copy.exists()
    process = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.recordings.rotator", "copy", database.url, str(settings.data)],
        capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    assert process.returncode == -signal.SIGKILL, process.stderr
    (left,) = list(objects.work().iterdir())
    strange = objects.work() / "opened-strange"
    strange.symlink_to(left)
    assert sweep(objects.work()) == 1
    strange.unlink()
    assert list(objects.work().iterdir()) == []


async def test_a_changed_row_is_told_from_a_changed_object(
    settings: Settings, database: Database, objects: SealedObjects, source: Path
) -> None:
    await objects.put(KEY, source)
    async with database.transaction() as session:
        await session.execute(update(StoredObject).values(stored_sha256="0" * 64))
    assert not await anew(settings, database).holds(KEY, hashlib.sha256(CONTENT).hexdigest())
