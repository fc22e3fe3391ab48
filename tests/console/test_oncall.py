"""The buttons on a call: whose they are, what they answer, and that the customer of an order is called from a seat."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import select, text

from acd import commands
from acd.commands import CommandKind
from acd.oncall import carry, decide
from console.oncall import routes
from console.oncall.words import REFUSALS
from console.words import Words
from hotline.models import AuditEntry
from hotline.roles import Role
from tests.console import seed
from tests.console.conftest import House, csrf_in


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "PATIENCE_SECONDS", 0.3)


async def at_a_call(house: House) -> tuple[httpx.AsyncClient, dict[str, str], str]:
    """A junior's browser, its token as a header, and the junior's seat, which has a call."""
    async with house.database.transaction() as session:
        await seed.floor(session, datetime.now(UTC))
        extension = await session.scalar(text("SELECT seat FROM users WHERE login = 'junior'"))
        await session.execute(
            text("UPDATE seats SET state = 'talking', call_uid = 'n1-9.9' WHERE extension = :e"), {"e": extension}
        )
    client = await house.client(Role.JUNIOR)
    token = csrf_in((await client.get("/nowhere", headers={"accept": "text/html"})).text)
    return client, {"x-csrf-token": token}, str(extension)


async def asked(house: House) -> list[tuple[str, str, str, dict[str, object]]]:
    async with house.database.transaction() as session:
        rows = await session.execute(text("SELECT call_uid, seat, kind, argument FROM call_commands ORDER BY id"))
        return [tuple(row) for row in rows]


async def test_a_wish_is_written_for_ones_own_seat_and_told_to_be_pending(house: House) -> None:
    client, token, seat = await at_a_call(house)
    answer = await client.post("/seat/calls/transfer", json={"to": {"seat": "8002"}}, headers=token)
    assert (answer.status_code, answer.json()["state"], answer.json()["problem"]) == (200, "asked", None)
    assert await asked(house) == [("n1-9.9", seat, "transfer", {"to": {"seat": "8002"}})]
    async with house.database.transaction() as session:
        rows = await session.scalars(select(AuditEntry).where(AuditEntry.action == "call.transfer"))
        assert [(row.actor, row.subject) for row in rows] == [("junior", f"seat:{seat}")]


async def test_the_outcome_is_answered_as_soon_as_it_is_known(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "PATIENCE_SECONDS", 20.0)
    client, token, _ = await at_a_call(house)
    posting = asyncio.create_task(client.post("/seat/calls/hang_up", headers=token))
    found: list[int] = []
    async with asyncio.timeout(10):
        while not found:
            async with house.database.transaction() as session:
                found = [command.id for command in await commands.open_commands(session)]
    async with house.database.transaction() as session:
        await commands.settle(session, found[0], decide.NOT_CONSULTING, datetime.now(UTC))
    answer = await posting
    assert (answer.status_code, answer.json()) == (
        409, {"id": found[0], "state": "refused", "problem": "您现在没有在咨询任何人。"},
    )  # fmt: skip


async def test_what_makes_no_sense_is_refused_at_once(house: House) -> None:
    client, token, _ = await at_a_call(house)
    for kind, body in (("transfer", {}), ("transfer", {"to": {"seat": "1;2"}}), ("dial_out", {"number": "12a"})):
        answer = await client.post(f"/seat/calls/{kind}", json=body, headers=token)
        assert (answer.status_code, answer.json()["state"]) == (409, "refused"), (kind, body)
    for raw in (b"[1]", b"{"):
        headers = token | {"content-type": "application/json", "accept": "application/json"}
        assert (await client.post("/seat/calls/transfer", content=raw, headers=headers)).status_code == 422
    assert (await client.post("/seat/calls/juggle", headers=token)).status_code == 404
    assert (await client.post("/seat/calls/hang_up")).status_code == 403, "without the token"
    assert await asked(house) == []


async def test_a_seat_without_a_call_is_told_so_in_the_readers_language(house: House) -> None:
    client, token, seat = await at_a_call(house)
    async with house.database.transaction() as session:
        await session.execute(text("UPDATE seats SET call_uid = NULL WHERE extension = :e"), {"e": seat})
    answer = await client.post("/seat/calls/hang_up", headers=token)
    assert answer.json()["problem"] == "您的座席当前没有可以这样处理的通话。"
    client.cookies.set("hotline_language", "en")
    answer = await client.post("/seat/calls/hang_up", headers=token)
    assert answer.json()["problem"] == commands.NO_CALL


async def test_the_customer_of_an_order_is_called_without_the_number_on_the_page(house: House) -> None:
    client, token, seat = await at_a_call(house)
    async with house.database.transaction() as session:
        await seed.many_drafts(session, datetime.now(UTC), 26)
    async with house.database.transaction() as session:
        await seed.some_orders(session, datetime.now(UTC), house.settings)
    async with house.database.transaction() as session:
        order, phone = (
            await session.execute(
                text(
                    "SELECT number, coalesce(fields->>'phone', caller) FROM orders JOIN calls ON uid = call_uid LIMIT 1"
                )
            )
        ).one()
    answer = await client.post(f"/orders/{order}/call", headers=token)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/seat"
    assert await asked(house) == [("", seat, CommandKind.DIAL_OUT.value, {"number": phone, "order": order})]
    assert len(phone) >= 7
    assert phone not in (await client.get("/orders")).text


def test_every_refusal_has_its_chinese() -> None:
    said = {
        value for module in (commands, decide, carry) for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str) and value.endswith(".")
    }  # fmt: skip
    assert said == set(REFUSALS)
    words = Words()
    assert all(words.chinese(sentence) != sentence for sentence in said)
