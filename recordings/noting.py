"""The SHA-256 of each recording in the audit chain from its first minute, and the rows held against the chain.

A recording's row can be rewritten together with its file and its object's row by whoever has database and store. What
the chain said of it cannot, without the chain showing it. One entry carries all that was finalised since the last one,
so that finalising a call waits for nobody and the chain grows by an entry a minute, however many calls there are.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hotline import audit
from hotline.clock import Clock
from hotline.database import Database
from hotline.models import AuditEntry
from recordings import certificates, proofs
from recordings.models import Recording
from recordings.vault_models import Certificate

ACTION = "recording.stored"
ACTOR = "recordings"
MOST = 500
"""Recordings in one entry."""
_MOST_ENTRIES = 40
"""In one run: of an archive that was just imported, or of the calls from before this was done, the rest waits."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A recording, or the certificate of one, that is not what the audit says."""

    call_uid: str
    detail: str


async def note_new(database: Database, clock: Clock) -> int:
    """Write the SHA-256 of recordings that no entry carries yet into the chain; how many they were.

    Of whoever is killed the next run notes what was not committed; two at once share the recordings.
    """
    noted = 0
    for _ in range(_MOST_ENTRIES):
        async with database.transaction() as session:
            count = await _note_some(session, clock)
        noted += count
        if count < MOST:
            break
    return noted


async def _note_some(session: AsyncSession, clock: Clock) -> int:
    query = select(Recording).where(Recording.noted_seq.is_(None)).order_by(Recording.finalised_at, Recording.call_uid)
    rows = list(await session.scalars(query.limit(MOST).with_for_update(skip_locked=True)))
    if rows:
        files = [[row.call_uid, *_said_of(row)] for row in rows]
        entry = await audit.record(
            session, actor=ACTOR, role="system", action=ACTION, subject="recordings", detail={"files": files},
            now=clock.now(),
        )  # fmt: skip
        for row in rows:
            row.noted_seq = entry.seq
    return len(rows)


async def outstanding(session: AsyncSession) -> int:
    """How many recordings no entry carries yet."""
    query = select(func.count()).select_from(Recording).where(Recording.noted_seq.is_(None))
    return int((await session.execute(query)).scalar_one())


async def differs(session: AsyncSession, row: Recording) -> str | None:
    """What is wrong with a recording's row by the entry that carries it; None where nothing is, or none does yet."""
    if row.noted_seq is None:
        return None
    entry = await session.get(AuditEntry, row.noted_seq)
    told = _told(entry).get(row.call_uid) if entry is not None and entry.action == ACTION else None
    if told is None:
        return f"entry {row.noted_seq} of the audit does not carry it"
    return _unlike(row, told, row.noted_seq)


async def mismatches(session: AsyncSession) -> AsyncIterator[Mismatch]:
    """Every recording whose row is not what some entry of the chain carries, or that is gone without a certificate.

    So a row that was changed shows also where it was noted a second time. Certificates are held against the chain too.
    The chain itself is believed here; `audit.verify` says whether it may be.
    """
    query = select(AuditEntry).where(AuditEntry.action == ACTION).order_by(AuditEntry.seq)
    entries = await session.stream_scalars(query.execution_options(yield_per=20))
    async for entry in entries:
        async for found in _held_against(session, entry):
            yield found
    carrying = select(AuditEntry.seq).where(AuditEntry.action == ACTION)
    strange = select(Recording).where(Recording.noted_seq.is_not(None), Recording.noted_seq.not_in(carrying))
    for row in await session.scalars(strange):
        yield Mismatch(row.call_uid, f"entry {row.noted_seq} of the audit does not carry it")
    written = select(Certificate).order_by(Certificate.id).execution_options(yield_per=200)
    async for certificate in await session.stream_scalars(written):
        if not await certificates.fits(session, certificate):
            yield Mismatch(certificate.call_uid, f"certificate {certificate.id} is not what the audit says of it")


async def _held_against(session: AsyncSession, entry: AuditEntry) -> AsyncIterator[Mismatch]:
    told = _told(entry)
    query = select(Recording).where(Recording.call_uid.in_(list(told)))
    rows = {row.call_uid: row for row in await session.scalars(query)}
    for uid, row in rows.items():
        if (wrong := _unlike(row, told[uid], entry.seq)) is not None:
            yield Mismatch(uid, wrong)
    gone = told.keys() - rows.keys()
    deleted = await certificates.deleted(session, gone)
    for uid in sorted(gone - deleted):
        yield Mismatch(uid, f"entry {entry.seq} of the audit carries it, and there is neither a row nor a certificate")
    certified = select(Certificate).where(Certificate.call_uid.in_(list(gone & deleted)))
    for certificate in await session.scalars(certified):
        if certificate.sha256 != told[certificate.call_uid][0]:
            yield Mismatch(certificate.call_uid, f"its certificate names another file than entry {entry.seq}")
    claimed = select(Recording.call_uid).where(Recording.noted_seq == entry.seq, Recording.call_uid.not_in(list(told)))
    for uid in await session.scalars(claimed):
        yield Mismatch(uid, f"entry {entry.seq} of the audit does not carry it")


def _said_of(row: Recording) -> tuple[str | int, ...]:
    """What the chain carries of a recording: how long it is kept hangs by its beginning, where it lies by its key."""
    return row.sha256, row.bytes, round(row.seconds * 1000), proofs.told(row.started_at), row.object_key


def _told(entry: AuditEntry) -> Mapping[str, tuple[str | int, ...]]:
    """`_said_of` by call, as an entry carries it; older ones carry SHA-256 and bytes only."""
    return {str(uid): tuple(said) for uid, *said in entry.detail.get("files", ())}


def _unlike(row: Recording, told: tuple[str | int, ...], seq: int) -> str | None:
    found = zip(("SHA-256", "bytes", "milliseconds", "begun at", "object"), _said_of(row), told, strict=False)
    unlike = [f"{name} {own} and not {said}" for name, own, said in found if own != said]
    return f"its row says {', '.join(unlike)}, as entry {seq} of the audit does" if unlike else None
