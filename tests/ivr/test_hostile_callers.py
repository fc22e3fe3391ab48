"""Whatever a SIP header says, the floor learns digits and the journal keeps its lines."""

from __future__ import annotations

import asyncio
import csv
from contextlib import AsyncExitStack

import pytest

from tests.ivr.rig import Stage, sipp_call, until

pytestmark = pytest.mark.asterisk

HOSTILE = {
    "line break in the number": ("<sip:139%0d%0aEvent%3a%20UserEvent%0d%0aKind%3a%20answered@127.0.0.1>", "139"),
    "line feed alone": ("<sip:139%0aKind%3a%20ended1@127.0.0.1>", "1391"),
    "line break in the name": ('"a%0d%0aEvent: Hangup" <sip:13900000001@127.0.0.1>', "13900000001"),
    "false address in the name": (r'"\"x\" <sip:999@evil>, Kind: answered" <sip:13900000002@127.0.0.1>', "13900000002"),
    "commas": ('"a,b,Seat: 8001" <sip:139,0000,0003@127.0.0.1>', "13900000003"),
    "dialplan expression": ("<sip:$%7bSHELL(id)%7d139$%7bEXTEN%7d@127.0.0.1>", "139"),
    "quotes for the journal": ("<sip:139%22%2c%22HL_answered%7c8001%22@127.0.0.1>", "1398001"),
    "a kilobyte": (f"<sip:1{'3' * 1023}@127.0.0.1>", "1" + "3" * 19),
    "Chinese": ('"投诉人" <sip:%E5%BC%A0%E4%B8%89@127.0.0.1>', ""),
    "nobody": ("<sip:127.0.0.1>", ""),
    "international": ("<sip:+8613912345678@127.0.0.1>", "+8613912345678"),
}


async def test_hostile_caller_ids_reach_the_queue_as_digits_and_forge_nothing(stage: Stage) -> None:
    async with AsyncExitStack() as stack:
        for sender, _ in HOSTILE.values():
            await stack.enter_async_context(sipp_call(stage, sender=sender, keys={}))
        await until(lambda: len(_callers(stage, "queued")) >= len(HOSTILE), 30)

    wanted = sorted(number for _, number in HOSTILE.values())
    assert _callers(stage, "queued") == _callers(stage, "entered") == wanted
    kinds = {block["Kind"] for block in stage.ami.blocks if block.get("UserEvent") == "Hotline"}
    assert kinds <= {"entered", "menu", "queued", "ended"}
    everything = "\n".join(stage.ami.raw)
    for trace in ("evil", "投诉人", "张三", "SHELL", "%0", "Kind: answered"):
        assert trace not in everything
    assert not [line for line in stage.ami.raw if line and ":" not in line], "a value has broken its line"


async def test_hostile_caller_ids_add_no_line_to_the_journal(stage: Stage) -> None:
    async with AsyncExitStack() as stack:
        for sender, _ in HOSTILE.values():
            await stack.enter_async_context(sipp_call(stage, sender=sender, keys={}))
        await until(lambda: len(_callers(stage, "queued")) >= len(HOSTILE), 30)

    text = stage.node.paths.journal.read_text("utf-8")
    lines = text.splitlines()
    entries = stage.journal()
    assert len(entries) == len(lines), "a line that is not the journal's"
    assert {len(columns) for columns in csv.reader(lines)} == {6}
    assert {entry.kind for entry in entries if entry.kind} <= {"entered", "menu", "queued", "ended"}
    assert sorted(entry.caller for entry in entries if entry.kind == "entered") == sorted(
        number for _, number in HOSTILE.values()
    )
    for trace in ("evil", "投诉人", "SHELL", "answered"):
        assert trace not in text


async def test_a_number_that_is_not_ours_is_refused(stage: Stage) -> None:
    for number in ("10016", "8001", "s", "$%7bEXTEN%7d", "%0d%0a10015"):
        async with sipp_call(stage, sender="<sip:139@127.0.0.1>", keys={}, refused=404, number=number) as caller:
            assert await asyncio.wait_for(caller.wait(), 20) == 0, number
    assert not _callers(stage, "entered")


def _callers(stage: Stage, kind: str) -> list[str]:
    return sorted(
        block["Caller"] for block in stage.ami.blocks if block.get("UserEvent") == "Hotline" and block["Kind"] == kind
    )
