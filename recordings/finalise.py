"""One call's raw legs become one stored recording: the room's story, in the order in which nothing can be lost.

legs finished? → flush them to the disk → FLAC → SHA-256 → into the store and read back → row, and the job that
transcribes it, in one transaction → only then delete the legs. Whoever is killed between two steps leaves the legs,
and the next try finds what is there already: the same object under the same key, the same row.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NoReturn
from uuid import uuid4

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hotline.clock import Clock
from hotline.database import Database
from hotline.jobs import SPEECH, JobContext, defer
from hotline.settings import Settings
from ivr.paths import NodePaths
from recordings import calls, peaks, problems, store
from recordings.encode import Encoded, encode, flush_folder
from recordings.errors import LegsHeld, LegsMissing, ObjectDamaged, RecordingError, StoreConflict
from recordings.findings import CallFacts, Limits, Problem, reconcile
from recordings.legs import SAMPLE_RATE, Legs, check_uid, find, finished, holders
from recordings.models import Recording
from recordings.objects import Objects, keep, object_key
from recordings.private import plain_folder, sweep
from recordings.sealed import open_objects
from recordings.store import RecordingView

TRANSCRIBE = "transcribe.call"
"""The next room's job; it lies above this one, so that it is known by name only."""
PAUSE_LATE_SECONDS = 2.0
"""A pause that comes to its limit may end this much later."""
UNKNOWN_SETTLE = 6
"""Times `settle_seconds` that the legs of a call unknown to the ledger must have been quiet."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Node:
    """What finalising on one node works with; `spool` is where its Asterisk writes, `work` holds half-made files."""

    settings: Settings
    database: Database
    clock: Clock
    objects: Objects
    spool: Path
    work: Path

    @classmethod
    def of(cls, context: JobContext) -> Node:
        settings = context.settings
        spool = NodePaths.of(settings).recordings
        objects = open_objects(settings, context.database, context.clock)
        return cls(settings, context.database, context.clock, objects, spool, objects.work())

    @property
    def limits(self) -> Limits:
        return Limits(self.settings.recordings.tolerance_seconds, self.settings.recordings.silent_rms)


async def finalise(node: Node, call_uid: str, *, recovered: bool = False) -> RecordingView:
    """Make the stored recording of one call, or return the one that is there; legs that are left over are deleted.

    Raises LegsHeld while the call goes on or another finaliser works on it, LegsMissing where there is nothing to
    make it of, DiskFull, StoreUnavailable, ObjectDamaged or StoreConflict with the legs kept.
    """
    check_uid(call_uid)
    async with node.database.transaction() as session:
        existing, call = await store.get(session, call_uid), await calls.get(session, call_uid)
    legs = await asyncio.to_thread(find, node.spool, call_uid)
    if legs is None:
        if existing is None:
            raise LegsMissing(f"there are no legs of call {call_uid} in {node.spool}")
        return existing
    await _demand_finished(node, legs, call)
    with await asyncio.to_thread(_claim, legs):
        if existing is None and legs.seconds == 0:
            await _give_up(node, legs, call)
        if existing is None:
            existing = await _preserve(node, legs, call, recovered=recovered)
        else:
            await _demand_kept(node, legs, existing)
        await asyncio.to_thread(_delete, legs)
    return existing


async def attempt(node: Node, call_uid: str, *, recovered: bool = False) -> RecordingView:
    """`finalise`, and the open problems of this call brought up to date whether it went well or not."""
    check_uid(call_uid)
    try:
        made = await finalise(node, call_uid, recovered=recovered)
    except LegsHeld:
        raise  # not a finding: it is tried again in a moment
    except RecordingError as error:
        _log.warning("recording.not_finalised", call=call_uid, code=error.code, reason=str(error))
        await _note(node, call_uid, reason=str(error))
        raise
    await _note(node, call_uid)
    _log.info("recording.finalised", call=call_uid, seconds=round(made.seconds, 1), recovered=made.recovered)
    return made


async def _demand_finished(node: Node, legs: Legs, call: CallFacts | None) -> None:
    held = await asyncio.to_thread(holders)
    ended = call is not None and call.ended_at is not None
    # A call that the ledger has never heard of gets longer: its controller may be starting, and brings its own row.
    settle = node.settings.recordings.settle_seconds * (1 if call is not None else UNKNOWN_SETTLE)
    if not finished(legs, held, call_ended=ended, now=node.clock.now(), settle_seconds=settle):
        raise LegsHeld(f"call {legs.uid}: its legs are still being written")


def _claim(legs: Legs) -> ExitStack:
    """Lock the legs against other finalisers and flush what Asterisk wrote; the lock ends with the process at most."""
    with ExitStack() as claim:
        for leg in legs.present:
            try:
                descriptor = os.open(leg.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
                claim.callback(os.close, descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                there = leg.path.lstat()
            except (BlockingIOError, FileNotFoundError) as error:
                raise LegsHeld(f"call {legs.uid}: another finaliser works on its legs") from error
            if (there.st_dev, there.st_ino, there.st_size) != (leg.device, leg.inode, leg.size):
                raise LegsHeld(f"call {legs.uid}: its legs changed while they were looked at")
            os.fsync(descriptor)
        return claim.pop_all()


async def _preserve(node: Node, legs: Legs, call: CallFacts | None, *, recovered: bool) -> RecordingView:
    started_at = call.entered_at if call is not None else legs.started_at()
    answered = (call.answered_at - started_at).total_seconds() if call is not None and call.answered_at else None
    async with node.database.transaction() as session:
        longest = node.settings.acd.recording_pause_seconds + PAUSE_LATE_SECONDS
        paused = await calls.pauses(session, legs.uid)
        muted = [(start, min(end, start + longest)) for start, end in paused]  # the end of one may have gone untold
    await asyncio.to_thread(sweep, node.work)  # what a finaliser that was killed at these legs has made of them
    with plain_folder(node.work) as folder:
        target = folder / f"{legs.uid}.flac"
        # A thread will do: libsndfile and numpy let go of the interpreter's lock; an hour of sound takes two seconds.
        made = await asyncio.to_thread(encode, legs, target, answered_second=answered, muted=muted)
        drawn = await peaks.made_of(target)
        plain = object_key(legs.uid, started_at, node.settings)
        marked = object_key(legs.uid, started_at, node.settings, sha256=made.sha256)
        key = await keep(node.objects, target, plain, marked, made.sha256)
    async with node.database.transaction() as session:
        if call is None:
            await calls.adopt(session, legs.uid, started_at, max(legs.changed_at, started_at))
        recovered = recovered or call is None
        await peaks.save(session, legs.uid, made.sha256, drawn)
        return await write_row(session, node, legs.uid, made, key=key, started_at=started_at, recovered=recovered)


async def _give_up(node: Node, legs: Legs, call: CallFacts | None) -> NoReturn:
    """Legs without a sample hold nothing to keep; that there was a call stays known."""
    if call is None:
        async with node.database.transaction() as session:
            await calls.adopt(session, legs.uid, legs.started_at(), max(legs.changed_at, legs.started_at()))
    await asyncio.to_thread(_delete, legs)
    raise LegsMissing(f"its legs held no sound ({len(legs.present)} of them, not one sample)")


async def write_row(
    session: AsyncSession, node: Node, uid: str, made: Encoded, *, key: str, started_at: datetime, recovered: bool,
    priority: int = 0,
) -> RecordingView:  # fmt: skip
    """The row of a stored object and, where it is new, the job that transcribes it, jobs of lower `priority` last."""
    row = {
        "id": uuid4(),
        "call_uid": uid,
        "object_key": key,
        "sha256": made.sha256,
        "bytes": made.bytes,
        "seconds": made.seconds,
        "sample_rate": SAMPLE_RATE,
        "caller_seconds": made.caller_seconds,
        "seat_seconds": made.seat_seconds,
        "caller_rms": made.caller_rms,
        "seat_rms": made.seat_rms,
        "started_at": started_at,
        "finalised_at": node.clock.now(),
        "recovered": recovered,
    }
    statement = insert(Recording).values(row).on_conflict_do_nothing(index_elements=["call_uid"])
    new = (await session.scalar(statement.returning(Recording.id))) is not None
    if new:
        lock = f"{TRANSCRIBE}:{uid}"
        await defer(session, TRANSCRIBE, queue=SPEECH, queueing_lock=lock, priority=priority, call_uid=uid)
    found = await store.get(session, uid)
    assert found is not None
    return found


async def _demand_kept(node: Node, legs: Legs, recording: RecordingView) -> None:
    """Legs beside a row are what a killed finaliser left; they go only when the store has all that they hold."""
    if legs.seconds > recording.seconds:
        raise StoreConflict(
            f"call {legs.uid}: its legs last {legs.seconds:.1f} s and its recording {recording.seconds:.1f} s;"
            " listen to both, the legs are kept"
        )
    if not await node.objects.holds(recording.object_key, recording.sha256):
        raise ObjectDamaged(f"{recording.object_key} is damaged; the legs are kept")


def _delete(legs: Legs) -> None:
    for leg in legs.present:
        leg.path.unlink(missing_ok=True)
    flush_folder(legs.present[0].path.parent)


async def _note(node: Node, uid: str, *, reason: str | None = None) -> None:
    async with node.database.transaction() as session:
        call, recording = await calls.get(session, uid), await store.get(session, uid)
        if call is not None and recording is not None:
            call = await calls.with_pauses(session, call, recording, node.limits)
        found = reconcile(
            [call] if call else [],
            [recording] if recording else [],
            reasons={uid: reason} if reason else {},
            stored=None,
            limits=node.limits,
        )
        await problems.apply(session, {uid}, set(Problem) - {Problem.UNREADABLE}, found, node.clock.now())
