from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from hotline.clock import ManualClock
from hotline.database import Database
from hotline.health import DEAD_SECONDS, Check, beat, gone, keep_beating, parts, readiness

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


async def test_a_part_is_alive_while_it_beats_and_dead_when_it_has_not_for_long(database: Database) -> None:
    async with database.transaction() as session:
        await beat(session, "worker", NOW, NOW)
    later = NOW + timedelta(seconds=DEAD_SECONDS)
    assert await readiness(database, NOW, ["worker"]) == [Check("database", True), Check("worker", True)]
    assert [check.ok for check in await readiness(database, later, ["worker", "controller"])] == [True, False, False]
    async with database.transaction() as session:
        await beat(session, "worker", NOW, later)
    assert all(check.ok for check in await readiness(database, later, ["worker"]))


async def test_a_part_that_ends_in_order_is_not_listed(database: Database) -> None:
    async with database.transaction() as session:
        await beat(session, "web", NOW, NOW)
        await gone(session, "web")
        assert await parts(session) == []


async def test_a_database_that_does_not_answer_is_one_failed_check() -> None:
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    checks = await readiness(database, NOW)
    await database.close()
    assert [(check.name, check.ok) for check in checks] == [("database", False)]


async def test_beating_goes_on_without_a_database_and_takes_itself_back_at_the_end(database: Database) -> None:
    stop = asyncio.Event()
    beating = asyncio.create_task(keep_beating(database, ManualClock(NOW), "worker", stop))
    seen = []
    for _ in range(100):
        async with database.transaction() as session:
            seen = await parts(session)
        if seen:
            break
        await asyncio.sleep(0.05)
    assert [(part.name, part.alive(NOW)) for part in seen] == [("worker", True)]
    stop.set()
    await beating
    async with database.transaction() as session:
        assert await parts(session) == []

    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    stop.clear()
    beating = asyncio.create_task(keep_beating(away, ManualClock(NOW), "worker", stop))
    await asyncio.sleep(0.3)
    assert not beating.done()
    stop.set()
    await beating
    await away.close()
