"""Handler of the survey page."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from acd import floor, survey
from console.access import require
from console.state import console_of
from hotline.accounts import Subject
from hotline.roles import Action

router = APIRouter(prefix="/survey")
PERIODS = (1, 7, 30, 90)


@router.get("")
async def survey_page(
    request: Request,
    subject: Annotated[Subject, require(Action.SURVEY_VIEW)],
    days: Annotated[int, Query(ge=1, le=366)] = 7,
) -> Response:
    """Marks of the last days, today included, by seat."""
    console = console_of(request)
    now = console.now()
    midnight = now.astimezone(console.settings.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight - timedelta(days=days - 1)
    async with console.database.transaction() as session:
        marks = await survey.marks_by_seat(session, start, now)
        latest = await survey.recent(session, start, now)
        seats = {seat.extension: seat.name for seat in (await floor.snapshot(session, now)).seats}
    return console.pages.page(
        request, "survey/page.html", marks=marks, latest=latest, seats=seats, days=days, periods=PERIODS,
        points=console.settings.survey.points,
    )  # fmt: skip
