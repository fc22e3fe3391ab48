"""Archived recordings enter the path of live ones: the room's second story, in the order in which nothing is doubled.

content's SHA-256 → known already? → FLAC, in a process with limits → into the store and read back → call, recording,
source and the job that transcribes it, in one transaction. The call's uid is made from the content, so that a run that
was killed between any two steps finds its own object again and the same file under another name is the same call.
The originals are only ever read.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hotline import audit
from hotline.bounded import BoundedWork, TooMuch
from hotline.errors import HotlineError, UsageError
from recordings import calls, certificates, retention
from recordings.errors import DiskFull, RecordingError, StoreUnavailable
from recordings.finalise import Node, write_row
from recordings.importing_facts import EARLIEST, Facts, Manifest, NameReader, TimeFrom
from recordings.importing_models import ImportedRecording, ImportRun
from recordings.importing_sound import Converted, Source, convert, fingerprint
from recordings.objects import keep, object_key
from recordings.private import plain_folder, sweep
from recordings.sound_files import printable

PRIORITY = -10
"""Of the job that transcribes: the calls of today come first."""
LONGEST_SECONDS = 3600.0
"""That one file may take: twelve hours of two channels take two minutes of an idle core, and calls come first."""
_AHEAD = timedelta(minutes=5)
_STOPPING = (DiskFull, StoreUnavailable)
"""What would befall every further file too."""


class Outcome(StrEnum):
    IMPORTED = "imported"
    KNOWN = "already_there"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Options:
    folder: Path
    manifest: Manifest = field(default_factory=Manifest)
    read_name: NameReader = lambda _: None
    seat_left: bool = False
    """Of two channels the left one is the seat's."""
    actor: str = "shell"
    role: str = "command line"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one file; `name` is its path below the folder, printable."""

    name: str
    outcome: Outcome
    bytes: int = 0
    call_uid: str = ""
    sha256: str = ""
    seconds: float = 0.0
    time_from: str = ""
    reason: str = ""
    """Why it was refused, or under which name it is there already."""
    warnings: tuple[str, ...] = ()
    time_over: bool = False
    """Imported, and past its retention already."""


@dataclass(slots=True)
class Counts:
    imported: int = 0
    known: int = 0
    refused: int = 0
    time_of_file: int = 0
    """Imported with no better time than the file's own."""
    time_over: int = 0
    """Imported and past their retention."""

    @property
    def files(self) -> int:
        return self.imported + self.known + self.refused

    def add(self, result: Result) -> None:
        match result.outcome:
            case Outcome.IMPORTED:
                self.imported += 1
                self.time_of_file += result.time_from == TimeFrom.FILE
                self.time_over += result.time_over
            case Outcome.KNOWN:
                self.known += 1
            case Outcome.REFUSED:
                self.refused += 1


@dataclass(frozen=True, slots=True)
class _Run:
    """What every file of one run is worked on with."""

    node: Node
    options: Options
    work: BoundedWork
    id: UUID


@dataclass(frozen=True, slots=True)
class _File:
    """One file that is to be imported, and what is known of it."""

    name: str
    source: Source
    facts: Facts


def walk(folder: Path) -> Iterator[Path]:
    """Everything below `folder` that is not a folder, in order of name, and folders that cannot be read.

    Links to folders are not entered. Raises UsageError where `folder` itself cannot be read.
    """
    try:
        waiting = [iter(_entries(folder))]
    except OSError as error:
        raise UsageError(f"the folder {printable(str(folder))} cannot be read: {error.strerror}") from error
    while waiting:
        entry = next(waiting[-1], None)
        if entry is None:
            waiting.pop()
        elif not entry.is_dir(follow_symlinks=False):
            yield Path(entry.path)
        else:
            try:
                waiting.append(iter(_entries(Path(entry.path))))
            except OSError:
                yield Path(entry.path)


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path) and not path.is_symlink()  # Path's own raises where it may not look


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: os.fsencode(entry.name))


def uid_of(sha256: str) -> str:
    """The call of a file's content, such as `imp_6f1c0a…`."""
    return calls.UID_MARK + sha256[:32]


async def run(node: Node, options: Options) -> AsyncGenerator[Result, None]:
    """Import every file below the folder, one result each, in order.

    Raises UsageError where the folder cannot be used or another import is at work in this instance; DiskFull or
    StoreUnavailable as soon as no further file could be kept either. Run again, it goes on where it stopped.
    """
    if not await asyncio.to_thread(_is_folder, options.folder):
        raise UsageError(f"there is no folder {printable(str(options.folder))}")
    work = BoundedWork(seconds=LONGEST_SECONDS)
    with _alone(node):
        run_id = await _begin(node, options)
        counts = Counts()
        try:
            for path in walk(options.folder):
                result = await _one(_Run(node, options, work, run_id), path)
                counts.add(result)
                yield result
        finally:
            work.close()
            await _end(node, options, run_id, counts)


@contextmanager
def _alone(node: Node) -> Iterator[None]:
    """One import at a time in an instance; what a killed one left half-made is removed."""
    node.settings.instance_dir.mkdir(parents=True, exist_ok=True)
    with (node.settings.instance_dir / "import.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError("another import is at work in this instance; wait for its end") from None
        sweep(node.work)
        yield


async def _one(run: _Run, path: Path) -> Result:
    options = run.options
    below = path.relative_to(options.folder).as_posix()
    name = printable(below)
    try:
        if await asyncio.to_thread(_is_folder, path):
            return Result(name, Outcome.REFUSED, reason="the folder cannot be read; give this user the right to")
        source = await asyncio.to_thread(fingerprint, path)
        async with run.node.database.transaction() as session:
            known = await session.get(ImportedRecording, source.sha256)
            erased = known is not None and await certificates.of_call(session, known.call_uid)
        if known is not None:
            reason = "" if known.source == name else f"the same content as {known.source}"
            reason = f"imported once and deleted since, certificate {erased.id}" if erased else reason
            return Result(name, Outcome.KNOWN, source.bytes, known.call_uid, source.sha256, reason=reason)
        if (wrong := options.manifest.wrong.get(below)) is not None:
            return Result(name, Outcome.REFUSED, source.bytes, sha256=source.sha256, reason=wrong)
        facts = options.manifest.rows.get(below) or options.read_name(below) or Facts()
        return await _import(run, _File(name, source, facts))
    except _STOPPING:
        raise
    except TooMuch as error:
        return Result(name, Outcome.REFUSED, reason=f"{name} could not be read: {error}")
    except HotlineError as error:
        return Result(name, Outcome.REFUSED, reason=str(error))


async def _import(run: _Run, file: _File) -> Result:
    node, source = run.node, file.source
    uid = uid_of(source.sha256)
    with plain_folder(node.work) as folder:
        target = folder / f"{uid}.flac"
        longest = node.settings.recordings.longest_hours
        made = await run.work.run(convert, source, target, longest, run.options.seat_left)
        started_at = _started(file, made, node.clock.now())
        plain = object_key(uid, started_at, node.settings)
        marked = object_key(uid, started_at, node.settings, sha256=made.encoded.sha256)
        key = await keep(node.objects, target, plain, marked, made.encoded.sha256)
    async with node.database.transaction() as session:
        new = await _write(session, run, file, made) and await _adopt(
            session, run, file, made, key=key, started_at=started_at
        )
    over = _time_over(node, started_at)
    return Result(
        file.name, Outcome.IMPORTED if new else Outcome.KNOWN, source.bytes, uid, source.sha256, made.encoded.seconds,
        file.facts.time_from.value, warnings=(*made.warnings, over) if over else made.warnings, time_over=bool(over),
    )  # fmt: skip


def _time_over(node: Node, started_at: datetime) -> str:
    """What is to be said of a call so old that retention deletes its recording, empty of a younger one."""
    days = retention.table(node.settings.recordings.retention_days)
    decision = retention.decide(retention.Facts(started_at, "in", "answered"), days, node.clock.now())
    return f"it is past its retention ({decision.rule}), whose next run deletes it" if decision.due else ""


def _started(file: _File, made: Converted, now: datetime) -> datetime:
    """When the call began; a file's own time is that of its last sample."""
    started_at = file.facts.started_at
    if started_at is None:
        started_at = datetime.fromtimestamp(file.source.changed_at, UTC) - timedelta(seconds=made.encoded.seconds)
    if not EARLIEST <= started_at <= now + _AHEAD:
        raise RecordingError(f"its time ({started_at:%Y-%m-%d %H:%M}) cannot be; put the right one into the manifest")
    return started_at


async def _write(session: AsyncSession, run: _Run, file: _File, made: Converted) -> bool:
    """The source's row; False where it is there already."""
    source = file.source
    written = insert(ImportedRecording).values(
        source_sha256=source.sha256, call_uid=uid_of(source.sha256), source=file.name, source_bytes=source.bytes,
        source_kind=made.source_kind, source_rate=made.source_rate, source_channels=made.channels,
        time_from=file.facts.time_from.value, imported_at=run.node.clock.now(), run_id=run.id,
    )  # fmt: skip
    new = await session.scalar(written.on_conflict_do_nothing().returning(ImportedRecording.call_uid))
    return new is not None


async def _adopt(
    session: AsyncSession, run: _Run, file: _File, made: Converted, *, key: str, started_at: datetime
) -> bool:
    """The call, the recording, and the job that transcribes it."""
    uid, facts = uid_of(file.source.sha256), file.facts
    ended_at = started_at + timedelta(seconds=made.encoded.seconds)
    await calls.adopt_imported(
        session, uid, started_at, ended_at, caller=facts.caller, seat=facts.seat, service=facts.service
    )
    await write_row(
        session, run.node, uid, made.encoded, key=key, started_at=started_at, recovered=False, priority=PRIORITY
    )  # fmt: skip
    await session.execute(update(ImportRun).where(ImportRun.id == run.id).values(imported=ImportRun.imported + 1))
    return True


async def source_of(session: AsyncSession, call_uid: str) -> ImportedRecording | None:
    """The file that an imported call's recording was made from, None where the call was recorded here."""
    return await session.scalar(select(ImportedRecording).where(ImportedRecording.call_uid == call_uid))


async def _begin(node: Node, options: Options) -> UUID:
    run_id, now, folder = uuid4(), node.clock.now(), printable(str(options.folder))
    async with node.database.transaction() as session:
        session.add(ImportRun(id=run_id, folder=folder, actor=options.actor, started_at=now))
        await audit.record(
            session, actor=options.actor, role=options.role, action="recording.import", subject=f"import:{run_id}",
            detail={"folder": folder}, now=now,
        )  # fmt: skip
    return run_id


async def _end(node: Node, options: Options, run_id: UUID, counts: Counts) -> None:
    """A run that was killed has no such row; what it had imported is counted in its own."""
    now = node.clock.now()
    told = {"imported": counts.imported, "already_there": counts.known, "refused": counts.refused}
    async with node.database.transaction() as session:
        ended = update(ImportRun).where(ImportRun.id == run_id)
        await session.execute(ended.values(ended_at=now, known=counts.known, refused=counts.refused))
        await audit.record(
            session, actor=options.actor, role=options.role, action="recording.imported", subject=f"import:{run_id}",
            detail=told, now=now,
        )  # fmt: skip
