"""Handlers of the announcements and of the centre's days."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import Answer, require
from console.errors import N_, Missing
from console.labels import SERVICES
from console.state import Console, console_of
from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action
from ivr import announcements
from ivr.announcements import AnnouncementError, TooManyError
from ivr.hours import DayKind, official
from ivr.menu import Service
from ivr.prompt_texts import prompt_texts
from transcribe.masking import masked_text

router = APIRouter(prefix="/announcements")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
NOTE = 100
DAYS_SHOWN = 60

WRONG_TIME = N_("Give each time as a date with hours and minutes, or leave it empty.")
NO_PROMPT = N_("Choose a text that is there, and an end that lies after the beginning and after now.")
TOO_MANY = N_(
    "Four announcements are switched on there already; callers would hear nothing else. Switch one off first."
)
OVER = N_("This announcement's time is over. Make a new one.")
NO_DAY = N_("Choose a day from today on and what it is.")
KINDS = {DayKind.WORKDAY.value: N_("workday"), DayKind.DAY_OFF.value: N_("day off")}


@router.get("")
async def announcements_page(request: Request, subject: Annotated[Subject, require(Action.ANNOUNCE)]) -> Response:
    return await _page(request, "")


@router.get("/state")
async def state(request: Request, subject: Annotated[Subject, require(Action.ANNOUNCE, Answer.DATA)]) -> HTMLResponse:
    """The table of announcements, asked for while one is on its way to the node."""
    return console_of(request).pages.page(request, "announcements/state.html", **await _values(request))


@router.post("")
async def announce(
    request: Request,
    *,
    subject: Annotated[Subject, require(Action.ANNOUNCE)],
    prompt: Annotated[str, Form(max_length=40)] = "",
    service: Annotated[list[Service] | None, Form()] = None,
    starts: Annotated[str, Form(max_length=30)] = "",
    ends: Annotated[str, Form(max_length=30)] = "",
) -> Response:
    """Switch an announcement on, from now or from later."""
    console = console_of(request)
    now = console.now()
    try:
        starts_at, ends_at = _moment(console, starts) or now, _moment(console, ends)
    except ValueError:
        return await _page(request, WRONG_TIME, 422)
    try:
        async with console.database.transaction() as session:
            made = await announcements.announce(
                session, prompt, services=service or (), starts_at=starts_at, ends_at=ends_at, by=subject.login,
                prompts=console.settings.prompts, now=now,
            )  # fmt: skip
            detail = {"prompt": prompt, "services": [each.value for each in made.services]}
            await _record(
                request, session, subject, action="announcement.on", about=f"announcement:{made.id}", detail=detail
            )
    except TooManyError:
        return await _page(request, TOO_MANY, 409)
    except AnnouncementError:
        return await _page(request, NO_PROMPT, 422)
    return RedirectResponse("/announcements", 303)


@router.post("/{number}/switch")
async def switch(
    request: Request,
    number: int,
    subject: Annotated[Subject, require(Action.ANNOUNCE)],
    on: Annotated[bool, Form()] = False,
) -> Response:
    """Switch an announcement on again, or off."""
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            view = await announcements.switch(session, number, on, by=subject.login, now=console.now())
            if view is None:
                raise Missing
            action = "announcement.on" if on else "announcement.off"
            await _record(
                request, session, subject, action=action, about=f"announcement:{number}", detail={"prompt": view.prompt}
            )
    except TooManyError:
        return await _page(request, TOO_MANY, 409)
    except AnnouncementError:
        return await _page(request, OVER, 409)
    return RedirectResponse("/announcements", 303)


@router.post("/days")
async def set_day(
    request: Request,
    subject: Annotated[Subject, require(Action.ANNOUNCE)],
    day: Annotated[str, Form(max_length=10)] = "",
    kind: Annotated[str, Form(max_length=10)] = "",
    note: Annotated[str, Form(max_length=NOTE)] = "",
) -> Response:
    """Say that the centre works on a day, or does not, or let the calendar decide again."""
    console = console_of(request)
    try:
        chosen = date.fromisoformat(day)
    except ValueError:
        return await _page(request, NO_DAY, 422)
    if chosen < _today(console) or kind not in {*KINDS, "calendar"}:
        return await _page(request, NO_DAY, 422)
    async with console.database.transaction() as session:
        if kind == "calendar":
            await announcements.unset_day(session, chosen)
        else:
            await announcements.set_day(
                session, chosen, DayKind(kind), note=masked_text(note.strip()), by=subject.login
            )
        await _record(request, session, subject, action="day.set", about=f"day:{chosen}", detail={"kind": kind})
    return RedirectResponse("/announcements#days", 303)


async def _page(request: Request, problem: str, status: int = 200) -> Response:
    console = console_of(request)
    values = await _values(request)
    today = _today(console)
    async with console.database.transaction() as session:
        own = {view.day: view for view in await announcements.days_from(session, today)}
    soon = [today + timedelta(days=number) for number in range(DAYS_SHOWN)]
    unusual = [
        (day, own[day].kind if day in own else official(day), own.get(day))
        for day in sorted({*own, *soon})
        if day in own or (official(day) is DayKind.WORKDAY) is not (day.isoweekday() <= 5)
    ]
    return console.pages.page(
        request, "announcements/page.html", status=status, problem=problem, services=list(Service), kinds=KINDS,
        names=announcements.prompt_names(console.settings.prompts), days=unusual, today=today, note_length=NOTE,
        **values,
    )  # fmt: skip


async def _values(request: Request) -> dict[str, Any]:
    console = console_of(request)
    now = console.now()
    async with console.database.transaction() as session:
        listed = await announcements.listed(session)
    return {
        "listed": listed,
        "pending": any(view.aired_at is None and not view.problem for view in listed),
        "said": prompt_texts(console.settings.prompts),
        "labels_of_services": SERVICES,
        "now": now,
    }


def _today(console: Console) -> date:
    return console.now().astimezone(console.settings.zone).date()


def _moment(console: Console, typed: str) -> datetime | None:
    """A moment on the centre's wall clock as a browser sends it; None for none, ValueError for anything else."""
    if not typed:
        return None
    if not _MOMENT.fullmatch(typed[:16]):
        raise ValueError(typed)
    return datetime.fromisoformat(typed).replace(tzinfo=console.settings.zone)


async def _record(
    request: Request, session: AsyncSession, subject: Subject, *, action: str, about: str, detail: dict[str, Any]
) -> None:
    await audit.record(
        session, actor=subject.login, role=subject.role, action=action, subject=about, detail=detail,
        now=console_of(request).now(),
    )  # fmt: skip
