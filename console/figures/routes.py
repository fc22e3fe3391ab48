"""Handlers of the figures of recognition and drafts, of references, and of agents' forms beside their calls."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from acd import ledger
from cases import differences, field_scores
from console.access import require
from console.errors import N_, Missing
from console.figures.chart import HEIGHT, WIDTH, chart
from console.lexicon.rows import FIELDS
from console.lexicon.words import PROBLEMS
from console.state import console_of
from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action
from recordings import store
from transcribe import drafts, figures
from transcribe.figures import FEW_CALLS, FEW_FORMS, iso_week, week_bounds
from transcribe.lexicon import references
from transcribe.lexicon.errors import LexiconError

router = APIRouter(prefix="/figures")
WEEKS = 12
TO_TYPE = 5
"""Calls of a week that are drawn for a reference."""
DAYS = 28
"""Over which agents' forms are added up."""

COUNTED = N_("The figures of this week and the last one are counted anew.")
KEPT = N_("The reference is kept.")


@router.get("")
async def figures_page(
    request: Request, subject: Annotated[Subject, require(Action.FIGURES_VIEW)], counted: bool = False, week: str = ""
) -> Response:
    """Error rates over weeks, and the field scores of one week: the latest that has any, unless it is named."""
    console = console_of(request)
    now, zone = console.now(), console.settings.zone
    shown = [iso_week(now - timedelta(weeks=back), zone) for back in reversed(range(WEEKS))]
    async with console.database.transaction() as session:
        weeks = await figures.weeks_since(session, shown[0])
    named = [each for each in weeks if each.week == week]
    chosen = named or [each for each in weeks if weeks and each.week == weeks[-1].week]
    return console.pages.page(
        request, "figures/page.html", chart=chart(weeks, shown), width=WIDTH, height=HEIGHT,
        weeks=list(reversed(weeks)), chosen=chosen, fields=FIELDS, few_calls=FEW_CALLS, few_forms=FEW_FORMS,
        notice=COUNTED if counted else "",
    )  # fmt: skip


@router.post("/count")
async def count(request: Request, subject: Annotated[Subject, require(Action.FIGURES_VIEW)]) -> Response:
    """Count this week and the last one now; the worker does so each Monday."""
    console = console_of(request)
    now, zone = console.now(), console.settings.zone
    for back in (0, 1):
        async with console.database.transaction() as session:
            await field_scores.count_week(session, iso_week(now - timedelta(weeks=back), zone), zone=zone, now=now)
    return RedirectResponse("/figures?counted=1", 303)


@router.get("/references")
async def reference_list(
    request: Request, subject: Annotated[Subject, require(Action.REFERENCE_WRITE)], kept: bool = False
) -> Response:
    """Calls of this week and the last one that are drawn to be typed, and what was typed before."""
    console = console_of(request)
    async with console.database.transaction() as session:
        since, until = _two_weeks(console.now(), request)
        drawn = await references.to_type(session, since=since, until=until, limit=TO_TYPE)
        typed = await references.latest(session)
    return console.pages.page(request, "figures/references.html", drawn=drawn, typed=typed, notice=KEPT if kept else "")


@router.get("/references/{call_uid}")
async def reference_page(
    request: Request, call_uid: str, subject: Annotated[Subject, require(Action.REFERENCE_WRITE)]
) -> Response:
    """Player and one field for each turn, filled with what was heard or what was typed before."""
    return await _reference(request, call_uid, subject)


@router.post("/references/{call_uid}")
async def write_reference(
    request: Request, call_uid: str, subject: Annotated[Subject, require(Action.REFERENCE_WRITE)]
) -> Response:
    console = console_of(request)
    form = await request.form()
    texts = [str(text) for text in form.getlist("text")]
    try:
        async with console.database.transaction() as session:
            await references.save(session, call_uid, texts, subject=subject, now=console.now())
    except LexiconError as error:
        return await _reference(request, call_uid, subject, problem=PROBLEMS[error.code], status=409)
    return RedirectResponse("/figures/references?kept=1", 303)


@router.get("/forms")
async def forms_page(request: Request, subject: Annotated[Subject, require(Action.DIFFERENCE_VIEW)]) -> Response:
    """How agents' forms differ from their calls, over four weeks (D68)."""
    console = console_of(request)
    now = console.now()
    async with console.database.transaction() as session:
        agents = await differences.by_agent(session, since=now - timedelta(days=DAYS), until=now)
        await audit.record(
            session, actor=subject.login, role=subject.role, action=Action.DIFFERENCE_VIEW, subject="agents",
            detail={"days": DAYS}, now=now,
        )  # fmt: skip
    return console.pages.page(
        request, "figures/forms.html", agents=agents, days=DAYS, fields=FIELDS, few=differences.FEW
    )


def _two_weeks(now: datetime, request: Request) -> tuple[datetime, datetime]:
    zone = console_of(request).settings.zone
    return week_bounds(iso_week(now - timedelta(weeks=1), zone), zone)[0], now + timedelta(seconds=1)


async def _reference(
    request: Request, call_uid: str, subject: Subject, *, problem: str = "", status: int = 200
) -> Response:
    console = console_of(request)
    async with console.database.transaction() as session:
        heard = await drafts.transcript_of(session, call_uid)
        if heard is None:
            raise Missing
        typed = await references.get(session, call_uid)
        await audit.record(
            session, actor=subject.login, role=subject.role, action="reference.view", subject=f"call:{call_uid}",
            detail={}, now=console.now(),
        )  # fmt: skip
        recording = await store.get(session, call_uid)
        call = await ledger.get_call(session, call_uid)
    known = {turn.start: turn.text for turn in typed.turns} if typed else {}
    rows = [(turn, known.get(turn.start, "" if typed else turn.text)) for turn in heard.turns]
    return console.pages.page(
        request, "figures/reference.html", status=status, call_uid=call_uid, rows=rows, typed=typed, problem=problem,
        longest=references.LONGEST, recording=recording, call=call,
    )  # fmt: skip
