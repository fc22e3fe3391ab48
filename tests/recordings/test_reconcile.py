"""The reconciliation on real rows and files: what a killed Asterisk or a lost job left behind, and what is missing."""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from acd import ledger
from acd.models import Call
from hotline.clock import ManualClock
from recordings import problems, reconcile, store
from recordings.finalise import Node, attempt
from recordings.models import Recording
from recordings.scrub import scrub
from recordings.sealed import open_objects
from tests.recordings.conftest import AddCall, stored_file
from tests.recordings.sounds import NOW, leave, tone

UID = "n1-1763700000.7"


def settled(paths: tuple[Path, Path], ago: float = 60) -> None:
    """Make the legs look as if Asterisk had last written to them `ago` seconds before NOW."""
    for path in paths:
        if path.exists():
            os.utime(path, (NOW.timestamp() - ago, NOW.timestamp() - ago))


def named(report: reconcile.Report) -> list[tuple[str, str]]:
    return [(each.call_uid, each.problem.value) for each in report.problems]


async def test_every_call_without_a_sound_recording_is_named_and_the_others_are_not(
    node: Node, add_call: AddCall
) -> None:
    await add_call("n1-1.1", 10)
    leave(node.spool, "n1-1.1", tone(10), tone(10))
    await add_call("n1-2.1", 10)
    await add_call("n1-3.1", 10)
    leave(node.spool, "n1-3.1", tone(5), tone(5))
    await add_call("n1-4.1", 10, ago=30)  # its own job is still at it
    report = await reconcile.run(node)
    assert sorted(named(report)) == [("n1-2.1", "missing"), ("n1-3.1", "short")]
    assert set(report.recovered) == {"n1-1.1", "n1-3.1"}
    assert not report.sound
    again = await reconcile.run(node)
    assert (again.opened, again.resolved, again.recovered) == (0, 0, ())
    assert again.problems == report.problems


async def test_a_problem_is_resolved_when_it_is_found_no_more(node: Node, add_call: AddCall) -> None:
    await add_call(UID, 10)
    assert named(await reconcile.run(node)) == [(UID, "missing")]
    leave(node.spool, UID, tone(10), tone(10))
    report = await reconcile.run(node)
    assert report.sound
    assert report.resolved == 0  # finalising it has resolved it already
    async with node.database.transaction() as session:
        assert await problems.list_open(session) == []


async def test_an_open_problem_is_looked_at_again_however_old_its_call_is(node: Node, add_call: AddCall) -> None:
    await add_call(UID, 10, ago=3 * 86400)
    assert named(await reconcile.run(node)) == []
    assert named(await reconcile.run(node, look_back=timedelta(days=7))) == [(UID, "missing")]
    assert named(await reconcile.run(node)) == [(UID, "missing")]


async def test_the_legs_of_a_killed_asterisk_are_recovered_and_its_call_is_adopted(node: Node) -> None:
    settled(leave(node.spool, UID, tone(6), tone(5.8)), ago=119)
    assert UID in (await reconcile.run(node)).waiting  # its controller may yet bring the call
    settled(leave(node.spool, UID, tone(6), tone(5.8)), ago=120)
    report = await reconcile.run(node)
    assert report.recovered == (UID,)
    async with node.database.transaction() as session:
        made, call = await store.get(session, UID), await ledger.get_call(session, UID)
    assert made is not None
    assert made.recovered
    assert made.seconds == 6.0
    assert call is not None


async def test_a_live_call_is_left_alone(node: Node) -> None:
    paths = leave(node.spool, UID, tone(6), tone(6))
    settled(paths, ago=3)
    report = await reconcile.run(node)
    assert report.recovered == ()
    assert UID in report.waiting
    assert all(path.exists() for path in paths)


async def test_strange_files_are_told_of_and_left_where_they_are(node: Node) -> None:
    (node.spool / "..rx.sln16").write_bytes(b"x")
    report = await reconcile.run(node)
    assert [name for name, _ in report.refused] == ["'..rx.sln16'"]
    assert (node.spool / "..rx.sln16").exists()


async def test_a_file_that_left_the_store_is_unreadable_until_it_is_verified_again(
    node: Node, add_call: AddCall
) -> None:
    await add_call(UID, 4)
    leave(node.spool, UID, tone(4), tone(4))
    made = await attempt(node, UID)
    path = stored_file(node, made.object_key)
    away = path.rename(path.with_suffix(".away"))
    assert named(await reconcile.run(node)) == [(UID, "unreadable")]
    away.rename(path)
    assert named(await reconcile.run(node)) == [(UID, "unreadable")]
    objects = open_objects(node.settings, node.database, node.clock)
    assert (await scrub(node.database, objects, node.clock, bytes_per_second=None)).damaged == ()
    assert named(await reconcile.run(node)) == []


async def test_a_recording_whose_row_was_lost_gets_it_back_from_the_store(node: Node, add_call: AddCall) -> None:
    await add_call(UID, 4)
    leave(node.spool, UID, tone(4), tone(2))
    made = await attempt(node, UID)
    async with node.database.transaction() as session:
        await session.execute(delete(Recording))
        await session.execute(delete(Call))
    young = replace(node, clock=ManualClock(datetime.now(UTC)))
    assert (await reconcile.run(young)).recovered == ()  # a finaliser may be about to write the row
    later = replace(node, clock=ManualClock(datetime.now(UTC) + timedelta(minutes=2)))
    look_back = later.clock.now() - NOW + timedelta(days=2)
    assert (await reconcile.run(later, look_back=look_back)).recovered == (UID,)
    async with node.database.transaction() as session:
        again, call = await store.get(session, UID), await ledger.get_call(session, UID)
    assert again is not None
    assert call is not None
    assert again.recovered
    for name in ("object_key", "sha256", "bytes", "seconds", "caller_rms", "seat_rms"):
        assert getattr(again, name) == getattr(made, name), name


async def test_strange_objects_in_the_store_are_told_of_and_left_there(
    node: Node, add_call: AddCall, tmp_path: Path
) -> None:
    await add_call(UID, 4)
    leave(node.spool, UID, tone(4), tone(4))
    made = await attempt(node, UID)
    folder = made.object_key.rsplit("/", 1)[0]
    junk = tmp_path / "junk"
    junk.write_bytes(b"not a sound")
    for name in ("n1-8.8.flac", "a b.flac", f"{UID}~0123.flac"):
        await node.objects.put(f"{folder}/{name}", junk)
    beside = stored_file(node, made.object_key).parent
    for strange in (b"a\nb.flac", b"\xff.flac"):  # no name that obstore takes
        shutil.copy(junk, beside / os.fsdecode(strange))
    later = replace(node, clock=ManualClock(datetime.now(UTC) + timedelta(minutes=2)))
    report = await reconcile.run(later, look_back=later.clock.now() - NOW + timedelta(days=2))
    assert report.recovered == ()
    assert sorted(name for name, _ in report.refused) == sorted(
        f"'{folder}/{name}'" for name in ("n1-8.8.flac", "a b.flac", f"{UID}~0123.flac", "a\\nb.flac", "\\\\udcff.flac")
    )
    assert await node.objects.size(f"{folder}/n1-8.8.flac") == len(b"not a sound")
    assert list(node.work.iterdir()) == []


async def test_half_made_files_are_removed_after_a_day(node: Node) -> None:
    old, young = node.work / "n1-1.1~a.flac", node.work / "n1-2.1~b.flac"
    for path, ago in ((old, 25), (young, 23)):
        path.write_bytes(b"half")
        os.utime(path, (NOW.timestamp() - ago * 3600, NOW.timestamp() - ago * 3600))
    assert await reconcile.tidy(node) == 1
    assert (old.exists(), young.exists()) == (False, True)


async def test_the_plain_clip_of_a_killed_export_goes_within_the_hour(node: Node) -> None:
    clip, other = node.work / "clip-killed", node.work / "clip-at-work"
    for folder, minutes in ((clip, 61), (other, 50)):
        folder.mkdir()
        (folder / "call.flac").write_bytes(b"fLaC")
        os.utime(folder, (NOW.timestamp() - 60 * minutes,) * 2)
    assert await reconcile.tidy(node) == 1
    assert (clip.exists(), other.exists()) == (False, True)


async def test_two_reconciliations_at_once_open_a_problem_once(node: Node, add_call: AddCall) -> None:
    await add_call("n1-1.1", 10)
    await add_call("n1-2.1", 10)
    leave(node.spool, "n1-2.1", tone(10), tone(10))
    reports = await asyncio.gather(*(reconcile.run(node) for _ in range(4)))
    assert sum(report.opened for report in reports) == 1
    assert sorted(uid for report in reports for uid in report.recovered) == ["n1-2.1"]
    assert named(await reconcile.run(node)) == [("n1-1.1", "missing")]


@pytest.mark.parametrize(("ago", "expected"), [(300, []), (900, [(UID, "missing")])])
async def test_legs_that_stay_held_are_named_after_a_while(
    ago: float, expected: list[tuple[str, str]], node: Node, add_call: AddCall
) -> None:
    await add_call(UID, 10, ago=ago)
    path, _ = leave(node.spool, UID, tone(10), tone(10))
    with path.open("rb"):
        assert named(await reconcile.run(node)) == expected
    assert (await reconcile.run(node)).sound
