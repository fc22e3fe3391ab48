"""Whether a copy is what its certificate says, and what the store and the audit say."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path

import soundfile
from sqlalchemy import select

from hotline.audit import digest_of
from hotline.database import Database
from hotline.models import AuditEntry
from hotline.roles import Action
from hotline.settings import Settings
from recordings import certificates, store
from recordings.clip_certificates import LARGEST, BadCertificate, Statement, fingerprint, opened
from recordings.clips import cut, samples_sha256
from recordings.errors import ObjectDamaged, ObjectMissing
from recordings.objects import Objects
from recordings.private import opened_copy, plain_folder
from recordings.renditions import silence


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `good` None where it cannot be said."""

    name: str
    good: bool | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ClipReport:
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong; what could not be looked at is not wrong."""
        return all(each.good is not False for each in self.findings)


def check_alone(clip: Path, certificate: Path) -> tuple[Statement | None, str, list[Finding]]:
    """What can be said without the store: the signature, and the file against its SHA-256."""
    try:
        with certificate.open("rb") as file:
            statement, key = opened(file.read(LARGEST).decode("utf-8"))
    except (BadCertificate, UnicodeDecodeError) as error:
        return None, "", [Finding("signature", good=False, detail=str(error))]
    with clip.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    same = found == statement.facts["clip"]["sha256"]
    return (
        statement,
        key,
        [
            Finding("signature", good=True, detail=f"key {key}"),
            Finding("clip", good=same, detail=f"sha256 {found}"),
        ],
    )


async def check(database: Database, objects: Objects, settings: Settings, clip: Path, certificate: Path) -> ClipReport:
    """All of it: signature, file, our key, the audit row, and the samples against the stored original."""
    statement, key, findings = await asyncio.to_thread(check_alone, clip, certificate)
    if statement is None:
        return ClipReport(tuple(findings))
    findings.append(Finding("key", good=key == fingerprint(settings), detail=f"ours is {fingerprint(settings)}"))
    facts = statement.facts
    async with database.transaction() as session:
        entry = await session.scalar(select(AuditEntry).where(AuditEntry.seq == facts["audit"]["seq"]))
        recording = await store.get(session, facts["call"])
        deleted = await certificates.of_call(session, facts["call"])
    fits = (
        entry is not None
        and digest_of(entry) == entry.digest == facts["audit"]["digest"]
        and entry.action == Action.RECORDING_EXPORT
        and entry.detail["clip"]["sha256"] == facts["clip"]["sha256"]
    )
    findings.append(Finding("audit", good=fits, detail=f"row {facts['audit']['seq']}"))
    if recording is None:
        why = f"deleted on {deleted.at:%Y-%m-%d}, certificate {deleted.id}" if deleted else "the store has none"
        same = deleted is not None and deleted.sha256 == facts["original"]["sha256"]
        findings.append(Finding("original", good=None if same else False, detail=why))
        return ClipReport(tuple(findings))
    same = recording.sha256 == facts["original"]["sha256"]
    findings.append(Finding("original", good=same, detail=f"sha256 {recording.sha256}"))
    if same:
        findings.append(await _samples(objects, recording.object_key, statement))
    return ClipReport(tuple(findings))


async def _samples(objects: Objects, key: str, statement: Statement) -> Finding:
    """Cut the stored original again, silenced as the certificate says, and compare the sound."""
    facts = statement.facts
    with plain_folder(objects.work()) as folder:
        silenced, again = folder / "silenced.flac", folder / "again.flac"
        try:
            async with opened_copy(objects, key, ".flac") as source:
                ranges = [(float(start), float(end)) for start, end in facts["silenced"]]
                await asyncio.to_thread(silence, source, silenced, ranges)
                await asyncio.to_thread(cut, silenced, again, float(facts["from"]), float(facts["to"]))
            found = await asyncio.to_thread(samples_sha256, again)
        except (ObjectMissing, ObjectDamaged, soundfile.LibsndfileError) as error:
            return Finding("sound", good=False, detail=str(error))
    return Finding("sound", good=found == facts["clip"]["samples_sha256"], detail="cut from the original again")
