"""Archived files become recordings of ours once, whatever they are called and whenever somebody is killed."""

from __future__ import annotations

import asyncio
import csv
import errno
import io
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from typer.testing import CliRunner

from acd import ledger
from hotline.clock import ManualClock
from hotline.commands import recordings_import
from hotline.commands.recordings import app
from hotline.database import Database
from hotline.errors import UsageError
from hotline.models import AuditEntry
from hotline.settings import Settings
from recordings import importing, store
from recordings.erase import Wish, erase
from recordings.errors import DiskFull
from recordings.finalise import Node
from recordings.importing import Options, Outcome, Result
from recordings.importing_facts import name_reader, read_manifest
from recordings.importing_models import ImportedRecording, ImportRun
from recordings.importing_sound import fingerprint
from recordings.reconcile import tidy
from recordings.restore import restore_orphans
from recordings.scrub import scrub
from recordings.sealed import SealedObjects, open_objects
from recordings.sound_files import SoundUnusable, open_file
from tests.recordings.killed_import import STEPS
from tests.recordings.sounds import NOW

ZONE = Settings().zone
RATE = 8000


def tone(hertz: float, seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    return (0.4 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def write(path: Path, samples: np.ndarray, rate: int, **how: str | None) -> None:
    """A file whose own time lies an hour before NOW."""
    soundfile.write(path, samples, rate, **how)
    os.utime(path, (NOW.timestamp() - 3600,) * 2)


def importer(settings: Settings, database: Database) -> Node:
    clock = ManualClock(NOW)
    objects = open_objects(settings, database, clock)
    return Node(settings, database, clock, objects, settings.data, objects.work())


async def imported(node: Node, folder: Path, **options: object) -> list[Result]:
    return [result async for result in importing.run(node, Options(folder, **options))]  # type: ignore[arg-type]


def outcomes(results: Iterable[Result]) -> dict[str, str]:
    return {result.name: result.outcome.value for result in results}


async def played(node: Node, uid: str) -> tuple[np.ndarray, int]:
    """The stored samples as (frames, channels), and their rate."""
    async with node.database.transaction() as session:
        recording = await store.get(session, uid)
    async with store.local_file(node.objects, recording) as path:
        samples, rate = soundfile.read(path, always_2d=True)
    return samples, rate


def peak(samples: np.ndarray, rate: int) -> int:
    return round(float(np.abs(np.fft.rfft(samples)).argmax()) * rate / len(samples))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    (folder / "deep").mkdir(parents=True)
    return folder


async def test_every_usual_format_becomes_a_recording_with_a_call_and_a_job_of_low_priority(
    settings: Settings, database: Database, archive: Path
) -> None:
    for name, kind, subtype in (
        ("pcm.wav", "WAV", "PCM_16"), ("u.wav", "WAV", "ULAW"), ("a.wav", "WAV", "ALAW"), ("49.WAV", "WAV", "GSM610"),
        ("raw.gsm", "RAW", "GSM610"), ("deep/x.mp3", "MP3", None), ("x.flac", "FLAC", None), ("x.ogg", "OGG", None),
    ):  # fmt: skip
        write(archive / name, tone(440 + len(name)), RATE, subtype=subtype, format=kind)
    node = importer(settings, database)
    results = await imported(node, archive)
    assert set(outcomes(results).values()) == {"imported"}
    for result in results:
        samples, rate = await played(node, result.call_uid)
        assert (rate, samples.shape[1]) == (16_000, 1)
        assert peak(samples[:, 0], rate) == pytest.approx(440 + len(result.name), abs=2)
        async with database.transaction() as session:
            call = await ledger.get_call(session, result.call_uid)
        assert call is not None
        assert (call.direction, call.outcome, call.queued_at) == ("in", "answered", None)
    async with database.transaction() as session:
        jobs = (await session.execute(text("SELECT priority FROM procrastinate_jobs"))).scalars().all()
    assert len(jobs) == len(results)
    assert max(jobs) < 0


async def test_two_channels_stay_apart_and_can_be_swapped(
    settings: Settings, database: Database, archive: Path
) -> None:
    write(archive / "call.wav", np.stack([tone(300), tone(700)], axis=1), RATE)
    node = importer(settings, database)
    [result] = await imported(node, archive, seat_left=True)
    samples, rate = await played(node, result.call_uid)
    assert [peak(samples[:, channel], rate) for channel in (0, 1)] == [700, 300]


async def test_the_same_content_is_one_recording_under_whatever_name(
    settings: Settings, database: Database, archive: Path
) -> None:
    write(archive / "a.wav", tone(440), RATE)
    shutil.copy2(archive / "a.wav", archive / "b.wav")
    node = importer(settings, database)
    first, second = await imported(node, archive)
    assert (first.outcome, second.outcome) == (Outcome.IMPORTED, Outcome.KNOWN)
    assert second.reason == "the same content as a.wav"
    assert set(outcomes(await imported(node, archive)).values()) == {"already_there"}
    async with database.transaction() as session:
        assert len(list(await session.scalars(select(ImportedRecording)))) == 1


async def test_what_is_no_sound_file_is_named_with_the_reason_and_stops_nothing(
    settings: Settings, database: Database, archive: Path
) -> None:
    write(archive / "z-good.wav", tone(440), RATE)
    (archive / "bad\n\x1b[31m.wav").write_bytes(b"Dear Sir" * 100)
    (archive / "empty.wav").touch()
    (archive / "link.wav").symlink_to(archive / "z-good.wav")
    os.mkfifo(archive / "pipe.wav")
    os.symlink("/", archive / "root")
    (archive / os.fsdecode(b"\xff\xfe.wav")).write_bytes(b"x")
    results = await imported(importer(settings, database), archive)
    told = {result.name: result.reason for result in results}
    assert outcomes(results).pop("z-good.wav") == "imported"
    assert sum(result.outcome is Outcome.REFUSED for result in results) == 6
    assert all(name.isprintable() and told[name].isprintable() for name in told)
    assert "is a link" in told["link.wav"]
    assert "is a link" in told["root"]
    assert "device or a pipe" in told["pipe.wav"]
    assert "is empty" in told["empty.wav"]
    assert "is not audio" in told["bad\\n\\x1b[31m.wav"]


async def test_the_time_of_a_call_comes_from_the_manifest_the_name_or_the_file(
    settings: Settings, database: Database, archive: Path, tmp_path: Path
) -> None:
    for number, name in enumerate(("listed.wav", "20240531-140307_13800000000_8002.wav", "plain.wav", "wrong.wav")):
        write(archive / name, tone(400 + 20 * number, 2.0), RATE)
    manifest = tmp_path / "m.csv"
    manifest.write_text(
        "file,caller,seat,started_at,service\n"
        "listed.wav,13912345678,8001,2024-05-30 08:00:00,complaint\n"
        "wrong.wav,13912345678,8001,2031-01-01 08:00:00,\n",
        "gb18030",
    )
    node = importer(settings, database)
    results = await imported(
        node,
        archive,
        manifest=read_manifest(manifest, ZONE),
        read_name=name_reader("{date}-{time}_{caller}_{seat}", ZONE),
    )
    by_name = {result.name: result for result in results}
    assert by_name["wrong.wav"].outcome is Outcome.REFUSED
    assert "cannot be" in by_name["wrong.wav"].reason
    async with database.transaction() as session:
        found = {name: await ledger.get_call(session, each.call_uid) for name, each in by_name.items() if each.call_uid}
    listed, named, plain = found["listed.wav"], found["20240531-140307_13800000000_8002.wav"], found["plain.wav"]
    assert listed is not None
    assert named is not None
    assert plain is not None
    assert (listed.caller, listed.seat, listed.service) == ("13912345678", "8001", "complaint")
    assert listed.entered_at == datetime(2024, 5, 30, 8, tzinfo=ZONE)
    assert (named.caller, named.seat) == ("13800000000", "8002")
    assert named.entered_at == datetime(2024, 5, 31, 14, 3, 7, tzinfo=ZONE)
    assert plain.entered_at == NOW - timedelta(seconds=3602)
    assert by_name["plain.wav"].time_from == "file"


async def test_a_full_disk_ends_the_run_and_the_next_one_goes_on(
    settings: Settings, database: Database, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        write(archive / f"{number}.wav", tone(400 + 50 * number), RATE)
    node = importer(settings, database)
    keep, calls = importing.keep, iter(range(9))

    async def full(*args: object) -> str:
        if next(calls) == 1:
            raise DiskFull("no room left")
        return await keep(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "keep", full)
    with pytest.raises(DiskFull):
        await imported(node, archive)
    assert list(outcomes(await imported(node, archive)).values()) == ["already_there", "imported", "imported"]
    assert list(node.work.glob("imp_*")) == []


@pytest.mark.parametrize("step", STEPS)
async def test_an_import_killed_at_any_step_doubles_nothing_and_the_next_one_ends_it(
    step: str, settings: Settings, database: Database, database_url: str, archive: Path
) -> None:
    for number in range(3):
        write(archive / f"{number}.wav", tone(400 + 50 * number, 0.3), RATE)
    before = {path: path.read_bytes() for path in archive.glob("*.wav")}
    arguments = (step, "2", database_url, str(settings.data), str(archive))
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.recordings.killed_import", *arguments)
    assert await asyncio.wait_for(child.wait(), 90) == -signal.SIGKILL
    node = importer(settings, database)
    done = 2 if step == "row_committed" else 1
    results = list(outcomes(await imported(node, archive)).values())
    assert results == ["already_there"] * done + ["imported"] * (3 - done)
    async with database.transaction() as session:
        uids = [row.call_uid for row in await session.scalars(select(ImportedRecording))]
        recordings = await store.everything(session)
        jobs = (await session.execute(text("SELECT args->>'call_uid' FROM procrastinate_jobs"))).scalars().all()
        runs = list(await session.scalars(select(ImportRun).order_by(ImportRun.started_at, ImportRun.imported.desc())))
    assert sorted(uids) == sorted(jobs) == sorted(each.call_uid for each in recordings)
    assert len(uids) == 3
    assert sorted(run.imported for run in runs) == sorted([done, 3 - done])
    assert [run.ended_at is None for run in runs].count(True) == 1
    stored = [found.key async for found in node.objects.listing()]
    assert len(stored) == 3
    assert list(node.work.glob("imp_*")) == []
    assert {path: path.read_bytes() for path in archive.glob("*.wav")} == before


async def test_what_was_deleted_since_does_not_come_back_and_old_calls_are_told(
    settings: Settings, database: Database, archive: Path
) -> None:
    write(archive / "20200101-100000_13800000000.wav", tone(440), RATE)
    node = importer(settings, database)
    read_name = name_reader("{date}-{time}_{caller}", ZONE)
    [first] = await imported(node, archive, read_name=read_name)
    assert first.time_over
    wish = Wish(first.call_uid, "ordinary", "365 days", actor="root", role="shell")
    certificate = await erase(database, node.objects, node.clock, wish)  # type: ignore[arg-type]
    [again] = await imported(node, archive, read_name=read_name)
    assert again.outcome is Outcome.KNOWN
    assert str(certificate.id) in again.reason
    async with database.transaction() as session:
        assert await store.get(session, first.call_uid) is None
        assert [row.source for row in await session.scalars(select(ImportedRecording))] == [""]


async def test_a_folder_that_a_killed_process_left_in_the_work_folder_is_tidied_away(node: Node) -> None:
    left = node.work / "scan-x"
    left.mkdir()
    (left / "1.png").write_bytes(b"x")
    os.utime(left, (NOW.timestamp() - 90_000,) * 2)
    await tidy(node)
    assert not left.exists()


async def test_two_imports_at_once_are_one_too_many(settings: Settings, database: Database, archive: Path) -> None:
    write(archive / "a.wav", tone(440), RATE)
    node = importer(settings, database)
    first = importing.run(node, Options(archive))
    await anext(first)
    with pytest.raises(UsageError, match="another import"):
        await imported(node, archive)
    await first.aclose()


async def test_a_run_is_in_the_audit_from_its_beginning(settings: Settings, database: Database, archive: Path) -> None:
    write(archive / "a.wav", tone(440), RATE)
    (archive / "b.wav").write_bytes(b"no")
    await imported(importer(settings, database), archive, actor="root")
    async with database.transaction() as session:
        begun, ended = list(await session.scalars(select(AuditEntry).order_by(AuditEntry.seq)))
    assert (begun.action, begun.actor) == ("recording.import", "root")
    assert begun.detail == {"folder": str(archive)}
    assert ended.subject == begun.subject
    assert ended.detail == {"imported": 1, "already_there": 0, "refused": 1}


def test_the_command_reports_each_file_and_exits_1_where_one_was_refused(
    database_url: str, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(archive / "a.wav", tone(440), RATE)
    (archive / "b.wav").write_bytes(b"no")
    monkeypatch.setenv("HOTLINE_DATABASE_URL", database_url.replace("postgresql+psycopg", "postgresql"))
    monkeypatch.setenv("HOTLINE_DATA", str(tmp_path / "data"))
    report = tmp_path / "report.json"
    done = CliRunner().invoke(app, ["import", str(archive), "--report", str(report)])
    assert done.exit_code == 1, done.output
    assert "1 imported, 0 there already, 1 refused" in done.output
    assert "the time of the file itself was taken" in done.output
    told = json.loads(report.read_text("utf-8"))
    assert [each["outcome"] for each in told["files"]] == ["imported", "refused"]
    assert (told["imported"], told["refused"], told["complete"]) == (1, 1, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else for a moment")
def test_what_this_user_may_not_read_is_refused_by_name_and_stops_nothing() -> None:
    with tempfile.TemporaryDirectory() as name:  # not in pytest's folders: nobody else may enter those
        folder = Path(name)
        folder.chmod(0o755)
        for closed in ("listed", "shut"):
            (folder / closed).mkdir()
            (folder / closed / "a.wav").write_bytes(b"x")
        (folder / "listed").chmod(0o744)
        (folder / "shut").chmod(0o700)
        os.seteuid(65534)
        try:
            assert recordings_import._measured(folder)[0] == 2
            listed, shut = importing.walk(folder)
            assert (importing._is_folder(listed), importing._is_folder(shut)) == (False, True)
            with pytest.raises(SoundUnusable, match="Permission denied"):
                fingerprint(listed)
            with pytest.raises(UsageError, match="cannot be read: Permission denied"):
                recordings_import._measured(folder / "shut")
        finally:
            os.seteuid(0)


async def test_a_file_that_its_disk_does_not_give_is_refused_and_stops_nothing(
    settings: Settings, database: Database, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(archive / "a.wav", tone(440), RATE)
    write(archive / "b.wav", tone(880), RATE)

    class Failing(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def opening(path: Path, *, follow_links: bool) -> io.FileIO:
        return Failing(path) if path.name == "a.wav" else open_file(path, follow_links=follow_links)

    monkeypatch.setattr("recordings.importing_sound.open_file", opening)
    results = await imported(importer(settings, database), archive)
    assert outcomes(results) == {"a.wav": "refused", "b.wav": "imported"}
    assert results[0].reason == "a.wav cannot be read: Input/output error"


@given(st.text(max_size=40))
def test_any_pattern_either_reads_names_or_says_what_is_wrong_with_it(pattern: str) -> None:
    try:
        reader = name_reader(pattern, ZONE)
    except UsageError:
        return
    reader("20240531-140307_13800000000_8002.wav")


@given(st.lists(st.lists(st.text(max_size=12), min_size=5, max_size=5), max_size=5), st.binary(max_size=20))
def test_any_manifest_is_read_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], tail: bytes
) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["file", "caller", "seat", "started_at", "service"], *rows])
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(out.getvalue().encode("utf-8", "surrogatepass") + tail)
    try:
        manifest = read_manifest(path, ZONE)
    except UsageError:
        return
    for facts in manifest.rows.values():
        assert facts.started_at is None or facts.started_at.tzinfo is UTC


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("lost", ["the recording's row", "every row"])
async def test_an_imported_recording_whose_rows_are_lost_is_restored_from_the_store(
    channels: int, lost: str, settings: Settings, database: Database, archive: Path
) -> None:
    sides = np.stack([tone(440), tone(660)][:channels], axis=1)
    write(archive / "old.wav", sides, RATE)
    node = importer(settings, database)
    [result] = await imported(node, archive)
    async with database.transaction() as session:
        before = await store.get(session, result.call_uid)
        for table in (
            "recordings",
            *(("calls", "imported_recordings", "stored_objects") if lost == "every row" else ()),
        ):
            await session.execute(text(f"DELETE FROM {table}"))
    assert before is not None
    listed = [each async for each in node.objects.listing()]
    assert await restore_orphans(node, listed) == ([result.call_uid], [])
    async with database.transaction() as session:
        after = await store.get(session, result.call_uid)
        call = await ledger.get_call(session, result.call_uid)
    assert after is not None
    assert call is not None
    assert (after.sha256, after.object_key, after.seconds) == (before.sha256, before.object_key, before.seconds)
    assert after.caller_rms == pytest.approx(before.caller_rms, rel=0.01)
    assert after.seat_rms == pytest.approx(before.seat_rms, rel=0.01)
    assert call.outcome == "answered", "one that nobody spoke to would be deleted after ninety days"
    assert after.started_at.astimezone(ZONE).date() == before.started_at.astimezone(ZONE).date()
    assert isinstance(node.objects, SealedObjects)
    assert (await scrub(database, node.objects, node.clock, bytes_per_second=None)).damaged == ()
    [again] = await imported(node, archive)
    assert again.outcome is (Outcome.KNOWN if lost != "every row" else Outcome.IMPORTED)
    async with database.transaction() as session:
        assert await store.get(session, result.call_uid) == after
