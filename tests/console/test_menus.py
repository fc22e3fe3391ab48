"""Menus, announcements and the survey in the console, on the real application and database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from acd.models import Call
from acd.survey_models import SurveyAnswer
from hotline import audit
from hotline.roles import Role
from hotline.settings import CHECKOUT
from ivr import announcements, versions
from ivr.hours import DayKind
from ivr.versions import VersionState
from tests.console.conftest import House, csrf_in

TEXT = (CHECKOUT / "ivr" / "menu.yaml").read_text("utf-8")
SCRIPT = "</textarea><script>alert(1)</script>"


async def test_a_mistake_is_shown_with_its_line_and_nothing_typed_is_lost(house: House) -> None:
    page = await _opened(house, Role.MANAGER, "/menus/new")
    bad = TEXT.replace("{person: suggestion}", "{person: plumber}") + f"# {SCRIPT}\n"
    line = bad.splitlines().index("      2: {person: plumber}") + 1
    for do in ("check", "save"):
        answer = await page.post("/menus/new", text=bad.replace("\n", "\r\n"), note=SCRIPT, do=do)
        assert answer.status_code == 422
        assert f"第 {line} 行" in answer.text
        assert "没有业务 &#39;plumber&#39;" in answer.text
        assert "there is no service &#39;plumber&#39;" in answer.text
        assert "&lt;script&gt;" in answer.text
        assert "<script>alert" not in answer.text
        assert "{person: plumber}" in answer.text
        assert "<svg xmlns" not in answer.text
    async with house.database.transaction() as session:
        assert list(await versions.history(session)) == []


@pytest.mark.parametrize(
    "text",
    ["", "a: &a [*a]", "x: " + "[" * 5000, "# " + "x" * 70_000, "start: !!python/object/apply:os.system [id]", "\x00",
     TEXT.replace("prompt: main-menu", "prompt: ../../etc/passwd")],
)  # fmt: skip
async def test_a_hostile_text_is_refused_like_any_mistake(house: House, text: str) -> None:
    page = await _opened(house, Role.MANAGER, "/menus/new")
    answer = await page.post("/menus/new", text=text, do="save")
    assert answer.status_code == 422
    assert "第 " in answer.text


async def test_a_version_is_saved_drawn_asked_for_and_taken_back_and_each_step_is_audited(house: House) -> None:
    page = await _opened(house, Role.MANAGER, "/menus/new")
    checked = await page.post("/menus/new", text=TEXT, do="check")
    assert checked.status_code == 200
    assert "<svg xmlns" in checked.text
    async with house.database.transaction() as session:
        await versions.first(session, TEXT, author="", now=datetime.now(UTC))
    saved = await page.post("/menus/new", text=TEXT.replace("tries: 2", "tries: 3"), note="more patience", do="save")
    assert (saved.status_code, saved.headers["location"]) == (303, "/menus/2")
    version = (await page.client.get("/menus/2")).text
    for word in ("after-hours", "standards", "non-existent"):
        assert (word in version) is (word != "non-existent")
    assert (await page.post("/menus/2/apply")).status_code == 303
    assert "正在生效" in (await page.client.get("/menus")).text
    assert (await page.post("/menus/2/apply")).status_code == 409
    assert "HX-Refresh" not in (await page.client.get("/menus/state")).headers
    async with house.database.transaction() as session:  # what the node does
        await versions.made_live(session, 2, now=datetime.now(UTC))
    assert (await page.client.get("/menus/state")).headers["HX-Refresh"] == "true"
    assert (await page.post("/menus/rollback")).status_code == 303
    async with house.database.transaction() as session:
        back = await versions.in_state(session, VersionState.ASKED)
        assert back is not None
        assert back.number == 1
        await versions.failed(session, 1, "a prompt <b>is</b> gone")
        steps = [(entry.action, entry.subject) for entry in await audit.latest(session) if entry.subject[:5] == "menu:"]
    assert steps == [("menu.save", "menu:2"), ("menu.apply", "menu:2"), ("menu.rollback", "menu:1")]
    failed = (await page.client.get("/menus")).text
    assert "a prompt &lt;b&gt;is&lt;/b&gt; gone" in failed
    assert "未能生效" in failed


async def test_the_shift_leader_switches_announcements_and_sets_days_and_changes_no_menu(house: House) -> None:
    page = await _opened(house, Role.SHIFT_LEADER, "/announcements")
    made = await page.post("/announcements", prompt="news-outage", service="complaint")
    assert made.status_code == 303
    until = (datetime.now(house.settings.zone) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    assert (await page.post("/announcements", prompt="news-watch", ends=until)).status_code == 303
    assert (await page.post("/announcements", prompt="news-watch", ends="2020-01-01T00:00")).status_code == 422
    assert (await page.post("/announcements", prompt="../secret")).status_code == 422
    assert (await page.post("/announcements", prompt="news-watch", starts="soon")).status_code == 422
    for _ in range(3):
        await page.post("/announcements", prompt="news-busy")
    assert "已开启四条" in (await page.post("/announcements", prompt="news-busy")).text
    assert (await page.post("/announcements/1/switch", on="false")).status_code == 303
    assert (await page.post("/announcements/999/switch", on="true")).status_code == 404
    shown = (await page.client.get("/announcements")).text
    assert "宽带和电话业务出现故障" in shown
    assert "正在下发" in shown
    day = datetime.now(house.settings.zone).date() + timedelta(days=3)
    assert (await page.post("/announcements/days", day=str(day), kind="day_off", note=SCRIPT)).status_code == 303
    assert (await page.post("/announcements/days", day="2020-01-01", kind="day_off")).status_code == 422
    assert "<script>alert" not in (await page.client.get("/announcements")).text
    async with house.database.transaction() as session:
        assert (await announcements.own_days(session))[day] is DayKind.DAY_OFF
        heard = await announcements.news(session, datetime.now(UTC))
        assert [(news.prompt, news.scopes) for news in heard][:1] == [("news-watch", ("all",))]
    assert (await page.post("/announcements/days", day=str(day), kind="calendar")).status_code == 303
    assert (await page.client.get("/menus")).status_code == 200
    assert (await page.client.get("/menus/new")).status_code == 403


async def test_marks_are_shown_by_seat(house: House) -> None:
    now = datetime.now(UTC)
    async with house.database.transaction() as session:
        for number, score in enumerate((5, 4)):
            uid = f"n1-9.{number}"
            session.add(Call(uid=uid, caller="", state="ended", entered_at=now, answered_at=now, seat="8001"))
            session.add(SurveyAnswer(call_uid=uid, seat="8001", score=score, points=5, at=now))
    page = (await (await house.client(Role.SURVEYOR)).get("/survey")).text
    assert "4.50" in page
    assert "100 %" in page


class _Opened:
    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self.client = client
        self._token = token

    async def post(self, path: str, **fields: str) -> httpx.Response:
        return await self.client.post(path, data={"csrf": self._token, **fields})


async def _opened(house: House, role: Role, path: str) -> _Opened:
    client = await house.client(role)
    return _Opened(client, csrf_in((await client.get(path)).text))
