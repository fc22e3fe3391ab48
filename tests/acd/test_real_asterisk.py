"""The controller on a real Asterisk with real telephones: who rings, when, and what is written down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acd import customers
from acd.words import CustomerClass, Level
from hotline.database import Database
from tests.acd.floor_rig import Floor, first_to_ring, open_floor, until

pytestmark = pytest.mark.asterisk


@pytest.fixture
async def stage(tmp_path: Path, database: Database) -> AsyncIterator[Floor]:
    async with open_floor(tmp_path, database, ring_seconds=3, promise_seconds=10) as floor:
        yield floor


async def test_a_call_is_answered_talked_and_written_down(stage: Floor) -> None:
    await stage.controller()
    agent = await stage.seat("8001")
    await stage.reachable("8001")
    caller = await stage.caller()
    await agent.wait_for("incoming", timeout=10)
    await stage.seat_is("8001", "ringing")
    await agent.tell("answer")
    await stage.seat_is("8001", "talking")
    await caller.tell("hangup")
    call = await stage.call_is("ended")
    assert (call.outcome, call.seat, call.ring_attempts, call.caller) == ("answered", "8001", 1, "13900001111")
    assert call.waited_seconds is not None
    assert call.waited_seconds < 5
    assert await stage.timeline(call.uid) == [
        "entered",
        "menu",
        "queued",
        "ringing 8001",
        "answered 8001",
        "ended 8001",
    ]
    assert (
        await stage.one("SELECT args->>'call_uid' FROM procrastinate_jobs WHERE task_name='recordings.finalise'")
        == call.uid
    )
    await stage.seat_is("8001", "ready")


async def test_a_second_seat_rings_when_the_first_does_not_answer(stage: Floor) -> None:
    await stage.controller()
    phones = {name: await stage.seat(name) for name in ("8001", "8002")}
    await stage.reachable("8001", "8002")
    await stage.caller()
    first = await first_to_ring(phones)
    second = "8002" if first == "8001" else "8001"
    await phones[second].wait_for("incoming", timeout=6)
    await phones[second].tell("answer")
    call = await stage.call_is("talking")
    assert (call.seat, call.ring_attempts) == (second, 2)
    assert call.waited_seconds is not None
    assert 3 <= call.waited_seconds < 8
    assert await stage.one("SELECT count(*) FROM breaches") == 0
    assert await stage.seat_state(first) == "ready"


async def test_a_wait_over_the_promise_is_noted_while_the_caller_waits_and_completed_at_the_end(stage: Floor) -> None:
    await stage.controller()
    caller = await stage.caller()
    call = await stage.call_is("waiting")

    async def noted() -> bool:
        return await stage.one("SELECT count(*) FROM breaches WHERE call_uid = :uid", uid=call.uid) == 1

    await until(noted, 20, "the breach is noted")
    assert await stage.one("SELECT (detail->>'over')::bool FROM breaches") is False
    await caller.tell("hangup")
    ended = await stage.call_is("ended")
    assert ended.outcome == "abandoned"
    assert await stage.one("SELECT (detail->>'over')::bool FROM breaches") is True
    assert ended.ended_at is not None
    since_entry = (ended.ended_at - ended.entered_at).total_seconds()
    assert await stage.one("SELECT waited_seconds FROM breaches") == pytest.approx(since_entry, abs=0.01)


async def test_a_caller_who_hangs_up_while_a_seat_rings_frees_it(stage: Floor) -> None:
    await stage.controller()
    agent = await stage.seat("8001")
    await stage.reachable("8001")
    caller = await stage.caller()
    await agent.wait_for("incoming", timeout=10)
    await caller.tell("hangup")
    await stage.call_is("ended")
    await stage.seat_is("8001", "ready")


async def test_a_rejected_ring_goes_to_the_other_seat(stage: Floor) -> None:
    await stage.controller()
    phones = {name: await stage.seat(name) for name in ("8001", "8002")}
    await stage.reachable("8001", "8002")
    await stage.caller()
    first = await first_to_ring(phones)
    await phones[first].tell("hangup", code=486)
    second = "8002" if first == "8001" else "8001"
    await phones[second].wait_for("incoming", timeout=3)


async def test_a_telephone_that_vanished_is_marked_unreachable_and_passed_over(
    tmp_path: Path, database: Database
) -> None:
    levels = {"8001": Level.JUNIOR, "8101": Level.SENIOR}
    async with open_floor(tmp_path, database, levels, ring_seconds=3) as stage:
        await stage.controller()
        senior = await stage.seat("8101")
        junior = await stage.seat("8001")
        await stage.reachable("8001", "8101")
        junior._process.kill()
        await stage.caller()
        await senior.wait_for("incoming", timeout=15)
        await stage.seat_is("8001", "ready")

        async def unreachable() -> bool:
            return not next(seat.reachable for seat in (await stage.floor()).seats if seat.extension == "8001")

        await until(unreachable, 12, "8001 unreachable")


async def test_a_key_account_reaches_the_senior_and_an_ordinary_caller_the_junior(
    tmp_path: Path, database: Database
) -> None:
    levels = {"8001": Level.JUNIOR, "8101": Level.SENIOR}
    async with open_floor(tmp_path, database, levels) as stage:
        async with database.transaction() as session:
            await customers.add_customer(session, "+8613800009999", "某大客户", CustomerClass.KEY_ACCOUNT)
        await stage.controller()
        phones = {name: await stage.seat(name) for name in levels}
        await stage.reachable(*levels)
        await stage.caller("13800009999")
        assert await first_to_ring(phones) == "8101"
        await stage.caller("13911112222")
        await phones["8001"].wait_for("incoming", timeout=10)


async def test_second_seat_is_rung_before_fifteen_seconds(tmp_path: Path, database: Database) -> None:
    """D9 with the settings as they are delivered."""
    async with open_floor(tmp_path, database) as stage:
        assert (stage.settings.acd.ring_seconds, stage.settings.acd.promise_seconds) == (7, 15)
        await stage.controller()
        phones = {name: await stage.seat(name) for name in ("8001", "8002")}
        await stage.reachable("8001", "8002")
        await stage.caller()
        first = await first_to_ring(phones)
        second = "8002" if first == "8001" else "8001"
        await phones[second].wait_for("incoming", timeout=12)
        await phones[second].tell("answer")
        call = await stage.call_is("talking")
        assert call.waited_seconds is not None
        assert 7 <= call.waited_seconds < 15
        assert (await stage.timeline(call.uid))[3:] == [
            f"ringing {first}", f"returned {first}", f"ringing {second}", f"answered {second}",
        ]  # fmt: skip
        assert await stage.one("SELECT count(*) FROM breaches") == 0
