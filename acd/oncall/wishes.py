"""Where a caller who was handed on belongs, read off the call's facts; so that it outlives the controller.

A caller handed to one seat is rung there alone; should that seat not answer, the seat that handed on is rung, and then
whoever is free serves the caller, who has kept the first place in the line. A level or the manager hotline is waited
for a while, then anybody will do: nobody is stranded because no senior is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from acd.calls import Attempt, CallFacts
from acd.commands import TargetKind
from acd.events import OUTSIDE, Kind
from acd.seats import Seat, SeatState
from acd.words import Level, Service

PATIENCE = timedelta(seconds=10)
"""How long a level is waited for alone."""
MOST_REFUSALS = 4
CALLED_BACK = frozenset({SeatState.READY, SeatState.WRAP_UP, SeatState.BREAK})
"""A seat's own caller comes back to it in these states."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom the caller waits for."""

    seat: str = ""
    """This seat alone."""
    own: bool = False
    """The seat has had this caller: it is rung in wrap-up too."""
    levels: tuple[Level, ...] = ()
    """These levels alone, until `until`."""
    outside: bool = False
    """Somebody at a number of the public network, whom the dialplan rings by itself: no seat at all, until `until`."""
    until: datetime | None = None
    service: Service | None = None
    """What the caller was handed on for, where that is another service."""

    @property
    def is_strict(self) -> bool:
        """Whether only some seats will do, so that the usual matching passes this caller by."""
        return bool(self.seat or self.levels or self.outside)


NONE = Wish()


def wish_of(facts: CallFacts, now: datetime) -> Wish:
    """What the last handing on asks for now."""
    last = facts.last_talk
    if last is None or last.ended_at is None or last.why not in {Kind.HANDED, Kind.REATTACHED}:
        return NONE
    after = [ring for epoch, ring in facts.rings.items() if epoch > last.epoch and ring.in_vain]
    vain = {ring.seat for ring in after}
    if last.why is Kind.REATTACHED:
        # a telephone that is just going down refuses once or twice: the lost channel still counts as its call
        rung = any(ring.result is Attempt.RETURNED for ring in after) or len(after) >= MOST_REFUSALS
        return NONE if rung else Wish(seat=last.seat, own=True)
    kind, _, value = last.detail.partition(" ")
    until = last.ended_at + PATIENCE
    match kind:
        case TargetKind.SEAT if value not in vain:
            return Wish(seat=value)
        case TargetKind.NUMBER if OUTSIDE not in vain and now < until:
            return Wish(outside=True, until=until)
        case TargetKind.SEAT | TargetKind.NUMBER if last.seat not in vain:
            return Wish(seat=last.seat, own=True)
        case TargetKind.LEVEL if now < until:
            return Wish(levels=(Level(value),), until=until)
        case TargetKind.MANAGER if now < until:
            return Wish(levels=(Level.MANAGER,), until=until)
        case TargetKind.SERVICE:
            return Wish(service=Service(value))
        case _:
            return NONE


def takes(wish: Wish, seat: Seat) -> bool:
    """Whether this seat can be rung for a caller with this wish."""
    if not seat.reachable or wish.outside:
        return False
    if wish.seat:
        return seat.extension == wish.seat and (seat.state in CALLED_BACK if wish.own else seat.can_ring)
    return seat.can_ring and seat.level in wish.levels


def best(wish: Wish, seats: Iterable[Seat]) -> Seat | None:
    """The seat that takes this caller and has been idle longest."""
    fitting = [seat for seat in seats if takes(wish, seat)]
    return min(fitting, key=lambda seat: (_since(seat), seat.extension), default=None)


def _since(seat: Seat) -> float:
    return seat.idle_since.timestamp() if seat.idle_since is not None else 0.0
