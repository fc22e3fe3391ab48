"""Handlers of the promise's page."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from acd import ledger
from acd.promise_day import by_part, figures_of, late, read_waits
from console.access import Answer, require
from console.errors import Missing
from console.promise.chart import HEIGHT, WIDTH, chart
from console.promise.words import ENDS, MILESTONES
from console.state import console_of
from hotline.accounts import Subject
from hotline.roles import Action

router = APIRouter(prefix="/promise")
SHOWN = 200
"""Breaches listed; all are counted."""


@router.get("")
async def promise_page(
    request: Request, subject: Annotated[Subject, require(Action.PROMISE_VIEW)], day: str = ""
) -> Response:
    """How the promise was kept on a day, today where `day` names none."""
    console = console_of(request)
    now, zone, limit = console.now(), console.settings.zone, console.settings.acd.promise_seconds
    chosen = _day(day) or now.astimezone(zone).date()
    start = datetime.combine(chosen, time(), zone)
    end = datetime.combine(chosen + timedelta(days=1), time(), zone)
    async with console.database.transaction() as session:
        waits = await read_waits(session, start, end, limit=limit, now=now)
    broken = late(waits)
    hours = by_part(waits, lambda moment: moment.astimezone(zone).replace(minute=0, second=0, microsecond=0), limit)
    return console.pages.page(
        request,
        "promise/page.html",
        day=chosen,
        before=chosen - timedelta(days=1),
        after=chosen + timedelta(days=1),
        promise=round(limit),
        figures=figures_of(waits, limit),
        hours=hours,
        chart=chart(hours, start, end),
        width=WIDTH,
        height=HEIGHT,
        late=broken[:SHOWN],
        left_out=max(0, len(broken) - SHOWN),
        ends=ENDS,
    )


@router.get("/calls/{call_uid}")
async def call_time_line(
    request: Request, call_uid: str, subject: Annotated[Subject, require(Action.PROMISE_VIEW, Answer.DATA)]
) -> Response:
    """What happened to one caller, second by second (D126); no number, no words."""
    console = console_of(request)
    async with console.database.transaction() as session:
        call = await ledger.get_call(session, call_uid)
        if call is None:
            raise Missing
        entries = await ledger.timeline(session, call_uid)
    told = [(entry, (entry.at - call.entered_at).total_seconds()) for entry in entries if entry.kind in MILESTONES]
    return console.pages.page(request, "promise/timeline.html", told=told, milestones=MILESTONES)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
