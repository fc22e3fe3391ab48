"""The draft read out of a call against the form that its agent filled in, field by field (D68).

Pure. A difference is a finding for a person to look at, with the seconds to listen to, and never a verdict: the agent
may know from the screen what the caller did not say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from cases.likeness import same
from transcribe.draft.days import days_written


class Verdict(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    ONLY_DRAFT = "only_draft"
    """The call says it and the form does not."""
    ONLY_FORM = "only_form"
    """The form says it, and nothing in the call was found for it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Words of the call and their seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that at least one side says."""

    field: str
    verdict: Verdict
    drafted: Any
    registered: Any
    evidence: tuple[Heard, ...]
    confidence: float
    counted: bool
    """Whether it is sure enough to be a finding; others are shown and not counted."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A finding for the score card; whether it counts, and how much, is the inspector's decision."""

    code: str
    """Item of the score card."""
    fields: tuple[str, ...]
    second: float | None


FIELDS: Final = (
    "kind", "business", "nature", "category", "cause", "cause_detail", "urgent", "phone", "amount", "dates", "place",
    "what_happened", "request", "promised", "consent",
)  # fmt: skip
SURE: Final = 0.5
"""A drafted value below this confidence is no finding."""
MUST_BE_NOTED: Final = frozenset({"phone", "amount", "dates", "place", "request", "promised", "consent", "urgent"})
"""What the call says and the form must say too (D10, D68); of the others only a contradiction is a finding."""
INCOMPLETE: Final = "record_incomplete"
INACCURATE: Final = "record_inaccurate"

_NAMES: Final = {"cause_detail": "detail"}
"""Field of the draft → its name on the form."""
_CODES: Final[Mapping[str, Mapping[str, str | None]]] = {
    "category": {"operation": "operation_service"},
    "cause": {"content": "information_content", "handling": "complaint_handling"},
    "consent": {"agreed": "given", "not_asked": None},
    "cause_detail": {
        "voice_information": "voice_information_charge", "data_by_default": "data_on_by_default",
        "channel": "channel_subscription", "appointment": "appointment_missed", "partner_shop": "partner_error",
        "plan_explained": "plan_explained_badly", "forced_service": "forced_value_added",
        "sim_fee": "sim_replacement_fee", "vip_same": "vip_not_different",
    },
}  # fmt: skip
"""Codes of the form that the draft calls otherwise."""


def compare(
    draft: Mapping[str, Any], form: Mapping[str, str], called_at: datetime | None = None
) -> tuple[Difference, ...]:
    """Every field that either side says, in the order of the form.

    `draft` is a draft's JSON, `form` what the agent typed. With `called_at` (aware) dates count as the same where they
    are the same days, 上周五 and 20日.
    """
    found = (_field(name, draft, form, called_at) for name in FIELDS)
    return tuple(each for each in found if each is not None)


def proposals(differences: Sequence[Difference]) -> tuple[Proposal, ...]:
    """What an inspector is shown beside the score card's items, at the earliest second there is to hear."""
    by_code = {
        INCOMPLETE: [each for each in differences if each.counted and each.verdict is Verdict.ONLY_DRAFT],
        INACCURATE: [each for each in differences if each.counted and each.verdict is Verdict.DIFFERENT],
    }
    return tuple(
        Proposal(
            code,
            tuple(each.field for each in found),
            min((one.start for each in found for one in each.evidence), default=None),
        )
        for code, found in by_code.items()
        if found
    )


def _field(
    name: str, draft: Mapping[str, Any], form: Mapping[str, str], called_at: datetime | None
) -> Difference | None:
    drafted = _said(draft.get(name))
    registered = _registered(name, form)
    if drafted is None and registered is None:
        return None
    confidence = float(draft.get("confidence", {}).get(name) or 0.0) if drafted is not None else 0.0
    evidence = tuple(
        Heard(float(one["start"]), float(one["end"]), str(one["text"]))
        for one in draft.get("evidence", {}).get(name, ())
    )
    if drafted is None:
        verdict = Verdict.ONLY_FORM
    elif registered is None:
        verdict = Verdict.ONLY_DRAFT
    else:
        alike = same(name, drafted, registered) or (name == "dates" and _same_days(draft, registered, called_at))
        verdict = Verdict.SAME if alike else Verdict.DIFFERENT
    counted = bool(evidence) and confidence >= SURE and _is_finding(name, verdict)
    return Difference(name, verdict, drafted, registered, evidence, confidence, counted)


def _is_finding(name: str, verdict: Verdict) -> bool:
    return verdict is Verdict.DIFFERENT or (verdict is Verdict.ONLY_DRAFT and name in MUST_BE_NOTED)


def _registered(name: str, form: Mapping[str, str]) -> Any:
    text = form.get(_NAMES.get(name, name), "").strip()
    if name == "urgent":
        return True if text else None
    return _CODES.get(name, {}).get(text, text or None)


def _said(value: Any) -> Any:
    return None if value in (None, False, "", [], ()) else value


def _same_days(draft: Mapping[str, Any], registered: str, called_at: datetime | None) -> bool:
    """Whether what the agent wrote means days that the caller named."""
    if called_at is None:
        return False
    meant = {(each.first, each.last) for each in days_written(registered, called_at.date())}
    said = {(each["from"], each["to"]) for each in draft.get("days") or ()}
    return bool(meant & said)
