"""Menus, announcements and days changed under callers: on a real Asterisk, from a real database."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from acd import desk, floor
from acd.words import Level, usual
from acd.words import Service as Skill
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.demo.softphone import Softphone, open_softphone
from hotline.processes.airing import Airing
from ivr import announcements, versions
from ivr.hours import DayKind, Hours, Span
from ivr.menu import Service
from ivr.render import open_expression
from ivr.versions import VersionState, VersionView
from ivr.wanted import take_up
from tests.ivr.rig import ACCESS, Stage, open_stage

pytestmark = pytest.mark.asterisk

HEAD = """\
hours:
  day: {workdays: ["00:00-24:00"], days_off: []}
greeting: [tone]
start: {when: day, then: {menu: main}, otherwise: {menu: closed}}
menus:
  closed:
    prompt: tone
    wait_seconds: 30
    keys:
      0: {person: report, if_nobody: {message_box: true}}
      1: {message_box: true}
    otherwise: {message_box: true}
"""
OLD = (
    HEAD
    + """\
  main:
    prompt: tone
    wait_seconds: 30
    tries: 1
    keys:
      2: {person: suggestion}
      3: {menu: deeper}
  deeper:
    prompt: tone
    wait_seconds: 30
    keys:
      2: {person: standards}
"""
)
NEW = (
    HEAD
    + """\
  main:
    prompt: tone
    wait_seconds: 30
    keys:
      2: {person: report}
"""
)


class Floor:
    """A node and what the database says of it, brought together by hand."""

    def __init__(self, stage: Stage, database: Database) -> None:
        self.stage = stage
        self.database = database
        self.airing = Airing(database, stage.node, stage.settings, SystemClock())

    async def apply(self, menu: str) -> VersionView:
        now = datetime.now(UTC)
        async with self.database.transaction() as session:
            made = await versions.add(session, menu, author="test", note="", now=now)
            await versions.ask(session, made.number, now=now)
        return await self.look(made.number)

    async def look(self, number: int) -> VersionView:
        await self.airing.look()
        async with self.database.transaction() as session:
            view = await versions.get(session, number)
        assert view is not None
        return view

    async def live(self) -> int:
        async with self.database.transaction() as session:
            view = await versions.in_state(session, VersionState.LIVE)
        assert view is not None
        return view.number

    async def inside(self, context: str) -> None:
        """Wait until a caller stands in `context`."""
        async with asyncio.timeout(30):
            while True:
                channels = await self.stage.node.command("core show channels concise")
                if f"!{context}!" in channels:
                    return
                await asyncio.sleep(0.2)

    @contextlib.asynccontextmanager
    async def caller(self, number: str) -> AsyncIterator[Softphone]:
        async with open_softphone(number, self.stage.domain) as phone:
            await phone.call(ACCESS)
            yield phone

    async def queued_as(self, number: str) -> str:
        told = await self.stage.ami.until(
            lambda block: block.get("Kind") == "queued" and block.get("Caller") == number, 30
        )
        return told["Service"]


@pytest.fixture
async def hall(tmp_path: Path, database: Database) -> AsyncIterator[Floor]:
    async with open_stage(tmp_path, menu_text=OLD) as stage:
        async with database.transaction() as session:
            await take_up(session, stage.settings, datetime.now(UTC))
            today = datetime.now(stage.settings.zone).date()
            for day in (today, today + timedelta(days=1)):  # midnight may come while we test
                await announcements.set_day(session, day, DayKind.WORKDAY, note="", by="test")
        hall = Floor(stage, database)
        assert (await hall.look(1)).state is VersionState.LIVE
        yield hall


async def test_a_caller_inside_the_old_menu_goes_on_in_it_while_a_new_one_is_applied_and_rolled_back(
    hall: Floor,
) -> None:
    async with hall.caller("13900000001") as old, hall.caller("13900000002") as early:
        await hall.inside("ivr-v1-main")
        await old.tell("keys", keys="3")
        await hall.inside("ivr-v1-deeper")
        applied = await hall.apply(NEW)
        assert applied.state is VersionState.LIVE, applied.problem
        async with hall.caller("13900000003") as new:
            await hall.inside("ivr-v2-main")
            for phone in (old, early, new):
                await phone.tell("keys", keys="2")
            assert await hall.queued_as("13900000001") == "standards", "the old menu's second level"
            assert await hall.queued_as("13900000002") == "suggestion", "the old menu's first level"
            assert await hall.queued_as("13900000003") == "report", "the new menu"
        chosen = [
            (block["Caller"][-1], block["Detail"]) for block in hall.stage.ami.blocks if block.get("Kind") == "menu"
        ]
        assert sorted(chosen) == [("1", "deeper:2"), ("1", "main:3"), ("2", "main:2"), ("3", "main:2")]

        broken = NEW.replace("prompt: tone", "prompt: gone", 1)
        assert (await hall.apply(broken)).state is VersionState.FAILED
        failed = await hall.look(3)
        assert failed.problem is not None
        assert "there is no prompt 'gone'" in failed.problem
        assert await hall.live() == 2

        async with hall.database.transaction() as session:
            back = await versions.previous(session)
            assert back is not None
            await versions.ask(session, back.number, now=datetime.now(UTC))
        assert (await hall.look(1)).state is VersionState.LIVE
        async with hall.caller("13900000004") as again:
            await hall.inside("ivr-v1-main")
            await again.tell("keys", keys="2")
            assert await hall.queued_as("13900000004") == "suggestion"


async def test_days_announcements_and_presence_reach_callers_without_a_restart(hall: Floor) -> None:
    now = datetime.now(UTC)
    today = datetime.now(hall.stage.settings.zone).date()
    async with hall.database.transaction() as session:
        for day in (today, today + timedelta(days=1)):
            await announcements.set_day(session, day, DayKind.DAY_OFF, note="", by="test")
        await announcements.announce(
            session, "news-outage", services=(), starts_at=now, ends_at=None, by="test",
            prompts=hall.stage.settings.prompts, now=now,
        )  # fmt: skip
        await announcements.announce(
            session, "news-busy", services=(Service.REPORT,), starts_at=now, ends_at=now + timedelta(hours=1),
            by="test", prompts=hall.stage.settings.prompts, now=now,
        )  # fmt: skip
        late = await announcements.announce(
            session, "news-watch", services=(), starts_at=now + timedelta(hours=1), ends_at=None, by="test",
            prompts=hall.stage.settings.prompts, now=now,
        )  # fmt: skip
    await hall.airing.look()
    assert [view.aired_at is not None for view in await _listed(hall.database)] == [True] * 3

    # Key 0 during the announcement counts in the menu that follows; nobody is signed in, so the message box it is.
    async with hall.caller("13900000005") as caller:
        await hall.inside("hl-news")
        await caller.tell("keys", keys="0")
        boxed = await hall.stage.ami.told("voicemail")
        menu = await hall.stage.ami.told("menu", call=boxed["Call"])
        assert menu["Detail"] == "closed:0"

    async with hall.database.transaction() as session:
        await _sign_in_a_seat(session)
        await announcements.switch(session, 1, False, by="test", now=now)
        assert await floor.signed_in(session) == 1
    await hall.airing.look()
    async with hall.caller("13900000006") as caller:
        await hall.inside("ivr-v1-closed")
        await caller.tell("keys", keys="0")
        await hall.inside("hl-news")  # what callers of this service are told
        assert await hall.queued_as("13900000006") == "report"
    assert not late.heard(now)


async def test_a_wrong_key_and_silence_are_told_apart(hall: Floor) -> None:
    assert (await hall.apply(OLD.replace("wait_seconds: 30", "wait_seconds: 5"))).state is VersionState.LIVE
    for number, keys, told in (("13900000008", "7", "main:wrong"), ("13900000009", "", "main:none")):
        async with hall.caller(number) as caller:
            await hall.inside("ivr-v2-main")
            if keys:
                await caller.tell("keys", keys=keys)
            await hall.queued_as(number)
        details = [block["Detail"] for block in hall.stage.ami.blocks if block.get("Kind") == "menu"]
        assert details[-1] == told


async def test_a_prompt_that_has_gone_leaves_everything_as_it_was(hall: Floor) -> None:
    news = NEW.replace("greeting: [tone]", "greeting: [news-watch]")
    now = datetime.now(UTC)
    async with hall.database.transaction() as session:
        made = await versions.add(session, news, author="test", note="", now=now)
        await versions.ask(session, made.number, now=now)
    before = (hall.stage.node.paths.etc / "menus.conf").read_text("utf-8")
    (hall.stage.node.paths.sounds / "news-watch.wav").unlink()
    (hall.stage.settings.prompts / "news-watch.wav").unlink()
    view = await hall.look(made.number)
    assert view.state is VersionState.FAILED
    assert (hall.stage.node.paths.etc / "menus.conf").read_text("utf-8") == before
    async with hall.caller("13900000007"):
        await hall.inside("ivr-v1-main")


async def test_asterisk_reckons_hours_and_the_centres_wall_clock_as_we_do(hall: Floor) -> None:
    noon = Hours("noon", (Span(0, 30), Span(510, 720), Span(810, 1440)), (Span(540, 1020),))
    minutes = (0, 29, 30, 509, 510, 539, 540, 719, 720, 1019, 1020, 1439)
    lines = ["[test-hours]", "exten => 1,1,NoOp()"]
    for kind, minute in itertools.product(DayKind, minutes):
        lines.append(f" same => n,Set(HL_WORKDAY={int(kind is DayKind.WORKDAY)})")
        lines.append(f" same => n,Set(HL_TIME=1{minute // 60:02d}{minute % 60:02d})")
        lines.append(f" same => n,Set(GLOBAL(TEST_{kind.value}_{minute})=$[{open_expression(noon)}])")
    with (hall.stage.node.paths.etc / "menus.conf").open("a", encoding="utf-8") as file:
        file.write("\n".join([*lines, " same => n,Set(GLOBAL(TEST_DONE)=1)", ""]))
    await hall.stage.node.command("dialplan reload")
    await hall.stage.ami.action("Originate", Channel="Local/1@test-hours", Application="NoOp", Async="true")
    async with asyncio.timeout(20):
        while await _global(hall.stage, "TEST_DONE") != "1":  # noqa: ASYNC110 - a global tells nobody
            await asyncio.sleep(0.1)
    for kind, minute in itertools.product(DayKind, minutes):
        known = await _global(hall.stage, f"TEST_{kind.value}_{minute}")
        assert known == str(int(noon.open_at(minute, kind))), (kind, minute)
    zone = hall.stage.settings.timezone
    for epoch in (1_772_323_199, 1_772_323_200, 1_790_787_600, 1_798_761_599):
        answer = await hall.stage.ami.action("Getvar", Variable=f"STRFTIME({epoch},{zone},%Y%m%d-%u-%H%M)")
        local = datetime.fromtimestamp(epoch, hall.stage.settings.zone)
        assert answer["Value"] == f"{local:%Y%m%d}-{local.isoweekday()}-{local:%H%M}"


async def _global(stage: Stage, name: str) -> str:
    return (await stage.ami.action("Getvar", Variable=name)).get("Value", "")


async def _listed(database: Database) -> list[announcements.AnnouncementView]:
    async with database.transaction() as session:
        return list(await announcements.listed(session))


async def _sign_in_a_seat(session: AsyncSession) -> None:
    await desk.add_seat(session, "8001", name="8001", level=Level.JUNIOR, skills=usual(Skill), now=datetime.now(UTC))
    await session.execute(text("UPDATE seats SET state = 'ready' WHERE extension = '8001'"))
