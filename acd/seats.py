"""The life of a seat: a table of states, and one `match` that says what each event makes of it.

A seat's call is named by its uid and the epoch of the claim, so an event that is late, doubled or about another claim
changes nothing. Whether a SIP contact is registered (`reachable`) is a fact apart: a seat in wrap-up may be unplugged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from acd.words import CustomerClass, Level, Service, Skills


class SeatState(StrEnum):
    OFFLINE = "offline"
    READY = "ready"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    BREAK = "break"
    NOT_ANSWERING = "not_answering"
    """Rang in vain too often: nobody seems to sit there, until ready is pressed."""


TRANSITIONS: Mapping[SeatState, frozenset[SeatState]] = {
    SeatState.OFFLINE: frozenset({SeatState.BREAK, SeatState.READY, SeatState.TALKING}),
    SeatState.READY: frozenset({SeatState.RINGING, SeatState.TALKING, SeatState.BREAK, SeatState.OFFLINE}),
    SeatState.RINGING: frozenset({SeatState.TALKING, SeatState.READY, SeatState.BREAK, SeatState.NOT_ANSWERING}),
    SeatState.TALKING: frozenset({SeatState.WRAP_UP, SeatState.BREAK}),
    SeatState.WRAP_UP: frozenset(SeatState) - {SeatState.WRAP_UP},
    SeatState.BREAK: frozenset({SeatState.READY, SeatState.RINGING, SeatState.OFFLINE, SeatState.TALKING}),
    SeatState.NOT_ANSWERING: frozenset({SeatState.READY, SeatState.BREAK, SeatState.OFFLINE, SeatState.TALKING}),
}
"""Legal next states. A seat in wrap-up or on a break rings only for its own caller who comes back to it, and for a call
that its agent makes (`claims.claim`). From `offline`, `break`, `wrap_up` and `not_answering` only the fallback queue
leads to `talking`: it rings every registered phone while no controller can say who is ready."""


@dataclass(frozen=True, slots=True)
class Customs:
    """What the centre has set for every seat."""

    misses_before_away: int = 2
    """Rings in a row that nobody picked up, after which the seat is not answering."""
    wrap_up_seconds: float = 20.0
    wrap_up_by_service: Mapping[str, float] = field(default_factory=dict)
    """Of services that need another time."""

    def wrap_up(self, service: Service | None) -> timedelta:
        """How long a seat has after a call of this service."""
        return timedelta(seconds=self.wrap_up_by_service.get(service or "", self.wrap_up_seconds))


USUAL = Customs()


@dataclass(frozen=True, slots=True)
class Seat:
    """One row of the floor; times are aware UTC."""

    extension: str
    level: Level
    skills: Skills
    state: SeatState = SeatState.OFFLINE
    state_since: datetime | None = None
    reachable: bool = False
    idle_since: datetime | None = None
    epoch: int = 0
    lease_until: datetime | None = None
    call_uid: str | None = None
    break_reason: str | None = None
    """While on break: why. While ringing or talking: a break that begins when the call is over."""
    classes: frozenset[CustomerClass] = frozenset()
    """Customer classes this seat serves; none named: all."""
    wrap_up_until: datetime | None = None
    """While in wrap-up: when it ends by itself."""
    misses: int = 0
    """Rings in a row that nobody picked up."""
    redeployed_until: datetime | None = None
    """Level, skills and classes are for so long others than usual (D81)."""

    @property
    def can_ring(self) -> bool:
        return self.state is SeatState.READY and self.reachable


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The agent sat down; not ready yet."""


@dataclass(frozen=True, slots=True)
class LoggedOut:
    pass


@dataclass(frozen=True, slots=True)
class Ready:
    pass


@dataclass(frozen=True, slots=True)
class BreakTaken:
    reason: str


@dataclass(frozen=True, slots=True)
class Claimed:
    call: str
    epoch: int
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Rang:
    """The dialplan says that the seat rings for this claim."""

    call: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Answered:
    call: str
    epoch: int
    """0 where the fallback queue rang the seat: no claim was made."""


@dataclass(frozen=True, slots=True)
class RingOver:
    """The claim came to nothing: not answered, refused, not redirected, or its lease ran out."""

    call: str
    epoch: int
    ignored: bool = False
    """It rang and nobody picked up: a miss, and the seat goes to the end of the longest-idle line."""
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class CallOver:
    call: str
    service: Service | None = None


@dataclass(frozen=True, slots=True)
class Inherited:
    """The seat was consulted about a call and has it now: who consulted has left."""

    consult: str
    call: str


@dataclass(frozen=True, slots=True)
class WrapUpOver:
    pass


@dataclass(frozen=True, slots=True)
class ContactChanged:
    reachable: bool


SeatEvent = (
    LoggedIn
    | LoggedOut
    | Ready
    | BreakTaken
    | Claimed
    | Rang
    | Answered
    | RingOver
    | CallOver
    | Inherited
    | WrapUpOver
    | ContactChanged
)


def step(seat: Seat, event: SeatEvent, now: datetime, customs: Customs = USUAL) -> Seat:
    """What `event` makes of `seat`; the very same object where it changes nothing."""
    state = seat.state
    match event:
        case ContactChanged(reachable):
            return seat if reachable == seat.reachable else replace(seat, reachable=reachable)
        case LoggedIn() if state is SeatState.OFFLINE:
            return _rest(seat, SeatState.BREAK, now, "")
        case LoggedOut() if state in _BETWEEN_CALLS:
            return _rest(seat, SeatState.OFFLINE, now, None)
        case Ready() if state in {SeatState.OFFLINE, *_BETWEEN_CALLS} - {SeatState.READY}:
            return replace(_idle(seat, now), misses=0)
        case Ready() if state in {SeatState.RINGING, SeatState.TALKING} and seat.break_reason is not None:
            return replace(seat, break_reason=None)
        case BreakTaken(reason) if state in _BETWEEN_CALLS - {SeatState.BREAK}:
            return _rest(seat, SeatState.BREAK, now, reason)
        case BreakTaken(reason) if state is not SeatState.OFFLINE and reason != seat.break_reason:
            return replace(seat, break_reason=reason)
        case Claimed(call, epoch, lease_until) if seat.can_ring and epoch > seat.epoch:
            return replace(
                seat, state=SeatState.RINGING, state_since=now, call_uid=call, epoch=epoch, lease_until=lease_until
            )
        case Rang(call, epoch) if state is SeatState.READY and epoch == seat.epoch:
            # the claim was given up (its Redirect seemed lost), but Asterisk carried it out after all
            return replace(seat, state=SeatState.RINGING, state_since=now, call_uid=call)
        case Answered(call, epoch) if _answers(seat, call, epoch):
            return replace(
                seat,
                state=SeatState.TALKING,
                state_since=now,
                call_uid=call,
                epoch=max(seat.epoch, epoch),
                lease_until=None,
                idle_since=None,
                # a break pressed before the phone rang for the fallback queue is over: the agent took the call
                break_reason=None if state is SeatState.BREAK else seat.break_reason,
                wrap_up_until=None,
                misses=0,
            )
        case RingOver(call, epoch, ignored, unreachable) if _is_for(seat, SeatState.RINGING, call, epoch):
            misses = seat.misses + 1 if ignored else seat.misses
            freed = _after_ring(replace(seat, misses=misses), now, idle_since=now if ignored else seat.idle_since)
            if misses >= customs.misses_before_away and freed.state is SeatState.READY:
                freed = replace(_rest(freed, SeatState.NOT_ANSWERING, now, None), misses=misses)
            return replace(freed, reachable=False) if unreachable else freed
        case CallOver(call) if seat.call_uid == call and state is SeatState.RINGING:
            return _after_ring(seat, now, idle_since=seat.idle_since)
        case CallOver(call, service) if seat.call_uid == call and state is SeatState.TALKING:
            if seat.break_reason is not None:
                return _rest(seat, SeatState.BREAK, now, seat.break_reason)
            resting = _rest(seat, SeatState.WRAP_UP, now, None)
            return replace(resting, wrap_up_until=now + customs.wrap_up(service))
        case Inherited(consult, call) if state is SeatState.TALKING and seat.call_uid == consult:
            return replace(seat, call_uid=call)
        case WrapUpOver() if state is SeatState.WRAP_UP:
            return _idle(seat, now)
        case _:
            return seat


_BETWEEN_CALLS = frozenset({SeatState.READY, SeatState.WRAP_UP, SeatState.BREAK, SeatState.NOT_ANSWERING})


def _is_for(seat: Seat, state: SeatState, call: str, epoch: int) -> bool:
    return seat.state is state and seat.call_uid == call and seat.epoch == epoch


def _answers(seat: Seat, call: str, epoch: int) -> bool:
    """Whether an answer is news: not one that is known, nor one of an older claim than the seat's."""
    if seat.state is SeatState.TALKING:
        return False
    if epoch == 0:
        return seat.state is not SeatState.RINGING or seat.call_uid == call
    if seat.state in {SeatState.WRAP_UP, SeatState.BREAK, SeatState.OFFLINE, SeatState.NOT_ANSWERING}:
        return epoch > seat.epoch  # told again after the call is over
    return epoch > seat.epoch or (epoch == seat.epoch and seat.call_uid in {None, call})


def _idle(seat: Seat, now: datetime) -> Seat:
    return replace(
        seat,
        state=SeatState.READY,
        state_since=now,
        idle_since=now,
        call_uid=None,
        lease_until=None,
        break_reason=None,
        wrap_up_until=None,
    )


def _rest(seat: Seat, state: SeatState, now: datetime, reason: str | None) -> Seat:
    return replace(
        seat, state=state, state_since=now, idle_since=None, call_uid=None, lease_until=None, break_reason=reason,
        wrap_up_until=None, misses=0,
    )  # fmt: skip


def _after_ring(seat: Seat, now: datetime, *, idle_since: datetime | None) -> Seat:
    """Ready again with its place among the idle, or on the break that was asked for meanwhile."""
    if seat.break_reason is not None:
        return _rest(seat, SeatState.BREAK, now, seat.break_reason)
    return replace(_idle(seat, now), idle_since=idle_since or now)
