"""Whoever dies while a call is handed on or consulted about: the caller reaches somebody, every seat is free again."""

from __future__ import annotations

from pathlib import Path

import pytest

from acd import ledger
from acd.commands import CommandKind
from acd.events import Kind
from acd.oncall.decide import NOT_ALLOWED
from acd.words import Level
from hotline.database import Database
from hotline.demo.softphone import open_softphone
from tests.acd.floor_rig import open_floor
from tests.acd.oncall_rig import RATE, Sounds, call_is, legs, press, told

pytestmark = pytest.mark.asterisk

LEVELS = {"8001": Level.JUNIOR, "8002": Level.JUNIOR, "8101": Level.SENIOR}


async def test_a_caller_is_never_stranded_between_two_seats(tmp_path: Path, database: Database) -> None:
    async with open_floor(
        tmp_path,
        database,
        LEVELS,
        ring_seconds=2,
        wrap_up_seconds=0.3,
        heartbeat_dead_loops=3,
        seat_lost_seconds=1.0,
        misses_before_away=9,
    ) as stage:
        sounds = Sounds(tmp_path)
        controller = await stage.controller()
        junior, senior = await stage.seat("8001"), await stage.seat("8101")
        await stage.reachable("8001", "8101")
        caller = await stage.caller()
        await sounds.answer(junior, "8001")
        uid = (await stage.call_is("talking")).uid

        # handed to a seat that does not answer: the one that handed on is rung again
        assert await press(stage, "8001", CommandKind.TRANSFER, to={"seat": "8101"}) is None
        await junior.wait_for("disconnected", timeout=10)
        await senior.wait_for("incoming", timeout=10)
        await sounds.answer(junior, "8001")
        await told(stage, uid, "answered 8001", times=2)
        assert (await stage.timeline(uid))[-3:] == ["returned 8101", "ringing 8001", "answered 8001"]

        # the one who is asked does not answer: the caller is taken back by itself
        await stage.seat_is("8101", "ready")
        assert await press(stage, "8001", CommandKind.CONSULT, to={"seat": "8101"}) is None
        await senior.wait_for("incoming", timeout=10)
        await told(stage, uid, "consult_over")
        await sounds.phase(stage, "taken back", "8001")

        # the controller is killed while the senior is asked: the dialplan gives the caller back to the junior
        await stage.seat_is("8101", "ready")
        assert await press(stage, "8001", CommandKind.CONSULT, to={"seat": "8101"}) is None
        await sounds.answer(senior, "8101")
        await stage.seat_is("8101", "talking")
        controller.kill()
        await controller.gone()
        await senior.wait_for("disconnected", timeout=20)
        await sounds.phase(stage, "without a controller", "8001")
        await stage.controller()
        await stage.seat_is("8001", "talking")
        await stage.seat_is("8101", "ready", 20)

        # the junior hangs up while the senior is asked: the caller waits in front, and gets the next seat
        assert await press(stage, "8001", CommandKind.CONSULT, to={"seat": "8101"}) is None
        await sounds.answer(senior, "8101")
        await stage.seat_is("8101", "talking")
        other = await stage.seat("8002")
        await stage.reachable("8002")
        await junior.tell("hangup")
        await sounds.answer(other, "8002")
        await stage.seat_is("8002", "talking")
        await stage.seat_is("8101", "ready", 20)

        # its telephone crashes in mid-talk: the caller is not left listening to nothing
        other._process.kill()
        await told(stage, uid, "lost", 40, times=2)
        await sounds.answer(junior, "8001")
        await sounds.phase(stage, "after the crash", "8001")

        # the caller hangs up while somebody is asked: both seats are free again
        assert await press(stage, "8001", CommandKind.CONSULT, to={"seat": "8101"}) is None
        await sounds.answer(senior, "8101")
        await stage.seat_is("8101", "talking")
        await caller.tell("hangup")
        call = await call_is(stage, uid, "ended")
        for phone, extension in ((junior, "8001"), (senior, "8101")):
            await phone.wait_for("disconnected", timeout=10)
            await stage.seat_is(extension, "ready", 20)
        assert (call.outcome, call.seat) == ("answered", "8001")
        async with database.transaction() as session:
            talks = await ledger.talks(session, uid)
            asides = await ledger.consults_of(session, uid)
        assert [(talk.seat, talk.why) for talk in talks] == [
            ("8001", Kind.HANDED), ("8001", Kind.LOST), ("8002", Kind.LOST), ("8001", None),
        ]  # fmt: skip
        assert [aside.state for aside in asides] == ["ended"] * 4
        said, heard = legs(stage, uid)
        assert call.ended_at is not None
        length = (call.ended_at - call.entered_at).total_seconds()
        assert len(said) == len(heard) == pytest.approx(length * RATE, abs=1.5 * RATE)
        assert sounds.found(heard, call.entered_at) == sounds.meant


async def test_numbers_of_the_public_network(tmp_path: Path, database: Database) -> None:
    async with (
        open_softphone("public", "127.0.0.1") as public,
        open_floor(tmp_path, database, LEVELS, outbound=public.address, ring_seconds=4, wrap_up_seconds=0.3) as stage,
    ):
        sounds = Sounds(tmp_path)
        await stage.controller()
        junior = await stage.seat("8001")
        await stage.reachable("8001")

        # an agent calls a customer about an order (D40): first the seat rings, then the customer
        assert await press(stage, "8001", CommandKind.DIAL_OUT, number="110") == NOT_ALLOWED
        assert await press(stage, "8001", CommandKind.DIAL_OUT, number="13800002222", order="TS20260315-0001") is None
        await sounds.answer(junior, "8001")
        await sounds.answer(public, "public")
        uid = await stage.one("SELECT call_uid FROM seats WHERE extension = '8001'")
        await stage.seat_is("8001", "talking")
        await told(stage, uid, "noticed")
        await sounds.phase(stage, "the customer hears", "8001")
        assert await press(stage, "8001", CommandKind.HANG_UP) is None
        await public.wait_for("disconnected", timeout=30)
        await stage.seat_is("8001", "ready")
        call = await call_is(stage, uid, "ended")
        assert (call.direction, call.about, call.caller, call.seat) == (
            "out", "TS20260315-0001", "13800002222", "8001",
        )  # fmt: skip
        said, heard = legs(stage, uid)
        assert call.answered_at is not None
        assert sounds.found(heard, call.answered_at) == sounds.meant
        assert sounds.found(said, call.answered_at) == {"the customer hears": {"public"}}
        assert await stage.calls() == [], "no caller called"

        # an agent who hangs up while the customer hears the notice leaves nobody alone in a call
        assert await press(stage, "8001", CommandKind.DIAL_OUT, number="13800002222", order="") is None
        await sounds.answer(junior, "8001")
        await sounds.answer(public, "public")
        await stage.seat_is("8001", "talking")
        assert await press(stage, "8001", CommandKind.HANG_UP) is None
        await public.wait_for("disconnected", timeout=30)
        await stage.seat_is("8001", "ready")

        # who does not answer leaves no recording, and the agent is free again
        assert await press(stage, "8001", CommandKind.DIAL_OUT, number="13800002222", order="") is None
        await sounds.answer(junior, "8001")
        await public.wait_for("incoming", timeout=20)
        unanswered = await stage.one("SELECT call_uid FROM seats WHERE extension = '8001'")
        await public.tell("hangup", code=486)
        await junior.wait_for("disconnected", timeout=20)
        assert (await call_is(stage, unanswered, "ended")).outcome == "abandoned"
        await stage.seat_is("8001", "ready")

        # a caller is handed to a number, which stays out of the time line
        sounds.phases.clear()
        caller = await stage.caller()
        await sounds.answer(junior, "8001")
        await sounds.sound(caller, "caller")
        uid = (await stage.call_is("talking")).uid
        assert await press(stage, "8001", CommandKind.TRANSFER, to={"number": "13800003333"}) is None
        await sounds.answer(public, "public")
        await sounds.phase(stage, "outside", "public")
        await public.tell("hangup")
        call = await call_is(stage, uid, "ended")
        async with database.transaction() as session:
            talks = await ledger.talks(session, uid)
        assert [(talk.seat, talk.why, talk.detail) for talk in talks] == [
            ("8001", Kind.HANDED, "number"), ("0", Kind.TALKED, ""),
        ]  # fmt: skip
        said, heard = legs(stage, uid)
        assert len(said) == len(heard)
        assert sounds.found(heard, call.entered_at) == sounds.meant
        assert sounds.found(said, call.entered_at) == {"outside": {"caller"}}
