"""Each page in a real Chromium on a served application, with one screenshot per page in the test's folder."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, async_playwright, expect
from sqlalchemy import func, select, text

from acd import desk
from console.access import SESSION_COOKIE
from hotline.database import Database
from hotline.models import AuditEntry
from hotline.roles import Role
from qa import draws
from tests.console import seed
from tests.console.conftest import House, served, token_of

pytestmark = pytest.mark.browser
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required"]  # fmt: skip
RECORDED = "n1-300.1"
NOISE = "Failed to load resource"
"""What Chromium says of every answer that is an error; the pages that are meant to be errors are."""


@dataclass
class Desk:
    """A browser before the served console, and what its pages complained of."""

    house: House
    browser: Browser
    url: str
    folder: Path
    complaints: list[str] = field(default_factory=list)

    async def page(self, role: Role | None, *, width: int = 1440) -> Page:
        context = await self.browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")
        if role is not None:
            token = await token_of(self.house.database, role)
            await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": self.url}])
        page = await context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self._heard(said.type, said.text))
        return page

    async def shot(self, page: Page, name: str) -> None:
        await page.screenshot(path=self.folder / f"{name}.png")

    def _heard(self, kind: str, said: str) -> None:
        if kind == "error" and NOISE not in said:
            self.complaints.append(said)


@pytest.fixture
async def at_desk(house: House, tmp_path: Path) -> AsyncIterator[Desk]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium here; `make setup` installs it")
    objects = house.app.state.console.objects
    await seed.everything(house.database, objects, house.settings, datetime.now(UTC), tmp_path, pending=40)
    async with async_playwright() as playwright, served(house.app) as url:
        browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            desk = Desk(house, browser, url, tmp_path)
            yield desk
        finally:
            await browser.close()
    assert desk.complaints == []


async def audited(database: Database, action: str) -> int:
    async with database.transaction() as session:
        query = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == action)
        return int((await session.execute(query)).scalar_one())


async def test_a_person_logs_in_chooses_a_language_and_logs_out(at_desk: Desk) -> None:
    page = await at_desk.page(None)
    await page.goto(at_desk.url + "/orders")
    await page.get_by_label("用户名").fill("manager")
    await page.get_by_label("密码").fill("not the password")
    await page.get_by_role("button", name="登录").click()
    await expect(page.get_by_role("alert")).to_contain_text("用户名或密码不正确")
    await at_desk.shot(page, "login")
    await page.get_by_label("密码").fill(seed.PASSWORD)
    await page.get_by_role("button", name="登录").click()
    await page.wait_for_url("**/orders")
    await page.get_by_role("button", name="EN", exact=True).click()
    await expect(page.locator("h1 .zh")).to_be_hidden()
    await expect(page.locator("h1 .en")).to_be_visible()
    await page.get_by_role("button", name="Log out").click()
    await page.wait_for_url("**/login")


async def test_the_floor_follows_the_database_without_a_reload(at_desk: Desk) -> None:
    page = await at_desk.page(Role.SHIFT_LEADER)
    await page.goto(at_desk.url + "/floor")
    ready = page.locator('[data-seat="8003"]')
    await expect(ready).to_have_attribute("data-state", "ready")
    first = int(await page.locator(".wait [data-since]").first.inner_text())
    await expect(page.locator(".wait [data-since]").first).not_to_have_text(str(first))
    async with at_desk.house.database.transaction() as session:
        await desk.take_break(session, "8003", "training", datetime.now(UTC))
    await expect(ready).to_have_attribute("data-state", "break")
    await expect(ready).to_contain_text("培训")
    await at_desk.shot(page, "floor")
    page.on("dialog", lambda dialog: dialog.accept())
    await page.locator('[data-seat="8004"] .manage').click()
    await expect(page.locator('[data-seat="8004"]')).to_have_attribute("data-state", "offline")


async def test_the_floor_polls_where_the_stream_is_cut(at_desk: Desk) -> None:
    page = await at_desk.page(Role.MANAGER)
    await page.route("**/floor/stream", lambda route: route.abort())
    await page.goto(at_desk.url + "/floor")
    await expect(page.locator("[data-live]")).to_have_attribute("data-live", "polling", timeout=40_000)
    async with at_desk.house.database.transaction() as session:
        await desk.take_break(session, "8003", "meal", datetime.now(UTC))
    await expect(page.locator('[data-seat="8003"]')).to_have_attribute("data-state", "break")
    at_desk.complaints.clear()  # the browser tells of each cut, as it should


async def test_a_floor_left_open_closes_with_the_session(at_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.floor.stream.KEEP_ALIVE_SECONDS", 0.3)
    page = await at_desk.page(Role.SHIFT_LEADER)
    await page.goto(at_desk.url + "/floor")
    await expect(page.locator(".seats .seat").first).to_be_visible()
    async with at_desk.house.database.transaction() as session:
        await session.execute(text("UPDATE login_sessions SET revoked_at = now()"))
    await page.wait_for_url("**/login?next=/floor")


async def test_an_agents_own_buttons_follow_the_seat(at_desk: Desk) -> None:
    page = await at_desk.page(Role.SENIOR)
    await page.goto(at_desk.url + "/floor")
    await page.locator("#own select").select_option("meal")
    await page.get_by_role("button", name="小休 Take a break").click()
    await expect(page.locator("#own .now")).to_contain_text("小休")
    await at_desk.shot(page, "floor-agent")
    async with at_desk.house.database.transaction() as session:
        await desk.ready(session, "8003", datetime.now(UTC))
    await expect(page.locator("#own .now")).to_contain_text("空闲")


async def test_an_inspector_scores_while_listening_and_once(at_desk: Desk) -> None:
    page = await at_desk.page(Role.INSPECTOR)
    await page.goto(at_desk.url + "/samples")
    await expect(page.locator("p.drawn")).to_contain_text("2026")
    await expect(page.locator(".quota .one").first).to_contain_text("0/2")
    await at_desk.shot(page, "samples")
    await page.locator("tr.open a", has_text=RECORDED).click()
    await page.wait_for_selector("[data-player][data-ready]")
    await page.locator('.turn[data-start="15.4"] button').click()
    await expect(page.locator('.turn[data-start="15.4"]')).to_have_attribute("aria-current", "true")
    item = page.locator(".item", has_text="服务态度不佳")
    await item.locator("[data-points]").fill("5")
    await item.get_by_role("button", name="标记此刻").click()
    await item.locator(".remark").fill("语气生硬")
    await expect(page.locator("[data-total]")).to_have_text("95")
    veto = page.locator(".item", has_text="拒绝受理").get_by_role("checkbox")
    await veto.check()
    await expect(page.locator("[data-total]")).to_have_text("0")
    await veto.uncheck()
    await at_desk.shot(page, "sample")
    await page.reload()
    await expect(page.locator("[data-total]")).to_have_text("95")

    async def late(route: Route) -> None:
        await asyncio.sleep(1)  # whoever clicks before the wave is drawn is not forgotten
        await route.continue_()

    await page.route("**/peaks", late)
    await page.get_by_role("button", name="保存评分").click()
    await expect(page.get_by_role("status").first).to_contain_text("评分已保存")
    await expect(page.locator(".item")).to_have_count(1)
    await expect(page.locator("[data-total]")).to_have_text("95")
    await page.locator(".item [data-marked]").click()
    await page.wait_for_selector("[data-player][data-playing]")
    async with at_desk.house.database.transaction() as session:
        scored = await draws.list_samples(session, state="scored")
    assert [(each.call_uid, each.total, each.fatal) for each in scored] == [(RECORDED, 95, False)]


async def test_orders_audit_and_refusals_are_pages_one_can_read(at_desk: Desk) -> None:
    page = await at_desk.page(Role.MANAGER)
    await page.goto(at_desk.url + "/orders")
    await expect(page.locator("tbody tr").first).to_contain_text("剩余")
    await at_desk.shot(page, "orders")
    await page.goto(at_desk.url + "/audit")
    await page.get_by_role("button", name="核验审计链").click()
    await expect(page.get_by_role("status").first).to_contain_text("审计链完整")
    await at_desk.shot(page, "audit")
    junior = await at_desk.page(Role.JUNIOR)
    await junior.goto(at_desk.url + "/audit")
    await expect(junior.locator("main")).to_contain_text("没有此项权限")
    await at_desk.shot(junior, "forbidden")


@pytest.mark.parametrize("width", [1280, 1920])
async def test_no_page_is_wider_than_the_screen(at_desk: Desk, width: int) -> None:
    for role, path in ((Role.SHIFT_LEADER, "/floor"), (Role.RECORDING_CLERK, "/drafts"), (Role.INSPECTOR, "/samples"),
                       (Role.RECORDING_CLERK, f"/drafts/{RECORDED}"), (Role.MANAGER, "/orders")):  # fmt: skip
        page = await at_desk.page(role, width=width)
        await page.goto(at_desk.url + path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, path
        await page.context.close()
