"""Calls written down once, however often and in whatever order they are told; nothing lost with the database away."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from acd import floor, ledger, record
from acd.calls import Outcome
from acd.events import CallEvent, Kind
from acd.outbox import Outbox
from acd.record import Pending
from acd.words import CustomerClass
from hotline.clock import ManualClock
from hotline.database import Database
from tests.acd.pipe import Pipe
from tests.acd.test_calls import ANSWERED, UID, at, event

PROMISE = 15.0


async def write(database: Database, *events: CallEvent, seconds: float = 100) -> None:
    async with database.transaction() as session:
        await record.write(session, [Pending(UID, set(events))], promise=PROMISE, now=at(seconds))


async def one(database: Database, query: str) -> Any:
    async with database.transaction() as session:
        return (await session.execute(text(query))).scalar()


async def call(database: Database) -> ledger.CallView:
    async with database.transaction() as session:
        found = await ledger.get_call(session, UID)
    assert found is not None
    return found


async def test_any_order_leads_to_the_same_row_and_one_finalising_job(database: Database) -> None:
    rows = []
    for order in itertools.islice(itertools.permutations(ANSWERED), 0, 40_000, 2_999):
        for one_event in [*order, order[0], order[3]]:
            await write(database, one_event)
        rows.append(await call(database))
        assert await one(database, "SELECT count(*) FROM procrastinate_jobs") == 1
        async with database.transaction() as session:
            for table in ("calls", "call_events", "breaches", "procrastinate_events", "procrastinate_jobs"):
                await session.execute(text(f"DELETE FROM {table}"))
    assert len(rows) > 5
    assert all(row == rows[0] for row in rows)
    assert (rows[0].outcome, rows[0].seat, rows[0].waited_seconds) == ("answered", "8002", 9.0)


async def test_the_time_line_is_kept_to_the_millisecond_and_never_rewritten(database: Database) -> None:
    await write(database, *ANSWERED)
    await write(database, *ANSWERED)
    async with database.transaction() as session:
        entries = await ledger.timeline(session, UID)
    assert [(entry.at, entry.kind, entry.seat, entry.epoch) for entry in entries] == [
        (told.at, told.kind.value, told.seat, told.epoch) for told in ANSWERED
    ]
    assert entries[3].detail == "NOANSWER"


async def test_a_late_event_does_not_wake_an_ended_call(database: Database) -> None:
    await write(database, *ANSWERED)
    await write(database, event(Kind.RINGING, 200, "8003", 9))
    assert (await call(database)).state == "ended"
    assert await one(database, "SELECT count(*) FROM procrastinate_jobs") == 1


async def test_a_breach_is_noted_while_it_lasts_completed_later_and_taken_back_if_it_was_none(
    database: Database,
) -> None:
    queued = event(Kind.QUEUED, 0)
    await write(database, queued, seconds=10)
    assert await one(database, "SELECT count(*) FROM breaches") == 0
    await write(database, seconds=20)
    assert await one(database, "SELECT cause FROM breaches") == "no_idle_seat"
    assert await one(database, "SELECT waited_seconds FROM breaches") == 20
    await write(database, event(Kind.RINGING, 24, "8001", 1), event(Kind.ANSWERED, 25, "8001", 1), seconds=30)
    assert await one(database, "SELECT waited_seconds FROM breaches") == 25
    assert await one(database, "SELECT noted_at FROM breaches") == at(20)
    await write(database, event(Kind.ANSWERED, 9, "8001", 1), seconds=40)
    assert await one(database, "SELECT count(*) FROM breaches") == 0


async def test_a_call_of_which_only_the_recording_is_left_is_adopted_once(database: Database) -> None:
    async with database.transaction() as session:
        assert await ledger.adopt_call(session, UID, entered_at=at(0), ended_at=at(30))
        assert not await ledger.adopt_call(session, UID, entered_at=at(5), ended_at=at(6))
    found = await call(database)
    assert (found.outcome, found.entered_at, found.ended_at) == (Outcome.ABANDONED, at(0), at(30))
    async with database.transaction() as session:
        assert [view.uid for view in await ledger.calls_ended_between(session, at(30), at(31))] == [UID]
        assert await ledger.calls_ended_between(session, at(31), at(99)) == []


async def test_the_floor_shows_who_waits_longest_first_and_who_leads(database: Database) -> None:
    async with database.transaction() as session:
        batch = [
            Pending(f"n1-1.{n}", {CallEvent(f"n1-1.{n}", Kind.QUEUED, at(n))}, CustomerClass.KEY_ACCOUNT)
            for n in (3, 1, 2)
        ]
        await record.write(session, batch, promise=PROMISE, now=at(5))
    async with database.transaction() as session:
        view = await floor.snapshot(session, at(10))
    assert [(caller.uid, caller.seconds) for caller in view.waiting] == [("n1-1.1", 9), ("n1-1.2", 8), ("n1-1.3", 7)]
    assert view.waiting[0].customer_class == "key_account"
    assert view.leader is None


async def test_what_was_heard_while_the_database_was_away_is_written_when_it_is_back(database: Database) -> None:
    async with Pipe(database.url) as pipe:
        own = Database(pipe.url)
        outbox = Outbox(own, ManualClock(at(100)), promise=PROMISE)
        writing = asyncio.create_task(outbox.run())
        for one_event in ANSWERED[:3]:
            outbox.add(one_event)
        assert await outbox.drained(5)
        pipe.cut()
        for one_event in ANSWERED[3:]:
            outbox.add(one_event)
            await asyncio.sleep(0.1)
        assert not await outbox.drained(0.5)
        assert (await call(database)).state == "ringing"
        pipe.mend()
        assert await outbox.drained(10)
        assert (await call(database)).outcome == "answered"
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await own.close()


async def test_memory_is_bounded_while_the_database_is_away(database: Database) -> None:
    outbox = Outbox(database, ManualClock(at(100)), promise=PROMISE, limit=10)
    for number in range(50):
        outbox.add(CallEvent(f"n1-1.{number}", Kind.ENTERED, at(0) + timedelta(seconds=number)))
    assert outbox.overflowed
    writing = asyncio.create_task(outbox.run())
    assert await outbox.drained(10)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert await one(database, "SELECT count(*) FROM calls") == 10


async def test_a_call_the_database_refuses_does_not_hold_up_the_others(database: Database) -> None:
    outbox = Outbox(database, ManualClock(at(100)), promise=PROMISE)
    outbox.add(CallEvent("n1-1.1", Kind.ENTERED, at(0)))
    outbox.add(CallEvent("n1-1.2", Kind.ENTERED, at(0), detail="\x00"))
    outbox.add(CallEvent("n1-1.3", Kind.ENTERED, at(0)))
    writing = asyncio.create_task(outbox.run())
    assert await outbox.drained(10)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert await one(database, "SELECT string_agg(uid, ',' ORDER BY uid) FROM calls") == "n1-1.1,n1-1.3"


async def test_time_alone_notes_a_breach(database: Database) -> None:
    clock = ManualClock(at(1))
    outbox = Outbox(database, clock, promise=PROMISE)
    writing = asyncio.create_task(outbox.run())
    outbox.add(event(Kind.QUEUED, 0))
    assert await outbox.drained(5)
    clock.advance(16)
    outbox.touch(UID)
    assert await outbox.drained(5)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert await one(database, "SELECT waited_seconds FROM breaches") == pytest.approx(17)
