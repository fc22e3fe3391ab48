"""Handlers of inspection samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from acd import ledger
from acd.ledger import CallView
from cases import differences
from cases.compare import Proposal, proposals
from cases.differences import Compared
from console import labels
from console.access import require
from console.errors import N_, Missing
from console.lexicon.rows import FIELDS
from console.samples import card as cards
from console.samples.card import ItemRow
from console.state import Console, console_of
from hotline import audit
from hotline.accounts import Subject
from hotline.clock import local_day
from hotline.roles import Action, allows
from qa import draws, score
from qa.draws import SampleView
from qa.errors import AlreadyScored, BadScore, OwnCall
from qa.sampler import iso_week
from qa.score import ScoreView
from qa.template import template
from recordings import store
from recordings.store import RecordingView
from transcribe import drafts
from transcribe.masking import masked_text
from transcribe.turns import Turn

router = APIRouter(prefix="/samples")

CHOICES = {
    "kind": labels.KINDS, "business": labels.BUSINESS, "nature": labels.NATURES, "category": labels.CATEGORIES,
    "cause": labels.ROOT_CAUSES, "cause_detail": labels.CAUSE_DETAILS, "consent": labels.CONSENTS,
}  # fmt: skip
"""Fields whose values are codes, with their names."""

NOTHING_TO_DRAW = N_("Nothing more to draw: the share of this day's finished calls is drawn already.")
DRAWN = N_("%(count)s calls are drawn.")
SAVED = N_("The score card is saved. It can be read and not changed.")
OWN_CALL = N_("This is a call of your own seat; another inspector must score it.")
SCORED_MEANWHILE = N_("Another inspector has scored this call meanwhile; this is that card.")
CANNOT_BE_SAVED = N_("The card cannot be saved like that. Check points, seconds and the length of the comment.")


@router.get("")
async def sample_list(
    request: Request, subject: Annotated[Subject, require(Action.SAMPLE_VIEW)], day: str = "", drawn: int | None = None
) -> Response:
    """One day's draw with its seed and rate (D64), and where each seat stands this week (D65)."""
    console = console_of(request)
    today = local_day(console.now(), console.settings.zone)
    chosen = _day(day) or date.fromisoformat(today)
    async with console.database.transaction() as session:
        samples = await draws.list_samples(session, day=chosen.isoformat())
        runs = await draws.runs_of(session, chosen.isoformat())
        week = iso_week(chosen.isoformat())
        quota = await draws.quota(session, week, settings=console.settings)
    notice = NOTHING_TO_DRAW if drawn == 0 else DRAWN if drawn is not None else ""
    return console.pages.page(
        request,
        "samples/list.html",
        day=chosen.isoformat(),
        before=(chosen - timedelta(days=1)).isoformat(),
        after=(chosen + timedelta(days=1)).isoformat() if chosen.isoformat() < today else "",
        today=today,
        samples=samples,
        runs=runs,
        rate=runs[-1].rate if runs else console.settings.qa_rate,
        week=week,
        quota=sorted(quota, key=lambda each: each.seat),
        notice=notice,
        drawn=drawn,
    )


@router.post("/draw")
async def draw_now(
    request: Request, subject: Annotated[Subject, require(Action.SAMPLE_DRAW)], day: Annotated[str, Form()] = ""
) -> Response:
    """Draw what is still missing of a day's share; the worker does the same each night."""
    console = console_of(request)
    chosen = _day(day)
    if chosen is None:
        raise Missing
    async with console.database.transaction() as session:
        drawn = await draws.draw_day(
            session,
            chosen.isoformat(),
            settings=console.settings,
            actor=subject.login,
            role=subject.role,
            now=console.now(),
        )
    return RedirectResponse(f"/samples?day={chosen.isoformat()}&drawn={len(drawn)}", 303)


@dataclass(frozen=True, slots=True)
class Case:
    """A sample with all that the inspector hears, reads and has written."""

    sample: SampleView
    call: CallView | None
    recording: RecordingView | None
    turns: tuple[Turn, ...]
    score: ScoreView | None
    compared: tuple[Compared, ...]
    """The agents' forms of this call beside what was read out of it (D68)."""

    @property
    def proposed(self) -> tuple[tuple[Proposal, ...], ...]:
        return tuple(proposals(each.differences) for each in self.compared)


@router.get("/{sample_id}")
async def sample_page(
    request: Request, sample_id: UUID, subject: Annotated[Subject, require(Action.SAMPLE_VIEW)], saved: bool = False
) -> Response:
    """One drawn call: player, turns and score card. That it was read is an audit row."""
    console = console_of(request)
    async with console.database.transaction() as session:
        case = await _case(console, session, sample_id)
        await audit.record(
            session,
            actor=subject.login,
            role=subject.role,
            action=Action.SAMPLE_VIEW,
            subject=f"call:{case.sample.call_uid}",
            detail={"sample": str(sample_id)},
            now=console.now(),
        )
    return _page(request, subject, case, notice=SAVED if saved and case.score else "")


@router.post("/{sample_id}/score")
async def write_score(
    request: Request,
    sample_id: UUID,
    subject: Annotated[Subject, require(Action.SCORE_WRITE)],
    comment: Annotated[str, Form()] = "",
) -> Response:
    """Save the card, once."""
    console = console_of(request)
    form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    async with console.database.transaction() as session:
        case = await _case(console, session, sample_id)
    seconds = case.recording.seconds if case.recording else None
    sent = cards.read(template(), form, seconds)
    rows = cards.typed(template(), form, sent.problems)
    if sent.problems:
        return _page(request, subject, case, status=422, rows=rows, comment=comment)
    try:
        async with console.database.transaction() as session:
            await score.write_score(
                session,
                sample_id=sample_id,
                findings=sent.findings,
                comment=masked_text(comment.strip()),
                subject=subject,
                now=console.now(),
                seconds=seconds,
            )
    except AlreadyScored:
        async with console.database.transaction() as session:
            case = await _case(console, session, sample_id)
        return _page(request, subject, case, status=409, problem=SCORED_MEANWHILE)
    except OwnCall:
        return _page(request, subject, case, status=409, rows=rows, comment=comment, problem=OWN_CALL)
    except BadScore:
        return _page(request, subject, case, status=422, rows=rows, comment=comment, problem=CANNOT_BE_SAVED)
    return RedirectResponse(f"/samples/{sample_id}?saved=1", 303)


async def _case(console: Console, session: AsyncSession, sample_id: UUID) -> Case:
    sample = await draws.get_sample(session, sample_id)
    if sample is None:
        raise Missing
    heard = await drafts.transcript_of(session, sample.call_uid)
    return Case(
        sample,
        await ledger.get_call(session, sample.call_uid),
        await store.get(session, sample.call_uid),
        heard.turns if heard else (),
        await score.get_score(session, sample_id),
        await differences.keep(session, sample.call_uid, zone=console.settings.zone, now=console.now()),
    )


def _page(
    request: Request,
    subject: Subject,
    case: Case,
    *,
    status: int = 200,
    rows: Mapping[str, ItemRow] | None = None,
    comment: str = "",
    problem: str = "",
    notice: str = "",
) -> Response:
    console = console_of(request)
    sheet = template()
    answered = rows is not None
    if case.score is not None:
        rows, comment = cards.written(sheet, case.score), case.score.comment
    return console.pages.page(
        request,
        "samples/page.html",
        status=status,
        sample=case.sample,
        call=case.call,
        recording=case.recording,
        turns=case.turns if allows(subject.role, Action.RECORDING_REPLAY) else (),
        score=case.score,
        sheet=sheet,
        rows=rows or cards.empty(sheet),
        comment=comment,
        answered=answered,
        compared=case.compared if allows(subject.role, Action.DIFFERENCE_VIEW) else (),
        proposed=case.proposed,
        hints=[each for own in case.proposed for each in own] if allows(subject.role, Action.DIFFERENCE_VIEW) else [],
        fields=FIELDS,
        choices=CHOICES,
        editable=case.score is None and allows(subject.role, Action.SCORE_WRITE),
        problem=problem,
        notice=notice,
        now=console.now(),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
