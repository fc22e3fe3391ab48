"""What a seat did is written down by the database, whoever changed the row; and shifts are held against it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import select

from acd import claims, desk, roster_book
from acd.roster import Standing
from acd.roster_book import Fault, Plan, RosterError
from acd.roster_models import SeatStateRow
from acd.seats import Answered, CallOver, step
from acd.words import Level
from hotline.database import Database
from hotline.embedded import libpq_url
from hotline.models import User
from hotline.roles import Role

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 23)
EIGHT = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
"""Eight in the morning in Shanghai."""
GRACE = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    return EIGHT + timedelta(minutes=minutes)


@pytest.fixture
async def house(database: Database) -> Database:
    async with database.transaction() as session:
        session.add(
            User(login="lina", name="李娜", role=Role.JUNIOR, seat="8001", password_hash="-", created_at=at(-9000))
        )
        await session.flush()
        await desk.add_seat(session, "8001", name="-", level=Level.JUNIOR, now=at(-600))
    return database


async def history(database: Database) -> Sequence[SeatStateRow]:
    async with database.transaction() as session:
        return (await session.scalars(select(SeatStateRow).order_by(SeatStateRow.id))).all()


async def test_every_way_of_changing_a_seat_is_in_its_history(house: Database) -> None:
    async with house.transaction() as session:
        await desk.log_in(session, "8001", at(7))
    async with house.transaction() as session:
        await desk.ready(session, "8001", at(9))
    async with await psycopg.AsyncConnection.connect(libpq_url(house.url), autocommit=True) as controller:
        await controller.execute("UPDATE seats SET reachable = true")
        claimed = await claims.claim(controller, "n1-1.1", "8001", now=at(20), lease=20)
        assert claimed is not None
        talking = step(claimed, Answered("n1-1.1", claimed.epoch), at(20.1))
        assert await claims.save(controller, claimed, talking)
        assert await claims.save(controller, talking, step(talking, CallOver("n1-1.1"), at(25)))
    async with house.transaction() as session:
        await desk.take_break(session, "8001", "meal", at(26))
    rows = await history(house)
    assert [(row.state, row.reason, row.person) for row in rows] == [
        ("offline", None, "lina"), ("break", "", "lina"), ("ready", None, "lina"), ("ringing", None, "lina"),
        ("talking", None, "lina"), ("wrap_up", None, "lina"), ("break", "meal", "lina"),
    ]  # fmt: skip
    assert [row.until for row in rows[:-1]] == [row.since for row in rows[1:]]
    assert rows[-1].until is None
    assert rows[1].since == at(7)


async def test_another_reason_of_a_break_is_another_stretch_and_a_removed_seat_ends_its_history(
    house: Database,
) -> None:
    now = datetime.now(UTC)
    async with house.transaction() as session:
        await desk.log_in(session, "8001", now)
    async with house.transaction() as session:
        await desk.take_break(session, "8001", "meal", now)
    async with house.transaction() as session:
        await desk.take_break(session, "8001", "training", now)
    assert [row.reason for row in await history(house)] == [None, "", "meal", "training"]
    async with house.transaction() as session:
        await desk.remove_seat(session, "8001")
    rows = await history(house)
    assert all(row.until is not None and row.until >= row.since for row in rows)


async def test_a_clock_that_is_behind_makes_no_stretch_that_ends_before_it_begins(house: Database) -> None:
    async with house.transaction() as session:
        await desk.log_in(session, "8001", at(10))
    async with house.transaction() as session:
        await desk.ready(session, "8001", at(9.9))
    rows = await history(house)
    assert rows[1].until == rows[1].since == rows[2].since


async def test_who_was_late_is_read_off_the_seat_of_the_person(house: Database) -> None:
    async with house.transaction() as session:
        plans = [
            Plan(DAY, "lina", "", time(8), time(16), 30),
            Plan(DAY, "", "8001", time(17), time(18)),
            Plan(DAY - timedelta(days=1), "lina", "8001", time(22), time(6), 30),
        ]
        assert await roster_book.add(session, plans, SHANGHAI) == [None, None, None]
    for minutes, press in ((7, desk.log_in), (8, desk.ready), (481, desk.log_out)):
        async with house.transaction() as session:
            await press(session, "8001", at(minutes))
    async with house.transaction() as session:
        early, evening = await roster_book.kept(session, DAY, SHANGHAI, at(700), GRACE)
        (night,) = await roster_book.kept(session, DAY - timedelta(days=1), SHANGHAI, at(700), GRACE)
    assert (early.attendance.standing, early.attendance.late, early.attendance.early) == (Standing.DONE, 420, 0)
    assert (early.day.ready, early.day.unready) == (472 * 60, 60)
    assert evening.attendance.standing is Standing.ABSENT
    assert night.attendance.standing is Standing.ABSENT


async def test_a_roster_is_written_whole_or_not_at_all_and_copied_from_last_week(house: Database) -> None:
    good = Plan(DAY, "lina", "8001", time(8), time(16), 30)
    async with house.transaction() as session:
        assert await roster_book.add(session, [good, good], SHANGHAI) == [None, Fault.CLASH]
        assert await roster_book.between(session, DAY, DAY) == []
        assert await roster_book.add(session, [good], SHANGHAI) == [None]
        assert await roster_book.copy_week(session, DAY + timedelta(days=7), SHANGHAI) == (1, 0)
        assert await roster_book.copy_week(session, DAY + timedelta(days=7), SHANGHAI) == (0, 1)
        (copied,) = await roster_book.between(session, DAY + timedelta(days=7), DAY + timedelta(days=13))
        assert copied.plan == Plan(DAY + timedelta(days=7), "lina", "8001", time(8), time(16), 30)
        assert await roster_book.remove(session, copied.id) == copied.plan
        with pytest.raises(RosterError):
            await roster_book.remove(session, copied.id)
