"""Stretches of seconds: merged, bounded, and what bytes of a file they are."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

Span = tuple[float, float]

MOST = 100
"""Stretches that are kept apart; where there are more, those that lie closest become one."""


def merged(spans: Iterable[Span], *, within: float = 0.0, limit: float = math.inf, most: int = MOST) -> list[Span]:
    """In order and apart: spans that lie `within` seconds of each other are one, and none leaves `[0, limit]`.

    What is no stretch of time (backwards, empty, not a number) is left out.
    """
    found: list[Span] = []
    kept = ((max(0.0, start), min(end, limit)) for start, end in spans if not any(map(math.isnan, (start, end))))
    for start, end in sorted(each for each in kept if each[0] < each[1]):
        if found and start - found[-1][1] <= within:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    while len(found) > most:
        gaps = [after[0] - before[1] for before, after in pairwise(found)]
        at = gaps.index(min(gaps))
        found[at : at + 2] = [(found[at][0], found[at + 1][1])]
    return found


def total(spans: Iterable[Span]) -> float:
    return sum(end - start for start, end in spans)


def to_json(spans: Iterable[Span]) -> list[list[float]]:
    return [[round(start, 2), round(end, 2)] for start, end in spans]


def from_json(rows: Iterable[Iterable[float]]) -> list[Span]:
    return [(float(start), float(end)) for start, end in rows]


def of_bytes(first: int, last: int, size: int, seconds: float) -> Span:
    """About which seconds bytes `first` to `last` (included) of a file hold: its length in proportion."""
    return first / size * seconds, (last + 1) / size * seconds
