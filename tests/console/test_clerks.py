"""Entry by person, as the pages show it: everybody to those who lead and inspect, oneself to a clerk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from hotline.models import User
from hotline.roles import Role
from tests.console import seed
from tests.console.conftest import House, csrf_in

UID = "n1-300.1"


async def entered(house: House, folder: Path) -> str:
    """One draft with sound, entered by the recording clerk; the order's number."""
    now, flac = datetime.now(UTC), folder / "call.flac"
    seed.speech(flac, 45)
    async with house.database.transaction() as session:
        session.add(seed.ended(UID, now - timedelta(minutes=70), waited=6, talked=39))
        await seed.recording(session, house.app.state.console.objects, UID, now - timedelta(minutes=70), flac)
        await seed.draft(session, UID, now, now + timedelta(minutes=5))
    client = await house.client(Role.RECORDING_CLERK)
    token = csrf_in((await client.get("/drafts")).text)
    await client.post(f"/desk/draft:{UID}/take", data={"csrf": token})
    values = {"kind": "complaint", "business": "information", "summary": "乱收费", "place": "城东"}
    done = await client.post(
        f"/drafts/{UID}/confirm", json={"values": values, "version": 0}, headers={"x-csrf-token": token}
    )
    return str(done.json()["to"].split("made=")[1])


async def test_an_inspector_looks_at_an_entry_and_the_week_shows_it(house: House, tmp_path: Path) -> None:
    number = await entered(house, tmp_path)
    inspector = await house.client(Role.INSPECTOR)
    page = (await inspector.get("/clerks")).text
    assert "陈静" in page
    assert "尚未核查" in page
    async with house.database.transaction() as session:
        clerk = await session.scalar(select(User.id).where(User.login == "recording_clerk"))
    assert number in (await inspector.get(f"/clerks/{clerk}/entries")).text
    sheet = (await inspector.get(f"/clerks/entries/{number}")).text
    assert "城东" in sheet
    wrong = {"csrf": csrf_in(sheet), "place": "城西营业厅"}
    noted = await inspector.post(f"/clerks/entries/{number}", data=wrong)
    assert (noted.status_code, noted.headers["location"]) == (303, f"/clerks?noted={number}")
    page = (await inspector.get(noted.headers["location"])).text
    assert f"对工单 {number} 的核查已记录" in page
    assert "核查 1 件" in page
    assert 'value="城西营业厅"' in (await inspector.get(f"/clerks/entries/{number}")).text
    leader = await house.client(Role.SHIFT_LEADER)
    shown = (await leader.get(f"/clerks/entries/{number}")).text
    assert "记录核查结果" not in shown


async def test_a_clerk_sees_own_figures_alone_and_a_strange_week_is_this_one(house: House, tmp_path: Path) -> None:
    await entered(house, tmp_path)
    clerk = await house.client(Role.RECORDING_CLERK)
    assert "陈静" in (await clerk.get("/clerks/mine")).text
    assert (await clerk.get("/clerks")).status_code == 403
    senior = await house.client(Role.SENIOR)
    assert "陈静" not in (await senior.get("/clerks/mine")).text
    for week in ("no-day", "9999-12-31", "0001-01-03"):
        assert (await clerk.get(f"/clerks/mine?week={week}")).status_code == 200, week
