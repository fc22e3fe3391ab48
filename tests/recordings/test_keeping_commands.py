"""The commands on keys, scrubbing and deletion as an operator types them, and what the doctor says of it all."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pyrage.x25519 import Identity
from sqlalchemy import update
from typer.testing import CliRunner

from hotline.commands.recordings import app
from hotline.database import Database
from hotline.models import User
from hotline.settings import CHECKOUT, Settings
from recordings import checkup, master, store
from recordings.errors import KeyUnavailable
from recordings.finalise import Node, attempt
from recordings.private import plain_folder
from recordings.retention import UnknownClass
from recordings.store import RecordingView
from recordings.vault_models import StoredObject
from tests.recordings.conftest import AddCall, stored_file
from tests.recordings.sounds import NOW, leave, tone

UID = "n1-1763700000.7"
Hotline = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def node(node: Node, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> Node:
    monkeypatch.setenv("HOTLINE_DATA", str(settings.data))
    monkeypatch.setenv("HOTLINE_DATABASE_URL", database.url)
    return node


@pytest.fixture
async def made(node: Node, add_call: AddCall) -> RecordingView:
    await add_call(UID, 4)
    leave(node.spool, UID, tone(4), tone(4))
    return await attempt(node, UID)


@pytest.fixture
def hotline() -> Hotline:
    """Run a command in a thread of its own, since it makes its own loop; exit code and output."""

    async def run(*arguments: str) -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, app, list(arguments))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout

    return run


async def asked(node: Node, name: str) -> checkup.Answer:
    async with node.database.transaction() as session:
        answers = await checkup.in_the_database(session, node.settings, node.clock.now())
    return next(each for each in answers if each.name == name)


async def test_what_a_killed_command_left_in_clear_goes_with_the_next_one(
    node: Node, made: RecordingView, hotline: Hotline
) -> None:
    with plain_folder(node.objects.work()) as held:
        left = node.objects.work() / "made-0123"
        left.mkdir()
        (left / "call.wav").write_bytes(b"RIFF")
        assert (await hotline("certificate", UID))[0] == 1
        assert not left.exists()
        assert held.exists(), "somebody works on it"
    assert list(node.objects.work().iterdir()) == []


async def test_keys_are_turned_read_back_and_damage_is_named(
    node: Node, made: RecordingView, hotline: Hotline, tmp_path: Path
) -> None:
    own, file = Identity.generate(), tmp_path / "own.key"
    file.write_text(f"{own}\n")
    code, out = await hotline("rotate-master", "--new-key", str(file), "--json")
    assert (code, told_by(out)["recipient"]) == (0, str(own.to_public()))
    assert (await hotline("rotate-day"))[0] == 0
    code, out = await hotline("scrub", "--rate", "1000", "--json")
    size = stored_file(node, made.object_key).stat().st_size
    assert (code, told_by(out)) == (0, {"checked": 1, "bytes": size, "ended": True, "damaged": []})
    path = stored_file(node, made.object_key)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    code, out = await hotline("verify")
    assert code == 1
    assert f"damaged  {UID}" in out
    assert "backup of the store" in out
    assert not (await asked(node, "stored recordings")).ok


async def test_the_doctor_names_each_thing_that_is_wrong_with_keys_scrubber_and_sealing(
    node: Node, made: RecordingView
) -> None:
    for name in ("master key", "scrubber", "stored recordings", "sealing"):
        assert (await asked(node, name)).ok, name
    file = master.path(node.settings)
    file.chmod(0o644)
    assert "read by others" in (await asked(node, "master key")).detail
    file.chmod(0o600)
    right = file.read_text()
    file.write_text(f"{Identity.generate()}\n{right}")
    assert (await asked(node, "master key")).mend == "hotline recordings rotate-master"
    file.unlink()
    assert "there is no master key" in (await asked(node, "master key")).detail
    async with node.database.transaction() as session:
        await session.execute(update(StoredObject).values(stored_at=NOW - timedelta(days=31), day_key=None))
    assert (await asked(node, "scrubber")).detail == "stored objects were never read back"
    assert (await asked(node, "sealing")).mend == "hotline recordings seal"


async def test_an_erasure_is_refused_while_held_and_overridden_by_a_manager_only(
    node: Node, made: RecordingView, hotline: Hotline
) -> None:
    async with node.database.transaction() as session:
        for login, role in (("boss", "manager"), ("lee", "shift_leader")):
            session.add(User(login=login, name=login, role=role, password_hash="x", seat=None, created_at=NOW))
    assert (await hotline("hold", UID, "--reason", "letter 9", "--kind", "appeal"))[0] == 0
    for arguments in (
        ("--reason", "request 12"),
        ("--reason", "request 12", "--override"),
        ("--reason", "request 12", "--override", "--by", "lee"),
        ("--reason", "request 12", "--override", "--by", "nobody"),
        ("--reason", " "),
    ):
        with pytest.raises(Exception, match=r"held|manager|may not|no user|--reason"):
            await hotline("erase", UID, *arguments)
    assert await node.objects.size(made.object_key) is not None
    assert (await hotline("release", UID, "--reason", "letter 8"))[0] == 1
    code, out = await hotline("erase", UID, "--reason", "request 12", "--override", "--by", "boss")
    assert (code, made.sha256 in out) == (0, True)
    code, out = await hotline("certificate", UID, "--json")
    told: dict[str, Any] = told_by(out)
    assert (code, told["genuine"], told["sha256"], told["rule"]) == (0, True, made.sha256, "erasure on request")
    assert told["by"].startswith("boss (shell:")
    assert (await hotline("certificate", "n1-2.2"))[0] == 1


async def test_a_dry_run_lists_and_the_run_deletes(
    node: Node, made: RecordingView, hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_RECORDINGS__RETENTION_DAYS", '{"abandoned": 1}')
    monkeypatch.setattr("hotline.clock.SystemClock.now", lambda _: NOW + timedelta(days=2))
    code, out = await hotline("retention", "--dry-run", "--json")
    assert (code, told_by(out)["due"]) == (0, 1)
    assert await node.objects.size(made.object_key) is not None
    code, out = await hotline("retention", "--json")
    assert told_by(out) == {"deleted": [{"call": UID, "rule": "abandoned: 1 days"}]}
    assert await node.objects.size(made.object_key) is None
    monkeypatch.setenv("HOTLINE_RECORDINGS__RETENTION_DAYS", '{"abandonned": 1}')
    with pytest.raises(UnknownClass, match="abandonned"):
        await hotline("retention", "--dry-run")


async def test_without_the_master_key_a_command_says_what_to_do(
    node: Node, made: RecordingView, hotline: Hotline
) -> None:
    master.path(node.settings).unlink()
    with pytest.raises(KeyUnavailable, match="put the master key back from its backup"):
        await hotline("verify")
    with pytest.raises(KeyUnavailable, match="put the master key back from its backup"):
        await hotline("rotate-master")


@pytest.mark.skipif(shutil.which("age") is None, reason="the age program is not installed; apt-get install age")
async def test_a_court_can_verify_a_recording_without_this_software(
    node: Node, made: RecordingView, tmp_path: Path
) -> None:
    text = (CHECKOUT / "docs" / "recordings.md").read_text("utf-8")
    script = text.split("```sh\n")[1].split("```")[0]
    (tmp_path / "court.sh").write_text(script)
    shutil.copytree(node.settings.instance_dir / "recordings", tmp_path, dirs_exist_ok=True)
    shutil.copy(master.path(node.settings), tmp_path)
    done = await asyncio.to_thread(
        subprocess.run, ["bash", "court.sh", made.object_key], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [made.sha256, "call.flac"]
    async with store.local_file(node.objects, made) as path:
        assert (tmp_path / "call.flac").read_bytes() == path.read_bytes()


def told_by(out: str) -> Any:
    """The one JSON object that a command prints; a test's log lines come before it."""
    return json.loads(out.splitlines()[-1])
