"""A word goes its whole way in a real Chromium: missed, proposed, measured, live, suggested, rolled back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from cases import jobs as case_jobs
from hotline.clock import SystemClock
from hotline.heavy import HeavyWork
from hotline.jobs import JobContext, build_app
from hotline.roles import Role
from tests.console import seed
from tests.console.test_pages import Desk, at_desk, audited
from transcribe import jobs
from transcribe.lexicon import notes
from transcribe.turns import Turn

__all__ = ["at_desk"]
pytestmark = pytest.mark.browser
UID = "n1-700.1"
PATIENCE = 60_000
"""Milliseconds for a page that two busy cores draw."""
TURNS = (
    ("seat", 2.0, 5.6, "您好，请问有什么可以帮您？"),
    ("caller", 6.0, 12.0, "我办的唱月套餐每个月一百二十八块钱，三月十五号开始多扣了三十五块五。"),
    ("caller", 13.0, 18.0, "我的电话是一三九，零零一二，三四五六。"),
)


async def work(desk: Desk) -> None:
    """Let a worker do what is queued."""
    context = JobContext(desk.house.settings, desk.house.database, SystemClock(), HeavyWork())
    app = build_app(desk.house.database.url)
    jobs.register(app, context)
    case_jobs.register(app, context)
    async with app.open_async():
        await app.run_worker_async(wait=False, install_signal_handlers=False)
    context.heavy.close()


async def test_a_word_is_proposed_measured_goes_live_is_suggested_and_rolled_back(at_desk: Desk) -> None:
    now = datetime.now(UTC)
    async with at_desk.house.database.transaction() as session:
        await seed.draft(session, UID, now, now + timedelta(hours=2), TURNS)
        await notes.mark(session, UID, [Turn(*turn) for turn in TURNS])

    clerk = await at_desk.page(Role.RECORDING_CLERK)
    await clerk.goto(f"{at_desk.url}/drafts/{UID}")
    beside = clerk.locator("#turn-1 .turn-note")
    await expect(beside).to_contain_text("128元", timeout=PATIENCE)
    await expect(beside).to_contain_text("3月15日开始多扣了35.50元")
    await expect(clerk.locator("#turn-2 .turn-note")).to_contain_text("139 0012 3456")
    await expect(clerk.locator("#turn-1 > p")).to_contain_text("一百二十八块钱")
    await expect(clerk.locator(".offer")).to_have_count(0)
    await clerk.get_by_text("缺少我们的词").click()
    form = clerk.locator("form.propose")
    await form.locator("[name=word]").fill("畅越套餐")
    await form.locator("[name=kind]").select_option("tariff")
    await form.get_by_role("button").click()
    await expect(clerk.locator("form.propose [role=status]")).to_be_visible(timeout=PATIENCE)

    inspector = await at_desk.page(Role.INSPECTOR)
    await inspector.goto(f"{at_desk.url}/figures/references/{UID}")
    await inspector.locator("textarea").nth(1).fill(TURNS[1][3].replace("唱月", "畅越"))
    await at_desk.shot(inspector, "reference")
    await inspector.get_by_role("button", name="保存为参考文本").click()
    await expect(inspector.get_by_role("status")).to_be_visible(timeout=PATIENCE)

    manager = await at_desk.page(Role.DATA_MANAGER)
    await manager.goto(at_desk.url + "/lexicon")
    await expect(manager.locator(".proposal")).to_contain_text("畅越套餐", timeout=PATIENCE)
    await at_desk.shot(manager, "lexicon-proposed")
    await manager.locator(".proposal").get_by_role("button", name="收入词库").click()
    await expect(manager.locator("tr.added")).to_contain_text("畅越套餐", timeout=PATIENCE)
    await manager.get_by_role("button", name="测量").click()
    await expect(manager.locator(".measuring")).to_be_visible(timeout=PATIENCE)
    await work(at_desk)
    await expect(manager.locator(".turnover")).to_contain_text("唱月套餐", timeout=PATIENCE)
    await expect(manager.locator(".pair rect.better").first).to_be_visible(timeout=PATIENCE)
    await at_desk.shot(manager, "lexicon-measured")
    await manager.get_by_role("button", name="启用").click()
    await expect(manager.locator(".tag.good", has_text="使用中").first).to_be_visible(timeout=PATIENCE)
    await work(at_desk)

    await clerk.goto(f"{at_desk.url}/drafts/{UID}")
    offer = clerk.locator("#turn-1 .offer")
    await expect(offer).to_contain_text("唱月套餐", timeout=PATIENCE)
    await expect(offer).to_contain_text("畅越套餐", timeout=PATIENCE)
    await at_desk.shot(clerk, "suggestion")
    await offer.get_by_role("button", name="采纳").click()
    await expect(clerk.locator("#turn-1 .offer.taken")).to_contain_text("已采纳", timeout=PATIENCE)
    await expect(clerk.locator("#turn-1 > p")).to_contain_text("唱月套餐", timeout=PATIENCE)
    await at_desk.shot(clerk, "suggestion-taken")
    assert await audited(at_desk.house.database, "suggestion.accept") == 1

    await manager.goto(at_desk.url + "/lexicon")
    await expect(manager.locator("tr", has_text="畅越套餐").first).to_contain_text("1 / 0")
    await manager.get_by_role("button", name="回退").click()
    await expect(manager.locator("tr", has_text="已回退")).to_have_count(1, timeout=PATIENCE)
    await at_desk.shot(manager, "lexicon-rolled-back")
    await work(at_desk)
    await clerk.goto(f"{at_desk.url}/drafts/{UID}")
    await expect(clerk.locator("#turn-1 .turn-note")).to_contain_text("128元", timeout=PATIENCE)
    await expect(clerk.locator(".offer")).to_have_count(0)
    assert await audited(at_desk.house.database, "lexicon.rollback") == 1
