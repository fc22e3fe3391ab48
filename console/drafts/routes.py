"""Handlers of the work list and of one draft's page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from acd import ledger
from acd.ledger import CallView
from cases import desk, desk_form, desk_reading, orders
from cases.desk_receivers import Receiver, receivers
from cases.desk_rows import DRAFT, ItemView
from cases.desk_states import ItemState
from cases.errors import CaseError, WrongField
from cases.promises import promises
from console import labels
from console.access import Answer, require
from console.drafts import form
from console.drafts.answers import CANNOT_BE_KEPT, refused, sent_json
from console.drafts.worklist import Filters, Worklist, next_refs, path_of, worklist
from console.errors import N_, Missing
from console.state import Console, console_of
from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action
from recordings import store
from recordings.store import RecordingView
from transcribe import drafts
from transcribe.drafts import DraftDecided, DraftState, DraftView

router = APIRouter(prefix="/drafts")
LONGEST_REASON = 200
ORDER_NUMBER = re.compile(r"[A-Z]{2}[0-9]{8}-[0-9]{4,8}")


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence above the page: a catalogue key and its values."""

    text: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Came:
    """How somebody came to a page: what became of the piece of work before."""

    made: str = ""
    discarded: bool = False
    taken: str = ""
    """Somebody else was quicker: who."""
    none: bool = False
    """There was nothing to take."""

    @property
    def notice(self) -> Notice:
        """Only an order number's shape, and a name, are repeated from the address."""
        if ORDER_NUMBER.fullmatch(self.made):
            return Notice(N_("Order %(number)s is made."), {"number": self.made})
        if self.taken:
            return Notice(N_("%(who)s has this one already; it was not given to you."), {"who": self.taken[:40]})
        if self.discarded:
            return Notice(N_("The draft is discarded; its recording and transcript stay."))
        if self.none:
            return Notice(N_("There is nothing that you could take now."))
        return Notice()


@router.get("")
async def work_list(
    request: Request,
    subject: Annotated[Subject, require(Action.DESK_VIEW)],
    filters: Annotated[Filters, Depends()],
    came: Annotated[Came, Depends()],
) -> Response:
    """What waits to be entered, the one due first on top."""
    console = console_of(request)
    found = await _found(console, subject, filters)
    return console.pages.page(
        request, "drafts/list.html", **_list_values(console, found), filters=filters, notice=came.notice
    )  # fmt: skip


@router.get("/rows")
async def work_rows(
    request: Request,
    subject: Annotated[Subject, require(Action.DESK_VIEW, Answer.DATA)],
    filters: Annotated[Filters, Depends()],
    seen: str = "",
) -> Response:
    """The list's rows as a fragment; 204 to whoever has `seen` them."""
    console = console_of(request)
    found = await _found(console, subject, filters)
    if found.digest == seen:
        return Response(status_code=204)
    return console.pages.page(request, "drafts/rows.html", **_list_values(console, found), filters=filters)


@router.get("/{call_uid}")
async def draft_page(
    request: Request,
    call_uid: str,
    subject: Annotated[Subject, require(Action.DRAFT_VIEW)],
    came: Annotated[Came, Depends()],
) -> Response:
    """One draft: player, turns, and the form with its evidence. That it was read is an audit row."""
    console = console_of(request)
    async with console.database.transaction() as session:
        sheet = await _sheet(session, call_uid, subject, console)
        await audit.record(
            session, actor=subject.login, role=subject.role, action=Action.DRAFT_VIEW, subject=f"call:{call_uid}",
            detail={}, now=console.now(),
        )  # fmt: skip
    begun = sheet.item.typed if sheet.item is not None else {}
    reading = desk_reading.of_draft(sheet.draft)
    typed = desk_reading.over(begun, reading)
    known = form.rows(sheet.draft.fields, sheet.draft.turns, typed)
    return console.pages.page(
        request,
        "drafts/page.html",
        draft=sheet.draft,
        call=sheet.call,
        recording=sheet.recording,
        turns=sheet.draft.turns,
        marked=form.all_evidence(sheet.draft.fields, sheet.draft.turns),
        groups=form.GROUPS,
        rows=known,
        item=sheet.item,
        ref=DRAFT + call_uid,
        mine=sheet.mine,
        open=sheet.draft.state is DraftState.PENDING,
        receivers=sheet.receivers,
        typed=typed,
        reading=reading.stamp,
        reread=typed is not begun,
        deleted=reading.stamp == desk_reading.DELETED,
        mark_words={mark: console.pages.words.chinese(key) for mark, key in labels.MARKS.items()},
        days=sheet.draft.fields.get("days") or (),
        promised=promises("；".join(sheet.draft.fields.get("promised") or ())),
        number_check=sheet.draft.fields.get("number_check"),
        unsure_speakers=form.HIGH_CONFIDENCE,
        amber=console.settings.desk_amber_minutes * 60,
        beat=desk.beat_seconds(console.settings),
        now=console.now(),
        notice=came.notice,
    )


@router.post("/{call_uid}/confirm")
async def confirm(
    request: Request, call_uid: str, subject: Annotated[Subject, require(Action.DRAFT_CONFIRM, Answer.DATA)]
) -> Response:
    """Keep what stands in the form and make the order of it. JSON `{"to": page}`: the next piece of work, taken.

    422 with `problems` by field where something is wrong, 409 where the draft is somebody else's or decided by now.
    """
    console = console_of(request)
    sent = await sent_json(request)
    typed = desk_form.kept(sent)
    read = form.read(typed["values"])
    version = sent.get("version")
    try:
        async with console.database.transaction() as session:  # kept also where it cannot be confirmed yet
            item, _ = await desk_reading.keep(
                session, DRAFT + call_uid, typed=typed, version=version if isinstance(version, int) else -1,
                subject=subject, now=console.now(),
            )  # fmt: skip
        if read.problems:
            return _problems(console, read.problems)
        async with console.database.transaction() as session:
            if await drafts.get(session, call_uid, lock=True) is None:
                raise Missing
            await desk_reading.demand_current(session, DRAFT + call_uid, item.typed)  # it stays so: the draft is locked
            draft = await drafts.get(session, call_uid)
            assert draft is not None
            order = await orders.confirm(
                session, call_uid=call_uid, corrections=form.corrections(draft.fields, read.values), subject=subject,
                now=console.now(), settings=console.settings, original=typed["original"].strip() or None,
                picked=desk_reading.evidence_of(item.typed),
            )  # fmt: skip
    except WrongField as error:
        return _problems(console, {error.field: NO_SUCH_ORDER if error.field == "original" else CANNOT_BE_KEPT})
    except (DraftDecided, CaseError) as error:
        return refused(console, error)
    return JSONResponse({"to": await after(console, subject, DRAFT + call_uid, made=order.number)})


@router.post("/{call_uid}/discard")
async def discard(
    request: Request, call_uid: str, subject: Annotated[Subject, require(Action.DRAFT_CONFIRM, Answer.DATA)]
) -> Response:
    """Make no order of this draft, and keep why. Answers as `confirm` does."""
    console = console_of(request)
    reason = " ".join(str((await sent_json(request)).get("reason", "")).split())
    if not reason or len(reason) > LONGEST_REASON:
        return _problems(console, {"reason": N_("Say why, in up to 200 characters.")})
    try:
        async with console.database.transaction() as session:
            if await drafts.get(session, call_uid) is None:
                raise Missing
            await orders.discard(session, call_uid=call_uid, reason=reason, subject=subject, now=console.now())
    except WrongField:
        return _problems(console, {"reason": CANNOT_BE_KEPT})
    except (DraftDecided, CaseError) as error:
        return refused(console, error)
    return JSONResponse({"to": await after(console, subject, DRAFT + call_uid, discarded=True)})


NO_SUCH_ORDER = N_("There is no order of this number.")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A draft with the call and the recording that it came from, and how it lies on the desk."""

    draft: DraftView
    call: CallView | None
    recording: RecordingView | None
    item: ItemView | None
    mine: bool
    """On this person's desk: the form can be written in."""
    receivers: list[Receiver]


async def after(console: Console, subject: Subject, ref: str, *, made: str = "", discarded: bool = False) -> str:
    """Where to go once a piece of work is done: to the next one, taken in a transaction of its own."""
    said = f"made={made}" if made else "discarded=1" if discarded else ""
    taken = await take_next(console, subject, after=ref)
    where = path_of(taken) if taken else "/drafts"
    return f"{where}?{said}" if said else where


async def take_next(console: Console, subject: Subject, *, after: str = "") -> str:
    """The best piece of work that nobody has, taken; empty where there is none. Who is slower gets the next one."""
    async with console.database.transaction() as session:
        candidates = await next_refs(session, subject, console.now(), after=after)
    for ref in candidates:
        try:
            async with console.database.transaction() as session:
                await desk.take(session, ref, subject=subject, now=console.now(), settings=console.settings)
        except CaseError:
            continue
        return ref
    return ""


async def _found(console: Console, subject: Subject, filters: Filters) -> Worklist:
    async with console.database.transaction() as session:
        return await worklist(session, subject, filters, console.now(), console.settings.desk_amber_minutes)


def _list_values(console: Console, found: Worklist) -> dict[str, Any]:
    return {
        "found": found,
        "amber": console.settings.desk_amber_minutes * 60,
        "now": console.now(),
    }


async def _sheet(session: AsyncSession, call_uid: str, subject: Subject, console: Console) -> Sheet:
    draft = await drafts.get(session, call_uid)
    if draft is None:
        raise Missing
    now = console.now()
    item = await desk.get(session, DRAFT + call_uid, now)
    mine = (
        item is not None
        and item.state is ItemState.TAKEN
        and item.is_mine(subject)
        and draft.state is DraftState.PENDING
        and subject.may(Action.DRAFT_CONFIRM)
    )
    giving = mine or subject.may(Action.DESK_ASSIGN)
    return Sheet(
        draft,
        await ledger.get_call(session, call_uid),
        await store.get(session, call_uid),
        item,
        mine,
        await receivers(session, Action.DRAFT_CONFIRM, draft.kind, but=subject.user_id, now=now) if giving else [],
    )


def _problems(console: Console, problems: Mapping[str, str]) -> JSONResponse:
    words = console.pages.words
    return JSONResponse({"problems": {name: words.chinese(key) for name, key in problems.items()}}, 422)
