"""From an agent's press on "answer" in the browser to sound: in the agent's headset, and at the caller's telephone.

    .venv/bin/python bench/answer_to_audio.py [--calls 20]

One real Asterisk, controller, console and PostgreSQL; Chromium with a 700 Hz tone for a microphone; a caller that
speaks from the moment the hotline answers and reads its own RTP. Time runs from the click to the first loud sample in
the page's audio graph, and to the first packet in which the caller has the agent's tone rather than music. All on one
machine, so on one clock.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.async_api import Page

from hotline.database import Database
from hotline.embedded import EmbeddedPostgres
from hotline.migrations import runner
from tests.console.phone_rig import Centre, open_centre, shows
from tests.ivr.rig import ACCESS
from tests.light_sip import Dialog, LightPhone

AGENT_HERTZ = 700
RATE = 8000
PROMISE_MS = 1000
LOUD = 500
"""Of 32 768: well above the noise of a codec, well below the tone."""

WATCH = """() => {
  const element = document.querySelector("[data-phone] audio");
  window.probe ??= new AudioContext();
  window.heard = new Promise((found) => {
    let analyser = null;
    const samples = new Float32Array(256);
    const timer = setInterval(() => {
      if (!analyser && element.srcObject) {
        analyser = new AnalyserNode(probe, { fftSize: 256 });
        probe.createMediaStreamSource(element.srcObject).connect(analyser);
      }
      if (!analyser) return;
      analyser.getFloatTimeDomainData(samples);
      if (samples.some((sample) => Math.abs(sample) > 0.015)) {
        clearInterval(timer);
        found(Date.now());
      }
    }, 4);
  });
}"""
CLICK = """() => {
  const now = Date.now();
  document.querySelector("[data-do=answer]").click();
  return now;
}"""


def linear(alaw: bytes) -> np.ndarray:
    """G.711 A-law to linear samples."""
    code = np.frombuffer(alaw, np.uint8).astype(np.int32) ^ 0x55
    exponent, mantissa = (code & 0x70) >> 4, (code & 0x0F) << 4
    size = np.where(exponent == 0, mantissa + 8, (mantissa + 0x108) << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, size, -size)


def has_tone(samples: np.ndarray) -> bool:
    """Whether most of the power lies at the agent's tone, and it is loud."""
    at = np.exp(-2j * np.pi * AGENT_HERTZ * np.arange(len(samples)) / RATE)
    share = 2 * abs((samples * at).sum()) ** 2 / (len(samples) * (samples.astype(float) ** 2).sum() + 1)
    return bool(np.abs(samples).max() > LOUD and share > 0.7)


def tone_at(dialog: Dialog) -> asyncio.Future[float]:
    """Wall-clock seconds of the first packet that carries the agent's tone."""
    found: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    assert dialog.rtp is not None

    def received(data: bytes, _: object) -> None:
        if not found.done() and len(data) == 172 and has_tone(linear(data[12:])):
            found.set_result(time.time())

    dialog.rtp.datagram_received = received  # type: ignore[method-assign]
    return found


async def one_call(centre: Centre, page: Page) -> tuple[float, float]:
    """Milliseconds to sound at the browser and at the caller."""
    host, _, port = centre.domain.partition(":")
    async with LightPhone("13900001111", (host, int(port)), speaks=True) as caller:
        dialog = await caller.call(ACCESS)
        await shows(page, "ringing")
        await page.evaluate(WATCH)
        tone = tone_at(dialog)
        clicked = await page.evaluate(CLICK)
        heard = await page.evaluate("() => window.heard")
        at_caller = await asyncio.wait_for(tone, 30)
        await page.locator("[data-do=hang-up]").click()
        await caller.hang_up(dialog)
    await shows(page, "ready")
    return heard - clicked, at_caller * 1000 - clicked


def line(name: str, values: list[float]) -> str:
    ordered = sorted(values)
    return (
        f"{name:<28} p50 {statistics.median(ordered):5.0f} ms   worst {ordered[-1]:5.0f} ms   "
        f"within a second {sum(value <= PROMISE_MS for value in ordered)}/{len(ordered)}"
    )


async def measure(calls: int) -> None:
    with tempfile.TemporaryDirectory(prefix="answer-") as scratch, EmbeddedPostgres(Path(scratch) / "pg") as server:
        runner.upgrade(server.url("postgres"))
        database = Database(server.url("postgres"))
        async with open_centre(Path(scratch), database) as centre:
            page = await centre.agent()
            await shows(page, "ready")
            await centre.reachable("8001")
            await centre.press_ready("8001")
            found = [await one_call(centre, page) for _ in range(calls)]
        await database.close()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {calls} calls")
    print(line("click to the agent's headset", [agent for agent, _ in found]))
    print(line("click to the caller's ear", [caller for _, caller in found]))


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--calls", type=int, default=20)
    asyncio.run(measure(options.parse_args().calls))
