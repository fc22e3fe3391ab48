"""What other words would change in stored samples: suggestions that come and go, and whether they are right.

Pure. A suggestion is right where taking it brings the text nearer to what a person typed, or where the clerk wrote the
suggested word into the form in place of the one that was heard; elsewhere nobody knows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from transcribe.figures import Errors, errors_of_turns
from transcribe.lexicon.repair import Suggestion, suggest
from transcribe.lexicon.words import LexiconWord
from transcribe.turns import Turn


class Speaks(StrEnum):
    """What a measurement says about going live."""

    FOR = "for"
    NOTHING = "nothing"
    """There was no sample."""
    AGAINST = "against"
    """More wrong suggestions, or more errors, than with the words in use."""


class Judged(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sample:
    """A stored call and what people know of it."""

    call_uid: str
    turns: tuple[Turn, ...]
    reference: tuple[Turn, ...] | None = None
    written: tuple[str, ...] = ()
    """Texts of the form that a clerk wrote otherwise than they were drafted."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one list of words does to all samples."""

    right: int
    wrong: int
    unknown: int
    errors: Errors
    """In the calls with a reference, with every suggestion taken."""

    def to_json(self) -> dict[str, Any]:
        return {
            "right": self.right, "wrong": self.wrong, "unknown": self.unknown,
            "errors": self.errors.wrong, "characters": self.errors.said,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Turnover:
    """A suggestion that only one of the two lists makes."""

    heard: str
    meant: str
    times: int
    right: int
    wrong: int

    def to_json(self) -> list[Any]:
        return [self.heard, self.meant, self.times, self.right, self.wrong]


@dataclass(frozen=True, slots=True)
class Effect:
    samples: int
    references: int
    as_heard: Errors
    """In the calls with a reference, no suggestion taken."""
    before: Side
    after: Side
    gained: tuple[Turnover, ...]
    lost: tuple[Turnover, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "samples": self.samples, "references": self.references,
            "as_heard": {"errors": self.as_heard.wrong, "characters": self.as_heard.said},
            "before": self.before.to_json(), "after": self.after.to_json(),
            "gained": [each.to_json() for each in self.gained], "lost": [each.to_json() for each in self.lost],
        }  # fmt: skip


Found = tuple[Suggestion, Judged]


def effect(samples: Sequence[Sample], before: tuple[LexiconWord, ...], after: tuple[LexiconWord, ...]) -> Effect:
    """Compare two lists of words on the same samples."""
    found = [
        {side: judged(sample, words) for side, words in (("before", before), ("after", after))} for sample in samples
    ]
    known = [sample for sample in samples if sample.reference is not None]
    return Effect(
        len(samples),
        len(known),
        sum((errors_of_turns(sample.reference or (), sample.turns) for sample in known), Errors()),
        _side(samples, [each["before"] for each in found]),
        _side(samples, [each["after"] for each in found]),
        _turnover([_without(each["after"], each["before"]) for each in found]),
        _turnover([_without(each["before"], each["after"]) for each in found]),
    )


def speaks(result: Mapping[str, Any]) -> Speaks:
    """What a kept result, with or without calls recognised anew, says about going live."""
    if not result["samples"]:
        return Speaks.NOTHING
    before, after = result["before"], result["after"]
    worse = after["wrong"] > before["wrong"] or after["errors"] > before["errors"]
    anew = result.get("anew")
    if anew is not None:
        old, new = (Errors(anew[side]["errors"], anew[side]["characters"]).rate for side in ("before", "after"))
        worse = worse or (old is not None and new is not None and new > old)
    return Speaks.AGAINST if worse else Speaks.FOR


def judged(sample: Sample, words: tuple[LexiconWord, ...]) -> tuple[Found, ...]:
    """The suggestions that these words make in a sample, each with what is known of it."""
    return tuple((each, judge(sample, each)) for each in suggest(sample.turns, words))


def judge(sample: Sample, suggestion: Suggestion) -> Judged:
    if sample.reference is not None:
        near = errors_of_turns(sample.reference, taken(sample.turns, [suggestion])).wrong
        return Judged.RIGHT if near < errors_of_turns(sample.reference, sample.turns).wrong else Judged.WRONG
    if any(suggestion.heard in text for text in sample.written):
        return Judged.WRONG
    return Judged.RIGHT if any(suggestion.meant in text for text in sample.written) else Judged.UNKNOWN


def taken(turns: Sequence[Turn], suggestions: Iterable[Suggestion]) -> tuple[Turn, ...]:
    """Turns as they would read with these suggestions taken."""
    texts = [turn.text for turn in turns]
    for each in sorted(suggestions, key=lambda one: -one.first):
        texts[each.turn] = texts[each.turn][: each.first] + each.meant + texts[each.turn][each.last :]
    return tuple(replace(turn, text=text, words=()) for turn, text in zip(turns, texts, strict=True))


def _side(samples: Sequence[Sample], found: Sequence[Sequence[Found]]) -> Side:
    counts = Counter(verdict for each in found for _, verdict in each)
    errors = Errors()
    for sample, own in zip(samples, found, strict=True):
        if sample.reference is not None:
            errors += errors_of_turns(sample.reference, taken(sample.turns, [each for each, _ in own]))
    return Side(counts[Judged.RIGHT], counts[Judged.WRONG], counts[Judged.UNKNOWN], errors)


def _without(own: Sequence[Found], others: Sequence[Found]) -> list[Found]:
    known = {(each.turn, each.first, each.meant) for each, _ in others}
    return [(each, verdict) for each, verdict in own if (each.turn, each.first, each.meant) not in known]


def _turnover(found: Iterable[Iterable[Found]]) -> tuple[Turnover, ...]:
    counts: dict[tuple[str, str], Counter[Judged]] = {}
    for own in found:
        for each, verdict in own:
            counts.setdefault((each.heard, each.meant), Counter())[verdict] += 1
    told = [
        Turnover(heard, meant, each.total(), each[Judged.RIGHT], each[Judged.WRONG])
        for (heard, meant), each in counts.items()
    ]
    return tuple(sorted(told, key=lambda each: (-each.times, each.meant, each.heard)))
