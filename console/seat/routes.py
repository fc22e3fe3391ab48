"""Handlers of the agent's page: the frame and its stream."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from console.access import SESSION_COOKIE, Answer, require
from console.errors import Missing
from console.floor.board import seat_row
from console.floor.own import own_seat
from console.seat.card import at_seat, card_of
from console.seat.registering import current, form_values, others_begun
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
        here = await at_seat(session, subject, now)
        card = await card_of(session, here, subject, now) if here else None
        view = await current(session, console, here, subject) if here else None
        begun = await others_begun(session, here, subject)
    own = own_seat([seat_row(here.seat, {}, now)], here.seat.extension) if here else None
    return console.pages.page(
        request, "seat/page.html", own=own, problem="", now=now, topics=TOPICS, card=card, begun=begun,
        **form_values(view),
    )  # fmt: skip


@router.get("/card")
async def caller_card(
    request: Request, subject: Annotated[Subject, require(Action.SEAT_SELF, Answer.DATA)]
) -> Response:
    """The card of the caller at this person's seat."""
    console = console_of(request)
    now = console.now()
    async with console.database.transaction() as session:
        here = await at_seat(session, subject, now)
        card = await card_of(session, here, subject, now) if here else None
    return console.pages.page(request, "seat/card.html", card=card, now=now)


@router.get("/stream")
async def seat_stream(
    request: Request, subject: Annotated[Subject, require(Action.SEAT_SELF, Answer.DATA)]
) -> StreamingResponse:
    """Server-sent events named by topic (`console.seat.stream.TOPICS`); 404 where the person has no seat."""
    console, token = console_of(request), request.cookies.get(SESSION_COOKIE, "")
    extension = subject.seat
    if extension is None:
        raise Missing

    async def still_allowed() -> bool:
        known = await console.sessions.who(token)
        return known is not None and allows(known.role, Action.SEAT_SELF) and known.seat == extension

    return StreamingResponse(
        stream(console.seat_hub, extension, still_allowed),
        media_type="text/event-stream",
        headers={"x-accel-buffering": "no"},
    )
