"""Parts die in mid-call: the call goes on or is accounted for, the recording is whole, the seat is right again."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.e2e.rig import Centre, tone, until

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]


async def test_a_controller_killed_while_people_talk_is_not_noticed_by_them(centre: Centre, tmp_path: Path) -> None:
    await centre.all_ready()
    async with centre.caller("13900000001") as caller:
        await centre.enter_queue(caller)
        seat = await centre.pick_up()
        old = centre.kill("controller")
        assert await caller.speak(tone(tmp_path / "a.wav", 3))
        assert await centre.seats[seat].speak(tone(tmp_path / "b.wav", 3))
        await centre.back("controller", old)
        await caller.tell("hangup")
    call = await centre.ended("13900000001")
    assert (call.outcome, call.seat) == ("answered", seat)
    recording = await centre.recording_of("13900000001")
    assert recording.caller_rms > 0.01
    assert recording.seat_rms > 0.01
    await centre.all_ready()


async def test_a_caller_who_waits_when_the_controller_is_killed_is_answered(centre: Centre) -> None:
    await centre.all_ready()
    async with centre.caller("13900000002") as caller:
        await caller.call(centre.system.settings.asterisk.access_numbers[0])
        old = centre.kill("controller")
        await asyncio.sleep(8)
        await caller.tell("keys", keys="1")
        await centre.pick_up(seconds=40)
        await asyncio.sleep(1)
        await caller.tell("hangup")
        await centre.back("controller", old)
    call = await centre.ended("13900000002")
    assert call.outcome in {"answered", "fallback"}
    await centre.all_ready()


async def test_the_database_away_for_thirty_seconds_in_mid_call_loses_nothing(centre: Centre, tmp_path: Path) -> None:
    await centre.all_ready()
    postmaster = psutil.Process(centre.system.pids["postgres"])
    async with centre.caller("13900000003") as caller:
        await centre.enter_queue(caller)
        seat = await centre.pick_up()
        stopped = [postmaster, *postmaster.children(recursive=True)]
        for process in stopped:
            os.kill(process.pid, signal.SIGSTOP)
        try:
            assert await caller.speak(tone(tmp_path / "a.wav", 2))
            assert await centre.seats[seat].speak(tone(tmp_path / "b.wav", 2))
            await asyncio.sleep(26)
            await caller.tell("hangup")
        finally:
            for process in stopped:
                os.kill(process.pid, signal.SIGCONT)
    call = await centre.ended("13900000003", seconds=60)
    assert (call.outcome, call.seat) == ("answered", seat)
    assert call.answered_at is not None
    assert call.ended_at is not None
    assert (call.ended_at - call.answered_at).total_seconds() > 29
    recording = await centre.recording_of("13900000003")
    assert recording.seconds == pytest.approx((call.ended_at - call.entered_at).total_seconds(), abs=2)
    await centre.all_ready()


async def test_a_seat_that_vanishes_is_passed_over_for_one_that_is_there(centre: Centre) -> None:
    await centre.all_ready()
    longest_idle = centre.seats["8001"]
    os.kill(longest_idle.pid, signal.SIGSTOP)
    try:
        async with centre.caller("13900000004") as caller:
            await centre.enter_queue(caller)
            assert await centre.pick_up(seconds=20) != "8001"
            await caller.tell("hangup")
        call = await centre.ended("13900000004")
        assert call.outcome == "answered"
    finally:
        os.kill(longest_idle.pid, signal.SIGCONT)
    await centre.all_ready()


async def test_the_legs_of_a_killed_asterisk_are_recovered_to_within_two_seconds(
    centre: Centre, tmp_path: Path
) -> None:
    await centre.all_ready()
    async with centre.caller("13900000005") as caller:
        await centre.enter_queue(caller)
        seat = await centre.pick_up()
        assert await caller.speak(tone(tmp_path / "a.wav", 4))
        killed_at = centre.clock.now()
        old = centre.kill("asterisk")
        await centre.back("asterisk", old)
    call = await centre.ended("13900000005", seconds=60)
    assert call.seat == seat
    recording = await centre.recording_of("13900000005", seconds=60)
    assert recording.seconds >= (killed_at - call.entered_at).total_seconds() - 2
    assert recording.caller_rms > 0.01


async def test_after_all_that_the_next_caller_is_answered_within_the_promise(centre: Centre) -> None:
    for phone in centre.seats.values():
        await phone.tell("register")
    await centre.all_ready()
    async with centre.caller("13900000006") as caller:

        async def reachable() -> bool:
            from acd import floor

            async with centre.database.transaction() as session:
                view = await floor.snapshot(session, centre.clock.now())
            return all(seat.reachable for seat in view.seats)

        await until(reachable, "every seat being registered again", seconds=30)
        await centre.enter_queue(caller)
        await centre.pick_up()
        await caller.tell("hangup")
    call = await centre.ended("13900000006")
    assert call.outcome == "answered"
    assert call.waited_seconds is not None
    assert call.waited_seconds < centre.system.settings.acd.promise_seconds
