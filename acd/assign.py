"""Who gets which seat: a pure, indexed decision.

A caller's place is fixed when the wait begins: `queued_at - priority * ageing_seconds`. A head start of two steps is
thus worth two `ageing_seconds` of waiting, everybody gains one step per `ageing_seconds`, and a low priority that has
waited long enough comes before a high one that has not: nobody starves. Because the place never changes,
callers can be kept in order.

Which seat (the first that fits):

- the service must be among the seat's skills;
- an ordinary caller goes to a junior, then to a clerk with nothing to enter (D27, D31), and to a senior only when
  neither is idle;
- a key-account, important or leased-line caller goes to a senior (D18); after `senior_only_seconds` without one a
  junior or clerk may answer and pass the call on (D12), so that nobody is stranded because no senior is there;
- within a level the seat that has been idle longest;
- a seat that already let this caller ring out only when no other fits.

Times are seconds on one clock (Asterisk's), as floats. A decision costs the same whatever the size of the floor, see
`bench/assign.py`.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from heapq import heapify, heappop, heappush, heapreplace
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from acd.words import Level, Service


@dataclass(frozen=True, slots=True)
class Rules:
    ageing_seconds: float = 60.0
    """Waiting this long is worth one step of priority."""
    senior_only_seconds: float = 10.0
    """How long a caller of D18 waits for a senior alone."""


@dataclass(frozen=True, slots=True)
class WaitingCaller:
    uid: str
    service: Service
    queued_at: float
    priority: int = 0
    """Head start in steps; higher is sooner."""
    senior: bool = False
    """Belongs to a senior seat (D18)."""
    tried: frozenset[str] = frozenset()
    """Seats that this caller has rung in vain."""


@dataclass(frozen=True, slots=True)
class IdleSeat:
    extension: str
    level: Level
    skills: frozenset[Service]
    idle_since: float


class Offer(NamedTuple):
    uid: str
    extension: str


class Need(StrEnum):
    """What a caller asks of the seat's level."""

    ANY = "any"
    SENIOR = "senior"
    SENIOR_FIRST = "senior_first"
    """Belongs to a senior, but has waited long enough for one."""


LEVELS: dict[Need, tuple[Level, ...]] = {
    Need.ANY: (Level.JUNIOR, Level.CLERK, Level.SENIOR),
    Need.SENIOR: (Level.SENIOR,),
    Need.SENIOR_FIRST: (Level.SENIOR, Level.JUNIOR, Level.CLERK),
}
"""Levels in order of preference."""

_Entry = tuple[float, str]
"""(place, uid) of a caller or (idle since, extension) of a seat; it counts while the index holds this very object."""

_SLACK = 64


class _Order:
    """Entries in order, the first to be served in front.

    A sorted list with a moving start rather than a heap: those who come later stand further back, so that joining is
    nearly always an append, and serving is a step forward. Whoever leaves is only forgotten in the index (`live`); the
    stale entry is stepped over when it comes to the front, and a list that is mostly stale is rebuilt.
    """

    __slots__ = ("entries", "start")

    def __init__(self) -> None:
        self.entries: list[_Entry] = []
        self.start = 0

    def join(self, entry: _Entry, live: dict[str, _Entry]) -> None:
        entries = self.entries
        if entries and entry < entries[-1]:
            insort(entries, entry, lo=self.start)
        else:
            entries.append(entry)
        if len(entries) > 2 * len(live) + _SLACK:
            self.tidy(live)

    def tidy(self, live: dict[str, _Entry]) -> None:
        self.entries = [entry for entry in islice(self.entries, self.start, None) if live.get(entry[1]) is entry]
        self.start = 0

    def head(self, live: dict[str, _Entry]) -> _Entry | None:
        entries, place, end = self.entries, self.start, len(self.entries)
        while place < end:
            entry = entries[place]
            if live.get(entry[1]) is entry:
                self.start = place
                return entry
            place += 1
        entries.clear()
        self.start = 0
        return None

    def first_but(self, passed_over: frozenset[str], live: dict[str, _Entry]) -> _Entry | None:
        """The first that is not in `passed_over`."""
        for entry in islice(self.entries, self.start, None):
            if live.get(entry[1]) is entry and entry[1] not in passed_over:
                return entry
        return None


class _Line:
    """Callers of one service and one need, and the orders of seats they may have, best level first."""

    __slots__ = ("bit", "callers", "seats")

    def __init__(self, number: int, seats: tuple[_Order, ...]) -> None:
        self.bit = 1 << number
        self.callers = _Order()
        self.seats = seats


class Matcher:
    """Waiting callers and idle seats, indexed.

    Orders per service and level (seats) and per service and need (callers). An offer takes both out of the index: put
    them back with `add_caller` and `add_seat` if it comes to nothing. Sets of lines are bits of one number, so that
    looking only where something has changed costs next to nothing.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._idle: dict[str, _Entry] = {}
        self._waiting: dict[str, _Entry] = {}
        self._callers: dict[str, WaitingCaller] = {}
        self._seats: dict[tuple[Service, Level], _Order] = {
            (service, level): _Order() for service in Service for level in Level
        }
        kinds = [(service, need) for service in Service for need in Need]
        self._lines = {
            (service, need): _Line(number, tuple(self._seats[service, level] for level in LEVELS[need]))
            for number, (service, need) in enumerate(kinds)
        }
        self._profiles: dict[tuple[Level, frozenset[Service]], tuple[tuple[_Order, ...], int]] = {}
        self._chosen: dict[int, tuple[_Line, ...]] = {}
        self._touched = 0
        """Lines that gained a caller or a seat since the last look."""
        self._occupied = 0
        """Lines in which somebody may wait."""
        self._relaxing: list[_Entry] = []
        """(when a junior becomes good enough, uid)."""

    def __repr__(self) -> str:
        return f"<Matcher: {len(self._waiting)} waiting, {len(self._idle)} idle>"

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def idle(self) -> int:
        return len(self._idle)

    def add_caller(self, caller: WaitingCaller) -> None:
        """Let `caller` wait; the same uid again replaces what was known of it."""
        entry = (caller.queued_at - caller.priority * self._rules.ageing_seconds, caller.uid)
        self._callers[caller.uid] = caller
        self._waiting[caller.uid] = entry
        if caller.senior:
            self._join(entry, caller.service, Need.SENIOR)
            heappush(self._relaxing, (caller.queued_at + self._rules.senior_only_seconds, caller.uid))
        else:
            self._join(entry, caller.service, Need.ANY)

    def _join(self, entry: _Entry, service: Service, need: Need) -> None:
        line = self._lines[service, need]
        line.callers.join(entry, self._waiting)
        self._touched |= line.bit
        self._occupied |= line.bit

    def remove_caller(self, uid: str) -> None:
        """Forget a caller; unknown ones are nothing to forget."""
        self._waiting.pop(uid, None)
        self._callers.pop(uid, None)

    def add_seat(self, seat: IdleSeat) -> None:
        """Let `seat` be offered; the same extension again replaces what was known of it."""
        entry = (seat.idle_since, seat.extension)
        idle = self._idle
        idle[seat.extension] = entry
        profile = self._profiles.get((seat.level, seat.skills))
        orders, lines = profile if profile is not None else self._new_profile(seat.level, seat.skills)
        self._touched |= lines
        most = 2 * len(idle) + _SLACK
        for order in orders:  # `join` without the call
            entries = order.entries
            if entries and entry < entries[-1]:
                insort(entries, entry, lo=order.start)
            else:
                entries.append(entry)
            if len(entries) > most:
                order.tidy(idle)

    def _new_profile(self, level: Level, skills: frozenset[Service]) -> tuple[tuple[_Order, ...], int]:
        """Orders that such a seat stands in, and the lines it serves."""
        orders = tuple(self._seats[service, level] for service in Service if service in skills)
        lines = 0
        for (service, need), line in self._lines.items():
            if service in skills and level in LEVELS[need]:
                lines |= line.bit
        self._profiles[level, skills] = orders, lines
        return orders, lines

    def remove_seat(self, extension: str) -> None:
        """Stop offering a seat; unknown ones are nothing to forget."""
        self._idle.pop(extension, None)

    def next_change(self) -> float | None:
        """When a waiting caller's choice of levels widens next, or None."""
        while self._relaxing and self._relaxing[0][1] not in self._waiting:
            heappop(self._relaxing)
        return self._relaxing[0][0] if self._relaxing else None

    def offers(self, now: float) -> list[Offer]:
        """Every offer that can be made at `now`, best caller first.

        Only lines that gained a caller or a seat since the last call are looked at: in the others nothing has
        become possible.
        """
        if self._relaxing and self._relaxing[0][0] <= now:
            self._relax(now)
        if not self._idle:
            return []
        bits = self._touched & self._occupied
        self._touched = 0
        if len(self._idle) == 1:
            offer = self._offer_to_the_first(bits)
            if offer is not None:
                return [offer]
        return self._offer_to_all(bits)

    def _offer_to_the_first(self, bits: int) -> Offer | None:
        """The usual case on a busy floor, without a heap: one seat has become idle, and it fits the best caller."""
        waiting = self._waiting
        best: _Entry | None = None
        chosen: _Line | None = None
        for line in self._chosen.get(bits) or self._choose(bits):
            order = line.callers
            entry: _Entry | None
            if order.start >= len(order.entries) or waiting.get((entry := order.entries[order.start])[1]) is not entry:
                entry = order.head(waiting)
            if entry is None:
                self._occupied &= ~line.bit
            elif best is None or entry < best:
                best, chosen = entry, line
        if best is None or chosen is None:
            return None
        uid = best[1]
        seat = self._best_seat(chosen.seats, self._callers[uid].tried)
        if seat is None:
            return None
        del waiting[uid], self._callers[uid], self._idle[seat[1]]
        return Offer(uid, seat[1])

    def _offer_to_all(self, bits: int) -> list[Offer]:
        waiting, callers, idle = self._waiting, self._callers, self._idle
        made: list[Offer] = []
        heads: list[tuple[_Entry, int, _Line]] = []
        for line in self._chosen.get(bits) or self._choose(bits):
            head = line.callers.head(waiting)
            if head is None:
                self._occupied &= ~line.bit
            else:
                heads.append((head, line.bit, line))
        if len(heads) > 1:
            heapify(heads)
        while heads:
            caller, bit, line = heads[0]
            uid = caller[1]
            seat = self._best_seat(line.seats, callers[uid].tried)
            if seat is None:
                heappop(heads)
                continue
            extension = seat[1]
            del waiting[uid], callers[uid], idle[extension]
            made.append(Offer(uid, extension))
            if not idle:
                break
            following = line.callers.head(waiting)
            if following is None:
                heappop(heads)
            else:
                heapreplace(heads, (following, bit, line))
        return made

    def _choose(self, bits: int) -> tuple[_Line, ...]:
        lines = tuple(line for line in self._lines.values() if line.bit & bits)
        self._chosen[bits] = lines
        return lines

    def _relax(self, now: float) -> None:
        while self._relaxing and self._relaxing[0][0] <= now:
            _, uid = heappop(self._relaxing)
            caller = self._callers.get(uid)
            if caller is not None and caller.senior and caller.queued_at + self._rules.senior_only_seconds <= now:
                old = self._waiting[uid]
                entry = (old[0], uid)  # a new object: the entry in the senior-only line is stale from here on
                self._waiting[uid] = entry
                self._join(entry, caller.service, Need.SENIOR_FIRST)

    def _best_seat(self, orders: tuple[_Order, ...], tried: frozenset[str]) -> _Entry | None:
        idle = self._idle
        second_best: _Entry | None = None
        for order in orders:
            head = order.head(idle)
            if head is None:
                continue
            if not tried or head[1] not in tried:
                return head
            second_best = second_best or head
            untried = order.first_but(tried, idle)
            if untried is not None:
                return untried
        return second_best


def assign(
    waiting: Iterable[WaitingCaller], seats: Iterable[IdleSeat], now: float, rules: Rules | None = None
) -> list[Offer]:
    """Every offer that can be made at `now`, best caller first; no seat and no caller appears twice."""
    matcher = Matcher(rules or Rules())
    for seat in sorted(seats, key=_since):
        matcher.add_seat(seat)
    for caller in sorted(waiting, key=_queued):
        matcher.add_caller(caller)
    return matcher.offers(now)


_since = attrgetter("idle_since", "extension")
_queued = attrgetter("queued_at", "uid")
