"""Handlers of the registration form: shown, saved as it is typed, handed in, ended without an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from cases import registrations
from cases.errors import CaseError
from cases.registrations import (
    Incomplete,
    NotYours,
    Reason,
    RegistrationClosed,
    RegistrationMissing,
    RegistrationState,
    RegistrationView,
    Stale,
)
from cases.standards import standards
from console.access import Answer, require
from console.errors import N_, Missing
from console.labels import BUSINESS
from console.seat import form
from console.seat.card import AtSeat, at_seat
from console.seat.numbers import number_of
from console.state import Console, console_of
from hotline.accounts import Subject
from hotline.roles import Action

router = APIRouter(prefix="/seat")

GONE = N_("There is nothing to register here any more.")
CLOSED = N_("This registration was handed in or ended already; nothing was changed.")
OTHERS = N_("Another person took this call; only who took it writes here.")
PROBLEM_OF: Mapping[type[CaseError], tuple[int, str]] = {
    RegistrationMissing: (404, GONE),
    RegistrationClosed: (409, CLOSED),
    NotYours: (409, OTHERS),
}


@dataclass(frozen=True, slots=True)
class Held:
    """Which registration a window holds: of which seat, as it stood when it was read or saved."""

    seat: Annotated[str, Form()] = ""
    version: Annotated[int, Form()] = 0


@router.get("/form")
async def registration_form(
    request: Request, subject: Annotated[Subject, require(Action.REGISTRATION_WRITE, Answer.DATA)], call: str = ""
) -> Response:
    """The form of the call at the seat, or of another call that this person has not handed in yet."""
    console = console_of(request)
    async with console.database.transaction() as session:
        view: RegistrationView | None = None
        if call:
            view = await _open_one(session, call, subject)
        else:
            here = await at_seat(session, subject, console.now())
            if here is not None:
                view = await current(session, console, here, subject)
    return shown(request, view)


@router.get("/open")
async def open_ones(
    request: Request, subject: Annotated[Subject, require(Action.REGISTRATION_WRITE, Answer.DATA)]
) -> Response:
    """What this person has begun and not handed in."""
    console = console_of(request)
    async with console.database.transaction() as session:
        begun = await others_begun(session, await at_seat(session, subject, console.now()), subject)
    return console.pages.page(request, "seat/open.html", begun=begun, number_of=number_of)


@router.get("/standards")
async def standards_found(
    request: Request,
    subject: Annotated[Subject, require(Action.SEAT_SELF, Answer.DATA)],
    words: str = "",
    business: str = "",
) -> Response:
    """Limits and standards that fit (D7)."""
    known = business if business in BUSINESS else ""
    found = standards().find(words[:100], known)
    return console_of(request).pages.page(request, "seat/standards.html", found=found, business=known)


@router.post("/registrations/{call_uid}/save")
async def save(
    request: Request,
    call_uid: str,
    subject: Annotated[Subject, require(Action.REGISTRATION_WRITE, Answer.DATA)],
    held: Annotated[Held, Depends()],
) -> Response:
    """Keep what stands in the form. JSON: the new version; 409 with what stands there where another window saved."""
    try:
        view = await _save(request, call_uid, held, subject)
    except CaseError as error:
        return _refused(request, error)
    return _saved(request, view)


@router.post("/registrations/{call_uid}/submit")
async def submit(
    request: Request,
    call_uid: str,
    subject: Annotated[Subject, require(Action.REGISTRATION_WRITE, Answer.DATA)],
    held: Annotated[Held, Depends()],
) -> Response:
    """Save, then make the order; what is wrong is said beside its field, and what was typed is kept."""
    console = console_of(request)
    problems: Mapping[str, str] = {}
    try:
        view = await _kept(request, call_uid, held, subject)
        async with console.database.transaction() as session:
            view = await registrations.submit(
                session, call_uid=call_uid, seat=held.seat, subject=subject, now=console.now(),
                settings=console.settings,
            )  # fmt: skip
    except Incomplete as error:
        problems = form.said(error.found)
    except CaseError as error:
        return _refused(request, error)
    return shown(request, view, problems, 422 if problems else 200)


@router.post("/registrations/{call_uid}/discard")
async def discard(
    request: Request,
    call_uid: str,
    subject: Annotated[Subject, require(Action.REGISTRATION_WRITE, Answer.DATA)],
    held: Annotated[Held, Depends()],
    reason: Annotated[str, Form()] = "",
) -> Response:
    """End it without an order, for one of the reasons."""
    console = console_of(request)
    try:
        view = await _kept(request, call_uid, held, subject)
        if reason not in form.REASONS:
            return shown(request, view, {"reason": N_("Choose one of the list.")}, 422)
        async with console.database.transaction() as session:
            view = await registrations.discard(
                session, call_uid=call_uid, seat=held.seat, reason=Reason(reason), subject=subject,
                now=console.now(),
            )  # fmt: skip
    except CaseError as error:
        return _refused(request, error)
    return shown(request, view)


async def current(session: AsyncSession, console: Console, here: AtSeat, subject: Subject) -> RegistrationView | None:
    """The registration of the call at the seat, opened with the answer; None where there is none to make."""
    call, seat = here.call, here.seat
    if call is None or seat.state not in {"talking", "wrap_up"} or call.direction != "in" or here.consulted:
        return None
    number = number_of(call.caller)
    view = await registrations.open_for(
        session, call_uid=call.uid, seat=seat.extension, phone=number.plain, subject=subject, now=console.now()
    )
    return view if view.agent_id == subject.user_id else None


async def others_begun(session: AsyncSession, here: AtSeat | None, subject: Subject) -> list[RegistrationView]:
    """What this person has not handed in, the call that is at the seat left out."""
    now_at_seat = here.call.uid if here is not None and here.call is not None else ""
    begun = await registrations.list_open(session, subject.user_id)
    return [view for view in begun if view.call_uid != now_at_seat]


def shown(
    request: Request, view: RegistrationView | None, problems: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    """The form as a fragment."""
    return console_of(request).pages.page(request, "seat/form.html", status=status, **form_values(view, problems))


def form_values(view: RegistrationView | None, problems: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What `seat/form.html` is rendered from."""
    return {
        "view": view,
        "fields": view.fields if view else {},
        "problems": problems or {},
        "promised": form.promised(view) if view else (),
        "words": form,
        "number_of": number_of,
    }


async def _save(request: Request, call_uid: str, held: Held, subject: Subject) -> RegistrationView:
    console = console_of(request)
    typed = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    async with console.database.transaction() as session:
        return await registrations.save(
            session, call_uid=call_uid, seat=held.seat, typed=typed, version=held.version, subject=subject,
            now=console.now(),
        )  # fmt: skip


async def _kept(request: Request, call_uid: str, held: Held, subject: Subject) -> RegistrationView:
    """Save in a transaction of its own, so that nothing is lost where it cannot be closed; one handed in stays."""
    try:
        return await _save(request, call_uid, held, subject)
    except RegistrationClosed:
        async with console_of(request).database.transaction() as session:
            view = await registrations.get(session, call_uid, held.seat)
        if view.state is not RegistrationState.SUBMITTED:
            raise
        return view


async def _open_one(session: AsyncSession, call_uid: str, subject: Subject) -> RegistrationView:
    begun = await registrations.list_open(session, subject.user_id)
    found = next((view for view in begun if view.call_uid == call_uid), None)
    if found is None:
        raise Missing
    return found


def _saved(request: Request, view: RegistrationView) -> JSONResponse:
    pages = console_of(request).pages
    return JSONResponse(
        {"version": view.version, "saved": pages.clock(view.saved_at), "promised": list(form.promised(view))}
    )


def _refused(request: Request, error: CaseError) -> JSONResponse:
    words = console_of(request).pages.words
    if isinstance(error, Stale):
        current = error.current
        return JSONResponse({"error": error.code, "version": current.version, "fields": dict(current.fields)}, 409)
    status, said = PROBLEM_OF.get(type(error), (409, CLOSED))
    return JSONResponse({"error": error.code, "message": words.chinese(said)}, status)
