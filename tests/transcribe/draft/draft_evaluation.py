"""Cases with their truth, a corrupter that slips as recognisers do, and the score of a draft."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from transcribe.draft import CallContext, DraftResult, extract
from transcribe.draft.sounds import classes, confusion_class, syllables
from transcribe.turns import Turn

HERE = Path(__file__).parent
FIELDS = (
    "kind", "business", "nature", "phone", "amount", "urgent", "ask", "category", "report", "reported", "cause",
    "cause_detail", "tags", "outcome", "consent", "number_check", "key_account", "days", "promised", "shop", "place",
)  # fmt: skip
_HOLDS = ("promised", "shop", "place")
"""Fields whose truth lists words that the value must hold; an empty list says that the value must be empty."""
CALLED = CallContext("13900000000", datetime(2026, 11, 18, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai")))
_SPEAKERS = {"c": "caller", "s": "seat", "x1": "speaker1", "x2": "speaker2"}
_PROTECTED = set("零〇一二两三四五六七八九十百千万幺么块元角毛分")


@dataclass(frozen=True)
class Case:
    id: str
    turns: tuple[Turn, ...]
    truth: dict[str, Any]


def load(name: str) -> tuple[Case, ...]:
    return tuple(_case(entry) for entry in yaml.safe_load((HERE / name).read_text("utf-8")))


def _case(entry: dict[str, Any]) -> Case:
    truth = {name: entry[name] for name in FIELDS if name in entry}
    if "heard" in entry:
        return Case(entry["id"], tuple(Turn(*turn) for turn in entry["heard"]), truth)
    turns: list[Turn] = []
    at = 0.5
    for line in entry["turns"]:
        speaker, text = line.split(": ", 1)
        seconds = max(0.4, len(text) / 4.5)
        turns.append(Turn(_SPEAKERS[speaker], round(at, 2), round(at + seconds, 2), text))
        at += seconds + 0.4
    return Case(entry["id"], tuple(turns), truth)


def corrupt(case: Case, seed: int, *, homophones: float = 0.1, lost: float = 0.02, marks: float = 0.5) -> Case:
    """The case as a poor recogniser hears it: other characters of the same or a similar sound, lost ones, few marks.

    Digits and units of money are spared by most slips (recognisers know them well), not by losses.
    """
    generator = random.Random(f"{seed}:{case.id}")
    turns = tuple(replace(turn, text=_slip(turn.text, generator, homophones, lost, marks)) for turn in case.turns)
    return replace(case, turns=turns)


def _slip(text: str, generator: random.Random, homophones: float, lost: float, marks: float) -> str:
    out: list[str] = []
    for character in text:
        if not "\u4e00" <= character <= "\u9fff":
            if character in "，。？、" and generator.random() < marks:
                continue
            out.append(character)
            continue
        chance = generator.random()
        if character in _PROTECTED:
            out.append(character)
        elif chance < lost:
            continue
        elif chance < lost + homophones:
            out.append(generator.choice(_sounding_like(character)))
        else:
            out.append(character)
    return "".join(out)


def _sounding_like(character: str) -> list[str]:
    same, similar = _by_sound()
    syllable = syllables(character)[0]
    return same[syllable] * 3 + similar[confusion_class(syllable)] or [character]


@cache
def _by_sound() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Frequent characters by syllable and by confusion class."""
    words = (HERE.parents[2] / "transcribe" / "draft" / "common_words.tsv").read_text("utf-8").splitlines()[2:]
    frequent = dict.fromkeys(each for line in words[:12_000] for each in line.split("\t")[0])
    same: dict[str, list[str]] = defaultdict(list)
    similar: dict[str, list[str]] = defaultdict(list)
    for character in frequent:
        syllable = syllables(character)[0]
        same[syllable].append(character)
        similar[confusion_class(syllable)].append(character)
    return same, similar


def wrong_fields(case: Case, draft: DraftResult) -> Iterator[tuple[str, Any, Any]]:
    """(field, truth, found) of each judged field that is wrong."""
    found = draft.to_json()
    for name, truth in case.truth.items():
        if name == "ask":
            request = draft.request or ""
            if not any(_sounds_in(word, request) for word in truth):
                yield name, truth, request
        elif name == "amount":
            if (truth is None) != (draft.amount is None) or (truth and float(truth) != float(draft.amount or 0)):
                yield name, truth, draft.amount
        elif name in _HOLDS:
            value = found[name] if isinstance(found[name], str) else " ".join(found[name] or ())
            if bool(value) != bool(truth) or not all(_sounds_in(word, value) for word in truth):
                yield name, truth, found[name]
        elif name == "days":
            days = [[each["from"], each["to"]] for each in found[name]]
            if bool(days) != bool(truth) or any(wanted not in days for wanted in truth):
                yield name, truth, days
        elif found[name] != truth:
            yield name, truth, found[name]


def _sounds_in(word: str, text: str) -> bool:
    """Whether `text` holds `word` or what it was misheard as: a request is verbatim, slips included."""
    size = len(word)
    return any(
        all(set(classes(a)) & set(classes(b)) for a, b in zip(word, text[at : at + size], strict=True))
        for at in range(len(text) - size + 1)
    )


def accuracy(cases: Iterable[Case]) -> dict[str, float]:
    """Field → share of the judged cases in which it is right."""
    judged: dict[str, int] = defaultdict(int)
    right: dict[str, int] = defaultdict(int)
    for case in cases:
        wrong = {name for name, _, _ in wrong_fields(case, extract(case.turns, CALLED))}
        for name in case.truth:
            judged[name] += 1
            right[name] += name not in wrong
    return {name: right[name] / judged[name] for name in FIELDS if judged[name]}
