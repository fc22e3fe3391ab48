"""Handlers of the agent's page: the frame and its stream."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from acd.floor import seat_at
from console.access import Answer, require, subject_of
from console.errors import Missing
from console.floor.board import seat_row
from console.floor.own import own_seat
from console.seat.stream import TOPICS, stream
from console.state import console_of
from hotline.accounts import Subject
from hotline.roles import Action, allows

router = APIRouter(prefix="/seat")


@router.get("")
async def seat_page(request: Request, subject: Annotated[Subject, require(Action.SEAT_SELF)]) -> Response:
    """The whole page; its regions are drawn by the folders that own them."""
    console = console_of(request)
    now = console.now()
    async with console.database.transaction() as session:
        seat = await seat_at(session, subject.seat, now) if subject.seat else None
    own = own_seat([seat_row(seat, {}, now)], seat.extension) if seat else None
    return console.pages.page(request, "seat/page.html", own=own, problem="", now=now, topics=TOPICS)


@router.get("/stream")
async def seat_stream(
    request: Request, subject: Annotated[Subject, require(Action.SEAT_SELF, Answer.DATA)]
) -> StreamingResponse:
    """Server-sent events named by topic (`console.seat.stream.TOPICS`); 404 where the person has no seat."""
    hub = console_of(request).seat_hub
    extension = subject.seat
    if extension is None:
        raise Missing

    async def still_allowed() -> bool:
        known = await subject_of(request)
        return known is not None and allows(known.role, Action.SEAT_SELF) and known.seat == extension

    return StreamingResponse(
        stream(hub, extension, still_allowed), media_type="text/event-stream", headers={"x-accel-buffering": "no"}
    )
