"""Handlers of the list of call-backs."""

from __future__ import annotations

from typing import Annotated, TypedDict

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from acd import callback_desk
from acd.callback_desk import CallbackError, CallbackView
from acd.callbacks import Policy
from console.access import Answer, require
from console.callbacks import words
from console.errors import N_, Missing
from console.state import Console, console_of
from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action

router = APIRouter(prefix="/callbacks")

CHANGED = N_("That call-back has moved on meanwhile; the list shows how it stands.")
CANCELLED = N_("The call-back is cancelled.")
AT_ONCE = N_("The customer is called now.")
IN_PLACE = N_("The pause is over; the customer is called in the old place in line.")


class ListValues(TypedDict):
    """What `callbacks/list.html` is rendered from."""

    views: list[CallbackView]
    words: object


@router.get("")
async def callbacks_page(request: Request, subject: Annotated[Subject, require(Action.CALLBACK_VIEW)]) -> Response:
    return await _page(request, "", "")


@router.get("/list")
async def callbacks_list(
    request: Request, subject: Annotated[Subject, require(Action.CALLBACK_VIEW, Answer.DATA)]
) -> HTMLResponse:
    """The list as it stands now."""
    console = console_of(request)
    async with console.database.transaction() as session:
        values = await _values(session, console)
    return console.pages.page(request, "callbacks/list.html", **values)


@router.post("/{number}/now")
async def call_now(
    request: Request, number: str, subject: Annotated[Subject, require(Action.CALLBACK_MANAGE)]
) -> Response:
    """End the pause between attempts. Nobody is overtaken: the answer says what the customer still waits for."""
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            view = await callback_desk.call_now(
                session, _id(number), by=subject.login, now=console.now(), policy=Policy.of(console.settings)
            )
            await _record(session, console, subject, "callback.call_now", view.callback.id)
    except CallbackError:
        return await _page(request, CHANGED, "", 409)
    obstacle = view.obstacle
    return await _page(request, "", IN_PLACE if obstacle is not None else AT_ONCE, why=obstacle)


@router.post("/{number}/cancel")
async def cancel(
    request: Request, number: str, subject: Annotated[Subject, require(Action.CALLBACK_MANAGE)]
) -> Response:
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            after = await callback_desk.cancel(
                session, _id(number), by=subject.login, now=console.now(), policy=Policy.of(console.settings)
            )
            await _record(session, console, subject, "callback.cancel", after.id)
    except CallbackError:
        return await _page(request, CHANGED, "", 409)
    return await _page(request, "", CANCELLED)


def _id(number: str) -> int:
    if not number.isascii() or not number.isdecimal() or len(number) > 18:
        raise Missing
    return int(number)


async def _record(session: AsyncSession, console: Console, subject: Subject, action: str, number: int) -> None:
    await audit.record(
        session, actor=subject.login, role=subject.role, action=action, subject=f"callback:{number}", detail={},
        now=console.now(),
    )  # fmt: skip


async def _values(session: AsyncSession, console: Console) -> ListValues:
    policy = Policy.of(console.settings) if console.settings.asterisk.outbound else None
    return {"views": await callback_desk.listed(session, console.now(), policy), "words": words}


async def _page(request: Request, problem: str, done: str, status: int = 200, *, why: str | None = None) -> Response:
    console = console_of(request)
    async with console.database.transaction() as session:
        values = await _values(session, console)
    return console.pages.page(
        request, "callbacks/page.html", status=status, problem=problem, done=done, why=why, **values
    )
