"""Deletion on real rows and a real folder: held ones stay, each has its certificate, nobody can kill it half done."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from acd.models import Call
from hotline import audit
from hotline.clock import ManualClock
from hotline.jobs import JobContext, build_app
from recordings import certificates, erase, holds, problems, reconcile, renditions, retire, scrub, store, stored
from recordings.certificates import CertificateView
from recordings.erase import Held, Wish
from recordings.errors import NoRecording
from recordings.finalise import Node, attempt
from recordings.holds import HoldReason
from recordings.sealed import SealedObjects, open_objects
from recordings.vault_models import Certificate, Deletion
from tests.recordings.conftest import AddCall, stored_file
from tests.recordings.eraser import STEPS
from tests.recordings.sounds import NOW, leave, tone
from transcribe import jobs as transcribe_jobs

UID = "n1-1763700000.7"
OTHER = "n1-1763700000.8"
LATER = NOW + timedelta(days=4000)


@pytest.fixture
async def key(node: Node, add_call: AddCall, tmp_path: Path) -> str:
    """A finalised call with something made of it beside; its key."""
    await add_call(UID, 4, answered=1)
    leave(node.spool, UID, tone(4), tone(4))
    made = (await attempt(node, UID)).object_key
    source = tmp_path / "masked"
    source.write_bytes(b"fLaC" + os.urandom(100))
    await node.objects.put(made.replace(".flac", "~masked.flac"), source)
    return made


def sealed(node: Node) -> SealedObjects:
    assert isinstance(node.objects, SealedObjects)
    return node.objects


def wish(uid: str = UID, *, override: bool = False) -> Wish:
    return Wish(uid, "ordinary", erase.ON_REQUEST, "boss", "manager", "the caller asked", override=override)


async def retired(node: Node, at: ManualClock | None = None) -> list[CertificateView]:
    clock = at or ManualClock(LATER)
    return await retire.run(node.database, open_objects(node.settings, node.database, clock), node.settings, clock)


async def held(node: Node, uid: str, reason: HoldReason, ref: str) -> None:
    async with node.database.transaction() as session:
        await holds.hold(session, uid, reason, ref, NOW)


async def everything_is_gone(node: Node, key: str) -> None:
    folder = stored_file(node, key).parent
    assert [path.name for path in folder.iterdir()] == []
    async with node.database.transaction() as session:
        assert await store.get(session, UID) is None
        assert await stored.of_call(session, UID) == []
        assert (await session.scalars(select(Deletion))).all() == []
        found = (await session.scalars(select(Certificate))).all()
        assert [row.call_uid for row in found] == [UID]
        certificate = await certificates.of_call(session, UID)
        assert certificate is not None
        assert await certificates.genuine(session, certificate)
        assert (await audit.verify(session)).sound
        jobs = await session.scalars(
            text("SELECT args->>'call_uid' FROM procrastinate_jobs WHERE task_name = 'transcribe.erase'")
        )
        assert set(jobs) == {UID}


async def test_an_erased_recording_leaves_its_certificate_and_nothing_else(node: Node, key: str) -> None:
    async with node.database.transaction() as session:
        before = await store.get(session, UID)
    assert before is not None
    made = await erase.erase(node.database, sealed(node), node.clock, wish())
    assert (made.sha256, made.bytes, made.object_key) == (before.sha256, before.bytes, key)
    assert (made.rule, made.reason, made.actor) == (erase.ON_REQUEST, "the caller asked", "boss")
    await everything_is_gone(node, key)
    assert (await reconcile.run(node)).sound, "what was deleted by a rule is not missing"
    with pytest.raises(NoRecording):
        await erase.erase(node.database, sealed(node), node.clock, wish())


@pytest.mark.parametrize("reason", list(HoldReason))
async def test_what_is_held_is_erased_by_nobody_but_who_overrides_it(node: Node, key: str, reason: HoldReason) -> None:
    await held(node, UID, reason, "TS20261121-0001")
    with pytest.raises(Held, match=f"{reason.value} TS20261121-0001"):
        await erase.erase(node.database, sealed(node), node.clock, wish())
    assert await retired(node) == []
    assert await node.objects.size(key) is not None
    await erase.erase(node.database, sealed(node), node.clock, wish(override=True))
    await everything_is_gone(node, key)


async def test_a_hold_ends_by_its_own_name_and_the_days_begin_anew_after_a_case(node: Node, key: str) -> None:
    await held(node, UID, HoldReason.CASE, "TS1")
    await held(node, UID, HoldReason.CASE, "TS1")
    await held(node, UID, HoldReason.SAMPLE, "7")
    async with node.database.transaction() as session:
        assert await holds.release(session, HoldReason.CASE, "TS1", LATER) == 1
        assert await holds.release(session, HoldReason.CASE, "TS2", LATER) == 0
    assert await retired(node) == [], "the sample still holds it"
    async with node.database.transaction() as session:
        assert await holds.release(session, HoldReason.SAMPLE, "7", LATER) == 1
    assert await retired(node) == [], "its days run from the case's end"
    (done,) = await retired(node, ManualClock(LATER + timedelta(days=366)))
    assert (done.rule, done.actor) == ("ordinary: 365 days", "retention")
    await everything_is_gone(node, key)


async def test_a_call_to_the_customer_is_held_with_the_order_that_it_is_about(
    node: Node, key: str, add_call: AddCall
) -> None:
    async with node.database.transaction() as session:
        call = await session.get(Call, UID)
        assert call is not None
        call.direction, call.about = "out", "TS1"
    await held(node, OTHER, HoldReason.CASE, "TS1")
    with pytest.raises(Held):
        await erase.erase(node.database, sealed(node), node.clock, wish())


async def test_the_kind_that_was_told_decides_how_long(node: Node, key: str) -> None:
    async with node.database.transaction() as session:
        await holds.tell_kind(session, UID, "complaint", "broadband")
    assert await retired(node, ManualClock(NOW + timedelta(days=1000))) == []
    (done,) = await retired(node, ManualClock(NOW + timedelta(days=1096)))
    assert done.rule == "complaint: 1095 days"


async def test_a_dry_run_lists_what_would_go_and_lets_it_lie(node: Node, key: str) -> None:
    found = [each async for each in retire.considered(node.database, node.settings, ManualClock(LATER))]
    assert [(each.call_uid, each.decision.due) for each in found] == [(UID, True)]
    assert await node.objects.size(key) is not None


@pytest.mark.parametrize("step", STEPS)
async def test_a_deletion_killed_at_any_step_is_ended_by_the_next_run(step: str, node: Node, key: str) -> None:
    process = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.recordings.eraser", step, node.database.url, str(node.settings.data), UID],
        capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    assert process.returncode == -signal.SIGKILL, process.stderr
    report = await reconcile.run(node)
    assert report.sound, "a deletion under way is no damage"
    scrubbed = await scrub.scrub(node.database, sealed(node), node.clock, bytes_per_second=None)
    assert scrubbed.damaged == ()
    async with node.database.transaction() as session:
        assert await problems.count_open(session) == 0
    await retired(node, ManualClock(NOW + timedelta(hours=1)))
    await everything_is_gone(node, key)
    assert await retired(node) == []


async def test_bytes_that_come_back_after_their_certificate_are_deleted_again_and_never_restored(
    node: Node, key: str
) -> None:
    path = stored_file(node, key)
    whole = path.read_bytes()
    await erase.erase(node.database, sealed(node), node.clock, wish())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(whole)
    os.utime(path, (NOW.timestamp() - 300, NOW.timestamp() - 300))
    report = await reconcile.run(node)
    assert report.recovered == ()
    assert [why for _, why in report.refused if "certificate" in why]
    await retired(node, node_clock(node))
    assert not path.exists()


async def test_a_rendition_that_no_check_names_goes_with_the_recording_and_does_not_come_back(
    node: Node, key: str
) -> None:
    """As a recogniser leaves it that was killed, or that ended just after the erasure."""
    async with node.database.transaction() as session:
        recording = await store.get(session, UID)
    assert recording is not None
    made = [(await renditions.make(node.objects, recording, spans)).key for spans in ([(0.5, 1.0)], [(2.0, 3.0)])]
    paths = [stored_file(node, name) for name in made if name is not None]
    whole = [path.read_bytes() for path in paths]
    assert len({*paths}) == 2
    await erase.erase(node.database, sealed(node), node.clock, wish())
    assert not any(path.exists() for path in paths)
    for path, content in zip(paths, whole, strict=True):
        path.write_bytes(content)
    await erase.end_begun(node.database, sealed(node), node.clock)
    assert not any(path.exists() for path in paths)


async def test_a_certificate_cannot_be_changed_and_one_that_was_is_seen(node: Node, key: str) -> None:
    made = await erase.erase(node.database, sealed(node), node.clock, wish())
    for statement in ("UPDATE recording_certificates SET rule = 'x'", "DELETE FROM recording_certificates"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with node.database.transaction() as session:
                await session.execute(text(statement))
    async with node.database.transaction() as session:
        await session.execute(text("ALTER TABLE recording_certificates DISABLE TRIGGER certificates_append_only"))
        await session.execute(text("UPDATE recording_certificates SET sha256 = repeat('0', 64)"))
        assert not await certificates.genuine(session, made)


async def test_who_holds_and_who_deletes_wait_for_each_other(node: Node, key: str) -> None:
    async def hold_it() -> None:
        await held(node, UID, HoldReason.CASE, "TS1")

    async def erase_it() -> CertificateView:
        return await erase.erase(node.database, open_objects(node.settings, node.database), node.clock, wish())

    _, erased = await asyncio.gather(hold_it(), erase_it(), return_exceptions=True)
    assert isinstance(erased, Held | CertificateView)
    assert (await node.objects.size(key) is None) == isinstance(erased, CertificateView)


async def test_the_words_go_with_the_sound(node: Node, key: str) -> None:
    async with node.database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO transcripts (id, call_uid, engine, seconds, turns, talk_over, created_at)"
                " VALUES (gen_random_uuid(), :uid, 'x', 4, CAST(:turns AS jsonb), '[]', now())"
            ),
            {"uid": UID, "turns": '[{"text": "我的密码"}]'},
        )
        await session.execute(
            text(
                "INSERT INTO drafts (id, call_uid, kind, business, urgent, fields, state, created_at, due_at) VALUES"
                " (gen_random_uuid(), :uid, 'complaint', 'other', false, CAST(:fields AS jsonb), 'pending', now(),"
                " now())"
            ),
            {"uid": UID, "fields": '{"kind": "complaint", "summary": "密码", "evidence": {"kind": ["密码"]}}'},
        )
    await erase.erase(node.database, sealed(node), node.clock, wish())
    app = build_app(node.database.url)
    transcribe_jobs.register(app, JobContext(node.settings, node.database, node.clock))
    await app.tasks["transcribe.erase"](call_uid=UID)
    async with node.database.transaction() as session:
        left = await session.scalars(text("SELECT turns::text FROM transcripts UNION SELECT fields::text FROM drafts"))
        said = " ".join(left)
    assert "密码" not in said
    assert '"kind": "complaint"' in said


def node_clock(node: Node) -> ManualClock:
    assert isinstance(node.clock, ManualClock)
    return node.clock
