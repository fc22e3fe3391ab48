"""The floor as the board shows it: who waits and for whom it rings, what each seat does and with whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from sqlalchemy.ext.asyncio import AsyncSession

from acd import ledger, today
from acd.breaks import break_until
from acd.callbacks import is_callback
from acd.floor import FloorView, SeatView, snapshot
from acd.ledger import CallView
from console.floor.figures import Figures, figures
from console.pages import Pages
from hotline.clock import Clock
from hotline.database import Database
from hotline.settings import Settings

FIGURES_SECONDS = 5.0
"""The day's figures are counted anew no more often than this: they read every call of the day."""


@dataclass(frozen=True, slots=True)
class WaitingRow:
    caller: str
    service: str | None
    customer_class: str
    seconds: float
    since: datetime
    seat: str | None
    """The seat that rings for this caller."""


@dataclass(frozen=True, slots=True)
class SeatRow:
    extension: str
    name: str
    level: str
    state: str
    since: datetime
    reachable: bool
    break_reason: str | None
    service: str | None
    caller: str | None
    """Number of the caller at this seat, empty when withheld; None where there is no call."""
    wrap_up_until: datetime | None = None
    break_until: datetime | None = None
    """While on a break with a limit: when it must be over."""
    calls_back: bool = False
    """Is kept while a customer who asked to be called back is rung and greeted."""

    @property
    def shown_state(self) -> str:
        return "calling_back" if self.calls_back and self.state == "ringing" else self.state


class BoardValues(TypedDict):
    """What `floor/board.html` is rendered from."""

    now: datetime
    floor: FloorView
    today: Figures
    promise: int
    waiting: list[WaitingRow]
    seats: list[SeatRow]
    ready: int


class Board:
    """Reads the floor and renders it; keeps the day's figures and the calls at seats for a moment."""

    def __init__(self, database: Database, clock: Clock, pages: Pages, settings: Settings) -> None:
        self._database = database
        self._clock = clock
        self._pages = pages
        self._settings = settings
        self._figures: tuple[datetime, Figures] | None = None
        self._calls: dict[str, CallView] = {}

    async def render(self) -> str:
        """The board's HTML, the same for every viewer."""
        return self._pages.fragment("floor/board.html", **await self.values())

    async def values(self) -> BoardValues:
        """Read the floor now."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            floor = await snapshot(session, now)
            today = await self._today(session, now)
            calls = await self._calls_at(session, floor.seats)
        return {
            "now": now,
            "floor": floor,
            "today": today,
            "promise": round(self._settings.acd.promise_seconds),
            "waiting": waiting_rows(floor),
            "seats": [seat_row(seat, calls, now, self._settings.acd.break_minutes) for seat in floor.seats],
            "ready": sum(1 for seat in floor.seats if seat.state == "ready" and seat.reachable),
        }

    async def _today(self, session: AsyncSession, now: datetime) -> Figures:
        if self._figures is not None and 0 <= (now - self._figures[0]).total_seconds() < FIGURES_SECONDS:
            return self._figures[1]
        start = now.astimezone(self._settings.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        end = now + timedelta(seconds=1)
        promise = self._settings.acd.promise_seconds
        counted = figures(
            await today.house(session, start, end),
            today.total(await today.slots(session, start, start, promise=promise, now=now)),
            await ledger.breaches_between(session, start, end),
        )
        self._figures = (now, counted)
        return counted

    async def _calls_at(self, session: AsyncSession, seats: tuple[SeatView, ...]) -> dict[str, CallView]:
        """The calls at seats. Caller and service do not change once the ledger has both, so each is read until then."""
        found: dict[str, CallView] = {}
        for uid in {seat.call_uid for seat in seats if seat.call_uid}:
            call = self._calls.get(uid) or await ledger.get_call(session, uid)
            if call is not None:
                found[uid] = call
        self._calls = {uid: call for uid, call in found.items() if call.service is not None}
        return found


def waiting_rows(floor: FloorView) -> list[WaitingRow]:
    ringing = {seat.call_uid: seat.extension for seat in floor.seats if seat.state == "ringing" and seat.call_uid}
    return [
        WaitingRow(
            caller=caller.caller,
            service=caller.service,
            customer_class=caller.customer_class,
            seconds=caller.seconds,
            since=floor.taken_at - timedelta(seconds=caller.seconds),
            seat=ringing.get(caller.uid),
        )
        for caller in floor.waiting
    ]


def seat_row(
    seat: SeatView, calls: dict[str, CallView], now: datetime, break_minutes: Mapping[str, float] | None = None
) -> SeatRow:
    call = calls.get(seat.call_uid or "")
    since = now - timedelta(seconds=seat.seconds)
    resting = seat.state == "break"
    return SeatRow(
        extension=seat.extension,
        name=seat.name,
        level=seat.level,
        state=seat.state,
        since=since,
        reachable=seat.reachable,
        break_reason=seat.break_reason,
        service=call.service if call else None,
        caller=call.caller if call else None,
        wrap_up_until=seat.wrap_up_until,
        break_until=break_until(seat.break_reason, since, break_minutes or {}) if resting else None,
        calls_back=is_callback(seat.call_uid or "") and (call is None or call.state == "ivr"),
    )
