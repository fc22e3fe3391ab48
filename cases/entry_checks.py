"""Inspectors look at what clerks entered, field by field, and note what should have stood there (D30, D70)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cases.desk_models import DeskMove, EntryCheck
from cases.desk_rows import DRAFT
from cases.desk_states import ItemState
from cases.errors import OrderMissing, WrongField
from cases.models import Order
from cases.sheet import FIELDS, text
from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action


@dataclass(frozen=True, slots=True)
class Checked:
    """What inspectors found in one person's entries of a period."""

    entries: int = 0
    fields: int = 0
    """Fields that were looked at."""
    wrong: Mapping[str, int] = field(default_factory=dict)
    """By field, how often it was wrong."""

    @property
    def accuracy(self) -> float | None:
        """Share of fields that were right, 0…1; None where nothing was looked at."""
        return 1 - sum(self.wrong.values()) / self.fields if self.fields else None


@dataclass(frozen=True, slots=True)
class Entered:
    """One order that a person entered, for the inspector's list."""

    number: str
    kind: str
    business: str
    at: datetime
    wrong: int | None
    """Fields found wrong; None where nobody looked yet."""


@dataclass(frozen=True, slots=True)
class CheckView:
    """One looked-at entry; `wrong` says by field what should have stood there."""

    order_number: str
    wrong: Mapping[str, str]
    by: str
    at: datetime


async def check_entry(
    session: AsyncSession, number: str, *, wrong: Mapping[str, str], subject: Subject, now: datetime
) -> None:
    """Note what was wrong in an order that somebody entered at the desk; noted again, the later word stands.

    Raises Denied, OrderMissing where the order was not entered at the desk, WrongField for an unknown field, a text
    that cannot be kept, or the inspector's own entry.
    """
    subject.demand(Action.SCORE_WRITE)
    order = await session.get(Order, number)
    clerk = await _clerk_of(session, order.source) if order is not None else None
    if order is None or clerk is None:
        raise OrderMissing(f"there is no order {number[:40]!r} that was entered at the desk")
    if clerk == subject.user_id:
        raise WrongField("order", "was entered by yourself; another inspector looks at it")
    for name in wrong:
        if name not in FIELDS:
            raise WrongField(name, "is no field of the sheet")
    found = {name: text(name, said) for name, said in wrong.items()}
    values = {"clerk_id": clerk, "wrong": found, "fields": len(FIELDS), "by": subject.login, "at": now}
    made = insert(EntryCheck).values(order_number=number, **values)
    await session.execute(made.on_conflict_do_update(index_elements=["order_number"], set_=values))
    await audit.record(
        session, actor=subject.login, role=subject.role.value, action="entry.check", subject=f"order:{number}",
        detail={"wrong": sorted(found)}, now=now,
    )  # fmt: skip


async def check_of(session: AsyncSession, number: str) -> CheckView | None:
    row = await session.get(EntryCheck, number, populate_existing=True)
    return CheckView(row.order_number, row.wrong, row.by, row.at) if row is not None else None


async def checks_of(
    session: AsyncSession, clerks: Iterable[UUID], *, since: datetime, until: datetime
) -> dict[UUID, Checked]:
    """What was found in these people's orders that were made in `[since, until)`."""
    query = select(EntryCheck).join(Order, Order.number == EntryCheck.order_number)
    query = query.where(EntryCheck.clerk_id.in_(list(clerks)), Order.created_at >= since, Order.created_at < until)
    found: dict[UUID, Checked] = {}
    for row in await session.scalars(query):
        before = found.get(row.clerk_id, Checked())
        wrong = dict(before.wrong)
        for name in row.wrong:
            wrong[name] = wrong.get(name, 0) + 1
        found[row.clerk_id] = Checked(before.entries + 1, before.fields + row.fields, wrong)
    return found


async def entered_by(
    session: AsyncSession, clerk_id: UUID, *, since: datetime, until: datetime, limit: int = 200
) -> list[Entered]:
    """Orders of what this person ended at the desk in `[since, until)`, the latest first."""
    moves = select(DeskMove.ref).where(DeskMove.after == ItemState.DONE.value, DeskMove.actor_id == clerk_id)
    refs = await session.scalars(moves.where(DeskMove.at >= since, DeskMove.at < until))
    sources = [f"call:{ref.removeprefix(DRAFT)}" if ref.startswith(DRAFT) else ref for ref in refs]
    query = (
        select(Order.number, Order.kind, Order.business, Order.created_at, EntryCheck.wrong)
        .outerjoin(EntryCheck, EntryCheck.order_number == Order.number)
        .where(Order.source.in_(sources))
        .order_by(Order.created_at.desc(), Order.number)
        .limit(limit)
    )
    return [
        Entered(row.number, row.kind, row.business, row.created_at, None if row.wrong is None else len(row.wrong))
        for row in await session.execute(query)
    ]


async def _clerk_of(session: AsyncSession, source: str) -> UUID | None:
    """Who ended at the desk what the order was made from."""
    ref = DRAFT + source.removeprefix("call:") if source.startswith("call:") else source
    query = select(DeskMove.actor_id).where(DeskMove.ref == ref, DeskMove.after == ItemState.DONE.value)
    return await session.scalar(query.order_by(DeskMove.id.desc()).limit(1))
