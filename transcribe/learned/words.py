"""Runs of two to four characters in a call's turns, and where they stand.

Figures are left out, spoken ones too, and cut a run: a model must hold no number that a caller said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from transcribe.turns import Turn

SHORTEST, LONGEST = 2, 4
_RUN = re.compile("[\u3400-\u9fffA-Za-z]+")
_FIGURES = re.compile("[0-9零〇一二三四五六七八九十百千万亿两幺洞＊]+")


@dataclass(frozen=True, slots=True)
class Place:
    """`turns[turn].text[first:last]`."""

    turn: int
    first: int
    last: int


def places(turns: Sequence[Turn]) -> dict[str, list[Place]]:
    """Every run of the call with its places, in order; Latin letters in lower case."""
    found: dict[str, list[Place]] = {}
    for at, turn in enumerate(turns):
        plain = _FIGURES.sub(lambda figures: " " * len(figures.group()), turn.text)
        for piece in _RUN.finditer(plain):
            text, start = piece.group().lower(), piece.start()
            for size in range(SHORTEST, LONGEST + 1):
                for first in range(len(text) - size + 1):
                    place = Place(at, start + first, start + first + size)
                    found.setdefault(text[first : first + size], []).append(place)
    return found
