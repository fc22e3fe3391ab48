"""Handlers of the clerks' figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from cases import clerk_figures, entry_checks, orders
from cases.clerk_figures import ClerkFigures
from cases.errors import OrderMissing, WrongField
from console.access import require
from console.clerks import chart
from console.clerks.chart import Bar
from console.drafts import form
from console.errors import N_, Missing
from console.state import Console, console_of
from hotline.accounts import Subject
from hotline.clock import local_day
from hotline.roles import Action, allows

router = APIRouter(prefix="/clerks")
NOTED = N_("Your look at order %(number)s is noted.")
CANNOT_BE_NOTED = N_("This cannot be noted like that; look at the words that you typed.")
LONGEST = 500
EARLIEST = date(2000, 1, 3)


@dataclass(frozen=True, slots=True)
class Person:
    """One line of the page."""

    figures: ClerkFigures
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """Monday to Sunday, by the centre's clock."""

    monday: date
    today: date

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    @property
    def before(self) -> date:
        return self.monday - timedelta(days=7)

    @property
    def after(self) -> date | None:
        following = self.monday + timedelta(days=7)
        return following if following <= self.today else None

    def bounds(self, console: Console) -> tuple[datetime, datetime]:
        zone = console.settings.zone
        begins = datetime.combine(self.monday, time(), zone)
        return begins.astimezone(UTC), datetime.combine(self.monday + timedelta(days=7), time(), zone).astimezone(UTC)


@router.get("")
async def everybody(
    request: Request, subject: Annotated[Subject, require(Action.CLERKS_VIEW)], week: str = "", noted: str = ""
) -> Response:
    """Everybody who entered something in the week."""
    return await _page(request, week, None, noted=noted)


@router.get("/mine")
async def mine(request: Request, subject: Annotated[Subject, require(Action.DESK_WORK)], week: str = "") -> Response:
    """One's own figures, and no other's."""
    return await _page(request, week, subject.user_id)


@router.get("/{clerk_id}/entries")
async def entries(
    request: Request, clerk_id: UUID, subject: Annotated[Subject, require(Action.CLERKS_VIEW)], week: str = ""
) -> Response:
    """What one person entered in the week, for an inspector to look at."""
    console = console_of(request)
    asked = _week(console, week)
    since, until = asked.bounds(console)
    async with console.database.transaction() as session:
        found = await entry_checks.entered_by(session, clerk_id, since=since, until=until)
        people = await clerk_figures.clerk_figures(
            session, since=since, until=until, zone=console.settings.zone, clerk_id=clerk_id
        )
    return console.pages.page(request, "clerks/entries.html", entries=found, people=people, week=asked)


@router.get("/entries/{number}")
async def entry(request: Request, number: str, subject: Annotated[Subject, require(Action.CLERKS_VIEW)]) -> Response:
    """One entered sheet, field by field, with what an inspector found wrong."""
    return await _entry(request, number, subject)


@router.post("/entries/{number}")
async def look_at(request: Request, number: str, subject: Annotated[Subject, require(Action.SCORE_WRITE)]) -> Response:
    """Note what should have stood in the fields that were wrong; nothing typed says that all are right."""
    console = console_of(request)
    sent = {name: " ".join(value.split()) for name, value in (await request.form()).items() if isinstance(value, str)}
    wrong = {each.name: sent[each.name][:LONGEST] for each in form.FIELDS if sent.get(each.name)}
    try:
        async with console.database.transaction() as session:
            await entry_checks.check_entry(session, number, wrong=wrong, subject=subject, now=console.now())
    except OrderMissing as error:
        raise Missing from error
    except WrongField:
        return await _entry(request, number, subject, typed=wrong, problem=CANNOT_BE_NOTED)
    return RedirectResponse(f"/clerks?noted={number}", 303)


async def _entry(
    request: Request, number: str, subject: Subject, *, typed: dict[str, str] | None = None, problem: str = ""
) -> Response:
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            order = await orders.get_order(session, number, console.now())
            check = await entry_checks.check_of(session, number)
    except OrderMissing as error:
        raise Missing from error
    return console.pages.page(
        request,
        "clerks/entry.html",
        status=422 if problem else 200,
        order=order,
        rows=form.rows(order.fields, (), {}),
        groups=form.GROUPS,
        check=check,
        typed=typed if typed is not None else dict(check.wrong) if check is not None else {},
        problem=problem,
        editable=allows(subject.role, Action.SCORE_WRITE),
    )


async def _page(request: Request, week: str, clerk_id: UUID | None, *, noted: str = "") -> Response:
    console = console_of(request)
    asked = _week(console, week)
    since, until = asked.bounds(console)
    async with console.database.transaction() as session:
        found = await clerk_figures.clerk_figures(
            session, since=since, until=until, zone=console.settings.zone, clerk_id=clerk_id
        )
    return console.pages.page(
        request,
        "clerks/page.html",
        people=_drawn(found, asked.monday),
        week=asked,
        own=clerk_id is not None,
        hours=console.settings.draft_due_hours,
        third=clerk_figures.THIRD,
        field_names={each.name: each.label for each in form.FIELDS},
        size=(chart.WIDTH, chart.HEIGHT),
        notice=NOTED if noted and noted.replace("-", "").isalnum() else "",
        noted=noted[:40],
    )


def _drawn(found: Sequence[ClerkFigures], monday: date) -> list[Person]:
    top = chart.top_of(found)
    return [Person(each, chart.bars(each, monday, top)) for each in found]


def _week(console: Console, text: str) -> Week:
    """The week that a day lies in; of no day, today's."""
    today = date.fromisoformat(local_day(console.now(), console.settings.zone))
    try:
        day = max(EARLIEST, min(date.fromisoformat(text), today))
    except ValueError:
        day = today
    return Week(day - timedelta(days=day.weekday()), today)
