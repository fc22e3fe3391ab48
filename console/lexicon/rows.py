"""The lexicon's words as the page lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from console.errors import N_
from transcribe.lexicon.versions import Change
from transcribe.lexicon.words import LexiconWord

FIELDS: Final[Mapping[str, str]] = {
    "kind": N_("Kind"),
    "business": N_("Business type"),
    "nature": N_("Nature"),
    "category": N_("Category"),
    "report": N_("What is reported"),
    "cause": N_("Root cause"),
    "cause_detail": N_("Cause in detail"),
    "urgent": N_("Urgent"),
    "phone": N_("Contact number"),
    "amount": N_("Amount claimed"),
    "dates": N_("When"),
    "place": N_("Where"),
    "shop": N_("Shop"),
    "what_happened": N_("What happened"),
    "request": N_("What is asked for"),
    "promised": N_("What was promised"),
    "consent": N_("Consent"),
}
"""Fields of a draft, in the order of the form."""


@dataclass(frozen=True, slots=True)
class WordRow:
    word: LexiconWord
    mark: str
    """`added`, `altered`, `removed` against what is live, or nothing."""
    accepted: int
    refused: int


def rows(
    words: Iterable[LexiconWord], change: Change, feedback: Mapping[str, tuple[int, int]], kind: str, find: str
) -> list[WordRow]:
    """The words of a version and those it took out; what changed first."""
    marks = {each.word: "added" for each in change.added} | {each.word: "altered" for each in change.altered}
    told = [WordRow(each, marks.get(each.word, ""), *feedback.get(each.word, (0, 0))) for each in words]
    told += [WordRow(each, "removed", *feedback.get(each.word, (0, 0))) for each in change.removed]
    shown = [
        row
        for row in told
        if kind in ("", row.word.kind.value) and (find in row.word.word or find in " ".join(row.word.pinyin))
    ]
    return sorted(shown, key=lambda row: not row.mark)
