"""Certificates of deletion: rows that say what was deleted, by which rule, by whom; nobody can change or remove one.

Each carries a digest of what it says, and the audit chain carries that digest: a certificate that was changed with the
database's triggers off no longer fits the chain.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hotline import audit
from recordings import proofs
from recordings.models import Recording
from recordings.vault_models import Certificate, Deletion

ACTION = "recording.delete"


@dataclass(frozen=True, slots=True)
class CertificateView:
    """One deletion; `sha256` and `bytes` are of the plain FLAC file that is gone."""

    id: int
    call_uid: str
    object_key: str
    sha256: str
    bytes: int
    seconds: float
    started_at: datetime
    retention_class: str
    rule: str
    reason: str
    actor: str
    at: datetime
    words: bool
    audit_seq: int
    digest: str


async def write(session: AsyncSession, recording: Recording, deletion: Deletion, now: datetime) -> CertificateView:
    """Certify the deletion of a recording whose bytes are gone, in the session's transaction."""
    row = Certificate(
        call_uid=recording.call_uid, object_key=recording.object_key, sha256=recording.sha256, bytes=recording.bytes,
        seconds=recording.seconds, started_at=recording.started_at, retention_class=deletion.retention_class,
        rule=deletion.rule, reason=deletion.reason, actor=deletion.actor, at=now, words=deletion.words,
    )  # fmt: skip
    row.digest = digest_of(row)
    entry = await audit.record(
        session, actor=deletion.actor, role=deletion.role, action=ACTION, subject=f"call:{recording.call_uid}",
        detail={"certificate": row.digest, "rule": deletion.rule, "reason": deletion.reason, "sha256": row.sha256},
        now=now,
    )  # fmt: skip
    row.audit_seq = entry.seq
    session.add(row)
    await session.flush()
    return _view(row)


async def of_call(session: AsyncSession, call_uid: str) -> CertificateView | None:
    """The latest certificate of a call, None where nothing of it was deleted."""
    query = select(Certificate).where(Certificate.call_uid == call_uid).order_by(Certificate.id.desc()).limit(1)
    row = (await session.scalars(query)).first()
    return _view(row) if row is not None else None


async def deleted(session: AsyncSession, call_uids: Collection[str]) -> set[str]:
    """Which of these calls have had their recording deleted, or are having it deleted."""
    wanted = list(call_uids)
    found = set(await session.scalars(select(Certificate.call_uid).where(Certificate.call_uid.in_(wanted))))
    return found | set(await session.scalars(select(Deletion.call_uid).where(Deletion.call_uid.in_(wanted))))


async def latest(session: AsyncSession, limit: int) -> list[CertificateView]:
    """The latest certificates, latest first."""
    rows = await session.scalars(select(Certificate).order_by(Certificate.id.desc()).limit(limit))
    return [_view(row) for row in rows]


async def genuine(session: AsyncSession, certificate: CertificateView) -> bool:
    """Whether the certificate says what it said when it was written, and the audit chain has it."""
    row = await session.get(Certificate, certificate.id)
    return row is not None and await fits(session, row)


async def fits(session: AsyncSession, row: Certificate) -> bool:
    """`genuine` of a row."""
    return digest_of(row) == row.digest and await proofs.carried(session, row.audit_seq, ACTION, row.digest)


def digest_of(row: Certificate) -> str:
    """SHA-256, hexadecimal, over the canonical JSON of what the certificate says."""
    said = {
        "call": row.call_uid, "object": row.object_key, "sha256": row.sha256, "bytes": row.bytes,
        "milliseconds": round(row.seconds * 1000), "started_at": proofs.told(row.started_at),
        "class": row.retention_class, "rule": row.rule, "reason": row.reason, "actor": row.actor,
        "at": proofs.told(row.at), "words": row.words,
    }  # fmt: skip
    return proofs.digest(said)


def _view(row: Certificate) -> CertificateView:
    return CertificateView(**{name: getattr(row, name) for name in CertificateView.__dataclass_fields__})
