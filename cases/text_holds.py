"""What keeps a text from being deleted, and since when its days count: its order, the order's kin, persons' holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Order
from cases.text_entries import TextState, ref_of
from cases.text_entry_models import TextEntry
from recordings import holds

DISCARDED = "discarded"
"""The class of a text that became no order."""


@dataclass(frozen=True, slots=True)
class Holding:
    """`kind` is that of its order or `discarded`; None while it is still to be entered. `since`: its days begin."""

    kind: str | None
    held: tuple[str, ...]
    since: datetime


async def holding(session: AsyncSession, entries: Sequence[TextEntry]) -> dict[int, Holding]:
    """By entry. Open work, an open case and the orders that supplement it or that it supplements hold a text."""
    numbers = {entry.order_number for entry in entries if entry.order_number is not None}
    found = list(
        await session.scalars(select(Order).where(or_(Order.number.in_(numbers), Order.original.in_(numbers))))
    )
    about = {order.original for order in found if order.original is not None} - numbers
    found += list(await session.scalars(select(Order).where(Order.number.in_(about))))
    own = {order.number: order for order in found}
    refs = [ref_of(entry.id) for entry in entries]
    by_person = await holds.open_holds(session, refs)
    released = await holds.released(session, refs)
    result = {}
    for entry in entries:
        kin = [
            order
            for order in found
            if entry.order_number is not None
            and (
                entry.order_number in {order.number, order.original} or order.number == own[entry.order_number].original
            )
        ]
        held = [] if entry.state != TextState.OPEN.value else ["it is still to be entered"]
        held += [f"case {order.number}" for order in kin if order.closed_at is None]
        held += [hold.said for hold in by_person if hold.call_uid == ref_of(entry.id)]
        ends = [order.closed_at for order in kin if order.closed_at is not None]
        ends += [moment for moment in (entry.closed_at, released.get(ref_of(entry.id))) if moment is not None]
        kind = own[entry.order_number].kind if entry.order_number is not None else None
        if entry.state == TextState.DISCARDED.value:
            kind = DISCARDED
        result[entry.id] = Holding(kind, tuple(held), max([entry.received_at, *ends]))
    return result
