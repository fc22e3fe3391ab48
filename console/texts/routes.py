"""Handlers of texts: receive, look, amend, attach, confirm, discard."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import quote, unquote
from uuid import UUID

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.datastructures import UploadFile

from cases import desk, desk_form, desk_reading, orders, text_certificates, text_entries, text_removal, text_scans
from cases.desk_errors import NotForYou
from cases.desk_receivers import Receiver, receivers
from cases.desk_rows import ItemView
from cases.desk_states import ItemState
from cases.errors import CaseError, WrongField
from cases.text_certificates import CertificateView
from cases.text_email import EmailRefused
from cases.text_entries import EntryView, TextMissing, TextState
from cases.text_pages import Refusal
from cases.text_scans import ScanMissing, ScanView
from console import labels
from console.access import Answer, require
from console.drafts import form
from console.drafts.answers import CANNOT_BE_KEPT, refused, sent_json
from console.drafts.routes import NO_SUCH_ORDER, after
from console.errors import N_, Missing
from console.state import Console, console_of
from console.texts import files, head, words
from console.texts.files import Refused
from hotline.accounts import Subject
from hotline.roles import Action
from transcribe.covered import covered
from transcribe.masking import masked_text

router = APIRouter(prefix="/texts")
EntryId = Annotated[int, Path(ge=1, le=2**62)]
LATELY = timedelta(days=1)
SHOWN = 200
LONGEST_REASON = 200
MOST_TOLD = 12
"""Refused files that are named; an address has its limits."""
NO_EMAIL = N_("This file is no e-mail that can be read; print the message as PDF and attach that.")
NO_FILE = N_("Choose a file first.")


@router.get("")
async def text_list(request: Request, subject: Annotated[Subject, require(Action.TEXT_VIEW)]) -> Response:
    """What came in and is to be keyed, what was keyed lately, and the form to receive another one."""
    return await _list(request, subject, head.empty(console_of(request).now(), console_of(request).settings.zone))


@router.post("")
async def receive(request: Request, subject: Annotated[Subject, require(Action.TEXT_WRITE)]) -> Response:
    """Receive a text: head, words, scans; it lies on the desk of who received it."""
    console = console_of(request)
    sent, uploads = await _sent(request)
    found, read = head.read(sent, console.settings.zone)
    if found is None:
        return await _list(request, subject, read, status=422)
    now = console.now()
    try:
        async with console.database.transaction() as session:
            entry = await text_entries.receive(
                session, found, sent.get("words", ""), subject=subject, now=now, settings=console.settings
            )
    except WrongField as error:
        return await _list(request, subject, _wrong(sent, error), status=422)
    await _take(console, subject, entry)
    async with files.on_disk(uploads, console.objects.work()) as scans:
        missed = await files.add_all(files.keeping(console, subject), entry.id, scans)
    return RedirectResponse(_page_path(entry.id, missed), 303)


@router.post("/email")
async def receive_email(request: Request, subject: Annotated[Subject, require(Action.TEXT_WRITE)]) -> Response:
    """Receive an e-mail that was saved as a file."""
    console = console_of(request)
    _, uploads = await _sent(request)
    start = head.empty(console.now(), console.settings.zone)
    if not uploads:
        return await _list(request, subject, start, status=422, email_problem=NO_FILE)
    async with files.on_disk(uploads[:1], console.objects.work()) as [sent]:
        try:
            entry, missed = await files.take_email(console, subject, sent)
        except EmailRefused:
            return await _list(request, subject, start, status=422, email_problem=NO_EMAIL)
    await _take(console, subject, entry)
    return RedirectResponse(_page_path(entry.id, missed), 303)


@router.get("/originals")
async def originals(request: Request, subject: Annotated[Subject, require(Action.TEXT_ORIGINAL)]) -> Response:
    """Originals that the data manager has still to put away, and where the others lie (D23, D61)."""
    return await _originals(request)


@router.post("/{entry_id}/file")
async def file_original(
    request: Request, entry_id: EntryId, subject: Annotated[Subject, require(Action.TEXT_ORIGINAL)]
) -> Response:
    """Note where an original lies."""
    console = console_of(request)
    sent, _ = await _sent(request)
    try:
        async with console.database.transaction() as session:
            await text_entries.file_original(
                session, entry_id, sent.get("shelf", ""), subject=subject, now=console.now()
            )
    except TextMissing as error:
        raise Missing from error
    except WrongField:
        return await _originals(request, status=422, wrong=entry_id)
    return RedirectResponse("/texts/originals", 303)


@router.get("/{entry_id}")
async def text_page(
    request: Request, entry_id: EntryId, subject: Annotated[Subject, require(Action.TEXT_VIEW)], missed: str = ""
) -> Response:
    """One text: head, words and scans beside its form. That it was read is an audit row."""
    console = console_of(request)
    async with console.database.transaction() as session:
        try:
            await text_entries.view(session, entry_id, subject=subject, now=console.now())
        except TextMissing as error:
            raise Missing from error
    return await _page(request, subject, entry_id, missed=_missed(missed))


@router.post("/{entry_id}/head")
async def amend(
    request: Request, entry_id: EntryId, subject: Annotated[Subject, require(Action.TEXT_WRITE)]
) -> Response:
    """Correct the head or the words; the proposal is read anew from changed words."""
    console = console_of(request)
    sent, _ = await _sent(request)
    async with console.database.transaction() as session:
        try:
            known = await text_entries.get(session, entry_id)
        except TextMissing as error:
            raise Missing from error
    fixed = {
        "channel": known.head.channel.value,
        "received_at": head.of_entry(known, console.settings.zone).values["received_at"],
    }
    found, read = head.read({**sent, **fixed}, console.settings.zone)
    if found is None:
        return await _page(request, subject, entry_id, status=422, typed_head=read)
    try:
        async with console.database.transaction() as session:
            await text_entries.amend(
                session, entry_id, found, sent.get("words", ""), subject=subject, now=console.now(),
                settings=console.settings,
            )  # fmt: skip
    except WrongField as error:
        return await _page(request, subject, entry_id, status=422, typed_head=_wrong({**sent, **fixed}, error))
    except CaseError:
        return RedirectResponse(_page_path(entry_id, ()), 303)  # the page says whose it is by now
    return RedirectResponse(_page_path(entry_id, ()), 303)


@router.post("/{entry_id}/scans")
async def add_scans(
    request: Request, entry_id: EntryId, subject: Annotated[Subject, require(Action.TEXT_WRITE)]
) -> Response:
    """Attach scans; what is refused is named with the reason, the others are kept."""
    console = console_of(request)
    _, uploads = await _sent(request)
    try:
        async with files.on_disk(uploads, console.objects.work()) as scans:
            missed = await files.add_all(files.keeping(console, subject), entry_id, scans)
    except TextMissing as error:
        raise Missing from error
    return RedirectResponse(_page_path(entry_id, missed), 303)


@router.post("/{entry_id}/scans/{scan_id}/remove")
async def remove_scan(
    request: Request, entry_id: EntryId, scan_id: UUID, subject: Annotated[Subject, require(Action.TEXT_REMOVE)]
) -> Response:
    """Delete a scan that belongs to another text, with the reason and a certificate."""
    console = console_of(request)
    sent, _ = await _sent(request)
    reason = masked_text(" ".join(sent.get("reason", "").split()))
    if not reason or len(reason) > LONGEST_REASON:
        return await _page(request, subject, entry_id, status=422, unsaid=scan_id)
    wish = text_removal.Wish(
        entry_id, text_removal.WRONG_SCAN, subject.login, subject.role.value, reason, scan_id=scan_id
    )
    try:
        await text_removal.remove(console.database, console.objects, console.clock, wish)
    except (TextMissing, ScanMissing) as error:
        raise Missing from error
    return RedirectResponse(_page_path(entry_id, ()), 303)


@router.get("/{entry_id}/scans/{scan_id}/{number}")
async def scan_page(
    request: Request,
    entry_id: EntryId,
    scan_id: UUID,
    number: int,
    subject: Annotated[Subject, require(Action.TEXT_VIEW)],
) -> Response:
    """One page of a scan, a picture that was made anew. That it was seen is an audit row."""
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            page = await text_scans.open_page(session, entry_id, scan_id, number, subject=subject, now=console.now())
    except ScanMissing as error:
        raise Missing from error
    body = text_scans.read(console.objects, page.key, page.bytes)
    return StreamingResponse(body, media_type=page.type, headers={"Content-Length": str(page.bytes)})


@router.get("/{entry_id}/scans/{scan_id}/original/file")
async def original_file(
    request: Request, entry_id: EntryId, scan_id: UUID, subject: Annotated[Subject, require(Action.TEXT_ORIGINAL)]
) -> Response:
    """The file as it came, only ever to be saved: a stranger made it."""
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            key, size = await text_scans.open_original(session, entry_id, scan_id, subject=subject, now=console.now())
    except ScanMissing as error:
        raise Missing from error
    suffix = key.rsplit(".", 1)[-1]
    headers = {
        "Content-Length": str(size),
        "Content-Disposition": f'attachment; filename="text-{entry_id}.{suffix}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return StreamingResponse(
        text_scans.read(console.objects, key, size), media_type="application/octet-stream", headers=headers
    )


@router.post("/{entry_id}/confirm")
async def confirm(
    request: Request, entry_id: EntryId, subject: Annotated[Subject, require(Action.TEXT_WRITE, Answer.DATA)]
) -> Response:
    """Make the order. JSON `{"to": page}`: the next piece of work, taken; 422 with problems by field."""
    console = console_of(request)
    sent = await sent_json(request)
    typed = desk_form.kept(sent)
    read = form.read(typed["values"])
    version = sent.get("version")
    try:
        async with console.database.transaction() as session:  # kept also where it cannot be confirmed yet
            item, _ = await desk_reading.keep(
                session, text_entries.ref_of(entry_id), typed=typed, subject=subject, now=console.now(),
                version=version if isinstance(version, int) else -1,
            )  # fmt: skip
        if read.problems:
            return _problems(console, read.problems)
        async with console.database.transaction() as session:
            await desk_reading.demand_current(session, item.ref, item.typed)
            entry = await text_entries.get(session, entry_id)
            order = await text_entries.make(
                session, entry_id, form.corrections(entry.draft or {}, read.values),
                original=typed["original"].strip() or None, picked=desk_reading.evidence_of(item.typed),
                subject=subject, now=console.now(), settings=console.settings,
            )  # fmt: skip
    except TextMissing as error:
        raise Missing from error
    except WrongField as error:
        return _problems(console, {error.field: NO_SUCH_ORDER if error.field == "original" else CANNOT_BE_KEPT})
    except CaseError as error:
        return refused(console, error)
    return JSONResponse({"to": await after(console, subject, entry.ref, made=order.number)})


@router.post("/{entry_id}/discard")
async def discard(
    request: Request, entry_id: EntryId, subject: Annotated[Subject, require(Action.TEXT_WRITE, Answer.DATA)]
) -> Response:
    """Make no order, and keep why; the original goes on file all the same."""
    console = console_of(request)
    reason = " ".join(str((await sent_json(request)).get("reason", "")).split())
    if not reason or len(reason) > LONGEST_REASON:
        return _problems(console, {"reason": N_("Say why, in up to 200 characters.")})
    try:
        async with console.database.transaction() as session:
            await text_entries.discard(
                session, entry_id, reason=reason, subject=subject, now=console.now(), settings=console.settings
            )
    except TextMissing as error:
        raise Missing from error
    except WrongField:
        return _problems(console, {"reason": CANNOT_BE_KEPT})
    except CaseError as error:
        return refused(console, error)
    return JSONResponse({"to": await after(console, subject, text_entries.ref_of(entry_id), discarded=True)})


async def _take(console: Console, subject: Subject, entry: EntryView) -> None:
    """Put it on the desk of who received it; what a senior received waits for the clerks."""
    with contextlib.suppress(NotForYou):
        async with console.database.transaction() as session:
            await desk.take(session, entry.ref, subject=subject, now=console.now(), settings=console.settings)


@dataclass(frozen=True, slots=True)
class Opened:
    """An entry with its scans, and how it lies on the desk."""

    entry: EntryView
    scans: Sequence[ScanView]
    item: ItemView | None
    mine: bool
    receivers: list[Receiver]
    confirmed: Mapping[str, Any] | None
    """The sheet of its order, once there is one."""
    deleted: Sequence[CertificateView]
    """What was deleted of it."""


async def _opened(console: Console, subject: Subject, entry_id: int) -> Opened:
    now = console.now()
    async with console.database.transaction() as session:
        try:
            entry = await text_entries.get(session, entry_id)
        except TextMissing as error:
            raise Missing from error
        item = await desk.get(session, entry.ref, now)
        mine = (
            item is not None
            and item.state is ItemState.TAKEN
            and item.is_mine(subject)
            and entry.state is TextState.OPEN
            and subject.may(Action.TEXT_WRITE)
        )
        kind = str((entry.draft or {}).get("kind", "complaint"))
        giving = mine or subject.may(Action.DESK_ASSIGN)
        found = await receivers(session, Action.TEXT_WRITE, kind, but=subject.user_id, now=now) if giving else []
        order = await orders.get_order(session, entry.order_number, now) if entry.order_number else None
        scans = await text_scans.of_entry(session, entry_id)
        deleted = await text_certificates.of_entry(session, entry_id)
        return Opened(entry, scans, item, mine, found, order.fields if order is not None else None, deleted)


async def _page(
    request: Request,
    subject: Subject,
    entry_id: int,
    *,
    status: int = 200,
    missed: Sequence[Refused] = (),
    typed_head: head.HeadForm | None = None,
    unsaid: UUID | None = None,
) -> Response:
    console = console_of(request)
    opened = await _opened(console, subject, entry_id)
    entry, item = opened.entry, opened.item
    begun = item.typed if item is not None else {}
    reading = desk_reading.of_text(entry)
    typed = desk_reading.over(begun, reading)
    draft = opened.confirmed or entry.draft or {}
    turns = covered(entry.turns)
    # who keys it in has the paper in hand; nobody else needs its card numbers
    shown = entry.turns if opened.mine or subject.may(Action.SENSITIVE_VIEW) else turns
    return console.pages.page(
        request,
        "texts/page.html",
        status=status,
        entry=entry,
        scans=opened.scans,
        item=item,
        ref=entry.ref,
        mine=opened.mine,
        open=entry.state is TextState.OPEN,
        receivers=opened.receivers,
        turns=shown,
        groups=form.GROUPS,
        rows=form.rows(draft, turns, typed),
        typed=typed,
        reading=reading.stamp,
        reread=typed is not begun,
        days=draft.get("days") or (),
        mark_words={mark: console.pages.words.chinese(key) for mark, key in labels.MARKS.items()},
        head=typed_head or head.of_entry(entry, console.settings.zone),
        missed=missed,
        unsaid=unsaid,
        deleted=opened.deleted,
        names=words,
        amber=console.settings.desk_amber_minutes * 60,
        beat=desk.beat_seconds(console.settings),
        now=console.now(),
    )


async def _list(
    request: Request, subject: Subject, typed: head.HeadForm, *, status: int = 200, email_problem: str = ""
) -> Response:
    console = console_of(request)
    now = console.now()
    async with console.database.transaction() as session:
        items = await desk.open_texts(session, now, limit=SHOWN)
        entries = await text_entries.of_ids(session, [_id_of(item.ref) for item in items])
        closed = await text_entries.closed_since(session, now - LATELY)
        counts = await text_scans.counts(session, [*entries, *(each.id for each in closed)])
    waiting = [(item, entries[_id_of(item.ref)]) for item in items if _id_of(item.ref) in entries]
    return console.pages.page(
        request,
        "texts/list.html",
        status=status,
        waiting=waiting,
        closed=closed,
        counts=counts,
        head=typed,
        email_problem=email_problem,
        names=words,
        limits=console.settings.texts,
        amber=console.settings.desk_amber_minutes * 60,
        now=now,
    )


async def _originals(request: Request, *, status: int = 200, wrong: int = 0) -> Response:
    console = console_of(request)
    async with console.database.transaction() as session:
        waiting = await text_entries.originals(session, filed=False)
        filed = await text_entries.originals(session, filed=True)
        counts = await text_scans.counts(session, [each.id for each in (*waiting, *filed)])
    return console.pages.page(
        request, "texts/originals.html", status=status, waiting=waiting, filed=filed, counts=counts, names=words,
        wrong=wrong, now=console.now(),
    )  # fmt: skip


async def _sent(request: Request) -> tuple[dict[str, str], list[UploadFile]]:
    """Texts by name, and the files of which any were chosen."""
    found = await request.form()
    texts = {name: value for name, value in found.items() if isinstance(value, str)}
    uploads = [value for _, value in found.multi_items() if isinstance(value, UploadFile) and value.filename]
    return texts, uploads


def _wrong(sent: Mapping[str, str], error: WrongField) -> head.HeadForm:
    return head.HeadForm(sent, {error.field: words.PROBLEMS.get(error.field, words.WRONG_LINE)})


def _page_path(entry_id: int, missed: Sequence[Refused]) -> str:
    said = "~".join(f"{each.why.value}:{quote(each.name, safe='')}" for each in missed[:MOST_TOLD])
    return f"/texts/{entry_id}" + (f"?missed={quote(said, safe='')}" if said else "")


def _missed(said: str) -> list[Refused]:
    """What the address says of files that were refused; only known reasons are shown."""
    found = []
    for each in said[:4000].split("~"):
        why, _, name = each.partition(":")
        if why in set(Refusal):
            found.append(Refused(unquote(name)[:80], Refusal(why)))
    return found


def _id_of(ref: str) -> int:
    return int(ref.rpartition(":")[2])


def _problems(console: Console, problems: Mapping[str, str]) -> JSONResponse:
    said: dict[str, Any] = {name: console.pages.words.chinese(key) for name, key in problems.items()}
    return JSONResponse({"problems": said}, 422)
