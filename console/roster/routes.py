"""Handlers of the roster."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from acd import roster_book, roster_csv
from acd.floor import snapshot
from acd.roster_book import Fault, Plan, RosterError
from acd.roster_csv import Mistake, Wrong
from console.access import require
from console.errors import N_, Missing
from console.roster.week import Staff, monday_of, week_of
from console.state import console_of
from hotline import accounts, audit
from hotline.accounts import Subject
from hotline.roles import Action, Role, allows

router = APIRouter(prefix="/roster")

FAULTS = {
    Fault.NOBODY: N_("Name a person or a seat."),
    Fault.TOO_LONG: N_("A shift lasts at most 16 hours. Make two of it."),
    Fault.BREAK: N_("Break minutes are 0 to 240 and shorter than the shift."),
    Fault.CLASH: N_("This person or seat has another shift at that time."),
    Fault.GONE: N_("There is no such shift any more."),
}
WRONGS = {
    Wrong.HEADER: N_("The first line must name the columns day, person, seat, begins, ends, break_minutes."),
    Wrong.COLUMNS: N_("This line does not have six fields."),
    Wrong.DAY: N_("This is no day. Write it as 2026-11-23."),
    Wrong.TIME: N_("This is no time. Write it as 08:00."),
    Wrong.PERSON: N_("Nobody has this log-in or name, or several people have the name."),
    Wrong.SEAT: N_("There is no such seat."),
    Wrong.MINUTES: N_("Break minutes are a number."),
    Wrong.LINES: N_("The file has too many lines. Cut it into several."),
}
NO_TIMES = N_("Choose at least one day, and give begin and end.")
NO_TEXT = N_("The file is not UTF-8 text. Save it as CSV UTF-8.")


@router.get("")
async def roster_page(
    request: Request, subject: Annotated[Subject, require(Action.ROSTER_VIEW)], week: str = ""
) -> Response:
    """The week that holds the day `week`; this week where it names none."""
    return await _week(request, week)


@router.get("/day")
async def roster_day(
    request: Request, subject: Annotated[Subject, require(Action.ROSTER_VIEW)], day: str = ""
) -> Response:
    """Who was late, and what each one's day held."""
    console = console_of(request)
    now = console.now()
    chosen = _day(day) or now.astimezone(console.settings.zone).date()
    grace = timedelta(minutes=console.settings.shifts.grace_minutes)
    async with console.database.transaction() as session:
        kept = await roster_book.kept(session, chosen, console.settings.zone, now, grace)
        staff = await _staff(session, now)
    return console.pages.page(
        request, "roster/day.html", day=chosen, kept=kept, staff=staff, before=chosen - timedelta(days=1),
        after=chosen + timedelta(days=1), monday=monday_of(chosen),
    )  # fmt: skip


@router.post("")
async def plan_shift(
    request: Request,
    subject: Annotated[Subject, require(Action.ROSTER_MANAGE)],
) -> Response:
    """The same shift on each of the chosen days, or none of them."""
    console = console_of(request)
    form = await request.form()
    week = str(form.get("week", ""))
    begins, ends = _time(str(form.get("begins", ""))), _time(str(form.get("ends", "")))
    days = [day for day in (_day(str(value)) for value in form.getlist("day")) if day is not None]
    minutes = str(form.get("break_minutes", "0"))
    if begins is None or ends is None or not days or not minutes.isdecimal():
        return await _week(request, week, [(0, NO_TIMES, "")])
    person, seat = str(form.get("person", "")), str(form.get("seat", ""))
    now = console.now()
    async with console.database.transaction() as session:
        staff = await _staff(session, now)
        if (person and person not in staff.names) or (seat and seat not in staff.seats):
            raise Missing
        plans = [Plan(day, person, seat, begins, ends, int(minutes[:4])) for day in sorted(days)]
        found = await roster_book.add(session, plans, console.settings.zone)
        if not any(found):
            await _note(session, subject, now, "roster.add", person or seat, days=len(plans))
    problems = [
        (0, FAULTS[fault], f"{plan.day:%m-%d}") for plan, fault in zip(plans, found, strict=True) if fault is not None
    ]
    return await _week(request, week, problems) if problems else _to_week(week)


@router.post("/copy")
async def copy_week(
    request: Request,
    subject: Annotated[Subject, require(Action.ROSTER_MANAGE)],
    week: Annotated[str, Form()] = "",
) -> Response:
    """Copy the week before into the shown one; what does not fit is left out and said."""
    console = console_of(request)
    now = console.now()
    monday = monday_of(_day(week) or now.astimezone(console.settings.zone).date())
    async with console.database.transaction() as session:
        copied, left = await roster_book.copy_week(session, monday, console.settings.zone)
        await _note(session, subject, now, "roster.copy", monday.isoformat(), copied=copied, left=left)
    return await _week(request, week, copied=(copied, left))


@router.post("/import")
async def import_roster(
    request: Request,
    subject: Annotated[Subject, require(Action.ROSTER_MANAGE)],
    file: UploadFile,
    week: Annotated[str, Form()] = "",
) -> Response:
    """Take a whole CSV file, or nothing of it and every mistake with its line."""
    console = console_of(request)
    try:
        words = (await file.read()).decode("utf-8-sig")
    except UnicodeDecodeError:
        return await _week(request, week, [(0, NO_TEXT, "")])
    now = console.now()
    async with console.database.transaction() as session:
        staff = await _staff(session, now)
        lines, mistakes = roster_csv.parse(words, people=staff.known, seats=staff.seats)
        problems = [_problem(mistake) for mistake in mistakes]
        if not mistakes:
            found = await roster_book.add(session, [line.plan for line in lines], console.settings.zone)
            problems = [
                (line.line, FAULTS[fault], "") for line, fault in zip(lines, found, strict=True) if fault is not None
            ]
            if not problems:
                await _note(session, subject, now, "roster.import", "file", shifts=len(lines))
    if problems:
        return await _week(request, week, problems)
    first = min((line.plan.day for line in lines), default=None)
    return _to_week(first.isoformat() if first else week)


@router.post("/{shift}/remove")
async def remove_shift(
    request: Request,
    shift: int,
    subject: Annotated[Subject, require(Action.ROSTER_MANAGE)],
    week: Annotated[str, Form()] = "",
) -> Response:
    console = console_of(request)
    now = console.now()
    try:
        async with console.database.transaction() as session:
            plan = await roster_book.remove(session, shift)
            await _note(session, subject, now, "roster.remove", plan.person or plan.seat, day=plan.day.isoformat())
    except RosterError as refused:
        raise Missing(FAULTS[refused.fault]) from refused
    return _to_week(week)


async def _week(
    request: Request,
    week: str,
    problems: Sequence[tuple[int, str, str]] = (),
    copied: tuple[int, int] | None = None,
) -> Response:
    """The week's page; a problem is its line in the file (0 for none), its sentence and what it is about."""
    console = console_of(request)
    now = console.now()
    today = now.astimezone(console.settings.zone).date()
    monday = monday_of(_day(week) or today)
    async with console.database.transaction() as session:
        planned = await roster_book.between(session, monday, monday + timedelta(days=6))
        staff = await _staff(session, now)
    return console.pages.page(
        request, "roster/page.html", status=422 if problems else 200, week=week_of(monday, planned, staff),
        staff=staff, problems=problems[:50], more=max(0, len(problems) - 50), copied=copied, today=today,
    )  # fmt: skip


async def _staff(session: AsyncSession, now: datetime) -> Staff:
    users = [user for user in await accounts.list_users(session) if not user.disabled]
    working = [user for user in users if allows(Role(user.role), Action.SEAT_SELF)]
    floor = await snapshot(session, now)
    return Staff(
        {user.login: user.name for user in working},
        {user.login: user.seat or "" for user in working},
        tuple(seat.extension for seat in floor.seats),
    )


async def _note(
    session: AsyncSession, subject: Subject, now: datetime, action: str, what: str, **detail: int | str
) -> None:
    await audit.record(
        session, actor=subject.login, role=subject.role, action=action, subject=f"roster:{what}", detail=detail, now=now
    )


def _problem(mistake: Mistake) -> tuple[int, str, str]:
    return mistake.line, WRONGS[mistake.wrong], mistake.value


def _to_week(week: str) -> Response:
    day = _day(week)
    return RedirectResponse(f"/roster?week={day.isoformat()}" if day else "/roster", 303)


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _time(value: str) -> time | None:
    try:
        return time.fromisoformat(value).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        return None
