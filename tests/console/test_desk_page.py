"""The clerk's desk in a real Chromium, with the keyboard alone; nothing that was typed is lost, whatever happens."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, async_playwright, expect
from sqlalchemy import func, select, text

from cases import orders
from cases.desk_models import DeskItem
from cases.erasing import erase_forms
from hotline.models import AuditEntry
from hotline.roles import Role
from tests.console import seed
from tests.console.conftest import House, served
from tests.console.test_pages import ARGUMENTS, Desk
from transcribe.erasing import erase_words

pytestmark = pytest.mark.browser
RECORDED = "n1-300.1"
SAVED = '[data-save="saved"]'


@pytest.fixture
async def floor(house: House, tmp_path: Path) -> AsyncIterator[Desk]:
    """The served console with one recorded draft and four without sound behind it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium here; `make setup` installs it")
    now, flac = datetime.now(UTC), tmp_path / "call.flac"
    seed.speech(flac, 45)
    async with house.database.transaction() as session:
        session.add(
            seed.ended(RECORDED, now - timedelta(minutes=70), waited=6, talked=39, customer_class="key_account")
        )
        await seed.recording(session, house.app.state.console.objects, RECORDED, now - timedelta(minutes=70), flac)
        await seed.draft(session, RECORDED, now, now + timedelta(minutes=20))
        await seed.many_drafts(session, now, 4)
    async with async_playwright() as playwright, served(house.app) as url:
        browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            desk = Desk(house, browser, url, tmp_path)
            yield desk
        finally:
            await browser.close()
    assert desk.complaints == []


async def opened(page: Page, url: str) -> Page:
    """The recorded draft, taken by pressing Enter, ready to be worked on."""
    await page.goto(f"{url}/drafts/{RECORDED}")
    if await page.locator(".taken-bar").count():
        await page.keyboard.press("Enter")
    await ready(page)
    return page


async def ready(page: Page) -> None:
    await page.wait_for_selector("html[data-desk-ready]", state="attached")


def at(page: Page, name: str) -> str:
    return f'[data-field="{name}"]'


async def tab_to(page: Page, name: str) -> None:
    """Tab until the field has the focus; no further than the form is long."""
    for _ in range(30):
        if await page.locator(f"{at(page, name)}.current").count():
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {name}")


async def value(page: Page, name: str) -> str:
    return await page.locator(f'[data-field="{name}"] [name="{name}"]').input_value()


async def mark(page: Page, name: str) -> str | None:
    return await page.locator(at(page, name)).get_attribute("data-mark")


async def test_a_clerk_with_a_keyboard_alone_takes_hears_corrects_and_confirms(floor: Desk) -> None:
    page = await floor.page(Role.RECORDING_CLERK, width=1366)
    await page.goto(floor.url + "/drafts")
    assert await page.locator("tr.work-row").count() == 5
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await expect(page.locator("tr.work-row").nth(1)).to_have_attribute("aria-selected", "true")
    await floor.shot(page, "list")
    await page.keyboard.press("n")  # what is urgent comes before what is due first
    await page.wait_for_url(f"**/drafts/{RECORDED}")
    await ready(page)
    await page.wait_for_selector("[data-player][data-ready]")
    assert await page.evaluate("document.activeElement.name") == "kind"

    await page.keyboard.press("Tab")
    about = page.locator('[data-about="business"]')
    await expect(about).to_be_visible()
    await expect(about.locator(".chip")).to_contain_text("彩铃费")
    await page.wait_for_selector("[data-player][data-playing]")  # Tab plays the evidence
    assert await page.evaluate("[...CSS.highlights.get('evidence')].map(String)") == ["彩铃费"]
    await expect(page.locator(".turn").nth(2)).to_have_class("turn caller evident")
    await page.keyboard.press("Alt+1")
    assert (await value(page, "business"), await mark(page, "business")) == ("mobile", "alternative")
    await expect(about.locator("[data-evidence] .chip")).to_contain_text("我的话费")

    await tab_to(page, "amount")
    await page.keyboard.press("Alt+c")
    assert (await value(page, "amount"), await mark(page, "amount")) == ("", "cleared")
    await page.keyboard.press("Control+z")
    assert (await value(page, "amount"), await mark(page, "amount")) == ("30", "")
    await page.keyboard.press("Control+y")
    assert await value(page, "amount") == ""
    await page.keyboard.press("Alt+t")  # among the turns: the whole turn, then fewer of its words
    assert await page.evaluate("[...CSS.highlights.get('picking')].length") == 1
    await page.keyboard.press("ArrowDown")
    for _ in range(3):
        await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")
    assert (await value(page, "amount"), await mark(page, "amount")) == ("30", "picked")  # 三十块钱

    await tab_to(page, "place")
    await expect(page.locator('[data-about="place"] [data-no-evidence]')).to_be_visible()
    await page.keyboard.insert_text("城东营业厅")
    await page.keyboard.press("Enter")
    assert await mark(page, "place") == "clerk"
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    assert await mark(page, "dates") == "accepted"
    await page.keyboard.press("Alt+g")  # the summary follows what was changed
    await expect(page.locator("#f-summary")).to_have_value(re.compile("移动.*涉及金额30元"))
    await floor.shot(page, "draft")

    await page.keyboard.press("Control+Enter")  # what is unsure is to be looked at first
    await expect(page.locator(".foot-problem")).to_be_visible()
    assert await page.evaluate("document.activeElement.name") == "urgent"
    await page.keyboard.press("Enter")
    assert await mark(page, "urgent") == "accepted"
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url("**/drafts/n1-200.*made=TS*")
    await ready(page)
    await expect(page.locator("main > .notice")).to_contain_text("已生成")
    async with floor.house.database.transaction() as session:
        (made,) = await orders.list_orders(session, datetime.now(UTC), call_uid=RECORDED)
        heard = await session.scalar(select(func.count()).where(AuditEntry.action == "recording.replay"))
    assert set(made.corrected) == {"business", "place", "summary"}
    assert (made.business, made.fields["place"], made.fields["amount"]) == ("mobile", "城东营业厅", "30")
    assert made.fields["evidence"]["business"][0]["text"] == "我的话费"
    assert made.fields["evidence"]["amount"][0]["text"] == seed.TURNS[2][3][3:]
    assert heard == 1


async def test_two_windows_show_each_others_words_and_nothing_is_lost(floor: Desk) -> None:
    first = await opened(await floor.page(Role.RECORDING_CLERK), floor.url)
    second = await opened(await first.context.new_page(), floor.url)
    await first.locator("#f-place").fill("城东")
    await expect(first.locator(SAVED)).to_be_visible()
    await expect(first.locator("[data-saved-at]")).not_to_have_text("")
    await second.locator("#f-place").fill("城西")
    await second.locator("#f-request").fill("退费并道歉")
    await expect(second.locator("[data-conflict]")).to_be_visible()
    row = second.locator("[data-differences] tr")
    await expect(row).to_have_count(1)  # what one of them alone changed is no conflict
    await expect(row.locator("td").nth(0)).to_have_text("城西")
    await expect(row.locator("td").nth(1)).to_have_text("城东")
    await floor.shot(second, "conflict")
    await row.locator("input").nth(1).check()
    await second.locator("[data-settle]").click()
    await expect(second.locator(SAVED)).to_be_visible()
    assert (await value(second, "place"), await value(second, "request")) == ("城东", "退费并道歉")
    await second.keyboard.press("Control+z")
    assert await value(second, "place") == "城西"


async def test_a_crash_a_reload_and_a_lost_connection_lose_nothing(floor: Desk) -> None:
    page = await opened(await floor.page(Role.RECORDING_CLERK), floor.url)
    await page.locator("#f-place").fill("城南")
    await expect(page.locator("[data-saved-at]")).not_to_have_text("")
    await page.context.close()  # the browser is gone; another one finds it
    page = await opened(await floor.page(Role.RECORDING_CLERK), floor.url)
    assert (await value(page, "place"), await mark(page, "place")) == ("城南", "clerk")
    drafted = await value(page, "request")
    await page.locator("#f-request").fill("退费并书面道歉")
    await expect(page.locator(SAVED)).to_be_visible()
    await page.reload()
    await ready(page)
    await page.keyboard.press("Control+z")  # a reload forgets no step
    assert (await value(page, "request"), await value(page, "place")) == (drafted, "城南")
    await page.keyboard.press("Control+y")
    assert await value(page, "request") == "退费并书面道歉"

    async def cut(route: Route) -> None:
        await route.abort()

    await page.route("**/save", cut)
    await page.locator("#f-place").fill("城北")
    await expect(page.locator('[data-save="offline"]')).to_be_visible()
    await page.reload()
    await ready(page)
    assert await value(page, "place") == "城北"
    await expect(page.locator("[data-restored]")).to_be_visible()
    await page.unroute("**/save")
    await expect(page.locator(SAVED)).to_be_visible()
    async with floor.house.database.transaction() as session:
        item = await session.get(DeskItem, f"draft:{RECORDED}")
    assert item is not None
    assert item.typed["values"]["place"] == "城北"
    floor.complaints.clear()  # the browser tells of each cut, as it should


async def test_what_was_typed_survives_an_ended_session(floor: Desk) -> None:
    page = await opened(await floor.page(Role.RECORDING_CLERK), floor.url)
    async with floor.house.database.transaction() as session:
        await session.execute(text("UPDATE login_sessions SET revoked_at = now()"))
    await page.locator("#f-request").fill("退费并书面道歉")
    await expect(page.locator('[data-save="login"]')).to_be_visible()
    await page.reload()
    await page.wait_for_url("**/login?next=**")
    await page.get_by_label("用户名").fill("recording_clerk")
    await page.get_by_label("密码").fill(seed.PASSWORD)
    await page.get_by_role("button", name="登录").click()
    await page.wait_for_url(f"**/drafts/{RECORDED}")
    await ready(page)
    assert await value(page, "request") == "退费并书面道歉"
    await expect(page.locator(SAVED)).to_be_visible()
    await page.get_by_role("button", name="退出").click()
    await page.wait_for_url("**/login")
    kept = await page.evaluate("Object.keys(sessionStorage)")
    assert [key for key in kept if key.startswith("hotline:")] == []


async def test_a_recording_that_is_recognised_again_moves_nothing_under_the_clerks_hands(floor: Desk) -> None:
    page = await opened(await floor.page(Role.RECORDING_CLERK), floor.url)
    await tab_to(page, "amount")
    await page.keyboard.press("Enter")  # accepts 30, said in 三十块钱
    await tab_to(page, "request")
    await page.keyboard.press("Alt+t")
    await page.keyboard.press("Enter")  # picks 把钱退给我
    await page.locator("#f-place").focus()
    await page.keyboard.insert_text("城东营业厅")
    await expect(page.locator(SAVED)).to_be_visible()
    await recognised_again(floor.house)
    await page.keyboard.insert_text("旁")
    told = page.locator("[data-reread]")
    await expect(told).to_be_visible()  # said; nothing moves before it is asked for
    assert (await value(page, "amount"), await value(page, "business")) == ("30", "information")
    await page.keyboard.press("Control+Enter")  # and nothing is confirmed over words that were not seen
    await expect(page.locator("[data-look-again]")).to_be_focused()
    await floor.shot(page, "reread")
    await page.keyboard.press("Alt+r")
    await expect(page.locator(".turn")).to_have_count(3)
    await ready(page)
    assert [await value(page, name) for name in ("amount", "request", "place")] == ["30", "把钱退给我", "城东营业厅旁"]
    assert [await mark(page, name) for name in ("amount", "request", "place")] == ["accepted", "picked", "clerk"]
    assert await value(page, "business") == "mobile"  # nobody had looked at it: as it is read now
    await tab_to(page, "amount")  # nothing says it any more there, and its seconds are still those that were heard
    [chip] = await page.locator('[data-about="amount"] [data-evidence] .chip').all()
    assert float(await chip.get_attribute("data-seek") or 0) == pytest.approx(seed.said(2, "三十块钱")["start"])
    await tab_to(page, "request")
    assert await page.evaluate("[...CSS.highlights.get('evidence')].map(String)") == ["把钱退给我"]
    await expect(page.locator(".turn").nth(2)).to_have_class("turn caller evident")
    await floor.shot(page, "reread-after")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url("**made=TS*")
    async with floor.house.database.transaction() as session:
        (made,) = await orders.list_orders(session, datetime.now(UTC), call_uid=RECORDED)
    evidence = made.fields["evidence"]
    assert [evidence[name][0]["text"] for name in ("amount", "request", "business")] == [
        "三十块钱", "把钱退给我", "话费",
    ]  # fmt: skip
    assert evidence["amount"][0]["start"] == seed.said(2, "三十块钱")["start"]
    assert "place" not in evidence


async def test_words_of_a_recording_that_was_deleted_meanwhile_come_back_from_no_window(floor: Desk) -> None:
    page = await opened(await floor.page(Role.RECORDING_CLERK), floor.url)
    await page.locator("#f-request").fill("把钱退给我")
    await expect(page.locator(SAVED)).to_be_visible()
    async with floor.house.database.transaction() as session:  # a manager overrides the hold: the caller asked for it
        await erase_words(session, RECORDED)
        await erase_forms(session, RECORDED)
    await page.locator("#f-place").fill("城东")
    await expect(page.locator('[data-save="lost"]')).to_be_visible()
    await page.locator("#f-place").fill("城东路")
    kept = await page.evaluate("JSON.stringify(sessionStorage)")
    assert "把钱退给我" not in kept
    await page.keyboard.press("Control+Enter")
    await page.keyboard.press("Enter")  # on the button that opens it anew
    await expect(page.locator(".heard > .notice")).to_contain_text("录音及其文字已删除")
    await ready(page)
    assert (await value(page, "request"), await value(page, "place")) == ("", "")
    async with floor.house.database.transaction() as session:
        item = await session.get(DeskItem, f"draft:{RECORDED}")
    assert item is not None
    assert item.typed == {}
    await page.locator("#f-place").fill("城东")
    await expect(page.locator("[data-saved-at]")).not_to_have_text("")  # from now on it is the clerk's own
    floor.complaints.clear()  # the browser tells of the refusal, as it should


async def test_who_comes_back_to_the_list_goes_on_where_it_was(floor: Desk) -> None:
    page = await floor.page(Role.RECORDING_CLERK, width=1280)
    await page.goto(floor.url + "/drafts?kind=complaint")
    rows = page.locator("tr.work-row")
    refs = [await row.get_attribute("data-ref") for row in await rows.all()]
    assert len(refs) > 1
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await ready(page)
    assert await page.evaluate("(field => field.scrollWidth <= field.clientWidth)(document.getElementById('f-phone'))")
    await page.locator(".entry-title a.button").press("Enter")
    chosen = page.locator("tr[aria-selected]")
    await expect(chosen).to_have_attribute("data-ref", str(refs[0]))
    assert page.url.endswith("/drafts?kind=complaint")
    async with floor.house.database.transaction() as session:
        await session.execute(
            text("UPDATE drafts SET state = 'discarded' WHERE call_uid = :uid"), {"uid": str(refs[0])[6:]}
        )
    await page.reload()  # what was finished gives way to the one behind it
    await expect(chosen).to_have_attribute("data-ref", str(refs[1]))


async def recognised_again(house: House) -> None:
    """The same call in three turns: what stood in the third is heard otherwise, and other fields are read from it."""
    turns = (
        ("seat", 2.0, 5.6, "您好，请问有什么可以帮您？"),
        ("caller", 9.6, 15.0, "话费每个月多扣了钱。"),
        ("caller", 18.0, 25.0, "从来没有！请把钱退给我。"),
    )
    now = datetime.now(UTC)
    business = {"start": 9.6, "end": 10.6, "text": "话费", "turn": 1, "first": 0, "last": 2}
    async with house.database.transaction() as session:
        await seed.draft(
            session, RECORDED, now, now, turns, business="mobile", amount=None, urgent=False, request=None, tags=[],
            evidence={"business": [business]}, alternatives={}, confidence={"business": 0.9, "kind": 0.9},
        )  # fmt: skip


async def test_put_aside_hand_on_and_discard_ask_for_a_reason_and_go_on(floor: Desk) -> None:
    page = await opened(await floor.page(Role.RECORDING_CLERK), floor.url)
    await page.keyboard.press("Alt+x")
    await expect(page.locator("dialog[open]")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Alt+s")
    await page.keyboard.press("Tab")
    await page.keyboard.insert_text("客户不接受答复")
    await floor.shot(page, "hand-on")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/drafts/n1-200.0")
    await ready(page)
    await page.keyboard.press("Alt+x")
    await page.keyboard.insert_text("空录音")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/drafts/n1-200.1?discarded=1")
    await ready(page)
    await page.keyboard.press("Alt+h")
    await page.keyboard.insert_text("等客户回电")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/drafts/n1-200.2")
    senior = await floor.page(Role.SENIOR)
    await senior.goto(floor.url + "/drafts")
    row = senior.locator("tr.work-row.whose-mine")
    await expect(row).to_have_count(1)
    await senior.keyboard.press("n")
    await senior.wait_for_url(f"**/drafts/{RECORDED}")
    await ready(senior)


async def test_the_list_follows_what_others_take_and_the_page_says_who_has_it(floor: Desk) -> None:
    page = await floor.page(Role.SHIFT_LEADER)
    await page.goto(floor.url + "/drafts")
    await page.keyboard.press("j")
    clerk = await opened(await floor.page(Role.RECORDING_CLERK), floor.url)
    row = page.locator(f'tr.work-row[data-ref="draft:{RECORDED}"]')
    await expect(row).to_contain_text("陈静")
    await expect(page.locator("tr[aria-selected]")).to_have_count(1)
    await page.goto(f"{floor.url}/drafts/{RECORDED}")
    await expect(page.locator(".taken-bar")).to_contain_text("陈静")
    await page.locator(".taken-bar [name=reason]").fill("换人")
    await page.get_by_role("button", name="交给").click()
    await page.wait_for_url("**/drafts")
    await clerk.locator("#f-place").fill("城东")
    await expect(clerk.locator('[data-save="lost"]')).to_be_visible()
    assert await value(clerk, "place") == "城东"  # what was typed stays in sight


async def test_keys_of_an_input_method_are_not_ours(floor: Desk) -> None:
    page = await opened(await floor.page(Role.RECORDING_CLERK), floor.url)
    await tab_to(page, "place")
    said = """key => document.activeElement.dispatchEvent(
        new KeyboardEvent("keydown", {key, code: key, bubbles: true, cancelable: true, isComposing: true}))"""
    assert await page.evaluate(said, "Enter") is True  # left to the input method
    assert await page.evaluate("document.activeElement.name") == "place"
    assert await mark(page, "place") == ""
