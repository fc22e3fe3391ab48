"""Handlers of the buttons on a call: each writes a command for one's own seat and waits a moment for its outcome."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from acd import commands
from acd.commands import CommandKind, CommandState, CommandView
from acd.errors import CommandRefused
from console.access import Answer, require
from console.errors import N_, ConsoleError, Missing
from console.state import console_of
from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action

router = APIRouter(prefix="/seat/calls")

PATIENCE_SECONDS = 5.0
LOOK_SECONDS = 0.1
NO_SEAT = N_("No seat belongs to your log-in. Ask the shift leader to assign one.")


class NotJson(ConsoleError):
    code = "not_json"
    status = 422


@router.post("/{kind}")
async def command(
    request: Request, kind: str, subject: Annotated[Subject, require(Action.SEAT_SELF, Answer.DATA)]
) -> Response:
    """Ask for `kind` on the call of one's own seat.

    The body is the command's argument as JSON, or nothing. Answers `{id, state, problem}`: `state` is `done`,
    `refused` or, where nobody has carried it out within five seconds, `asked`; `problem` a sentence in the reader's
    language.
    """
    if kind not in set(CommandKind):
        raise Missing
    argument = await _argument(request)
    if subject.seat is None:
        return _answer(request, None, CommandState.REFUSED, NO_SEAT, 409)
    console = console_of(request)
    wanted, now = CommandKind(kind), console.now()
    try:
        async with console.database.transaction() as session:
            asked = await commands.ask(
                session, seat=subject.seat, kind=wanted, argument=argument, by=subject.login, now=now
            )
            await audit.record(
                session, actor=subject.login, role=subject.role, action=f"call.{kind}", subject=f"seat:{subject.seat}",
                detail={"command": asked}, now=now,
            )  # fmt: skip
    except CommandRefused as refused:
        return _answer(request, None, CommandState.REFUSED, str(refused), 409)
    found = await settled(request, asked)
    return _answer(request, asked, found.state, found.problem, 409 if found.state is CommandState.REFUSED else 200)


async def _argument(request: Request) -> Mapping[str, Any]:
    if not request.headers.get("content-type", "").startswith("application/json"):
        return {}
    try:
        value = json.loads(await request.body() or b"{}")
    except ValueError:
        raise NotJson from None
    if not isinstance(value, dict):
        raise NotJson
    return value


async def settled(request: Request, asked: int) -> CommandView:
    """How a command stands once it is carried out, or after `PATIENCE_SECONDS`."""
    console = console_of(request)
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while True:
        async with console.database.transaction() as session:
            found = await commands.outcome(session, asked)
        if found.state is not CommandState.ASKED or asyncio.get_running_loop().time() > deadline:
            return found
        await asyncio.sleep(LOOK_SECONDS)


def _answer(
    request: Request, asked: int | None, state: CommandState, problem: str | None, status: int = 200
) -> JSONResponse:
    pages = console_of(request).pages
    said = pages.say(request, problem) if problem else None
    return JSONResponse({"id": asked, "state": state.value, "problem": said}, status)
