"""Calling back on the real thing: a real Asterisk, real telephones, and one that plays the public network."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hotline.database import Database
from hotline.demo.softphone import Softphone, open_softphone
from tests.acd.floor_rig import Floor, open_floor, until
from tests.ivr.rig import brief_prompts

pytestmark = pytest.mark.asterisk

ALWAYS = "00:00-24:00"


@contextlib.asynccontextmanager
async def floor_with_public(scratch: Path, database: Database, **acd: Any) -> AsyncIterator[tuple[Floor, Softphone]]:
    acd = dict[str, Any](callback_hours=ALWAYS, ring_seconds=5) | acd
    async with (
        open_softphone("public", "127.0.0.1") as public,
        open_floor(
            scratch,
            database,
            outbound=public.address,
            prompts=brief_prompts(scratch / "prompts"),
            **acd,
        ) as floor,
    ):
        yield floor, public


async def ask(stage: Floor, caller: Softphone, uid: str) -> None:
    """Ask to be called back at the calling number."""
    await caller.tell("keys", keys="2")

    async def read_back() -> bool:
        answer = await stage.ami.action("Getvar", Channel=uid, Variable="HL_NUMBER")
        return bool(answer.get("Value"))

    await until(read_back, 20, "the number is read back")
    await caller.tell("keys", keys="1")
    await stage.ami.told("callback", call=uid)


async def test_a_call_back_keeps_its_place_behind_who_came_earlier_and_before_who_came_later(
    tmp_path: Path, database: Database
) -> None:
    async with floor_with_public(tmp_path, database) as (stage, public):
        await stage.controller()
        earlier = await stage.caller("13900000001")
        first = (await stage.ami.told("queued"))["Call"]
        stage.ami.forget()
        asking = await stage.caller("13900000002")
        second = (await stage.ami.told("queued"))["Call"]
        stage.ami.forget()
        await ask(stage, asking, second)
        await asking.wait_for("disconnected", timeout=20)
        stage.ami.forget()
        await stage.caller("13900000003")
        third = (await stage.ami.told("queued"))["Call"]

        agent = await stage.seat("8001")
        assert "13900000001" in (await agent.wait_for("incoming", timeout=20)).facts["remote"]
        assert public.past[-1].name == "up", "dialled past a live caller"
        await agent.tell("answer")
        await stage.ami.told("answered", call=first)
        await earlier.tell("hangup")

        dialled = await public.wait_for("incoming", timeout=20)
        assert "13900000002@" in dialled.facts["to"]
        assert "10015@" in dialled.facts["remote"]
        assert await stage.seat_state("8001") == "ringing"
        assert agent.past[-1].name == "disconnected", "the seat rings only once the customer has answered"
        await public.tell("answer")
        assert "13900000002" in (await agent.wait_for("incoming", timeout=20)).facts["remote"]
        await agent.tell("answer")
        own = (await stage.ami.told("called_back"))["Call"]
        await stage.ami.told("answered", call=own)
        await public.tell("hangup")
        await stage.ami.told("ended", call=own)
        await stage.ami.told("ringing", call=third)

        async def written() -> bool:
            return bool(await stage.one("SELECT state FROM callbacks") == "done")

        await until(written, 15, "the call-back is done")
        assert await stage.one("SELECT outcome FROM calls WHERE uid = :uid", uid=second) == "callback"
        assert await stage.one("SELECT outcome FROM calls WHERE uid = :uid", uid=own) == "answered"
        assert await stage.one("SELECT about FROM calls WHERE uid = :uid", uid=own) == second
        assert await stage.one("SELECT answered_uid FROM callbacks") == own
        said, heard = (np.fromfile(stage.node.paths.recordings / f"{own}.{leg}.sln16", "<i2") for leg in ("rx", "tx"))
        assert len(said) == len(heard) > 12000
        assert np.abs(heard[:12000].astype(int)).max() > 1000, "the notice is not in the recording"


async def test_nobody_is_rung_more_often_than_is_set_and_the_seat_is_free_between(
    tmp_path: Path, database: Database
) -> None:
    async with floor_with_public(tmp_path, database, callback_dial_seconds=5, callback_retry_minutes=[0.02]) as (
        stage,
        public,
    ):
        await stage.controller()
        asking = await stage.caller("02112345678")
        uid = (await stage.ami.told("queued"))["Call"]
        await ask(stage, asking, uid)
        await stage.seat("8001")
        await public.wait_for("incoming", timeout=20)
        await public.wait_for("disconnected", timeout=20)
        await stage.seat_is("8001", "ready")
        await public.wait_for("incoming", timeout=20)
        await public.tell("hangup", code=486)

        async def given_up() -> bool:
            return bool(await stage.one("SELECT state FROM callbacks") == "given_up")

        await until(given_up, 15, "the call-back is given up")
        assert await stage.one("SELECT jsonb_path_query_array(history, '$[*].what')::text FROM callbacks") == (
            '["asked", "dialled", "no_answer", "dialled", "busy"]'
        )
        await stage.seat_is("8001", "ready")
        assert [event.name for event in public.past].count("incoming") == 2


async def test_a_controller_that_is_killed_while_a_customer_is_rung_costs_nothing_and_rings_nobody_twice(
    tmp_path: Path, database: Database
) -> None:
    async with floor_with_public(tmp_path, database) as (stage, public):
        leader = await stage.controller()
        asking = await stage.caller("13900000004")
        uid = (await stage.ami.told("queued"))["Call"]
        await ask(stage, asking, uid)
        agent = await stage.seat("8001")
        await public.wait_for("incoming", timeout=20)
        leader.kill()
        await leader.gone()
        await stage.controller()
        await stage.seat_is("8001", "ringing")
        await public.tell("answer")
        await agent.wait_for("incoming", timeout=20)
        await agent.tell("answer")
        await stage.call_is("talking")
        await public.tell("hangup")
        call = await stage.call_is("ended")
        assert (call.outcome, call.seat) == ("answered", "8001")
        assert [event.name for event in public.past].count("incoming") == 1
