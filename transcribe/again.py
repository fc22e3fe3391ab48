"""Recognising again what was set aside: which recordings, what stands in the way, and their jobs queued.

Only recordings of which something is missing: nothing was recognised, or not all, or it was never tried to its end.
What a person has decided stays as it is, and so does a transcript that is better than what comes of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from acd import ledger
from hotline import audit
from recordings import store
from transcribe import drafts
from transcribe.jobs import SWEPT, jobs_of, queue, queue_of
from transcribe.models import Transcript
from transcribe.turns import State

ACTION = "recording.recognise"
FARTHEST = timedelta(days=180)
"""How far back recordings are looked for that were never tried to their end; what was set aside is always found."""
_HEARD = select(Transcript.call_uid, Transcript.state, Transcript.reason)


class Standing(StrEnum):
    """What is to be done with a recording."""

    QUEUE = "queue"
    QUEUED = "already_queued"
    RECOGNISED = "recognised"
    """All of it: there is nothing to gain."""
    NO_RECORDING = "no_recording"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which recordings: these calls, or all that failed, of one queue (service, `voicemail`, `import`), since then."""

    calls: tuple[str, ...] = ()
    service: str | None = None
    since: datetime | None = None
    partly: bool = False
    """Also those of which only stretches were not recognised."""
    untried: bool = True
    """Also those of the last half year that were never tried to their end."""


@dataclass(frozen=True, slots=True)
class Found:
    """One recording; `reason` is why it was set aside."""

    call_uid: str
    standing: Standing
    reason: str = ""


async def look(session: AsyncSession, wanted: Wanted, now: datetime) -> list[Found]:
    """What would be done, oldest recording first; calls that were named come in their order."""
    rows = await _rows(session, wanted, now)
    alive = await _alive(session, wanted.calls or list(rows))
    if wanted.calls:
        return [_standing(uid, rows.get(uid), alive) for uid in dict.fromkeys(wanted.calls)]
    found = [_standing(uid, row, alive) for uid, row in rows.items()]
    return [each for each in found if each.standing is not Standing.RECOGNISED]


async def failed(session: AsyncSession, now: datetime) -> list[str]:
    """Recordings that were set aside and do not wait for another try."""
    found = await look(session, Wanted(untried=False), now)
    return [each.call_uid for each in found if each.standing is Standing.QUEUE]


async def again(session: AsyncSession, call_uids: Sequence[str], *, actor: str, role: str, now: datetime) -> int:
    """Queue these recordings, in one transaction with the audit row; done twice, each waits once."""
    for uid in call_uids:
        await queue(session, uid, priority=SWEPT)
    if call_uids:
        subject = f"call:{call_uids[0]}" if len(call_uids) == 1 else "recordings"
        await audit.record(
            session, actor=actor, role=role, action=ACTION, subject=subject, detail={"calls": list(call_uids)}, now=now
        )
    return len(call_uids)


async def left(session: AsyncSession, call_uids: Collection[str]) -> int:
    """How many of these still wait for their recognition, or are at it."""
    return len(await _alive(session, call_uids))


async def _rows(session: AsyncSession, wanted: Wanted, now: datetime) -> dict[str, tuple[State | None, str]]:
    """How much of each recording was recognised (None: it was never tried to its end), and why not all."""
    if wanted.calls:
        kept = await store.of_calls(session, wanted.calls)
        query = _HEARD.where(Transcript.call_uid.in_(wanted.calls))
    else:
        missing = [State.SET_ASIDE.value, *([State.PARTLY.value] if wanted.partly else ())]
        query = _HEARD.where(Transcript.state.in_(missing))
    heard = {uid: (State(state), reason or "") for uid, state, reason in await session.execute(query)}
    if not wanted.calls:
        kept = await store.of_calls(session, heard)
    if wanted.untried and not wanted.calls:
        lately = await store.started_between(session, wanted.since or now - FARTHEST, now)
        never = set(await drafts.without_transcript(session, [each.call_uid for each in lately]))
        kept |= {each.call_uid: each for each in lately if each.call_uid in never}
    called = await ledger.calls_of(session, list(kept)) if wanted.service is not None else {}
    return {
        each.call_uid: heard.get(each.call_uid, (None, ""))
        for each in sorted(kept.values(), key=lambda recording: (recording.started_at, recording.call_uid))
        if (wanted.since is None or each.started_at >= wanted.since)
        and (wanted.service is None or queue_of(each.call_uid, called.get(each.call_uid)) == wanted.service)
    }


async def _alive(session: AsyncSession, uids: Collection[str]) -> set[str]:
    return {uid for uid, (alive, _) in (await jobs_of(session, uids)).items() if alive}


def _standing(uid: str, row: tuple[State | None, str] | None, alive: Collection[str]) -> Found:
    if row is None:
        return Found(uid, Standing.NO_RECORDING)
    state, reason = row
    if uid in alive:
        return Found(uid, Standing.QUEUED, reason)
    return Found(uid, Standing.RECOGNISED if state is State.HEARD else Standing.QUEUE, reason)
