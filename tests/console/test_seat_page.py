"""The agent's page in a real Chromium: the ring brings the caller, and nothing that was typed is lost."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect
from sqlalchemy import text

from acd.models import CallEvent
from hotline.roles import Role
from tests.console import seed
from tests.console.conftest import House, served
from tests.console.test_pages import ARGUMENTS, Desk

pytestmark = pytest.mark.browser
RINGING = "n1-100.2"
TALKING = "n1-100.1"
SAVED = '[data-save="saved"]'
WORDS = "客户称上个月起每月多扣三十元彩铃费，从未开通过。"


@pytest.fixture
async def at_desk(house: House, tmp_path: Path) -> AsyncIterator[Desk]:
    """A browser before the floor alone; what other pages show is not needed here."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium here; `make setup` installs it")
    async with house.database.transaction() as session:
        await seed.floor(session, datetime.now(UTC))
    async with async_playwright() as playwright, served(house.app) as url:
        browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            desk = Desk(house, browser, url, tmp_path)
            yield desk
        finally:
            await browser.close()
    assert desk.complaints == []


async def at_seat(desk: Desk, state: str, call: str | None) -> None:
    """Move seat 8001 as the controller does: the row, and the word to its page, in one transaction."""
    async with desk.house.database.transaction() as session:
        await session.execute(text("UPDATE seats SET call_uid = NULL WHERE call_uid = :call"), {"call": call})
        move = "UPDATE seats SET state = :state, call_uid = :call, state_since = now() WHERE extension = '8001'"
        await session.execute(text(move), {"state": state, "call": call})
        if state == "talking":
            session.add(CallEvent(call_uid=call, at=datetime.now(UTC), kind="answered", seat="8001", detail={}))
        await session.execute(text("SELECT pg_notify('seat_news', '8001\\:call')"))


async def orders_made(desk: Desk, call: str) -> int:
    async with desk.house.database.transaction() as session:
        query = text("SELECT count(*) FROM orders WHERE call_uid = :call")
        return int((await session.execute(query, {"call": call})).scalar_one())


async def opened(desk: Desk) -> Page:
    page = await desk.page(Role.JUNIOR)
    await page.goto(desk.url + "/seat")
    return page


async def typed(page: Page, words: str) -> None:
    """Type, and wait until the page says that it is saved."""
    await page.locator("#f-what_happened").fill(words)
    await expect(page.locator(SAVED)).to_be_visible(timeout=15_000)


async def test_the_ring_brings_the_caller_and_the_answer_the_form(at_desk: Desk) -> None:
    await at_seat(at_desk, "ready", None)
    page = await opened(at_desk)
    await expect(page.locator("#caller")).to_contain_text("暂无通话")
    await at_seat(at_desk, "ringing", RINGING)
    await expect(page.locator(".caller-number")).to_have_text("137 0000 1111")
    await expect(page.locator("#own")).to_contain_text("振铃")
    await expect(page.locator("form.register")).to_have_count(0)
    await at_seat(at_desk, "talking", RINGING)
    await expect(page.locator("#f-phone")).to_have_value("13700001111")
    await at_desk.shot(page, "seat-talking")
    await page.keyboard.press("F2")
    await page.locator("#standards input").fill("彩铃")
    await expect(page.locator("#standards-found")).to_contain_text("立即取消")
    await page.keyboard.press("Escape")
    await expect(page.locator("#standards")).to_be_hidden()
    await page.locator("#f-promised").fill("保证明天上门")
    await expect(page.locator("[data-promise]")).to_contain_text("保证明天上门")
    assert not await page.evaluate("document.documentElement.scrollHeight > innerHeight")


async def test_what_was_typed_is_there_after_a_crash_and_one_order_is_made_of_it(at_desk: Desk) -> None:
    page = await opened(at_desk)
    await page.locator("input[name=kind][value=complaint]").check()
    await page.locator("#f-business").select_option("mobile")
    await typed(page, WORDS)
    await page.context.close()  # what this browser kept for itself is gone with it
    page = await opened(at_desk)
    await expect(page.locator("#f-what_happened")).to_have_value(WORDS)
    await expect(page.locator("input[name=kind][value=complaint]")).to_be_checked()
    await page.context.set_offline(True)
    await page.locator("#f-request").fill("退费并取消")
    await expect(page.locator(".is-offline")).to_be_visible()
    await page.context.set_offline(False)
    await expect(page.locator(SAVED)).to_be_visible(timeout=20_000)
    await expect(page.locator("[data-lost]")).to_be_hidden(timeout=20_000)
    # htmx complains of each request that found no connection: that was the point
    at_desk.complaints[:] = [said for said in at_desk.complaints if not said.startswith("htmx:")]
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#f-nature-p")).to_contain_text("此项必填")
    await expect(page.locator("#f-nature")).to_be_focused()
    await at_desk.shot(page, "seat-problems")
    await page.locator("#f-nature").select_option("tariff")
    press = "for (let i = 0; i < 3; i++) document.querySelector('form.register .primary').click()"
    await page.evaluate(press)
    await expect(page.locator(".order-number")).to_contain_text("TS")
    assert await orders_made(at_desk, TALKING) == 1
    await page.reload()
    await expect(page.locator(".order-number")).to_contain_text("TS")


async def test_a_second_window_is_told_and_decides(at_desk: Desk) -> None:
    first = await opened(at_desk)
    second = await first.context.new_page()
    second.set_default_timeout(60_000)
    await second.goto(at_desk.url + "/seat")
    await typed(first, "第一窗口")
    await second.locator("#f-what_happened").fill("第二窗口")
    await expect(second.locator("[data-conflict]")).to_be_visible()
    await expect(second.locator("[data-differences]")).to_contain_text("第一窗口")
    await expect(second.locator("#f-what_happened")).to_have_value("第二窗口")
    await at_desk.shot(second, "seat-conflict")
    await second.locator("[data-keep-mine]").click()
    await expect(second.locator(SAVED)).to_be_visible()
    await first.locator("#f-place").fill("广州")
    await expect(first.locator("[data-conflict]")).to_be_visible()
    await first.locator("[data-take-theirs]").click()
    await expect(first.locator("#f-what_happened")).to_have_value("第二窗口")
    await expect(first.locator("#f-place")).to_have_value("")


async def test_what_was_begun_is_taken_up_again_after_the_next_call(at_desk: Desk) -> None:
    page = await opened(at_desk)
    await page.locator("#f-what_happened").fill(WORDS)
    await at_seat(at_desk, "talking", RINGING)  # while the last key is not saved yet
    await expect(page.locator("#f-phone")).to_have_value("13700001111")
    await expect(page.locator("#f-what_happened")).to_have_value("")
    await page.locator(f'[data-register="{TALKING}"]').click()
    await expect(page.locator("#f-what_happened")).to_have_value(WORDS)
    await page.locator("#form [name=reason]").select_option("look_up")
    await page.locator("[data-discard]").click()
    await expect(page.locator("#form")).to_contain_text("已结束，未生成工单")
    assert await orders_made(at_desk, TALKING) == 0
