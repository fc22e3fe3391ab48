"""The scrubber: everything stored is read back in rounds, and what is not as it was stored is named.

A round goes through the rows in order of key and remembers its place after each object, so that whoever is killed or
out of time is followed where they stopped. Of each object the stored bytes are hashed and opened piece by piece: both
SHA-256 and both lengths must be those of its row, and the recording's row must agree.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hotline.clock import Clock
from hotline.database import Database
from recordings import noting, problems, stored
from recordings.daykeys import COPIES
from recordings.errors import KeyUnavailable, ObjectDamaged, ObjectMissing, RecordingError
from recordings.findings import Finding, Problem
from recordings.models import Recording
from recordings.sealed import SealedObjects
from recordings.stored import ObjectRow
from recordings.vault_models import ScrubRun

MEND = "once its bytes are back from a backup of the store, run `hotline recordings scrub`"
_LOCK = 0x7363727562
_BATCH = 50
_LISTED = 1000
_JUST_PUT = timedelta(minutes=10)
"""So long after an object its row may come."""

_log = structlog.get_logger(__name__)


class Pace:
    """No more than so many bytes a second on the average since it was made; None is as fast as it goes."""

    def __init__(self, bytes_per_second: float | None) -> None:
        self._rate = bytes_per_second
        self._begun = asyncio.get_running_loop().time()
        self._bytes = 0

    async def spent(self, size: int) -> None:
        self._bytes += size
        if self._rate is not None:
            due = self._begun + self._bytes / self._rate
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))


@dataclass(frozen=True, slots=True)
class Damaged:
    key: str
    call_uid: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class ScrubReport:
    """What one scrub did; `ended` where it came to the end of its round."""

    objects: int
    bytes: int
    damaged: tuple[Damaged, ...]
    ended: bool


class ScrubBusy(RecordingError):
    """Another scrub is under way: there is one at a time."""

    code = "scrub_busy"


Progress = Callable[[int, int], None]
"""Called after each piece with the bytes of it, and after each object with no bytes and one object."""


async def scrub(
    database: Database,
    objects: SealedObjects,
    clock: Clock,
    *,
    bytes_per_second: float | None,
    seconds: float | None = None,
    anew: bool = False,
    progress: Progress = lambda size, count: None,
) -> ScrubReport:
    """Go on with the round that is open, or begin one; `anew` begins one in any case.

    Stops after `seconds` at the next object. Raises ScrubBusy where another is at work, KeyUnavailable where the
    master key is away (nothing can be said of anything then), StoreUnavailable where the store is.
    """
    async with database.transaction() as guard:
        if not await guard.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))):
            raise ScrubBusy("another scrub is under way; wait for it, or look at `hotline recordings scrub` later")
        damaged = await _note_unknown(database, objects, clock)
        run_id, place = await _round(database, clock, anew=anew)
        pace, loop = Pace(bytes_per_second), asyncio.get_running_loop()
        until = None if seconds is None else loop.time() + seconds
        count = size = 0
        while until is None or loop.time() < until:
            async with database.transaction() as session:
                batch = await stored.after(session, place, _BATCH)
            if not batch:
                await _end(database, run_id, clock.now())
                return ScrubReport(count, size, tuple(damaged), ended=True)
            for row in batch:
                detail = await _examine(objects, row, pace, progress)
                async with database.transaction() as session:
                    detail = await _settle(session, run_id, row, detail, clock.now())
                if detail is not None:
                    damaged.append(Damaged(row.key, row.call_uid, detail))
                place, count, size = row.key, count + 1, size + row.stored_bytes
                progress(0, 1)
                if until is not None and loop.time() >= until:
                    break
        return ScrubReport(count, size, tuple(damaged), ended=False)


async def strangers(database: Database, objects: SealedObjects, clock: Clock) -> list[str]:
    """Keys of objects in the store that no row knows, in order; of what is just being put nobody can tell.

    Such are left by who was killed between store and row, come back with a restored store, or were put there by others.
    """
    now = clock.now()
    listed = [found.key async for found in objects.store.listing() if abs(now - found.changed_at) > _JUST_PUT]
    copies = {key for key in listed if key.startswith(COPIES)}
    strange = await objects.keys.strange_copies(copies)
    rest = [key for key in listed if key not in copies]
    for begin in range(0, len(rest), _LISTED):
        some = rest[begin : begin + _LISTED]
        async with database.transaction() as session:
            strange |= set(some) - await stored.known(session, some)
    return sorted(strange)


async def outstanding(session: AsyncSession, *, anew: bool = False) -> tuple[int, int]:
    """Objects and stored bytes that are left of the open round, or of a new one."""
    run = None if anew else await _open_run(session)
    return await stored.remaining(session, run.last_key if run else "")


async def last_round(session: AsyncSession) -> datetime | None:
    """When the latest round that came to its end was begun: what was stored then was read back since."""
    query = select(func.max(ScrubRun.started_at)).where(ScrubRun.ended_at.is_not(None))
    found: datetime | None = await session.scalar(query)
    return found


async def due(session: AsyncSession, now: datetime, days: int) -> bool:
    """Whether the periodic scrubber has something to do, so that everything is read within `days`."""
    if await _open_run(session) is not None:
        return True
    last = await last_round(session)
    return last is None or now - last >= timedelta(days=days) / 2


async def _examine(objects: SealedObjects, row: ObjectRow, pace: Pace, progress: Progress) -> str | None:
    """What is wrong with one object, None where nothing is."""
    sealed, plain = hashlib.sha256(), hashlib.sha256()
    sealed_bytes = plain_bytes = 0
    try:
        async for raw, opened in objects.pieces(row.key):
            sealed.update(raw)
            plain.update(opened)
            sealed_bytes, plain_bytes = sealed_bytes + len(raw), plain_bytes + len(opened)
            progress(len(raw), 0)
            await pace.spent(len(raw))
    except (ObjectMissing, ObjectDamaged) as error:
        return str(error)
    if (sealed_bytes, sealed.hexdigest()) != (row.stored_bytes, row.stored_sha256):
        return f"{row.key} ({sealed_bytes} bytes) does not have the SHA-256 it was stored with"
    if (plain_bytes, plain.hexdigest()) != (row.bytes, row.sha256):
        return f"{row.key} opens to {plain_bytes} bytes that are not those that were sealed"
    header = await objects.header(row.key, sealed_bytes)
    if (header.day_key if header is not None else None, stored.call_of(row.key)) != (row.day_key, row.call_uid):
        return f"{row.key} has a row that names another day key or call"
    return None


async def _settle(session: AsyncSession, run_id: int, row: ObjectRow, detail: str | None, now: datetime) -> str | None:
    """Write what was found of one object, and the round's place, in one transaction; what is wrong with it."""
    if row.call_uid is not None and detail is None:
        query = select(Recording).where(Recording.call_uid == row.call_uid)
        recording = await session.scalar(query)
        if recording is not None and recording.object_key == row.key:
            detail = await noting.differs(session, recording)
            if recording.sha256 != row.sha256:
                detail = f"{row.key} is not the file that the recording's row names"
    await stored.note_scrubbed(session, row.key, detail, now)
    run = await session.get(ScrubRun, run_id)
    assert run is not None
    run.last_key = row.key
    run.objects += 1
    run.bytes += row.stored_bytes
    run.damaged += detail is not None
    of_call = await stored.of_call(session, row.call_uid) if row.call_uid is not None else []
    details = [each.damage for each in of_call if each.damage and each.key != row.key]
    if detail is not None:
        details.append(detail)
        _log.error("recordings.damaged", object=row.key, reason=detail)
    named = row.call_uid or row.key
    found = [Finding(named, Problem.UNREADABLE, f"{'; '.join(details)}: {MEND}")] if details else []
    await problems.apply(session, {named}, {Problem.UNREADABLE}, found, now)
    return detail


async def _note_unknown(database: Database, objects: SealedObjects, clock: Clock) -> list[Damaged]:
    """Recordings whose object has no row, as after a database from an older backup: it gets one, or a finding."""
    damaged = []
    async with database.transaction() as session:
        unknown = await stored.unknown_recordings(session)
    for uid, key, sha256 in unknown:
        detail = None
        try:
            if not await objects.holds(key, sha256):
                detail = f"{key} is not the file that the recording's row names"
        except KeyUnavailable:
            raise
        except (ObjectMissing, ObjectDamaged) as error:
            detail = str(error)
        if detail is not None:
            damaged.append(Damaged(key, uid, detail))
            async with database.transaction() as session:
                finding = Finding(uid, Problem.UNREADABLE, f"{detail}: {MEND}")
                await problems.apply(session, {uid}, set(), [finding], clock.now())
    return damaged


async def _open_run(session: AsyncSession) -> ScrubRun | None:
    query = select(ScrubRun).where(ScrubRun.ended_at.is_(None)).order_by(ScrubRun.id.desc()).limit(1)
    return (await session.scalars(query)).first()


async def _round(database: Database, clock: Clock, *, anew: bool) -> tuple[int, str]:
    async with database.transaction() as session:
        run = await _open_run(session)
        if run is not None and not anew:
            return run.id, run.last_key
        if run is not None:
            await session.delete(run)
        run = ScrubRun(started_at=clock.now(), last_key="", objects=0, bytes=0, damaged=0)
        session.add(run)
        await session.flush()
        return run.id, ""


async def _end(database: Database, run_id: int, now: datetime) -> None:
    async with database.transaction() as session:
        run = await session.get(ScrubRun, run_id)
        assert run is not None
        run.ended_at = now
