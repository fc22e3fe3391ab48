from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from hotline import passwords
from hotline.accounts import (
    AccountError,
    WrongCredentials,
    authenticate,
    create_user,
    revoke,
    set_disabled,
    set_password,
    subject_of,
)
from hotline.database import Database
from hotline.models import LoginSession, User
from hotline.roles import Action, Role

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PASSWORD = "正确 horse battery"


@pytest.fixture
async def clerk(database: Database) -> User:
    async with database.transaction() as session:
        return await create_user(
            session, login="li.na", name="李娜", role=Role.RECORDING_CLERK, password=PASSWORD, seat="8004", now=NOW
        )


async def _log_in(database: Database, login: str = "li.na", password: str = PASSWORD) -> str:
    async with database.transaction() as session:
        return (await authenticate(session, login, password, NOW, hours=10))[1]


async def test_a_token_stands_for_the_person_until_it_expires(database: Database, clerk: User) -> None:
    token = await _log_in(database)
    async with database.transaction() as session:
        subject = await subject_of(session, token, NOW + timedelta(hours=9, minutes=59))
        assert subject is not None
        assert (subject.login, subject.name, subject.role, subject.seat) == (
            "li.na",
            "李娜",
            Role.RECORDING_CLERK,
            "8004",
        )
        assert subject.may(Action.DRAFT_CONFIRM)
        assert not subject.may(Action.AUDIT_VIEW)
        assert await subject_of(session, token, NOW + timedelta(hours=10)) is None


async def test_a_revoked_session_ends_at_once_and_leaves_the_other(database: Database, clerk: User) -> None:
    first, second = await _log_in(database), await _log_in(database)
    async with database.transaction() as session:
        await revoke(session, first, NOW)
        assert await subject_of(session, first, NOW) is None
        assert await subject_of(session, second, NOW) is not None


async def test_a_new_password_and_a_closed_account_end_every_session(database: Database, clerk: User) -> None:
    token = await _log_in(database)
    async with database.transaction() as session:
        await set_password(session, "li.na", "another password", NOW)
        assert await subject_of(session, token, NOW) is None
    with pytest.raises(WrongCredentials):
        await _log_in(database)
    token = await _log_in(database, password="another password")
    async with database.transaction() as session:
        await set_disabled(session, "li.na", True, NOW)
    async with database.transaction() as session:
        assert await subject_of(session, token, NOW) is None
        await set_disabled(session, "li.na", False, NOW)
        assert await subject_of(session, token, NOW) is None, "reopening does not bring back old log-ins"


async def test_unknown_wrong_and_disabled_get_the_same_answer_after_the_same_work(
    database: Database, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[str] = []
    verify = passwords._verify

    def counted(stored: str, password: str) -> bool:
        work.append(stored.split("$")[3])  # m, t and p: what decides how long it takes
        return verify(stored, password)

    monkeypatch.setattr(passwords, "_verify", counted)
    answers = []
    for login, password in [("nobody", PASSWORD), ("li.na", "wrong password")]:
        with pytest.raises(WrongCredentials) as caught:
            await _log_in(database, login, password)
        answers.append(str(caught.value))
    async with database.transaction() as session:
        await set_disabled(session, "li.na", True, NOW)
    with pytest.raises(WrongCredentials) as caught:
        await _log_in(database)
    answers.append(str(caught.value))
    assert len(set(answers)) == 1
    assert len(work) == 3
    assert len(set(work)) == 1


async def test_the_table_holds_neither_token_nor_password(database: Database, clerk: User) -> None:
    token = await _log_in(database)
    async with database.transaction() as session:
        row = (await session.scalars(select(LoginSession))).one()
        assert token not in row.token_hash
        user = (await session.scalars(select(User))).one()
        assert user.password_hash.startswith("$argon2id$")
        assert await subject_of(session, row.token_hash, NOW) is None, "what the table holds opens no door"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("login", "li.na", "is taken"),
        ("login", "Li Na", "a login is"),
        ("login", "", "a login is"),
        ("name", "  ", "name is missing"),
        ("password", "short", "8 to 256"),
        ("password", "x" * 257, "8 to 256"),
        ("seat", "8001", "takes no calls"),
    ],
)
async def test_a_wrong_new_user_is_told_what_is_wrong(
    database: Database, clerk: User, field: str, value: str, message: str
) -> None:
    wanted = {"login": "zhang", "name": "张伟", "role": Role.STATISTICIAN, "password": PASSWORD, field: value}
    async with database.transaction() as session:
        with pytest.raises(AccountError, match=message):
            await create_user(session, now=NOW, **wanted)  # type: ignore[arg-type]
        assert len((await session.scalars(select(User))).all()) == 1


@pytest.mark.parametrize("token", ["", "x" * 10_000, "\ud800", "'; DROP TABLE users; --"])
async def test_a_senseless_token_is_nobody(database: Database, clerk: User, token: str) -> None:
    async with database.transaction() as session:
        assert await subject_of(session, token, NOW) is None
