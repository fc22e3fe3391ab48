"""How a draft stands against the truth: field by field, and whether its evidence lies in the right sentence.

What counts as right:
- codes, numbers, amounts, marks: one of the true values exactly (an amount as a number);
- `request`, `what_happened`: at least half of the true characters in order, in no more than three times as many (and
  ten more); `place`, `shop`, `promised`, `dates`: at least six in ten, in no more than twice as many (and ten more);
- `days`: the same first and last day; `tags`: each by itself.
Figures are compared as they are read out, so that 三十 and 30 are the same. A field that the truth leaves open is not
judged unless it holds one of the values that would be right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cer import errors, readings
from corpus import FIELDS, LISTS, OF_THE_CALL, TEXTS, Call
from rapidfuzz.distance import LCSseq

from transcribe.turns import CALLER, SEAT, Turn

Span = tuple[float, float]
NEAR = 0.3
"""Seconds by which evidence may stand outside the sentence that justifies it: a word's start is not sharper."""
LOOSE = {"request", "what_happened"}


@dataclass
class Tally:
    """Counts of one field over calls."""

    right: int = 0
    wrong: int = 0
    """Values that are not true, missing ones apart."""
    missed: int = 0
    pieces: int = 0
    """Pieces of evidence behind right values; a right value without any counts as one."""
    placed: int = 0
    """Those in a sentence that justifies the value."""

    @property
    def precision(self) -> float | None:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        return self.right / (self.right + self.missed) if self.right + self.missed else None

    @property
    def f1(self) -> float | None:
        """None where the field is neither said nor found."""
        total = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / total if total else None


@dataclass
class Scores:
    """Counts over the calls of one half under one condition."""

    fields: dict[str, Tally] = field(default_factory=lambda: {name: Tally() for name in FIELDS})
    edits: int = 0
    characters: int = 0
    calls: int = 0
    invented: list[str] = field(default_factory=list)
    """`id: field` of every value in an enquiry for which nothing was said."""
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def cer(self) -> float:
        return self.edits / self.characters if self.characters else 0.0

    @property
    def evidence(self) -> float:
        """Share of evidence that lies in the right sentence."""
        pieces = sum(each.pieces for each in self.fields.values())
        return sum(each.placed for each in self.fields.values()) / pieces if pieces else 0.0


@dataclass(frozen=True)
class Mistake:
    call: str
    field: str
    truth: str
    found: str


def add(scores: Scores, call: Call, spans: Sequence[Span], turns: Sequence[Turn], draft: Mapping[str, Any]) -> None:
    """Score one call's draft, as `DraftResult.to_json` gives it; `spans` are the true seconds of its sentences."""
    scores.calls += 1
    _characters(scores, call, spans, turns)
    for name in FIELDS:
        tally = scores.fields[name]
        before = (tally.wrong, tally.missed)
        if name in LISTS:
            right, invented, told = _several(call, name, draft.get(name) or [], tally)
        else:
            right, invented, told = _single(call, name, draft.get(name) or None, tally)
        if (tally.wrong, tally.missed) != before:
            scores.mistakes.append(Mistake(call.id, name, told, str(draft.get(name))))
        if invented and str(call.truth["kind"]).startswith("enquiry"):
            scores.invented.append(f"{call.id}: {name}")
        if right and name not in OF_THE_CALL:
            _place(tally, call, name, spans, draft)


def _single(call: Call, name: str, found: Any, tally: Tally) -> tuple[bool, bool, str]:
    truth = call.field(name)
    told = "|".join(str(each) for each in truth.values) or "-"
    must = truth.judged and bool(truth.values) and not truth.may_be_empty
    if found is None:
        tally.missed += must
        return False, False, told
    if any(_same(name, each, found) for each in truth.values):
        tally.right += 1
        return True, False, told
    if not truth.judged:
        return False, False, told
    tally.wrong += 1
    tally.missed += must
    return False, not truth.values, told


def _several(call: Call, name: str, found: Iterable[Any], tally: Tally) -> tuple[bool, bool, str]:
    wanted = call.items(name)
    told = str([forms for forms, _ in wanted])
    left = list(wanted)
    right = wrong = 0
    for each in found:
        value = (each["from"], each["to"]) if name == "days" else each
        hit = next((item for item in left if any(_same(name, form, value) for form in item[0])), None)
        if hit is not None:
            left.remove(hit)
            right += not hit[1]
        elif not any(_same(name, form, value) for forms, _ in wanted for form in forms) and not _no_day(name, value):
            wrong += 1
    tally.right += right
    tally.wrong += wrong
    tally.missed += sum(not may_be_missing for _, may_be_missing in left)
    return right > 0, wrong > 0 and not wanted, told


def _no_day(name: str, value: Any) -> bool:
    """A stretch of time such as 三天 or a clock time is a date to some and none to others: it is not judged."""
    return name == "dates" and not any(mark in value for mark in "月号日周昨前今明后年拜期")


def _same(name: str, truth: Any, found: Any) -> bool:
    if name == "amount":
        return float(truth) == float(found)
    if name in TEXTS or name in {"promised", "dates"}:
        return _alike(str(truth), str(found), *((0.5, 3) if name in LOOSE else (0.6, 2)))
    return bool(truth == found)


def _alike(truth: str, found: str, least: float, most: float) -> bool:
    return any(
        LCSseq.similarity(wanted, got) >= least * len(wanted) and len(got) <= most * len(wanted) + 10
        for wanted in set(readings(truth))
        for got in set(readings(found))
    )


def _place(tally: Tally, call: Call, name: str, spans: Sequence[Span], draft: Mapping[str, Any]) -> None:
    justified = [spans[at] for at in call.justified(name)]
    if not justified:  # business `other` needs no sentence
        return
    pieces = (draft.get("evidence") or {}).get(name) or []
    tally.pieces += max(1, len(pieces))
    for piece in pieces:
        middle = (piece["start"] + piece["end"]) / 2
        tally.placed += any(start - NEAR <= middle <= end + NEAR for start, end in justified)


def _characters(scores: Scores, call: Call, spans: Sequence[Span], turns: Sequence[Turn]) -> None:
    split = {turn.speaker for turn in turns} <= {CALLER, SEAT}
    order = sorted(range(len(spans)), key=lambda at: spans[at])
    for speaker in (CALLER, SEAT) if split else ("",):
        said = "".join(call.turns[at].text for at in order if speaker in ("", call.turns[at].speaker))
        got = "".join(turn.text for turn in turns if speaker in ("", turn.speaker))
        edits, length = errors(said, got)
        scores.edits, scores.characters = scores.edits + edits, scores.characters + length
