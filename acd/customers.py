"""Who calls, by number: the customer's class (D18, D120), and open cases with their owner and limit (D84, D85)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from acd.claims import Connection
from acd.errors import DeskError
from acd.models import Customer
from acd.routing_models import Caller
from acd.words import CustomerClass

_NUMBER = re.compile(r"[0-9]{3,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CustomerView:
    number: str
    name: str
    customer_class: CustomerClass


def plain_number(number: str) -> str:
    """The number as customers are kept: digits alone, without the country code +86 or 0086."""
    digits = re.sub(r"[\s()-]", "", number)
    for prefix in ("+86", "0086"):
        if digits.startswith(prefix):
            return digits.removeprefix(prefix)
    return digits.removeprefix("+")


async def add_customer(session: AsyncSession, number: str, name: str, customer_class: CustomerClass) -> None:
    """Know a customer by number; the same number again replaces name and class."""
    plain = plain_number(number)
    if not _NUMBER.fullmatch(plain):
        raise DeskError(f"{number!r} is no telephone number; give 3 to 15 digits")
    values = {"name": name, "customer_class": customer_class.value}
    await session.execute(
        insert(Customer).values(number=plain, **values).on_conflict_do_update(index_elements=["number"], set_=values)
    )


async def remove_customer(session: AsyncSession, number: str) -> bool:
    found = await session.execute(
        delete(Customer).where(Customer.number == plain_number(number)).returning(Customer.number)
    )
    return found.first() is not None


async def customer_of(session: AsyncSession, number: str) -> CustomerView | None:
    """The known customer with this number, however it is written."""
    row = await session.get(Customer, plain_number(number), populate_existing=True)
    return CustomerView(row.number, row.name, CustomerClass(row.customer_class)) if row is not None else None


async def list_customers(session: AsyncSession) -> list[CustomerView]:
    rows = (await session.scalars(select(Customer).order_by(Customer.number))).all()
    return [CustomerView(row.number, row.name, CustomerClass(row.customer_class)) for row in rows]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a caller's number says about who should answer."""

    customer_class: CustomerClass = CustomerClass.ORDINARY
    owner: str = ""
    """Seat where the owner of the first open case works (D85); empty for none."""
    past_limit: bool = False
    """A complaint, or a repeated one, is past its limit: to the manager hotline (D15, D84)."""
    due_at: datetime | None = None
    """The first limit of an open case."""
    repeated: bool = False
    cases: int = 0
    """Open cases."""


UNKNOWN = Standing()

_CLASSES = "SELECT number, customer_class FROM customers WHERE number = ANY(%s)"
_CASES = """
SELECT c.number, coalesce(u.seat, '') AS seat, c.complaint, c.repeated, c.due_at
FROM callers c LEFT JOIN users u ON u.id = c.owner_id AND NOT u.disabled
WHERE c.number = ANY(%s) ORDER BY c.opened_at, c."case"
"""


async def standings(connection: Connection, numbers: Sequence[str], now: datetime) -> dict[str, Standing]:
    """Standing of those `numbers` (as told by Asterisk) that are known customers or have open cases."""
    plain = {number: plain_number(number) for number in numbers}
    wanted = list(plain.values())
    classes = dict(await (await connection.execute(_CLASSES, (wanted,))).fetchall())
    cases: dict[str, list[_Case]] = {}
    for number, seat, complaint, repeated, due_at in await (await connection.execute(_CASES, (wanted,))).fetchall():
        cases.setdefault(number, []).append(_Case(seat, complaint, repeated, due_at))
    return {
        number: standing_of(CustomerClass(classes.get(kept, CustomerClass.ORDINARY)), cases.get(kept, []), now)
        for number, kept in plain.items()
        if kept in classes or kept in cases
    }


class _Case(NamedTuple):
    seat: str
    complaint: bool
    repeated: bool
    due_at: datetime


def standing_of(customer_class: CustomerClass, cases: Sequence[_Case], now: datetime) -> Standing:
    """What open cases, the oldest first, make of a caller at `now`."""
    return Standing(
        customer_class=customer_class,
        owner=next((case.seat for case in cases if case.seat), ""),
        past_limit=any(case.complaint and case.due_at < now for case in cases),
        due_at=min((case.due_at for case in cases), default=None),
        repeated=any(case.repeated for case in cases),
        cases=len(cases),
    )


async def case_opened(
    session: AsyncSession,
    case: str,
    numbers: Iterable[str],
    *,
    owner_id: UUID,
    complaint: bool,
    repeated: bool,
    opened_at: datetime,
    due_at: datetime,
) -> None:
    """Know an open case by the caller's numbers; what is no number is passed over. Told again, it replaces.

    `due_at`: limit of the reply; of a repeated case that of the first one, since asking again starts no new clock.
    """
    await case_closed(session, case)
    kept = sorted({plain for number in numbers if _NUMBER.fullmatch(plain := plain_number(number))})
    session.add_all(
        Caller(
            case=case, number=number, owner_id=owner_id, complaint=complaint, repeated=repeated, opened_at=opened_at,
            due_at=due_at,
        )
        for number in kept
    )  # fmt: skip
    await session.flush()


async def case_closed(session: AsyncSession, case: str) -> None:
    """Nothing is owed any more; an unknown case is closed already."""
    await session.execute(delete(Caller).where(Caller.case == case))
