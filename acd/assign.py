"""Who gets which seat: a pure, indexed decision.

A caller's place is fixed when the wait begins: `queued_at - priority * ageing_seconds`. A head start of two steps is
thus worth two `ageing_seconds` of waiting, everybody gains one step per `ageing_seconds`, and a low priority that has
waited long enough comes before a high one that has not: nobody starves. Because the key never changes, heaps serve.

Which seat (the first that fits):

- the service must be among the seat's skills;
- an ordinary caller goes to a junior, then to a clerk with nothing to enter (D27, D31), and to a senior only when
  neither is idle;
- a key-account, important or leased-line caller goes to a senior (D18); after `senior_only_seconds` without one a
  junior or clerk may answer and pass the call on (D12), so that nobody is stranded because no senior is there;
- within a level the seat that has been idle longest;
- a seat that already let this caller ring out only when no other fits.

Times are seconds on one clock (Asterisk's), as floats. Cost: O(log n) a decision, see `bench/assign.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from heapq import heapify, heappop, heappush, heapreplace
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
"""(key, uid) of a caller or (idle since, extension) of a seat; an entry counts while the index holds this very
object."""

_SLACK = 64


class Matcher:
    """Waiting callers and idle seats, indexed.

    Heaps per service and level (seats) and per service and need (callers). Whoever leaves is only forgotten in the
    dictionary; the stale heap entry is skipped when it surfaces, and a heap that is mostly stale is rebuilt.
    An offer takes both out of the index: put them back with `add_caller` and `add_seat` if it comes to nothing.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._idle: dict[str, _Entry] = {}
        self._waiting: dict[str, _Entry] = {}
        self._callers: dict[str, WaitingCaller] = {}
        self._seat_heaps: dict[tuple[Service, Level], list[_Entry]] = {
            (service, level): [] for service in Service for level in Level
        }
        kinds = [(service, need) for service in Service for need in Need]
        self._line_of = {kind: index for index, kind in enumerate(kinds)}
        self._lines: list[list[_Entry]] = [[] for _ in kinds]
        self._preferred = [tuple(self._seat_heaps[service, level] for level in LEVELS[need]) for service, need in kinds]
        self._lines_served: dict[tuple[Level, frozenset[Service]], tuple[int, ...]] = {}
        self._touched: set[int] = set()
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
        index = self._line_of[service, need]
        line = self._lines[index]
        heappush(line, entry)
        self._touched.add(index)
        if len(line) > 2 * len(self._waiting) + _SLACK:
            _compact(line, self._waiting)

    def remove_caller(self, uid: str) -> None:
        """Forget a caller; unknown ones are nothing to forget."""
        self._waiting.pop(uid, None)
        self._callers.pop(uid, None)

    def add_seat(self, seat: IdleSeat) -> None:
        """Let `seat` be offered; the same extension again replaces what was known of it."""
        entry = (seat.idle_since, seat.extension)
        self._idle[seat.extension] = entry
        for service in seat.skills:
            heap = self._seat_heaps[service, seat.level]
            heappush(heap, entry)
            if len(heap) > 2 * len(self._idle) + _SLACK:
                _compact(heap, self._idle)
        self._touched.update(self._serves(seat.level, seat.skills))

    def _serves(self, level: Level, skills: frozenset[Service]) -> tuple[int, ...]:
        served = self._lines_served.get((level, skills))
        if served is None:
            served = tuple(
                index for (service, need), index in self._line_of.items() if service in skills and level in LEVELS[need]
            )
            self._lines_served[level, skills] = served
        return served

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
        if self._relaxing:
            self._relax(now)
        if not self._touched or not self._idle:
            return []
        heads: list[tuple[_Entry, int]] = []
        for index in self._touched:
            head = _head(self._lines[index], self._waiting)
            if head is not None:
                heads.append((head, index))
        self._touched.clear()
        heapify(heads)
        made: list[Offer] = []
        while heads:
            caller_entry, index = heads[0]
            uid = caller_entry[1]
            seat_entry = self._best_seat(self._preferred[index], self._callers[uid].tried)
            if seat_entry is None:
                heappop(heads)
                continue
            del self._waiting[uid], self._callers[uid], self._idle[seat_entry[1]]
            made.append(Offer(uid, seat_entry[1]))
            following = _head(self._lines[index], self._waiting)
            if following is None:
                heappop(heads)
            else:
                heapreplace(heads, (following, index))
        return made

    def _relax(self, now: float) -> None:
        while self._relaxing and self._relaxing[0][0] <= now:
            _, uid = heappop(self._relaxing)
            caller = self._callers.get(uid)
            if caller is not None and caller.senior and caller.queued_at + self._rules.senior_only_seconds <= now:
                old = self._waiting[uid]
                entry = (old[0], uid)  # a new object: the entry in the senior-only line is stale from here on
                self._waiting[uid] = entry
                self._join(entry, caller.service, Need.SENIOR_FIRST)

    def _best_seat(self, heaps: tuple[list[_Entry], ...], tried: frozenset[str]) -> _Entry | None:
        idle = self._idle
        second_best: _Entry | None = None
        for heap in heaps:
            head = _head(heap, idle)
            if head is None:
                continue
            if head[1] not in tried:
                return head
            second_best = second_best or head
            untried = self._first_untried(heap, tried)
            if untried is not None:
                return untried
        return second_best

    def _first_untried(self, heap: list[_Entry], tried: frozenset[str]) -> _Entry | None:
        """The longest idle seat that is not in `tried`, past at most as many seats as were tried."""
        passed: list[_Entry] = []
        found: _Entry | None = None
        while (head := _head(heap, self._idle)) is not None:
            if head[1] not in tried:
                found = head
                break
            passed.append(heappop(heap))
        for entry in passed:
            heappush(heap, entry)
        return found


def _head(heap: list[_Entry], live: dict[str, _Entry]) -> _Entry | None:
    while heap:
        head = heap[0]
        if live.get(head[1]) is head:
            return head
        heappop(heap)
    return None


def _compact(heap: list[_Entry], live: dict[str, _Entry]) -> None:
    heap[:] = [entry for entry in heap if live.get(entry[1]) is entry]
    heapify(heap)


def assign(
    waiting: Iterable[WaitingCaller], seats: Iterable[IdleSeat], now: float, rules: Rules | None = None
) -> list[Offer]:
    """Every offer that can be made at `now`, best caller first; no seat and no caller appears twice."""
    matcher = Matcher(rules or Rules())
    for seat in seats:
        matcher.add_seat(seat)
    for caller in waiting:
        matcher.add_caller(caller)
    return matcher.offers(now)
