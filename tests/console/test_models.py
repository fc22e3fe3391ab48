"""The page of learned models: figures for those who read them, live and back for those who answer for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import text

from hotline.roles import Role
from tests.console.conftest import House, csrf_in
from transcribe.learned import live_model, store
from transcribe.learned.model import FieldModel, pack

FIGURES = {"held": 120, "rules": 0.8, "learned": 0.9, "gain": 0.1, "low": 0.04, "high": 0.16, "p": 0.001}
REPORT = {
    "business": FIGURES | {"takes_over": True, "why": "better"},
    "kind": FIGURES | {"gain": 0.0, "low": -0.02, "high": 0.02, "takes_over": False, "why": "no_gain"},
}


async def _version(house: House, *, better: bool = True) -> int:
    one = np.array([1.0], np.float32)
    weights = np.array([[2.0], [-2.0]], np.float32)
    learned = FieldModel(("data", "mobile"), ("智慧屏",), one, weights, np.zeros(2, np.float32))
    data, sha256 = pack({"business": learned, "kind": learned})
    now = datetime.now(UTC)
    report = REPORT if better else {"kind": REPORT["kind"]}
    async with house.database.transaction() as session:
        made = await store.add(
            session, data=data, sha256=sha256, report=report, forms=480, since=now - timedelta(days=365), until=now,
            why="weekly", now=now,
        )  # fmt: skip
    return made.number


async def test_a_version_shows_its_figures_and_words_is_let_live_and_taken_back(house: House) -> None:
    number = await _version(house)
    manager = await house.client(Role.DATA_MANAGER)
    page = await manager.get("/models")
    for words in ("80.0 %", "90.0 %", "+4.0 … +16.0", "明显更好", "不比规则好", "全部由规则判断"):
        assert words in page.text
    assert "智慧屏" in (await manager.get(f"/models/{number}")).text
    form = {"csrf": csrf_in(page.text)}
    assert (await manager.post(f"/models/{number}/live", data=form)).status_code == 303
    async with house.database.transaction() as session:
        model = await live_model(session)
    assert model is not None
    assert (model.version, model.takes_over) == (number, {"business"})
    assert "退回上一版" in (await manager.get("/models")).text
    assert (await manager.post("/models/rollback", data=form)).status_code == 303
    async with house.database.transaction() as session:
        assert await live_model(session) is None
    assert (await manager.post("/models/rollback", data=form)).status_code == 409


async def test_a_version_that_is_not_better_is_offered_to_nobody_and_refused(house: House) -> None:
    number = await _version(house, better=False)
    manager = await house.client(Role.MANAGER)
    page = await manager.get("/models")
    assert f"/models/{number}/live" not in page.text
    refused = await manager.post(f"/models/{number}/live", data={"csrf": csrf_in(page.text)})
    assert refused.status_code == 409
    assert "没有一项明显好过规则" in refused.text


async def test_who_only_reads_figures_sees_no_button(house: House) -> None:
    number = await _version(house)
    reader = await house.client(Role.STATISTICIAN)
    page = await reader.get("/models")
    assert page.status_code == 200
    assert "<button" not in page.text.split('id="main"')[1]
    assert (await reader.post(f"/models/{number}/live", data={"csrf": csrf_in(page.text)})).status_code == 403


async def test_a_version_asked_for_is_the_workers_work(house: House) -> None:
    manager = await house.client(Role.DATA_MANAGER)
    page = await manager.get("/models")
    asked = await manager.post("/models/train", data={"csrf": csrf_in(page.text)})
    assert asked.headers["location"] == "/models?asked=1"
    again = await manager.post("/models/train", data={"csrf": csrf_in(page.text)})
    assert again.status_code == 303
    async with house.database.transaction() as session:
        query = "SELECT args FROM procrastinate_jobs WHERE task_name = 'cases.learn'"
        jobs = (await session.execute(text(query))).all()
    assert [job.args for job in jobs] == [{"login": "data_manager", "role": "data_manager"}], "one at a time"


@pytest.mark.parametrize("path", ["/models/999", "/models/999999999999"])
async def test_a_version_that_is_not_there_is_missing(house: House, path: str) -> None:
    manager = await house.client(Role.DATA_MANAGER)
    assert (await manager.get(path)).status_code == 404
