"""SIP log-ins that live as long as they are needed: a browser's for the shift, a telephone's until it is revoked.

A seat is served by one kind of telephone at a time, because a browser's media are encrypted (DTLS-SRTP) and those of
most telephones are not. It is the browser's while a browser's credential is live; then the seat's other log-ins are
left out of the node's configuration, so that a desk telephone cannot register in between and take the call away. Else
it is the telephone's. Every change is told on `CHANNEL`, and the node process renders it a moment later.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from acd.errors import DeskError
from acd.models import Seat
from acd.phone_models import PhoneCredential
from hotline.models import LoginSession

CHANNEL = "acd_phones"
"""NOTIFY channel; the payload is the extension."""
LONGEST_LABEL = 60
LONGEST_LIFE = timedelta(days=731)

_TELL = text("SELECT pg_notify(:channel, :extension), pg_notify('floor', '')")


class PhoneKind(StrEnum):
    BROWSER = "browser"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Credential:
    """What a telephone needs to register as `extension`."""

    extension: str
    username: str
    secret: str
    kind: PhoneKind
    label: str
    issued_at: datetime
    issued_by: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Credential({self.username!r}, secret=…)"


@dataclass(frozen=True, slots=True)
class SeatPhone:
    """Which kind of telephone a seat is rung on, and the log-ins issued for it (name, secret).

    The seat's own secret opens the seat for a telephone, and not for a browser.
    """

    extension: str
    kind: PhoneKind
    logins: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return f"SeatPhone({self.extension!r}, {self.kind.value}, {len(self.logins)} log-ins)"


async def issue_for_browser(
    session: AsyncSession, extension: str, *, login: str, session_hash: str, until: datetime, now: datetime
) -> Credential:
    """The credential of this console log-in for the seat, made where it has none; other browsers' end here.

    The same one for the whole shift, so that a page that is reloaded in mid-call registers at once. Raises DeskError
    for a seat that is not there.
    """
    await _lock_seat(session, extension)
    live = await _rows(session, now, extension=extension, kind=PhoneKind.BROWSER)
    for row in live:
        if row.session_hash == session_hash:
            return _credential(row)
    for row in live:
        row.revoked_at = now
    return await _issue(
        session, extension, PhoneKind.BROWSER, login=login, label="", now=now, until=until, session_hash=session_hash
    )


async def issue_for_phone(
    session: AsyncSession, extension: str, *, login: str, label: str, until: datetime, now: datetime
) -> Credential:
    """A credential for a telephone or softphone; DeskError for a seat that is not there or values out of shape."""
    words = " ".join(label.split())
    if not words or len(words) > LONGEST_LABEL:
        raise DeskError(f"name the telephone in 1 to {LONGEST_LABEL} characters, such as its model and place")
    if not now < until <= now + LONGEST_LIFE:
        raise DeskError("a telephone's credential ends within two years; give a number of days from 1 to 730")
    await _lock_seat(session, extension)
    return await _issue(session, extension, PhoneKind.PHONE, login=login, label=words, now=now, until=until)


async def revoke(session: AsyncSession, username: str, now: datetime) -> str:
    """End one credential; gives its seat. DeskError where there is none that lives."""
    row = await session.get(PhoneCredential, username, with_for_update=True)
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        raise DeskError("this credential is over or unknown; the page shows those that live")
    row.revoked_at = now
    await session.flush()
    await _tell(session, row.extension)
    return row.extension


async def release_browser(session: AsyncSession, session_hash: str, now: datetime) -> list[str]:
    """End the browser's credential of a console log-in, at log-out or for a desk telephone; gives the seats."""
    ended = await session.scalars(
        update(PhoneCredential)
        .where(PhoneCredential.session_hash == session_hash, PhoneCredential.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(PhoneCredential.extension)
    )
    extensions = list(ended)
    for extension in extensions:
        await _tell(session, extension)
    return extensions


async def live(session: AsyncSession, now: datetime, *, extension: str | None = None) -> list[Credential]:
    """Every credential that opens a door now, by seat and time."""
    return [_credential(row) for row in await _rows(session, now, extension=extension)]


async def seat_phones(session: AsyncSession, now: datetime) -> dict[str, SeatPhone]:
    """Seats for which log-ins were issued, by extension; any other is served by a telephone with the seat's own."""
    found: dict[str, list[PhoneCredential]] = {}
    for row in await _rows(session, now):
        found.setdefault(row.extension, []).append(row)
    phones = {}
    for extension, rows in found.items():
        browsers = [row for row in rows if row.kind == PhoneKind.BROWSER]
        kind = PhoneKind.BROWSER if browsers else PhoneKind.PHONE
        logins = tuple((row.username, row.secret) for row in browsers or rows)
        phones[extension] = SeatPhone(extension, kind, logins)
    return phones


async def _issue(
    session: AsyncSession, extension: str, kind: PhoneKind, *, login: str, label: str, now: datetime, until: datetime,
    session_hash: str | None = None,
) -> Credential:  # fmt: skip
    row = PhoneCredential(
        username=f"{extension}-{kind.value[0]}{secrets.token_hex(4)}", extension=extension,
        secret=secrets.token_urlsafe(18), kind=kind.value, label=label, issued_at=now, issued_by=login,
        expires_at=until, session_hash=session_hash,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await _tell(session, extension)
    return _credential(row)


async def _lock_seat(session: AsyncSession, extension: str) -> None:
    """Two that issue for one seat do it one after the other."""
    known = await session.scalar(select(Seat.extension).where(Seat.extension == extension).with_for_update())
    if known is None:
        raise DeskError(f"there is no seat {extension}; `hotline seats list` names them all")


async def _rows(
    session: AsyncSession, now: datetime, *, extension: str | None = None, kind: PhoneKind | None = None
) -> Sequence[PhoneCredential]:
    query = (
        select(PhoneCredential)
        .outerjoin(LoginSession, LoginSession.token_hash == PhoneCredential.session_hash)
        .where(_lives(now))
        .order_by(PhoneCredential.extension, PhoneCredential.issued_at, PhoneCredential.username)
    )
    if extension is not None:
        query = query.where(PhoneCredential.extension == extension)
    if kind is not None:
        query = query.where(PhoneCredential.kind == kind.value)
    return (await session.scalars(query)).all()


def _lives(now: datetime) -> ColumnElement[bool]:
    """Neither over nor revoked, and, where it belongs to a console log-in, that neither."""
    session_lives = and_(LoginSession.revoked_at.is_(None), LoginSession.expires_at > now)
    return and_(
        PhoneCredential.revoked_at.is_(None),
        PhoneCredential.expires_at > now,
        or_(PhoneCredential.session_hash.is_(None), and_(LoginSession.token_hash.is_not(None), session_lives)),
    )


def _credential(row: PhoneCredential) -> Credential:
    return Credential(
        row.extension, row.username, row.secret, PhoneKind(row.kind), row.label, row.issued_at, row.issued_by,
        row.expires_at,
    )  # fmt: skip


async def _tell(session: AsyncSession, extension: str) -> None:
    await session.execute(_TELL, {"channel": CHANNEL, "extension": extension})
