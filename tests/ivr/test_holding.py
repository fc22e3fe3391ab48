"""A caller is held, pulled out by whoever controls, and never stranded when nobody does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from hotline.demo.softphone import open_softphone
from tests.ivr.rig import ACCESS, QUICK_MENU, Stage, open_stage, sipp_call, until

pytestmark = pytest.mark.asterisk

CALLER = "<sip:13900000001@127.0.0.1>"


async def test_keys_choose_the_service_and_nothing_pressed_is_a_complaint(stage: Stage) -> None:
    for keys, service in (({0.3: "2"}, "suggestion"), ({0.3: "3", 0.4: "1", 0.5: "0"}, "standards"), ({}, "complaint")):
        async with sipp_call(stage, sender=CALLER, keys=keys):
            queued = await stage.ami.told("queued")
            assert queued["Service"] == service
            assert queued["Caller"] == "13900000001"
        stage.ami.forget()


async def test_a_key_pressed_during_the_greeting_counts_after_the_notice_in_brief(tmp_path: Path) -> None:
    menu = QUICK_MENU.replace(
        "greeting: []", "greeting: [recording-notice]\ngreeting_in_brief: [recording-notice-brief]"
    )
    async with open_stage(tmp_path, menu_text=menu) as stage:
        for keys, service, least, most in (({0.5: "2"}, "suggestion", 1.4, 2.4), ({0.5: "8"}, "complaint", 2.5, 4.5)):
            async with sipp_call(stage, sender=CALLER, keys=keys):
                entered, queued = await stage.ami.told("entered"), await stage.ami.told("queued")
            assert queued["Service"] == service
            noticed = await stage.ami.told("noticed")
            assert (noticed["Call"], noticed["Detail"].split()[1]) == (queued["Call"], "recording-notice-brief")
            assert float(entered["At"]) + 1 < float(noticed["At"]) <= float(queued["At"])
            assert least < float(queued["At"]) - float(entered["At"]) < most
            stage.ami.forget()


async def test_a_seat_that_answers_talks_and_the_caller_is_thanked(stage: Stage) -> None:
    async with stage.seat("8001") as seat, open_softphone("13900000002", stage.domain) as caller:
        await caller.call(ACCESS)
        await caller.tell("keys", keys="2")
        queued = await stage.ami.told("queued")
        uid = queued["Call"]
        assert queued["Service"] == "suggestion"
        await stage.ring(uid, "8001", 1)
        incoming = await seat.wait_for("incoming", timeout=5)
        assert "13900000002" in incoming.facts["remote"]
        await seat.tell("answer")
        answered = await stage.ami.told("answered")
        assert (answered["Call"], answered["Seat"], answered["Epoch"]) == (uid, "8001", "1")
        assert await _variable(stage, uid, "HL_STATE") == "talking"
        await asyncio.sleep(1.5)
        await seat.tell("hangup")
        await stage.ami.told("talked")
        await caller.wait_for("disconnected", timeout=10)
        ended = await stage.ami.told("ended")
    assert ended["Detail"] == "done"
    assert stage.kinds(uid) == ["entered", "menu", "queued", "ringing", "answered", "talked", "ended"]
    assert [entry.kind for entry in stage.journal() if entry.kind] == stage.kinds(uid)
    said, heard = stage.legs(uid)
    entered = await stage.ami.told("entered")
    # neither side of the talk sent any sound: that silence must be there too, or later words would come too early
    assert len(said) == len(heard)
    assert len(said) / 16000 == pytest.approx(float(ended["At"]) - float(entered["At"]), abs=0.3)
    assert np.abs(heard[:16000].astype(int)).max() > 1000, "the first second, a tone, is not in the recording"


async def test_an_unanswered_ring_returns_the_caller_who_can_be_rung_again(tmp_path: Path) -> None:
    async with (
        open_stage(tmp_path, ring_seconds=2) as stage,
        stage.seat("8001") as seat,
        sipp_call(stage, sender=CALLER, keys={}, talk=30),
    ):
        uid = (await stage.ami.told("queued"))["Call"]
        await stage.ring(uid, "8001", 1)
        returned = await stage.ami.told("returned")
        assert returned["Detail"] == "NOANSWER"
        queued_at = await _variable(stage, uid, "HL_QUEUED")
        stage.ami.forget()
        await stage.ring(uid, "8001", 2, 2)
        await stage.ami.told("ringing")
        await seat.wait_for("incoming", timeout=5)
        assert await _variable(stage, uid, "HL_QUEUED") == queued_at
        stage.ami.forget()
        await stage.ami.told("returned")
        await stage.ring(uid, "8002", 3, 3)
        assert (await stage.ami.until(lambda block: block.get("Seat") == "8002" and block["Kind"] == "returned"))[
            "Detail"
        ] == "CHANUNAVAIL"


async def test_a_stale_epoch_is_refused(stage: Stage) -> None:
    async with sipp_call(stage, sender=CALLER, keys={}, talk=40):
        uid = (await stage.ami.told("queued"))["Call"]
        await stage.ring(uid, "8001", 5)
        await stage.ami.told("returned")
        for epoch in (5, 4, 0):
            stage.ami.forget()
            await stage.ring(uid, "8001", epoch)
            assert (await stage.ami.told("refused"))["Detail"] == "stale"
        await stage.ami.action("Setvar", Variable="ACD_FENCE", Value="10")
        stage.ami.forget()
        await stage.ring(uid, "8001", 9)
        assert (await stage.ami.told("refused"))["Detail"] == "stale"
        stage.ami.forget()
        await stage.ring(uid, "8001", 10)
        await stage.ami.told("ringing")


async def test_a_seat_is_never_rung_twice_at_once(stage: Stage) -> None:
    async with (
        stage.seat("8001") as seat,
        sipp_call(stage, sender=CALLER, keys={}, talk=40),
        sipp_call(stage, sender="<sip:13900000009@127.0.0.1>", keys={}, talk=40),
    ):
        first, second = await _two_queued(stage)
        await stage.ring(first, "8001", 1)
        await stage.ami.told("ringing", call=first)
        await stage.ring(second, "8001", 2)
        assert (await stage.ami.told("refused", call=second))["Detail"] == "busy"
        await seat.wait_for("incoming", timeout=5)
        await seat.tell("answer")
        await stage.ami.told("answered", call=first)
        stage.ami.forget()
        await stage.ring(second, "8001", 3)
        assert (await stage.ami.told("refused", call=second))["Detail"] == "busy"
        await seat.tell("hangup")
        await stage.ami.told("talked", call=first)
        await seat.wait_for("disconnected", timeout=5)
        await stage.ring(second, "8001", 4)
        await stage.ami.told("ringing", call=second)


async def test_without_a_controller_a_registered_seat_answers_from_the_fallback_queue(tmp_path: Path) -> None:
    async with open_stage(tmp_path, beating=False, heartbeat_dead_loops=3) as stage, stage.seat("8002") as seat:
        async with sipp_call(stage, sender=CALLER, keys={}):
            queued = await stage.ami.told("queued")
            fallback = await stage.ami.told("fallback")
            # the announcement is said once, then three loops of a second
            assert float(fallback["At"]) - float(queued["At"]) < 12
            await seat.wait_for("incoming", timeout=10)
            await seat.tell("answer")
            answered = await stage.ami.told("fallback_answered")
            assert (answered["Call"], answered["Seat"]) == (queued["Call"], "8002")
            assert answered["Caller"] == "13900000001"
            await asyncio.sleep(1)
            await seat.tell("hangup")
            ended = await stage.ami.told("ended")
        assert ended["Detail"] == "done"
        assert stage.kinds(queued["Call"])[-3:] == ["fallback_answered", "talked", "ended"]


async def test_a_returned_controller_finds_the_seat_of_the_fallback_queue_taken(tmp_path: Path) -> None:
    async with (
        open_stage(tmp_path, beating=False, heartbeat_dead_loops=2) as stage,
        stage.seat("8001") as seat,
        sipp_call(stage, sender=CALLER, keys={}, talk=60),
        sipp_call(stage, sender="<sip:13900000009@127.0.0.1>", keys={}, talk=60),
    ):
        await _two_queued(stage)
        await seat.wait_for("incoming", timeout=20)
        await seat.tell("answer")
        talking = (await stage.ami.told("fallback_answered"))["Call"]
        other = next(uid for uid in await _two_queued(stage) if uid != talking)
        await stage.ring(other, "8001", 1)
        assert (await stage.ami.told("refused", call=other))["Detail"] == "busy"
        assert await _variable(stage, talking, "HL_STATE") == "talking"


async def test_without_controller_and_seats_the_caller_leaves_a_message(tmp_path: Path) -> None:
    async with (
        open_stage(tmp_path, beating=False, heartbeat_dead_loops=2) as stage,
        open_softphone("13900000003", stage.domain) as caller,
    ):
        await caller.call(ACCESS)
        uid = (await stage.ami.told("fallback"))["Call"]
        await stage.ami.told("voicemail")
        async with asyncio.timeout(30):
            while await _variable(stage, uid, "HL_MESSAGE") == "":  # noqa: ASYNC110
                await asyncio.sleep(0.5)
        await asyncio.sleep(2)
        await caller.tell("hangup")
        message = await stage.ami.told("message")
        assert 1.5 < float(message["Detail"]) < 6
        assert (await stage.ami.told("ended"))["Detail"] == "voicemail"


async def test_key_one_while_waiting_leaves_a_message_and_hash_ends_it(stage: Stage) -> None:
    async with open_softphone("13900000004", stage.domain) as caller:
        await caller.call(ACCESS)
        uid = (await stage.ami.told("queued"))["Call"]
        await caller.tell("keys", keys="1")
        await stage.ami.told("voicemail")
        # a seat that comes free now does not interrupt the message
        await stage.ring(uid, "8001", 1)
        assert (await stage.ami.told("refused"))["Detail"] == "stale"
        await asyncio.sleep(1.5)
        await caller.tell("keys", keys="5#")
        message = await stage.ami.told("message")
        assert float(message["Detail"]) >= 1.5
        await caller.wait_for("disconnected", timeout=15)
        assert (await stage.ami.told("ended"))["Detail"] == "done"
    assert stage.kinds(uid) == ["entered", "menu", "queued", "voicemail", "refused", "message", "ended"]


async def test_a_caller_who_has_waited_long_enough_is_offered_the_message_box(tmp_path: Path) -> None:
    async with open_stage(tmp_path, max_wait_seconds=10) as stage, sipp_call(stage, sender=CALLER, keys={}, talk=60):
        queued = await stage.ami.told("queued")
        voicemail = await stage.ami.told("voicemail", seconds=40)
        assert float(voicemail["At"]) - float(queued["At"]) >= 10
        assert "fallback" not in stage.kinds(queued["Call"])


async def test_a_caller_who_hangs_up_while_waiting_ends_as_waiting(stage: Stage) -> None:
    async with sipp_call(stage, sender=CALLER, keys={}, talk=4):
        ended = await stage.ami.told("ended")
        assert ended["Detail"] == "waiting"


async def _variable(stage: Stage, uid: str, name: str) -> str:
    channel = await stage.channel_of(uid)
    return (await stage.ami.action("Getvar", Channel=channel, Variable=name)).get("Value", "")


async def _two_queued(stage: Stage) -> tuple[str, str]:
    def calls() -> list[str]:
        return [block["Call"] for block in stage.ami.blocks if block.get("Kind") == "queued"]

    await until(lambda: len(calls()) == 2)
    first, second = calls()
    return first, second
