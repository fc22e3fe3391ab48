"""The page of a recording in a real Chromium, worked by the keyboard alone, and what it leaves in the audit."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect
from sqlalchemy import select

from console.access import SESSION_COOKIE
from hotline.models import AuditEntry
from hotline.roles import Role
from recordings import marks, peaks, renditions, store
from tests.console import seed
from tests.console.conftest import House, served, token_of
from tests.console.test_pages import ARGUMENTS
from transcribe import drafts
from transcribe.look_through import note_numbers, silenced
from transcribe.turns import Transcription, Turn, Word

UID = "n1-500.1"
CARD = "6222020200012345678"
SPOKEN = "六二二二零二零二零零零一二三四五六七八"


def timed(speaker: str, start: float, end: float, text: str) -> Turn:
    """A turn whose characters are said one after the other."""
    step = (end - start) / len(text)
    words = tuple(Word(start + at * step, start + (at + 1) * step, each) for at, each in enumerate(text))
    return Turn(speaker, start, end, text, words)


TURNS = (
    timed("seat", 2.0, 5.0, "您好，请问有什么可以帮您？"),
    timed("caller", 6.0, 12.0, "我要退费，退到银行卡里。"),
    timed("seat", 13.0, 15.0, "请报一下卡号。"),
    timed("caller", 16.0, 26.0, SPOKEN + "。"),
    timed("seat", 27.0, 32.0, "好的，尾号5678，三天内退给您。"),
)


async def seed_call(house: House, folder: Path) -> None:
    """A call of 45 seconds in which a card number is said, stored, recognised and looked through."""
    now = datetime.now(UTC) - timedelta(minutes=30)
    flac = folder / "call.flac"
    seed.speech(flac, 45)
    objects = house.app.state.console.objects
    heard = Transcription(45.0, TURNS, talk_over=((12.0, 13.5),), engine="test")
    async with house.database.transaction() as session:
        session.add(seed.ended(UID, now, waited=2, talked=43))
        await seed.recording(session, objects, UID, now, flac)
        await drafts.save(session, UID, heard, seed.draft_json(), now=now, due_at=now + timedelta(hours=2))
        await note_numbers(session, house.settings, UID, TURNS)
        recording = await store.get(session, UID)
    assert recording is not None
    check = await renditions.make(objects, recording, silenced(heard, recording.seconds))
    async with house.database.transaction() as session:
        await renditions.note(session, UID, check, now)
        await peaks.save(session, UID, recording.sha256, peaks.read_peaks(flac))


async def audited(house: House, action: str) -> list[AuditEntry]:
    async with house.database.transaction() as session:
        return list(
            await session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.seq))
        )


@pytest.fixture
async def open_page(house: House, tmp_path: Path) -> AsyncIterator[Page]:
    """A senior agent's browser on the served console."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium here; `make setup` installs it")
    await seed_call(house, tmp_path)
    complaints: list[str] = []
    async with async_playwright() as playwright, served(house.app) as url:
        browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        context = await browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN", base_url=url)
        token = await token_of(house.database, Role.SENIOR)
        await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": url}])
        page = await context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        try:
            yield page
        finally:
            await browser.close()
    assert complaints == []


@pytest.mark.browser
async def test_a_recording_is_found_heard_marked_and_left_by_keys_alone(
    house: House, open_page: Page, tmp_path: Path
) -> None:
    page, keys = open_page, open_page.keyboard
    await page.goto("/recordings")
    await page.screenshot(path=tmp_path / "recordings.png")
    await keys.press("j")
    await keys.press("Enter")
    await page.wait_for_url(f"**/recordings/{UID}")
    await page.wait_for_selector("[data-player][data-ready]")
    await keys.press("Space")
    await page.wait_for_selector("[data-player][data-playing]")
    await keys.press("]")
    await expect(page.locator(".player select")).to_have_value("1.25")
    assert await page.evaluate("document.querySelector('[data-player]').hotlinePlayer.media.preservesPitch") is True
    await keys.press("s")
    await expect(page.locator("[data-skip]")).to_be_checked()
    for _ in range(4):
        await keys.press("[")
    await expect(page.locator(".player select")).to_have_value("0.5")
    await keys.press("Shift+ArrowRight")  # into the card number, whose words nobody reads here
    await keys.press("m")
    await keys.type("客户报了卡号 " + CARD)
    await keys.press("Enter")
    await expect(page.locator("[data-letter=A]")).to_contain_text("客户报了卡号")
    assert CARD not in await page.content()
    await keys.press("j")
    await keys.press("Home")
    await keys.press("j")
    assert "when" in await page.evaluate("document.activeElement.className")
    outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
    await keys.press("Enter")
    await page.wait_for_selector("[data-player][data-playing]")
    await keys.press("Space")  # pauses, also where a sentence was chosen; it does not begin it again
    await page.wait_for_selector("[data-player]:not([data-playing])", state="attached")
    await keys.press("Space")
    await page.wait_for_selector("[data-player][data-playing]")
    await keys.press(".")
    await keys.press("Shift+A")
    await expect(page.locator(".player output")).to_have_text(re.compile("^0:(1[5-9]|2)"))
    await page.screenshot(path=tmp_path / "recording.png")
    await page.goto("/recordings")  # leaving tells what was heard
    async with house.database.transaction() as session:
        assert [mark.letter for mark in await marks.of_call(session, UID)] == ["A"]
    for _ in range(100):
        if heard := await audited(house, "recording.heard"):
            break
        await page.wait_for_timeout(100)
    assert [row.actor for row in heard] == ["senior"]
    detail = heard[0].detail
    assert detail["reported"] is True
    assert 0.2 < detail["total"] < 30
    assert detail["seconds"][-1][1] > 15
    assert detail["rendition"] == "masked"
