"""The leader's table of seats and the page of the fifteen seconds in a real Chromium."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from acd import record
from acd.events import CallEvent, Kind
from acd.words import Service
from hotline.roles import Role
from tests.console.test_pages import Desk, at_desk

__all__ = ["at_desk"]
pytestmark = pytest.mark.browser


async def a_morning(desk: Desk) -> datetime:
    """Calls of the day before: most answered in time, some late, some gave up. Returns when it began."""
    zone = desk.house.settings.zone
    nine = (datetime.now(zone) - timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0).astimezone(UTC)
    pending: list[record.Pending] = []
    for number in range(60):
        uid, entered = f"n1-900.{number}", nine + timedelta(minutes=4 * number)
        queued = entered + timedelta(seconds=3)
        told = {
            CallEvent(uid, Kind.ENTERED, entered),
            CallEvent(uid, Kind.QUEUED, queued, service=Service.COMPLAINT),
            CallEvent(uid, Kind.ENDED, entered + timedelta(seconds=200)),
        }
        if number % 7 == 0:
            told.add(CallEvent(uid, Kind.RINGING, entered + timedelta(seconds=30), "8001", number + 1))
            told.add(CallEvent(uid, Kind.ANSWERED, entered + timedelta(seconds=33), "8001", number + 1))
        elif number % 11:
            told.add(CallEvent(uid, Kind.ANSWERED, entered + timedelta(seconds=8), "8002", number + 1))
        pending.append(record.Pending(uid, told))
    async with desk.house.database.transaction() as session:
        await record.write(session, pending, promise=15, now=datetime.now(UTC))
    return nine


async def test_the_leader_redeploys_a_seat_and_looks_at_yesterday(at_desk: Desk) -> None:
    nine = await a_morning(at_desk)
    zone = at_desk.house.settings.zone
    page = await at_desk.page(Role.SHIFT_LEADER)
    await page.goto(at_desk.url + "/seats/8003")
    await page.get_by_label("高级").check()
    await page.locator("[name=skill_complaint]").select_option("5")
    await page.get_by_label("大客户").check()
    until = datetime.now(zone) + timedelta(hours=1)
    await page.locator("[name=until]").fill(f"{until:%H:%M}")
    await at_desk.shot(page, "seat-form")
    await page.get_by_role("button", name="调配").first.click()
    await page.wait_for_url("**/seats")
    row = page.locator("tr", has_text="8003")
    await expect(row).to_contain_text("高级")
    await expect(row).to_contain_text("专为")
    await at_desk.shot(page, "seats")
    await row.get_by_role("button", name="立即恢复").click()
    await expect(page.locator("tr", has_text="8003").get_by_role("button")).to_have_count(0)
    await page.goto(f"{at_desk.url}/promise?day={nine.astimezone(zone).date()}")
    await expect(page.locator("svg.hours rect.kept").first).to_be_visible()
    await expect(page.locator("svg.hours rect.late").first).to_be_visible()
    await at_desk.shot(page, "promise")
    breach = page.locator("tbody tr details").first
    await breach.locator("summary").click()
    await expect(breach.locator("li").first).to_contain_text("进入热线")
    await at_desk.shot(page, "promise-line")
