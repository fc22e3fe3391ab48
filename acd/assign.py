"""Who gets which seat: a pure, indexed decision.

A caller's place is fixed when the wait begins: `queued_at - priority * ageing_seconds`. A head start of two steps is
thus worth two `ageing_seconds` of waiting, everybody gains one step per `ageing_seconds`, and a low priority that has
waited long enough comes before a high one that has not: nobody starves. Because the place never changes,
callers can be kept in order.

Who was asked first comes first (D85): until `owner_until` a caller waits for the owner of the open case alone, and an
owner who is idle gets that caller before any other. Everybody else is served in order of place, with the best seat
that fits:

- the service must be among the seat's skills; a learner (below `skill_wanted`) and a seat kept for other classes of
  customers come in only after `any_seat_seconds`: the 15 seconds of D9 matter more than skill;
- an ordinary caller goes to a junior, then to a clerk (D27, D31), and to a senior only when neither is idle;
- a key-account, important or leased-line caller goes to a senior (D18); after `senior_only_seconds` a junior or clerk
  may answer and pass the call on (D12), so that nobody is stranded because no senior is there;
- a complaint past its limit goes to the manager hotline (D15, D84); after `manager_only_seconds` also to a senior, and
  after `senior_only_seconds` to anybody;
- within a level the best skill for the service, and of those the seat that has been idle longest;
- a seat that already let this caller ring out only when no other fits.

Times are seconds on one clock (Asterisk's), as floats. A decision costs the same whatever the size of the floor, see
`bench/assign.py`.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from heapq import heapify, heappop, heappush, heapreplace
from math import inf
from operator import attrgetter
from typing import NamedTuple

from acd.lines import Entry, Order
from acd.words import CustomerClass, Level, Service, Skills


@dataclass(frozen=True, slots=True)
class Rules:
    ageing_seconds: float = 60.0
    """Waiting this long is worth one step of priority."""
    senior_only_seconds: float = 10.0
    """How long a caller of D18 waits for a senior alone."""
    manager_only_seconds: float = 5.0
    """How long a caller of D84 waits for the manager hotline alone."""
    any_seat_seconds: float = 5.0
    """From then on any seat with the service does, whatever its skill and its classes."""
    skill_wanted: int = 2
    """Skill that a caller waits `any_seat_seconds` for."""


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
    manager: bool = False
    """Belongs to the manager hotline (D15, D84)."""
    customer_class: CustomerClass = CustomerClass.ORDINARY
    owner: str = ""
    """Seat that was asked first about the open case (D85); empty for none."""
    owner_until: float = 0.0
    """Until then only the owner's seat will do."""


@dataclass(frozen=True, slots=True)
class IdleSeat:
    extension: str
    level: Level
    skills: Skills
    idle_since: float
    classes: frozenset[CustomerClass] = frozenset()
    """Classes this seat is kept for; none named: all."""


class Offer(NamedTuple):
    uid: str
    extension: str


class Need(StrEnum):
    """What a caller asks of the seat's level."""

    __hash__ = str.__hash__  # see acd.words

    ANY = "any"
    SENIOR = "senior"
    SENIOR_FIRST = "senior_first"
    """Belongs to a senior, but has waited long enough for one."""
    MANAGER = "manager"
    MANAGER_OR_SENIOR = "manager_or_senior"
    MANAGER_FIRST = "manager_first"


LEVELS: dict[Need, tuple[Level, ...]] = {
    Need.ANY: (Level.JUNIOR, Level.CLERK, Level.SENIOR),
    Need.SENIOR: (Level.SENIOR,),
    Need.SENIOR_FIRST: (Level.SENIOR, Level.JUNIOR, Level.CLERK),
    Need.MANAGER: (Level.MANAGER,),
    Need.MANAGER_OR_SENIOR: (Level.MANAGER, Level.SENIOR),
    Need.MANAGER_FIRST: (Level.MANAGER, Level.SENIOR, Level.JUNIOR, Level.CLERK),
}
"""Levels in order of preference. A supervisor's telephone is in none: it listens (D65)."""


def need_of(caller: WaitingCaller, now: float, rules: Rules) -> Need:
    """What this caller asks of the level at `now`."""
    anybody = now >= caller.queued_at + rules.senior_only_seconds
    if caller.manager:
        if now < caller.queued_at + rules.manager_only_seconds:
            return Need.MANAGER
        return Need.MANAGER_FIRST if anybody else Need.MANAGER_OR_SENIOR
    if caller.senior:
        return Need.SENIOR_FIRST if anybody else Need.SENIOR
    return Need.ANY


class _Profile:
    """Seats of one level with the same skills and classes: the orders they stand in, the lines they serve."""

    __slots__ = ("classes", "level", "lines", "orders", "reserve", "skills")

    def __init__(self, seat: IdleSeat, orders: tuple[_Seats, ...]) -> None:
        self.level, self.skills, self.classes = seat.level, seat.skills, seat.classes
        self.orders = orders
        self.lines = 0
        self.reserve = 0
        """Of these, those that it serves only after a wait."""

    def serve(self, line: _Line) -> None:
        if any(order.bit & (line.good_mask | line.reserve) for order in self.orders):
            self.lines |= line.bit
        if any(order.bit & line.reserve for order in self.orders):
            self.reserve |= line.bit


class _Seats(Order):
    """Idle seats of one level that answer a service equally well, for the same classes."""

    __slots__ = ("bit", "classes", "level", "service", "skill")

    def __init__(self, bit: int, service: Service, level: Level, skill: int, classes: frozenset[CustomerClass]) -> None:
        super().__init__()
        self.bit, self.service, self.level, self.skill, self.classes = bit, service, level, skill, classes


class _Line:
    """Callers who may have the same seats, and those seats, best first."""

    __slots__ = ("_ranks", "bit", "callers", "good", "good_mask", "ranks", "reserve", "wide_after")

    def __init__(self, bit: int, wide_after: float) -> None:
        self.bit = bit
        self.wide_after = wide_after
        """Seconds from a place in this line to the moment from which any seat with the service does."""
        self.callers = Order()
        self._ranks: dict[tuple[bool, int, int], list[_Seats]] = {}
        self.good: tuple[tuple[int, tuple[_Seats, ...]], ...] = ()
        """Orders of equally good seats with their bits, the best first."""
        self.ranks: tuple[tuple[int, tuple[_Seats, ...]], ...] = ()
        """The same, followed by those that come in only after a wait."""
        self.good_mask = 0
        self.reserve = 0
        """Bits of the orders that come in only after a wait."""

    def add(self, rank: tuple[bool, int, int], seats: _Seats) -> None:
        """Let these seats serve this line; a lower rank is better, and one that begins with True must wait."""
        self._ranks.setdefault(rank, []).append(seats)
        alike = [(each[0], tuple(self._ranks[each])) for each in sorted(self._ranks)]
        self.ranks = tuple((sum(each.bit for each in orders), orders) for _, orders in alike)
        self.good = tuple((sum(each.bit for each in orders), orders) for waits, orders in alike if not waits)
        if rank[0]:
            self.reserve |= seats.bit
        else:
            self.good_mask |= seats.bit


_MEMORY = 4_096
_SLACK = 64


class Matcher:
    """Waiting callers and idle seats, indexed.

    Orders of seats per service, level, skill and classes; lines of callers per service, class and need. An offer takes
    both out of the index: put them back with `add_caller` and `add_seat` if it comes to nothing. Sets of lines and of
    orders are bits of one number, so that looking only where something has changed costs next to nothing.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._idle: dict[str, Entry] = {}
        self._waiting: dict[str, Entry] = {}
        self._callers: dict[str, WaitingCaller] = {}
        self._seats: dict[tuple[Service, Level, int, frozenset[CustomerClass]], _Seats] = {}
        self._lines: dict[tuple[Service, CustomerClass, Need, int], _Line] = {}
        self._profiles: dict[tuple[Level, tuple[tuple[Service, int], ...], frozenset[CustomerClass]], _Profile] = {}
        self._profile_of: dict[str, _Profile] = {}
        self._fresh: list[tuple[Entry, _Profile]] = []
        """Seats that have become idle since the last look, not yet in their orders: on a busy floor the one seat that
        has become idle is taken at once."""
        self._chosen: dict[int, tuple[_Line, ...]] = {}
        self._reach: dict[int, int] = {}
        """Bits of the orders that serve any of a set of lines."""
        self._touched = 0
        """Lines that gained a caller or a seat since the last look."""
        self._joined = 0
        """Those that gained a caller."""
        self._occupied = 0
        """Lines in which somebody may wait."""
        self._stocked = 0
        """Orders in which a seat may be idle."""
        self._owned: dict[str, Order] = {}
        """Callers who wait for one seat alone, by seat."""
        self._owner_news: set[str] = set()
        self._widen_at = inf
        """No caller whose wait lets in another idle seat is to be found before."""
        self._relaxing: list[Entry] = []
        """(when more seats become good enough, uid), as a heap."""
        self._relaxing_in_turn: deque[Entry] = deque()
        """The same of those whose moment came after all before: nearly everybody's does."""

    def __repr__(self) -> str:
        return f"<Matcher: {len(self._waiting)} waiting, {len(self._idle)} idle>"

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def idle(self) -> int:
        return len(self._idle)

    # ---- callers ----------------------------------------------------------------------------------------------

    def add_caller(self, caller: WaitingCaller) -> None:
        """Let `caller` wait; the same uid again replaces what was known of it."""
        uid, queued_at = caller.uid, caller.queued_at
        entry = (queued_at - caller.priority * self._rules.ageing_seconds, uid)
        self._callers[uid] = caller
        self._waiting[uid] = entry
        if caller.owner and caller.owner not in caller.tried:
            owned = self._owned.get(caller.owner)
            if owned is None:
                owned = self._owned[caller.owner] = Order()
            owned.join(entry, self._waiting)
            self._owner_news.add(caller.owner)
            self._relax_at(caller.owner_until, uid)
            return
        self._join(entry, caller, queued_at)

    def _join(self, entry: Entry, caller: WaitingCaller, now: float) -> None:
        """Stand in the line that is right at `now`, until the next change."""
        need = need_of(caller, now, self._rules) if caller.senior or caller.manager else Need.ANY
        line = self._lines.get((caller.service, caller.customer_class, need, caller.priority))
        if line is None:
            line = self._new_line(caller.service, caller.customer_class, need, caller.priority)
        entries, waiting = line.callers.entries, self._waiting
        if entries and entry < entries[-1]:  # `join` without the call
            insort(entries, entry, lo=line.callers.start)
        else:
            entries.append(entry)
        if len(entries) > 2 * len(waiting) + _SLACK:
            line.callers.tidy(waiting)
        self._joined |= line.bit
        self._occupied |= line.bit
        wide_at = entry[0] + line.wide_after
        self._widen_at = min(self._widen_at, wide_at)
        if need is Need.ANY:
            return
        change = min((moment for moment in self._changes(caller) if moment > now), default=None)
        if change is not None:
            self._relax_at(change, caller.uid)

    def _changes(self, caller: WaitingCaller) -> list[float]:
        rules, since = self._rules, caller.queued_at
        changes = [since + rules.senior_only_seconds]
        if caller.manager:
            changes.append(since + rules.manager_only_seconds)
        return changes

    def _relax_at(self, moment: float, uid: str) -> None:
        in_turn = self._relaxing_in_turn
        if not in_turn or moment >= in_turn[-1][0]:
            in_turn.append((moment, uid))
        else:
            heappush(self._relaxing, (moment, uid))

    def remove_caller(self, uid: str) -> None:
        """Forget a caller; unknown ones are nothing to forget."""
        self._waiting.pop(uid, None)
        self._callers.pop(uid, None)

    def next_change(self) -> float | None:
        """When a waiting caller's choice of seats widens next, or None."""
        if self._fresh:
            self._settle()
        while self._relaxing and self._relaxing[0][1] not in self._waiting:
            heappop(self._relaxing)
        while self._relaxing_in_turn and self._relaxing_in_turn[0][1] not in self._waiting:
            self._relaxing_in_turn.popleft()
        firsts = [queue[0][0] for queue in (self._relaxing, self._relaxing_in_turn) if queue]
        self._look_for_wide(-inf)
        if self._widen_at < inf:
            firsts.append(self._widen_at)
        return min(firsts, default=None)

    def _look_for_wide(self, now: float) -> int:
        """Lines whose first caller has waited long enough for a seat that is idle and was not good enough before.

        A line holds one priority, so that nobody in it has waited longer than the first.
        """
        wide, self._widen_at = 0, inf
        for line in self._chosen.get(self._occupied) or self._choose(self._occupied):
            if line.reserve & self._stocked:
                head = line.callers.head(self._waiting)
                if head is None:
                    continue
                moment = head[0] + line.wide_after
                if moment <= now:
                    wide |= line.bit
                    self._widen_at = -inf  # whoever comes next in this line is looked at the next time
                elif moment < self._widen_at:
                    self._widen_at = moment
        return wide

    def _relax(self, now: float) -> None:
        due: list[str] = []
        while self._relaxing and self._relaxing[0][0] <= now:
            due.append(heappop(self._relaxing)[1])
        while self._relaxing_in_turn and self._relaxing_in_turn[0][0] <= now:
            due.append(self._relaxing_in_turn.popleft()[1])
        for uid in due:
            caller = self._callers.get(uid)
            if caller is None or (caller.owner and caller.owner not in caller.tried and now < caller.owner_until):
                continue
            entry = (self._waiting[uid][0], uid)  # a new object: the entry in the old line is stale from here on
            self._waiting[uid] = entry
            self._join(entry, caller, now)

    # ---- seats ------------------------------------------------------------------------------------------------

    def add_seat(self, seat: IdleSeat) -> None:
        """Let `seat` be offered; the same extension again replaces what was known of it. A supervisor's is not."""
        extension = seat.extension
        if seat.level is Level.SUPERVISOR:
            self._idle.pop(extension, None)
            return
        entry = (seat.idle_since, extension)
        self._idle[extension] = entry
        profile = self._profile_of.get(extension)
        if (
            profile is None
            or (profile.skills is not seat.skills and profile.skills != seat.skills)
            or profile.level is not seat.level
            or profile.classes != seat.classes
        ):
            profile = self._profile(seat)
        self._touched |= profile.lines
        self._fresh.append((entry, profile))
        if len(self._fresh) > 2 * len(self._idle) + _SLACK:
            self._settle()
        if self._owned and extension in self._owned:
            self._owner_news.add(extension)

    def remove_seat(self, extension: str) -> None:
        """Stop offering a seat; unknown ones are nothing to forget."""
        self._idle.pop(extension, None)
        if len(self._fresh) > 2 * len(self._idle) + _SLACK:
            self._settle()

    def _profile(self, seat: IdleSeat) -> _Profile:
        key = (seat.level, tuple(sorted(seat.skills.items())), seat.classes)
        found = self._profiles.get(key)
        if found is None:
            orders = tuple(
                self._order(service, seat.level, skill, seat.classes) for service, skill in seat.skills.items()
            )
            found = _Profile(seat, orders)
            for line in self._lines.values():
                found.serve(line)
            self._profiles[key] = found
        self._profile_of[seat.extension] = found
        return found

    def _order(self, service: Service, level: Level, skill: int, classes: frozenset[CustomerClass]) -> _Seats:
        key = (service, level, skill, classes)
        order = self._seats.get(key)
        if order is None:
            order = self._seats[key] = _Seats(1 << len(self._seats), service, level, skill, classes)
            for (asked, customer_class, need, _), line in self._lines.items():
                self._stand(order, line, asked, customer_class, need)
        return order

    def _new_line(self, service: Service, customer_class: CustomerClass, need: Need, priority: int) -> _Line:
        wide_after = priority * self._rules.ageing_seconds + self._rules.any_seat_seconds
        line = self._lines[service, customer_class, need, priority] = _Line(1 << len(self._lines), wide_after)
        for order in self._seats.values():
            self._stand(order, line, service, customer_class, need)
        for profile in self._profiles.values():
            profile.serve(line)
        return line

    def _stand(self, order: _Seats, line: _Line, service: Service, customer_class: CustomerClass, need: Need) -> None:
        """Let callers of `line` have seats of `order`, if they may."""
        levels = LEVELS[need]
        if order.service is service and order.level in levels:
            fits = order.skill >= self._rules.skill_wanted and (not order.classes or customer_class in order.classes)
            line.add((not fits, levels.index(order.level), -order.skill), order)
            self._reach.clear()

    def _settle(self) -> None:
        """Put seats that were not taken at once into their orders."""
        idle = self._idle
        most = 2 * len(idle) + _SLACK
        for entry, profile in self._fresh:
            if idle.get(entry[1]) is entry:
                for order in profile.orders:
                    order.join(entry, idle, most)
                    self._stocked |= order.bit
                if profile.reserve:
                    self._widen_at = -inf
        self._fresh.clear()

    # ---- offers -----------------------------------------------------------------------------------------------

    def offers(self, now: float) -> list[Offer]:
        """Every offer that can be made at `now`: owners with their callers, then best caller first.

        Only lines that gained a caller or a seat since the last call are looked at: in the others nothing has
        become possible.
        """
        in_turn = self._relaxing_in_turn
        if (in_turn and in_turn[0][0] <= now) or (self._relaxing and self._relaxing[0][0] <= now):
            self._relax(now)
        made = self._offer_to_owners() if self._owner_news else []
        joined, touched = self._joined, self._touched | self._joined
        self._joined = self._touched = 0
        if not self._idle:
            return made
        if len(self._fresh) == 1 and now < self._widen_at and not self._served_elsewhere(joined):
            offer = self._offer_fresh(now)
            if offer is not None:
                made.append(offer)
                return made
        if self._fresh:
            self._settle()
        if now >= self._widen_at:
            touched |= self._look_for_wide(now)
        bits = touched & self._occupied
        return made + self._offer_to_all(bits, now) if bits else made

    def _served_elsewhere(self, joined: int) -> int:
        """Whether a caller in these lines may have a good seat that has been idle before."""
        reach = self._reach.get(joined)
        if reach is None:
            reach = 0
            for line in self._choose(joined):
                reach |= line.good_mask
            self._reach[joined] = reach
        return reach & self._stocked

    def _offer_to_owners(self) -> list[Offer]:
        made: list[Offer] = []
        for extension in sorted(self._owner_news):
            owned = self._owned[extension]
            head = owned.head(self._waiting)
            if head is None:
                del self._owned[extension]
            elif extension in self._idle:
                made.append(self._take(head[1], extension))
        self._owner_news.clear()
        return made

    def _offer_fresh(self, now: float) -> Offer | None:
        """The usual case on a busy floor: one seat has become idle, and gets the best caller it may serve.

        Nobody else can be given a seat then: whoever waited before found none, and no older idle seat fits who joined.
        """
        entry, profile = self._fresh[0]
        if self._idle.get(entry[1]) is not entry:
            return None
        bits, reserve = profile.lines & self._occupied, profile.reserve
        waiting = self._waiting
        best: Entry | None = None
        for line in self._chosen.get(bits) or self._choose(bits):
            order = line.callers
            head: Entry | None
            if order.start >= len(order.entries) or waiting.get((head := order.entries[order.start])[1]) is not head:
                head = order.head(waiting)
            if head is None:
                self._occupied &= ~line.bit
            elif (best is None or head < best) and not (reserve & line.bit and now < head[0] + line.wide_after):
                best = head
        if best is None:
            return None
        self._fresh.clear()
        uid, extension = best[1], entry[1]
        del waiting[uid], self._callers[uid], self._idle[extension]
        return Offer(uid, extension)

    def _offer_to_all(self, bits: int, now: float) -> list[Offer]:
        waiting, callers, idle = self._waiting, self._callers, self._idle
        made: list[Offer] = []
        heads: list[tuple[Entry, int, _Line]] = []
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
            wide = line.reserve and now >= caller[0] + line.wide_after
            seat = self._best_seat(line.ranks if wide else line.good, callers[uid].tried)
            if seat is None:
                heappop(heads)
                continue
            made.append(self._take(uid, seat[1]))
            if not idle:
                break
            following = line.callers.head(waiting)
            if following is None:
                heappop(heads)
            else:
                heapreplace(heads, (following, bit, line))
        return made

    def _take(self, uid: str, extension: str) -> Offer:
        del self._waiting[uid], self._callers[uid], self._idle[extension]
        return Offer(uid, extension)

    def _choose(self, bits: int) -> tuple[_Line, ...]:
        if len(self._chosen) > _MEMORY:
            self._chosen.clear()
            self._reach.clear()
        lines = tuple(line for line in self._lines.values() if line.bit & bits)
        self._chosen[bits] = lines
        return lines

    def _best_seat(self, ranks: tuple[tuple[int, tuple[_Seats, ...]], ...], tried: frozenset[str]) -> Entry | None:
        idle, stocked = self._idle, self._stocked
        second_best: Entry | None = None
        for mask, orders in ranks:
            if not stocked & mask:
                continue
            best: Entry | None = None
            in_vain: Entry | None = None
            for order in orders:
                entries = order.entries
                head = entries[order.start] if order.start < len(entries) else None
                if head is None or idle.get(head[1]) is not head:
                    head = order.head(idle)
                    if head is None:
                        self._stocked &= ~order.bit
                        continue
                if tried and head[1] in tried:
                    in_vain = head if in_vain is None or head < in_vain else in_vain
                    head = order.first_but(tried, idle)
                if head is not None and (best is None or head < best):
                    best = head
            if best is not None:
                return best
            second_best = second_best or in_vain
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
