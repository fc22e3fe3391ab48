"""A wait is as long as it really was, whatever was done to the clock meanwhile."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd import ledger, record
from acd.clock_jumps import Jump, elapsed, jumps_between, merged, note, watch
from acd.events import CallEvent, Kind
from acd.promise_day import read_waits
from acd.record import Pending
from hotline.clock import ManualClock
from hotline.database import Database

NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)


def _wall(second: float, jumped: float, by: float) -> datetime:
    return NOON + timedelta(seconds=second + (by if second >= jumped else 0.0))


@given(
    start=st.floats(0, 4000),
    lasts=st.floats(0, 1500),
    jumped=st.floats(0, 6000),
    by=st.sampled_from([-3600.0, -1801.0, 3600.0, 7200.0]),
)
def test_seconds_that_passed_do_not_depend_on_the_clock_being_set(
    start: float, lasts: float, jumped: float, by: float
) -> None:
    if any(abs(moment - jumped) < 1.1 for moment in (start, start + lasts)):
        return  # within the watch's own step it cannot be told on which side of the jump a moment lay
    jump = Jump(NOON + timedelta(seconds=jumped), NOON + timedelta(seconds=jumped + by))
    said = elapsed(_wall(start, jumped, by), _wall(start + lasts, jumped, by), [jump])
    assert said == pytest.approx(lasts, abs=0.001)


def test_without_a_jump_it_is_the_difference_and_never_negative() -> None:
    assert elapsed(NOON, NOON + timedelta(seconds=7), []) == 7
    assert elapsed(NOON, NOON - timedelta(seconds=7), []) == 0


def test_a_jump_that_two_controllers_noticed_is_taken_out_once() -> None:
    one = Jump(NOON, NOON + timedelta(hours=1))
    other = Jump(NOON + timedelta(seconds=0.4), NOON + timedelta(seconds=3600.41))
    back = Jump(NOON + timedelta(hours=1, seconds=8), NOON + timedelta(seconds=8))
    assert merged([one, other, back]) == (one, back)


async def test_a_clock_that_is_set_is_noticed_and_written_down_once(database: Database) -> None:
    clock, steady = ManualClock(NOON), 0.0

    def passed() -> float:
        return steady

    watching = asyncio.create_task(watch(database, clock, passed))
    await asyncio.sleep(0)
    clock.advance(3600 + 10)
    steady = 10.0
    try:
        async with asyncio.timeout(20):
            found: tuple[Jump, ...] = ()
            while not found:
                await asyncio.sleep(0.1)
                async with database.transaction() as session:
                    found = await jumps_between(session, NOON, NOON)
    finally:
        watching.cancel()
    assert found == (Jump(NOON + timedelta(seconds=10), NOON + timedelta(seconds=3610)),)


async def test_the_ledger_tells_a_wait_across_a_set_clock_as_long_as_it_was(database: Database) -> None:
    async with database.transaction() as session:
        await note(session, Jump(NOON + timedelta(seconds=5), NOON + timedelta(seconds=3605)))
        for kind, second in ((Kind.ENTERED, 0), (Kind.QUEUED, 2), (Kind.ANSWERED, 3608), (Kind.ENDED, 3640)):
            seat, epoch = ("8001", 7) if kind is Kind.ANSWERED else ("", 0)
            event = CallEvent("n1-1.1", kind, NOON + timedelta(seconds=second), seat, epoch, caller="13900000001")
            await record.write(session, [Pending(event.call, {event})], promise=15.0, now=NOON + timedelta(hours=2))
        call = await ledger.get_call(session, "n1-1.1")
        assert call is not None
        assert call.waited_seconds == pytest.approx(6)
        assert await ledger.breaches_between(session, NOON, NOON + timedelta(hours=3)) == []
        waits = await read_waits(session, NOON, NOON + timedelta(hours=2), limit=15.0, now=NOON + timedelta(hours=2))
    assert [(round(wait.seconds), wait.cause) for wait in waits] == [(8, None)]
