"""A centre whose agents sit at browsers: Asterisk, controller and console, all real, and Chromium with a microphone."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from playwright.async_api import Browser, Page, async_playwright
from pydantic import SecretStr

from acd import desk
from acd.words import Level
from console.access import SESSION_COOKIE
from hotline import accounts
from hotline.database import Database
from hotline.demo.softphone import Softphone, open_softphone
from hotline.processes import controller, node, web
from hotline.roles import Role
from hotline.settings import AcdSettings, PhoneSettings, Settings
from ivr.paths import NodePaths
from tests.acd.floor_rig import until
from tests.console import seed
from tests.ivr.rig import ACCESS, QUICK_MENU, brief_prompts, free_port, settings_of_node

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--autoplay-policy=no-user-gesture-required", "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream", "--disable-features=WebRtcHideLocalIpsWithMdns",
)  # fmt: skip
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE = 40_000
"""Milliseconds: the machine may be busy."""
Part = Callable[[Settings, Callable[[], None], asyncio.Event], Awaitable[None]]


@dataclass
class Centre:
    settings: Settings
    database: Database
    browser: Browser
    folder: Path
    node: contextlib.AsyncExitStack

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.web_port}"

    @property
    def domain(self) -> str:
        return f"127.0.0.1:{self.settings.asterisk.sip_port}"

    @property
    def spool(self) -> Path:
        return NodePaths.of(self.settings).recordings

    async def agent(self, role: Role = Role.JUNIOR, path: str = "/seat", *, dark: bool = False) -> Page:
        """The page of the person with this role in a browser of its own."""
        context = await self.browser.new_context(
            viewport={"width": 1440, "height": 900}, locale="zh-CN", permissions=["microphone", "notifications"],
            color_scheme="dark" if dark else "light",
        )  # fmt: skip
        async with self.database.transaction() as session:
            _, token = await accounts.authenticate(session, role.value, seed.PASSWORD, datetime.now(UTC))
        await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": self.url}])
        page = await context.new_page()
        page.set_default_timeout(PATIENCE)
        await page.goto(self.url + path)
        return page

    async def shot(self, page: Page, name: str) -> None:
        await page.screenshot(path=self.folder / f"{name}.png")

    @contextlib.asynccontextmanager
    async def caller(self, number: str = "13900001111", heard: Path | None = None) -> AsyncIterator[Softphone]:
        """Somebody who has dialled the hotline."""
        async with open_softphone(number, self.domain, heard=heard) as phone:
            await phone.call(ACCESS, timeout=30)
            yield phone

    async def one(self, query: str) -> Any:
        from sqlalchemy import text

        async with self.database.transaction() as session:
            return (await session.execute(text(query))).scalar()

    async def press_ready(self, extension: str) -> None:
        async with self.database.transaction() as session:
            await desk.ready(session, extension, datetime.now(UTC))

    async def reachable(self, extension: str) -> None:
        async def known() -> bool:
            return bool(await self.one(f"SELECT reachable FROM seats WHERE extension = '{extension}'"))

        await until(known, 30, f"{extension} reachable")

    async def start_asterisk(self) -> None:
        await self.node.enter_async_context(running(node.run, self.settings))

    async def stop_asterisk(self) -> None:
        await self.node.aclose()


async def shows(page: Page, state: str, seconds: float = 40) -> None:
    """Until the bar is in `state`; says which one it was in instead."""
    bar = page.locator("[data-phone]")
    try:
        await page.locator(f'[data-phone][data-state="{state}"]').wait_for(timeout=seconds * 1000)
    except Exception as error:
        raise AssertionError(f"the bar shows {await bar.get_attribute('data-state')}, not {state}") from error


def tone(path: Path, hertz: float, seconds: float = 4, rate: int = 48000) -> Path:
    """A WAV file of a loud sine."""
    at = np.arange(int(rate * seconds)) / rate
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.sin(2 * np.pi * hertz * at) * 12000).astype("<i2").tobytes())
    return path


@contextlib.asynccontextmanager
async def open_centre(folder: Path, database: Database, **phone: Any) -> AsyncIterator[Centre]:
    """Seats 8001 (junior) and 8003 (senior) that nobody has registered, one person for each role."""
    menu = folder / "menu.yaml"
    menu.write_text(QUICK_MENU)
    settings = settings_of_node(menu, brief_prompts(folder / "prompts"), heartbeat_dead_loops=60).model_copy(
        update={
            "database_url": SecretStr(database.engine.url.render_as_string(hide_password=False)),
            "web_port": free_port(),
            "acd": AcdSettings(wrap_up_seconds=1, ring_seconds=20, heartbeat_dead_loops=60),
            "phone": PhoneSettings(**phone),
        }
    )
    async with database.transaction() as session:
        await seed.people(session, datetime.now(UTC))
        for extension, level in (("8001", Level.JUNIOR), ("8003", Level.SENIOR)):
            await desk.add_seat(session, extension, name=extension, level=level, now=datetime.now(UTC))
    try:
        async with contextlib.AsyncExitStack() as stack:
            asterisk = await stack.enter_async_context(contextlib.AsyncExitStack())
            await asterisk.enter_async_context(running(node.run, settings))
            for part in (controller.run, web.run):
                await stack.enter_async_context(running(part, settings))
            playwright = await stack.enter_async_context(async_playwright())
            microphone = tone(folder / "agent.wav", 700)
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=[*FLAGS, f"--use-file-for-fake-audio-capture={microphone}"]
            )
            stack.push_async_callback(browser.close)
            yield Centre(settings, database, browser, folder, asterisk)
    finally:
        shutil.rmtree(NodePaths.of(settings).base, ignore_errors=True)
        shutil.rmtree(settings.instance_dir, ignore_errors=True)


@contextlib.asynccontextmanager
async def running(part: Part, settings: Settings) -> AsyncIterator[None]:
    ready, stop = asyncio.Event(), asyncio.Event()
    task = asyncio.ensure_future(part(settings, ready.set, stop))
    up = asyncio.ensure_future(ready.wait())
    try:
        async with asyncio.timeout(60):
            await asyncio.wait({task, up}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield
    finally:
        up.cancel()
        stop.set()
        await asyncio.wait_for(task, 30)
