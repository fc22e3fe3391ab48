"""The periodic deletion: every recording against its class and its holds, and what is due goes with a certificate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hotline.clock import Clock
from hotline.database import Database
from hotline.settings import Settings
from recordings import calls, erase, holds
from recordings.certificates import CertificateView
from recordings.erase import Held, Wish
from recordings.errors import NoRecording
from recordings.models import Recording
from recordings.retention import Decision, Facts, decide, table
from recordings.sealed import SealedObjects

ACTOR = "retention"
_BATCH = 200

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Considered:
    """One recording and what was decided of it."""

    call_uid: str
    bytes: int
    decision: Decision


async def considered(database: Database, settings: Settings, clock: Clock) -> AsyncIterator[Considered]:
    """Every recording old enough for the shortest limit, oldest first, with what is decided of it now."""
    days = table(settings.recordings.retention_days)
    now = clock.now()
    before = now - timedelta(days=min(days.values()))
    place = ""
    while True:
        async with database.transaction() as session:
            query = select(Recording).where(Recording.started_at <= before, Recording.object_key > place)
            rows = list(await session.scalars(query.order_by(Recording.object_key).limit(_BATCH)))
            known = {row.call_uid: await _facts(session, row) for row in rows}
        if not rows:
            return
        for row in rows:
            yield Considered(row.call_uid, row.bytes, decide(known[row.call_uid], days, now))
        place = rows[-1].object_key


async def run(database: Database, objects: SealedObjects, settings: Settings, clock: Clock) -> list[CertificateView]:
    """End what was begun, then delete what is due; the certificates that were written."""
    written = await erase.end_begun(database, objects, clock)
    async for each in considered(database, settings, clock):
        if not each.decision.due:
            continue
        wish = Wish(
            each.call_uid, each.decision.retention_class, each.decision.rule, ACTOR, "system",
            words=not settings.recordings.keep_transcripts,
        )  # fmt: skip
        try:
            written.append(await erase.erase(database, objects, clock, wish))
        except Held as error:  # told of after it was considered
            _log.info("recording.kept", call=each.call_uid, reason=str(error))
        except NoRecording:
            continue  # somebody else has deleted it meanwhile
    if written:
        _log.info("recordings.retired", deleted=len(written))
    return written


async def _facts(session: AsyncSession, row: Recording) -> Facts:
    uid = row.call_uid
    known = await calls.known(session, uid)
    names = {uid, *known.about}
    open_ones = await holds.open_holds(session, names)
    released = await holds.released(session, names)
    kind, business = (await holds.kinds(session, [uid])).get(uid, (None, None))
    return Facts(
        started_at=row.started_at,
        direction=known.direction,
        outcome=known.outcome,
        customer_class=known.customer_class,
        kind=kind,
        business=business,
        voice=known.voice,
        held=tuple(each.said for each in open_ones),
        released_at=max(released.values(), default=None),
    )
