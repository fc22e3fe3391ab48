"""A second opinion: what the caller's wording as a whole sounds like, by a linear model over short runs of characters.

The expressions of the rules know the wordings they were given. This model weighs every run of one to three characters
that it met in at least two of the texts it was taught with (`bench/drafts/teach.py` makes `impression.json.gz` from
them), so that it also has a view on what no expression names. Its view joins the rules' tallies as one more mention, at
the clause that weighed most; where an expression was found as well, that one is the evidence. Figures are one and the
same sign to it, so that it holds no number.
"""

from __future__ import annotations

import gzip
import json
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from transcribe.draft.normalise import Line

HERE = Path(__file__).parent
LONGEST = 3
_NUMERALS = "0-9零〇一二三四五六七八九十百千万两幺"
_FIGURES = re.compile(f"[{_NUMERALS}]{{2,}}|[{_NUMERALS}](?=[块元毛分个天月年次回遍趟条兆g号点])")
_WORDS = re.compile("[\u3400-\u9fffa-z#]+")
_LAST_LINES = 5
"""How a talk ends is told by its last lines; of what kind it is, by both sides' but for the seat's greeting."""

_FAMILIAR_FROM, _FAMILIAR = 5, 10
"""Runs of two characters and more that must be known for an opinion at all, and for one that counts in full: of news
or songs the model knows next to none, and has no view."""

RAREST = 10.0
"""More than any run's rarity."""
_MIDDLE, _STEPS = 79, 44
"""Signs from `#` to `{` stand for the steps below and above nothing."""

Place = tuple[int, int, int]
"""`lines[0].text[1:2]`."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """One value of a field with its probability and the clause that spoke for it most."""

    value: str
    likely: float
    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Field:
    classes: tuple[str, ...]
    bias: tuple[float, ...]
    runs: Mapping[str, tuple[float, tuple[float, ...]]]
    """Run → how rare it is, and what it speaks for each class."""


def opinions(
    field: str, lines: Sequence[Line], found: Mapping[str, Sequence[Place]] | None = None
) -> tuple[Opinion, ...]:
    """The likelier values of `field`, likeliest first; none where too little of what was said is known.

    `found` are the field's `runs`, where they are at hand.
    """
    model = _models()[field]
    found = {
        run: places for run, places in (runs(field, lines) if found is None else found).items() if run in model.runs
    }
    familiar = sum(len(run.removeprefix("s:")) > 1 for run in found)
    if familiar < _FAMILIAR_FROM:
        return ()
    size = math.sqrt(sum(model.runs[run][0] ** 2 for run in found))
    sums = list(model.bias)
    for run in found:
        rarity, weights = model.runs[run]
        for at, weight in enumerate(weights):
            sums[at] += rarity * weight / size
    highest = max(sums)
    shares = [math.exp(each - highest) for each in sums]
    total = sum(shares)
    ranked = sorted(range(len(shares)), key=lambda at: -shares[at])
    trust = min(1.0, familiar / _FAMILIAR)
    told = ((at, trust * shares[at] / total, _strongest(at, model, found, lines, field)) for at in ranked[:3])
    return tuple(Opinion(model.classes[at], share, *place) for at, share, place in told if place is not None)


def runs(field: str, lines: Sequence[Line]) -> dict[str, list[Place]]:
    """Every run of one to three characters with its places: the caller's, or of both in the last lines of the talk."""
    found: dict[str, list[Place]] = defaultdict(list)
    for number, line in _lines_of(field, lines):
        who = "" if line.is_caller else "s:"
        text = _FIGURES.sub(lambda figures: "#" * len(figures[0]), line.text)
        for piece in _WORDS.finditer(text):
            for run, start, end in _runs_of(piece[0]):
                found[who + run].append((number, piece.start() + start, piece.start() + end))
    return found


def _lines_of(field: str, lines: Sequence[Line]) -> Iterator[tuple[int, Line]]:
    if field == "outcome":
        yield from list(enumerate(lines))[-_LAST_LINES:]
    elif field == "kind":
        first = next((number for number, line in enumerate(lines) if line.is_caller), len(lines))
        yield from list(enumerate(lines))[first:]
    else:
        yield from ((number, line) for number, line in enumerate(lines) if line.is_caller)


def _runs_of(text: str) -> Iterator[tuple[str, int, int]]:
    """Runs with their bounds; figures that stand together are one sign."""
    signs: list[tuple[str, int, int]] = []
    for at, character in enumerate(text):
        if character == "#" and signs and signs[-1][0] == "#":
            signs[-1] = ("#", signs[-1][1], at + 1)
        else:
            signs.append((character, at, at + 1))
    for size in range(1, LONGEST + 1):
        for first in range(len(signs) - size + 1):
            part = signs[first : first + size]
            yield "".join(sign for sign, _, _ in part), part[0][1], part[-1][2]


def _strongest(
    at: int, model: _Field, found: Mapping[str, Sequence[Place]], lines: Sequence[Line], field: str
) -> Place | None:
    """The clause whose runs speak most for a class, beyond what they do for the others.

    How a talk ends is the seat's to say: a statement of the seat comes before anything else.
    """
    clauses: dict[Place, float] = defaultdict(float)
    for run, places in found.items():
        rarity, weights = model.runs[run]
        speaks = rarity * (weights[at] - sum(weights) / len(weights))
        for number, start, end in places[:3]:
            clauses[(number, *lines[number].clause(start, end))] += speaks
    ranked = sorted((each for each in clauses if clauses[each] > 0), key=lambda each: -clauses[each])
    stated = [each for each in ranked if field == "outcome" and _is_stated(lines[each[0]], each[2])]
    return next(iter(stated or ranked), None)


def _is_stated(line: Line, end: int) -> bool:
    return not line.is_caller and line.text[end : end + 1] != "?"


@cache
def _models() -> Mapping[str, _Field]:
    told: dict[str, Any] = json.loads(gzip.decompress((HERE / "impression.json.gz").read_bytes()))
    return {
        name: _Field(
            tuple(each["classes"]),
            tuple(each["bias"]),
            {
                run: (_number(signs[0], RAREST), tuple(_number(one, each["scale"]) for one in signs[1:]))
                for run, signs in each["runs"].items()
            },
        )
        for name, each in told["fields"].items()
    }


def sign(number: float, scale: float) -> str:
    """A number of at most `scale` either way as one sign, small ones the finer: figures take thrice the room."""
    step = round(_STEPS * math.sqrt(min(1.0, abs(number) / scale)))
    return chr(_MIDDLE + (step if number > 0 else -step))


@cache
def _number(sign: str, scale: float) -> float:
    step = (ord(sign) - _MIDDLE) / _STEPS
    return math.copysign(step * step, step) * scale
