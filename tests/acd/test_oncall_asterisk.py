"""Calls that are handed on, consulted about, held and taken up again, on a real Asterisk with real telephones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acd import ledger
from acd.commands import CommandKind
from acd.events import Kind
from acd.oncall.decide import SEAT_NOT_READY
from acd.words import Level
from hotline.database import Database
from tests.acd.floor_rig import Floor, open_floor
from tests.acd.oncall_rig import RATE, Sounds, call_is, legs, pitches, press, told

pytestmark = pytest.mark.asterisk

LEVELS = {"8001": Level.JUNIOR, "8002": Level.JUNIOR, "8101": Level.SENIOR}


@pytest.fixture
async def stage(tmp_path: Path, database: Database) -> AsyncIterator[Floor]:
    async with open_floor(tmp_path, database, LEVELS, ring_seconds=4, wrap_up_seconds=0.3) as floor:
        yield floor


async def test_one_call_through_many_hands_is_one_row_one_time_line_and_one_recording(
    stage: Floor, tmp_path: Path
) -> None:
    sounds = Sounds(tmp_path)
    await stage.controller()
    junior = await stage.seat("8001")
    await stage.reachable("8001")
    caller = await stage.caller()
    await sounds.sound(caller, "caller")
    headers = await sounds.answer(junior, "8001")
    uid = (await stage.call_is("talking")).uid
    assert headers == {"X-Hotline-Call": uid}
    await sounds.phase(stage, "answered", "8001")
    assert await press(stage, "8001", CommandKind.TRANSFER, to={"seat": "8002"}) == SEAT_NOT_READY
    await sounds.phase(stage, "refused, nothing happened", "8001")

    # handed to one seat; the one that handed on wraps up
    second = await stage.seat("8002")
    await stage.reachable("8002")
    assert await press(stage, "8001", CommandKind.TRANSFER, to={"seat": "8002"}) is None
    await junior.wait_for("disconnected", timeout=10)
    await sounds.answer(second, "8002")
    await sounds.phase(stage, "handed on", "8002")
    await stage.seat_is("8001", "ready")

    # a senior is asked aside, and the caller taken back
    senior = await stage.seat("8101")
    await stage.reachable("8101")
    assert await press(stage, "8002", CommandKind.CONSULT, to={"level": "senior"}) is None
    headers = await sounds.answer(senior, "8101")
    assert headers == {"X-Hotline-Call": uid, "X-Hotline-Consult": uid}
    await stage.seat_is("8101", "talking")
    await sounds.phase(stage, "aside")
    assert await press(stage, "8002", CommandKind.CONSULT_BACK) is None
    await senior.wait_for("disconnected", timeout=10)
    await sounds.phase(stage, "taken back", "8002")
    await stage.seat_is("8101", "ready")

    # asked again, all three together, then the junior leaves
    assert await press(stage, "8002", CommandKind.CONSULT, to={"seat": "8101"}) is None
    await sounds.answer(senior, "8101")
    await stage.seat_is("8101", "talking")
    assert await press(stage, "8002", CommandKind.CONSULT_JOIN) is None
    await told(stage, uid, "joined 8101")
    await sounds.phase(stage, "all three", "8002", "8101")
    assert await press(stage, "8002", CommandKind.CONSULT_LEAVE) is None
    await second.wait_for("disconnected", timeout=10)
    await sounds.phase(stage, "with the senior", "8101")
    await stage.seat_is("8002", "ready")

    # the senior's page is loaded anew
    assert await press(stage, "8101", CommandKind.REATTACH) is None
    await senior.wait_for("disconnected", timeout=10)
    headers = await sounds.answer(senior, "8101")
    assert headers == {"X-Hotline-Call": uid, "X-Hotline-Reattach": uid}
    await sounds.phase(stage, "found again", "8101")
    await senior.tell("keys", keys="7")
    assert (await caller.wait_for("dtmf", timeout=10)).facts["digit"] == "7"
    await senior.tell("hold")
    await told(stage, uid, "held 8101")
    await sounds.phase(stage, "held")
    await senior.tell("resume")
    await told(stage, uid, "resumed 8101")
    await sounds.sound(senior, "8101")
    await sounds.phase(stage, "resumed", "8101")
    assert await press(stage, "8101", CommandKind.HANG_UP) is None

    call = await call_is(stage, uid, "ended")
    assert (call.direction, call.outcome, call.seat) == ("in", "answered", "8001")
    assert [each.uid for each in await stage.calls()] == [uid], "one row of a caller"
    async with stage.database.transaction() as session:
        talks = await ledger.talks(session, uid)
        asides = await ledger.consults_of(session, uid)
    assert [(talk.seat, talk.why, talk.detail) for talk in talks] == [
        ("8001", Kind.HANDED, "seat 8002"), ("8002", Kind.LEFT, ""), ("8101", Kind.REATTACHED, ""),
        ("8101", Kind.TALKED, ""),
    ]  # fmt: skip
    assert all(talk.waited_seconds is None or talk.waited_seconds < 6 for talk in talks)
    assert await stage.one("SELECT count(*) FROM breaches") == 0

    said, heard = legs(stage, uid)
    assert call.ended_at is not None
    assert len(said) == len(heard) == pytest.approx((call.ended_at - call.entered_at).total_seconds() * RATE, abs=RATE)
    assert sounds.found(heard, call.entered_at) == sounds.meant
    assert sounds.found(said, call.entered_at) == dict.fromkeys(sounds.meant, frozenset({"caller"}))
    for aside in asides:
        assert (aside.direction, aside.seat, aside.outcome) == ("consult", "8101", "answered")
        senior_said, senior_heard = legs(stage, aside.uid)
        assert len(senior_said) == len(senior_heard) > RATE
        assert pitches(senior_said, 0.8) == {"8101"}
        assert "8002" in pitches(senior_heard, 0.8)
    assert len(asides) == 2
    await stage.seat_is("8101", "ready")
