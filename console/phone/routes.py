"""Handlers of the browser's telephone and of the page that issues log-ins to desk telephones."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from acd import commands, floor, ledger, phones
from acd.commands import CommandKind
from acd.errors import DeskError
from acd.phones import PhoneKind
from acd.seats import SeatState
from acd.words import Level, Service
from console.access import SESSION_COOKIE, Answer, require
from console.errors import N_, LoginNeeded
from console.phone.provision import Account, account_xml, qr_svg, server
from console.phone.proxy import TAB
from console.state import console_of
from hotline import accounts, audit
from hotline.accounts import Subject
from hotline.roles import Action

router = APIRouter()

NO_SUCH_SEAT = N_("There is no such seat. The list below shows the seats as they are now.")
OUT_OF_SHAPE = N_("Name the telephone in 1 to 60 characters and give 1 to 730 days.")
OVER_ALREADY = N_("This log-in is over already. The list below shows those that live.")


@router.post("/phone/credentials")
async def open_line(
    request: Request,
    subject: Annotated[Subject, require(Action.SEAT_SELF, Answer.DATA)],
    tab: Annotated[str, Form()],
    take: Annotated[bool, Form()] = False,
) -> JSONResponse:
    """What the page registers with; 409 where the seat is served elsewhere and `take` does not say to move it here.

    Issued when the page opens, the same over a reload, over when the console's log-in is. The audit tells of the issue.
    """
    seat = subject.seat
    if seat is None or not TAB.fullmatch(tab):
        return JSONResponse({"error": "no_seat"}, 409)
    console = console_of(request)
    now = console.now()
    if not take and console.phones.elsewhere(seat, tab):
        return JSONResponse({"error": "elsewhere"}, 409)
    async with console.database.transaction() as session:
        known = await accounts.session_of(session, request.cookies[SESSION_COOKIE], now)
        if known is None:
            raise LoginNeeded(redirect=False)
        live = await phones.live(session, now, extension=seat)
        browser = any(credential.kind is PhoneKind.BROWSER for credential in live)
        view = await floor.seat_at(session, seat, now)
        if view is None:
            return JSONResponse({"error": "no_seat"}, 409)
        if view.reachable and not browser and not take:
            return JSONResponse({"error": "telephone"}, 409)
        credential = await phones.issue_for_browser(
            session, seat, login=subject.login, session_hash=known[0], until=known[1], now=now
        )
        if credential.issued_at == now:
            await audit.record(
                session, actor=subject.login, role=subject.role, action="phone.open", subject=f"seat:{seat}",
                detail={"log_in": credential.username}, now=now,
            )  # fmt: skip
    return JSONResponse(
        {
            "extension": seat,
            "username": credential.username,
            "secret": credential.secret,
            "auto_answer": console.settings.phone.auto_answer,
            "show_caller": console.settings.phone.show_caller,
        }
    )


@router.post("/phone/release")
async def use_telephone(
    request: Request, subject: Annotated[Subject, require(Action.SEAT_SELF, Answer.DATA)]
) -> JSONResponse:
    """Give the seat back to its desk telephone."""
    console = console_of(request)
    now = console.now()
    async with console.database.transaction() as session:
        known = await accounts.session_of(session, request.cookies[SESSION_COOKIE], now)
        for seat in await phones.release_browser(session, known[0], now) if known else ():
            await audit.record(
                session, actor=subject.login, role=subject.role, action="phone.release", subject=f"seat:{seat}",
                detail={}, now=now,
            )  # fmt: skip
    return JSONResponse({"state": "released"})


@router.get("/phone/call")
async def own_call(
    request: Request, subject: Annotated[Subject, require(Action.SEAT_SELF, Answer.DATA)]
) -> JSONResponse:
    """What the floor knows of the seat's call: for a page that was reloaded in mid-call, or was cut off from SIP."""
    console = console_of(request)
    async with console.database.transaction() as session:
        view = await floor.seat_at(session, subject.seat, console.now()) if subject.seat else None
    return JSONResponse({"state": view.state if view else None, "call": view.call_uid if view else None})


@router.get("/phone/calls")
async def call_buttons(
    request: Request, subject: Annotated[Subject, require(Action.SEAT_SELF, Answer.DATA)]
) -> HTMLResponse:
    """The buttons that fit the seat's call now."""
    console = console_of(request)
    async with console.database.transaction() as session:
        view = await floor.seat_at(session, subject.seat, console.now()) if subject.seat else None
        consulting = view is not None and await commands.consulting(session, view.extension)
        call = await commands.call_of(session, view.extension) if view is not None else None
        pauses = await ledger.pauses(session, call.uid) if call is not None else ()
    talking = view is not None and view.state == SeatState.TALKING
    silent_since = next((since for since, until in pauses if until is None), None)
    longest = timedelta(seconds=console.settings.acd.recording_pause_seconds)
    return console.pages.page(
        request, "phone/call_buttons.html", talking=talking, consulting=consulting,
        silent_until=silent_since + longest if silent_since is not None else None,
    )  # fmt: skip


@router.get("/phone/targets")
async def targets(
    request: Request, subject: Annotated[Subject, require(Action.SEAT_SELF, Answer.DATA)], kind: str = "transfer"
) -> HTMLResponse:
    """Whom a call can be handed to, or a colleague be consulted (`kind`): who is free comes first."""
    console = console_of(request)
    consult = kind == CommandKind.CONSULT
    async with console.database.transaction() as session:
        known = (await floor.snapshot(session, console.now())).seats
    seats = [seat for seat in known if seat.extension != subject.seat and seat.level != Level.SUPERVISOR]
    free = {seat.extension for seat in seats if seat.state == SeatState.READY and seat.reachable}
    return console.pages.page(
        request, "phone/targets.html", kind=kind, free=free, outside=bool(console.settings.asterisk.outbound),
        seats=sorted(seats, key=lambda seat: (seat.extension not in free, seat.extension)),
        services=() if consult else tuple(Service), levels=(Level.JUNIOR, Level.SENIOR),
    )  # fmt: skip


@router.get("/phones")
async def phones_page(request: Request, subject: Annotated[Subject, require(Action.PHONE_MANAGE)]) -> HTMLResponse:
    return await _page(request)


@router.post("/phones/issue")
async def issue(
    request: Request,
    subject: Annotated[Subject, require(Action.PHONE_MANAGE)],
    extension: Annotated[str, Form(max_length=8)] = "",
    name: Annotated[str, Form(max_length=phones.LONGEST_LABEL)] = "",
    days: Annotated[int, Form()] = 0,
) -> Response:
    """Make a log-in for a telephone; the answer shows its secret and QR code, this once."""
    console = console_of(request)
    now = console.now()
    if not 1 <= days <= 730 or not name.strip():
        return await _page(request, OUT_OF_SHAPE, 422)
    try:
        async with console.database.transaction() as session:
            credential = await phones.issue_for_phone(
                session, extension, login=subject.login, label=name, until=now + timedelta(days=days), now=now
            )
            await audit.record(
                session, actor=subject.login, role=subject.role, action="phone.issue", subject=f"seat:{extension}",
                detail={"log_in": credential.username, "name": credential.label}, now=now,
            )  # fmt: skip
    except DeskError:
        return await _page(request, NO_SUCH_SEAT, 409)
    account = Account.of(credential, console.settings)
    return console.pages.page(
        request, "phone/issued.html", account=account, credential=credential, code=qr_svg(account_xml(account))
    )


@router.post("/phones/revoke")
async def revoke(
    request: Request,
    subject: Annotated[Subject, require(Action.PHONE_MANAGE)],
    username: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """End a log-in; the telephone can register with it no more about a second later."""
    console = console_of(request)
    now = console.now()
    try:
        async with console.database.transaction() as session:
            seat = await phones.revoke(session, username, now)
            await audit.record(
                session, actor=subject.login, role=subject.role, action="phone.revoke", subject=f"seat:{seat}",
                detail={"log_in": username}, now=now,
            )  # fmt: skip
    except DeskError:
        return await _page(request, OVER_ALREADY, 409)
    return RedirectResponse("/phones", 303)


async def _page(request: Request, problem: str = "", status: int = 200) -> HTMLResponse:
    console = console_of(request)
    now = console.now()
    async with console.database.transaction() as session:
        seats = (await floor.snapshot(session, now)).seats
        live = await phones.live(session, now)
    served = {credential.extension for credential in live if credential.kind is PhoneKind.BROWSER}
    return console.pages.page(
        request, "phone/list.html", status=status, problem=problem, seats=seats, live=live, served=served, now=now,
        server=server(console.settings), longest=phones.LONGEST_LABEL,
    )  # fmt: skip
