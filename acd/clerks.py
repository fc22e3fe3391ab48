"""Clerks as overflow juniors (D27, D31): who enters, and who takes calls.

Whatever waits to be entered is known here by a reference and its limit; whoever makes or finishes it says so in its own
transaction. While anything waits, as many clerks as there are pieces stay with it, and only the others take calls.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from acd.claims import Connection
from acd.desk import CHANNEL
from acd.routing_models import ClerkWork

CLERKS = "clerks"
"""What the desk's channel says when there is more or less to enter."""

_CHANGED = text("SELECT pg_notify(:channel, :clerks)")


async def work_came(session: AsyncSession, ref: str, due_at: datetime) -> None:
    """Something is to be entered until `due_at`, such as `draft:n1-1732212345.7`; told twice it is one."""
    values = {"due_at": due_at}
    await session.execute(
        insert(ClerkWork).values(ref=ref, **values).on_conflict_do_update(index_elements=["ref"], set_=values)
    )
    await session.execute(_CHANGED, {"channel": CHANNEL, "clerks": CLERKS})


async def work_done(session: AsyncSession, ref: str) -> None:
    """It was entered or given up; unknown work is done already."""
    await session.execute(delete(ClerkWork).where(ClerkWork.ref == ref))
    await session.execute(_CHANGED, {"channel": CHANNEL, "clerks": CLERKS})


async def count_work(session: AsyncSession) -> int:
    return int(await session.scalar(select(func.count()).select_from(ClerkWork)) or 0)


async def pending_work(connection: Connection) -> int:
    """How many pieces wait, as the controller asks."""
    row = await (await connection.execute("SELECT count(*) FROM clerk_work")).fetchone()
    assert row is not None
    return int(row[0])


def at_their_desks(idle: Iterable[str], pieces: int) -> frozenset[str]:
    """Which of the idle clerk seats stay with the work: one for each piece, the lowest extensions."""
    return frozenset(sorted(idle)[:pieces])
