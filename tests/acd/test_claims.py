"""Claims on a real PostgreSQL: one seat, one caller, whoever asks at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from acd import claims, desk
from acd.claims import Connection
from acd.errors import DeskError, NotLeadingError
from acd.leader import Term, lead
from acd.seats import Answered, RingOver, SeatState, step
from acd.words import Level
from hotline.database import Database
from hotline.embedded import libpq_url
from tests.acd.pipe import Pipe

NOW = datetime(2026, 3, 15, 9, 0, tzinfo=UTC)


@asynccontextmanager
async def connected(database: Database) -> AsyncIterator[Connection]:
    connection: Connection = await psycopg.AsyncConnection.connect(libpq_url(database.url), autocommit=True)
    async with connection:
        yield connection


async def seats(database: Database, count: int = 1) -> list[str]:
    """Ready and reachable seats."""
    names = [f"{8001 + number}" for number in range(count)]
    async with database.transaction() as session:
        for name in names:
            await desk.add_seat(session, name, name=name, level=Level.JUNIOR, now=NOW)
            await desk.ready(session, name, NOW)
    async with connected(database) as connection:
        await connection.execute("UPDATE seats SET reachable = true")
    return names


async def test_a_claim_takes_the_seat_for_a_time_under_a_rising_number(database: Database) -> None:
    await seats(database, 2)
    async with connected(database) as connection:
        one = await claims.claim(connection, "a", "8001", now=NOW, lease=20)
        two = await claims.claim(connection, "b", "8002", now=NOW, lease=20)
        assert one is not None
        assert two is not None
        assert (one.state, one.call_uid, one.lease_until) == (SeatState.RINGING, "a", NOW + timedelta(seconds=20))
        assert two.epoch > one.epoch > 0


async def test_a_seat_is_never_claimed_twice_nor_a_caller(database: Database) -> None:
    names = await seats(database, 5)
    callers = [f"n1-1.{number}" for number in range(20)]

    async def claimer(number: int) -> list[tuple[str, str]]:
        won = []
        async with connected(database) as connection:
            for turn in range(40):
                uid, name = callers[(number * 7 + turn) % 20], names[(number + turn) % 5]
                seat = await claims.claim(connection, uid, name, now=NOW, lease=20)
                if seat is None:
                    continue
                won.append((name, uid))
                if turn < 39:
                    assert await claims.save(connection, seat, step(seat, RingOver(uid, seat.epoch), NOW))
        return won

    async with connected(database) as connection, asyncio.TaskGroup() as group:
        done = asyncio.Event()

        async def watch() -> None:
            while not done.is_set():
                held = [seat.call_uid for seat in await claims.load(connection) if seat.call_uid]
                assert len(held) == len(set(held))

        watcher = group.create_task(watch())
        results = await asyncio.gather(*(claimer(number) for number in range(8)))
        done.set()
        await watcher
    assert sum(map(len, results)) > 20


async def test_of_many_claimers_of_one_seat_one_wins(database: Database) -> None:
    await seats(database)

    async def claim(number: int) -> bool:
        async with connected(database) as connection:
            return await claims.claim(connection, f"c{number}", "8001", now=NOW, lease=20) is not None

    assert sum(await asyncio.gather(*(claim(number) for number in range(12)))) == 1


async def test_one_caller_gets_one_of_many_seats(database: Database) -> None:
    names = await seats(database, 6)

    async def claim(name: str) -> bool:
        async with connected(database) as connection:
            return await claims.claim(connection, "same", name, now=NOW, lease=20) is not None

    assert sum(await asyncio.gather(*map(claim, names))) == 1


async def test_a_change_on_an_old_view_is_not_written(database: Database) -> None:
    await seats(database)
    async with connected(database) as connection:
        seat = await claims.claim(connection, "a", "8001", now=NOW, lease=20)
        assert seat is not None
        talking = step(seat, Answered("a", seat.epoch), NOW)
        assert await claims.save(connection, seat, talking)
        assert not await claims.save(connection, seat, step(seat, RingOver("a", seat.epoch), NOW))
        assert (await claims.load(connection, "8001"))[0].state is SeatState.TALKING


async def test_a_lease_that_ran_out_is_found(database: Database) -> None:
    await seats(database)
    async with connected(database) as connection:
        await claims.claim(connection, "a", "8001", now=NOW, lease=20)
        assert await claims.expired(connection, NOW + timedelta(seconds=19)) == []
        (overdue,) = await claims.expired(connection, NOW + timedelta(seconds=21))
        assert overdue.extension == "8001"


async def test_only_a_ready_and_reachable_seat_is_claimed(database: Database) -> None:
    await seats(database)
    async with connected(database) as connection:
        await connection.execute("UPDATE seats SET reachable = false")
        assert await claims.claim(connection, "a", "8001", now=NOW, lease=20) is None
        await connection.execute("UPDATE seats SET reachable = true, state = 'break'")
        assert await claims.claim(connection, "a", "8001", now=NOW, lease=20) is None


async def test_epochs_pass_what_a_dialplan_remembers(database: Database) -> None:
    async with connected(database) as connection:
        assert await claims.next_epoch(connection, above=5_000) > 5_000
        assert await claims.next_epoch(connection) > 5_001


async def test_one_leads_and_the_next_has_a_higher_term(database: Database) -> None:
    conninfo = libpq_url(database.url)
    first = await lead(conninfo)
    waiting = asyncio.create_task(lead(conninfo))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await first.end()
    second = await asyncio.wait_for(waiting, 5)
    assert second.epoch > first.epoch
    with pytest.raises(NotLeadingError):
        await first.run(claims.load)
    await second.end()


async def test_who_lost_the_connection_cannot_claim_and_the_lock_is_free(database: Database) -> None:
    await seats(database)
    async with Pipe(database.url) as pipe:
        term = await lead(libpq_url(pipe.url))
        pipe.cut()
        with pytest.raises(NotLeadingError):
            await term.run(lambda connection: claims.claim(connection, "a", "8001", now=NOW, lease=20))
        assert term.lost.is_set()
        other = await asyncio.wait_for(lead(libpq_url(database.url)), 5)
        assert await other.run(lambda connection: claims.claim(connection, "a", "8001", now=NOW, lease=20)) is not None
        await other.end()


async def test_a_database_that_does_not_answer_ends_the_term(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acd.leader.STATEMENT_SECONDS", 0.2)
    term = await lead(libpq_url(database.url))
    sleeping: Callable[[Connection], Awaitable[Any]] = lambda connection: connection.execute("SELECT pg_sleep(3)")  # noqa: E731
    with pytest.raises(NotLeadingError):
        await term.run(sleeping)
    assert term.lost.is_set()


async def test_statements_of_a_term_run_one_after_another(database: Database) -> None:
    await seats(database, 3)
    term: Term = await lead(libpq_url(database.url))
    won = await asyncio.gather(
        *(
            term.run(
                lambda connection, n=number: claims.claim(connection, f"c{n}", f"{8001 + n % 3}", now=NOW, lease=9)
            )  # type: ignore[misc]
            for number in range(9)
        )
    )
    assert sum(seat is not None for seat in won) == 3
    await term.end()


async def test_agents_press_only_what_fits(database: Database) -> None:
    await seats(database)
    async with database.transaction() as session:
        with pytest.raises(DeskError, match="no seat 9999"):
            await desk.ready(session, "9999", NOW)
        with pytest.raises(DeskError, match="ready already"):
            await desk.ready(session, "8001", NOW)
        assert (await desk.take_break(session, "8001", "  lunch ", NOW)).break_reason == "lunch"
        assert (await desk.log_out(session, "8001", NOW)).state is SeatState.OFFLINE
        with pytest.raises(DeskError, match="logged out"):
            await desk.take_break(session, "8001", "lunch", NOW)
        assert (await desk.log_in(session, "8001", NOW)).state is SeatState.BREAK
        with pytest.raises(DeskError, match="needs a reason"):
            await desk.take_break(session, "8001", " ", NOW)
        with pytest.raises(DeskError, match="exists already"):
            await desk.add_seat(session, "8001", name="x", level=Level.CLERK, now=NOW)
        with pytest.raises(DeskError, match="no extension"):
            await desk.add_seat(session, "80;01", name="x", level=Level.CLERK, now=NOW)


async def test_the_controller_is_told_of_every_key(database: Database) -> None:
    await seats(database)
    async with connected(database) as connection:
        await connection.execute(f"LISTEN {desk.CHANNEL}")
        async with database.transaction() as session:
            await desk.take_break(session, "8001", "lunch", NOW)
        async for notify in connection.notifies(timeout=5, stop_after=1):
            assert notify.payload == "8001"
            break
        else:
            pytest.fail("nothing was told")


async def test_secrets_are_generated_and_not_shown_by_accident(database: Database) -> None:
    await seats(database, 2)
    async with database.transaction() as session:
        one, two = await desk.accounts(session)
    assert len(one.secret) >= 24
    assert one.secret != two.secret
    assert one.secret not in repr(one)
