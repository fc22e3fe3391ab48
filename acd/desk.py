"""What an agent does at a seat: log in, ready, break, log out. The row changes here; NOTIFY tells the controller."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from acd import monitoring
from acd.claims import seat_of
from acd.errors import DeskError
from acd.models import Seat as SeatRow
from acd.seats import BreakTaken, LoggedIn, LoggedOut, Ready, Seat, SeatEvent, SeatState, step
from acd.words import SKILL_LEVELS, CustomerClass, Level, Service, Skills, usual

CHANNEL = "acd_seats"
"""NOTIFY channel; the payload is the extension."""

_EXTENSION = re.compile(r"[1-9][0-9]{1,7}", re.ASCII)
_ALL = usual(Service)
_CHANGED = text(
    "SELECT pg_notify(:channel, :extension), pg_notify('floor', ''), pg_notify('seat_news', :extension || '\\:seat')"
)


@dataclass(frozen=True, slots=True)
class SeatAccount:
    """What a softphone needs to register; the secret is for the node's configuration and the agent's phone alone."""

    extension: str
    secret: str
    supervises: str = ""
    """What this telephone may do to calls of others: nothing, `listen`, or also `speak` (`acd.monitoring`)."""

    def __repr__(self) -> str:
        return f"SeatAccount({self.extension!r}, secret=…)"


async def add_seat(
    session: AsyncSession,
    extension: str,
    *,
    name: str,
    level: Level,
    skills: Skills = _ALL,
    classes: Iterable[CustomerClass] = (),
    now: datetime,
) -> SeatAccount:
    """Make a seat with a generated SIP secret; without `classes` it serves every customer.

    The node's configuration must be rendered and reloaded afterwards.
    """
    if not _EXTENSION.fullmatch(extension):
        raise DeskError(f"{extension!r} is no extension; give 2 to 8 digits that do not begin with 0, such as 8001")
    known = wanted_skills(skills)
    if await session.get(SeatRow, extension) is not None:
        raise DeskError(f"seat {extension} exists already; choose another extension")
    secret = secrets.token_urlsafe(24)
    session.add(
        SeatRow(
            extension=extension, name=name, level=level.value, skills=known,
            classes=sorted(each.value for each in set(classes)), sip_secret=secret, misses=0,
            state=SeatState.OFFLINE.value, state_since=now, reachable=False, epoch=0,
        )
    )  # fmt: skip
    await session.flush()
    await tell(session, extension)
    return SeatAccount(extension, secret)


def wanted_skills(skills: Skills) -> dict[str, Any]:
    """Skills as they are kept; DeskError where there is none, or a level that does not exist."""
    if not skills:
        raise DeskError(f"a seat without skills would answer nothing; name at least one of {', '.join(Service)}")
    for service, level in skills.items():
        if level not in SKILL_LEVELS:
            raise DeskError(f"skill {service.value} has level {level}; give 1 (learner) to 5 (expert)")
    return {service.value: skills[service] for service in Service if service in skills}


async def remove_seat(session: AsyncSession, extension: str) -> None:
    """Remove a seat nobody works at."""
    row = await seat_row(session, extension)
    if row.state not in {SeatState.OFFLINE.value, SeatState.BREAK.value}:
        raise DeskError(f"seat {extension} is in use; log it out first")
    await session.delete(row)
    await session.flush()
    await tell(session, extension)


async def accounts(session: AsyncSession) -> list[SeatAccount]:
    """Every seat's SIP log-in, for the node's configuration."""
    rows = (await session.scalars(select(SeatRow).order_by(SeatRow.extension))).all()
    supervisors = await monitoring.telephones(session)
    return [SeatAccount(row.extension, row.sip_secret, supervisors.get(row.extension, "")) for row in rows]


async def log_in(session: AsyncSession, extension: str, now: datetime) -> Seat:
    """The agent sits down: from offline to a break without a reason, until ready is pressed."""
    return await _press(session, extension, LoggedIn(), now, "is logged in already")


async def ready(session: AsyncSession, extension: str, now: datetime) -> Seat:
    """Take calls from now on; also ends wrap-up early, and takes back a break asked for during a call."""
    return await _press(session, extension, Ready(), now, "is taking a call or ready already")


async def take_break(session: AsyncSession, extension: str, reason: str, now: datetime) -> Seat:
    """Go on a break; during a call it begins when the call is over."""
    words = " ".join(reason.split())
    if not words or len(words) > 40:
        raise DeskError("a break needs a reason of 1 to 40 characters, such as 'lunch'")
    return await _press(session, extension, BreakTaken(words), now, "is on this break already or logged out")


async def log_out(session: AsyncSession, extension: str, now: datetime) -> Seat:
    return await _press(session, extension, LoggedOut(), now, "has a call or is logged out already")


async def _press(session: AsyncSession, extension: str, event: SeatEvent, now: datetime, refusal: str) -> Seat:
    row = await seat_row(session, extension)
    before = seat_of(row.__dict__)
    after = step(before, event, now)
    if after is before:
        raise DeskError(f"seat {extension} {refusal}; it is {before.state.value.replace('_', ' ')}")
    row.state = after.state.value
    row.state_since = after.state_since or now
    row.idle_since = after.idle_since
    row.break_reason = after.break_reason
    row.call_uid = after.call_uid
    row.lease_until = after.lease_until
    row.wrap_up_until = after.wrap_up_until
    row.misses = after.misses
    await session.flush()
    await tell(session, extension)
    return after


async def seat_row(session: AsyncSession, extension: str) -> SeatRow:
    """The row of a seat, locked until the commit; DeskError where there is none."""
    query = select(SeatRow).where(SeatRow.extension == extension).with_for_update()
    row = (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()
    if row is None:
        raise DeskError(f"there is no seat {extension}; `hotline seats list` names them all")
    return row


async def tell(session: AsyncSession, extension: str) -> None:
    """Controller, floor and the agent's page look at this seat again after the commit."""
    await session.execute(_CHANGED, {"channel": CHANNEL, "extension": extension})
