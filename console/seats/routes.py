"""Handlers of the leader's table of seats."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData

from acd import breaks, deploy
from acd.clerks import count_work
from acd.deploy import Deployed, Staffing
from acd.errors import DeskError
from acd.words import SKILL_LEVELS, CustomerClass, Level, Service
from console.access import require
from console.errors import N_, Missing
from console.state import console_of
from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action

router = APIRouter(prefix="/seats")

NO_SKILL = N_("A seat needs at least one service it answers.")
NO_LEVEL = N_("Choose a level.")
NO_TIME = N_("Give the time of day until when, within the next 24 hours.")
REDEPLOYED = N_("This seat is redeployed. Put it back before you staff it for good.")
NOT_REDEPLOYED = N_("This seat is not redeployed any more.")


@router.get("")
async def seats_page(request: Request, subject: Annotated[Subject, require(Action.SEAT_MANAGE)]) -> Response:
    """Every seat: what it is staffed with, until when, and breaks that went over their limit today."""
    console = console_of(request)
    now, minutes = console.now(), console.settings.acd.break_minutes
    midnight = now.astimezone(console.settings.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    async with console.database.transaction() as session:
        seats = await deploy.deployments(session)
        over = breaks.over_limit(await breaks.breaks_between(session, midnight, now), minutes, now)
        work = await count_work(session)
    ends = {
        seat.extension: breaks.break_until(seat.break_reason, seat.state_since, minutes)
        for seat in seats
        if seat.state == "break"
    }
    return console.pages.page(request, "seats/list.html", seats=seats, over=over, ends=ends, work=work, now=now)


@router.get("/{extension}")
async def seat_page(
    request: Request, extension: str, subject: Annotated[Subject, require(Action.SEAT_MANAGE)]
) -> Response:
    return await _form(request, extension)


@router.post("/{extension}/redeploy")
async def redeploy_seat(
    request: Request, extension: str, subject: Annotated[Subject, require(Action.SEAT_MANAGE)]
) -> Response:
    """Staff a seat otherwise until a time of day, then it falls back by itself (D81)."""
    console = console_of(request)
    form = await request.form()
    now = console.now()
    staffing = _staffing(form)
    until = _until(str(form.get("until", "")), now, console.settings.zone)
    problem = staffing if isinstance(staffing, str) else NO_TIME if until is None else ""
    if problem or isinstance(staffing, str) or until is None:
        return await _form(request, extension, problem, 422)
    async with console.database.transaction() as session:
        await _seat(session, extension)
        await deploy.redeploy(session, extension, staffing, until=until, now=now)
        await _note(session, subject, "seat.redeploy", extension, now=now, staffing=staffing, until=until.isoformat())
    return RedirectResponse("/seats", 303)


@router.post("/{extension}/staff")
async def staff_seat(
    request: Request, extension: str, subject: Annotated[Subject, require(Action.SEAT_MANAGE)]
) -> Response:
    """Staff a seat otherwise for good."""
    console = console_of(request)
    form = await request.form()
    staffing = _staffing(form)
    if isinstance(staffing, str):
        return await _form(request, extension, staffing, 422)
    now = console.now()
    try:
        async with console.database.transaction() as session:
            await _seat(session, extension)
            await deploy.staff(session, extension, staffing)
            await _note(session, subject, "seat.staff", extension, now=now, staffing=staffing)
    except DeskError:
        return await _form(request, extension, REDEPLOYED, 409)
    return RedirectResponse("/seats", 303)


@router.post("/{extension}/back")
async def put_seat_back(
    request: Request, extension: str, subject: Annotated[Subject, require(Action.SEAT_MANAGE)]
) -> Response:
    """End a redeployment before its time."""
    console = console_of(request)
    now = console.now()
    try:
        async with console.database.transaction() as session:
            seat = await _seat(session, extension)
            await deploy.put_back(session, extension)
            await _note(session, subject, "seat.back", extension, now=now, staffing=seat.usual)
    except DeskError:
        return await _form(request, extension, NOT_REDEPLOYED, 409)
    return RedirectResponse("/seats", 303)


async def _form(request: Request, extension: str, problem: str = "", status: int = 200) -> Response:
    console = console_of(request)
    async with console.database.transaction() as session:
        seat = await _seat(session, extension)
    return console.pages.page(
        request, "seats/form.html", status=status, seat=seat, problem=problem, levels=list(Level),
        services=list(Service), classes=list(CustomerClass), skill_levels=list(SKILL_LEVELS),
    )  # fmt: skip


async def _seat(session: AsyncSession, extension: str) -> Deployed:
    found = next((seat for seat in await deploy.deployments(session) if seat.extension == extension), None)
    if found is None:
        raise Missing
    return found


def _staffing(form: FormData) -> Staffing | str:
    """What the form asks for, or what is wrong with it."""
    level = next((each for each in Level if each.value == form.get("level")), None)
    if level is None:
        return NO_LEVEL
    skills = {
        service: int(str(value))
        for service in Service
        if (value := form.get(f"skill_{service.value}")) in {str(each) for each in SKILL_LEVELS}
    }
    if not skills:
        return NO_SKILL
    named = set(form.getlist("class"))
    classes = frozenset(each for each in CustomerClass if each.value in named)
    return Staffing(level, skills, frozenset() if len(classes) == len(CustomerClass) else classes)


def _until(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The next moment at which the centre's clock shows this time of day."""
    try:
        wanted = time.fromisoformat(text)
    except ValueError:
        return None
    today = now.astimezone(zone)
    moment = datetime.combine(today.date(), wanted.replace(tzinfo=None), zone)
    return moment if moment > now else datetime.combine(today.date() + timedelta(days=1), wanted, zone)


async def _note(
    session: AsyncSession,
    subject: Subject,
    action: str,
    extension: str,
    *,
    now: datetime,
    staffing: Staffing,
    **more: str,
) -> None:
    await audit.record(
        session, actor=subject.login, role=subject.role, action=action, subject=f"seat:{extension}",
        detail=staffing.to_json() | more, now=now,
    )  # fmt: skip
