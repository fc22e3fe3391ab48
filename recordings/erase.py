"""Deleting a recording so that nothing is half done: the wish, then the bytes, then the certificate.

1. `begin`: a row says what is to be deleted, why and by whom; who holds the call is asked in the same transaction.
2. `finish`: the recording and what was made of it are removed from the store, then, in one transaction, certificate
   and audit entry are written, the rows go, and the job is queued that deletes the transcript's words.

Whoever is killed in between leaves the row of step 1, and the next run ends it. Bytes that come back after that, from
a restored store, are deleted again by their certificate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hotline.clock import Clock
from hotline.database import Database
from hotline.jobs import defer
from recordings import calls, certificates, holds, problems, renditions, stored
from recordings.certificates import CertificateView
from recordings.errors import NoRecording, RecordingError
from recordings.findings import Problem
from recordings.holds import Hold
from recordings.importing_models import ImportedRecording
from recordings.models import Recording
from recordings.sealed import SealedObjects
from recordings.vault_models import Deletion

ERASE_WORDS = ("transcribe.erase", "cases.erase")
"""Jobs of the rooms above this one, so that they are known by name only."""
ON_REQUEST = "erasure on request"
AGAIN_AFTER = timedelta(hours=6)
_LOOK_AGAIN = 500
"""Latest certificates whose bytes are looked for again, should a restored store have brought them back."""

_log = structlog.get_logger(__name__)


class Held(RecordingError):
    """The recording must not be deleted now; the message says for what it is held."""

    code = "held"

    def __init__(self, call_uid: str, found: list[Hold]) -> None:
        said = "; ".join(each.said for each in found)
        super().__init__(
            f"the recording of call {call_uid} is held for {said}; wait for their end, release the hold, or a manager"
            " overrides it with a reason"
        )


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants which recording deleted, by what; `override` deletes what is held, too."""

    call_uid: str
    retention_class: str
    rule: str
    actor: str
    role: str
    reason: str = ""
    words: bool = True
    override: bool = False


async def erase(database: Database, objects: SealedObjects, clock: Clock, wish: Wish) -> CertificateView:
    """Delete one recording now. Raises NoRecording where there is none, Held where it is held and not overridden."""
    await begin(database, clock, wish)
    return await finish(database, objects, clock, wish.call_uid)


async def erase_call(database: Database, objects: SealedObjects, clock: Clock, wish: Wish) -> list[CertificateView]:
    """Delete a call's recording and those beside it, of supervisors and consults: the caller is in them, too.

    Where one is held none goes; all are begun before the first is carried out, so that whoever is killed leaves nothing
    out. Raises as `erase` does.
    """
    async with database.transaction() as session:
        beside = [uid for uid in await calls.recorded_beside(session, wish.call_uid) if await _recording(session, uid)]
        call = await _recording(session, wish.call_uid)
        uids = [wish.call_uid] if call is not None or not beside else []
        for uid in (*uids, *beside):
            if not wish.override and (found := await holds_of(session, uid)):
                raise Held(uid, found)
    for uid in (*uids, *beside):
        await begin(database, clock, replace(wish, call_uid=uid))
    return [await finish(database, objects, clock, uid) for uid in (*uids, *beside)]


async def begin(database: Database, clock: Clock, wish: Wish) -> None:
    """Decide that a recording goes; from here on it goes, whoever is killed."""
    async with database.transaction() as session:
        await holds.lock(session, wish.call_uid)
        if await _recording(session, wish.call_uid) is None:
            raise NoRecording(f"call {wish.call_uid} has no stored recording; nothing is left to delete")
        found = await holds_of(session, wish.call_uid)
        if found and not wish.override:
            raise Held(wish.call_uid, found)
        if await session.get(Deletion, wish.call_uid) is None:
            deletion = Deletion(
                call_uid=wish.call_uid, retention_class=wish.retention_class, rule=wish.rule, reason=wish.reason,
                actor=wish.actor, role=wish.role, words=wish.words, begun_at=clock.now(),
            )  # fmt: skip
            session.add(deletion)


async def finish(database: Database, objects: SealedObjects, clock: Clock, call_uid: str) -> CertificateView:
    """Carry a deletion that was begun to its end; done twice, the certificate of the first stands."""
    async with database.transaction() as session:
        recording = await _recording(session, call_uid)
        keys = {row.key for row in await stored.of_call(session, call_uid)}
        if recording is not None:
            keys |= await renditions.keys_of(session, call_uid, recording.object_key)
    if recording is not None:
        for key in sorted(keys | {recording.object_key}):
            await objects.store.delete(key)
    async with database.transaction() as session:
        await holds.lock(session, call_uid)
        deletion = await session.get(Deletion, call_uid, with_for_update=True)
        recording = await _recording(session, call_uid)
        if deletion is None or recording is None:
            done = await certificates.of_call(session, call_uid)
            if done is None:
                raise NoRecording(f"no deletion of the recording of call {call_uid} was begun")
            return done
        certificate = await certificates.write(session, recording, deletion, clock.now())
        for key in keys | {recording.object_key}:
            await stored.forget(session, key)
        await renditions.forget(session, call_uid)
        # The content stays known, so that a second import does not bring it back; its name may hold a number.
        imported = update(ImportedRecording).where(ImportedRecording.call_uid == call_uid)
        await session.execute(imported.values(source=""))
        await session.delete(recording)
        await session.delete(deletion)
        await problems.apply(session, {call_uid}, set(Problem), [], clock.now())
        if certificate.words:
            later = clock.now() + AGAIN_AFTER  # a recogniser that is at it now writes down what it heard after us
            for job in ERASE_WORDS:
                await defer(session, job, queueing_lock=f"{job}:{call_uid}", call_uid=call_uid)
                await defer(session, job, schedule_at=later, call_uid=call_uid)
    _log.info("recording.deleted", call=call_uid, rule=certificate.rule, certificate=certificate.id)
    return certificate


async def end_begun(database: Database, objects: SealedObjects, clock: Clock) -> list[CertificateView]:
    """End every deletion that was begun and not ended, and delete again what came back after its certificate."""
    async with database.transaction() as session:
        begun = list(await session.scalars(select(Deletion.call_uid).order_by(Deletion.begun_at)))
    ended = []
    for call_uid in begun:
        async with database.transaction() as session:
            if await _recording(session, call_uid) is None:  # its row is gone without us: nothing to certify
                await session.execute(delete(Deletion).where(Deletion.call_uid == call_uid))
                continue
        ended.append(await finish(database, objects, clock, call_uid))
    await delete_again(database, objects)
    return ended


async def delete_again(database: Database, objects: SealedObjects) -> int:
    """Remove objects that lie in the store although a certificate says that they are gone; how many there were."""
    async with database.transaction() as session:
        gone = await certificates.latest(session, _LOOK_AGAIN)
        known = set(
            await session.scalars(
                select(Recording.object_key).where(Recording.object_key.in_([each.object_key for each in gone]))
            )
        )
    again = 0
    for each in gone:
        if each.object_key in known:
            continue
        async with database.transaction() as session:
            back = {row.key for row in await stored.of_call(session, each.call_uid)}
            keys = await renditions.keys_of(session, each.call_uid, each.object_key)
        back |= {key for key in keys | {each.object_key} if await objects.store.size(key) is not None}
        if back:
            beside = renditions.beside(each.object_key)
            listed = objects.listing(beside.rpartition("/")[0])
            back |= {found.key async for found in listed if found.key.startswith(beside)}
        for key in back:
            _log.warning("recording.deleted_again", call=each.call_uid, certificate=each.id)
            await objects.delete(key)
            again += 1
    return again


async def holds_of(session: AsyncSession, call_uid: str) -> list[Hold]:
    """What holds this recording: holds of its call, and of the call or order that it is about."""
    return await holds.open_holds(session, {call_uid, *await calls.about(session, call_uid)})


async def _recording(session: AsyncSession, call_uid: str) -> Recording | None:
    query = select(Recording).where(Recording.call_uid == call_uid)
    return (await session.scalars(query.execution_options(populate_existing=True))).first()
