"""SIP log-ins that end by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from acd import desk, phones
from acd.errors import DeskError
from acd.phones import PhoneKind
from acd.words import Level
from hotline import accounts
from hotline.database import Database
from hotline.models import LoginSession
from hotline.roles import Role

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"


@pytest.fixture
async def token(database: Database) -> str:
    """A console log-in of ten hours from NOW; seats 8001 and 8002."""
    async with database.transaction() as session:
        for extension in ("8001", "8002"):
            await desk.add_seat(session, extension, name=extension, level=Level.JUNIOR, now=NOW)
        await accounts.create_user(
            session, login="li", name="李娜", role=Role.JUNIOR, password=PASSWORD, now=NOW, seat="8001"
        )
    async with database.transaction() as session:
        _, made = await accounts.authenticate(session, "li", PASSWORD, NOW)
    return made


async def opened(database: Database, token: str, now: datetime = NOW, seat: str = "8001") -> phones.Credential:
    async with database.transaction() as session:
        known = await accounts.session_of(session, token, now)
        assert known is not None
        return await phones.issue_for_browser(session, seat, login="li", session_hash=known[0], until=known[1], now=now)


async def rung(database: Database, now: datetime = NOW) -> dict[str, phones.SeatPhone]:
    async with database.transaction() as session:
        return await phones.seat_phones(session, now)


async def test_a_browser_keeps_its_credential_over_a_reload_and_loses_it_with_the_shift(
    database: Database, token: str
) -> None:
    first = await opened(database, token)
    assert await opened(database, token, NOW + timedelta(hours=1)) == first
    served = (await rung(database))["8001"]
    assert (served.kind, served.logins) == (PhoneKind.BROWSER, ((first.username, first.secret),))
    assert await rung(database, NOW + timedelta(hours=10, seconds=1)) == {}


async def test_it_ends_with_the_log_in_however_that_ends(database: Database, token: str) -> None:
    await opened(database, token)
    async with database.transaction() as session:
        await accounts.revoke(session, token, NOW)
    assert await rung(database) == {}


async def test_it_ends_when_the_account_is_closed(database: Database, token: str) -> None:
    await opened(database, token)
    async with database.transaction() as session:
        await accounts.set_disabled(session, "li", True, NOW)
    assert await rung(database) == {}


async def test_a_seat_that_another_browser_takes_is_no_longer_opened_by_the_first(
    database: Database, token: str
) -> None:
    first = await opened(database, token)
    async with database.transaction() as session:
        _, later = await accounts.authenticate(session, "li", PASSWORD, NOW)
    second = await opened(database, later)
    assert (await rung(database))["8001"].logins == ((second.username, second.secret),)
    assert first.username != second.username
    assert first.secret != second.secret


async def test_desk_telephones_are_shut_out_while_the_browser_serves_the_seat(database: Database, token: str) -> None:
    async with database.transaction() as session:
        desk_phone = await phones.issue_for_phone(
            session, "8001", login="ma", label="  T31  third row ", until=NOW + timedelta(days=30), now=NOW
        )
    assert desk_phone.label == "T31 third row"
    assert (await rung(database))["8001"].kind is PhoneKind.PHONE
    await opened(database, token)
    assert (await rung(database))["8001"].kind is PhoneKind.BROWSER
    async with database.transaction() as session:
        key = await session.scalar(select(LoginSession.token_hash))
        assert await phones.release_browser(session, str(key), NOW) == ["8001"]
        assert await phones.release_browser(session, str(key), NOW) == []
    assert (await rung(database))["8001"].logins == ((desk_phone.username, desk_phone.secret),)


async def test_a_telephones_credential_is_revoked_once(database: Database, token: str) -> None:
    async with database.transaction() as session:
        made = await phones.issue_for_phone(
            session, "8002", login="ma", label="T31", until=NOW + timedelta(days=1), now=NOW
        )
        assert await phones.revoke(session, made.username, NOW) == "8002"
        assert await phones.live(session, NOW) == []
        with pytest.raises(DeskError, match="over or unknown"):
            await phones.revoke(session, made.username, NOW)
    assert made.secret not in repr(made)


async def test_values_out_of_shape_are_refused(database: Database, token: str) -> None:
    async with database.transaction() as session:
        for label, days in (("", 1), (" ", 1), ("x" * 61, 1), ("T31", 0), ("T31", 800)):
            until = NOW + timedelta(days=days)
            with pytest.raises(DeskError):
                await phones.issue_for_phone(session, "8001", login="ma", label=label, until=until, now=NOW)


async def test_there_is_no_credential_for_a_seat_that_is_not_there(database: Database, token: str) -> None:
    with pytest.raises(DeskError, match="no seat 8999"):
        await opened(database, token, seat="8999")
