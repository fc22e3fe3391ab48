"""Who gets to the telephone's socket and its credentials, and the page of desk telephones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import select, text
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from acd import desk, phones
from acd.words import Level
from console.access import SESSION_COOKIE
from console.app import SOCKETS
from console.phone.provision import Account, account_xml, qr_svg, server
from console.phone.proxy import Close, RequireSocket
from hotline.database import Database
from hotline.models import AuditEntry
from hotline.roles import Action, Role, allows
from hotline.settings import AsteriskSettings, PhoneSettings, Settings
from tests.console import seed
from tests.console.conftest import House, csrf_in, served, token_of

SIP = Subprotocol("sip")
TAB, OTHER_TAB = "tab-of-the-agent", "tab-somewhere-else"
REGISTER = (
    "REGISTER sip:hotline.invalid SIP/2.0\r\nFrom: <sip:8001@hotline.invalid>;tag=a\r\n"
    "To: <sip:8001@hotline.invalid>\r\n\r\n"
)


@pytest.fixture
async def seats(database: Database) -> None:
    async with database.transaction() as session:
        for extension, level in (("8001", Level.JUNIOR), ("8003", Level.SENIOR)):
            await desk.add_seat(session, extension, name=extension, level=level, now=datetime.now(UTC))


@asynccontextmanager
async def line(house: House) -> AsyncIterator[str]:
    """The served console with something that speaks SIP's WebSocket in Asterisk's place: it says everything back."""

    async def echo(connection: ServerConnection) -> None:
        async for frame in connection:
            await connection.send(frame)

    async with serve(echo, "127.0.0.1", 0, subprotocols=[SIP]) as asterisk:
        port = next(iter(asterisk.sockets)).getsockname()[1]
        house.app.state.console.settings.phone.websocket = f"ws://127.0.0.1:{port}/ws"
        async with served(house.app) as url:
            yield url


async def socket(
    house: House,
    url: str,
    role: Role | None = Role.JUNIOR,
    *,
    tab: str = TAB,
    take: bool = False,
    origin: str | None = "",
) -> ClientConnection:
    cookies = {"cookie": f"{SESSION_COOKIE}={await token_of(house.database, role)}"} if role else {}
    return await connect(
        f"{url.replace('http', 'ws', 1)}/phone/ws?tab={tab}{'&take=true' if take else ''}", subprotocols=[SIP],
        origin=Origin(url if origin == "" else origin) if origin is not None else None, additional_headers=cookies,
        proxy=None,
    )  # fmt: skip


async def closed_with(connection: ClientConnection) -> int | None:
    with pytest.raises(ConnectionClosed):
        await asyncio.wait_for(connection.recv(), 20)
    return connection.close_code


def test_every_socket_has_a_guard_with_an_action() -> None:
    guards = [
        dependency.call
        for router in SOCKETS
        for route in router.routes
        for dependency in route.dependant.dependencies  # type: ignore[attr-defined]
    ]
    assert [guard.action for guard in guards if isinstance(guard, RequireSocket)] == [Action.SEAT_SELF]
    assert len(guards) == sum(len(router.routes) for router in SOCKETS)


async def test_the_socket_opens_for_those_who_have_a_seat_alone(house: House, seats: None) -> None:
    """Some may have a seat, and have none."""
    async with line(house) as url:
        for role in (None, *Role):
            if role is not None and allows(role, Action.SEAT_SELF) and role in seed.SEAT_OF:
                connection = await socket(house, url, role)
                assert connection.subprotocol == SIP
                await connection.close()
                continue
            with pytest.raises(InvalidStatus) as refused:
                await socket(house, url, role)
            assert refused.value.response.status_code == 403, role


async def test_a_page_of_another_origin_is_refused(house: House, seats: None) -> None:
    async with line(house) as url:
        for origin in ("https://elsewhere.example", "null", None):
            with pytest.raises(InvalidStatus):
                await socket(house, url, origin=origin)


async def test_sip_goes_to_and_fro_and_anothers_name_ends_the_socket(house: House, seats: None) -> None:
    async with line(house) as url:
        connection = await socket(house, url)
        await connection.send(REGISTER)
        assert await asyncio.wait_for(connection.recv(), 20) == REGISTER
        await connection.send(REGISTER.replace("From: <sip:8001", "From: <sip:13900001111"))
        assert await closed_with(connection) == Close.BAD_FRAME


async def test_a_second_page_is_refused_unless_it_takes_the_telephone_over(house: House, seats: None) -> None:
    async with line(house) as url:
        first = await socket(house, url)
        assert await closed_with(await socket(house, url, tab=OTHER_TAB)) == Close.ELSEWHERE
        second = await socket(house, url, tab=OTHER_TAB, take=True)
        assert await closed_with(first) == Close.TAKEN_OVER
        again = await socket(house, url, tab=OTHER_TAB)  # the page was reloaded
        await again.send(REGISTER)
        assert await asyncio.wait_for(again.recv(), 20) == REGISTER
        assert await closed_with(second) == Close.TAKEN_OVER
        await again.close()


async def test_the_socket_ends_with_either_log_in(house: House, seats: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The console's, and the telephone's own when it is revoked."""
    monkeypatch.setattr("console.phone.proxy.LOOK_SECONDS", 0.05)
    client = await house.client(Role.JUNIOR)
    headers = await with_token(client)
    async with line(house) as url:
        for statement, code in (
            ("UPDATE phone_credentials SET revoked_at = now()", Close.RELEASED),
            ("UPDATE login_sessions SET revoked_at = now()", Close.SESSION_OVER),
        ):
            assert (await client.post("/phone/credentials", data={"tab": TAB}, headers=headers)).status_code == 200
            connection = await socket(house, url)
            async with house.database.transaction() as session:
                await session.execute(text(statement))
            assert await closed_with(connection) == code


async def test_asterisk_away_is_told_apart(house: House, seats: None) -> None:
    async with line(house) as url:
        house.app.state.console.settings.phone.websocket = "ws://127.0.0.1:1/ws"
        assert await closed_with(await socket(house, url)) == Close.ASTERISK_AWAY


async def with_token(client: httpx.AsyncClient) -> dict[str, str]:
    return {"x-csrf-token": csrf_in((await client.get("/nowhere", headers={"accept": "text/html"})).text)}


async def test_a_page_gets_its_seats_credential_until_log_out(house: House, seats: None) -> None:
    client = await house.client(Role.JUNIOR)
    headers = await with_token(client)
    answer = await client.post("/phone/credentials", data={"tab": TAB}, headers=headers)
    got = answer.json()
    assert answer.status_code == 200
    assert got["extension"] == "8001"
    assert got["auto_answer"] is False
    again = await client.post("/phone/credentials", data={"tab": TAB}, headers=headers)
    assert again.json() == got, "a reloaded page registers with the same"
    await client.post("/logout", headers=headers)
    async with house.database.transaction() as session:
        assert await phones.live(session, datetime.now(UTC)) == []
        written = (await session.scalars(select(AuditEntry).where(AuditEntry.action == "phone.open"))).all()
    assert [entry.subject for entry in written] == ["seat:8001"]
    assert got["secret"] not in str([entry.detail for entry in written])


async def test_a_seat_with_its_desk_telephone_is_not_taken_from_it_unasked(house: House, seats: None) -> None:
    client = await house.client(Role.JUNIOR)
    headers = await with_token(client)
    async with house.database.transaction() as session:
        await session.execute(text("UPDATE seats SET reachable = true WHERE extension = '8001'"))
    refused = await client.post("/phone/credentials", data={"tab": TAB}, headers=headers)
    assert (refused.status_code, refused.json()["error"]) == (409, "telephone")
    taken = await client.post("/phone/credentials", data={"tab": TAB, "take": "true"}, headers=headers)
    assert taken.status_code == 200
    assert (await client.post("/phone/release", headers=headers)).json() == {"state": "released"}
    async with house.database.transaction() as session:
        assert await phones.seat_phones(session, datetime.now(UTC)) == {}


async def test_a_log_in_for_a_desk_telephone_is_shown_once_listed_and_revoked(house: House, seats: None) -> None:
    client = await house.client(Role.SHIFT_LEADER)
    token = csrf_in((await client.get("/phones")).text)
    form = {"csrf": token, "extension": "8003", "name": "T31 <三排>", "days": "30"}
    shown = (await client.post("/phones/issue", data=form)).text
    async with house.database.transaction() as session:
        (made,) = await phones.live(session, datetime.now(UTC))
    assert made.secret in shown
    assert "<svg" in shown
    listed = (await client.get("/phones")).text
    assert made.username in listed
    assert "T31 &lt;三排&gt;" in listed
    assert made.secret not in listed
    revoked = await client.post("/phones/revoke", data={"csrf": token, "username": made.username})
    assert revoked.status_code == 303
    assert made.username not in (await client.get("/phones")).text
    assert (await client.post("/phones/revoke", data={"csrf": token, "username": made.username})).status_code == 409
    async with house.database.transaction() as session:
        actions = (await session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq))).all()
    assert [action for action in actions if action.startswith("phone")] == ["phone.issue", "phone.revoke"]


@pytest.mark.parametrize(
    ("form", "status"),
    [({"extension": "8999"}, 409), ({"days": "0"}, 422), ({"days": "731"}, 422), ({"name": "  "}, 422)],
)
async def test_what_cannot_be_issued_is_said(house: House, seats: None, form: dict[str, str], status: int) -> None:
    client = await house.client(Role.ADMINISTRATOR)
    known = {"csrf": csrf_in((await client.get("/phones")).text), "extension": "8001", "name": "T31", "days": "9"}
    assert (await client.post("/phones/issue", data=known | form)).status_code == status


@pytest.mark.parametrize(
    ("domain", "bind", "said"),
    [
        ("", "192.0.2.7", "192.0.2.7:5062"),
        ("sip.example.cn", "192.0.2.7", "sip.example.cn:5062"),
        ("sip.example.cn:5070", "192.0.2.7", "sip.example.cn:5070"),
        ("[2001:db8::1]", "::", "[2001:db8::1]:5062"),
        ("[2001:db8::1]:5070", "::", "[2001:db8::1]:5070"),
    ],
)
def test_telephones_are_told_where_to_register(domain: str, bind: str, said: str) -> None:
    settings = Settings(asterisk=AsteriskSettings(bind=bind, sip_port=5062), phone=PhoneSettings(domain=domain))
    assert server(settings) == said


def test_the_code_holds_the_account() -> None:
    account = Account("sip.example.cn:5060", "8001", "8001-p1", "a<b&c", "8001")
    xml = account_xml(account)
    assert "<AuthPass>a&lt;b&amp;c</AuthPass>" in xml
    assert "<UserID>8001</UserID><AuthID>8001-p1</AuthID>" in xml
    assert qr_svg(xml).startswith("<svg")
    assert "a<b&c" not in repr(account)
