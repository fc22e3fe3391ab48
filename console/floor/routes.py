"""Handlers of the live floor and of an agent's own controls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from acd import desk, notices
from acd.errors import DeskError
from acd.floor import seat_at
from acd.seats import Seat
from console.access import SESSION_COOKIE, Answer, require
from console.errors import N_
from console.floor.board import seat_row
from console.floor.own import own_seat
from console.floor.stream import stream
from console.labels import BREAK_REASONS
from console.state import console_of
from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action, allows

router = APIRouter(prefix="/floor")
Press = Callable[[AsyncSession, str, datetime], Awaitable[Seat]]

NO_SEAT = N_("No seat belongs to your log-in. Ask the shift leader to assign one.")
CONFIRM_FIRST = N_("A notice of new business waits for your confirmation. Read it, confirm it, then press ready.")
DOES_NOT_FIT = N_("That does not fit what your seat is doing now. The page shows its present state.")


@router.get("")
async def floor_page(request: Request, subject: Annotated[Subject, require(Action.FLOOR_VIEW)]) -> Response:
    return await _page(request, subject, "")


@router.get("/board")
async def board(request: Request, subject: Annotated[Subject, require(Action.FLOOR_VIEW, Answer.DATA)]) -> HTMLResponse:
    """The board alone: what a browser polls that cannot hold the stream."""
    return HTMLResponse(await console_of(request).board.render())


@router.get("/own")
async def own_controls(
    request: Request, subject: Annotated[Subject, require(Action.SEAT_SELF, Answer.DATA)]
) -> HTMLResponse:
    """The agent's own controls, fetched again when the board shows that the seat's state has changed."""
    return await _own(request, subject, "")


@router.get("/stream")
async def floor_stream(
    request: Request, subject: Annotated[Subject, require(Action.FLOOR_VIEW, Answer.DATA)]
) -> StreamingResponse:
    """Server-sent events `floor` with the board's HTML; ends with `over` when the session does."""
    console, token = console_of(request), request.cookies.get(SESSION_COOKIE, "")

    async def still_allowed() -> bool:
        return await console.sessions.may(token, Action.FLOOR_VIEW)

    return StreamingResponse(
        stream(console.hub, still_allowed), media_type="text/event-stream", headers={"x-accel-buffering": "no"}
    )


@router.post("/seat/log-in")
async def sit_down(request: Request, subject: Annotated[Subject, require(Action.SEAT_SELF)]) -> Response:
    return await _press(request, subject, desk.log_in, "seat.log_in")


@router.post("/seat/ready")
async def be_ready(request: Request, subject: Annotated[Subject, require(Action.SEAT_SELF)]) -> Response:
    console = console_of(request)
    if console.settings.shifts.ready_needs_notices and allows(subject.role, Action.NOTICE_CONFIRM):
        async with console.database.transaction() as session:
            if await notices.unconfirmed(session, subject.login, console.now()):
                return await _page(request, subject, CONFIRM_FIRST, 409)
    return await _press(request, subject, desk.ready, "seat.ready")


@router.post("/seat/break")
async def take_break(
    request: Request, subject: Annotated[Subject, require(Action.SEAT_SELF)], reason: Annotated[str, Form()]
) -> Response:
    if reason not in BREAK_REASONS:
        return await _page(request, subject, N_("Choose a reason for the break."), 422)

    async def press(session: AsyncSession, extension: str, now: datetime) -> Seat:
        return await desk.take_break(session, extension, reason, now)

    return await _press(request, subject, press, "seat.break")


@router.post("/seat/log-out")
async def sign_out(request: Request, subject: Annotated[Subject, require(Action.SEAT_SELF)]) -> Response:
    return await _press(request, subject, desk.log_out, "seat.log_out")


@router.post("/seats/{extension}/log-out")
async def sign_out_other(
    request: Request, extension: str, subject: Annotated[Subject, require(Action.SEAT_MANAGE)]
) -> Response:
    """The shift leader signs out a seat whose agent has gone (D81)."""
    return await _press(request, subject, desk.log_out, "seat.log_out", extension)


async def _press(
    request: Request, subject: Subject, press: Press, action: str, extension: str | None = None
) -> Response:
    """Press a button of the desk at one's own seat, or at the seat that is named."""
    where = extension or subject.seat
    if where is None:
        return await _page(request, subject, NO_SEAT, 409)
    console = console_of(request)
    now = console.now()
    try:
        async with console.database.transaction() as session:
            await press(session, where, now)
            await audit.record(
                session,
                actor=subject.login,
                role=subject.role,
                action=action,
                subject=f"seat:{where}",
                detail={},
                now=now,
            )
    except DeskError:
        return await _page(request, subject, DOES_NOT_FIT, 409)
    if request.headers.get("hx-request"):  # the agent's page, which must not be loaded anew: a telephone lives in it
        return await _page(request, subject, "")
    return RedirectResponse("/floor", 303)


async def _page(request: Request, subject: Subject, problem: str, status: int = 200) -> Response:
    if request.headers.get("hx-request"):
        return await _own(request, subject, problem)
    console = console_of(request)
    values = await console.board.values()
    own = own_seat(values["seats"], subject.seat) if allows(subject.role, Action.SEAT_SELF) else None
    return console.pages.page(request, "floor/page.html", status=status, own=own, problem=problem, **values)


async def _own(request: Request, subject: Subject, problem: str) -> HTMLResponse:
    """The own controls alone, from the own row alone: every page at a seat asks for them with each change."""
    console = console_of(request)
    now = console.now()
    async with console.database.transaction() as session:
        seat = await seat_at(session, subject.seat, now) if subject.seat else None
    own = own_seat([seat_row(seat, {}, now)], seat.extension) if seat else None
    return console.pages.page(request, "floor/own.html", own=own, problem=problem, now=now)
