"""Handlers of listening in; `acd.monitoring` keeps what comes of it, and writes the audit when it really begins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from acd import monitoring
from acd.errors import MonitoringRefused
from acd.monitoring import Mode, MonitoringView, Standing
from acd.seats import SeatState
from acd.words import Level
from console.access import Answer, require
from console.errors import N_
from console.floor.board import SeatRow
from console.state import console_of
from hotline.accounts import Subject
from hotline.roles import Action

router = APIRouter(prefix="/monitor")

ACTION_OF = {Mode.LISTEN: Action.CALL_LISTEN, Mode.WHISPER: Action.CALL_WHISPER, Mode.BARGE: Action.CALL_BARGE}
PROBLEMS = {
    "no_phone": N_(
        "No telephone for listening belongs to your log-in. Ask the operator for a seat of level supervisor."
    ),
    "phone_away": N_("Your telephone is not connected. Connect it, then try again."),
    "not_talking": N_("This seat has just stopped talking. Choose another one."),
    "over": N_("This listening is over."),
    "late": N_("The controller was away and your telephone was not rung. Try again."),
    "refused": N_("The telephone system could not ring your telephone. Try again."),
}


@router.get("")
async def page(request: Request, subject: Annotated[Subject, require(Action.CALL_LISTEN)]) -> Response:
    return await _show(request, subject, "monitor/page.html")


@router.get("/talks")
async def talks(request: Request, subject: Annotated[Subject, require(Action.CALL_LISTEN, Answer.DATA)]) -> Response:
    """Who talks now, and one's own listening: fetched again whenever the floor changes."""
    return await _show(request, subject, "monitor/talks.html")


@router.post("/seats/{extension}/listen")
async def listen(
    request: Request, extension: str, subject: Annotated[Subject, require(Action.CALL_LISTEN, Answer.DATA)]
) -> Response:
    return await _begin(request, subject, extension, Mode.LISTEN)


@router.post("/seats/{extension}/whisper")
async def whisper(
    request: Request, extension: str, subject: Annotated[Subject, require(Action.CALL_WHISPER, Answer.DATA)]
) -> Response:
    return await _begin(request, subject, extension, Mode.WHISPER)


@router.post("/seats/{extension}/barge")
async def barge(
    request: Request, extension: str, subject: Annotated[Subject, require(Action.CALL_BARGE, Answer.DATA)]
) -> Response:
    return await _begin(request, subject, extension, Mode.BARGE)


@router.post("/own/listen")
async def only_listen(
    request: Request, subject: Annotated[Subject, require(Action.CALL_LISTEN, Answer.DATA)]
) -> Response:
    return await _change(request, subject, Mode.LISTEN)


@router.post("/own/whisper")
async def go_whisper(
    request: Request, subject: Annotated[Subject, require(Action.CALL_WHISPER, Answer.DATA)]
) -> Response:
    return await _change(request, subject, Mode.WHISPER)


@router.post("/own/barge")
async def go_barge(request: Request, subject: Annotated[Subject, require(Action.CALL_BARGE, Answer.DATA)]) -> Response:
    return await _change(request, subject, Mode.BARGE)


@router.post("/own/leave")
async def leave(request: Request, subject: Annotated[Subject, require(Action.CALL_LISTEN, Answer.DATA)]) -> Response:
    return await _change(request, subject, None)


async def _begin(request: Request, subject: Subject, extension: str, mode: Mode) -> Response:
    """Have one's own telephone rung; nothing is heard, and nothing audited, before it is answered."""
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            await monitoring.ask(
                session,
                seat=extension,
                mode=mode,
                listener=subject.login,
                role=subject.role,
                phone=subject.seat or "",
                now=console.now(),
            )
    except MonitoringRefused as refused:
        return await _show(request, subject, "monitor/talks.html", PROBLEMS[refused.reason])
    return await _show(request, subject, "monitor/talks.html")


async def _change(request: Request, subject: Subject, wanted: Mode | None) -> Response:
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            own = await monitoring.latest_of(session, subject.login)
            await monitoring.change(session, own.id if own else "", wanted, listener=subject.login)
    except MonitoringRefused as refused:
        return await _show(request, subject, "monitor/talks.html", PROBLEMS[refused.reason])
    return await _show(request, subject, "monitor/talks.html")


async def _show(request: Request, subject: Subject, template: str, problem: str = "") -> Response:
    console = console_of(request)
    board = await console.board.values()
    async with console.database.transaction() as session:
        own = await monitoring.latest_of(session, subject.login)
    standing = own.standing(board["now"]) if own is not None else None
    return console.pages.page(
        request,
        template,
        now=board["now"],
        talking=[seat for seat in board["seats"] if seat.state == SeatState.TALKING],
        phone=_phone(board["seats"], subject.seat),
        own=own if _shown(own, standing) else None,
        standing=standing,
        modes=[mode for mode in Mode if subject.may(ACTION_OF[mode])],
        problem=problem or _told(own, standing),
    )


def _phone(seats: list[SeatRow], extension: str | None) -> SeatRow | None:
    """One's own telephone for listening; None where the log-in has none."""
    own = (seat for seat in seats if seat.extension == extension and seat.level == Level.SUPERVISOR)
    return next(own, None)


def _shown(own: MonitoringView | None, standing: Standing | None) -> bool:
    return own is not None and standing in {Standing.ASKED, Standing.ON}


def _told(own: MonitoringView | None, standing: Standing | None) -> str:
    """What became of a listening that did not begin."""
    if own is None or standing is not Standing.REFUSED:
        return ""
    return PROBLEMS[own.problem or "refused"]
