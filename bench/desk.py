"""How fast the clerk's desk answers the keyboard, draft after draft, in a real Chromium.

    .venv/bin/python bench/desk.py [--drafts 30] [--waiting 300] [--minutes 1.5]

A list of `--waiting` drafts, each read by the extractor out of the same written call, with a sealed recording of two
channels. The console is a process of its own over a PostgreSQL that flushes to disk. A script that knows nothing but
keys takes the next draft, tabs through its fields, waits in each that has evidence until that sounds, types into one,
and confirms; the next draft opens. Measured are the moments that a clerk waits for the machine: from the key to the
page that can be typed in, to the sound, to the word that what was typed is kept. The pause of 120 ms before a field's
evidence plays is the desk's own and is in the figure.

A script does not listen, read or decide. What it takes for a whole draft is the least that the desk itself costs; how
long a person takes beside the recording's length is what the page on entry by person shows of real work.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import platform
import shutil
import signal
import socket
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL
from datetime import UTC, datetime, timedelta
from pathlib import Path

import soundfile
from playwright.async_api import Page, async_playwright
from replay_start import RATE, hour_of_speech, ready, serve
from sqlalchemy import create_engine

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from acd.models import Call
from console.access import SESSION_COOKIE
from hotline import accounts
from hotline.database import Database
from hotline.embedded import EmbeddedPostgres
from hotline.migrations.rooms import metadata
from hotline.roles import Role
from hotline.schema import create_all
from hotline.settings import Settings
from recordings import peaks, renditions, store
from recordings.models import Recording
from recordings.sealed import open_objects
from transcribe import drafts
from transcribe.draft import CallContext, extract
from transcribe.turns import Transcription, Turn

PASSWORD = "correct horse battery"
SAID = (
    ("seat", 2.0, 5.6, "您好，这里是投诉热线，请问有什么可以帮您？"),
    ("caller", 6.0, 9.4, "你好，我要投诉你们乱收费。"),
    ("caller", 9.6, 15.0, "上个月开始，我的话费里每个月多扣了三十块钱，说是什么彩铃费。"),
    ("seat", 15.4, 18.6, "请问您本人开通过彩铃业务吗？"),
    ("caller", 19.0, 24.0, "从来没有！请把钱退给我，马上取消。"),
    ("seat", 24.4, 26.6, "请留一个联系电话。"),
    ("caller", 27.0, 33.0, "幺三九幺二三四五六七八。"),
    ("seat", 33.6, 37.4, "好的，我已经登记，四十八小时内给您答复。"),
    ("caller", 38.0, 42.0, "今天必须给我解决，不然我去工信部申诉。"),
)
WATCH = """() => {
  const box = document.querySelector("[data-player]");
  window.sounded = null;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Tab") return;
    const pressed = performance.now();
    window.sounded = new Promise((done) => {
      box.hotlinePlayer.media.addEventListener("playing", () => done(performance.now() - pressed), { once: true });
    });
  }, true);
}"""
HAS_SOUND = """() => document.querySelector("[data-about]:not([hidden]) [data-evidence] [data-seek]") !== null"""


async def furnish(settings: Settings, database: Database, path: Path, waiting: int, sounding: int) -> str:
    """A clerk, and drafts due one after the other; the first `sounding` have a recording. The clerk's session."""
    now = datetime.now(UTC)
    async with database.transaction() as session:
        await accounts.create_user(
            session, login="wu", name="吴芳", role=Role.RECORDING_CLERK, password=PASSWORD, now=now
        )  # fmt: skip
        _, token = await accounts.authenticate(session, "wu", PASSWORD, now)
    objects = open_objects(settings, database)
    data, info = await asyncio.to_thread(path.read_bytes), soundfile.info(path)
    turns = tuple(Turn(*each) for each in SAID)
    heard = Transcription(info.duration, turns, engine="bench")
    drawn = await peaks.made_of(path)
    began = now - timedelta(hours=1)
    draft = extract(turns, CallContext("13912345678", began, "complaint", "ordinary")).to_json()
    for number in range(waiting):
        uid, key = f"n1-{number}.1", f"bench/{number}.flac"
        async with database.transaction() as session:
            session.add(
                Call(uid=uid, caller="13912345678", service="complaint", state="ended", outcome="answered", seat="8001",
                     entered_at=began, queued_at=began, answered_at=began, ended_at=began + timedelta(minutes=1))
            )  # fmt: skip
            due_at = now + timedelta(minutes=30, seconds=number)
            await drafts.save(session, uid, heard, draft, now=now, due_at=due_at)
        if number >= sounding:
            continue
        await objects.put(key, path)
        sha256 = hashlib.sha256(data).hexdigest()
        async with database.transaction() as session:
            session.add(
                Recording(call_uid=uid, object_key=key, sha256=sha256, bytes=len(data), seconds=info.duration,
                          sample_rate=RATE, caller_seconds=info.duration, seat_seconds=info.duration, caller_rms=0.1,
                          seat_rms=0.1, started_at=began, finalised_at=now)
            )  # fmt: skip
        async with database.transaction() as session:
            recording = await store.get(session, uid)
        assert recording is not None
        check = await renditions.make(objects, recording, [])
        async with database.transaction() as session:
            await peaks.save(session, uid, sha256, drawn)
            await renditions.note(session, uid, check, now)
    return token


async def can_type(page: Page, left: str = "") -> None:
    """The page of another draft than `left` is there, and its first field has the focus."""
    await page.wait_for_function(
        "left => document.documentElement.dataset.deskReady && location.pathname !== left", arg=left, polling="raf"
    )


async def one_draft(page: Page, found: dict[str, list[float]]) -> None:
    """Tab through the form, hear what can be heard, type a place, confirm."""
    begun = time.perf_counter()
    await page.wait_for_selector("[data-player][data-ready]")
    await page.evaluate(WATCH)
    fields = await page.locator("[data-field]:not([hidden])").count()
    for _ in range(fields - 1):
        await page.keyboard.press("Tab")
        if await page.evaluate(HAS_SOUND):
            found["Tab to a field → its evidence sounds"].append(await page.evaluate("window.sounded"))
            await page.keyboard.press("F8")
        if await page.evaluate("document.activeElement.name") == "place":
            typed = time.perf_counter()
            await page.keyboard.type("城东")
            await page.wait_for_selector('[data-save="saved"]:has([data-saved-at]:not(:empty))')
            found["last key → kept on the server"].append((time.perf_counter() - typed) * 1000)
    left = await page.evaluate("location.pathname")
    pressed = time.perf_counter()
    await page.keyboard.press("Control+Enter")
    if await page.locator(".foot-problem:not([hidden])").count():
        pressed = time.perf_counter()
        await page.keyboard.press("Control+Enter")
    await can_type(page, left)
    found["Ctrl+Enter → the next draft can be typed in"].append((time.perf_counter() - pressed) * 1000)
    found["a whole draft by script"].append((time.perf_counter() - begun) * 1000)


async def measure(address: str, token: str, count: int, seconds: float) -> None:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    found: dict[str, list[float]] = {
        "the list of work": [], "N → the next draft can be typed in": [],
        "Tab to a field → its evidence sounds": [], "last key → kept on the server": [],
        "Ctrl+Enter → the next draft can be typed in": [], "a whole draft by script": [],
    }  # fmt: skip
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        context = await browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
        await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": address}])
        page = await context.new_page()
        for _ in range(5):
            begun = time.perf_counter()
            await page.goto(f"{address}/drafts")
            await page.wait_for_selector("tr.work-row")
            found["the list of work"].append((time.perf_counter() - begun) * 1000)
        begun = time.perf_counter()
        await page.keyboard.press("n")
        await can_type(page, "/drafts")
        found["N → the next draft can be typed in"].append((time.perf_counter() - begun) * 1000)
        for _ in range(count):
            await one_draft(page, found)
        print(f"Chromium {browser.version}, {count} drafts of {seconds:.0f} s of sound")
        await browser.close()
    print(f"{'milliseconds':<48}{'n':>6}{'p50':>9}{'p95':>9}{'most':>9}")
    for name, times in found.items():
        values = sorted(times)
        at = [values[min(len(values) - 1, round(share * (len(values) - 1)))] for share in (0.5, 0.95, 1.0)]
        print(f"{name:<48}{len(values):>6}" + "".join(f"{value:>9.0f}" for value in at))


async def main(count: int, waiting: int, minutes: float) -> None:
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as name, EmbeddedPostgres(Path(name) / "pg") as server:
        data, url = Path(name) / "data", server.url("hotline")
        assert metadata.tables
        engine = create_engine(url)
        with engine.begin() as connection:
            create_all(connection)
        engine.dispose()
        call = Path(name) / "call.flac"
        hour_of_speech(call, minutes)
        database = Database(url)
        token = await furnish(Settings(data=data), database, call, max(waiting, count + 1), count + 1)
        await database.close()
        print(f"{platform.machine()}, {os.cpu_count()} cores; {max(waiting, count + 1)} drafts wait")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        command = [sys.executable, __file__, "--serve", url, "--port", str(port), "--data", str(data)]
        process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
        try:
            await ready(f"http://127.0.0.1:{port}")
            await measure(f"http://127.0.0.1:{port}", token, count, minutes * 60)
        finally:
            process.send_signal(signal.SIGTERM)
            await process.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drafts", type=int, default=30)
    parser.add_argument("--waiting", type=int, default=300)
    parser.add_argument("--minutes", type=float, default=1.5)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve, asked.port, asked.data)
    else:
        asyncio.run(main(asked.drafts, asked.waiting, asked.minutes))
