"""Controllers and databases that die at the worst moments, on a real Asterisk: nobody stranded, nobody rung twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hotline.database import Database
from tests.acd.floor_rig import Floor, first_to_ring, open_floor, until
from tests.acd.pipe import Pipe

pytestmark = pytest.mark.asterisk


@pytest.fixture
async def stage(tmp_path: Path, database: Database) -> AsyncIterator[Floor]:
    async with open_floor(tmp_path, database, ring_seconds=6, heartbeat_dead_loops=4) as floor:
        yield floor


async def test_killed_while_a_seat_rings_the_call_is_answered_and_the_seat_is_right_again(stage: Floor) -> None:
    controller = await stage.controller()
    agent = await stage.seat("8001")
    await stage.reachable("8001")
    caller = await stage.caller()
    await agent.wait_for("incoming", timeout=10)
    controller.kill()
    await controller.gone()
    await agent.tell("answer")
    await agent.wait_for("confirmed", timeout=5)
    await stage.controller()
    call = await stage.call_is("talking")
    assert (call.seat, call.ring_attempts) == ("8001", 1)
    await stage.seat_is("8001", "talking")
    await caller.tell("hangup")
    assert (await stage.call_is("ended")).outcome == "answered"
    await stage.seat_is("8001", "ready")


async def test_killed_while_a_caller_waits_the_fallback_queue_rings_a_seat(stage: Floor) -> None:
    controller = await stage.controller()
    caller = await stage.caller()
    await stage.call_is("waiting")
    controller.kill()
    await controller.gone()
    agent = await stage.seat("8001")
    await agent.wait_for("incoming", timeout=20)
    await agent.tell("answer")
    await agent.wait_for("confirmed", timeout=5)
    await stage.controller()
    await stage.seat_is("8001", "talking")
    await caller.tell("hangup")
    call = await stage.call_is("ended")
    assert (call.outcome, call.seat) == ("fallback", "8001")
    await stage.seat_is("8001", "ready")


async def test_a_controller_that_comes_back_in_time_serves_the_caller_in_the_queue(stage: Floor) -> None:
    first = await stage.controller()
    await stage.caller()
    waiting = await stage.call_is("waiting")
    first.kill()
    await first.gone()
    agent = await stage.seat("8001")
    await stage.controller()
    await agent.wait_for("incoming", timeout=5)
    await agent.tell("answer")
    call = await stage.call_is("talking")
    assert (call.uid, call.seat, call.queued_at) == (waiting.uid, "8001", waiting.queued_at)


async def test_killed_while_people_talk_the_call_goes_on_and_ends_in_the_books(stage: Floor) -> None:
    controller = await stage.controller()
    agent = await stage.seat("8001")
    await stage.reachable("8001")
    caller = await stage.caller()
    await agent.wait_for("incoming", timeout=10)
    await agent.tell("answer")
    await stage.call_is("talking")
    controller.kill()
    await controller.gone()
    await asyncio.sleep(1)
    assert not any(event.name == "disconnected" for event in [*agent.past, *caller.past])
    await caller.tell("hangup")
    await agent.wait_for("disconnected", timeout=5)
    await stage.controller()
    call = await stage.call_is("ended")
    assert (call.outcome, call.seat) == ("answered", "8001")
    assert await stage.timeline(call.uid) == [
        "entered",
        "menu",
        "queued",
        "ringing 8001",
        "answered 8001",
        "ended 8001",
    ]
    assert await stage.one("SELECT count(*) FROM procrastinate_jobs WHERE task_name='recordings.finalise'") == 1
    await stage.seat_is("8001", "ready")


async def test_a_call_that_came_and_went_while_no_controller_ran_is_in_the_books(stage: Floor) -> None:
    caller = await stage.caller()
    await asyncio.sleep(3)
    await caller.tell("hangup")
    await caller.wait_for("disconnected", timeout=5)
    await stage.controller()
    call = await stage.call_is("ended")
    assert (call.outcome, call.caller) == ("abandoned", "13900001111")
    assert (await stage.timeline(call.uid))[:3] == ["entered", "menu", "queued"]


async def test_two_controllers_one_leads_and_the_other_takes_over(stage: Floor) -> None:
    first = await stage.controller()
    leader = (await stage.floor()).leader
    await stage.controller(wait=False)
    agent = await stage.seat("8001")
    await stage.reachable("8001")
    await asyncio.sleep(1)
    assert (await stage.floor()).leader == leader
    caller = await stage.caller()
    await agent.wait_for("incoming", timeout=10)
    assert [event.name for event in agent.past].count("incoming") == 1
    first.kill()
    await first.gone()
    await agent.tell("answer")

    async def taken_over() -> bool:
        return (await stage.floor()).leader not in {leader, None}

    await until(taken_over, 10, "the second controller leads")
    assert (await stage.call_is("talking")).seat == "8001"
    await caller.tell("hangup")
    await stage.call_is("ended")
    await stage.seat_is("8001", "ready")


async def test_a_redirect_of_an_earlier_term_is_refused(stage: Floor) -> None:
    await stage.controller()
    agent = await stage.seat("8001", ready=False)
    await stage.caller()
    call = await stage.call_is("waiting")
    fence = int((await stage.ami.action("Getvar", Variable="ACD_FENCE"))["Value"])
    assert fence > 0
    await stage.ami.action("Redirect", Channel=call.uid, Context="acd-ring", Exten=f"8001*{fence - 1}*1", Priority="1")
    refused = await stage.ami.told("refused", call=call.uid)
    assert refused["Detail"] == "stale"
    assert "incoming" not in [event.name for event in agent.past]
    assert (await stage.call_is("waiting")).ring_attempts == 0


async def test_the_database_away_in_mid_call_costs_nothing_that_was_heard(tmp_path: Path, database: Database) -> None:
    async with (
        Pipe(database.url) as pipe,
        open_floor(tmp_path, database, ring_seconds=6, heartbeat_dead_loops=4) as stage,
    ):
        await stage.controller(database_url=pipe.url)
        first, second = await stage.seat("8001"), await stage.seat("8002")
        await stage.reachable("8001", "8002")
        talker = await stage.caller("13900000001")
        phones = {"8001": first, "8002": second}
        answered = await first_to_ring(phones)
        await phones[answered].tell("answer")
        await stage.call_is("talking")
        pipe.cut()
        waiter = await stage.caller("13900000002")
        other = "8002" if answered == "8001" else "8001"
        await phones[other].wait_for("incoming", timeout=25)  # the fallback queue, once the heartbeat has stopped
        await phones[other].tell("answer")
        await phones[other].wait_for("confirmed", timeout=5)
        await talker.tell("hangup")
        await phones[answered].wait_for("disconnected", timeout=5)
        await asyncio.sleep(1)
        pipe.mend()
        await stage.seat_is(other, "talking", 20)
        await stage.seat_is(answered, "ready", 20)
        await waiter.tell("hangup")
        await stage.call_is("ended")
        outcomes = {call.caller: (call.outcome, call.seat) for call in await stage.calls()}
        assert outcomes == {"13900000001": ("answered", answered), "13900000002": ("fallback", other)}
        assert [event.name for event in phones[other].past].count("incoming") == 1


async def test_a_dialplan_that_outlived_its_database_is_passed_by(stage: Floor) -> None:
    await stage.ami.action("Setvar", Variable="ACD_FENCE", Value="5000")
    await stage.ami.action("Setvar", Variable="ACD_E_8001", Value="6000")
    await stage.controller()
    agent = await stage.seat("8001")
    await stage.reachable("8001")
    await stage.caller()
    await agent.wait_for("incoming", timeout=10)


async def test_asterisk_killed_in_mid_call_ends_the_call_in_the_books_and_serves_the_next(stage: Floor) -> None:
    await stage.controller()
    agent = await stage.seat("8001")
    await stage.reachable("8001")
    await stage.caller()
    await agent.wait_for("incoming", timeout=10)
    await agent.tell("answer")
    before = await stage.call_is("talking")
    stage.node.kill()
    await stage.node.wait()
    await stage.node.start()
    ended = await stage.call_is("ended")
    assert (ended.uid, ended.outcome, ended.seat) == (before.uid, "answered", "8001")
    await stage.seat_is("8001", "ready", 20)
    assert await stage.one("SELECT count(*) FROM procrastinate_jobs WHERE task_name='recordings.finalise'") == 1
    fresh = await stage.seat("8002")
    await stage.reachable("8002")
    await stage.caller("13900005555")
    await fresh.wait_for("incoming", timeout=25)
