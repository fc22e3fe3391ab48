"""What a caller hears and presses to be called back, on a real Asterisk without any controller."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hotline.demo.softphone import open_softphone
from tests.ivr.rig import ACCESS, QUICK_MENU, Stage, open_stage, until

pytestmark = pytest.mark.asterisk

NOWHERE = "127.0.0.1:9"
AFTER_HOURS = QUICK_MENU.replace("2: {person: suggestion}", "2: {call_back: true}")


async def variable(stage: Stage, uid: str, name: str, wanted: str) -> None:
    """Until the channel's variable has this value."""
    async with asyncio.timeout(30):
        while (await stage.ami.action("Getvar", Channel=uid, Variable=name)).get("Value", "") != wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def says(stage: Stage, uid: str, *prompts: str) -> None:
    """Until Asterisk plays just these prompts in a row."""
    async with asyncio.timeout(30):
        while True:
            number = (await stage.ami.action("Status"))["ActionID"]
            over = {"Event": "StatusComplete", "ActionID": number}
            await stage.ami.until(lambda block, over=over: over.items() <= block.items())  # type: ignore[misc]
            for block in stage.ami.blocks:
                if block.get("ActionID") == number and block.get("Uniqueid") == uid:
                    played = [path.rpartition("/")[2] for path in block.get("Data", "").split("&")]
                    if played == list(prompts):
                        return
            await asyncio.sleep(0.1)


async def test_place_and_estimate_are_said_and_a_call_back_is_taken_for_the_calling_number(tmp_path: Path) -> None:
    async with (
        open_stage(tmp_path, outbound=NOWHERE, announce_seconds=10) as stage,
        open_softphone("+8613900000012", stage.domain) as caller,
    ):
        await caller.call(ACCESS)
        uid = (await stage.ami.told("queued"))["Call"]
        await stage.ami.action("Setvar", Channel=uid, Variable="HL_PLACE", Value="23")
        await says(stage, uid, "wait-place", "place-23")
        await stage.ami.action("Setvar", Channel=uid, Variable="HL_ESTIMATE", Value="10")
        await says(stage, uid, "wait-estimate", "minutes-10")
        await says(stage, uid, "callback-offer")
        await caller.tell("keys", keys="2")
        await says(
            stage, uid, "callback-number", "digit-1", "number-3", "number-9", *["number-0"] * 6, "digit-1", "number-2"
        )
        await caller.tell("keys", keys="1")
        taken = await stage.ami.told("callback")
        assert taken["Detail"] == "13900000012"
        await caller.wait_for("disconnected", timeout=20)
        await until(lambda: stage.kinds(uid)[-1] == "ended")
        assert [entry.detail for entry in stage.journal() if entry.kind == "callback"] == ["13900000012"]
    assert [kind for kind in stage.kinds(uid) if kind != "menu"] == ["entered", "queued", "callback", "ended"]


async def test_a_waiting_caller_who_asks_is_still_fetched_by_a_seat_until_the_number_is_confirmed(
    tmp_path: Path,
) -> None:
    async with (
        open_stage(tmp_path, outbound=NOWHERE) as stage,
        stage.seat("8001") as seat,
        open_softphone("13900000013", stage.domain) as caller,
    ):
        await caller.call(ACCESS)
        uid = (await stage.ami.told("queued"))["Call"]
        await caller.tell("keys", keys="2")
        await says(
            stage, uid, "callback-number", "digit-1", "number-3", "number-9", *["number-0"] * 6, "digit-1", "number-3"
        )
        await stage.ring(uid, "8001", 1)
        await seat.wait_for("incoming", timeout=20)


async def test_after_hours_a_number_is_typed_what_may_not_be_dialled_is_refused_and_late_rings_do_not_fetch_anybody(
    tmp_path: Path,
) -> None:
    async with (
        open_stage(tmp_path, outbound=NOWHERE, menu_text=AFTER_HOURS) as stage,
        open_softphone("anonymous", stage.domain) as caller,
    ):
        await caller.call(ACCESS)
        uid = (await stage.ami.told("entered"))["Call"]
        await caller.tell("keys", keys="2")
        for tries, typed in enumerate(("110#", "0085212345678#", "02112345678#")):
            await variable(stage, uid, "HL_TRIES", str(tries))
            await variable(stage, uid, "HL_TYPED", "")
            await caller.tell("keys", keys=typed)
        await says(
            stage, uid, "callback-number", "number-0", "number-2", "digit-1", "digit-1",
            *(f"number-{figure}" for figure in range(2, 9)),
        )  # fmt: skip
        await caller.tell("keys", keys="1")
        taken = await stage.ami.told("callback")
        assert (taken["Detail"], taken["Caller"]) == ("02112345678", "")
        await stage.ring(uid, "8001", 1)
        assert (await stage.ami.told("refused"))["Detail"] == "stale"
        await caller.wait_for("disconnected", timeout=20)
        await stage.ami.told("ended", call=uid)
        assert "queued" not in stage.kinds(uid)
