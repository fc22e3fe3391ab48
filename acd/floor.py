"""The floor at this moment, for screens: who waits, what each seat does, who leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from acd.calls import CallState
from acd.leader import LOCK
from acd.models import Call, Seat
from acd.seats import SeatState


@dataclass(frozen=True, slots=True)
class WaitingView:
    """A caller in line; `seconds` since entry, where the clock of D9 starts."""

    uid: str
    caller: str
    service: str | None
    customer_class: str
    state: str
    """`waiting`, `ringing` or `fallback`."""
    seconds: float


@dataclass(frozen=True, slots=True)
class SeatView:
    extension: str
    name: str
    level: str
    skills: Mapping[str, int]
    """How well it answers each service, 1 to 5."""
    state: str
    seconds: float
    """In this state."""
    reachable: bool
    break_reason: str | None
    call_uid: str | None
    wrap_up_until: datetime | None = None
    """While in wrap-up: when it ends by itself."""


@dataclass(frozen=True, slots=True)
class FloorView:
    waiting: tuple[WaitingView, ...]
    """Longest wait first."""
    seats: tuple[SeatView, ...]
    """By extension."""
    leader: str | None
    """Name of the controller that leads, None while nobody does."""
    taken_at: datetime


_IN_QUEUE = (CallState.WAITING.value, CallState.RINGING.value, CallState.FALLBACK.value)
_LEADER = text(
    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory'"
    " AND l.granted AND l.classid = :one AND l.objid = :two AND l.objsubid = 2"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


async def snapshot(session: AsyncSession, now: datetime) -> FloorView:
    """Read the floor; three small queries."""
    waits = select(Call).where(Call.ended_at.is_(None), Call.state.in_(_IN_QUEUE), Call.direction != "consult")
    calls = (await session.scalars(waits)).all()
    seats = (await session.scalars(select(Seat).order_by(Seat.extension))).all()
    leader = (await session.execute(_LEADER, {"one": LOCK[0], "two": LOCK[1]})).scalars().first()
    waiting = [
        WaitingView(
            uid=call.uid,
            caller=call.caller,
            service=call.service,
            customer_class=call.customer_class,
            state=call.state,
            seconds=_since(call.entered_at, now),
        )
        for call in calls
    ]
    return FloorView(
        waiting=tuple(sorted(waiting, key=lambda view: -view.seconds)),
        seats=tuple(_seat(seat, now) for seat in seats),
        leader=leader,
        taken_at=now,
    )


async def seat_at(session: AsyncSession, extension: str, now: datetime) -> SeatView | None:
    """One seat, None where there is none of this extension."""
    seat = await session.get(Seat, extension, populate_existing=True)
    return _seat(seat, now) if seat is not None else None


async def signed_in(session: AsyncSession) -> int:
    """How many seats somebody is signed in at, on a break or not."""
    query = select(func.count()).select_from(Seat).where(Seat.state != SeatState.OFFLINE.value)
    return int(await session.scalar(query) or 0)


def _seat(seat: Seat, now: datetime) -> SeatView:
    return SeatView(
        extension=seat.extension,
        name=seat.name,
        level=seat.level,
        skills={str(service): int(level) for service, level in seat.skills.items()},
        state=seat.state,
        seconds=_since(seat.state_since, now),
        reachable=seat.reachable,
        break_reason=seat.break_reason,
        call_uid=seat.call_uid,
        wrap_up_until=seat.wrap_up_until,
    )


def _since(moment: datetime, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds())
