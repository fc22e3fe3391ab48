"""The draw of calls for inspection: 5 % of each business type per day, rounded up (D64); two a week per seat (D65).

Pure. The algorithm is `sha256-rank-1`, and an auditor can repeat it with any tool:

1. The calls of one day and one business type form a group of n.
2. Each call gets the key SHA-256 of the UTF-8 text `seed|day|business|id`, with the seed in decimal digits.
3. The calls are ranked by that key, as hexadecimal text; the first ceil(rate x n) of them are drawn.

So the same seed draws the same ids from the same rows in any order and on any machine; a greater rate only adds to what
a smaller one drew; and a call that arrives late can displace another but never reshuffles the rest. The share is
counted in exact fractions: 5 % of 40 is 2, not the 3 that binary floating point would make of it elsewhere.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from types import MappingProxyType

from qa.errors import BadRate, BadRows

ALGORITHM = "sha256-rank-1"
CALLS_A_WEEK = 2
"""D65: each person's calls are inspected at least twice a week."""


@dataclass(frozen=True, slots=True)
class Row:
    """One finished call. `day` is YYYY-MM-DD on the centre's calendar; `seat` is empty when no seat took it."""

    id: str
    day: str
    business: str
    seat: str


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A seat with fewer than two inspected calls in an ISO week (`2026-W47`)."""

    seat: str
    week: str
    drawn: int
    available: int
    """Calls of that seat in that week among the rows."""
    short: int


@dataclass(frozen=True, slots=True)
class DrawResult:
    seed: int
    rate: Fraction
    rows: int
    drawn: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Day → business → ids in the order of their rank; without those drawn before."""
    shortfalls: tuple[Shortfall, ...]
    algorithm: str = ALGORITHM

    def ids(self) -> frozenset[str]:
        return frozenset(each for day in self.drawn.values() for ids in day.values() for each in ids)


def exact_rate(rate: str | float | Decimal | Fraction) -> Fraction:
    """The share as an exact fraction: what is written counts, so the float 0.05 is one twentieth.

    Raises BadRate unless it lies in (0, 1].
    """
    try:
        value = rate if isinstance(rate, Fraction) else Fraction(Decimal(str(rate).strip()))
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise BadRate(f"the rate must be a decimal number such as 0.05, not {str(rate)!r}") from error
    if not 0 < value <= 1:
        raise BadRate(f"the rate must be above 0 and at most 1 (0.05 draws 5 %), not {rate}")
    return value


def quota(population: int, rate: Fraction) -> int:
    """How many of `population` calls are drawn: the share rounded up (D64)."""
    return -(-population * rate.numerator // rate.denominator)


def rank_key(seed: int, row: Row) -> str:
    """Where a call stands in its group: the smaller, the sooner it is drawn."""
    return hashlib.sha256(f"{seed}|{row.day}|{row.business}|{row.id}".encode()).hexdigest()


def iso_week(day: str) -> str:
    """`2026-11-21` → `2026-W47`; the year is the week's, so 2027-01-01 lies in 2026-W53."""
    year, week, _ = date.fromisoformat(day).isocalendar()
    return f"{year}-W{week:02d}"


def draw(
    rows: Iterable[Row], rate: str | float | Decimal | Fraction, seed: int, already: Iterable[str] = ()
) -> DrawResult:
    """Draw `rate` of each day's calls of each business type; raises BadRate and BadRows.

    Calls in `already` were drawn before and stay drawn: they count towards the share, and only what is missing is drawn
    from the others, by rank. That is how a day is topped up when calls of it arrive late.
    """
    before = frozenset(already)
    share = exact_rate(rate)
    calls = tuple(rows)
    _refuse_bad(calls)
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in calls:
        groups[row.day, row.business].append(row)
    drawn: dict[str, dict[str, tuple[str, ...]]] = {}
    for (day, business), group in sorted(groups.items()):
        ranked = sorted((row for row in group if row.id not in before), key=lambda row: (rank_key(seed, row), row.id))
        missing = quota(len(group), share) - (len(group) - len(ranked))
        drawn.setdefault(day, {})[business] = tuple(row.id for row in ranked[: max(0, missing)])
    taken = before | {each for day in drawn.values() for ids in day.values() for each in ids}
    return DrawResult(
        seed=seed,
        rate=share,
        rows=len(calls),
        drawn=MappingProxyType({day: MappingProxyType(by) for day, by in drawn.items()}),
        shortfalls=shortfalls(calls, taken),
    )


def shortfalls(rows: Iterable[Row], inspected: Iterable[str]) -> tuple[Shortfall, ...]:
    """Seats that took calls in a week of which fewer than two are among `inspected` (D65), by seat and week."""
    taken = frozenset(inspected)
    available: Counter[tuple[str, str]] = Counter()
    drawn: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row.seat:
            available[row.seat, iso_week(row.day)] += 1
            drawn[row.seat, iso_week(row.day)] += row.id in taken
    return tuple(
        Shortfall(seat, week, drawn[seat, week], count, CALLS_A_WEEK - drawn[seat, week])
        for (seat, week), count in sorted(available.items())
        if drawn[seat, week] < CALLS_A_WEEK
    )


def _refuse_bad(rows: tuple[Row, ...]) -> None:
    seen: set[str] = set()
    for row in rows:
        if not row.id:
            raise BadRows("a call without an id cannot be drawn; give every row an id")
        if row.id in seen:
            raise BadRows(f"the id {row.id!r} occurs twice; every call may be listed once")
        seen.add(row.id)
        try:
            plain = date.fromisoformat(row.day).isoformat() == row.day
        except ValueError:
            plain = False
        if not plain:
            raise BadRows(f"call {row.id!r}: {row.day!r} is not a day; write it as 2026-11-21")
