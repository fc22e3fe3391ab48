"""The leader staffs seats, redeploys them for a while, and looks at how the fifteen seconds were kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx
import psycopg

from acd import desk, promise_day, record
from acd.claims import end_redeployments
from acd.deploy import deployments
from acd.events import CallEvent, Kind
from acd.words import CustomerClass, Level, Service
from hotline import audit
from hotline.database import Database
from hotline.embedded import libpq_url
from hotline.roles import Role
from tests.console.conftest import House, csrf_in

FORM = {"level": "senior", "skill_complaint": "5", "skill_suggestion": "0", "class": ["key_account", "important"]}


async def seat(database: Database, since: datetime | None = None) -> None:
    async with database.transaction() as session:
        await desk.add_seat(session, "8001", name="王芳", level=Level.JUNIOR, now=since or datetime.now(UTC))


async def post(client: httpx.AsyncClient, address: str, form: Mapping[str, object]) -> httpx.Response:
    token = csrf_in((await client.get("/seats/8001")).text)
    return await client.post(address, data={**form, "csrf": token})


async def staffed(database: Database) -> tuple[Level, dict[Service, int], frozenset[CustomerClass], bool]:
    async with database.transaction() as session:
        found = (await deployments(session))[0]
    return found.staffing.level, dict(found.staffing.skills), found.staffing.classes, found.until is not None


async def test_a_seat_is_redeployed_until_a_time_and_falls_back(house: House) -> None:
    await seat(house.database)
    leader = await house.client(Role.SHIFT_LEADER)
    zone = house.settings.zone
    until = datetime.now(UTC) + timedelta(hours=2)
    answer = await post(leader, "/seats/8001/redeploy", FORM | {"until": f"{until.astimezone(zone):%H:%M}"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/seats")
    for_vips = frozenset({CustomerClass.KEY_ACCOUNT, CustomerClass.IMPORTANT})
    assert await staffed(house.database) == (Level.SENIOR, {Service.COMPLAINT: 5}, for_vips, True)
    page = (await leader.get("/seats")).text
    assert "调配至" in page
    assert "大客户" in page
    async with await psycopg.AsyncConnection.connect(libpq_url(house.database.url), autocommit=True) as connection:
        assert await end_redeployments(connection, datetime.now(UTC)) == []
        assert await end_redeployments(connection, until + timedelta(minutes=1)) == ["8001"]
    level, skills, classes, redeployed = await staffed(house.database)
    assert (level, set(skills), classes, redeployed) == (Level.JUNIOR, set(Service), frozenset(), False)


async def test_a_seat_is_put_back_before_its_time_and_each_step_is_in_the_audit(house: House) -> None:
    await seat(house.database)
    leader = await house.client(Role.SHIFT_LEADER)
    later = datetime.now(UTC).astimezone(house.settings.zone) + timedelta(hours=1)
    await post(leader, "/seats/8001/redeploy", FORM | {"until": f"{later:%H:%M}"})
    assert (await post(leader, "/seats/8001/staff", FORM)).status_code == 409
    assert (await post(leader, "/seats/8001/back", {})).status_code == 303
    assert (await post(leader, "/seats/8001/back", {})).status_code == 409
    assert (await post(leader, "/seats/8001/staff", FORM)).status_code == 303
    assert (await staffed(house.database))[0] is Level.SENIOR
    async with house.database.transaction() as session:
        told = [entry.action for entry in await audit.latest(session, subject="seat:8001")]
    assert sorted(told) == ["seat.back", "seat.redeploy", "seat.staff"]


async def test_what_does_not_make_sense_is_said_and_changes_nothing(house: House) -> None:
    await seat(house.database)
    leader = await house.client(Role.SHIFT_LEADER)
    for form in (FORM, FORM | {"until": "25:99"}, FORM | {"until": "10:00", "level": "boss"}):
        assert (await post(leader, "/seats/8001/redeploy", form)).status_code == 422
    answer = await post(leader, "/seats/8001/staff", {"level": "junior", "skill_complaint": "9"})
    assert answer.status_code == 422
    assert "座席至少要受理一项业务" in answer.text
    assert (await staffed(house.database))[0] is Level.JUNIOR


async def test_the_page_shows_the_breaches_of_a_day_with_their_time_line(house: House) -> None:
    now = datetime.now(UTC)
    entered = now - timedelta(seconds=60)
    events = {
        CallEvent("n1-1.1", Kind.ENTERED, entered),
        CallEvent("n1-1.1", Kind.QUEUED, entered + timedelta(seconds=3), service=Service.COMPLAINT),
        CallEvent("n1-1.1", Kind.ENDED, entered + timedelta(seconds=48)),
    }
    async with house.database.transaction() as session:
        await record.write(session, [record.Pending("n1-1.1", events)], promise=15, now=now)
        waits = await promise_day.read_waits(session, entered, now, limit=15, now=now)
    assert [wait.cause for wait in waits] == ["no_idle_seat"]
    statistician = await house.client(Role.STATISTICIAN)
    page = await statistician.get(f"/promise?day={entered.astimezone(house.settings.zone).date()}")
    assert "无空闲座席" in page.text
    assert "48.0" in page.text
    line = await statistician.get("/promise/calls/n1-1.1")
    assert "+3.0 s" in line.text
    assert (await statistician.get("/promise?day=nonsense")).status_code == 200
    assert (await statistician.get("/promise/calls/n1-404.404")).status_code == 404


async def test_who_overstays_a_break_is_counted(house: House) -> None:
    begun = datetime.now(UTC) - timedelta(minutes=20)
    await seat(house.database, begun - timedelta(minutes=1))
    async with house.database.transaction() as session:
        await desk.log_in(session, "8001", begun - timedelta(minutes=1))
        await desk.ready(session, "8001", begun)
        await desk.take_break(session, "8001", "rest", begun)
    leader = await house.client(Role.SHIFT_LEADER)
    page = (await leader.get("/seats")).text
    today = begun.astimezone(house.settings.zone).date() == datetime.now(house.settings.zone).date()
    assert ('<td class="number"><span class="tag bad">1</span></td>' in page) == today
    assert "data-due" in page
