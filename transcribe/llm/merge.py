"""The draft with what a model proposed: empty and unsure fields filled where its words bear it out, the rest beside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from transcribe.draft.result import (
    Alternative,
    Business,
    Category,
    Cause,
    CauseDetail,
    DraftResult,
    Nature,
    Outcome,
    Report,
    Tag,
)
from transcribe.llm.justify import Justified

SOURCE = "llm"
_FILLS = {
    "business": Business, "nature": Nature, "category": Category, "report": Report, "cause": Cause,
    "cause_detail": CauseDetail, "outcome": Outcome, "phone": str, "reported": str, "amount": str, "request": str,
    "what_happened": str, "place": str, "shop": str,
}  # fmt: skip
"""Fields that may be filled, and what their values are. The kind is the rules' alone: all else hangs on it."""
_LISTS = {"tags": Tag, "promised": str}
_UNSURE = 0.35
_FILLED = 0.5
_BESIDE = 0.35
_MOST_ALTERNATIVES = 6


def merge(draft: DraftResult, found: Iterable[Justified]) -> DraftResult:
    """The draft with the proposals in it; nothing the rules were sure of is changed."""
    for each in found:
        draft = _taken(draft, each)
    return draft


def _taken(draft: DraftResult, told: Justified) -> DraftResult:
    name = told.field
    if name in _LISTS:
        held = list(getattr(draft, name))
        if told.value in held:
            return draft
        if not told.borne_out:
            return _beside(draft, told)
        value: Any = (*held, _LISTS[name](told.value))
        return _filled(draft, told, value, (*draft.evidence.get(name, ()), told.evidence))
    present = getattr(draft, name)
    if present is not None and str(present) == told.value:
        return draft
    empty = present is None or draft.confidence.get(name, 0.0) < _UNSURE
    if name in _FILLS and empty and told.borne_out:
        return _filled(_replaced(draft, name), told, _FILLS[name](told.value), (told.evidence,))
    return _beside(draft, told)


def _replaced(draft: DraftResult, name: str) -> DraftResult:
    """The draft with its unsure value among the alternatives."""
    value, found = getattr(draft, name), draft.evidence.get(name, ())
    if value is None or not found:
        return draft
    was = Alternative(str(value), draft.confidence.get(name, 0.0), found)
    return replace(draft, alternatives={**draft.alternatives, name: (was, *draft.alternatives.get(name, ()))})


def _filled(draft: DraftResult, told: Justified, value: Any, evidence: tuple[Any, ...]) -> DraftResult:
    name = told.field
    others = tuple(each for each in draft.alternatives.get(name, ()) if each.value != told.value)
    alternatives = {key: each for key, each in {**draft.alternatives, name: others}.items() if each}
    changed: dict[str, Any] = {name: value}
    return replace(
        draft,
        **changed,
        evidence={**draft.evidence, name: evidence},
        confidence={**draft.confidence, name: _FILLED},
        alternatives=alternatives,
        sources={**draft.sources, name: SOURCE},
    )


def _beside(draft: DraftResult, told: Justified) -> DraftResult:
    held = draft.alternatives.get(told.field, ())
    if any(each.value == told.value for each in held) or len(held) >= _MOST_ALTERNATIVES:
        return draft
    other = Alternative(told.value, _BESIDE, (told.evidence,), source=SOURCE)
    return replace(draft, alternatives={**draft.alternatives, told.field: (*held, other)})
