"""The live model's values in a draft, under the draft's own rule: no evidence, no value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final

from transcribe.draft.codes import Business, Cause, Kind, Nature
from transcribe.draft.result import Alternative, DraftResult
from transcribe.draft.summary import summarise
from transcribe.learned.model import FIELDS, NONE, Guess, Model
from transcribe.turns import Turn

CODES: Final[Mapping[str, type[StrEnum]]] = {"kind": Kind, "business": Business, "nature": Nature, "cause": Cause}
MOST_SURE = 0.95
"""A model that was right on forms it has seen is not surer than this of a call that it has not."""
NOT_OF: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.COMPLAINT: ("category", "report", "reported"),
    Kind.SUGGESTION: ("nature", "cause", "cause_detail", "amount", "consent", "report", "reported", "tags"),
    Kind.ENQUIRY: ("nature", "cause", "cause_detail", "amount", "category", "report", "reported", "tags"),
    Kind.REPORT: ("category", "cause_detail", "consent", "tags"),
}
"""Fields that the rules read under the kind they had found and that another kind has not."""


def apply(draft: DraftResult, turns: Sequence[Turn], model: Model | None) -> DraftResult:
    """The draft with the model's values where the version takes over and a word of the call speaks for its value.

    `turns` are those the draft was read from. Pure; a draft without a model is returned as it is.
    """
    if model is None or not model.takes_over:
        return draft
    guesses = model.guesses(turns, [name for name in FIELDS if name in model.takes_over])
    found = draft
    for name, guess in guesses.items():
        value = code_of(name, guess)
        fits = found.kind in {Kind.COMPLAINT, Kind.REPORT} or name in {"kind", "business"}
        if guess.evidence and fits and (value is not None or name in {"nature", "cause"}):
            found = _with(found, name, value, guess, model.version)
    return summarise(found) if found is not draft else draft


def code_of(name: str, guess: Guess) -> StrEnum | None:
    """The guessed value as the draft's own; None for an empty field, or a code that the draft no longer has."""
    if guess.value == NONE:
        return None
    try:
        return CODES[name](guess.value)
    except ValueError:
        return None


def _with(draft: DraftResult, name: str, value: StrEnum | None, guess: Guess, version: int) -> DraftResult:
    sure = min(MOST_SURE, guess.ranked[0][1])
    before = getattr(draft, name)
    evidence, confidence = dict(draft.evidence), dict(draft.confidence)
    alternatives, sources = dict(draft.alternatives), dict(draft.sources)
    evidence[name] = guess.evidence
    confidence[name] = sure
    if value is None:  # the words say that there is nothing to say
        del evidence[name]
        confidence[name] = 0.0
    if before is not None and before != value:
        rules = Alternative(
            before.value, confidence=draft.confidence.get(name, 0.0), evidence=draft.evidence.get(name, ())
        )
        others = tuple(each for each in alternatives.get(name, ()) if each.value not in {value, before.value})
        alternatives[name] = (rules, *others)
    sources[name] = f"learned:{version}"
    changed: dict[str, Any] = {
        name: value, "evidence": evidence, "confidence": confidence, "alternatives": alternatives, "sources": sources,
    }  # fmt: skip
    if name == "kind" and value != before:
        assert isinstance(value, Kind)
        for other in NOT_OF[value]:
            changed[other] = () if other == "tags" else None
            confidence[other] = 0.0
            evidence.pop(other, None)
            alternatives.pop(other, None)
    return replace(draft, **changed)
