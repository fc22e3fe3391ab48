"""From pressing play to sound, of an hour-long call of two channels, in a real Chromium.

    .venv/bin/python bench/replay_start.py [--minutes 60] [--runs 15]

An hour of the demo's speech (16 kHz, two channels) is stored as every recording is, sealed, and looked through with
some stretches silenced. The console is a process of its own over a PostgreSQL that flushes to disk. Each run is a new
browser context with an empty cache. Measured in the page, from the call of the player's own function to the media
element's `playing` event: from the beginning; from the fortieth minute (a sentence is clicked); and the masked and the
clear rendition. The peer is what a player without ranges does: the whole file first, measured as the time of its
`fetch` in the same browser, before a sample of it is decoded. Page and waveform are measured from the navigation.
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
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import soundfile
from playwright.async_api import Browser, async_playwright
from sqlalchemy import create_engine

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import hotline.demo
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
from transcribe.turns import Transcription, Turn

UID = "n1-1.1"
ROLE = Role.MANAGER
PASSWORD = "correct horse battery"
RATE = 16_000
PRESS = """async (start) => {
  const player = document.querySelector("[data-player]").hotlinePlayer;
  const begun = performance.now();
  const took = () => performance.now() - begun;
  const playing = new Promise((done) => player.media.addEventListener("playing", () => done(took()), { once: true }));
  start === null ? player.toggle() : player.play(start);
  const heard = await playing;
  player.pause();
  return heard;
}"""
WHOLE = """async (url) => {
  const begun = performance.now();
  const bytes = (await (await fetch(url)).arrayBuffer()).byteLength;
  return [performance.now() - begun, bytes];
}"""
READY = """() => new Promise((done) => {
  const box = document.querySelector("[data-player]");
  const ready = () => done(performance.now());
  box.hasAttribute("data-ready") ? ready() : box.addEventListener("player:ready", ready);
})"""


def hour_of_speech(path: Path, minutes: float) -> None:
    """The demo's callers one after the other on the left, its seats on the right, with pauses as in a call."""
    folder = Path(hotline.demo.__file__).parent / "speech"
    voices = [sorted(folder.glob("c*.flac")), sorted(folder.glob("s*.flac"))]
    wanted, written, turn = round(minutes * 60 * RATE), 0, 0
    with soundfile.SoundFile(path, "w", samplerate=RATE, channels=2, format="FLAC", subtype="PCM_16") as out:
        while written < wanted:
            side = turn % 2
            said, rate = soundfile.read(voices[side][(turn // 2) % len(voices[side])], dtype="float32")
            if rate != RATE:
                said = np.interp(np.arange(0, len(said), rate / RATE), np.arange(len(said)), said)
            block = np.zeros((len(said) + RATE, 2), np.float32)
            block[: len(said), side] = said
            out.write(block[: wanted - written])
            written += len(block)
            turn += 1


async def furnish(settings: Settings, database: Database, path: Path) -> tuple[str, int]:
    """A person, a call and its recording; the person's session and the recording's bytes."""
    now = datetime.now(UTC)
    async with database.transaction() as session:
        await accounts.create_user(session, login="hu", name="Hu", role=ROLE, password=PASSWORD, now=now)
        _, token = await accounts.authenticate(session, "hu", PASSWORD, now)
    objects = open_objects(settings, database)
    await objects.put("bench/call.flac", path)
    data, info = await asyncio.to_thread(path.read_bytes), soundfile.info(path)
    length = timedelta(seconds=info.duration)
    began = now - 2 * length
    turns = tuple(
        Turn("caller", 60.0 * at, 60.0 * at + 4, "你好，我要投诉。") for at in range(int(info.duration // 60))
    )
    async with database.transaction() as session:
        session.add(
            Call(uid=UID, caller="13912345678", service="complaint", state="ended", outcome="answered", seat="8001",
                 entered_at=began, queued_at=began, answered_at=began, ended_at=began + length)
        )  # fmt: skip
        session.add(
            Recording(call_uid=UID, object_key="bench/call.flac", sha256=hashlib.sha256(data).hexdigest(),
                      bytes=len(data), seconds=info.duration, sample_rate=RATE, caller_seconds=info.duration,
                      seat_seconds=info.duration, caller_rms=0.1, seat_rms=0.1, started_at=began, finalised_at=now)
        )  # fmt: skip
        await drafts.save(session, UID, Transcription(info.duration, turns, engine="bench"), None, now=now, due_at=now)
    async with database.transaction() as session:
        recording = await store.get(session, UID)
    assert recording is not None
    begun = time.perf_counter()
    drawn = await peaks.made_of(path)
    print(f"peaks, once at finalising: {time.perf_counter() - begun:.2f} s")
    begun = time.perf_counter()
    silenced = [(at, at + 8.0) for at in range(300, int(info.duration), 600)]
    check = await renditions.make(objects, recording, [(float(start), float(end)) for start, end in silenced])
    print(f"masked rendition, once after recognition: {time.perf_counter() - begun:.2f} s, {len(silenced)} stretches")
    async with database.transaction() as session:
        await peaks.save(session, UID, recording.sha256, drawn)
        await renditions.note(session, UID, check, now)
    return token, len(data)


def serve(url: str, port: int, data: Path) -> None:
    import uvicorn

    from console.app import create_app

    app = create_app(Settings(data=data), Database(url))
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False)


async def ready(address: str) -> None:
    async with asyncio.timeout(120), httpx.AsyncClient() as client:
        while True:
            try:
                if (await client.get(f"{address}/healthz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


async def one_run(browser: Browser, address: str, token: str, *, clear: bool, second: float) -> dict[str, float]:
    context = await browser.new_context()
    await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": address}])
    page = await context.new_page()
    asked = "?clear=1" if clear else ""
    await page.goto(f"{address}/recordings/{UID}{asked}")
    found = {"page and waveform": await page.evaluate(READY)}
    found["play from the beginning"] = await page.evaluate(PRESS, None)
    found[f"click on a sentence at {second / 60:.0f} min"] = await page.evaluate(PRESS, second)
    found["whole file first (peer)"], _ = await page.evaluate(WHOLE, f"/recordings/{UID}/audio{asked}")
    await context.close()
    return found


async def measure(address: str, token: str, runs: int, second: float) -> None:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        print(f"Chromium {browser.version}, {runs} runs each, new context each")
        print(f"{'milliseconds':<46}{'median':>9}{'90 %':>9}{'most':>9}")
        for clear in (False, True):
            rows = [await one_run(browser, address, token, clear=clear, second=second) for _ in range(runs)]
            for name in rows[0]:
                values = sorted(row[name] for row in rows)
                high = values[min(len(values) - 1, int(0.9 * len(values)))]
                label = f"{'clear' if clear else 'masked'}: {name}"
                print(f"{label:<46}{statistics.median(values):>9.0f}{high:>9.0f}{values[-1]:>9.0f}")
        await browser.close()


async def main(minutes: float, runs: int) -> None:
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as name, EmbeddedPostgres(Path(name) / "pg") as server:
        data = Path(name) / "data"
        url = server.url("hotline")
        assert metadata.tables
        engine = create_engine(url)
        with engine.begin() as connection:
            create_all(connection)
        engine.dispose()
        call = Path(name) / "call.flac"
        hour_of_speech(call, minutes)
        database = Database(url)
        token, size = await furnish(Settings(data=data), database, call)
        await database.close()
        print(f"{platform.machine()}, {os.cpu_count()} cores; {minutes:g} min, 2 channels, {size / 1e6:.1f} MB, sealed")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        command = [sys.executable, __file__, "--serve", url, "--port", str(port), "--data", str(data)]
        process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
        try:
            await ready(f"http://127.0.0.1:{port}")
            await measure(f"http://127.0.0.1:{port}", token, runs, min(2400.0, minutes * 40))
        finally:
            process.send_signal(signal.SIGTERM)
            await process.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve, asked.port, asked.data)
    else:
        asyncio.run(main(asked.minutes, asked.runs))
