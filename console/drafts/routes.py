"""Handlers of the recording clerk's drafts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from acd import ledger
from acd.ledger import CallView
from cases import orders
from cases.errors import WrongField
from console.access import require
from console.drafts import form
from console.errors import N_, Missing
from console.state import Console, console_of
from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action, allows
from recordings import store
from recordings.store import RecordingView
from transcribe import drafts
from transcribe.drafts import DraftDecided, DraftState, DraftView
from transcribe.turns import CALLER

router = APIRouter(prefix="/drafts")
SHOWN = 500
"""Drafts on one list; a clerk who has more works from the top, which is due first."""
LONGEST_REASON = 200
ORDER_NUMBER = re.compile(r"[A-Z]{2}[0-9]{8}-[0-9]{4,8}")

CANNOT_BE_KEPT = N_("This cannot be kept as it is; type it again.")
DECIDED = N_("Somebody else has handled this draft meanwhile; nothing was changed by you.")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the clerk looks for; empty means all."""

    kind: str = ""
    business: str = ""
    nature: str = ""
    urgent: bool = False

    @property
    def any(self) -> bool:
        return bool(self.kind or self.business or self.nature or self.urgent)

    def let_through(self, draft: DraftView) -> bool:
        return (
            self.kind in ("", draft.kind)
            and self.business in ("", draft.business)
            and self.nature in ("", draft.nature)
            and (draft.urgent or not self.urgent)
        )


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence above the page: a catalogue key and its values."""

    text: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListRow:
    call_uid: str
    kind: str
    business: str
    nature: str | None
    urgent: bool
    created_at: datetime
    due_at: datetime
    first_words: str


@router.get("")
async def draft_list(
    request: Request,
    subject: Annotated[Subject, require(Action.DRAFT_VIEW)],
    filters: Annotated[Filters, Depends()],
    made: str = "",
    discarded: str = "",
) -> Response:
    """Pending drafts, the one due first on top."""
    console = console_of(request)
    now = console.now()
    async with console.database.transaction() as session:
        pending = await drafts.list_pending(session, limit=SHOWN)
        total = await drafts.count_pending(session)
        late = await drafts.count_pending(session, due_before=now)
    return console.pages.page(
        request,
        "drafts/list.html",
        drafts=[list_row(draft) for draft in pending if filters.let_through(draft)],
        filters=filters,
        total=total,
        late=late,
        now=now,
        notice=_notice(made, discarded),
    )


@router.get("/next")
async def next_draft(
    request: Request,
    subject: Annotated[Subject, require(Action.DRAFT_VIEW)],
    after: str = "",
    made: str = "",
    discarded: str = "",
) -> Response:
    """To the pending draft that is due next after `after`, from the top again behind the last one."""
    async with console_of(request).database.transaction() as session:
        uids = [draft.call_uid for draft in await drafts.list_pending(session, limit=SHOWN)]
    later = uids[uids.index(after) + 1 :] if after in uids else uids
    target = next((uid for uid in [*later, *uids] if uid != after), None)
    said = {name: value for name, value in (("made", made), ("discarded", discarded)) if value}
    return RedirectResponse(
        (f"/drafts/{target}" if target else "/drafts") + (f"?{urlencode(said)}" if said else ""), 303
    )


@router.get("/{call_uid}")
async def draft_page(
    request: Request,
    call_uid: str,
    subject: Annotated[Subject, require(Action.DRAFT_VIEW)],
    made: str = "",
    discarded: str = "",
) -> Response:
    """One draft: player, turns, and the form with its evidence. That it was read is an audit row."""
    console = console_of(request)
    async with console.database.transaction() as session:
        sheet = await _sheet(session, call_uid)
        await audit.record(
            session,
            actor=subject.login,
            role=subject.role,
            action=Action.DRAFT_VIEW,
            subject=f"call:{call_uid}",
            detail={},
            now=console.now(),
        )
    return _page(request, subject, sheet, notice=_notice(made, discarded))


@router.post("/{call_uid}/confirm")
async def confirm(
    request: Request, call_uid: str, subject: Annotated[Subject, require(Action.DRAFT_CONFIRM)]
) -> Response:
    """Make the order from what the clerk sent; where something is wrong, say so beside the field."""
    console = console_of(request)
    typed = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    read = form.read(typed)
    async with console.database.transaction() as session:
        sheet = await _sheet(session, call_uid)
    if read.problems:
        return _page(request, subject, sheet, 422, typed=typed, problems=read.problems)
    try:
        async with console.database.transaction() as session:
            order = await orders.confirm(
                session,
                call_uid=call_uid,
                corrections=form.corrections(sheet.draft.fields, read.values),
                subject=subject,
                now=console.now(),
                settings=console.settings,
            )
    except DraftDecided:
        return _page(request, subject, await _again(console, call_uid), 409, problem=DECIDED)
    except WrongField as error:
        return _page(request, subject, sheet, 422, typed=typed, problems={error.field: CANNOT_BE_KEPT})
    return RedirectResponse(f"/drafts/next?{urlencode({'after': call_uid, 'made': order.number})}", 303)


@router.post("/{call_uid}/discard")
async def discard(
    request: Request,
    call_uid: str,
    subject: Annotated[Subject, require(Action.DRAFT_CONFIRM)],
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Make no order of this draft, and keep why."""
    console = console_of(request)
    typed = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    words = " ".join(reason.split())
    async with console.database.transaction() as session:
        sheet = await _sheet(session, call_uid)
    if not words or len(words) > LONGEST_REASON:
        why = N_("Say why, in up to 200 characters.")
        return _page(request, subject, sheet, 422, typed=typed, reason=words, reason_problem=why)
    try:
        async with console.database.transaction() as session:
            await orders.discard(session, call_uid=call_uid, reason=words, subject=subject, now=console.now())
    except DraftDecided:
        return _page(request, subject, await _again(console, call_uid), 409, problem=DECIDED)
    except WrongField:
        return _page(request, subject, sheet, 422, typed=typed, reason=words, reason_problem=CANNOT_BE_KEPT)
    return RedirectResponse(f"/drafts/next?{urlencode({'after': call_uid, 'discarded': call_uid})}", 303)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A draft with the call and the recording that it came from."""

    draft: DraftView
    call: CallView | None
    recording: RecordingView | None


async def _sheet(session: AsyncSession, call_uid: str) -> Sheet:
    draft = await drafts.get(session, call_uid)
    if draft is None:
        raise Missing
    return Sheet(draft, await ledger.get_call(session, call_uid), await store.get(session, call_uid))


async def _again(console: Console, call_uid: str) -> Sheet:
    async with console.database.transaction() as session:
        return await _sheet(session, call_uid)


def list_row(draft: DraftView) -> ListRow:
    """A draft as the list shows it; its first words are the caller's."""
    words = next((turn.text for turn in draft.turns if turn.speaker == CALLER and turn.text), "")
    return ListRow(
        draft.call_uid,
        draft.kind,
        draft.business,
        draft.nature,
        draft.urgent,
        draft.created_at,
        draft.due_at,
        words or next((turn.text for turn in draft.turns), ""),
    )


def _page(
    request: Request,
    subject: Subject,
    sheet: Sheet,
    status: int = 200,
    *,
    typed: dict[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    problem: str = "",
    reason: str = "",
    reason_problem: str = "",
    notice: Notice | None = None,
) -> Response:
    console = console_of(request)
    pending = sheet.draft.state is DraftState.PENDING
    return console.pages.page(
        request,
        "drafts/page.html",
        status=status,
        draft=sheet.draft,
        call=sheet.call,
        recording=sheet.recording,
        turns=sheet.draft.turns,
        marked=form.all_evidence(sheet.draft.fields),
        rows=form.rows(sheet.draft.fields, typed, problems or {}),
        editable=pending and allows(subject.role, Action.DRAFT_CONFIRM),
        answered=typed is not None,
        problem=problem,
        reason=reason,
        reason_problem=reason_problem,
        now=console.now(),
        notice=notice or Notice(),
    )


def _notice(made: str, discarded: str) -> Notice:
    """What became of the draft before this one; only an order number's shape is repeated from the address."""
    if ORDER_NUMBER.fullmatch(made):
        return Notice(N_("Order %(number)s is made."), {"number": made})
    if discarded:
        return Notice(N_("The draft is discarded; its recording and transcript stay."))
    return Notice()
