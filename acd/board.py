"""The floor in the controller's memory: calls that live, seats, and the index of who can be given to whom.

No I/O: events go in, and what must follow (for seats) comes out. The database stays the arbiter of every claim; this
is the view that lets a decision be made without asking it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from acd.assign import IdleSeat, Matcher, Offer, Rules, WaitingCaller
from acd.calls import CallFacts, CallState, hear
from acd.events import CallEvent, Kind
from acd.promise import UNREACHABLE
from acd.seats import Answered, CallOver, Rang, RingOver, Seat, SeatEvent
from acd.words import CustomerClass, Service

REMEMBERED = 10_000
"""Ended calls whose late or repeated events are still recognised as such."""


@dataclass(slots=True)
class LiveCall:
    """A call that has not ended, with what only the controller needs to know of it."""

    facts: CallFacts
    customer_class: CustomerClass | None = None
    """None until it was looked up."""
    tried: set[str] = field(default_factory=set)
    """Seats that this caller rang in vain."""
    claimed: tuple[str, int] | None = None
    """Seat and epoch of a claim whose outcome is open."""
    held: bool = False
    """Not offered for a moment: a Redirect failed and nobody knows yet whether the caller is still there."""

    @property
    def waits(self) -> bool:
        return self.facts.state is CallState.WAITING and self.claimed is None and not self.held


@dataclass(frozen=True, slots=True)
class Heard:
    """What an event has changed."""

    call: LiveCall
    before: CallFacts
    changed: bool
    seats: tuple[tuple[str, SeatEvent], ...]
    """What it means for seats."""


class Board:
    def __init__(self, rules: Rules, important_priority: int) -> None:
        self._rules = rules
        self._important_priority = important_priority
        self.seats: dict[str, Seat] = {}
        self.calls: dict[str, LiveCall] = {}
        self._resting: set[str] = set()
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._matcher = Matcher(rules)

    def __repr__(self) -> str:
        return f"<Board: {len(self.calls)} calls, {self._matcher.waiting} waiting, {self._matcher.idle} seats idle>"

    @property
    def waiting(self) -> int:
        return self._matcher.waiting

    @property
    def idle(self) -> int:
        return self._matcher.idle

    def reset(self, seats: Iterable[Seat], calls: Mapping[str, LiveCall]) -> None:
        """Forget everything and begin from what a resynchronisation found."""
        self._matcher = Matcher(self._rules)
        self._resting.clear()
        self.seats.clear()
        self.calls = dict(calls)
        for seat in seats:
            self.put_seat(seat)
        for uid in list(self.calls):
            self.index_call(uid)

    def hear(self, event: CallEvent) -> Heard | None:
        """Take in one event; None for an event of a call that is over."""
        if event.call in self._ended:
            return None
        known = self.calls.get(event.call)
        call = known if known is not None else LiveCall(CallFacts(event.call))
        before = call.facts
        after = hear(before, event)
        if after == before:
            return Heard(call, before, changed=False, seats=())
        self.calls[event.call] = call
        call.facts = after
        follows = consequences(after, event, self._holders(event.call))
        if event.kind in {Kind.RETURNED, Kind.REFUSED}:
            call.tried.add(event.seat)
        if call.claimed is not None and (after.state is not CallState.WAITING or _is_settled(after, call.claimed[1])):
            call.claimed = None
        if after.state is CallState.ENDED:
            self._forget(event.call)
        else:
            self.index_call(event.call)
        return Heard(call, before, changed=True, seats=follows)

    def _holders(self, uid: str) -> list[str]:
        return [extension for extension, seat in self.seats.items() if seat.call_uid == uid]

    def _forget(self, uid: str) -> None:
        self._matcher.remove_caller(uid)
        self.calls.pop(uid, None)
        self._ended[uid] = None
        while len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)

    def put_seat(self, seat: Seat) -> None:
        """Know this about a seat from now on."""
        self.seats[seat.extension] = seat
        if seat.can_ring and seat.extension not in self._resting:
            idle_since = seat.idle_since or seat.state_since
            self._matcher.add_seat(
                IdleSeat(
                    seat.extension, seat.level, frozenset(seat.skills), idle_since.timestamp() if idle_since else 0.0
                )
            )
        else:
            self._matcher.remove_seat(seat.extension)

    def drop_seat(self, extension: str) -> None:
        self.seats.pop(extension, None)
        self._matcher.remove_seat(extension)

    def rest(self, extension: str) -> None:
        """Offer this seat to nobody until `rested`."""
        self._resting.add(extension)
        self._matcher.remove_seat(extension)

    def rested(self, extension: str) -> None:
        self._resting.discard(extension)
        if extension in self.seats:
            self.put_seat(self.seats[extension])

    def index_call(self, uid: str) -> None:
        """Let a call be offered a seat, or not, by what is known of it."""
        call = self.calls.get(uid)
        if call is None or not call.waits or call.facts.queued_at is None:
            self._matcher.remove_caller(uid)
            return
        needs_senior = call.customer_class is not None and call.customer_class.needs_senior
        self._matcher.add_caller(
            WaitingCaller(
                uid,
                call.facts.service or Service.COMPLAINT,
                call.facts.queued_at.timestamp(),
                self.priority_of(call),
                needs_senior,
                frozenset(call.tried),
            )
        )

    def priority_of(self, call: LiveCall) -> int:
        """Head start in steps (D18)."""
        return self._important_priority if call.customer_class and call.customer_class.needs_senior else 0

    def offers(self, now: float) -> list[Offer]:
        """Who can be given which seat now; both are out of the index until put back."""
        return self._matcher.offers(now)

    def next_change(self) -> float | None:
        """When time alone makes another offer possible, in seconds since 1970."""
        return self._matcher.next_change()


def consequences(after: CallFacts, event: CallEvent, holders: Iterable[str]) -> tuple[tuple[str, SeatEvent], ...]:
    """What an event that was news means for seats; `holders` ring for this call or talk to it."""
    uid = event.call
    over = after.state is CallState.ENDED
    match event.kind:
        case Kind.RINGING if after.state is CallState.RINGING and after.last_ring[0] == event.epoch:
            return ((event.seat, Rang(uid, event.epoch)),)
        case Kind.ANSWERED | Kind.FALLBACK_ANSWERED if not over:
            others = tuple((seat, CallOver(uid)) for seat in holders if seat != event.seat)
            return (*others, (event.seat, Answered(uid, event.epoch)))
        case Kind.RETURNED:
            unreachable = event.detail in UNREACHABLE
            return ((event.seat, RingOver(uid, event.epoch, ignored=not unreachable, unreachable=unreachable)),)
        case Kind.REFUSED:
            return ((event.seat, RingOver(uid, event.epoch)),)
        case Kind.TALKED | Kind.VOICEMAIL | Kind.MESSAGE | Kind.CALLBACK | Kind.FALLBACK | Kind.ENDED:
            return tuple((seat, CallOver(uid)) for seat in holders)
        case _:
            return ()


def _is_settled(facts: CallFacts, epoch: int) -> bool:
    """Whether the ring attempt of this claim is known to be over."""
    ring = facts.rings.get(epoch)
    return ring is not None and ring.in_vain
