"""What the node's process does with what the database says, and how little while nothing changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hotline.clock import ManualClock
from hotline.database import Database
from hotline.processes.airing import AGAIN, Airing
from hotline.settings import Settings
from ivr import announcements, versions
from ivr.content import Content
from ivr.errors import NodeError
from ivr.hours import DayKind, day_table, official
from ivr.versions import VersionState
from ivr.wanted import take_up

START = datetime(2026, 3, 16, 2, 0, tzinfo=UTC)


class Node:
    """An Asterisk that takes what it is given, or refuses everything."""

    def __init__(self) -> None:
        self.content: Content | None = None
        self.taken: list[Content] = []
        self.said: list[str] = []
        self.channels = ""
        self.refuses = False

    async def command(self, line: str) -> str:
        self.said.append(line)
        return self.channels if line.startswith("core show") else ""

    async def set_content(self, content: Content) -> None:
        if self.refuses:
            raise NodeError("Asterisk did not take ivr-v2-main: a line it cannot read")
        self.content = content
        self.taken.append(content)


class Desk:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.settings = Settings()
        self.clock = ManualClock(START)
        self.node = Node()
        self.airing = Airing(database, self.node, self.settings, self.clock)
        self.text = self.settings.menu.read_text("utf-8")

    def later(self, by: timedelta) -> None:
        self.clock = ManualClock(self.clock.now() + by)
        self.airing._clock = self.clock

    async def ask(self) -> int:
        async with self.database.transaction() as session:
            made = await versions.add(session, self.text, author="a", note="", now=self.clock.now())
            await versions.ask(session, made.number, now=self.clock.now())
        return made.number


@pytest.fixture
async def desk(database: Database) -> Desk:
    desk = Desk(database)
    async with database.transaction() as session:
        await take_up(session, desk.settings, START)
    await desk.airing.look()
    return desk


async def test_nothing_is_rendered_while_nothing_changes_and_once_on_a_new_day(desk: Desk) -> None:
    for _ in range(3):
        await desk.airing.look()
    assert len(desk.node.taken) == 1
    assert desk.node.said.count("dialplan set global HL_PRESENT 0") == 1
    desk.later(timedelta(days=1))
    await desk.airing.look()
    await desk.airing.look()
    assert [content.today.day for content in desk.node.taken] == [16, 17]


async def test_a_version_that_asterisk_refuses_is_marked_and_the_live_one_stays(desk: Desk) -> None:
    desk.node.refuses = True
    number = await desk.ask()
    await desk.airing.look()
    async with desk.database.transaction() as session:
        view = await versions.get(session, number)
        live = await versions.in_state(session, VersionState.LIVE)
    assert view is not None
    assert live is not None
    assert (view.state, live.number) == (VersionState.FAILED, 1)
    assert "cannot read" in str(view.problem)
    desk.node.refuses = False
    await desk.airing.look()
    assert [content.live for content in desk.node.taken] == [1]


async def test_versions_that_callers_are_in_stay_however_many_follow(desk: Desk) -> None:
    desk.node.channels = "PJSIP/trunk-1!ivr-v1-main!s!5!Up!BackGround!x\n"
    for _ in range(6):
        desk.later(timedelta(minutes=1))
        await desk.ask()
        await desk.airing.look()
        await desk.airing.look()
    assert desk.node.content is not None
    assert (desk.node.content.live, sorted(desk.node.content.menus)) == (7, [1, 3, 4, 5, 6, 7])


async def test_an_announcement_that_was_refused_says_why_and_is_tried_again(desk: Desk) -> None:
    desk.node.refuses = True
    async with desk.database.transaction() as session:
        await announcements.announce(
            session, "news-outage", services=(), starts_at=START, ends_at=None, by="leader",
            prompts=desk.settings.prompts, now=START,
        )  # fmt: skip
    await desk.airing.look()
    async with desk.database.transaction() as session:
        (view,) = await announcements.listed(session)
    assert view.problem is not None
    assert view.aired_at is None
    desk.node.refuses = False
    await desk.airing.look()
    assert len(desk.node.taken) == 1, "not before its time"
    desk.later(AGAIN)
    await desk.airing.look()
    async with desk.database.transaction() as session:
        (view,) = await announcements.listed(session)
    assert (view.problem, view.aired_at) == (None, START + AGAIN)


async def test_switching_on_and_off_between_two_looks_is_answered_too(desk: Desk) -> None:
    async with desk.database.transaction() as session:
        made = await announcements.announce(
            session, "news-outage", services=(), starts_at=START, ends_at=None, by="leader",
            prompts=desk.settings.prompts, now=START,
        )  # fmt: skip
        await announcements.switch(session, made.id, False, by="leader", now=START)
    await desk.airing.look()
    async with desk.database.transaction() as session:
        (view,) = await announcements.listed(session)
    assert view.aired_at == START


def test_days_come_from_the_calendar_unless_the_centre_says_otherwise() -> None:
    new_year = datetime(2026, 2, 17, tzinfo=UTC).date()  # a Tuesday in the Spring Festival
    made_up = datetime(2026, 2, 14, tzinfo=UTC).date()  # a Saturday that is worked for it
    assert (official(new_year), official(made_up)) == (DayKind.DAY_OFF, DayKind.WORKDAY)
    table = day_table(made_up, {new_year: DayKind.WORKDAY})
    assert made_up in table.workdays
    assert new_year not in table.days_off
    assert table.kind(new_year) is DayKind.WORKDAY
    assert official(datetime(2040, 1, 1, tzinfo=UTC).date()) is DayKind.DAY_OFF, "a year that is not published yet"
