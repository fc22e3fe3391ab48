"""Handlers of notices of new business: written by the leader, confirmed by each agent (D8, D57)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from acd import notices
from acd.notices import Fault, NoticeError, Wording
from console.access import Answer, require
from console.errors import N_, Missing
from console.messages.region import region
from console.state import console_of
from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action
from transcribe.masking import masked_text

router = APIRouter(prefix="/notices")

SENTENCES = {
    Fault.EMPTY: N_("A notice needs a title and a text."),
    Fault.TOO_LONG: N_("That is too long: a title has at most 80 characters and a text 4000."),
    Fault.GONE: N_("There is no such notice, or it was withdrawn."),
    Fault.OLD_VERSION: N_("The notice was changed meanwhile. Read the new version and confirm that."),
    Fault.UNCHANGED: N_("Nothing was changed, so nobody has to confirm anything anew."),
}
NO_TIME = N_("Give the day and time from which it holds.")


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it was typed."""

    title: str
    words: str
    valid_from: str
    """A `datetime-local` value on the centre's wall clock."""

    def wording(self, since: datetime) -> Wording:
        """What is kept: every seat reads it, so that what looks like a card number is covered."""
        return Wording(masked_text(self.title), masked_text(self.words), since)


def typed(
    title: Annotated[str, Form()] = "", words: Annotated[str, Form()] = "", valid_from: Annotated[str, Form()] = ""
) -> Typed:
    return Typed(title, words, valid_from)


Written = Annotated[Typed, Depends(typed)]


@router.get("")
async def notices_page(request: Request, subject: Annotated[Subject, require(Action.NOTICE_WRITE)]) -> Response:
    return await _page(request)


@router.post("")
async def write_notice(
    request: Request, form: Written, subject: Annotated[Subject, require(Action.NOTICE_WRITE)]
) -> Response:
    console = console_of(request)
    now = console.now()
    since = _moment(request, form.valid_from)
    if since is None:
        return await _page(request, NO_TIME, form)
    try:
        async with console.database.transaction() as session:
            made = await notices.write(session, form.wording(since), by=subject.login, now=now)
            await _note(session, subject, now, "notice.write", made.id, version=made.version)
    except NoticeError as refused:
        return await _page(request, SENTENCES[refused.fault], form)
    return RedirectResponse("/notices", 303)


@router.get("/{notice}")
async def notice_page(
    request: Request, notice: int, subject: Annotated[Subject, require(Action.NOTICE_WRITE)]
) -> Response:
    """One notice: who has not confirmed it, every proof, and a form to change it."""
    return await _one(request, notice)


@router.post("/{notice}")
async def revise_notice(
    request: Request,
    notice: int,
    form: Written,
    subject: Annotated[Subject, require(Action.NOTICE_WRITE)],
) -> Response:
    console = console_of(request)
    now = console.now()
    since = _moment(request, form.valid_from)
    if since is None:
        return await _one(request, notice, NO_TIME, form)
    try:
        async with console.database.transaction() as session:
            made = await notices.revise(session, notice, form.wording(since), by=subject.login, now=now)
            await _note(session, subject, now, "notice.revise", made.id, version=made.version)
    except NoticeError as refused:
        if refused.fault is Fault.GONE:
            raise Missing(SENTENCES[Fault.GONE]) from refused
        return await _one(request, notice, SENTENCES[refused.fault], form)
    return RedirectResponse(f"/notices/{notice}", 303)


@router.post("/{notice}/withdraw")
async def withdraw_notice(
    request: Request, notice: int, subject: Annotated[Subject, require(Action.NOTICE_WRITE)]
) -> Response:
    console = console_of(request)
    now = console.now()
    try:
        async with console.database.transaction() as session:
            await notices.withdraw(session, notice, now=now)
            await _note(session, subject, now, "notice.withdraw", notice)
    except NoticeError as refused:
        raise Missing(SENTENCES[refused.fault]) from refused
    return RedirectResponse("/notices", 303)


@router.post("/{notice}/confirm")
async def confirm_notice(
    request: Request,
    notice: int,
    subject: Annotated[Subject, require(Action.NOTICE_CONFIRM, Answer.DATA)],
    version: Annotated[int, Form()] = 0,
) -> HTMLResponse:
    """The agent has read this version."""
    console = console_of(request)
    now = console.now()
    try:
        async with console.database.transaction() as session:
            noted = await notices.confirm(
                session, notice, version, person=subject.login, seat=subject.seat or "", now=now
            )
            if noted:
                await _note(session, subject, now, "notice.confirm", notice, version=version)
    except NoticeError as refused:
        return await region(request, subject, SENTENCES[refused.fault])
    return await region(request, subject)


async def _note(
    session: AsyncSession, subject: Subject, now: datetime, action: str, notice: int, **detail: int
) -> None:
    await audit.record(
        session, actor=subject.login, role=subject.role, action=action, subject=f"notice:{notice}", detail=detail,
        now=now,
    )  # fmt: skip


async def _page(request: Request, problem: str = "", form: Typed | None = None) -> Response:
    console = console_of(request)
    async with console.database.transaction() as session:
        written = await notices.overview(session)
    now = console.now()
    form = form or Typed("", "", _local(request, now))
    return console.pages.page(
        request, "messages/notices.html", status=422 if problem else 200, problem=problem, typed=form,
        written=written, now=now,
    )  # fmt: skip


async def _one(request: Request, notice: int, problem: str = "", form: Typed | None = None) -> Response:
    console = console_of(request)
    async with console.database.transaction() as session:
        found = next((one for one in await notices.overview(session) if one.notice.id == notice), None)
        proofs = await notices.proofs(session, notice)
    if found is None:
        raise Missing(SENTENCES[Fault.GONE])
    present = found.notice
    form = form or Typed(present.title, present.text, _local(request, present.valid_from))
    return console.pages.page(
        request, "messages/notice.html", status=422 if problem else 200, problem=problem, typed=form, found=found,
        proofs=proofs, now=console.now(),
    )  # fmt: skip


def _moment(request: Request, value: str) -> datetime | None:
    """A `datetime-local` value on the centre's wall clock; None where it is none."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return None if moment.tzinfo is not None else moment.replace(tzinfo=console_of(request).settings.zone)


def _local(request: Request, moment: datetime) -> str:
    return moment.astimezone(console_of(request).settings.zone).strftime("%Y-%m-%dT%H:%M")
