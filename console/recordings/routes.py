"""Handlers of the search for recordings and of the page of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from acd import ledger
from acd.ledger import CallView
from cases import orders
from console.access import require
from console.errors import N_, Missing
from console.recordings.looking import PAGE, Looking, look
from console.replay.moments import moments
from console.state import Console, console_of
from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action
from qa.sampled import samples_of_calls
from recordings import certificates, marks, renditions, store
from recordings.store import RecordingView
from transcribe import again, drafts
from transcribe.look_through import calls_with_number

router = APIRouter(prefix="/recordings")

NO_CARD_NUMBER = N_("That is no card number: type all of its 13 to 19 figures.")


@dataclass(frozen=True, slots=True)
class Row:
    """One call of the list; `order` and `sample` are what it became, None where nothing."""

    call: CallView
    recording: RecordingView | None
    checked: bool
    order: str | None
    sample: str | None


@router.get("")
async def recording_list(
    request: Request, subject: Annotated[Subject, require(Action.RECORDING_VIEW)], asked: Annotated[Looking, Depends()]
) -> Response:
    """Calls that match, the latest first."""
    console = console_of(request)
    async with console.database.transaction() as session:
        calls, total = await look(session, asked, console.now(), console.settings.zone)
        rows = await _rows(session, calls, console)
        failed = await again.failed(session, console.now()) if subject.may(Action.RECORDING_RECOGNISE) else []
    return _list(request, asked, rows, total, failed=len(failed))


@router.post("/by-card")
async def by_card(
    request: Request, subject: Annotated[Subject, require(Action.SENSITIVE_VIEW)], digits: Annotated[str, Form()] = ""
) -> Response:
    """Calls in which a card number was said. The number goes into no address, no log and no audit row."""
    console = console_of(request)
    async with console.database.transaction() as session:
        uids = await calls_with_number(session, console.settings, digits[:60])
        calls = [call for uid in uids or () if (call := await ledger.get_call(session, uid)) is not None]
        rows = await _rows(session, calls, console)
        await audit.record(
            session,
            actor=subject.login,
            role=subject.role,
            action=Action.SENSITIVE_VIEW,
            subject="recordings",
            detail={"looked_up_by": "card number", "found": len(calls)},
            now=console.now(),
        )
    problem = NO_CARD_NUMBER if uids is None else ""
    return _list(request, Looking(), rows, len(rows), problem=problem, by_card=True)


@router.post("/recognise")
async def recognise_failed(
    request: Request, subject: Annotated[Subject, require(Action.RECORDING_RECOGNISE)]
) -> Response:
    """Have every recording recognised again that was set aside, or never tried to its end."""
    console = console_of(request)
    async with console.database.transaction() as session:
        failed = await again.failed(session, console.now())
        await again.again(session, failed, actor=subject.login, role=subject.role.value, now=console.now())
    return RedirectResponse("/recordings", 303)


@router.get("/{call_uid}")
async def recording_page(
    request: Request,
    call_uid: str,
    subject: Annotated[Subject, require(Action.RECORDING_VIEW)],
    clear: bool = False,
    why: bool = False,
) -> Response:
    """One call: player, words, marks, export. That it was read is an audit row; `clear` shows sensitive digits."""
    console = console_of(request)
    action = Action.RECORDING_VIEW
    if clear:
        subject.demand(Action.SENSITIVE_VIEW)
        action = Action.SENSITIVE_VIEW
    async with console.database.transaction() as session:
        call, recording = await ledger.get_call(session, call_uid), await store.get(session, call_uid)
        if call is None and recording is None and await certificates.of_call(session, call_uid) is None:
            raise Missing
        heard = await drafts.transcript_of(session, call_uid, clear=clear)
        draft = await drafts.get(session, call_uid, clear=clear)
        found = await orders.list_orders(session, console.now(), call_uid=call_uid)
        samples = await samples_of_calls(session, [call_uid])
        line = await ledger.timeline(session, call_uid)
        noted = await marks.of_call(session, call_uid)
        check = await renditions.get(session, recording) if recording is not None else None
        [recognition] = await again.look(session, again.Wanted((call_uid,)), console.now())
        deleted = await certificates.of_call(session, call_uid) if recording is None else None
        await audit.record(
            session,
            actor=subject.login,
            role=subject.role,
            action=action,
            subject=f"call:{call_uid}",
            detail={"shown": "transcript"},
            now=console.now(),
        )
    return console.pages.page(
        request,
        "recordings/page.html",
        call_uid=call_uid,
        call=call,
        recording=recording,
        heard=heard,
        draft=draft,
        orders=found,
        sample=samples.get(call_uid),
        moments=moments(recording, line, heard, draft.fields if draft else None) if recording else [],
        marks=noted,
        checked=check is not None,
        recognition=recognition.standing,
        recognised=again.Standing,
        deleted=deleted,
        clear=clear,
        why=why,
    )


async def _rows(session: AsyncSession, calls: Sequence[CallView], console: Console) -> list[Row]:
    uids = [call.uid for call in calls]
    kept = await store.of_calls(session, uids)
    unchecked = await renditions.unchecked(session, uids)
    made = {
        order.call_uid: order.number
        for order in await orders.list_orders(session, console.now(), call_uids=uids, limit=len(uids) + 1)
    }
    drawn = await samples_of_calls(session, uids)
    return [
        Row(call, kept.get(call.uid), call.uid not in unchecked, made.get(call.uid), drawn.get(call.uid))
        for call in calls
    ]


def _list(
    request: Request, asked: Looking, rows: Sequence[Row], total: int, *, problem: str = "", by_card: bool = False,
    failed: int = 0,
) -> Response:  # fmt: skip
    console = console_of(request)
    first, last = asked.days(console.now(), console.settings.zone)
    return console.pages.page(
        request,
        "recordings/list.html",
        asked=asked,
        rows=rows,
        total=total,
        first=first.isoformat(),
        last=last.isoformat(),
        pages=max(1, -(-total // PAGE)),
        problem=problem,
        by_card=by_card,
        failed=failed,
        now=console.now(),
    )
