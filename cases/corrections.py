"""What people made of each drafted field: the truth that classifiers learn from and weekly figures count (D30)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cases.desk_models import DraftCorrection
from cases.sheet import said

RULES = "rules"
"""What read a field for which the draft names no other source."""
NOT_FIELDS = frozenset({"evidence", "confidence", "alternatives", "sources"})
"""What a draft says about its fields."""


@dataclass(frozen=True, slots=True)
class ConfirmedField:
    """One field of one decided draft. Values as in the draft's JSON; times aware."""

    call_uid: str
    """The call, or `text:<id>` of a text entry."""
    field: str
    drafted: Any
    confirmed: Any
    confidence: float | None
    engine: str
    extractor: str
    by: str
    at: datetime
    discarded: bool = False

    @property
    def changed(self) -> bool:
        return not self.discarded and said(self.drafted) != said(self.confirmed)


async def confirmed_fields(
    session: AsyncSession, *, since: datetime, until: datetime, discarded: bool = False
) -> list[ConfirmedField]:
    """Fields of the drafts that were confirmed in `[since, until)`, oldest first; with `discarded`, of those that were
    thrown away instead, whose `confirmed` is None."""
    query = (
        select(DraftCorrection)
        .where(DraftCorrection.at >= since, DraftCorrection.at < until, DraftCorrection.discarded.is_(discarded))
        .order_by(DraftCorrection.at, DraftCorrection.call_uid, DraftCorrection.field)
    )
    return [_view(row) for row in await session.scalars(query)]


async def fields_of(session: AsyncSession, call_uids: Iterable[str]) -> list[ConfirmedField]:
    """Every field of these decided drafts."""
    query = select(DraftCorrection).where(DraftCorrection.call_uid.in_(list(call_uids)))
    return [_view(row) for row in await session.scalars(query.order_by(DraftCorrection.call_uid))]


async def keep(
    session: AsyncSession,
    call_uid: str,
    draft: Mapping[str, Any],
    confirmed: Mapping[str, Any] | None,
    *,
    engine: str,
    by: str,
    now: datetime,
) -> None:
    """One row for each field of `draft`, changed or not; `confirmed` None says that it was thrown away.

    Decided again (a discarded draft that came back), the later decision stands.
    """
    names = [name for name in draft if name not in NOT_FIELDS]
    sure = draft.get("confidence", {})
    sources = draft.get("sources", {})
    for name in names:
        values = {
            "drafted": draft[name], "confirmed": confirmed.get(name) if confirmed is not None else None,
            "discarded": confirmed is None, "confidence": sure.get(name), "engine": engine,
            "extractor": sources.get(name, RULES), "by": by, "at": now,
        }  # fmt: skip
        made = insert(DraftCorrection).values(call_uid=call_uid, field=name, **values)
        await session.execute(made.on_conflict_do_update(index_elements=["call_uid", "field"], set_=values))


def _view(row: DraftCorrection) -> ConfirmedField:
    return ConfirmedField(
        row.call_uid, row.field, row.drafted, row.confirmed, row.confidence, row.engine, row.extractor, row.by, row.at,
        row.discarded,
    )  # fmt: skip
