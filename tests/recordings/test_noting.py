"""What the audit carries of each recording from its first minute on, and what no longer fits it."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text, update
from typer.testing import CliRunner

from hotline import audit
from hotline.commands.recordings import app
from hotline.database import Database
from hotline.models import AuditEntry
from hotline.settings import Settings
from recordings import erase, noting, scrub, store
from recordings.erase import ON_REQUEST, Wish
from recordings.finalise import Node, attempt
from recordings.models import Recording
from recordings.sealed import SealedObjects
from recordings.store import RecordingView
from tests.recordings.conftest import AddCall
from tests.recordings.sounds import NOW, leave, tone

UIDS = ("n1-1.1", "n1-2.1", "n1-3.1")


@pytest.fixture
async def kept(node: Node, add_call: AddCall) -> dict[str, RecordingView]:
    """Three finalised calls that the audit carries."""
    made = {}
    for number, uid in enumerate(UIDS):
        await add_call(uid, 1)
        leave(node.spool, uid, tone(1, 300 + 100 * number), tone(1))
        made[uid] = await attempt(node, uid)
    assert await noting.note_new(node.database, node.clock) == 3
    return made


def sealed(node: Node) -> SealedObjects:
    assert isinstance(node.objects, SealedObjects)
    return node.objects


async def differing(node: Node) -> dict[str, str]:
    async with node.database.transaction() as session:
        return {each.call_uid: each.detail async for each in noting.mismatches(session)}


async def forge(node: Node, victim: RecordingView, other: RecordingView) -> None:
    """Put another call's sound in the place of `victim`, with every row changed so that they agree."""
    async with store.local_file(node.objects, other) as path:
        await sealed(node).delete(victim.object_key)
        await sealed(node).put(victim.object_key, path)
    async with node.database.transaction() as session:
        row = update(Recording).where(Recording.call_uid == victim.call_uid)
        await session.execute(row.values(sha256=other.sha256, bytes=other.bytes))


async def without_guard(node: Node, table: str, statement: str) -> None:
    """What the database's owner can do to an append-only table."""
    async with node.database.transaction() as session:
        await session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        await session.execute(text(statement))
        await session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER ALL"))


async def test_one_entry_carries_what_was_finalised_since_the_last(node: Node, kept: dict[str, RecordingView]) -> None:
    assert await noting.note_new(node.database, node.clock) == 0
    async with node.database.transaction() as session:
        entries = list(await session.scalars(select(AuditEntry).where(AuditEntry.action == noting.ACTION)))
        assert await noting.outstanding(session) == 0
        assert (await audit.verify(session)).sound
    assert [entry.detail["files"] for entry in entries] == [
        [
            [uid, each.sha256, each.bytes, 1000, each.started_at.isoformat(timespec="microseconds"), each.object_key]
            for uid, each in kept.items()
        ]
    ]  # fmt: skip
    assert await differing(node) == {}


async def test_many_recordings_at_once_become_several_entries_and_two_at_work_note_each_once(
    node: Node, kept: dict[str, RecordingView], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noting, "MOST", 2)
    async with node.database.transaction() as session:
        await session.execute(update(Recording).values(noted_seq=None))
    first, second = await asyncio.gather(*(noting.note_new(node.database, node.clock) for _ in range(2)))
    while await noting.note_new(node.database, node.clock):
        pass
    async with node.database.transaction() as session:
        entries = list(await session.scalars(select(AuditEntry).where(AuditEntry.action == noting.ACTION)))
    noted = [uid for entry in entries[1:] for uid, *_ in entry.detail["files"]]
    assert sorted(noted) == list(UIDS)
    assert max(len(entry.detail["files"]) for entry in entries[1:]) <= 2
    assert first + second <= 3
    assert await differing(node) == {}


async def test_a_file_that_was_swapped_together_with_every_row_is_told(
    node: Node, kept: dict[str, RecordingView]
) -> None:
    await forge(node, kept["n1-1.1"], kept["n1-2.1"])
    assert list(await differing(node)) == ["n1-1.1"]


@pytest.mark.parametrize(
    ("column", "value"),
    [("seconds", 2.0), ("started_at", NOW - timedelta(days=2000)), ("object_key", "2026/11/21/n1-9.1.flac")],
)
async def test_another_length_beginning_or_object_in_the_row_is_told(
    column: str, value: object, node: Node, kept: dict[str, RecordingView]
) -> None:
    async with node.database.transaction() as session:
        row = update(Recording).where(Recording.call_uid == "n1-1.1")
        await session.execute(row.values({column: value}))
    assert list(await differing(node)) == ["n1-1.1"]


async def test_what_an_older_entry_carries_less_of_is_no_difference(node: Node, kept: dict[str, RecordingView]) -> None:
    short = "jsonb_build_array(each->0, each->1, each->2)"
    files = f"(SELECT jsonb_agg({short}) FROM jsonb_array_elements(detail->'files') AS each)"
    older = f"UPDATE audit SET detail = jsonb_build_object('files', {files}) WHERE action = '{noting.ACTION}'"
    await without_guard(node, "audit", older)
    assert await differing(node) == {}
    await forge(node, kept["n1-1.1"], kept["n1-2.1"])
    assert list(await differing(node)) == ["n1-1.1"]


async def test_noting_it_again_does_not_hide_it(node: Node, kept: dict[str, RecordingView]) -> None:
    await forge(node, kept["n1-1.1"], kept["n1-2.1"])
    async with node.database.transaction() as session:
        await session.execute(update(Recording).where(Recording.call_uid == "n1-1.1").values(noted_seq=None))
    assert await noting.note_new(node.database, node.clock) == 1
    assert list(await differing(node)) == ["n1-1.1"]


async def test_a_row_that_names_an_entry_which_does_not_carry_it_is_told(
    node: Node, kept: dict[str, RecordingView]
) -> None:
    async with node.database.transaction() as session:
        strange = await audit.record(
            session, actor="x", role="x", action="login", subject="user:x", detail={}, now=node.clock.now()
        )
        for uid, seq in (("n1-1.1", strange.seq), ("n1-2.1", 999)):
            await session.execute(update(Recording).where(Recording.call_uid == uid).values(noted_seq=seq))
    assert sorted(await differing(node)) == ["n1-1.1", "n1-2.1"]


async def test_a_recording_that_is_gone_needs_a_certificate_that_fits(
    node: Node, kept: dict[str, RecordingView]
) -> None:
    wish = Wish("n1-2.1", "on_request", ON_REQUEST, "shell", "administrator", "request 1")
    await erase.erase(node.database, sealed(node), node.clock, wish)
    assert await differing(node) == {}
    async with node.database.transaction() as session:
        await session.execute(delete(Recording).where(Recording.call_uid == "n1-1.1"))
    assert list(await differing(node)) == ["n1-1.1"]
    await without_guard(node, "recording_certificates", "UPDATE recording_certificates SET reason = 'request 2'")
    assert sorted(await differing(node)) == ["n1-1.1", "n1-2.1"]


async def test_the_command_tells_a_forged_recording_a_forged_entry_and_a_sound_archive(
    node: Node, kept: dict[str, RecordingView], settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_DATA", str(settings.data))
    monkeypatch.setenv("HOTLINE_DATABASE_URL", database.url)

    async def verify() -> tuple[int, dict[str, object]]:
        result = await asyncio.to_thread(CliRunner().invoke, app, ["verify", "--json"])
        return result.exit_code, json.loads(result.stdout.splitlines()[-1])

    code, told = await verify()
    assert (code, told["chain"], told["differ"], told["damaged"]) == (0, [], [], [])
    await forge(node, kept["n1-1.1"], kept["n1-2.1"])
    code, told = await verify()
    assert code == 1
    assert [each["call"] for each in told["differ"]] == ["n1-1.1"]  # type: ignore[attr-defined]
    assert [each["call"] for each in told["damaged"]] == ["n1-1.1"]  # type: ignore[attr-defined]
    mended = f"replace(detail::text, '{kept['n1-1.1'].sha256}', '{kept['n1-2.1'].sha256}')::jsonb"
    await without_guard(node, "audit", f"UPDATE audit SET detail = {mended} WHERE action = '{noting.ACTION}'")
    code, told = await verify()
    assert code == 1
    assert told["chain"], "an entry that was rewritten breaks the chain"


async def test_the_scrubber_names_a_recording_that_differs_from_the_audit(
    node: Node, kept: dict[str, RecordingView]
) -> None:
    await forge(node, kept["n1-3.1"], kept["n1-2.1"])
    report = await scrub.scrub(node.database, sealed(node), node.clock, bytes_per_second=None)
    assert [each.call_uid for each in report.damaged] == ["n1-3.1"]
    assert "audit" in report.damaged[0].detail
