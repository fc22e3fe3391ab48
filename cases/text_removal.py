"""Deleting a text, or a scan that does not belong to it: the wish, then the bytes, then the certificate.

As with recordings (`recordings.erase`) whoever is killed in between leaves the wish, and the next run ends it; what a
restored store brings back is deleted again by its certificate. The entry's row stays, with how and when it came, and so
does its order: they are the case.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from cases import text_certificates as certificates
from cases.desk_models import DeskItem, DraftCorrection
from cases.erasing import WORDS
from cases.errors import CaseError
from cases.text_certificates import CertificateView
from cases.text_entries import TextMissing, ref_of
from cases.text_entry_models import TextDeletion, TextEntry, TextScan
from cases.text_holds import holding
from cases.text_scans import ScanMissing
from hotline.clock import Clock
from hotline.database import Database
from recordings import holds
from recordings.objects import Objects

WRONG_SCAN = "wrong scan"
_LOOK_AGAIN = 500

_log = structlog.get_logger(__name__)


class TextHeld(CaseError):
    """It must not be deleted now; the message says for what it is held."""

    code = "text_held"


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants which text deleted, or which scan of it, and by what."""

    entry_id: int
    rule: str
    actor: str
    role: str
    reason: str = ""
    scan_id: UUID | None = None

    @property
    def ref(self) -> str:
        return ref_of(self.entry_id) + (f"/{self.scan_id}" if self.scan_id is not None else "")


async def remove(database: Database, objects: Objects, clock: Clock, wish: Wish) -> CertificateView:
    """Delete it now. Raises TextMissing or ScanMissing where there is none, TextHeld where it is held."""
    async with database.transaction() as session:
        await begin(session, wish, clock.now())
    return await finish(database, objects, clock, wish.ref)


async def begin(session: AsyncSession, wish: Wish, now: datetime) -> None:
    """Decide that it goes; once this is committed it goes, whoever is killed. Raises as `remove` does.

    A scan goes whatever holds its text: it is none of its evidence.
    """
    await holds.lock(session, ref_of(wish.entry_id))
    entry = await _entry(session, wish.entry_id)
    if wish.scan_id is not None:
        scan = await session.get(TextScan, wish.scan_id)
        if scan is None or scan.entry_id != wish.entry_id:
            raise ScanMissing("this text has no such scan")
    elif entry.erased_at is not None:
        raise TextMissing(f"text {wish.entry_id} was deleted already; its certificate says when")
    elif found := (await holding(session, [entry]))[entry.id].held:
        raise TextHeld(f"text {wish.entry_id} is held for {'; '.join(found)}; wait for its end, or release the hold")
    if await session.get(TextDeletion, wish.ref) is None:
        deletion = TextDeletion(
            ref=wish.ref, entry_id=wish.entry_id, scan_id=wish.scan_id, rule=wish.rule, reason=wish.reason,
            actor=wish.actor, role=wish.role, begun_at=now,
        )  # fmt: skip
        session.add(deletion)


async def finish(database: Database, objects: Objects, clock: Clock, ref: str) -> CertificateView:
    """Carry a deletion that was begun to its end; done twice, the certificate of the first stands."""
    async with database.transaction() as session:
        begun = await session.get(TextDeletion, ref)
        files = _files(await _scans(session, begun)) if begun is not None else []
    for file in files:
        for key in file["keys"]:
            await objects.delete(key)
    async with database.transaction() as session:
        deletion = await session.get(TextDeletion, ref, with_for_update=True)
        if deletion is None:
            raise TextMissing(f"no deletion of {ref} was begun, or it has ended")
        entry = await _entry(session, deletion.entry_id)
        scans = await _scans(session, deletion)
        certificate = await certificates.write(session, deletion, _files(scans), clock.now())
        for scan in scans:
            await session.delete(scan)
        if deletion.scan_id is None:
            await _forget_words(session, entry, clock.now())
        await session.delete(deletion)
    _log.info("text.deleted", text=certificate.entry_id, rule=certificate.rule, certificate=certificate.id)
    return certificate


async def end_begun(database: Database, objects: Objects, clock: Clock) -> list[CertificateView]:
    """End every deletion that was begun, and delete again what came back after its certificate."""
    async with database.transaction() as session:
        begun = list(await session.scalars(select(TextDeletion.ref).order_by(TextDeletion.begun_at)))
    ended = []
    for ref in begun:
        with suppress(TextMissing):  # another has ended it meanwhile, or it went with its whole text
            ended.append(await finish(database, objects, clock, ref))
    async with database.transaction() as session:
        gone = {key for each in await certificates.latest(session, _LOOK_AGAIN) for key in each.keys}
        kept = {key for scan in await session.scalars(select(TextScan)) for key in _keys(scan)} if gone else set()
    for key in sorted(gone - kept):
        if await objects.size(key) is not None:
            _log.warning("text.deleted_again", object=key)
            await objects.delete(key)
    return ended


async def _forget_words(session: AsyncSession, entry: TextEntry, now: datetime) -> None:
    """What was written and by whom goes; how and when it came, and what became of it, stays."""
    entry.words, entry.draft, entry.sender, entry.contact, entry.reply_to = "", None, "", "", ""
    entry.erased_at = now
    ref = ref_of(entry.id)
    await session.execute(update(DeskItem).where(DeskItem.ref == ref).values(typed={}, note=None))
    said = update(DraftCorrection).where(DraftCorrection.call_uid == ref, DraftCorrection.field.in_(WORDS))
    await session.execute(said.values(drafted=JSONB.NULL, confirmed=JSONB.NULL))
    # what else was begun of it is done with it
    await session.execute(
        delete(TextDeletion).where(TextDeletion.entry_id == entry.id, TextDeletion.scan_id.is_not(None))
    )


async def _entry(session: AsyncSession, entry_id: int) -> TextEntry:
    row = await session.get(TextEntry, entry_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise TextMissing(f"there is no text {entry_id}")
    return row


async def _scans(session: AsyncSession, deletion: TextDeletion) -> list[TextScan]:
    query = select(TextScan).where(TextScan.entry_id == deletion.entry_id).order_by(TextScan.added_at, TextScan.id)
    if deletion.scan_id is not None:
        query = query.where(TextScan.id == deletion.scan_id)
    return list(await session.scalars(query))


def _files(scans: list[TextScan]) -> list[dict[str, Any]]:
    """What the certificate says of each file; its name is not in it, as a name may hold a person's."""
    return [
        {
            "source": scan.source_sha256, "bytes": scan.source_bytes, "keys": _keys(scan),
            "sha256": [page["sha256"] for page in scan.pages],
        }
        for scan in scans
    ]  # fmt: skip


def _keys(scan: TextScan) -> list[str]:
    return [page["key"] for page in scan.pages] + ([scan.original_key] if scan.original_key is not None else [])
