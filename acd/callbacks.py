"""The life of a call-back: a table of states, one `match`, and when it is due. Pure.

Who asked to be called back keeps the place in line (`queued_at`, class) and is served from the same index as live
callers (`acd.assign`). A seat is claimed first, then the customer is rung: as many customers as there are claimed
seats, never more. The channel of each attempt has a name made of the call-back's and the attempt's number, so that
Asterisk itself refuses to make it twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from acd.words import CustomerClass, Service
from hotline.settings import AcdSettings, Settings
from ivr.hours import DayKind, official


class CallbackState(StrEnum):
    WAITING = "waiting"
    DIALLING = "dialling"
    """A seat is kept and the customer is rung."""
    CONNECTED = "connected"
    """The customer has answered."""
    DONE = "done"
    EXPIRED = "expired"
    GIVEN_UP = "given_up"
    """Not answered as often as was to be tried, or a number that may not be called."""
    CANCELLED = "cancelled"


_S = CallbackState
TRANSITIONS: Mapping[CallbackState, frozenset[CallbackState]] = {
    _S.WAITING: frozenset({_S.DIALLING, _S.CONNECTED, _S.EXPIRED, _S.GIVEN_UP, _S.CANCELLED}),
    _S.DIALLING: frozenset({_S.CONNECTED, _S.WAITING, _S.GIVEN_UP}),
    _S.CONNECTED: frozenset({_S.DONE, _S.WAITING, _S.GIVEN_UP}),
    _S.DONE: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.GIVEN_UP: frozenset(),
    _S.CANCELLED: frozenset(),
}
OPEN = frozenset(state for state, following in TRANSITIONS.items() if following)


@dataclass(frozen=True, slots=True)
class Note:
    """One entry of a call-back's history; `detail` is a word, a seat or a login."""

    at: datetime
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Callback:
    """One row; times are aware UTC."""

    id: int
    call_uid: str
    number: str
    service: Service | None
    customer_class: CustomerClass
    queued_at: datetime
    priority: int
    asked_at: datetime
    state: CallbackState
    attempts: int
    next_at: datetime
    expires_at: datetime | None = None
    seat: str | None = None
    epoch: int = 0
    answered_uid: str | None = None
    history: tuple[Note, ...] = ()

    def attempt_uid(self, node: str, attempt: int) -> str:
        """The Uniqueid of that attempt's channel, from 1."""
        return f"{node}-cb{self.id}-{attempt}"


_UID = re.compile(r"[a-z][a-z0-9]*-cb[0-9]{1,18}-[0-9]{1,4}", re.ASCII)


def is_callback(uid: str) -> bool:
    """Whether a call of this name was made by us, to somebody who asked to be called back."""
    return _UID.fullmatch(uid) is not None


@dataclass(frozen=True, slots=True)
class Policy:
    """When and where call-backs may go."""

    node: str
    """Name of the node that dials, in front of its Uniqueids."""
    may_dial: tuple[str, ...]
    """Patterns as Asterisk writes them."""
    zone: ZoneInfo
    dial_seconds: float
    retry_minutes: tuple[float, ...]
    opens: time
    closes: time
    """Of each day, on the clock of `zone`; 00:00 is midnight at the day's end."""
    expire_hours: float
    ageing_seconds: float = 60.0
    """What a step of priority is worth, as for live callers (`acd.assign`)."""

    @classmethod
    def of(cls, settings: Settings) -> Policy:
        opens, closes = hours_of(settings.acd)
        return cls(
            settings.asterisk.node,
            tuple(settings.asterisk.may_dial),
            settings.zone,
            settings.acd.callback_dial_seconds,
            tuple(settings.acd.callback_retry_minutes),
            opens,
            closes,
            settings.acd.callback_expire_hours,
            settings.acd.ageing_seconds,
        )

    def may_call(self, number: str) -> bool:
        return may_dial(number, self.may_dial)

    def within_hours(self, now: datetime) -> bool:
        local = now.astimezone(self.zone).time()
        return self.opens <= local and (self.closes == time(0) or local < self.closes)

    def next_opening(self, now: datetime) -> datetime:
        """When the hours begin next after `now`."""
        local = now.astimezone(self.zone)
        today = datetime.combine(local.date(), self.opens, self.zone)
        return today if today > local else datetime.combine(local.date() + timedelta(days=1), self.opens, self.zone)

    def expiry(self, asked_at: datetime) -> datetime:
        """The end of the next workday's hours, or `expire_hours` later if that is later."""
        local = asked_at.astimezone(self.zone)
        day = local.date() + timedelta(days=1)
        while official(day) is not DayKind.WORKDAY:
            day += timedelta(days=1)
        ends = day + timedelta(days=1) if self.closes == time(0) else day
        return max(asked_at + timedelta(hours=self.expire_hours), datetime.combine(ends, self.closes, self.zone))


def hours_of(settings: AcdSettings) -> tuple[time, time]:
    """`08:00-21:00` as two times of day; 24:00 is 00:00."""
    opens, closes = settings.callback_hours.split("-")
    return time.fromisoformat(opens), time.fromisoformat("00:00" if closes.startswith("24") else closes)


def may_dial(number: str, patterns: Iterable[str]) -> bool:
    """Whether a number of digits alone matches one of these Asterisk patterns (X, Z, N, classes)."""
    return any(re.fullmatch(_expression(pattern), number, re.ASCII) for pattern in patterns)


def _expression(pattern: str) -> str:
    return pattern.replace("X", "[0-9]").replace("Z", "[1-9]").replace("N", "[2-9]")


@dataclass(frozen=True, slots=True)
class TakenUp:
    """A controller sees it for the first time."""


@dataclass(frozen=True, slots=True)
class Dialled:
    seat: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Reached:
    """The customer has answered; `uid` is the call-back's own call."""

    uid: str


@dataclass(frozen=True, slots=True)
class Missed:
    """`why`: no_answer, busy, unreachable, lost (nobody saw what came of it), or hung_up (before a seat answered)."""

    why: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The call-back's own call is over; `served` if somebody talked to the customer, or took a message."""

    seat: str
    served: bool


@dataclass(frozen=True, slots=True)
class TimePassed:
    pass


@dataclass(frozen=True, slots=True)
class CallNow:
    by: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    by: str


CallbackEvent = TakenUp | Dialled | Reached | Missed | Ended | TimePassed | CallNow | Cancelled


def step(callback: Callback, event: CallbackEvent, now: datetime, policy: Policy) -> Callback:
    """What `event` makes of `callback`; the very same object where it changes nothing."""
    state = callback.state
    match event:
        case TakenUp() if state is _S.WAITING and callback.expires_at is None:
            taken = replace(callback, expires_at=policy.expiry(callback.asked_at))
            return taken if policy.may_call(callback.number) else _noted(taken, now, "refused", state=_S.GIVEN_UP)
        case Dialled(seat, epoch) if state is _S.WAITING:
            dialled = replace(callback, attempts=callback.attempts + 1, seat=seat, epoch=epoch)
            return _noted(dialled, now, "dialled", seat, state=_S.DIALLING)
        case Reached(uid) if state in {_S.WAITING, _S.DIALLING}:
            return _noted(replace(callback, answered_uid=uid), now, "reached", state=_S.CONNECTED)
        case Missed(why) if state is _S.DIALLING:
            return _again(callback, now, why, policy)
        case Ended(seat, served) if state is _S.CONNECTED:
            if not served:
                return _again(callback, now, "hung_up", policy)
            return _noted(replace(callback, seat=seat or None), now, "done", seat, state=_S.DONE)
        case TimePassed() if state is _S.WAITING and callback.expires_at is not None and callback.expires_at <= now:
            return _noted(callback, now, "expired", state=_S.EXPIRED)
        case CallNow(by) if state is _S.WAITING:
            return _noted(replace(callback, next_at=min(callback.next_at, now)), now, "call_now", by)
        case Cancelled(by) if state is _S.WAITING:
            return _noted(callback, now, "cancelled", by, state=_S.CANCELLED)
        case _:
            return callback


def _again(callback: Callback, now: datetime, why: str, policy: Policy) -> Callback:
    free = replace(callback, seat=None, epoch=0)
    if callback.attempts > len(policy.retry_minutes):
        return _noted(free, now, why, state=_S.GIVEN_UP)
    pause = timedelta(minutes=policy.retry_minutes[max(0, callback.attempts - 1)])
    return _noted(replace(free, next_at=now + pause), now, why, state=_S.WAITING)


def _noted(
    callback: Callback, now: datetime, what: str, detail: str = "", *, state: CallbackState | None = None
) -> Callback:
    return replace(callback, state=state or callback.state, history=(*callback.history, Note(now, what, detail)))


def is_due(callback: Callback, now: datetime, policy: Policy) -> bool:
    """Whether the customer may be rung at `now`, as soon as it is their turn and a seat is free."""
    return (
        callback.state is _S.WAITING
        and callback.expires_at is not None
        and callback.next_at <= now < callback.expires_at
        and policy.within_hours(now)
    )


def next_change(callbacks: Iterable[Callback], now: datetime, policy: Policy) -> datetime | None:
    """When time alone changes what may be dialled, or ends something; None where nothing waits."""
    moments: list[datetime] = []
    for callback in callbacks:
        if callback.state is _S.WAITING and callback.expires_at is not None:
            moments += [moment for moment in (callback.next_at, callback.expires_at) if moment > now]
            moments.append(policy.next_opening(now))
    return min(moments, default=None)
