"""How well drafts are filled in, field by field, against what people confirmed (D30)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from cases.corrections import ConfirmedField, confirmed_fields
from cases.likeness import kept
from cases.sheet import said
from transcribe import figures
from transcribe.figures import Score, Week, week_bounds

FIELDS: Final = (
    "kind", "business", "nature", "category", "report", "cause", "cause_detail", "urgent", "phone", "amount", "dates",
    "place", "shop", "what_happened", "request", "promised", "consent",
)  # fmt: skip
"""Fields that are scored; the others are worked out from these or told by the call's own facts."""
_TEXT = "text:"
"""Texts that came in were read by nobody's recogniser."""


def score(field: str, drafted: Any, confirmed: Any) -> Score:
    """One value of one form."""
    left, right = said(drafted), said(confirmed)
    return Score(
        int(left is not None and right is not None and kept(field, left, right)), int(left is not None),
        int(right is not None),
    )  # fmt: skip


def total(fields: Iterable[tuple[str, Any, Any]]) -> dict[str, Score]:
    """Scores of (field, drafted, confirmed), field by field, in the order of the form."""
    added: dict[str, Score] = defaultdict(Score)
    for name, drafted, confirmed in fields:
        if name in FIELDS:
            added[name] += score(name, drafted, confirmed)
    return {name: added[name] for name in FIELDS if name in added}


async def count_week(session: AsyncSession, week: str, *, zone: ZoneInfo, now: datetime) -> list[Week]:
    """Count one week anew and keep it: errors of the calls recognised in it, scores of the forms confirmed in it."""
    since, until = week_bounds(week, zone)
    heard = await figures.errors_by_engine(session, since, until)
    confirmed = await confirmed_fields(session, since=since, until=until)
    by_engine: dict[str, list[ConfirmedField]] = defaultdict(list)
    for each in confirmed:
        if not each.call_uid.startswith(_TEXT):
            by_engine[each.engine].append(each)
    weeks = [_week(week, engine, heard, by_engine) for engine in sorted(heard.keys() | by_engine.keys())]
    await figures.keep_weeks(session, weeks, now)
    return weeks


def _week(
    week: str,
    engine: str,
    heard: Mapping[str, tuple[int, figures.Errors]],
    confirmed: Mapping[str, list[ConfirmedField]],
) -> Week:
    calls, errors = heard.get(engine, (0, figures.Errors()))
    own = confirmed.get(engine, [])
    forms = len({each.call_uid for each in own})
    return Week(week, engine, calls, errors, forms, total((each.field, each.drafted, each.confirmed) for each in own))
