"""The shift leader's pages and the seat's region in a real Chromium: live, heard once, and never into a call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import text

from acd import desk
from hotline.roles import Role
from tests.console import seed
from tests.console.test_pages import Desk, at_desk

__all__ = ["at_desk"]
pytestmark = pytest.mark.browser
SLOW = 30_000
"""Milliseconds for what must come at once, on a machine that has much else to do."""


async def notified(at: Desk, statement: str, **values: object) -> None:
    """Change the floor and tell it, as the controller does."""
    async with at.house.database.transaction() as session:
        await session.execute(text(statement), values)
        await session.execute(text("SELECT pg_notify('floor', '')"))


async def sounded(page: Page) -> int:
    return int(await page.evaluate("document.documentElement.dataset.sounded ?? 0"))


async def test_the_wall_is_one_screen_that_follows_the_floor_and_sounds_once(at_desk: Desk) -> None:
    at_desk.house.settings.acd.promise_seconds = 30  # so that a slow machine cannot miss what comes at two thirds of it
    at_desk.house.settings.wallboard.wait_seconds = 1  # that alarm stands from the start, and comes at no odd moment
    page = await at_desk.page(Role.SHIFT_LEADER, width=1920)
    await page.set_viewport_size({"width": 1920, "height": 1080})
    await page.goto(at_desk.url + "/wallboard")
    size = await page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert size == [1920, 1080]
    assert await page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    # the seconds go on by themselves, and the shape changes with them
    async with at_desk.house.database.transaction() as session:
        session.add(seed.call("n1-100.9", datetime.now(UTC) - timedelta(seconds=17)))
        await session.flush()
        await session.execute(text("SELECT pg_notify('floor', '')"))
    await expect(page.locator("li.wait")).to_have_count(4, timeout=SLOW)
    newest = page.locator("li.wait").last
    await expect(newest.locator(".shapes .soon")).to_be_visible(timeout=SLOW)
    await expect(newest.locator(".shapes .late")).to_be_visible(timeout=SLOW)
    # an alarm that was there at the start sounded once; acknowledged, it stays quiet
    first = await sounded(page)
    assert first == 1
    alarm = page.locator('[data-alarm="controller"]')
    await alarm.get_by_role("button").click()
    await expect(alarm).to_have_attribute("data-seen", "", timeout=SLOW)
    # a new one sounds once more, however many boards show it
    since = datetime.now(UTC) - timedelta(minutes=50)
    await notified(at_desk, "UPDATE seats SET state_since = :since WHERE extension = '8004'", since=since)
    await expect(page.locator('[data-alarm="breaks"]')).to_be_visible(timeout=SLOW)
    await notified(at_desk, "UPDATE seats SET state = 'wrap_up', state_since = now() WHERE extension = '8003'")
    await expect(page.locator('.tiles li[data-state="wrap_up"]', has_text="8003")).to_be_visible(timeout=SLOW)
    assert await sounded(page) == first + 1
    await expect(alarm).to_have_attribute("data-seen", "")
    await at_desk.shot(page, "wallboard")
    # muted, nothing is heard
    await page.locator("#sound").click()
    muted = await sounded(page)
    await notified(at_desk, "UPDATE seats SET state = 'offline' WHERE state IN ('ready', 'ringing')")
    await expect(page.locator('[data-alarm="nobody_ready"]')).to_be_visible(timeout=SLOW)
    assert await sounded(page) == muted


async def test_a_message_reaches_the_seat_at_once_and_is_not_heard_in_a_call(at_desk: Desk) -> None:
    leader = await at_desk.page(Role.SHIFT_LEADER)
    talking = await at_desk.page(Role.JUNIOR)
    idle = await at_desk.page(Role.SENIOR)
    for page in (talking, idle):
        await page.goto(at_desk.url + "/seat")
        await expect(page.locator("#news .received")).to_be_visible(timeout=SLOW)
    await leader.goto(at_desk.url + "/messages")
    await leader.get_by_label("消息").fill("宽带大面积故障，统一口径")
    await leader.get_by_label("加急").check()
    await leader.get_by_role("button", name="发送").click()
    for page in (talking, idle):
        await expect(page.locator("#news [data-urgent]")).to_contain_text("宽带大面积故障", timeout=SLOW)
    await expect(idle.locator("html")).to_have_attribute("data-heard", "1", timeout=SLOW)
    assert await talking.locator("html").get_attribute("data-heard") is None
    await at_desk.shot(talking, "message-in-a-call")
    # an answer that is being typed is not taken away by the next message
    answer = talking.locator("#news [name=words]").first
    await answer.fill("正在")
    await leader.get_by_label("消息").fill("第二条")
    await leader.get_by_label("加急").check()
    await leader.get_by_role("button", name="发送").click()
    await expect(idle.locator("#news")).to_contain_text("第二条", timeout=SLOW)
    await expect(answer).to_have_value("正在")
    await answer.fill("正在处理")
    await answer.press("Enter")
    await expect(talking.locator("#news")).to_contain_text("您已回复：正在处理", timeout=SLOW)
    await expect(talking.locator("#news")).to_contain_text("第二条", timeout=SLOW)
    await expect(leader.locator("#sent")).to_contain_text("正在处理", timeout=SLOW)
    await at_desk.shot(leader, "messages")
    # the call is over: now the one that was not answered is heard
    assert await talking.locator("html").get_attribute("data-heard") is None
    async with at_desk.house.database.transaction() as session:
        await session.execute(text("UPDATE seats SET state = 'wrap_up', call_uid = NULL WHERE extension = '8001'"))
        await session.execute(text("SELECT pg_notify('seat_news', '8001:seat')"))
    await expect(talking.locator("html")).to_have_attribute("data-heard", "1", timeout=SLOW)


async def test_a_notice_stands_on_the_seat_page_until_it_is_confirmed(at_desk: Desk) -> None:
    agent = await at_desk.page(Role.SENIOR)
    await agent.goto(at_desk.url + "/seat")
    leader = await at_desk.page(Role.SHIFT_LEADER)
    await leader.goto(at_desk.url + "/notices")
    await leader.get_by_label("标题").fill("5G 畅享套餐上线")
    await leader.get_by_label("正文").fill("月租 128 元，含 30 GB。")
    await leader.get_by_role("button", name="发布").click()
    await expect(agent.locator("#news .notice-card")).to_contain_text("月租 128 元", timeout=SLOW)
    await at_desk.shot(agent, "notice-at-the-seat")
    await agent.get_by_role("button", name="我已阅读").click()
    await expect(agent.locator("#news .notices-open")).to_have_count(0, timeout=SLOW)
    await leader.reload()
    await expect(leader.locator("main")).to_contain_text("1 / 4 已确认")
    await at_desk.shot(leader, "notices")


async def test_a_week_is_planned_and_the_day_shows_who_came_late(at_desk: Desk) -> None:
    leader = await at_desk.page(Role.SHIFT_LEADER)
    begin = (datetime.now(at_desk.house.settings.zone) - timedelta(minutes=50)).replace(second=0, microsecond=0)
    await leader.goto(f"{at_desk.url}/roster?week={begin.date()}")
    await leader.get_by_label("姓名").select_option("senior")
    await leader.get_by_label("上班").fill(f"{begin:%H:%M}")
    await leader.get_by_label("下班").fill(f"{begin + timedelta(hours=8):%H:%M}")
    for box in await leader.locator("[name=day]").all():
        await box.check()
    await leader.get_by_role("button", name="排入").click()
    await expect(leader.locator(".shift")).to_have_count(7)
    await at_desk.shot(leader, "roster")
    async with at_desk.house.database.transaction() as session:
        await session.execute(text("DELETE FROM seat_states WHERE extension = '8003'"))
    async with at_desk.house.database.transaction() as session:
        await desk.log_out(session, "8003", datetime.now(UTC) - timedelta(hours=3))
    async with at_desk.house.database.transaction() as session:
        await desk.log_in(session, "8003", begin + timedelta(minutes=20))
    await leader.goto(f"{at_desk.url}/roster/day?day={begin.date()}")
    row = leader.locator('[data-person="senior"]')
    await expect(row).to_contain_text("在岗")
    await expect(row.locator("b.bad")).to_contain_text("▲ 20")
    await at_desk.shot(leader, "who-was-late")
