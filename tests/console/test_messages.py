"""Messages and notices over HTTP: who sends, who reads, what is refused, what is audited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from acd import messages, notices
from hotline import audit
from hotline.roles import Role
from tests.console import seed
from tests.console.conftest import House, csrf_in

WORDS = "宽带大面积故障，统一口径"


async def with_floor(house: House) -> None:
    async with house.database.transaction() as session:
        await seed.floor(session, datetime.now(UTC))


async def opened(house: House, role: Role, path: str) -> tuple[httpx.AsyncClient, dict[str, str]]:
    """A browser on a page, and the headers that its forms and fragments send."""
    client = await house.client(role)
    token = csrf_in((await client.get(path)).text)
    return client, {"x-csrf-token": token}


async def audited(house: House) -> list[tuple[str, str]]:
    async with house.database.transaction() as session:
        return [(entry.action, entry.actor) for entry in await audit.latest(session)]


async def test_a_message_is_sent_read_and_answered_and_each_is_audited(house: House) -> None:
    await with_floor(house)
    leader, leads = await opened(house, Role.SHIFT_LEADER, "/messages")
    sent = await leader.post("/messages", data={"to": "seat:8001", "words": WORDS, "urgent": "true"}, headers=leads)
    assert sent.status_code == 303
    agent, sits = await opened(house, Role.JUNIOR, "/floor")
    region = (await agent.get("/messages/seat")).text
    assert WORDS in region
    assert "data-urgent" in region
    answered = await agent.post("/messages/1/answer", data={"words": "收到<b>"}, headers=sits)
    assert "收到&lt;b&gt;" in answered.text
    receipts = (await leader.get("/messages/sent")).text
    assert "1 / 1 已读" in receipts
    assert "李娜" in receipts
    assert "收到&lt;b&gt;" in receipts
    assert (await agent.post("/messages/1/read", headers=sits)).status_code == 200
    assert [entry for entry in await audited(house) if entry[0].startswith("message")] == [
        ("message.send", "shift_leader"),
        ("message.answer", "junior"),
    ]


async def test_a_message_of_another_seat_is_not_there_and_another_leader_sees_nothing_of_it(house: House) -> None:
    await with_floor(house)
    leader, leads = await opened(house, Role.SHIFT_LEADER, "/messages")
    await leader.post("/messages", data={"to": "seat:8001", "words": WORDS}, headers=leads)
    other, sits = await opened(house, Role.SENIOR, "/floor")
    assert WORDS not in (await other.get("/messages/seat")).text
    assert (await other.post("/messages/1/read", headers=sits)).status_code == 404
    assert WORDS not in (await (await house.client(Role.MANAGER)).get("/messages")).text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"to": "all:", "words": "   "}, "消息没有内容"),
        ({"to": "all:", "words": "长" * 301}, "内容过长"),
        ({"to": "seat:9999", "words": WORDS}, "没有符合的座席"),
        ({"to": "moon:1", "words": WORDS}, "请选择收信座席"),
    ],
)
async def test_what_cannot_be_sent_is_said_and_what_was_typed_stays(
    house: House, data: dict[str, str], said: str
) -> None:
    await with_floor(house)
    leader, leads = await opened(house, Role.SHIFT_LEADER, "/messages")
    answer = await leader.post("/messages", data=data, headers=leads)
    assert answer.status_code == 422
    assert said in answer.text
    assert data["words"].strip() in answer.text


async def test_a_notice_is_confirmed_changed_and_confirmed_anew(house: House) -> None:
    await with_floor(house)
    leader, leads = await opened(house, Role.SHIFT_LEADER, "/notices")
    form = {"title": "5G 套餐上线", "words": "月租 128 元", "valid_from": "2026-01-01T08:00"}
    assert (await leader.post("/notices", data=form, headers=leads)).status_code == 303
    agent, sits = await opened(house, Role.JUNIOR, "/floor")
    assert "月租 128 元" in (await agent.get("/messages/seat")).text
    confirmed = await agent.post("/notices/1/confirm", data={"version": "1"}, headers=sits)
    assert "待确认的新业务通知" not in confirmed.text
    changed = await leader.post("/notices/1", data=form | {"words": "月租 118 元"}, headers=leads)
    assert changed.status_code == 303
    old = await agent.post("/notices/1/confirm", data={"version": "1"}, headers=sits)
    assert "通知刚被修改" in old.text
    assert "您确认后有修改" in old.text
    await agent.post("/notices/1/confirm", data={"version": "2"}, headers=sits)
    page = (await leader.get("/notices/1")).text
    assert "1 / 4" in page
    assert "第 1 版" in page
    assert (await leader.post("/notices/1/withdraw", headers=leads)).status_code == 303
    assert (await leader.get("/notices/1")).status_code == 404
    assert [entry[0] for entry in await audited(house) if entry[0].startswith("notice")] == [
        "notice.write", "notice.confirm", "notice.revise", "notice.confirm", "notice.withdraw",
    ]  # fmt: skip


async def test_ready_waits_for_a_confirmation_only_where_the_centre_wants_it(house: House) -> None:
    await with_floor(house)
    now = datetime.now(UTC)
    async with house.database.transaction() as session:
        wording = notices.Wording("5G", "…", now - timedelta(minutes=1))
        await notices.write(session, wording, by="shift_leader", now=now)
    agent, sits = await opened(house, Role.RECORDING_CLERK, "/floor")
    house.settings.shifts.ready_needs_notices = True
    refused = await agent.post("/floor/seat/ready", headers=sits)
    assert refused.status_code == 409
    assert "有新业务通知待确认" in refused.text
    house.settings.shifts.ready_needs_notices = False
    assert (await agent.post("/floor/seat/ready", headers=sits)).status_code == 303
    house.settings.shifts.ready_needs_notices = True
    await agent.post("/floor/seat/break", data={"reason": "meal"}, headers=sits)
    await agent.post("/notices/1/confirm", data={"version": "1"}, headers=sits)
    assert (await agent.post("/floor/seat/ready", headers=sits)).status_code == 303


async def test_a_seat_that_was_logged_out_finds_its_messages_at_the_next_log_in(house: House) -> None:
    await with_floor(house)
    async with house.database.transaction() as session:
        await messages.send(
            session, sender="leader", sender_name="马超", audience=messages.Audience.ALL, words=WORDS,
            now=datetime.now(UTC) - timedelta(days=2),
        )  # fmt: skip
    agent = await house.client(Role.JUNIOR)
    assert WORDS in (await agent.get("/messages/seat")).text
