"""The floor in the controller's memory: calls that live, seats, and the index of who can be given to whom.

No I/O: events go in, and what must follow (for seats) comes out. The database stays the arbiter of every claim; this
is the view that lets a decision be made without asking it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from acd.assign import IdleSeat, Matcher, Offer, Rules, WaitingCaller
from acd.calls import CallFacts, CallState, hear
from acd.clerks import at_their_desks
from acd.events import OF_A_RING, OUTSIDE, CallEvent, Kind
from acd.oncall.wishes import PATIENCE, best, wish_of
from acd.promise import UNREACHABLE
from acd.seats import Answered, CallOver, Inherited, Rang, RingOver, Seat, SeatEvent, SeatState
from acd.words import CustomerClass, Level, Service

UNKNOWN = datetime.min.replace(tzinfo=UTC)
REMEMBERED = 10_000
"""Ended calls whose late or repeated events are still recognised as such."""


@dataclass(slots=True)
class LiveCall:
    """A call that has not ended, with what only the controller needs to know of it."""

    facts: CallFacts
    customer_class: CustomerClass | None = None
    """None until it was looked up."""
    owner: str = ""
    """Seat that was asked first about an open case of this caller (D85); empty for none."""
    past_limit: bool = False
    """A complaint of this caller is past its limit (D15, D84)."""
    tried: set[str] = field(default_factory=set)
    """Seats that this caller rang in vain."""
    claimed: tuple[str, int] | None = None
    """Seat and epoch of a claim whose outcome is open."""
    unwished: bool = False
    """Was handed on to a seat that cannot be rung now: anybody may serve this caller."""
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
    def __init__(
        self, rules: Rules, important_priority: int, *, owner_wait: float = 0.0, clerk_overflow: int = 0
    ) -> None:
        """`owner_wait`: seconds a caller waits for the owner of the open case; `clerk_overflow`: callers waiting beyond
        which clerks leave their work."""
        self._rules = rules
        self._important_priority = important_priority
        self._owner_wait = owner_wait
        self._clerk_overflow = clerk_overflow
        self._clerk_work = 0
        self._clerks: set[str] = set()
        """Clerks' seats that could be offered."""
        self._entering: frozenset[str] = frozenset()
        """Of these, those that stay with what is to be entered."""
        self._owned: dict[str, set[str]] = {}
        """Callers by the seat that was asked first."""
        self.seats: dict[str, Seat] = {}
        self.calls: dict[str, LiveCall] = {}
        self.callbacks: dict[str, LiveCall] = {}
        """Customers who may be called back now, by the uid of their next attempt: they stand in line like callers."""
        self.places: dict[str, float] = {}
        """Since when a call-back's own call has its place, by uid: since its customer first waited."""
        self._let_in: set[str] = set()
        """Of `callbacks`, those that are in the index."""
        self._resting: set[str] = set()
        self._reserved: dict[str, str] = {}
        self._wished: set[str] = set()
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
        self.callbacks.clear()
        self.places.clear()
        self._let_in.clear()
        self._resting.clear()
        self._reserved.clear()
        self._wished.clear()
        self.seats.clear()
        self._clerks.clear()
        self._entering = frozenset()
        self._owned.clear()
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
        if event.kind in {Kind.HANDED, Kind.REATTACHED}:
            call.unwished = False
        if event.kind is Kind.HANDED:
            call.tried.add(event.seat)  # who hands on is given the caller again last of all
        follows = (*consequences(after, event, self._holders(event.call)), *self._left_with(event))
        if event.kind in {Kind.RETURNED, Kind.REFUSED}:
            call.tried.add(event.seat)
        unrung = after.state in {CallState.IVR, CallState.WAITING}  # a call-back has its seat before it is queued
        if call.claimed is not None and (not unrung or _is_settled(after, call.claimed[1])):
            call.claimed = None
        if after.state is CallState.ENDED:
            self._forget(event.call)
        else:
            self.index_call(event.call)
        return Heard(call, before, changed=True, seats=follows)

    def _holders(self, uid: str) -> list[str]:
        return [extension for extension, seat in self.seats.items() if seat.call_uid == uid]

    def _left_with(self, event: CallEvent) -> tuple[tuple[str, SeatEvent], ...]:
        """A seat leaves the caller: those that it consulted about the call have the call from now on."""
        if event.kind is not Kind.LEFT:
            return ()
        consults = [uid for uid, call in self.calls.items() if call.facts.about == event.call]
        return tuple((seat, Inherited(uid, event.call)) for uid in consults for seat in self._holders(uid))

    def _forget(self, uid: str) -> None:
        self._matcher.remove_caller(uid)
        self._wished.discard(uid)
        call = self.calls.pop(uid, None)
        if call is not None:
            self._owned.get(call.owner, set()).discard(uid)
        self._ended[uid] = None
        while len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)

    def put_seat(self, seat: Seat) -> None:
        """Know this about a seat from now on."""
        before = self.seats.get(seat.extension)
        self.seats[seat.extension] = seat
        if Level.CLERK in {seat.level, before.level if before is not None else seat.level}:
            self._sort_clerks()
        self._index_seat(seat)
        for uid in list(self._owned.get(seat.extension, ())):
            self.index_call(uid)

    def _index_seat(self, seat: Seat) -> None:
        if self._free(seat) and seat.extension not in self._entering:
            idle_since = seat.idle_since or seat.state_since
            self._matcher.add_seat(
                IdleSeat(
                    seat.extension, seat.level, seat.skills, idle_since.timestamp() if idle_since else 0.0, seat.classes
                )
            )
        else:
            self._matcher.remove_seat(seat.extension)

    def _free(self, seat: Seat) -> bool:
        return seat.can_ring and seat.extension not in self._resting and seat.extension not in self._reserved

    def drop_seat(self, extension: str) -> None:
        self.seats.pop(extension, None)
        self._matcher.remove_seat(extension)
        self._sort_clerks()

    def set_clerk_work(self, pieces: int) -> None:
        """So many pieces wait to be entered: as many clerks stay with them (D27, D31)."""
        self._clerk_work = pieces
        self._sort_clerks()

    def _sort_clerks(self) -> None:
        self._clerks = {name for name, seat in self.seats.items() if seat.level is Level.CLERK and self._free(seat)}
        entering = at_their_desks(self._clerks, self._clerk_work)
        changed, self._entering = self._entering ^ entering, entering
        for extension in changed:
            if extension in self.seats:
                self._index_seat(self.seats[extension])

    def _offers_to_clerks(self, now: float) -> list[Offer]:
        """With too many waiting, clerks leave their work: one after the other, who has been idle longest first."""
        made: list[Offer] = []
        for extension in sorted(self._entering, key=lambda name: (self.seats[name].idle_since or UNKNOWN, name)):
            if self._matcher.waiting <= self._clerk_overflow:
                break
            seat = self.seats[extension]
            self._matcher.add_seat(IdleSeat(extension, seat.level, seat.skills, 0.0, seat.classes))
            made += self._matcher.offers(now)
            self._matcher.remove_seat(extension)
        return made

    def rest(self, extension: str) -> None:
        """Offer this seat to nobody until `rested`."""
        self._resting.add(extension)
        if extension in self.seats:
            self.put_seat(self.seats[extension])

    def rested(self, extension: str) -> None:
        self._resting.discard(extension)
        if extension in self.seats:
            self.put_seat(self.seats[extension])

    def reserve(self, extension: str, uid: str) -> None:
        """Keep an idle seat for this caller, who is about to be handed to it, until `unreserve`."""
        self._reserved[extension] = uid
        if extension in self.seats:
            self.put_seat(self.seats[extension])

    def unreserve(self, extension: str, uid: str) -> None:
        if self._reserved.get(extension) == uid:
            del self._reserved[extension]
            if extension in self.seats:
                self.put_seat(self.seats[extension])

    def index_call(self, uid: str) -> None:
        """Let a call be offered a seat, or not, by what is known of it."""
        call = self.calls.get(uid) or self.callbacks.get(uid)
        self._wished.discard(uid)
        if call is None or not call.waits or call.facts.place_at is None:
            self._matcher.remove_caller(uid)
            return
        wish = wish_of(call.facts, call.facts.place_at)
        if wish.is_strict and not call.unwished:
            self._wished.add(uid)
            self._matcher.remove_caller(uid)
            return
        customer_class = call.customer_class or CustomerClass.ORDINARY
        queued_at = self.places.get(uid, call.facts.place_at.timestamp())
        first = call.facts.last_talk is None  # who was handed on has been with whoever was asked first
        owner = call.owner if first and not call.past_limit else ""
        if owner:
            self._owned.setdefault(owner, set()).add(uid)
        self._matcher.add_caller(
            WaitingCaller(
                uid,
                wish.service or call.facts.service or Service.COMPLAINT,
                queued_at,
                self.priority_of(call),
                customer_class.needs_senior,
                frozenset(call.tried),
                manager=call.past_limit and first,
                customer_class=customer_class,
                owner=owner if self._is_idle_by(owner, queued_at + self._owner_wait) else "",
                owner_until=queued_at + self._owner_wait,
            )
        )

    def _is_idle_by(self, owner: str, moment: float) -> bool:
        """Whether the seat that was asked first can be rung at once, or when its wrap-up ends in time (D85).

        A seat that talks is not waited for: nobody knows how long a talk lasts, and the caller has 15 seconds (D9).
        """
        seat = self.seats.get(owner)
        if seat is None or not seat.reachable or seat.level is Level.SUPERVISOR:
            return False
        if seat.state is SeatState.WRAP_UP:
            return seat.wrap_up_until is not None and seat.wrap_up_until.timestamp() <= moment
        return self._free(seat) and owner not in self._entering

    def priority_of(self, call: LiveCall) -> int:
        """Head start in steps (D18)."""
        return self._important_priority if call.customer_class and call.customer_class.needs_senior else 0

    def offers(self, now: float) -> list[Offer]:
        """Who can be given which seat now; both are out of the index until put back."""
        if self.callbacks:
            self._let_callbacks_in()
        made = [*self._offers_as_wished(now), *self._matcher.offers(now)]
        if self._entering and self._matcher.waiting > self._clerk_overflow:
            made += self._offers_to_clerks(now)
        self._let_in.difference_update(offer.uid for offer in made)
        return made

    def put_callback(self, uid: str, customer: LiveCall) -> None:
        """Let a customer who waits to be called back stand in line, in the old place."""
        self.callbacks[uid] = customer

    def drop_callback(self, uid: str) -> None:
        if self.callbacks.pop(uid, None) is not None:
            self._let_in.discard(uid)
            self._matcher.remove_caller(uid)

    def place_of(self, uid: str, call: LiveCall) -> float | None:
        """Where this call stands, lower is sooner (`acd.assign`); None for a call that never queued."""
        if call.facts.place_at is None:
            return None
        since = self.places.get(uid, call.facts.place_at.timestamp())
        return since - self.priority_of(call) * self._rules.ageing_seconds

    def _let_callbacks_in(self) -> None:
        """Nobody is called back past a live caller from in front of them who has no seat yet, though out of the index
        for a moment: a seat rings, or the caller is held. Those in the index are served in order anyway.
        """
        aside = {CallState.WAITING, CallState.RINGING, CallState.FALLBACK}
        first = min(
            (
                place
                for uid, call in self.calls.items()
                if uid not in self.places and call.facts.state in aside and not call.waits
                if (place := self.place_of(uid, call)) is not None
            ),
            default=float("inf"),
        )
        for uid, customer in self.callbacks.items():
            place = self.place_of(uid, customer)
            if place is not None and place < first:
                if uid not in self._let_in:
                    self._let_in.add(uid)
                    self.index_call(uid)
            elif uid in self._let_in:
                self._let_in.discard(uid)
                self._matcher.remove_caller(uid)

    def _offers_as_wished(self, now: float) -> list[Offer]:
        """Callers who were handed on to certain seats, in order of their places; the others go back into the line."""
        made: list[Offer] = []
        for uid in sorted(self._wished, key=self._place):
            call = self.calls[uid]
            wish = wish_of(call.facts, datetime.fromtimestamp(now, UTC))
            taken = {offer.extension for offer in made}
            free = [
                seat for name, seat in self.seats.items()
                if name not in taken and self._reserved.get(name, uid) == uid
            ]  # fmt: skip
            seat = best(wish, free)
            if seat is not None:
                made.append(Offer(uid, seat.extension))
                self._wished.discard(uid)
                self._reserved.pop(seat.extension, None)
                self._matcher.remove_seat(seat.extension)
            elif wish.until is None:
                call.unwished = True
                self.index_call(uid)
        return made

    def _place(self, uid: str) -> tuple[float, str]:
        at = self.calls[uid].facts.place_at
        return (at.timestamp() if at is not None else 0.0, uid)

    def next_change(self) -> float | None:
        """When time alone makes another offer possible, in seconds since 1970."""
        ends = [self._matcher.next_change()]
        for uid in self._wished:
            talk = self.calls[uid].facts.last_talk
            if talk is not None and talk.ended_at is not None:
                ends.append((talk.ended_at + PATIENCE).timestamp())
        return min((end for end in ends if end is not None), default=None)


def consequences(after: CallFacts, event: CallEvent, holders: Iterable[str]) -> tuple[tuple[str, SeatEvent], ...]:
    """What an event that was news means for seats; `holders` ring for this call or talk to it."""
    uid = event.call
    over = after.state is CallState.ENDED
    if event.seat == OUTSIDE and event.kind in OF_A_RING:
        return ()  # a number of the public network
    match event.kind:
        case Kind.RINGING if after.state is CallState.RINGING and after.last_ring[0] == event.epoch:
            return ((event.seat, Rang(uid, event.epoch)),)
        case Kind.ANSWERED | Kind.FALLBACK_ANSWERED if not over:
            others = tuple((seat, CallOver(uid, after.service)) for seat in holders if seat != event.seat)
            return (*others, (event.seat, Answered(uid, event.epoch)))
        case Kind.PLACED if not over:
            return ((event.seat, Answered(uid, event.epoch)),)
        case Kind.RETURNED:
            unreachable = event.detail in UNREACHABLE
            return ((event.seat, RingOver(uid, event.epoch, ignored=not unreachable, unreachable=unreachable)),)
        case Kind.REFUSED:
            return ((event.seat, RingOver(uid, event.epoch)),)
        case Kind.LEFT:
            return ((event.seat, CallOver(uid, after.service)),)
        case Kind.TALKED | Kind.VOICEMAIL | Kind.MESSAGE | Kind.CALLBACK | Kind.FALLBACK | Kind.ENDED:
            return tuple((seat, CallOver(uid, after.service)) for seat in holders)
        case Kind.HANDED | Kind.REATTACHED | Kind.LOST if not after.open_talks:
            return tuple((seat, CallOver(uid, after.service)) for seat in holders)
        case _:
            return ()


def _is_settled(facts: CallFacts, epoch: int) -> bool:
    """Whether the ring attempt of this claim is known to be over."""
    ring = facts.rings.get(epoch)
    return ring is not None and ring.in_vain
