"""The roster over HTTP: planned, copied, imported whole or not at all, and who was late."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import httpx
from sqlalchemy import text

from acd import roster_book
from acd.roster_book import Plan
from hotline.roles import Role
from tests.console import seed
from tests.console.conftest import House, csrf_in

MONDAY = date(2026, 11, 23)


async def at_roster(house: House, role: Role = Role.SHIFT_LEADER) -> tuple[httpx.AsyncClient, dict[str, str]]:
    async with house.database.transaction() as session:
        await seed.floor(session, datetime.now(UTC))
    client = await house.client(role)
    return client, {"csrf": csrf_in((await client.get("/roster?week=2026-11-23")).text), "week": "2026-11-23"}


async def plans(house: House, first: date = MONDAY, days: int = 7) -> list[Plan]:
    async with house.database.transaction() as session:
        return [one.plan for one in await roster_book.between(session, first, first + timedelta(days=days - 1))]


async def test_a_shift_is_planned_on_several_days_and_taken_off_again(house: House) -> None:
    client, form = await at_roster(house)
    shift = {"person": "junior", "seat": "", "begins": "22:00", "ends": "06:00", "break_minutes": "30"}
    days = {"day": ["2026-11-23", "2026-11-24"]}
    assert (await client.post("/roster", data=form | shift | days)).status_code == 303
    page = (await client.get("/roster?week=2026-11-25")).text
    assert page.count('class="shift night"') == 2
    assert "15.0" in page
    assert (await client.post("/roster/1/remove", data=form)).status_code == 303
    assert [plan.day for plan in await plans(house)] == [date(2026, 11, 24)]
    clash = await client.post("/roster", data=form | shift | {"day": ["2026-11-24", "2026-11-26"]})
    assert clash.status_code == 422
    assert "已有班次" in clash.text
    assert len(await plans(house)) == 1, "half of what was asked for was written"


async def test_last_week_is_copied_and_what_does_not_fit_is_said(house: House) -> None:
    client, form = await at_roster(house)
    shift = {"person": "junior", "begins": "08:00", "ends": "16:00", "break_minutes": "30"}
    await client.post("/roster", data=form | shift | {"day": ["2026-11-23", "2026-11-24"]})
    await client.post("/roster", data=form | shift | {"begins": "15:00", "ends": "18:00", "day": ["2026-11-30"]})
    answer = await client.post("/roster/copy", data=form | {"week": "2026-11-30"})
    assert "已复制 1 个班次，1 个有冲突未复制" in answer.text


async def test_a_file_is_taken_whole_or_refused_with_its_lines(house: House) -> None:
    client, form = await at_roster(house)
    head = "day,person,seat,begins,ends,break_minutes\n"
    good = "2026-11-23,李娜,8001,08:00,16:00,30\n2026-11-24,senior,,22:00,06:00,45\n"

    async def sent(words: str | bytes) -> httpx.Response:
        content = words if isinstance(words, bytes) else words.encode()
        return await client.post("/roster/import", data=form, files={"file": ("r.csv", content, "text/csv")})

    for words, said in (
        (head + good + "2026-11-25,谁,8001,08:00,16:00,30\n", "第 4 行"),
        (head + good + "2026-11-23,junior,8002,09:00,17:00,30\n", "第 4 行"),
        (good, "首行须为列名"),
        ("日期".encode("gb18030"), "UTF-8"),
    ):
        refused = await sent(words)
        assert refused.status_code == 422
        assert said in refused.text
        assert await plans(house) == []
    assert (await sent(head + good)).status_code == 303
    assert [(plan.person, plan.seat) for plan in await plans(house)] == [("junior", "8001"), ("senior", "")]


async def test_the_day_says_who_was_late_and_by_how_much(house: House) -> None:
    client, _ = await at_roster(house)
    zone = house.settings.zone
    begin = datetime.now(zone).replace(second=0, microsecond=0) - timedelta(hours=2)
    async with house.database.transaction() as session:
        await session.execute(text("DELETE FROM seat_states WHERE extension = '8001'"))
        for state, since, until in (("offline", -600, 7), ("ready", 7, None)):
            await session.execute(
                text(
                    "INSERT INTO seat_states (extension, person, state, since, until)"
                    " VALUES ('8001', 'junior', :state, :since, :until)"
                ),
                {
                    "state": state,
                    "since": begin + timedelta(minutes=since),
                    "until": None if until is None else begin + timedelta(minutes=until),
                },
            )
        plan = Plan(begin.date(), "junior", "", begin.time(), (begin + timedelta(hours=8)).time(), 30)
        absent = Plan(begin.date(), "text_clerk", "", begin.time(), (begin + timedelta(hours=8)).time(), 30)
        assert await roster_book.add(session, [plan, absent], zone) == [None, None]
    for role in (Role.SHIFT_LEADER, Role.STATISTICIAN):
        page = (await (await house.client(role)).get(f"/roster/day?day={begin.date()}")).text
        row = page.split('data-person="junior"')[1].split("</tr>")[0]
        assert "▲ 7</b>" in row
        assert "在岗" in row
        assert "未到岗" in page.split('data-person="text_clerk"')[1]
    assert client is not None


async def test_who_may_only_look_has_no_forms(house: House) -> None:
    client = await house.client(Role.STATISTICIAN)
    page = (await client.get("/roster")).text
    assert 'action="/roster"' not in page
    assert (await client.get("/roster?week=nonsense")).status_code == 200
