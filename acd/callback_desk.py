"""Call-backs as pages see them, and what a shift leader may do about one: cancel it, or let it be tried now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from acd.callback_rows import COLUMNS, callback_of, saved_values
from acd.callbacks import Callback, CallbackEvent, CallbackState, CallNow, Cancelled, Policy, is_callback, step
from acd.errors import AcdError
from acd.seats import SeatState


class CallbackError(AcdError):
    """It does not stand as the page showed it."""

    code = "callback"


class Obstacle(StrEnum):
    """Why a waiting call-back is not dialled at this moment."""

    NO_TRUNK = "no_trunk"
    NOT_ALLOWED = "not_allowed"
    """The number may not be called."""
    OUT_OF_HOURS = "out_of_hours"
    PAUSE = "pause"
    """The pause after the last attempt is not over."""
    LIVE_CALLERS = "live_callers"
    """Callers who came earlier still wait for a seat."""
    NO_SEAT = "no_seat"


@dataclass(frozen=True, slots=True)
class CallbackView:
    """A call-back, how many live callers in front of it still wait, and why it is not dialled now (None: at once)."""

    callback: Callback
    earlier: int
    obstacle: Obstacle | None


_SELECT = f"SELECT {COLUMNS} FROM callbacks"  # noqa: S608
_LIST = text(
    f"{_SELECT} ORDER BY (state IN ('waiting', 'dialling', 'connected')) DESC,"
    " CASE WHEN state IN ('waiting', 'dialling', 'connected') THEN queued_at END, asked_at DESC LIMIT :limit"
)
_ONE = text(f"{_SELECT} WHERE id = :id")
_LOCKED = text(f"{_SELECT} WHERE id = :id FOR UPDATE")
_UPDATE = text(
    "UPDATE callbacks SET state = :state, next_at = :next_at, history = CAST(:history AS jsonb) WHERE id = :id"
)
_EARLIER = text(
    "SELECT queued_at, priority FROM calls WHERE ended_at IS NULL AND queued_at IS NOT NULL"
    " AND state IN ('waiting', 'ringing', 'fallback')"
)
_FREE = text("SELECT skills FROM seats WHERE state = :ready AND reachable")


async def listed(
    session: AsyncSession, now: datetime, policy: Policy | None, *, limit: int = 200
) -> list[CallbackView]:
    """Open ones in order of their places, then those that are over, latest first."""
    rows = (await session.execute(_LIST, {"limit": limit})).mappings()
    return await _views(session, [callback_of(dict(row)) for row in rows], now, policy)


async def of_attempt(session: AsyncSession, uid: str) -> Callback | None:
    """The call-back that a call of this name is an attempt of; None for any other call."""
    if not is_callback(uid):
        return None
    number = int(uid.split("-")[1].removeprefix("cb"))
    row = (await session.execute(_ONE, {"id": number})).mappings().first()
    return callback_of(dict(row)) if row is not None else None


async def call_now(session: AsyncSession, number: int, *, by: str, now: datetime, policy: Policy) -> CallbackView:
    """End the pause between attempts; the place in line stays. Returns how it stands, with what is still in its way."""
    after = await _move(session, number, CallNow(by), now, policy)
    return (await _views(session, [after], now, policy))[0]


async def cancel(session: AsyncSession, number: int, *, by: str, now: datetime, policy: Policy) -> Callback:
    return await _move(session, number, Cancelled(by), now, policy)


async def _move(session: AsyncSession, number: int, event: CallbackEvent, now: datetime, policy: Policy) -> Callback:
    row = (await session.execute(_LOCKED, {"id": number})).mappings().first()
    if row is None:
        raise CallbackError("there is no such call-back; read the list again")
    before = callback_of(dict(row))
    after = step(before, event, now, policy)
    if after is before:
        raise CallbackError(f"this call-back is {before.state.value} now; only one that waits can be changed")
    values = saved_values(before, after)
    await session.execute(_UPDATE, {key: values[key] for key in ("id", "state", "next_at", "history")})
    await session.execute(text("SELECT pg_notify('callbacks', '')"))
    return after


async def _views(
    session: AsyncSession, callbacks: Sequence[Callback], now: datetime, policy: Policy | None
) -> list[CallbackView]:
    ageing = timedelta(seconds=policy.ageing_seconds if policy is not None else 0.0)
    places = [at - priority * ageing for at, priority in (await session.execute(_EARLIER)).all()]
    free = [skills for (skills,) in (await session.execute(_FREE, {"ready": SeatState.READY.value})).all()]
    found = []
    for callback in callbacks:
        mine = callback.queued_at - callback.priority * ageing
        earlier = sum(1 for place in places if place < mine)
        seats = sum(1 for skills in free if callback.service is None or callback.service.value in skills)
        found.append(CallbackView(callback, earlier, obstacle(callback, earlier, seats, now, policy)))
    return found


def obstacle(callback: Callback, earlier: int, seats: int, now: datetime, policy: Policy | None) -> Obstacle | None:
    """What keeps a waiting call-back from being dialled, the most lasting reason first; None also where none waits."""
    if callback.state is not CallbackState.WAITING:
        return None
    if policy is None:
        return Obstacle.NO_TRUNK
    if not policy.may_call(callback.number):
        return Obstacle.NOT_ALLOWED
    if not policy.within_hours(now):
        return Obstacle.OUT_OF_HOURS
    if callback.next_at > now:
        return Obstacle.PAUSE
    if earlier:
        return Obstacle.LIVE_CALLERS
    return Obstacle.NO_SEAT if not seats else None
