"""Score cards: what an inspector found in a drawn call (D67, D68, D111, D115), and what it comes to.

A card starts at 100 points; each finding takes points off; a fatal one takes them all (D140).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action
from qa.errors import AlreadyScored, BadScore, OwnCall, UnknownSample
from qa.models import Sample, ScoreCard
from qa.template import FULL_MARKS, Template, template
from recordings import holds
from recordings.holds import HoldReason

_LONGEST_REMARK = 500
_LONGEST_COMMENT = 2000


@dataclass(frozen=True, slots=True)
class Finding:
    """One item of the template that was found. `second` points into the recording; fatal items take no points."""

    code: str
    points: int = 0
    second: float | None = None
    remark: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"points": self.points, "second": self.second, "remark": self.remark}


@dataclass(frozen=True, slots=True)
class Result:
    total: int
    fatal: bool


@dataclass(frozen=True, slots=True)
class ScoreView:
    """A written card."""

    sample_id: UUID
    call_uid: str
    inspector_id: UUID
    findings: tuple[Finding, ...]
    total: int
    fatal: bool
    comment: str
    created_at: datetime
    version: str


def total(findings: Sequence[Finding], card: Template, *, seconds: float | None = None) -> Result:
    """What the findings come to on this template; `seconds` is the recording's length, where it is known.

    Raises BadScore for an unknown or repeated item, points outside the item's range, or a second outside the call.
    """
    items = card.items
    seen: set[str] = set()
    for each in findings:
        item = items.get(each.code)
        if item is None:
            raise BadScore(f"no item {each.code!r} on the score card {card.version}; use {', '.join(items)}")
        if each.code in seen:
            raise BadScore(f"{item.name} is marked twice; put both remarks into one")
        seen.add(each.code)
        if item.fatal and each.points:
            raise BadScore(f"{item.name} is a veto and takes no points of its own; mark it with 0")
        if not item.fatal and not 1 <= each.points <= item.points:
            raise BadScore(f"{item.name}: take off 1 to {item.points} points, not {each.points}")
        if each.second is not None and not 0 <= each.second <= (seconds if seconds is not None else each.second):
            length = f"; the recording is {seconds:.1f} s long" if seconds is not None else ""
            raise BadScore(f"{item.name}: second {each.second:g} lies outside the call{length}")
        if len(each.remark) > _LONGEST_REMARK:
            raise BadScore(f"{item.name}: shorten the remark to {_LONGEST_REMARK} characters")
    fatal = any(items[code].fatal for code in seen)
    return Result(0 if fatal else max(0, FULL_MARKS - sum(each.points for each in findings)), fatal)


async def write_score(
    session: AsyncSession,
    *,
    sample_id: UUID,
    findings: Sequence[Finding],
    comment: str,
    subject: Subject,
    now: datetime,
    seconds: float | None = None,
) -> ScoreView:
    """Write the card of a drawn call; a card is written once.

    Raises Denied, UnknownSample, AlreadyScored, OwnCall and BadScore.
    """
    subject.demand(Action.SCORE_WRITE)
    sample = await session.get(Sample, sample_id, with_for_update=True)
    if sample is None:
        raise UnknownSample("this call is not among the samples; open it from the sample list")
    if subject.seat and subject.seat == sample.seat:
        raise OwnCall("this is a call of your own seat; another inspector must score it")
    if await session.scalar(select(ScoreCard.id).where(ScoreCard.sample_id == sample_id)) is not None:
        raise AlreadyScored("this call has its score card already; open it to read it")
    if len(comment) > _LONGEST_COMMENT:
        raise BadScore(f"shorten the comment to {_LONGEST_COMMENT} characters")
    card = template()
    result = total(findings, card, seconds=seconds)
    row = ScoreCard(
        sample_id=sample_id,
        call_uid=sample.call_uid,
        inspector_id=subject.user_id,
        items={each.code: each.to_json() for each in findings},
        total=result.total,
        fatal=result.fatal,
        comment=comment,
        created_at=now,
        version=card.version,
    )
    session.add(row)
    await session.flush()
    await holds.release(session, HoldReason.SAMPLE, str(sample_id), now)
    await audit.record(
        session,
        actor=subject.login,
        role=subject.role.value,
        action=Action.SCORE_WRITE.value,
        subject=sample.call_uid,
        detail={"sample": str(sample_id), "total": result.total, "fatal": result.fatal, "items": sorted(row.items)},
        now=now,
    )
    return _view(row)


async def get_score(session: AsyncSession, sample_id: UUID) -> ScoreView | None:
    """The card of a sample, None while it has none."""
    row = await session.scalar(select(ScoreCard).where(ScoreCard.sample_id == sample_id))
    return _view(row) if row else None


def findings_from(items: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Findings out of the JSON of a stored card."""
    return tuple(
        Finding(code, int(told["points"]), told.get("second"), str(told.get("remark", "")))
        for code, told in items.items()
    )


def _view(row: ScoreCard) -> ScoreView:
    return ScoreView(
        sample_id=row.sample_id,
        call_uid=row.call_uid,
        inspector_id=row.inspector_id,
        findings=findings_from(row.items),
        total=row.total,
        fatal=row.fatal,
        comment=row.comment,
        created_at=row.created_at,
        version=row.version,
    )
