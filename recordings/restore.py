"""Objects in the store without a row, as an older backup of the database leaves them: the row is made again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from recordings import calls, certificates, store
from recordings.encode import measure
from recordings.errors import HostileName, ObjectDamaged, RecordingError
from recordings.finalise import Node, write_row
from recordings.importing import PRIORITY
from recordings.legs import uid_started_at
from recordings.models import Recording
from recordings.objects import EXTENSION, Stored, made_of_recording, uid_of_key
from recordings.private import opened_copy


async def restore_orphans(node: Node, stored: Sequence[Stored]) -> tuple[list[str], list[tuple[str, str]]]:
    """Make a row for each object of a call that has none: uids restored, and keys refused with the reason.

    `stored` must leave out what a finaliser may just have put and not yet written a row for.
    """
    async with node.database.transaction() as session:
        keys = [found.key for found in stored]
        known = set(await session.scalars(select(Recording.object_key).where(Recording.object_key.in_(keys))))
    restored: list[str] = []
    refused: list[tuple[str, str]] = []
    for found in stored:
        if found.key in known or made_of_recording(found.key):
            continue
        try:
            uid = uid_of_key(found.key)
            if await _restore(node, found, uid):
                restored.append(uid)
            else:
                refused.append((ascii(found.key), "a second object of a call that has a recording; compare the two"))
        except HostileName:
            refused.append((ascii(found.key), "not the key of a recording; who put it there?"))
        except RecordingError as error:
            refused.append((ascii(found.key), str(error)))
    return restored, refused


async def _restore(node: Node, found: Stored, uid: str) -> bool:
    """False where the call has another recording."""
    async with node.database.transaction() as session:
        if await store.get(session, uid) is not None:
            return False
        if await certificates.deleted(session, [uid]):
            raise RecordingError("deleted with a certificate; `hotline recordings retention` deletes it again")
        call = await calls.get(session, uid)
    answered = None
    if call is not None and call.answered_at is not None:
        answered = (call.answered_at - call.entered_at).total_seconds()
    async with opened_copy(node.objects, found.key, EXTENSION) as copy:
        made = await asyncio.to_thread(measure, copy, answered_second=answered)
    if not await node.objects.holds(found.key, made.sha256):
        raise ObjectDamaged(f"{found.key} is not what was stored under it")
    imported = calls.is_imported(uid)
    length = timedelta(seconds=made.seconds)
    if call is not None:
        started_at = call.entered_at
    elif imported:
        started_at = _day_of(found.key, node)  # more than its day nobody knows
    else:
        started_at = uid_started_at(uid) or found.changed_at - length
    async with node.database.transaction() as session:
        if call is None and imported:
            await calls.adopt_imported(
                session, uid, started_at, started_at + length, caller="", seat=None, service=None
            )
        elif call is None:
            await calls.adopt(session, uid, started_at, started_at + length)
        await write_row(
            session, node, uid, made, key=found.key, started_at=started_at, recovered=True,
            priority=PRIORITY if imported else 0,
        )  # fmt: skip
    return True


def _day_of(key: str, node: Node) -> datetime:
    """The beginning of the day whose folder an object lies in."""
    try:
        return datetime.strptime(key.rpartition("/")[0], "%Y/%m/%d").replace(tzinfo=node.settings.zone)
    except ValueError as error:
        raise HostileName(f"{key!a} is not the key of a recording") from error
