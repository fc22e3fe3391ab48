"""Reads what the wallboard shows and renders it; the hub asks for it once per change, for all viewers together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypedDict

from sqlalchemy.ext.asyncio import AsyncSession

from acd import today
from acd.floor import FloorView, SeatView, snapshot
from acd.seats import SeatState
from acd.today import Slot, Total
from console.pages import Pages
from console.wallboard.alarms import Alarm, Health, Limits, alarms, over_break
from console.wallboard.curve import Curve, curve
from hotline import health
from hotline.clock import Clock
from hotline.database import Database
from hotline.settings import Settings
from recordings import disk, problems
from transcribe import drafts, given_up

SLOW_SECONDS = 2.0
"""What changes slowly (the box, recordings, machines) is asked no more often."""
OLD_SECONDS = 30.0
"""Half hours before the last are counted anew no more often: only a call that lasts so long still changes them."""
BOX_DAYS = 14
"""Messages older than this are no longer counted as waiting."""
MOST_TILES = 55
MOST_CALLERS = 6
ORDER = {"ringing": 1, "talking": 2, "ready": 3, "wrap_up": 4, "break": 5}


@dataclass(frozen=True, slots=True)
class Caller:
    since: datetime
    seconds: float
    service: str | None
    special: bool
    """Not an ordinary customer."""
    digits: str
    seat: str | None


@dataclass(frozen=True, slots=True)
class Tile:
    extension: str
    state: str
    since: datetime
    reason: str | None
    wrong: str
    """`away` for not answering, `break` over its limit, `phone` not connected, or empty."""


@dataclass(frozen=True, slots=True)
class Slow:
    at: datetime
    callbacks: int
    box: int
    health: Health


class WallValues(TypedDict):
    """What `wallboard/wall.html` is rendered from."""

    now: datetime
    promise: int
    soon: int
    """Seconds from which a wait is shown as running out."""
    callers: list[Caller]
    waiting: int
    longest: float | None
    longest_since: datetime | None
    states: dict[str, int]
    tiles: list[Tile]
    hidden: int
    """Seats that found no room."""
    total: Total
    curve: Curve
    target: float
    slow: Slow
    alarms: list[Alarm]


class Wall:
    """The wallboard's face of the floor."""

    def __init__(self, database: Database, clock: Clock, pages: Pages, settings: Settings) -> None:
        self._database = database
        self._clock = clock
        self._pages = pages
        self._settings = settings
        self._slow: Slow | None = None
        self._old: tuple[datetime, list[Slot]] | None = None

    async def render(self) -> str:
        """The wall's HTML, the same for every viewer."""
        return self._pages.fragment("wallboard/wall.html", **await self.values())

    async def values(self) -> WallValues:
        """Read the floor now."""
        now = self._clock.now()
        limits = self._settings.wallboard
        midnight = _midnight(now, self._settings)
        async with self._database.transaction() as session:
            floor = await snapshot(session, now)
            slots = await self._slots(session, midnight, now)
            slow = await self._slowly(session, floor, now)
        lately = today.total(slot for slot in slots if slot.start >= today.half_hour(now, midnight) - today.HALF_HOUR)
        tiles = seat_tiles(floor, self._settings, now)
        return {
            "now": now,
            "promise": round(self._settings.acd.promise_seconds),
            "soon": round(self._settings.acd.promise_seconds * 2 / 3),
            "callers": callers(floor, limits.digits),
            "waiting": len(floor.waiting),
            "longest": floor.waiting[0].seconds if floor.waiting else None,
            "longest_since": now - timedelta(seconds=floor.waiting[0].seconds) if floor.waiting else None,
            "states": counts(floor),
            "tiles": tiles[:MOST_TILES],
            "hidden": max(0, len(tiles) - MOST_TILES),
            "total": today.total(slots),
            "curve": curve(
                slots, midnight, _midnight(midnight + timedelta(hours=36), self._settings), now, limits.level
            ),
            "target": limits.level,
            "slow": slow,
            "alarms": alarms(floor, lately, slow.health, Limits(limits, self._settings.acd.break_minutes)),
        }

    async def _slots(self, session: AsyncSession, midnight: datetime, now: datetime) -> list[Slot]:
        """The day's half hours: the last two counted now, those before from memory."""
        edge = max(midnight, today.half_hour(now, midnight) - today.HALF_HOUR)
        promise = self._settings.acd.promise_seconds
        kept = self._old
        if kept is None or not 0 <= (now - kept[0]).total_seconds() < OLD_SECONDS or kept[0] < edge:
            kept = (now, await today.slots(session, midnight, midnight, promise=promise, now=now))
            self._old = kept
        fresh = await today.slots(session, midnight, edge, promise=promise, now=now)
        return [slot for slot in kept[1] if midnight <= slot.start < edge] + fresh

    async def _slowly(self, session: AsyncSession, floor: FloorView, now: datetime) -> Slow:
        if self._slow is None or not 0 <= (now - self._slow.at).total_seconds() < SLOW_SECONDS:
            boxed = await today.boxed(session, now - timedelta(days=BOX_DAYS))
            report = await asyncio.to_thread(disk.check, disk.watched(self._settings), self._settings.recordings)
            alive = {part.name for part in await health.parts(session) if part.alive(now)}
            self._slow = Slow(
                now,
                await today.callbacks_waiting(session),
                await drafts.undecided(session, boxed),
                Health(
                    leads=floor.leader is not None,
                    linked=health.LINK in alive,
                    worker="worker" in alive,
                    disk=report.level.value,
                    free_mb=report.free_mb,
                    recordings=await problems.open_counts(session),
                    given_up=await given_up.waiting(session, now - timedelta(days=BOX_DAYS)),
                ),
            )
        return self._slow


def callers(floor: FloorView, digits: int) -> list[Caller]:
    """Who waits, longest first; of a number at most its last `digits`."""
    ringing = {seat.call_uid: seat.extension for seat in floor.seats if seat.state == "ringing" and seat.call_uid}
    return [
        Caller(
            since=floor.taken_at - timedelta(seconds=caller.seconds),
            seconds=caller.seconds,
            service=caller.service,
            special=caller.customer_class != "ordinary",
            digits=caller.caller[-digits:] if digits and len(caller.caller) > digits else "",
            seat=ringing.get(caller.uid),
        )
        for caller in floor.waiting[:MOST_CALLERS]
    ]


def seat_tiles(floor: FloorView, settings: Settings, now: datetime) -> list[Tile]:
    """Seats that are logged in: what needs a look first, then by what they do and number."""
    tiles = [
        Tile(
            seat.extension,
            seat.state,
            now - timedelta(seconds=seat.seconds),
            seat.break_reason if seat.state == "break" else None,
            _wrong(seat, settings, now),
        )
        for seat in floor.seats
        if seat.state != "offline" and seat.level != "supervisor"
    ]
    return sorted(tiles, key=lambda tile: (not tile.wrong, ORDER.get(tile.state, 0), tile.extension))


def counts(floor: FloorView) -> dict[str, int]:
    """Seats by state, those that need people first."""
    found = dict.fromkeys(("ready", "ringing", "talking", "wrap_up", "break"), 0)
    for seat in floor.seats:
        if seat.level != "supervisor":
            found[seat.state] = found.get(seat.state, 0) + 1
    found.pop("offline", None)
    return found


def _wrong(seat: SeatView, settings: Settings, now: datetime) -> str:
    if seat.state == SeatState.NOT_ANSWERING:
        return "away"
    if over_break(seat, settings.acd.break_minutes, now):
        return "break"
    return "" if seat.reachable else "phone"


def _midnight(moment: datetime, settings: Settings) -> datetime:
    return moment.astimezone(settings.zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
