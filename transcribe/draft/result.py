"""What the draft holds: the fields, the evidence of each and how far each can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from transcribe.draft.codes import (
    BUSINESS_NAMES,
    CATEGORY_NAMES,
    CAUSE_DETAIL_NAMES,
    CAUSE_NAMES,
    CONSENT_NAMES,
    KIND_NAMES,
    NATURE_NAMES,
    NUMBER_CHECK_NAMES,
    OUTCOME_NAMES,
    REPORT_NAMES,
    TAG_NAMES,
    Business,
    Category,
    Cause,
    CauseDetail,
    Consent,
    Kind,
    Nature,
    NumberCheck,
    Outcome,
    Report,
    Tag,
)

__all__ = [
    "BUSINESS_NAMES",
    "CATEGORY_NAMES",
    "CAUSE_DETAIL_NAMES",
    "CAUSE_NAMES",
    "CONSENT_NAMES",
    "KIND_NAMES",
    "NATURE_NAMES",
    "NUMBER_CHECK_NAMES",
    "OUTCOME_NAMES",
    "REPORT_NAMES",
    "TAG_NAMES",
    "Alternative",
    "Business",
    "Category",
    "Cause",
    "CauseDetail",
    "Consent",
    "Days",
    "DraftResult",
    "Evidence",
    "Kind",
    "Nature",
    "NumberCheck",
    "Outcome",
    "Report",
    "Tag",
]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A verbatim stretch of one turn and the seconds in which it was said: `turns[turn].text[first:last]` is `text`.

    `turn` is -1 in drafts that were stored before places were kept.
    """

    start: float
    end: float
    text: str
    turn: int = -1
    first: int = 0
    last: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "start": round(self.start, 2),
            "end": round(self.end, 2),
            "text": self.text,
            "turn": self.turn,
            "first": self.first,
            "last": self.last,
        }


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another value that a field might have, with why it might."""

    value: str
    confidence: float
    evidence: tuple[Evidence, ...]
    reason: str | None = None
    """Why it is worth a look, where the words alone do not say, such as `one digit off the calling number`."""
    source: str | None = None
    """`llm` where a language model proposed it."""

    def to_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "value": self.value,
            "confidence": round(self.confidence, 2),
            "evidence": [each.to_json() for each in self.evidence],
        }
        more = {"reason": self.reason, "source": self.source}
        return told | {name: value for name, value in more.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Days:
    """A moment in the caller's words and the calendar days it means, ISO, both included."""

    text: str
    first: str
    last: str

    def to_json(self) -> dict[str, str]:
        return {"text": self.text, "from": self.first, "to": self.last}


@dataclass(frozen=True, slots=True)
class DraftResult:
    """A draft as a clerk confirms or corrects it (D28).

    `phone` is digits only. `amount` is the sum in dispute in yuan as a plain decimal, "30" or "30.50". `dates`,
    `place`, `shop`, `request`, `what_happened` and `promised` are verbatim words. `days` are the dates as
    calendar days, which needs to know when the call was. `confidence` has every field but `summary`, which
    only puts the others into sentences; a field that was not found is None (or empty) with confidence 0. No
    field but `key_account` and `number_check`, which the call's own facts may tell, has a value without
    evidence, unless it is `other` at 0.
    """

    kind: Kind
    business: Business
    nature: Nature | None
    phone: str | None
    amount: str | None
    urgent: bool
    request: str | None
    summary: str
    dates: tuple[str, ...] = ()
    place: str | None = None
    what_happened: str | None = None
    category: Category | None = None
    report: Report | None = None
    reported: str | None = None
    """The number or line that bad information came from (D93)."""
    cause: Cause | None = None
    cause_detail: CauseDetail | None = None
    tags: tuple[Tag, ...] = ()
    outcome: Outcome | None = None
    shop: str | None = None
    promised: tuple[str, ...] = ()
    """What the seat promised (D111)."""
    consent: Consent | None = None
    days: tuple[Days, ...] = ()
    key_account: bool = False
    number_check: NumberCheck | None = None
    evidence: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict)
    confidence: Mapping[str, float] = field(default_factory=dict)
    alternatives: Mapping[str, tuple[Alternative, ...]] = field(default_factory=dict)
    """By field, best first, without the value that the field has."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Fields that were not filled by the rules: `llm`."""

    def to_json(self) -> dict[str, Any]:
        """The `draft` object of `hotline transcribe --json`."""
        return {
            "kind": self.kind.value,
            "business": self.business.value,
            "nature": _code(self.nature),
            "phone": self.phone,
            "amount": self.amount,
            "urgent": self.urgent,
            "request": self.request,
            "summary": self.summary,
            "dates": list(self.dates),
            "place": self.place,
            "what_happened": self.what_happened,
            "category": _code(self.category),
            "report": _code(self.report),
            "reported": self.reported,
            "cause": _code(self.cause),
            "cause_detail": _code(self.cause_detail),
            "tags": [tag.value for tag in self.tags],
            "outcome": _code(self.outcome),
            "shop": self.shop,
            "promised": list(self.promised),
            "consent": _code(self.consent),
            "days": [each.to_json() for each in self.days],
            "key_account": self.key_account,
            "number_check": _code(self.number_check),
            "evidence": {name: [each.to_json() for each in found] for name, found in self.evidence.items()},
            "confidence": {name: round(value, 2) for name, value in self.confidence.items()},
            "alternatives": {name: [each.to_json() for each in found] for name, found in self.alternatives.items()},
            "sources": dict(self.sources),
        }


def _code(value: StrEnum | None) -> str | None:
    return None if value is None else value.value
