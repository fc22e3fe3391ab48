"""Scans of an original: made safe, sealed in the object store, shown to who may, each view audited (D59, D61)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.errors import CaseError
from cases.text_entries import TextMissing, note
from cases.text_entry_models import TextEntry, TextScan
from cases.text_pages import Page, PageLimits, Refusal, ScanKind, ScanRefused, pages_of
from hotline.accounts import Subject
from hotline.bounded import BoundedWork, TooMuch
from hotline.clock import local_day
from hotline.database import Database
from hotline.roles import Action
from hotline.settings import Settings
from recordings.objects import Objects, keep
from recordings.private import plain_folder
from recordings.sound_files import printable
from transcribe.masking import masked_text

LONGEST_NAME = 120
SECONDS = 60.0
"""That the pages of one file may take."""


class ScanMissing(CaseError):
    """There is no such scan, page or file."""

    code = "scan_missing"


@dataclass(frozen=True, slots=True)
class PageView:
    key: str
    sha256: str
    bytes: int
    type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ScanView:
    """One file; `has_original` where it is kept as it came, too."""

    id: UUID
    entry_id: int
    name: str
    kind: ScanKind
    source_sha256: str
    source_bytes: int
    has_original: bool
    pages: tuple[PageView, ...]
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that somebody sent, lying at `path` for as long as it is worked on."""

    name: str
    path: Path


def work() -> BoundedWork:
    """The process that looks at such files."""
    return BoundedWork(seconds=SECONDS, memory_mb=1024, file_mb=256)


@dataclass(frozen=True, slots=True)
class Keeping:
    """What scans are kept with: where, by whom looked at, for whom, and when."""

    database: Database
    objects: Objects
    bounded: BoundedWork
    settings: Settings
    subject: Subject
    now: datetime


async def add(keeping: Keeping, entry_id: int, sent: Sent) -> ScanView:
    """Keep the pages of a file with the entry, and of a PDF the file itself; the same file again is the one there.

    Raises Denied, TextMissing, ScanRefused with a sentence for the person who sent it, and what the store raises.
    """
    limit = keeping.settings.texts
    found = await _looked_at(keeping, entry_id, sent)
    if isinstance(found, ScanView):
        return found
    with plain_folder(keeping.objects.work(), "scan-") as folder:
        limits = PageLimits(limit.most_pages, limit.most_megapixels)
        kind, pages = await _pages(keeping.bounded, sent.path, folder, limits)
        stored = [
            await _stored(keeping.objects, page, f"{found.base}-{number}{page.path.suffix}")
            for number, page in enumerate(pages, 1)
        ]
    original = await _original(keeping, found, sent, ".pdf") if kind is ScanKind.PDF else None
    return await _row(keeping, entry_id, sent, found, kind=kind, original=original, pages=stored)


async def add_email(keeping: Keeping, entry_id: int, sent: Sent) -> ScanView:
    """Keep an e-mail as it came, for the data manager; raises as `add` does."""
    found = await _looked_at(keeping, entry_id, sent)
    if isinstance(found, ScanView):
        return found
    original = await _original(keeping, found, sent, ".eml")
    return await _row(keeping, entry_id, sent, found, kind=ScanKind.EML, original=original, pages=[])


@dataclass(frozen=True, slots=True)
class _New:
    """A file that the entry does not have yet; `base` begins the keys of what is made of it."""

    sha256: str
    size: int
    base: str


async def _looked_at(keeping: Keeping, entry_id: int, sent: Sent) -> _New | ScanView:
    keeping.subject.demand(Action.TEXT_WRITE)
    size, sha256 = await asyncio.to_thread(_measured, sent.path)
    limit = keeping.settings.texts
    if size > limit.largest_mb << 20:
        raise ScanRefused(
            Refusal.TOO_LARGE, f"it is larger than {limit.largest_mb} MB; scan it with fewer dots per inch"
        )
    if size == 0:
        raise ScanRefused(Refusal.EMPTY, "it is empty; send it again")
    async with keeping.database.transaction() as session:
        known, day = await _room_for(session, entry_id, sha256, keeping.settings)
    return known or _New(sha256, size, f"texts/{day}/{entry_id}/{sha256[:24]}")


def _measured(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


async def _original(keeping: Keeping, new: _New, sent: Sent, suffix: str) -> str:
    marked = f"{new.base}~{new.sha256}{suffix}"
    return await keep(keeping.objects, sent.path, f"{new.base}{suffix}", marked, new.sha256)


async def _row(
    keeping: Keeping, entry_id: int, sent: Sent, new: _New, *, kind: ScanKind, original: str | None,
    pages: list[dict[str, object]],
) -> ScanView:  # fmt: skip
    async with keeping.database.transaction() as session:
        known, _ = await _room_for(session, entry_id, new.sha256, keeping.settings)
        if known is not None:
            return known
        row = TextScan(
            id=uuid4(), entry_id=entry_id, name=_shown(sent.name), kind=kind.value, source_sha256=new.sha256,
            source_bytes=new.size, original_key=original, pages=pages, added_at=keeping.now,
            added_by=keeping.subject.user_id,
        )  # fmt: skip
        session.add(row)
        await session.flush()
        detail = {"sha256": new.sha256, "bytes": new.size, "kind": kind.value, "pages": len(pages)}
        await note(session, keeping.subject, entry_id, "text.scan", detail=detail, now=keeping.now)
        return _view(row)


async def of_entry(session: AsyncSession, entry_id: int) -> Sequence[ScanView]:
    """In the order in which they came."""
    query = select(TextScan).where(TextScan.entry_id == entry_id).order_by(TextScan.added_at, TextScan.id)
    return [_view(row) for row in await session.scalars(query)]


async def counts(session: AsyncSession, entry_ids: Sequence[int]) -> Mapping[int, int]:
    """Files by entry, for lists."""
    query = select(TextScan.entry_id, func.count()).where(TextScan.entry_id.in_(entry_ids)).group_by(TextScan.entry_id)
    return {entry_id: int(count) for entry_id, count in await session.execute(query)}


async def open_page(
    session: AsyncSession, entry_id: int, scan_id: UUID, number: int, *, subject: Subject, now: datetime
) -> PageView:
    """One page, counted from 1, for somebody who looks at it, which is an audit row. Raises Denied, ScanMissing."""
    subject.demand(Action.TEXT_VIEW)
    row = await _scan(session, entry_id, scan_id)
    pages = _view(row).pages
    if not 1 <= number <= len(pages):
        raise ScanMissing(f"this scan has {len(pages)} pages")
    detail = {"scan": str(scan_id), "page": number, "sha256": pages[number - 1].sha256}
    await note(session, subject, entry_id, "text.scan_view", detail=detail, now=now)
    return pages[number - 1]


async def open_original(
    session: AsyncSession, entry_id: int, scan_id: UUID, *, subject: Subject, now: datetime
) -> tuple[str, int]:
    """Key and size of the file as it came, for who keeps the originals. Raises Denied, ScanMissing."""
    subject.demand(Action.TEXT_ORIGINAL)
    row = await _scan(session, entry_id, scan_id)
    if row.original_key is None:
        raise ScanMissing("of pictures only the pages are kept")
    await note(session, subject, entry_id, Action.TEXT_ORIGINAL.value, detail={"sha256": row.source_sha256}, now=now)
    return row.original_key, row.source_bytes


def read(objects: Objects, key: str, size: int) -> AsyncIterator[bytes]:
    """The bytes of a page or an original, in chunks."""
    return objects.read(key, 0, size)


async def _pages(
    bounded: BoundedWork, source: Path, folder: Path, limits: PageLimits
) -> tuple[ScanKind, tuple[Page, ...]]:
    try:
        return await bounded.run(pages_of, source, folder, limits)
    except TooMuch as error:
        raise ScanRefused(Refusal.TOO_MUCH, f"it cannot be shown safely: {error}") from error


async def _stored(objects: Objects, page: Page, key: str) -> dict[str, object]:
    stem, dot, suffix = key.rpartition(".")
    kept = await keep(objects, page.path, key, f"{stem}~{page.sha256[:12]}{dot}{suffix}", page.sha256)
    return {
        "key": kept, "sha256": page.sha256, "bytes": page.bytes, "type": page.type, "width": page.width,
        "height": page.height,
    }  # fmt: skip


async def _room_for(
    session: AsyncSession, entry_id: int, sha256: str, settings: Settings
) -> tuple[ScanView | None, str]:
    """The scan that is there already, and the day of the entry as it stands in keys."""
    entry = await session.get(TextEntry, entry_id, with_for_update=True, populate_existing=True)
    if entry is None:
        raise TextMissing(f"there is no text {entry_id}")
    if entry.erased_at is not None:
        raise TextMissing(f"text {entry_id} was deleted; nothing can be attached to it")
    scans = await of_entry(session, entry_id)
    known = next((scan for scan in scans if scan.source_sha256 == sha256), None)
    if known is None and len(scans) >= settings.texts.most_scans:
        raise ScanRefused(
            Refusal.TOO_MANY_FILES, f"this text has {len(scans)} files already, which is as many as it may have"
        )
    return known, local_day(entry.created_at, settings.zone).replace("-", "/")


async def _scan(session: AsyncSession, entry_id: int, scan_id: UUID) -> TextScan:
    row = await session.get(TextScan, scan_id)
    if row is None or row.entry_id != entry_id:
        raise ScanMissing("this text has no such scan")
    return row


def _shown(name: str) -> str:
    """A file's name without a path, in characters that can be printed; it may say a card's number."""
    plain = name.replace("\\", "/").rsplit("/", 1)[-1]
    return masked_text(printable(plain)[:LONGEST_NAME]) or "scan"


def _view(row: TextScan) -> ScanView:
    return ScanView(
        row.id, row.entry_id, row.name, ScanKind(row.kind), row.source_sha256, row.source_bytes,
        row.original_key is not None, tuple(PageView(**page) for page in row.pages), row.added_at,
    )  # fmt: skip
