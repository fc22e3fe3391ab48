"""The caller's card and the registration form as requests see them: right, private, and deaf to hostile text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, text

from acd.models import CallEvent, Customer
from cases import registrations
from console.seat.numbers import number_of
from hotline.accounts import Subject
from hotline.models import AuditEntry, User
from hotline.roles import Role
from tests.console import seed
from tests.console.conftest import House, csrf_in

UID = "n1-100.1"
HOSTILE = '"><img src=x onerror=alert(1)>'
FULL = {
    "kind": "complaint", "business": "mobile", "nature": "tariff", "phone": "13912345678",
    "what_happened": "每月多扣三十元彩铃费",
}  # fmt: skip


async def person(house: House, role: Role) -> Subject:
    async with house.database.transaction() as session:
        user = await session.scalar(select(User).where(User.login == role.value))
        assert user is not None
        return Subject(user.id, user.login, user.name, role, user.seat)


async def do(house: House, statement: str, **values: object) -> None:
    async with house.database.transaction() as session:
        await session.execute(text(statement), values)


@pytest.fixture
async def floor(house: House) -> House:
    """The junior at 8001 talks; the caller has called before, has an open case, and came through a menu."""
    now = datetime.now(UTC)
    async with house.database.transaction() as session:
        await seed.floor(session, now)
        session.add(Customer(number="13912345678", name="天河电子有限公司", customer_class="key_account"))
        for kind, seat, detail, ago in (("menu", "", "main:1", 110), ("answered", "8001", "", 95)):
            at = now - timedelta(seconds=ago)
            session.add(CallEvent(call_uid=UID, at=at, kind=kind, seat=seat, detail={"detail": detail}))
    return house


async def junior(house: House) -> tuple[httpx.AsyncClient, str]:
    client = await house.client(Role.JUNIOR)
    page = await client.get("/seat")
    assert page.status_code == 200
    return client, csrf_in(page.text)


async def send(client: httpx.AsyncClient, token: str, what: str, version: int = 0, **fields: Any) -> httpx.Response:
    data = {"seat": "8001", "version": str(version)} | fields
    return await client.post(f"/seat/registrations/{UID}/{what}", data=data, headers={"x-csrf-token": token})


async def views(house: House) -> int:
    async with house.database.transaction() as session:
        query = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "caller.view")
        return int((await session.execute(query)).scalar_one())


@pytest.mark.parametrize(
    ("told", "shown", "place"),
    [
        ("13912345678", "139 1234 5678", ""), ("+8613912345678", "139 1234 5678", ""),
        ("8613912345678", "139 1234 5678", ""), ("02088886666", "020 8888 6666", "广州"),
        ("075512345678", "0755 1234 5678", "深圳"), ("03112223333", "0311 222 3333", "石家庄"),
        ("10086", "10086", ""), ("", "", ""), ("+442071838750", "442071838750", ""),
    ],
)  # fmt: skip
def test_a_number_is_shown_as_it_is_read_aloud(told: str, shown: str, place: str) -> None:
    assert (number_of(told).shown, number_of(told).place) == (shown, place)


async def test_the_card_says_who_calls_and_the_page_says_it_again_when_loaded_anew(floor: House) -> None:
    client, _ = await junior(floor)
    card = (await client.get("/seat/card")).text
    page = (await client.get("/seat")).text
    for said in ("139 1234 5678", "天河电子有限公司", "主菜单", f'data-call="{UID}"', 'data-state="talking"'):
        assert said in card
        assert said in page
    assert card.count("<li>") == 8
    assert f'data-registration="{UID}"' in page
    assert await views(floor) == 1, "drawn three times, seen once"


async def test_a_caller_who_rings_is_shown_before_the_answer_and_without_a_form(floor: House) -> None:
    await do(floor, "UPDATE seats SET state = 'ringing' WHERE extension = '8001'")
    page = (await (await floor.client(Role.JUNIOR)).get("/seat")).text
    assert "139 1234 5678" in page
    assert 'data-state="ringing"' in page
    assert "data-registration" not in page


async def test_open_cases_and_what_the_seat_before_noted_are_on_the_card(floor: House) -> None:
    senior = await person(floor, Role.SENIOR)
    now = datetime.now(UTC)
    async with floor.database.transaction() as session:
        of = {"call_uid": "n1-90.3", "seat": "8003", "subject": senior, "now": now - timedelta(hours=50)}
        await registrations.open_for(session, phone="13912345678", **of)  # type: ignore[arg-type]
        await registrations.save(session, typed=FULL, version=0, **of)  # type: ignore[arg-type]
        await registrations.submit(session, settings=floor.settings, **of)  # type: ignore[arg-type]
        await session.execute(text("UPDATE orders SET reply_due_at = now() - interval '1 hour'"))
        of = of | {"call_uid": UID, "now": now}
        await registrations.open_for(session, phone="", **of)  # type: ignore[arg-type]
        await registrations.save(session, typed={"what_happened": "已查账单属实"}, version=0, **of)  # type: ignore[arg-type]
    client, _ = await junior(floor)
    card = (await client.get("/seat/card")).text
    for said in ("TS20", "有超时限工单", "王强", "已查账单属实"):
        assert said in card


async def test_after_the_call_the_form_stays_and_what_was_not_handed_in_is_listed(floor: House) -> None:
    client, token = await junior(floor)
    assert (await send(client, token, "save", **FULL)).json()["version"] == 1
    await do(floor, "UPDATE seats SET state = 'wrap_up', call_uid = NULL WHERE extension = '8001'")
    assert "每月多扣三十元彩铃费" in (await client.get("/seat")).text
    await do(floor, "UPDATE seats SET state = 'ready' WHERE extension = '8001'")
    page = (await client.get("/seat")).text
    assert f'data-register="{UID}"' in page
    assert "<form class" not in page.split('id="form"')[1].split("</section>")[0]
    assert "每月多扣三十元彩铃费" in (await client.get("/seat/form", params={"call": UID})).text
    assert (await (await floor.client(Role.SENIOR)).get("/seat/form", params={"call": UID})).status_code == 404


async def test_two_windows_cannot_overwrite_each_other(floor: House) -> None:
    client, token = await junior(floor)
    assert (await send(client, token, "save", 0, what_happened="第一窗口")).json()["version"] == 1
    answer = await send(client, token, "save", 0, what_happened="第二窗口")
    assert answer.status_code == 409
    assert answer.json() == {"error": "registration_stale", "version": 1, "fields": {"what_happened": "第一窗口"}}
    assert (await send(client, token, "submit", 0, **FULL)).status_code == 409


async def test_handing_in_says_what_is_wrong_and_makes_one_order_when_pressed_twice(floor: House) -> None:
    client, token = await junior(floor)
    wrong = await send(client, token, "submit", 0, **(FULL | {"phone": "12", "promised": "明天一定修好"}))
    assert wrong.status_code == 422
    assert "5 到 20 位" in wrong.text or "5 to 20 digits" in wrong.text
    assert "每月多扣三十元彩铃费" in wrong.text
    assert "明天一定修好</q>" in wrong.text
    done = [await send(client, token, "submit", 1, **FULL) for _ in range(2)]
    numbers = {answer.text.split('order-number">')[1].split("<")[0] for answer in done}
    assert len(numbers) == 1
    async with floor.database.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM orders"))).scalar_one() == 1


async def test_an_end_without_an_order_needs_a_reason(floor: House) -> None:
    client, token = await junior(floor)
    assert (await send(client, token, "discard", reason="golf")).status_code == 422
    assert "查询标准，已答复" in (await send(client, token, "discard", reason="look_up")).text


async def test_hostile_text_from_callers_menus_and_agents_is_shown_as_text(floor: House) -> None:
    await do(floor, "UPDATE calls SET caller = :x, service = :x WHERE uid = :uid", x=HOSTILE, uid=UID)
    menu = "UPDATE call_events SET detail = jsonb_build_object('detail', CAST(:x AS text)) WHERE kind = 'menu'"
    await do(floor, menu, x=HOSTILE)
    senior = await person(floor, Role.SENIOR)
    now = datetime.now(UTC)
    async with floor.database.transaction() as session:
        of = {"call_uid": UID, "seat": "8003", "subject": senior, "now": now}
        await registrations.open_for(session, phone="", **of)  # type: ignore[arg-type]
        await registrations.save(session, typed={"what_happened": HOSTILE + "'"}, version=0, **of)  # type: ignore[arg-type]
    client, token = await junior(floor)
    await send(client, token, "save", 1, what_happened=HOSTILE + "'</textarea>", kind=HOSTILE, phone=HOSTILE)
    for path in ("/seat", "/seat/card", "/seat/form", "/seat/open"):
        page = (await client.get(path)).text
        assert "<img src=x" not in page, path
        assert "'</textarea>" not in page, path
    found = await client.get("/seat/standards", params={"words": HOSTILE, "business": HOSTILE})
    assert found.status_code == 200
    assert "<img" not in found.text


async def test_limits_are_found_for_the_business_of_the_form(floor: House) -> None:
    client, _ = await junior(floor)
    found = await client.get("/seat/standards", params={"words": "报修", "business": "fixed_line"})
    assert "最长 48 小时" in found.text


async def test_one_does_not_write_what_another_seat_has(floor: House) -> None:
    await junior(floor)
    client = await floor.client(Role.SENIOR)
    token = csrf_in((await client.get("/seat")).text)
    answer = await send(client, token, "save", 0, what_happened="x")
    assert (answer.status_code, answer.json()["error"]) == (409, "registration_not_yours")
