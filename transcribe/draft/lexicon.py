"""The domain's terms and expressions as data: four YAML files, and the common words that guard them."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from transcribe.draft.sounds import confusion_class, syllables_in_context

HERE = Path(__file__).parent
FACETS = ("kind", "business", "nature", "urgent")
"""What every call is weighed for: `lexicon.yaml`, `patterns.yaml`."""
MORE_FACETS = ("category", "report", "cause", "cause_detail", "tags")
"""What is asked of suggestions, reports and complaints only: `facets.yaml`."""


@dataclass(frozen=True, slots=True)
class Term:
    """One term with the syllables it is read as and what a mention of it speaks for."""

    text: str
    syllables: tuple[str, ...]
    speaks_for: tuple[tuple[str, str, float], ...]
    """(facet, value, weight), such as ("business", "data", 4.0)."""
    near: re.Pattern[str] | None
    """What must stand near by for an everyday word of the same sound to be read as this term."""


@dataclass(frozen=True, slots=True)
class Pattern:
    facet: str
    value: str
    weight: float
    expression: re.Pattern[str]


@dataclass(frozen=True)
class Lexicon:
    terms: tuple[Term, ...]
    by_sound: Mapping[tuple[str, str], tuple[tuple[int, int], ...]]
    """Two neighbouring confusion classes → (number of the term, place of the first within it)."""
    single: Mapping[str, int]
    """Terms of one character, which are only found as written."""
    patterns: tuple[Pattern, ...]
    endings: Mapping[bool, tuple[tuple[str, float, re.Pattern[str]], ...]]
    """By whether the caller says it: (outcome, weight, expression), from `endings.yaml`."""
    cause_by_detail: Mapping[str, str]
    cause_by_nature: Mapping[str, str]
    amount_left: tuple[tuple[re.Pattern[str], float], ...]
    amount_right: tuple[tuple[re.Pattern[str], float], ...]
    common: Mapping[str, int]
    """Common words → how often they were counted."""
    longest_common: int
    log_total: float


@cache
def lexicon() -> Lexicon:
    """The lexicon of this installation, read once."""
    words: dict[str, Any] = _read("lexicon.yaml")
    expressions: dict[str, Any] = _read("patterns.yaml")
    more: dict[str, Any] = _read("facets.yaml")
    terms = _terms(words)
    common = dict(common_words())
    for term in terms:
        common.setdefault(term.text, 150)
    by_sound: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for number, term in enumerate(terms):
        sounds = [confusion_class(each) for each in term.syllables]
        for place, pair in enumerate(pairwise(sounds)):
            by_sound[pair].append((number, place))
    return Lexicon(
        terms=terms,
        by_sound={pair: tuple(places) for pair, places in by_sound.items()},
        single={term.text: number for number, term in enumerate(terms) if len(term.text) == 1},
        patterns=(*_patterns(expressions, FACETS), *_patterns(more, MORE_FACETS)),
        endings={True: _endings(_read("endings.yaml"), "caller"), False: _endings(_read("endings.yaml"), "seat")},
        cause_by_detail=more["by_detail"],
        cause_by_nature=more["by_nature"],
        amount_left=_scores(expressions["amount"]["left"]),
        amount_right=_scores(expressions["amount"]["right"]),
        common=common,
        longest_common=max(map(len, common)),
        log_total=math.log(sum(common.values())),
    )


def _read(name: str) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C, where PyYAML has it, is ten times quicker
    told: dict[str, Any] = yaml.load((HERE / name).read_text("utf-8"), Loader=loader)  # noqa: S506 - a safe loader
    return told


def _terms(words: Mapping[str, Any]) -> tuple[Term, ...]:
    speaks_for: dict[str, list[tuple[str, str, float]]] = defaultdict(list)
    for facet in ("business", "nature", "kind"):
        for value, by_weight in words[facet].items():
            for weight, listed in by_weight.items():
                for text in listed:
                    speaks_for[str(text)].append((facet, value, float(weight)))
    for weight, listed in words["urgent"].items():
        for text in listed:
            speaks_for[str(text)].append(("urgent", "all", float(weight)))
    for cue, listed in words["cue"].items():
        for text in listed:
            speaks_for[str(text)].append(("cue", cue, 1.0))
    for text in words["neutral"]:
        speaks_for[str(text)].append(("neutral", "", 0.0))
    _inherit_business(speaks_for)
    near = {term: re.compile("|".join(map(re.escape, listed))) for term, listed in words["near"].items()}
    return tuple(
        Term(text, syllables_in_context(text), tuple(facets), near.get(text)) for text, facets in speaks_for.items()
    )


def _inherit_business(speaks_for: dict[str, list[tuple[str, str, float]]]) -> None:
    """Give a term that names no business (网速慢) that of the weightiest term within it (网速), which it covers."""
    businesses = {text: entry for text, facets in speaks_for.items() for entry in facets if entry[0] == "business"}
    for text, facets in speaks_for.items():
        if text in businesses or any(facet == "neutral" for facet, _, _ in facets):
            continue
        within = [each for each in businesses if len(each) > 1 and each in text]
        if within:
            facets.append(businesses[max(within, key=lambda each: (businesses[each][2], len(each), each))])


def _patterns(expressions: Mapping[str, Any], facets: Sequence[str]) -> list[Pattern]:
    return [
        Pattern(facet, value, float(entry["w"]), re.compile(entry["re"]))
        for facet in facets
        for value, entries in expressions[facet].items()
        for entry in entries
    ]


def _endings(told: Mapping[str, Any], side: str) -> tuple[tuple[str, float, re.Pattern[str]], ...]:
    return tuple(
        (outcome, float(entry["w"]), re.compile(entry["re"]))
        for outcome, sides in told.items()
        for entry in sides.get(side, ())
    )


def _scores(entries: list[dict[str, Any]]) -> tuple[tuple[re.Pattern[str], float], ...]:
    return tuple((re.compile(entry["re"]), float(entry["w"])) for entry in entries)


@cache
def common_words() -> Mapping[str, int]:
    """Words of everyday with how often they were counted, two to four characters."""
    lines = (HERE / "common_words.tsv").read_text("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {word: int(count) for word, count in pairs}
