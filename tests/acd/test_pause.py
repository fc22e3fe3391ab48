"""The recording is silent while the agent asks for it, by the recording's own sound on a real Asterisk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd import desk, ledger
from acd.calls import facts_of, pause_spans
from acd.commands import CommandKind
from acd.errors import CommandRefused
from acd.events import CallEvent, Kind
from acd.oncall import decide
from acd.oncall.decide import taped
from acd.resync import LiveChannel
from acd.words import Level
from hotline.database import Database
from recordings import calls as recorded
from tests.acd.floor_rig import Floor, open_floor
from tests.acd.oncall_rig import RATE, Sounds, call_is, legs, press, told
from tests.acd.test_calls import START, UID, at
from tests.acd.test_oncall import scene

LEVELS = {"8001": Level.JUNIOR, "8002": Level.JUNIOR}
moments = st.integers(0, 40).map(lambda seconds: START + timedelta(seconds=seconds))
marks = st.frozensets(st.tuples(moments, st.sampled_from([Kind.PAUSED, Kind.UNPAUSED])), max_size=8)


def test_a_pause_silences_the_caller_s_file_and_those_of_who_listens() -> None:
    asked = scene(CommandKind.PAUSE)
    spy = LiveChannel("n1-9.8", "PJSIP/9001-4", UID, "", "", "Up", "", "", 9, {"HL_SPY_CALL": UID})
    other = LiveChannel("n1-9.9", "PJSIP/9002-4", UID, "", "", "Up", "", "", 9, {"HL_SPY_CALL": "n1-3.3"})
    channels = (spy, other, *asked.channels)
    assert [channel.name for channel in taped(channels, UID)] == ["PJSIP/trunk-1", "PJSIP/9001-4"]
    plan = decide.decide(asked)
    assert [(act.name, act.headers["Channel"], act.headers["State"], act.optional) for act in plan.acts] == [
        ("MixMonitorMute", "PJSIP/trunk-1", "1", False)
    ]
    with pytest.raises(CommandRefused, match="consulting"):
        decide.decide(scene(CommandKind.PAUSE, state="aside"))


@given(marks)
def test_pauses_are_apart_in_order_and_end_what_they_begin(given_marks: frozenset[tuple[object, Kind]]) -> None:
    spans = pause_spans(given_marks)  # type: ignore[arg-type]
    ends = [moment for span in spans for moment in span if moment is not None]
    assert ends == sorted(ends)
    assert all(end is not None for _, end in spans[:-1])
    facts = facts_of(UID, [CallEvent(UID, kind, moment, "8001") for moment, kind in given_marks])  # type: ignore[arg-type]
    assert facts.paused_since == (spans[-1][0] if spans and spans[-1][1] is None else None)


def test_to_go_on_stands_after_to_pause_of_the_same_moment() -> None:
    assert pause_spans({(at(3), Kind.PAUSED), (at(3), Kind.UNPAUSED)}) == ((at(3), at(3)),)


@pytest.fixture
async def stage(tmp_path: Path, database: Database) -> AsyncIterator[Floor]:
    async with open_floor(
        tmp_path, database, LEVELS, ring_seconds=4, wrap_up_seconds=0.3, recording_pause_seconds=5
    ) as floor:
        yield floor


@pytest.mark.asterisk
async def test_nothing_is_recorded_in_a_pause_which_ends_by_hand_by_its_limit_and_with_the_talk(
    stage: Floor, tmp_path: Path
) -> None:
    sounds = Sounds(tmp_path)
    controller = await stage.controller()
    junior, second = await stage.seat("8001"), await stage.seat("8002", ready=False)
    await stage.reachable("8001", "8002")
    caller = await stage.caller()
    await sounds.sound(caller, "caller")
    await sounds.answer(junior, "8001")
    uid = (await stage.call_is("talking")).uid
    await sounds.phase(stage, "answered", "8001")

    assert await press(stage, "8001", CommandKind.PAUSE) is None
    await told(stage, uid, "paused 8001")
    await sounds.phase(stage, "paused")
    assert await press(stage, "8001", CommandKind.UNPAUSE) is None
    await told(stage, uid, "unpaused 8001")
    await sounds.phase(stage, "by hand", "8001")

    # the controller dies in a pause, and the next one ends it at its limit
    assert await press(stage, "8001", CommandKind.PAUSE) is None
    await told(stage, uid, "paused 8001", times=2)
    controller.kill()
    await controller.gone()
    await sounds.phase(stage, "paused, and nobody leads")
    await stage.controller()
    await told(stage, uid, "unpaused", times=2)
    await sounds.phase(stage, "at the limit", "8001")

    # handed on in a pause: what the next seat hears is recorded
    assert await press(stage, "8001", CommandKind.PAUSE) is None
    await told(stage, uid, "paused 8001", times=3)
    async with stage.database.transaction() as session:
        await desk.ready(session, "8002", stage.clock.now())
    assert await press(stage, "8001", CommandKind.TRANSFER, to={"seat": "8002"}) is None
    await sounds.answer(second, "8002")
    await told(stage, uid, "unpaused", times=3)
    await sounds.phase(stage, "handed on", "8002")
    assert await press(stage, "8002", CommandKind.HANG_UP) is None

    call = await call_is(stage, uid, "ended")
    assert call.ended_at is not None
    said, heard = legs(stage, uid)
    assert len(said) == len(heard) == pytest.approx((call.ended_at - call.entered_at).total_seconds() * RATE, abs=RATE)
    assert sounds.found(heard, call.entered_at) == sounds.meant
    silent = {what: frozenset() if what.startswith("paused") else frozenset({"caller"}) for what in sounds.meant}
    assert sounds.found(said, call.entered_at) == silent
    async with stage.database.transaction() as session:
        spans = await ledger.pauses(session, uid)
        seconds = await recorded.pauses(session, uid)
    assert [end is not None for _, end in spans] == [True, True, True]
    for start, end in seconds:
        assert not said[round((start + 0.3) * RATE) : round((end - 0.3) * RATE)].any()
        assert not heard[round((start + 0.3) * RATE) : round((end - 0.3) * RATE)].any()
