"""The object store: one conformance test for every kind of store that can be had here."""

from __future__ import annotations

import asyncio
import hashlib
import os
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from obstore.store import LocalStore, MemoryStore

from hotline.clock import ManualClock
from hotline.settings import Settings
from recordings.errors import HostileName, ObjectDamaged, ObjectMissing, StoreConflict, StoreUnavailable
from recordings.objects import Objects, ObstoreObjects, day_folders, digest, keep, object_key, open_store, uid_of_key
from recordings.sealed import SealedObjects

KEY = "2026/11/21/n1-1.1.flac"
MARKED = "2026/11/21/n1-1.1~abc.flac"
STARTED = datetime(2026, 11, 21, 15, 59, 59, tzinfo=UTC)


@pytest.fixture(params=["folder", "memory", "s3", "sealed in a folder", "sealed on s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    if request.param == "memory":
        below = ObstoreObjects(MemoryStore())
    elif request.param.endswith("s3"):
        below = ObstoreObjects(request.getfixturevalue("s3").store(uuid.uuid4().hex))
    else:
        below = ObstoreObjects(LocalStore(prefix=tmp_path / "store", mkdir=True), tmp_path / "store")
    if not request.param.startswith("sealed"):
        return below
    settings = Settings(data=tmp_path / "data")
    return SealedObjects(settings, request.getfixturevalue("database"), ManualClock(STARTED), below)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Twelve megabytes: more than one part of an upload."""
    path = tmp_path / "source"
    path.write_bytes(os.urandom(12_000_000))
    return path


async def read(objects: Objects, key: str, start: int, length: int) -> bytes:
    return b"".join([chunk async for chunk in objects.read(key, start, length)])


async def test_what_is_put_comes_back_whole_and_in_parts(objects: Objects, source: Path) -> None:
    content = source.read_bytes()
    assert await objects.size(KEY) is None
    await objects.put(KEY, source)
    assert await objects.size(KEY) == len(content)
    assert await digest(objects, KEY) == (hashlib.sha256(content).hexdigest(), len(content))
    assert await read(objects, KEY, 0, len(content)) == content
    assert await read(objects, KEY, 5_000_000, 1) == content[5_000_000:5_000_001]
    assert await read(objects, KEY, len(content) - 7, 7) == content[-7:]
    assert await read(objects, KEY, 3, 0) == b""


async def test_a_key_is_written_once(objects: Objects, source: Path, tmp_path: Path) -> None:
    await objects.put(KEY, source)
    other = tmp_path / "other"
    other.write_bytes(b"other")
    with pytest.raises(StoreConflict):
        await objects.put(KEY, other)
    assert await objects.size(KEY) == source.stat().st_size


async def test_what_is_not_there_is_missing(objects: Objects) -> None:
    with pytest.raises(ObjectMissing):
        await read(objects, KEY, 0, 10)
    with pytest.raises(ObjectMissing):
        await digest(objects, KEY)
    assert [found async for found in objects.listing()] == []
    assert [found async for found in objects.listing("2026/11/21")] == []


async def test_a_day_is_listed_without_its_neighbours(objects: Objects, source: Path) -> None:
    for key in ("2026/11/21/a.flac", "2026/11/21/b.flac", "2026/11/2/c.flac", "2026/11/22/d.flac"):
        await objects.put(key, source)
    listed = {found.key async for found in objects.listing("2026/11/21")}
    assert listed == {"2026/11/21/a.flac", "2026/11/21/b.flac"}
    found = [each async for each in objects.listing()]
    assert len(found) == 4
    for each in found:  # bytes as they lie there: age adds less than a hundredth
        assert source.stat().st_size <= each.bytes < source.stat().st_size * 1.01
        assert await objects.size(each.key) == source.stat().st_size
    assert all(abs(datetime.now(UTC) - each.changed_at) < timedelta(minutes=5) for each in found)


async def test_what_is_deleted_is_gone_and_can_be_deleted_again(objects: Objects, source: Path) -> None:
    await objects.put(KEY, source)
    await objects.delete(KEY)
    await objects.delete(KEY)
    assert await objects.size(KEY) is None
    assert [found async for found in objects.listing()] == []
    await objects.put(KEY, source)
    assert await objects.holds(KEY, hashlib.sha256(source.read_bytes()).hexdigest())


async def test_what_is_held_under_a_key_is_told_by_its_sha256(objects: Objects, source: Path) -> None:
    with pytest.raises(ObjectMissing):
        await objects.holds(KEY, "0" * 64)
    await objects.put(KEY, source)
    assert await objects.holds(KEY, hashlib.sha256(source.read_bytes()).hexdigest())
    assert not await objects.holds(KEY, "0" * 64)


async def test_keeping_again_finds_what_is_there_and_keeps_other_content_beside_it(
    objects: Objects, source: Path, tmp_path: Path
) -> None:
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    assert await keep(objects, source, KEY, MARKED, sha256) == KEY
    assert await keep(objects, source, KEY, MARKED, sha256) == KEY
    other = tmp_path / "other"
    other.write_bytes(b"other")
    other_sha = hashlib.sha256(b"other").hexdigest()
    assert await keep(objects, other, KEY, MARKED, other_sha) == MARKED
    assert await digest(objects, KEY) == (sha256, source.stat().st_size)
    third = tmp_path / "third"
    third.write_bytes(b"third")
    with pytest.raises(StoreConflict, match="the legs are kept"):
        await keep(objects, third, KEY, MARKED, hashlib.sha256(b"third").hexdigest())
    with pytest.raises(ObjectDamaged):
        await keep(objects, third, "2026/11/21/x.flac", "2026/11/21/y.flac", "0" * 64)


async def test_a_store_that_cannot_be_written_says_so(tmp_path: Path, source: Path) -> None:
    (tmp_path / "store").write_text("a file where the folder should be")
    objects = ObstoreObjects(LocalStore(prefix=tmp_path), tmp_path)
    with pytest.raises(StoreUnavailable, match="the legs are kept"):
        await objects.put("store/x.flac", source)


async def test_halves_of_killed_puts_are_removed_when_they_are_old(tmp_path: Path, source: Path) -> None:
    folder = tmp_path / "store"
    objects = ObstoreObjects(LocalStore(prefix=folder, mkdir=True), folder)
    await objects.put(KEY, source)
    half = folder / f"{KEY}#1"
    half.write_bytes(b"half")
    assert [found.key async for found in objects.listing()] == [KEY]
    assert objects.forget_halves(datetime.now(UTC) - timedelta(days=1)) == 0
    assert await asyncio.to_thread(objects.forget_halves, datetime.now(UTC) + timedelta(minutes=1)) == 1
    assert not half.exists()
    assert await objects.size(KEY) is not None


def test_a_key_names_the_local_day_and_the_call_and_leads_back_to_it() -> None:
    settings = Settings()
    assert object_key("n1-1.1", STARTED, settings) == "2026/11/21/n1-1.1.flac"
    assert object_key("n1-1.1", STARTED + timedelta(seconds=1), settings) == "2026/11/22/n1-1.1.flac"
    marked = object_key("n1-1.1", STARTED, settings, sha256="f" * 64)
    assert marked == "2026/11/21/n1-1.1~ffffffffffff.flac"
    assert uid_of_key(marked) == uid_of_key("2026/11/21/n1-1.1.flac") == "n1-1.1"
    with pytest.raises(HostileName):
        object_key("../x", STARTED, settings)
    with pytest.raises(HostileName):
        uid_of_key("2026/11/21/.secret.flac")
    assert day_folders(STARTED - timedelta(days=1), STARTED + timedelta(seconds=1), settings) == [
        "2026/11/20", "2026/11/21", "2026/11/22",
    ]  # fmt: skip


def test_the_default_store_lies_below_the_instance(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    assert open_store(settings).path("k") == tmp_path / "instances" / "main" / "recordings" / "k"
    elsewhere = open_store(Settings(data=tmp_path, store_url="memory:///"))
    assert elsewhere.path("k") is None
