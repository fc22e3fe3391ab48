"""The shift leader's list of call-backs: how each stands, why it waits, and what may be done about it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from hotline.roles import Role
from tests.console import seed
from tests.console.conftest import House, csrf_in


async def callback(session: AsyncSession, uid: str, number: str, state: str, *, ago: float, **other: object) -> None:
    now = datetime.now(UTC)
    at = now - timedelta(seconds=ago)
    values: dict[str, object] = {
        "uid": uid, "number": number, "state": state, "at": at, "attempts": 0, "next_at": at, "seat": None,
        "expires": now + timedelta(hours=20), "class": "ordinary",
        "history": [{"at": at.isoformat(), "what": "asked", "detail": ""}],
    }  # fmt: skip
    values |= other
    values["history"] = json.dumps(values["history"])
    await session.execute(
        text(
            "INSERT INTO callbacks (call_uid, number, service, customer_class, queued_at, priority, asked_at, state,"
            " attempts, next_at, expires_at, seat, epoch, history) VALUES (:uid, :number, 'complaint', :class, :at, 0,"
            " :at, :state, :attempts, :next_at, :expires, :seat, 0, CAST(:history AS jsonb))"
        ),
        values,
    )


async def a_day(session: AsyncSession) -> None:
    """One of each kind, in order of places on top, what is over below."""
    now = datetime.now(UTC)
    tried = [
        {"at": (now - timedelta(minutes=9)).isoformat(), "what": "asked", "detail": ""},
        {"at": (now - timedelta(minutes=6)).isoformat(), "what": "dialled", "detail": "8003"},
        {"at": (now - timedelta(minutes=5)).isoformat(), "what": "no_answer", "detail": ""},
    ]
    await seed.floor(session, now)
    await callback(session, "n1-7.1", "13900001111", "waiting", ago=540, attempts=1, history=tried,
                   next_at=now + timedelta(minutes=20))  # fmt: skip
    await callback(session, "n1-7.2", "13900002222", "waiting", ago=8, **{"class": "key_account"})
    await callback(session, "n1-7.3", "02112345678", "dialling", ago=300, attempts=1, seat="8003")
    await callback(session, "n1-7.4", "13900004444", "done", ago=4000, attempts=1, seat="8001")
    await callback(session, "n1-7.5", "13900005555", "expired", ago=90000)


async def test_the_leader_sees_how_each_stands_cancels_one_and_ends_a_pause(house: House) -> None:
    async with house.database.transaction() as session:
        await a_day(session)
    house.settings.asterisk.outbound = "127.0.0.1:5080"
    house.settings.acd.callback_hours = "00:00-24:00"
    leader = await house.client(Role.SHIFT_LEADER)
    page = (await leader.get("/callbacks")).text
    states = re.findall(r'id="callback-\d+" data-state="(\w+)"', page)
    assert states == ["waiting", "dialling", "waiting", "done", "expired"]
    assert "139••••11" in page
    assert "13900001111" not in page
    assert "无人接听" in page
    assert "更早来电的客户仍在等待" in page
    token = csrf_in(page)
    first, _, second, *_ = re.findall(r'id="callback-(\d+)"', page)
    answer = await leader.post(f"/callbacks/{first}/now", data={"csrf": token})
    assert "间隔已取消" in answer.text or "正在给客户拨打电话" in answer.text
    assert "取消，操作人" in (await leader.post(f"/callbacks/{second}/cancel", data={"csrf": token})).text
    again = await leader.post(f"/callbacks/{second}/cancel", data={"csrf": token})
    assert again.status_code == 409
    assert "状态已经变化" in again.text
    async with house.database.transaction() as session:
        rows = await session.execute(text("SELECT action, subject, actor FROM audit WHERE action LIKE 'callback.%'"))
        assert [tuple(row) for row in rows] == [
            ("callback.call_now", f"callback:{first}", "shift_leader"),
            ("callback.cancel", f"callback:{second}", "shift_leader"),
        ]


async def test_the_agent_whose_seat_is_kept_sees_the_call_in_which_it_was_asked_for(house: House) -> None:
    async with house.database.transaction() as session:
        await seed.floor(session, datetime.now(UTC))
        await callback(session, "n1-100.4", "13900007777", "dialling", ago=60, attempts=1, seat="8003")
        await session.execute(
            text(
                "UPDATE seats SET state = 'ringing', call_uid = (SELECT 'n1-cb' || id || '-1' FROM callbacks)"
                " WHERE extension = '8003'"
            )
        )
    senior = await house.client(Role.SENIOR)
    card = (await senior.get("/seat/card")).text
    assert 'data-call="n1-100.4"' in card
    assert "回拨中" in card
    assert "7777" in card
    assert "回拨中" in (await senior.get("/floor/own")).text


async def test_a_senior_looks_and_changes_nothing(house: House) -> None:
    async with house.database.transaction() as session:
        await callback(session, "n1-7.1", "13900001111", "waiting", ago=540)
    senior = await house.client(Role.SENIOR)
    page = (await senior.get("/callbacks")).text
    assert "/cancel" not in page
    number = re.findall(r'id="callback-(\d+)"', page)[0]
    assert (await senior.post(f"/callbacks/{number}/cancel", data={"csrf": csrf_in(page)})).status_code == 403
    assert (await (await house.client(Role.SHIFT_LEADER)).get("/callbacks/list")).status_code == 200
