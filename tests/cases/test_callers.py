"""Open cases by the caller's number: what orders tell the call floor (D84, D85), and drafts the clerks (D27)."""

from __future__ import annotations

from datetime import timedelta

import psycopg
from sqlalchemy import text

from acd.clerks import count_work
from acd.customers import UNKNOWN, Standing, standings
from cases import orders
from hotline.accounts import Subject
from hotline.database import Database
from hotline.embedded import libpq_url
from tests.cases.conftest import ENDED, NOW, AddDraft
from tests.cases.test_orders import confirm

LIMIT = ENDED + timedelta(hours=48)
CALLER = "+8613900001111"


async def standing(database: Database, *, later: timedelta = timedelta(0)) -> Standing:
    async with await psycopg.AsyncConnection.connect(libpq_url(database.url)) as connection:
        return (await standings(connection, [CALLER], NOW + later)).get(CALLER, UNKNOWN)


async def seated(database: Database, subject: Subject, seat: str) -> None:
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE users SET seat = :seat WHERE id = :id"), {"seat": seat, "id": subject.user_id}
        )
        await session.execute(text("UPDATE calls SET caller = :caller"), {"caller": CALLER})


async def work(database: Database) -> int:
    async with database.transaction() as session:
        return await count_work(session)


async def test_an_order_makes_its_owner_the_first_asked_until_it_is_closed(
    database: Database, clerk: Subject, add_draft: AddDraft
) -> None:
    uid = await add_draft()
    await seated(database, clerk, "8002")
    assert await standing(database) == UNKNOWN
    order = await confirm(database, clerk, uid)
    known = await standing(database)
    assert (known.owner, known.due_at, known.past_limit, known.cases) == ("8002", LIMIT, False, 1)
    assert (await standing(database, later=timedelta(hours=72))).past_limit
    await seated(database, clerk, "8007")
    assert (await standing(database)).owner == "8007", "the owner works at another seat today"
    async with database.transaction() as session:
        await orders.close(session, order.number, reply="已答复", subject=clerk, now=NOW)
    assert await standing(database) == UNKNOWN


async def test_asking_again_starts_no_new_clock(database: Database, clerk: Subject, add_draft: AddDraft) -> None:
    first, second = await add_draft(), await add_draft("n1-2.2")
    await seated(database, clerk, "8002")
    order = await confirm(database, clerk, first)
    async with database.transaction() as session:
        await session.execute(text("UPDATE orders SET reply_due_at = :at"), {"at": LIMIT - timedelta(hours=30)})
    await confirm(database, clerk, second, original=order.number)
    async with database.transaction() as session:
        await orders.close(session, order.number, reply="已答复", subject=clerk, now=NOW)
    known = await standing(database)
    assert (known.repeated, known.due_at, known.cases) == (True, LIMIT - timedelta(hours=30), 1)


async def test_a_draft_is_work_for_a_clerk_until_it_is_decided(
    database: Database, clerk: Subject, add_draft: AddDraft
) -> None:
    first, second = await add_draft(), await add_draft("n1-2.2")
    assert await work(database) == 2
    await confirm(database, clerk, first)
    assert await work(database) == 1
    async with database.transaction() as session:
        await orders.discard(session, call_uid=second, reason="空录音", subject=clerk, now=NOW)
    assert await work(database) == 0
