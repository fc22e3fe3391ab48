"""What somebody with database and store can do to a recording, and how it shows: keys, files, rows, clocks."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pyrage.x25519 import Identity
from sqlalchemy import select, update
from typer.testing import CliRunner

from hotline.accounts import Subject
from hotline.clock import ManualClock
from hotline.commands.recordings import app
from hotline.roles import Role
from recordings import master, noting, scrub, store
from recordings.daykeys import copy_key
from recordings.errors import DayKeyDamaged, KeyUnavailable, NotChecked, ObjectDamaged
from recordings.finalise import Node, attempt
from recordings.models import Recording
from recordings.replay import let_unchecked, open_replay
from recordings.rotation import rotate_master
from recordings.sealed import SealedObjects, open_objects
from recordings.store import RecordingView
from recordings.vault_models import DayKey, StoredObject
from tests.recordings.conftest import AddCall, stored_file
from tests.recordings.sounds import NOW, leave, tone

UIDS = ("n1-1.1", "n1-2.1")


async def finalised(node: Node, add_call: AddCall, uid: str, hertz: float = 440) -> RecordingView:
    await add_call(uid, 1)
    leave(node.spool, uid, tone(1, hertz), tone(1))
    return await attempt(node, uid)


@pytest.fixture
async def kept(node: Node, add_call: AddCall) -> dict[str, RecordingView]:
    """Two calls under the key of one day, another key after them."""
    made = {uid: await finalised(node, add_call, uid, 300 + 100 * at) for at, uid in enumerate(UIDS)}
    await noting.note_new(node.database, node.clock)
    async with node.database.transaction() as session:
        await fresh(node).keys.rotate(session)
    return made


def fresh(node: Node) -> SealedObjects:
    """The store as a process sees it that has opened nothing yet."""
    return open_objects(node.settings, node.database, node.clock)


async def plain(node: Node, recording: RecordingView) -> bytes:
    async with store.local_file(fresh(node), recording) as path:
        return path.read_bytes()


async def keys_of(node: Node) -> list[DayKey]:
    async with node.database.transaction() as session:
        rows = list(await session.scalars(select(DayKey).order_by(DayKey.made_at, DayKey.id)))
        session.expunge_all()
        return rows


async def sealed_under(node: Node, recording: RecordingView) -> str:
    async with node.database.transaction() as session:
        row = await session.get(StoredObject, recording.object_key)
        assert row is not None
        assert row.day_key is not None
        return row.day_key


async def change_key(node: Node, key_id: str, **values: str) -> None:
    async with node.database.transaction() as session:
        await session.execute(update(DayKey).where(DayKey.id == key_id).values(**values))


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


async def test_a_day_key_changed_in_the_database_opens_by_its_copy_and_a_rotation_mends_it(
    node: Node, kept: dict[str, RecordingView]
) -> None:
    whole = await plain(node, kept["n1-1.1"])
    key = await sealed_under(node, kept["n1-1.1"])
    good = next(row for row in await keys_of(node) if row.id == key)
    for wrapped in (good.wrapped[:-60] + "x" * 60, master.wrap(Identity.generate(), good.master)):
        await change_key(node, key, wrapped=wrapped)
        assert await plain(node, kept["n1-1.1"]) == whole
        assert [key in sentence for sentence in await fresh(node).keys.damaged_keys()] == [True]
    await rotate_master(node.settings, node.database, node.clock, fresh(node).keys, actor="t")
    assert await fresh(node).keys.damaged_keys() == []
    assert await plain(node, kept["n1-1.1"]) == whole


async def test_row_and_copy_changed_it_is_that_day_that_is_lost_and_nothing_else(
    node: Node, kept: dict[str, RecordingView], add_call: AddCall
) -> None:
    third = await finalised(node, add_call, "n1-3.1")
    key = await sealed_under(node, kept["n1-1.1"])
    assert await sealed_under(node, third) != key
    copy = stored_file(node, copy_key(key))
    before = copy.read_bytes()
    await change_key(node, key, wrapped="nonsense")
    flip(copy, 100)
    with pytest.raises(DayKeyDamaged, match="backup"):
        await plain(node, kept["n1-1.1"])
    report = await scrub.scrub(node.database, fresh(node), node.clock, bytes_per_second=None)
    assert sorted(str(each.call_uid) for each in report.damaged) == list(UIDS)
    assert report.ended, "one key that is damaged does not keep the others from being read"
    with pytest.raises(DayKeyDamaged):
        await rotate_master(node.settings, node.database, node.clock, fresh(node).keys, actor="t")
    copy.write_bytes(before)
    assert (await scrub.scrub(node.database, fresh(node), node.clock, bytes_per_second=None, anew=True)).damaged == ()


async def test_a_public_half_that_was_put_there_seals_nothing(
    node: Node, kept: dict[str, RecordingView], add_call: AddCall
) -> None:
    """Otherwise calls would be sealed to a stranger, and be lost to us with their legs deleted."""
    thief = Identity.generate()
    for key in await keys_of(node):
        await change_key(node, key.id, recipient=str(thief.to_public()))
    another = Node(node.settings, node.database, node.clock, fresh(node), node.spool, node.work)
    made = await finalised(another, add_call, "n1-3.1")
    assert await plain(node, made)
    assert len(await keys_of(node)) == 3
    assert len(await fresh(node).keys.damaged_keys()) == 2
    assert await plain(node, kept["n1-1.1"]), "what was sealed before opens all the same"
    # without the master key nobody can tell, and calls are stored all the same
    file = master.path(node.settings)
    away = file.read_bytes()
    file.unlink()
    assert await finalised(
        Node(node.settings, node.database, node.clock, fresh(node), node.spool, node.work), add_call, "n1-4.1"
    )
    file.write_bytes(away)


async def test_two_recordings_whose_files_changed_places_are_both_named(
    node: Node, kept: dict[str, RecordingView]
) -> None:
    paths = [stored_file(node, each.object_key) for each in kept.values()]
    contents = [path.read_bytes() for path in paths]
    for path, content in zip(paths, reversed(contents), strict=True):
        path.write_bytes(content)
    for each in kept.values():
        with pytest.raises(ObjectDamaged):
            await plain(node, each)
    report = await scrub.scrub(node.database, fresh(node), node.clock, bytes_per_second=None)
    assert sorted(str(each.call_uid) for each in report.damaged) == list(UIDS)


async def test_an_older_version_of_an_object_is_not_taken_for_the_one_that_was_stored(
    node: Node, kept: dict[str, RecordingView]
) -> None:
    recording = kept["n1-1.1"]
    path = stored_file(node, recording.object_key)
    older, objects = path.read_bytes(), fresh(node)
    async with store.local_file(objects, recording) as plain_file:
        await objects.delete(recording.object_key)
        await objects.put(recording.object_key, plain_file)  # the same sound, sealed anew under another key
    assert path.read_bytes() != older
    path.write_bytes(older)
    for reader in (objects, fresh(node)):
        with pytest.raises(ObjectDamaged):
            async with store.local_file(reader, recording):
                pass


@pytest.mark.parametrize("what", ["cut short", "a byte of the copy of a key", "a byte of a key's row"])
async def test_verify_says_it_and_fails(
    what: str, node: Node, kept: dict[str, RecordingView], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_DATA", str(node.settings.data))
    monkeypatch.setenv("HOTLINE_DATABASE_URL", node.database.url)

    async def verify() -> tuple[int, dict[str, object]]:
        result = await asyncio.to_thread(CliRunner().invoke, app, ["verify", "--json"])
        return result.exit_code, json.loads(result.stdout.splitlines()[-1])

    assert (await verify())[0] == 0
    recording = kept["n1-2.1"]
    key = await sealed_under(node, recording)
    match what:
        case "cut short":
            path = stored_file(node, recording.object_key)
            path.write_bytes(path.read_bytes()[:-1])
        case "a byte of the copy of a key":
            flip(stored_file(node, copy_key(key)), 200)
        case _:
            row = next(each for each in await keys_of(node) if each.id == key)
            await change_key(
                node, key, wrapped=row.wrapped[:100] + ("A" if row.wrapped[100] != "A" else "B") + row.wrapped[101:]
            )
    code, told = await verify()
    assert code == 1
    assert bool(told["damaged"]) is (what == "cut short")
    assert bool(told["keys"]) is (what != "cut short")


async def test_a_clock_that_is_set_back_seals_notes_and_proves_all_the_same(
    node: Node, kept: dict[str, RecordingView], add_call: AddCall
) -> None:
    assert isinstance(node.clock, ManualClock)
    node.clock.advance(-7200)
    made = await finalised(node, add_call, "n1-3.1")
    async with node.database.transaction() as session:
        turned = await fresh(node).keys.rotate(session)
    assert (await fresh(node).keys.current()).id == turned
    assert await noting.note_new(node.database, node.clock) == 1
    async with node.database.transaction() as session:
        assert [each async for each in noting.mismatches(session)] == []
    assert await plain(node, made)


async def test_a_clock_that_is_set_back_makes_no_emergency_longer(node: Node, kept: dict[str, RecordingView]) -> None:
    leader = Subject(uuid4(), "ma", "Ma", Role.SHIFT_LEADER, None)

    async def heard(minutes: float) -> int:
        async with node.database.transaction() as session:
            answer = await open_replay(
                session, node.objects, subject=leader, call_uid="n1-1.1", range_header=None,
                now=NOW + timedelta(minutes=minutes),
            )  # fmt: skip
            return answer.status

    async with node.database.transaction() as session:
        await let_unchecked(session, leader, "n1-1.1", reason="fire", now=NOW)
    assert await heard(29) == 200
    for minutes in (31, -61):
        with pytest.raises(NotChecked):
            await heard(minutes)


async def test_recordings_and_listeners_go_on_while_master_and_day_key_are_turned(
    node: Node, kept: dict[str, RecordingView], add_call: AddCall
) -> None:
    """In mid-day: calls end and are heard while both keys change under them, in processes of their own."""
    stop = asyncio.Event()
    heard = 0

    async def listen() -> None:
        nonlocal heard
        wanted = {uid: await plain(node, recording) for uid, recording in kept.items()}
        while not stop.is_set():
            for uid, recording in kept.items():
                assert await plain(node, recording) == wanted[uid]
                heard += 1

    async def record() -> list[RecordingView]:
        return [await finalised(node, add_call, f"n1-{10 + at}.1", 300 + at) for at in range(6)]

    async def turn() -> None:
        for _ in range(3):
            await rotate_master(node.settings, node.database, node.clock, fresh(node).keys, actor="t")
            async with node.database.transaction() as session:
                await fresh(node).keys.rotate(session)

    listening = asyncio.create_task(listen())
    made, _ = await asyncio.gather(record(), turn())
    stop.set()
    await listening
    assert heard >= 2
    for each in made:
        assert await plain(node, each)
    assert await fresh(node).keys.damaged_keys() == []
    async with node.database.transaction() as session:
        assert len(list(await session.scalars(select(Recording)))) == 8
    report = await scrub.scrub(node.database, fresh(node), node.clock, bytes_per_second=None)
    assert (report.objects, report.damaged) == (8, ())


async def test_without_any_master_key_the_message_is_still_of_the_master_key(
    node: Node, kept: dict[str, RecordingView]
) -> None:
    file = master.path(node.settings)
    file.write_text(f"{Identity.generate()}\n")
    with pytest.raises(KeyUnavailable, match="master key"):
        await plain(node, kept["n1-1.1"])
