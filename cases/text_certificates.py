"""Certificates of deleted texts and scans: what went, by which rule, by whom; their digest is in the audit chain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.desk_rows import TEXT
from cases.text_entry_models import TextCertificate, TextDeletion
from hotline import audit
from recordings import proofs

ACTION = "text.delete"


@dataclass(frozen=True, slots=True)
class CertificateView:
    """One deletion, of a whole text or (`scan_id`) of one scan."""

    id: int
    entry_id: int
    scan_id: UUID | None
    files: list[dict[str, Any]]
    rule: str
    reason: str
    actor: str
    at: datetime
    audit_seq: int
    digest: str

    @property
    def keys(self) -> tuple[str, ...]:
        """Objects that were deleted."""
        return tuple(key for file in self.files for key in file["keys"])


async def write(
    session: AsyncSession, deletion: TextDeletion, files: list[dict[str, Any]], now: datetime
) -> CertificateView:
    """Certify a deletion whose bytes are gone, in the session's transaction."""
    row = TextCertificate(
        entry_id=deletion.entry_id, scan_id=deletion.scan_id, files=files, rule=deletion.rule, reason=deletion.reason,
        actor=deletion.actor, at=now,
    )  # fmt: skip
    row.digest = digest_of(row)
    entry = await audit.record(
        session, actor=deletion.actor, role=deletion.role, action=ACTION, subject=f"{TEXT}{deletion.entry_id}",
        detail={"certificate": row.digest, "rule": row.rule, "reason": row.reason, "files": len(files)}, now=now,
    )  # fmt: skip
    row.audit_seq = entry.seq
    session.add(row)
    await session.flush()
    return _view(row)


async def of_entry(session: AsyncSession, entry_id: int) -> list[CertificateView]:
    """What was deleted of a text, first to last."""
    query = select(TextCertificate).where(TextCertificate.entry_id == entry_id).order_by(TextCertificate.id)
    return [_view(row) for row in await session.scalars(query)]


async def latest(session: AsyncSession, limit: int) -> list[CertificateView]:
    rows = await session.scalars(select(TextCertificate).order_by(TextCertificate.id.desc()).limit(limit))
    return [_view(row) for row in rows]


async def genuine(session: AsyncSession, certificate: CertificateView) -> bool:
    """Whether the certificate says what it said when it was written, and the audit chain has it."""
    row = await session.get(TextCertificate, certificate.id, populate_existing=True)
    if row is None or digest_of(row) != row.digest:
        return False
    return await proofs.carried(session, certificate.audit_seq, ACTION, row.digest)


def digest_of(row: TextCertificate) -> str:
    """SHA-256, hexadecimal, over the canonical JSON of what the certificate says."""
    said = {
        "entry": row.entry_id, "scan": str(row.scan_id) if row.scan_id else None, "files": row.files, "rule": row.rule,
        "reason": row.reason, "actor": row.actor, "at": proofs.told(row.at),
    }  # fmt: skip
    return proofs.digest(said)


def _view(row: TextCertificate) -> CertificateView:
    return CertificateView(**{name: getattr(row, name) for name in CertificateView.__dataclass_fields__})
