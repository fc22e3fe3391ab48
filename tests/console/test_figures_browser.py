"""Figures by week, agents' forms, and a form beside its call, in a real Chromium."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from cases.registration_models import Registration
from hotline.clock import local_day
from hotline.models import User
from hotline.roles import Role
from qa import draws
from tests.console.test_pages import RECORDED, Desk, at_desk, audited
from transcribe import drafts, figures
from transcribe.figures import Errors, Score, Week, iso_week

__all__ = ["at_desk"]
pytestmark = pytest.mark.browser
PATIENCE = 60_000
FORM = {
    "kind": "complaint", "business": "information", "nature": "service_quality", "phone": "13912345678",
    "amount": "35", "what_happened": "每月多扣彩铃费，未开通", "dates": "上个月",
}  # fmt: skip


async def weeks_of_figures(desk: Desk) -> None:
    now, zone = datetime.now(UTC), desk.house.settings.zone
    told = []
    for back in range(6):
        week = iso_week(now - timedelta(weeks=back), zone)
        fields = {
            "kind": Score(92, 96, 96), "business": Score(88, 95, 96), "amount": Score(31, 35, 38),
            "phone": Score(60, 62, 64), "place": Score(5, 9, 11),
        }  # fmt: skip
        told.append(Week(week, "faster-whisper/base", 18, Errors(90 - 4 * back, 900), 96, fields))
        if back < 4:
            told.append(Week(week, "vosk/cn-small", 6, Errors(140 + 9 * back, 900), 12, {"kind": Score(9, 12, 12)}))
    async with desk.house.database.transaction() as session:
        await figures.keep_weeks(session, told, now)


async def a_form(desk: Desk) -> str:
    """The agent handed in a form of the recorded call; gives the call's sample."""
    now, settings = datetime.now(UTC), desk.house.settings
    async with desk.house.database.transaction() as session:
        agent = await session.scalar(select(User.id).where(User.login == Role.JUNIOR.value))
        session.add(
            Registration(
                call_uid=RECORDED, seat="8001", agent_id=agent, state="submitted", fields=FORM, version=1,
                created_at=now - timedelta(hours=1), saved_at=now - timedelta(hours=1),
            )
        )  # fmt: skip
        await drafts.registered(session, RECORDED, now)
    for back in range(3):
        day = local_day(now - timedelta(days=back), settings.zone)
        async with desk.house.database.transaction() as session:
            await draws.draw_day(session, day, settings=settings, actor="inspector", now=now)
            for sample in await draws.list_samples(session, day=day):
                if sample.call_uid == RECORDED:
                    return str(sample.id)
    pytest.fail("the recorded call was not drawn")


async def test_the_inspector_sees_figures_and_a_form_beside_its_call(at_desk: Desk) -> None:
    await weeks_of_figures(at_desk)
    sample = await a_form(at_desk)
    page = await at_desk.page(Role.INSPECTOR)
    await page.goto(f"{at_desk.url}/samples/{sample}")
    compare = page.locator("#compare")
    await expect(compare.locator("tr.different", has_text="涉及金额")).to_contain_text("35", timeout=PATIENCE)
    await expect(compare.locator("tr.only_draft", has_text="客户诉求")).to_contain_text("表单遗漏")
    await expect(compare.locator(".proposals")).to_contain_text("记录不完整")
    await expect(page.locator("[data-item]", has_text="记录不完整")).to_contain_text("客户诉求")
    total = page.locator("[data-total]")
    await expect(total).to_have_text("100")
    await compare.scroll_into_view_if_needed()
    await at_desk.shot(page, "compare")
    await page.goto(at_desk.url + "/figures/forms")
    await expect(page.locator("tbody tr")).to_contain_text("样本太少")
    await at_desk.shot(page, "forms")
    assert await audited(at_desk.house.database, "difference.view") == 1
    await page.goto(at_desk.url + "/figures")
    await expect(page.locator(".series polyline")).to_have_count(2, timeout=PATIENCE)
    await expect(page.locator(".series circle.few")).to_have_count(4)
    await page.screenshot(path=at_desk.folder / "figures.png", full_page=True)
    await page.set_viewport_size({"width": 640, "height": 400})  # 200 %: only its tables are wider than the window
    assert await page.evaluate("document.documentElement.scrollWidth") <= 640
    await page.goto(at_desk.url + "/figures/references")
    await expect(page.locator("h1")).to_contain_text("参考文本")
