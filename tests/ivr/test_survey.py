"""The question after the talk, on a real Asterisk."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from acd.survey import Mark, mark_of
from hotline.demo.softphone import open_softphone
from tests.ivr.rig import ACCESS, open_stage

pytestmark = pytest.mark.asterisk


async def test_a_wrong_key_is_asked_again_and_zero_is_ten_and_silence_ends_kindly(tmp_path: Path) -> None:
    async with open_stage(tmp_path, survey="10") as stage, stage.seat("8001") as seat:
        for epoch, (number, keys) in enumerate((("13900000011", ("#", "0")), ("13900000012", ())), 1):
            async with open_softphone(number, stage.domain) as caller:
                await caller.call(ACCESS)
                queued = await stage.ami.until(
                    lambda block, number=number: block.get("Kind") == "queued" and block["Caller"] == number  # type: ignore[misc]
                )
                call = queued["Call"]
                await stage.ring(call, "8001", epoch)
                await seat.wait_for("incoming", timeout=20)
                await seat.tell("answer")
                await stage.ami.told("answered", call=call)
                await asyncio.sleep(1)
                await seat.tell("hangup")
                await stage.ami.told("talked", call=call)
                for key in keys:
                    await asyncio.sleep(1)
                    await caller.tell("keys", keys=key)
                await caller.wait_for("disconnected", timeout=60)
                ended = await stage.ami.told("ended", call=call)
                assert ended["Detail"] == "done"
            if keys:
                survey = await stage.ami.told("survey", call=call)
                assert mark_of(survey["Detail"]) == Mark(10, 10)
                assert survey["Seat"] == "8001"
                assert [entry.kind for entry in stage.journal() if entry.call == call][-3:] == [
                    "talked", "survey", "ended",
                ]  # fmt: skip
            else:
                assert "survey" not in stage.kinds(call)
