"""An agent at a real Chromium, a caller at a real telephone, Asterisk between them: one shift with all that happens."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.async_api import Page, WebSocketRoute

from hotline.database import Database
from tests.acd.floor_rig import until
from tests.console.phone_rig import CHROMIUM, Centre, open_centre, shows, tone

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here"),
]
AGENT_HERTZ, CALLER_HERTZ = 700, 440

HEARD = """async () => {
  const element = document.querySelector("[data-phone] audio");
  while (!element.srcObject) await new Promise((go) => setTimeout(go, 50));
  const audio = new AudioContext();
  await audio.resume();
  const analyser = new AnalyserNode(audio, { fftSize: 4096 });
  audio.createMediaStreamSource(element.srcObject).connect(analyser);
  const bins = new Float32Array(analyser.frequencyBinCount);
  let loudest = [-Infinity, 0];
  for (let look = 0; look < 200 && loudest[0] < -45; look += 1) {
    await new Promise((go) => setTimeout(go, 50));
    analyser.getFloatFrequencyData(bins);
    bins.forEach((level, bin) => { if (level > loudest[0]) loudest = [level, (bin * audio.sampleRate) / 4096]; });
  }
  await audio.close();
  return loudest[1];
}"""
"""The loudest tone that the agent hears, in Hz, once anything is heard."""


WITNESS = """
window.notified = [];
window.rung = 0;
window.Notification = class { static permission = "granted"; close() {}
  constructor(title, options) { window.notified.push([title, options.body]); } };
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () { window.rung += this.srcObject ? 1 : 0; return play.call(this); };
"""
"""Writes down what is shown on the desktop and whether a ring was played."""


class Wire:
    """The way of the telephone's signalling, which can be cut."""

    def __init__(self) -> None:
        self.cut = False
        self.now: WebSocketRoute | None = None

    async def carry(self, socket: WebSocketRoute) -> None:
        if self.cut:
            await socket.close(code=3000)
            return
        socket.connect_to_server()
        self.now = socket

    async def pull(self) -> None:
        self.cut = True
        assert self.now is not None
        await self.now.close(code=3000)


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=False).first.click()


def loudest(path: Path, rate: int, since: int = 0) -> float:
    """The loudest tone of a raw or WAV file from sample `since`, in Hz; 0 for silence."""
    if path.suffix == ".wav":
        samples, _ = soundfile.read(path, dtype="int16")
    else:
        samples = np.fromfile(path, "<i2")
    part = samples[since:].astype(np.float64)
    if len(part) < rate // 2 or np.abs(part).max() < 200:
        return 0.0
    power = np.abs(np.fft.rfft(part * np.hanning(len(part))))
    return float(np.argmax(power) * rate / len(part))


async def test_an_agents_shift_at_the_browser(database: Database, tmp_path: Path) -> None:
    async with open_centre(tmp_path, database) as centre:
        page = await centre.agent(path="/floor")
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        wire = Wire()
        await page.route_web_socket("**/phone/ws?*", wire.carry)
        await page.add_init_script(WITNESS)
        await page.goto(f"{centre.url}/seat")
        await shows(page, "ready")
        await centre.reachable("8001")
        await centre.press_ready("8001")
        async with centre.caller(heard=tmp_path / "heard.wav") as caller:
            await shows(page, "ringing")
            assert await page.evaluate("[window.notified.length, window.rung > 0]") == [1, True]
            assert "1390" not in str(await page.evaluate("window.notified")), "the desktop shows no number by default"
            await page.keyboard.press("F4")
            await shows(page, "talking")
            await caller.tell("play", file=str(tone(tmp_path / "caller.wav", CALLER_HERTZ, 90, 8000)))
            assert await page.evaluate(HEARD) == pytest.approx(CALLER_HERTZ, abs=25), "the agent hears the caller"
            await hears_the_agent(centre)
            await hold_mute_and_keys(centre, page, caller)
            await the_recording_pauses(centre, page)
            await signalling_is_cut(page, wire)
            await second_tab_is_refused(page, centre)
            await reload_in_mid_call(centre, page)
        await shows(page, "ready")
        await asterisk_comes_back(centre, page)
        await it_picks_up_by_itself(centre, page)
        assert complaints == []


async def hears_the_agent(centre: Centre) -> None:
    """The recording's legs carry from here on what each side says."""
    (said,) = centre.spool.glob("*.rx.sln16")
    (leg,) = centre.spool.glob("*.tx.sln16")
    start = leg.stat().st_size // 2

    async def agent() -> bool:
        return abs(loudest(leg, 16000, start) - AGENT_HERTZ) < 10

    await until(agent, 20, "the caller hears the agent")
    assert loudest(said, 16000, start) == pytest.approx(CALLER_HERTZ, abs=10), "the caller is recorded"


async def hold_mute_and_keys(centre: Centre, page: Page, caller: object) -> None:
    (leg,) = centre.spool.glob("*.tx.sln16")

    async def silent() -> bool:
        return loudest(leg, 16000, max(0, leg.stat().st_size // 2 - 12000)) == 0

    await press(page, "静音")
    await until(silent, 20, "the caller hears nothing of a muted agent")
    await press(page, "取消静音")
    await press(page, "保持")
    await shows(page, "held")
    await press(page, "恢复通话")
    await shows(page, "talking")
    await press(page, "拨号键")
    await page.keyboard.press("5")
    assert (await caller.wait_for("dtmf", timeout=20)).facts == {"digit": "5"}  # type: ignore[attr-defined]
    await page.keyboard.press("Escape")


async def the_recording_pauses(centre: Centre, page: Page) -> None:
    """Caller and agent go on talking, and nothing of it is in the recording until the agent says so."""
    legs = [*centre.spool.glob("*.sln16")]
    await press(page, "暂停录音")
    await page.get_by_text("录音已暂停").wait_for()

    async def silent() -> bool:
        return all(loudest(leg, 16000, max(0, leg.stat().st_size // 2 - 12000)) == 0 for leg in legs)

    await until(silent, 20, "neither side is recorded")
    assert await page.evaluate(HEARD) == pytest.approx(CALLER_HERTZ, abs=25), "the talk goes on meanwhile"
    await press(page, "恢复录音")
    await page.get_by_text("录音已暂停").wait_for(state="detached")
    await hears_the_agent(centre)


async def reload_in_mid_call(centre: Centre, page: Page) -> None:
    """The page is loaded anew and finds its call again, with both voices, as the same call in the same recording."""
    await page.reload()
    await shows(page, "talking")
    assert await page.evaluate(HEARD) == pytest.approx(CALLER_HERTZ, abs=25), "the agent hears the caller again"
    await hears_the_agent(centre)
    assert await centre.one("SELECT count(*) FROM calls") == 1


async def signalling_is_cut(page: Page, wire: Wire) -> None:
    """The page says so, the voices go on, and it comes back by itself."""
    await wire.pull()
    await page.locator("[data-adrift]").wait_for()
    assert await page.evaluate(HEARD) == pytest.approx(CALLER_HERTZ, abs=25), "the talk goes on meanwhile"
    wire.cut = False
    await page.locator("[data-adrift]").wait_for(state="hidden")
    await shows(page, "talking")


async def second_tab_is_refused(page: Page, centre: Centre) -> None:
    """Neither another tab of this browser nor another browser gets the telephone unasked; the call goes on."""
    tab = await page.context.new_page()
    await tab.goto(f"{centre.url}/seat")
    await shows(tab, "tab")
    await tab.close()
    other = await centre.agent()
    await shows(other, "elsewhere")
    await other.context.close()
    assert await page.locator("[data-phone]").get_attribute("data-state") == "talking"


async def asterisk_comes_back(centre: Centre, page: Page) -> None:
    await centre.stop_asterisk()
    await shows(page, "lost")
    await centre.start_asterisk()
    await shows(page, "ready")
    await press(page, "耳麦")
    await asyncio.gather(press(page, "回声测试"), shows(page, "echo"))
    assert await page.evaluate(HEARD) == pytest.approx(AGENT_HERTZ, abs=25), "the echo says the agent's tone back"
    await press(page, "挂断")
    await shows(page, "ready")


async def it_picks_up_by_itself(centre: Centre, page: Page) -> None:
    """Where the centre sets it, and only from the next time the page is opened."""
    centre.settings.phone.auto_answer = True
    await page.reload()
    await shows(page, "ready")
    await centre.reachable("8001")
    async with centre.caller():
        await shows(page, "talking")
