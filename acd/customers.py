"""Who calls: the customer's class by number, which decides about a senior seat (D18, D120)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from acd.claims import Connection
from acd.errors import DeskError
from acd.models import Customer
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


async def class_of_numbers(connection: Connection, numbers: Sequence[str]) -> dict[str, CustomerClass]:
    """Classes of those `numbers` (as told by Asterisk) that belong to known customers."""
    plain = {number: plain_number(number) for number in numbers}
    query = "SELECT number, customer_class FROM customers WHERE number = ANY(%s)"
    rows = await (await connection.execute(query, (list(plain.values()),))).fetchall()
    classes = {number: CustomerClass(customer_class) for number, customer_class in rows}
    return {number: classes[kept] for number, kept in plain.items() if kept in classes}
