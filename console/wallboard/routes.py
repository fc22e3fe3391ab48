"""Handlers of the wallboard."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from console.access import SESSION_COOKIE, Answer, require
from console.floor.stream import stream
from console.state import console_of
from hotline.accounts import Subject
from hotline.roles import Action

router = APIRouter(prefix="/wallboard")
FACE = "wall"


@router.get("")
async def wallboard_page(request: Request, subject: Annotated[Subject, require(Action.WALLBOARD_VIEW)]) -> Response:
    console = console_of(request)
    return console.pages.page(
        request, "wallboard/page.html", zone=console.settings.timezone, **await console.wall.values()
    )


@router.get("/stream")
async def wallboard_stream(
    request: Request, subject: Annotated[Subject, require(Action.WALLBOARD_VIEW, Answer.DATA)]
) -> StreamingResponse:
    """Server-sent events `wall` with the wall's HTML; ends with `over` when the session does."""
    console, token = console_of(request), request.cookies.get(SESSION_COOKIE, "")

    async def still_allowed() -> bool:
        return await console.sessions.may(token, Action.WALLBOARD_VIEW)

    return StreamingResponse(
        stream(console.hub, still_allowed, FACE),
        media_type="text/event-stream",
        headers={"x-accel-buffering": "no"},
    )
