"""Handlers of the desk itself, for drafts and texts alike: take, keep, save, put aside, hand on, give back."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from cases import desk, desk_form, desk_reading
from cases.desk_errors import HandedBadly, ItemMissing, TakenByOther
from cases.desk_rows import ItemView
from cases.errors import CaseError, WrongField
from console.access import Answer, require
from console.drafts import form
from console.drafts.answers import CANNOT_BE_KEPT, refused, sent_json
from console.drafts.routes import after, take_next
from console.drafts.worklist import path_of
from console.errors import Missing
from console.state import console_of
from hotline.accounts import Subject
from hotline.roles import Action, Role

router = APIRouter(prefix="/desk")
SENIORS = "senior"
"""What a form says for the seniors as such."""


@router.post("/next")
async def next_for_me(
    request: Request, subject: Annotated[Subject, require(Action.DESK_WORK)], left: Annotated[str, Form()] = ""
) -> Response:
    """Take the most urgent piece of work that nobody has, and go there; `left` was put back just now."""
    ref = await take_next(console_of(request), subject, after=left)
    return RedirectResponse(path_of(ref) if ref else "/drafts?none=1", 303)


@router.post("/summary")
async def summary(request: Request, subject: Annotated[Subject, require(Action.DESK_WORK, Answer.DATA)]) -> Response:
    """The summary of what stands in the form, for a clerk who has changed other fields. JSON `{"summary"}`."""
    typed = desk_form.kept(await sent_json(request))
    return JSONResponse({"summary": form.summary_of(form.read(typed["values"]).values)})


@router.post("/{ref}/take")
async def take(request: Request, ref: str, subject: Annotated[Subject, require(Action.DESK_WORK)]) -> Response:
    """Take this one and go there; where somebody was quicker the page says who."""
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            await desk.take(session, ref, subject=subject, now=console.now(), settings=console.settings)
    except ItemMissing as error:
        raise Missing from error
    except TakenByOther as error:
        return RedirectResponse(f"{path_of(ref)}?{urlencode({'taken': error.name})}", 303)
    except CaseError:
        return RedirectResponse(path_of(ref), 303)
    return RedirectResponse(path_of(ref), 303)


@router.post("/{ref}/beat")
async def beat(
    request: Request, ref: str, subject: Annotated[Subject, require(Action.DESK_WORK, Answer.DATA)]
) -> Response:
    """The page is open. JSON `{"version", "reading"}`, so that a window hears that another has saved, or that the
    recording was recognised again."""
    console = console_of(request)
    sent = await sent_json(request)
    try:
        async with console.database.transaction() as session:
            item = await desk.beat(
                session, ref, worked=sent.get("worked") is True, subject=subject, now=console.now(),
                settings=console.settings,
            )  # fmt: skip
            reading = await desk_reading.stamp_of(session, ref)
    except CaseError as error:
        return refused(console, error)
    return JSONResponse({"version": item.version, "reading": reading})


@router.post("/{ref}/save")
async def save(
    request: Request, ref: str, subject: Annotated[Subject, require(Action.DESK_WORK, Answer.DATA)]
) -> Response:
    """Keep what stands in the form. JSON: the new version, and the reading that counts; 409 with what stands there
    where another window saved."""
    console = console_of(request)
    sent = await sent_json(request)
    try:
        item, reading = await _saved(request, ref, sent, subject)
    except CaseError as error:
        return refused(console, error)
    saved = console.pages.clock(item.saved_at) if item.saved_at is not None else ""
    return JSONResponse({"version": item.version, "saved": saved, "reading": reading})


@router.post("/{ref}/back")
async def put_back(
    request: Request, ref: str, subject: Annotated[Subject, require(Action.DESK_WORK, Answer.DATA)]
) -> Response:
    """Leave it to others, with what was typed, and go to the next one."""
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            await desk.put_back(session, ref, subject=subject, now=console.now())
    except CaseError as error:
        return refused(console, error)
    return JSONResponse({"to": await after(console, subject, ref)})


@router.post("/{ref}/hold")
async def hold(
    request: Request, ref: str, subject: Annotated[Subject, require(Action.DESK_WORK, Answer.DATA)]
) -> Response:
    """Put it aside with a reason, and go to the next one."""
    console = console_of(request)
    sent = await sent_json(request)
    try:
        async with console.database.transaction() as session:
            await desk.hold(
                session, ref, reason=str(sent.get("reason", "")), subject=subject, now=console.now(),
                settings=console.settings,
            )  # fmt: skip
    except WrongField:
        return _needs_reason(request)
    except CaseError as error:
        return refused(console, error)
    return JSONResponse({"to": await after(console, subject, ref)})


@router.post("/{ref}/hand")
async def hand_on(
    request: Request, ref: str, subject: Annotated[Subject, require(Action.DESK_WORK, Answer.DATA)]
) -> Response:
    """Hand it to a person or to the seniors (D25, D29), and go to the next one."""
    console = console_of(request)
    sent = await sent_json(request)
    try:
        async with console.database.transaction() as session:
            await desk.hand_on(
                session, ref, reason=str(sent.get("reason", "")), subject=subject, now=console.now(),
                **_receiver(str(sent.get("to", ""))),
            )  # fmt: skip
    except WrongField:
        return _needs_reason(request)
    except CaseError as error:
        return refused(console, error)
    return JSONResponse({"to": await after(console, subject, ref)})


@router.post("/{ref}/assign")
async def assign(
    request: Request, ref: str, subject: Annotated[Subject, require(Action.DESK_ASSIGN, Answer.DATA)]
) -> Response:
    """A leader gives it to somebody, or back to all clerks; the page that had it hears so with its next word."""
    console = console_of(request)
    sent = await sent_json(request)
    reason, to = str(sent.get("reason", "")), str(sent.get("to", ""))
    try:
        async with console.database.transaction() as session:
            if to:
                await desk.hand_on(
                    session, ref, reason=reason, subject=subject, now=console.now(), **_receiver(to)
                )  # fmt: skip
            else:
                await desk.release(session, ref, reason=reason, subject=subject, now=console.now())
    except WrongField:
        return _needs_reason(request)
    except CaseError as error:
        return refused(console, error)
    return JSONResponse({"to": "/drafts"})


async def _saved(request: Request, ref: str, sent: Any, subject: Subject) -> tuple[ItemView, str]:
    console = console_of(request)
    version = sent.get("version")
    async with console.database.transaction() as session:
        return await desk_reading.keep(
            session, ref, typed=desk_form.kept(sent), version=version if isinstance(version, int) else -1,
            subject=subject, now=console.now(),
        )  # fmt: skip


def _receiver(to: str) -> dict[str, Any]:
    """`senior`, or a person's id; HandedBadly for anything else."""
    if to == SENIORS:
        return {"role": Role.SENIOR}
    try:
        return {"to": UUID(to)}
    except ValueError as error:
        raise HandedBadly("choose a person of the list, or the seniors") from error


def _needs_reason(request: Request) -> JSONResponse:
    words = console_of(request).pages.words
    return JSONResponse({"problems": {"reason": words.chinese(CANNOT_BE_KEPT)}}, 422)
