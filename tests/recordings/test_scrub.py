"""The scrubber: what is not as it was stored is named, the place is kept, and it reads no faster than it may."""

from __future__ import annotations

import asyncio
import os
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from recordings import figures, problems, scrub, stored
from recordings.container import SEGMENT
from recordings.errors import KeyUnavailable
from recordings.finalise import Node, attempt
from recordings.findings import Problem
from recordings.master import path as master_path
from recordings.models import Recording
from recordings.scrub import Pace, ScrubBusy, ScrubReport
from recordings.sealed import SealedObjects, open_objects
from recordings.vault_models import StoredObject
from tests.recordings.conftest import AddCall, stored_file
from tests.recordings.sounds import NOW, leave, tone

UIDS = ("n1-1.1", "n1-2.1", "n1-3.1", "n1-4.1")


@pytest.fixture
async def keys(node: Node, add_call: AddCall) -> dict[str, str]:
    """Four finalised calls: their keys in the store."""
    made = {}
    for uid in UIDS:
        await add_call(uid, 1)
        leave(node.spool, uid, tone(1), tone(1))
        made[uid] = (await attempt(node, uid)).object_key
    return made


def sealed(node: Node) -> SealedObjects:
    assert isinstance(node.objects, SealedObjects)
    return node.objects


async def scrubbed(node: Node, *, anew: bool = False, seconds: float | None = None) -> ScrubReport:
    objects = open_objects(node.settings, node.database, node.clock)
    return await scrub.scrub(node.database, objects, node.clock, bytes_per_second=None, anew=anew, seconds=seconds)


async def named(node: Node) -> dict[str, str]:
    async with node.database.transaction() as session:
        return {each.call_uid: each.detail for each in await problems.list_open(session)}


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("part", ["first line", "header", "first byte of sound", "middle", "last byte"])
async def test_one_changed_byte_of_one_recording_is_found_and_named_and_mended(
    part: str, node: Node, keys: dict[str, str]
) -> None:
    path = stored_file(node, keys["n1-2.1"])
    whole = path.read_bytes()
    header = await sealed(node).header(keys["n1-2.1"], len(whole))
    assert header is not None
    begin = header.offsets[0]
    places = {"first line": 3, "header": begin // 2, "first byte of sound": begin, "middle": len(whole) // 2}
    flip(path, places.get(part, len(whole) - 1))
    report = await scrubbed(node)
    assert (report.objects, report.ended) == (4, True)
    assert [each.call_uid for each in report.damaged] == ["n1-2.1"]
    problem = (await named(node))["n1-2.1"]
    assert keys["n1-2.1"] in problem
    assert "backup of the store" in problem
    path.write_bytes(whole)
    assert (await scrubbed(node)).damaged == ()
    assert await named(node) == {}


async def test_a_lost_object_and_one_of_another_recording_are_found(node: Node, keys: dict[str, str]) -> None:
    stored_file(node, keys["n1-1.1"]).unlink()
    stored_file(node, keys["n1-3.1"]).write_bytes(stored_file(node, keys["n1-4.1"]).read_bytes())
    assert {each.call_uid for each in (await scrubbed(node)).damaged} == {"n1-1.1", "n1-3.1"}
    async with node.database.transaction() as session:
        assert (await figures.look(session)).damaged == 2
        assert (await problems.open_counts(session))[Problem.UNREADABLE] == 2


async def test_rows_that_disagree_are_found(node: Node, keys: dict[str, str]) -> None:
    async with node.database.transaction() as session:
        await session.execute(update(Recording).where(Recording.call_uid == "n1-1.1").values(sha256="0" * 64))
        await session.execute(update(StoredObject).where(StoredObject.key == keys["n1-2.1"]).values(sha256="1" * 64))
        row = update(StoredObject).where(StoredObject.key == keys["n1-3.1"])
        await session.execute(row.values(call_uid="n1-4.1"))
        row = update(StoredObject).where(StoredObject.key == keys["n1-4.1"])
        await session.execute(row.values(day_key="2026-11-20.0"))
    assert {each.key for each in (await scrubbed(node)).damaged} == set(keys.values())


async def test_a_row_that_names_an_object_that_is_not_there_is_damage(node: Node, keys: dict[str, str]) -> None:
    async with node.database.transaction() as session:
        row = update(Recording).where(Recording.call_uid == "n1-1.1")
        await session.execute(row.values(object_key="2026/11/21/n1-9.1.flac"))
    assert [each.call_uid for each in (await scrubbed(node)).damaged] == ["n1-1.1"]


async def test_damage_of_one_object_of_a_call_stays_named_while_its_other_objects_are_sound(
    node: Node, keys: dict[str, str], tmp_path: Path
) -> None:
    beside = keys["n1-1.1"].replace(".flac", "~masked.flac")
    source = tmp_path / "masked"
    source.write_bytes(b"fLaC" + os.urandom(1000))
    await node.objects.put(beside, source)
    flip(stored_file(node, keys["n1-1.1"]), 400)
    assert len((await scrubbed(node)).damaged) == 1
    assert "n1-1.1" in await named(node)


async def test_a_scrub_out_of_time_is_followed_where_it_stopped(node: Node, keys: dict[str, str]) -> None:
    seen = []
    for _ in range(4):
        report = await scrubbed(node, seconds=1e-6)
        seen.append((report.objects, report.ended))
        async with node.database.transaction() as session:
            assert await scrub.last_round(session) is None
    assert seen == [(1, False)] * 4
    assert (await scrubbed(node)).ended
    async with node.database.transaction() as session:
        assert await scrub.last_round(session) == NOW
        assert not await scrub.due(session, NOW + timedelta(days=14), 30)
        assert await scrub.due(session, NOW + timedelta(days=15), 30)
        assert await scrub.outstanding(session) == await stored.remaining(session, "")
    assert (await scrubbed(node)).objects == 4, "a new round"


async def test_verify_begins_from_the_first_whatever_was_read_before(node: Node, keys: dict[str, str]) -> None:
    await scrubbed(node, seconds=1e-6)
    assert (await scrubbed(node, anew=True)).objects == 4


async def test_there_is_one_scrub_at_a_time(node: Node, keys: dict[str, str]) -> None:
    results = await asyncio.gather(scrubbed(node), scrubbed(node), return_exceptions=True)
    assert sorted(type(each).__name__ for each in results) in (["ScrubBusy", "ScrubReport"], ["ScrubReport"] * 2)
    assert ScrubBusy.code == "scrub_busy"


async def test_while_the_master_key_is_away_nothing_is_called_damaged(node: Node, keys: dict[str, str]) -> None:
    file = master_path(node.settings)
    away = file.rename(file.with_suffix(".away"))
    with pytest.raises(KeyUnavailable):
        await scrubbed(node)
    assert await named(node) == {}
    away.rename(file)
    assert (await scrubbed(node)).damaged == ()


async def test_recordings_whose_object_has_no_row_are_taken_up_or_named(node: Node, keys: dict[str, str]) -> None:
    async with node.database.transaction() as session:
        await session.execute(delete(StoredObject))
    stored_file(node, keys["n1-1.1"]).unlink()
    report = await scrubbed(node)
    assert report.objects == 3
    assert set(await named(node)) == {"n1-1.1"}


async def test_no_more_than_a_few_segments_are_in_memory(node: Node, tmp_path: Path) -> None:
    source = tmp_path / "long"
    source.write_bytes(b"fLaC" + os.urandom(60 * SEGMENT))
    await node.objects.put("2026/11/21/n1-9.1.flac", source)
    tracemalloc.start()
    report = await scrubbed(node)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (report.bytes > 60 * SEGMENT, report.damaged) == (True, ())
    assert most < 12 * SEGMENT


async def test_a_pace_waits_for_what_was_read_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    pace = Pace(1000.0)
    await pace.spent(500_000)
    await Pace(None).spent(10**12)
    assert len(waits) == 1
    assert 499 < waits[0] <= 500


async def test_what_no_row_knows_is_named_whatever_its_time_says(node: Node, keys: dict[str, str]) -> None:
    assert await scrub.strangers(node.database, sealed(node), node.clock) == []
    store = stored_file(node, keys["n1-1.1"]).parents[3]
    put = {"2020/01/01/n1-9.1.flac": -3600, "keys/2020-01-01.0.age": -3600, "a\nb": -3600, "new": 0, "ahead": 9**9}
    for name, seconds in put.items():
        path = store / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        os.utime(path, (NOW.timestamp() + seconds,) * 2)
    for path in store.rglob("*"):
        if path.relative_to(store).as_posix() not in put:
            os.utime(path, (NOW.timestamp() - 3600,) * 2)
    found = await scrub.strangers(node.database, sealed(node), node.clock)
    assert found == sorted(put.keys() - {"new"})
