"""People, their passwords and their log-ins.

A log-in gives a random token that is shown once; the table keeps its SHA-256, so that a copy of the table opens no
door, and a row per log-in, so that any of them can be revoked at once.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from hotline import passwords
from hotline.errors import HotlineError
from hotline.models import LoginSession, User
from hotline.roles import Action, Denied, Role, allows

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


class AccountError(HotlineError):
    code = "account"


class WrongCredentials(AccountError):
    """Unknown login, wrong password or disabled account: one answer for all three."""

    code = "wrong_credentials"

    def __init__(self) -> None:
        super().__init__("the login or the password is wrong")


@dataclass(frozen=True)
class Subject:
    """Who is asking: what a valid token stands for."""

    user_id: UUID
    login: str
    name: str
    role: Role
    seat: str | None

    def may(self, action: Action) -> bool:
        return allows(self.role, action)

    def demand(self, action: Action) -> None:
        """Raise Denied unless this person may do `action`."""
        if not self.may(action):
            raise Denied(self.role, action)


async def create_user(
    session: AsyncSession, *, login: str, name: str, role: Role, password: str, now: datetime, seat: str | None = None
) -> User:
    """Add a person; AccountError when the login is taken or anything is out of shape."""
    if not _LOGIN.fullmatch(login):
        raise AccountError(
            "a login is 1 to 32 of a-z, 0-9, dot, dash and underscore, and begins with a letter or digit"
        )
    if not name.strip():
        raise AccountError("the person's name is missing")
    if seat is not None and not (allows(role, Action.SEAT_SELF) or allows(role, Action.CALL_LISTEN)):
        raise AccountError(f"the role {role.value} takes no calls; leave the seat out")
    _check_password(password)
    user = User(
        login=login, name=name.strip(), role=role.value, seat=seat, created_at=now,
        password_hash=await passwords.hash_password(password),
    )  # fmt: skip
    try:
        async with session.begin_nested():
            session.add(user)
    except IntegrityError as error:
        raise AccountError(f"the login {login!r} is taken; choose another") from error
    return user


async def authenticate(
    session: AsyncSession, login: str, password: str, now: datetime, *, hours: float = 10.0
) -> tuple[User, str]:
    """Check a password and open a session of `hours`; returns the user and the token for the cookie.

    Raises WrongCredentials. Takes as long for an unknown login as for a wrong password.
    """
    user = await session.scalar(select(User).where(User.login == login))
    right = await passwords.matches(user.password_hash if user is not None else None, password)
    if user is None or not right or user.disabled:
        raise WrongCredentials
    if passwords.outdated(user.password_hash):
        user.password_hash = await passwords.hash_password(password)
    token = secrets.token_urlsafe(32)
    session.add(
        LoginSession(
            token_hash=_digest(token), user_id=user.id, created_at=now, expires_at=now + timedelta(hours=hours)
        )
    )
    await session.flush()
    return user, token


async def subject_of(session: AsyncSession, token: str, now: datetime) -> Subject | None:
    """The person behind a token, or None when it is unknown, expired, revoked or its owner is disabled."""
    user = await session.scalar(
        select(User)
        .join(LoginSession, LoginSession.user_id == User.id)
        .where(
            LoginSession.token_hash == _digest(token),
            LoginSession.revoked_at.is_(None),
            LoginSession.expires_at > now,
            User.disabled.is_(False),
        )
    )
    return _subject(user) if user is not None else None


async def subjects_of(session: AsyncSession, tokens: Iterable[str], now: datetime) -> dict[str, Subject]:
    """The people behind tokens, in one statement; a token that `subject_of` has nobody for is left out."""
    digests = {_digest(token): token for token in tokens}
    query = (
        select(LoginSession.token_hash, User)
        .join(LoginSession, LoginSession.user_id == User.id)
        .where(
            LoginSession.token_hash.in_(list(digests)),
            LoginSession.revoked_at.is_(None),
            LoginSession.expires_at > now,
            User.disabled.is_(False),
        )
        .execution_options(populate_existing=True)
    )
    return {digests[digest]: _subject(user) for digest, user in await session.execute(query)}


def _subject(user: User) -> Subject:
    return Subject(user_id=user.id, login=user.login, name=user.name, role=Role(user.role), seat=user.seat)


async def session_of(session: AsyncSession, token: str, now: datetime) -> tuple[str, datetime] | None:
    """Key and end of the log-in behind a token, for what lives as long as it does; None where it is over."""
    row = await session.get(LoginSession, _digest(token))
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        return None
    return row.token_hash, row.expires_at


async def revoke(session: AsyncSession, token: str, now: datetime) -> None:
    """End one log-in; ending it again changes nothing."""
    await session.execute(
        update(LoginSession)
        .where(LoginSession.token_hash == _digest(token), LoginSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )


async def revoke_all(session: AsyncSession, user_id: UUID, now: datetime) -> None:
    """End every log-in of a person."""
    await session.execute(
        update(LoginSession)
        .where(LoginSession.user_id == user_id, LoginSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )


async def set_password(session: AsyncSession, login: str, password: str, now: datetime) -> User:
    """Give a person a new password and end every log-in made with the old one."""
    user = await get_user(session, login)
    _check_password(password)
    user.password_hash = await passwords.hash_password(password)
    await revoke_all(session, user.id, now)
    return user


async def set_disabled(session: AsyncSession, login: str, disabled: bool, now: datetime) -> User:
    """Close or reopen an account; closing ends every log-in."""
    user = await get_user(session, login)
    user.disabled = disabled
    if disabled:
        await revoke_all(session, user.id, now)
    return user


async def get_user(session: AsyncSession, login: str) -> User:
    user = await session.scalar(select(User).where(User.login == login))
    if user is None:
        raise AccountError(f"there is no user {login!r}; see `hotline users list`")
    return user


async def person_at(session: AsyncSession, seat: str) -> User | None:
    """Who works at a seat; the first by log-in where it is shared."""
    query = select(User).where(User.seat == seat, User.disabled.is_(False)).order_by(User.login).limit(1)
    return await session.scalar(query)


async def list_users(session: AsyncSession) -> list[User]:
    return list(await session.scalars(select(User).order_by(User.login)))


def _check_password(password: str) -> None:
    if not passwords.SHORTEST <= len(password) <= passwords.LONGEST:
        raise AccountError(f"a password has {passwords.SHORTEST} to {passwords.LONGEST} characters")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
