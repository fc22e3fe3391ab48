"""The standard sheet (D28): a draft with the clerk's corrections, checked field by field, nothing mended silently.

Which fields a sheet has depends on its kind: a suggestion has a category (D6) and no nature, cause or consent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from cases.errors import WrongField
from transcribe.draft.codes import (
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
from transcribe.masking import masked_text

LONGEST_TEXT = 2000
LONGEST_LINE = 200
LONGEST_PROMISE = 500
MOST_DATES = 20
_PHONE = re.compile(r"\+?[0-9]{5,20}", re.ASCII)
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?", re.ASCII)
_REPORTED = re.compile(r"[^\s].{0,79}")
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What an order is made of. `fields` has the shape of a draft; `corrected` names what the clerk changed."""

    kind: Kind
    business: Business
    nature: Nature | None
    urgent: bool
    fields: dict[str, Any]
    corrected: tuple[str, ...]


_COMPLAINT: Final = frozenset(
    {"nature", "amount", "cause", "cause_detail", "tags", "consent", "promised", "shop", "outcome"}
)
ONLY_OF: Final[Mapping[Kind, frozenset[str]]] = {
    Kind.COMPLAINT: _COMPLAINT,
    Kind.SUGGESTION: frozenset({"category", "shop", "promised", "outcome"}),
    Kind.ENQUIRY: frozenset({"nature", "shop", "promised", "consent", "outcome"}),
    Kind.REPORT: frozenset({"nature", "amount", "report", "reported", "promised", "outcome"}),
}
"""Fields that only some kinds of case have; those that no kind names belong to all."""
_SOME: Final = frozenset[str]().union(*ONLY_OF.values())
DERIVED: Final = frozenset({"days", "number_check", "key_account"})
"""What follows from other fields or from the call itself; it is nobody's correction."""


def applies(field: str, kind: str | None) -> bool:
    """Whether a case of this kind has the field; of an unknown kind every field shows."""
    if field not in _SOME or kind not in set(Kind):
        return True
    return field in ONLY_OF[Kind(kind)]


def correct(
    draft: Mapping[str, Any], corrections: Mapping[str, Any], picked: Mapping[str, list[Any]] | None = None
) -> Sheet:
    """Put `corrections` over `draft`; raises WrongField for a name or a value that a sheet cannot have.

    A field that was changed loses its evidence and confidence, which spoke for the old value, and has that of `picked`
    where the clerk took its words from the turns; the others keep theirs (D123). A correction that says what the draft
    says is none. Fields that the kind does not have are emptied.
    """
    for name in corrections:
        if name not in _CHECKS:
            raise WrongField(name, f"the sheet has no such field; it has {', '.join(_CHECKS)}")
    proposed = {name: draft.get(name) for name in _CHECKS} | dict(corrections)
    kind = _CHECKS["kind"]("kind", proposed["kind"])
    # The draft's own values are checked too: what is confirmed must be a sheet whoever wrote it.
    values = {name: check(name, proposed[name] if applies(name, kind) else None) for name, check in _CHECKS.items()}
    if "dates" in corrections and "days" not in corrections:
        values["days"] = [day for day in values["days"] if day["text"] in values["dates"]]
    changed = {name for name in _CHECKS if said(values[name]) != said(draft.get(name))}
    fields = dict(values)
    for about in ("evidence", "confidence"):
        known = draft.get(about, {})
        fields[about] = {name: found for name, found in known.items() if name not in changed and applies(name, kind)}
    for name, found in (picked or {}).items():
        if found and name in _CHECKS and values[name]:
            fields["evidence"][name] = list(found)
    corrected = tuple(name for name in _CHECKS if name in corrections and name in changed - DERIVED)
    return Sheet(
        Kind(values["kind"]),
        Business(values["business"]),
        Nature(values["nature"]) if values["nature"] else None,
        values["urgent"],
        fields,
        corrected,
    )


def text(name: str, value: Any, longest: int = LONGEST_TEXT) -> str:
    """A person's words, without space at the ends; WrongField where there are none, too many or unprintable ones.

    Whoever reads an order or a reason reads them: what looks like a card number or a password is covered.
    """
    found = _optional(name, value, longest)
    if found is None:
        raise WrongField(name, "must be filled in")
    return found


def said(value: Any) -> Any:
    """A value to compare: what says nothing is None, whichever way it is written."""
    if value in (None, False, "", [], ()):
        return None
    return list(value) if isinstance(value, tuple) else value


def _maybe(choices: type[StrEnum]) -> Callable[[str, Any], str | None]:
    check = _one_of(choices)
    return lambda name, value: check(name, value) if value not in (None, "") else None


def _some_of(choices: type[StrEnum]) -> Callable[[str, Any], list[str]]:
    one = _one_of(choices)

    def check(name: str, value: Any) -> list[str]:
        if value is None:
            return []
        if not isinstance(value, list | tuple) or len(value) > len(choices):
            raise WrongField(name, f"must be a list of {', '.join(choice.value for choice in choices)}")
        return list(dict.fromkeys(one(name, each) for each in value))

    return check


def _one_of(choices: type[StrEnum]) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in {choice.value for choice in choices}:
            raise WrongField(name, f"must be one of {', '.join(choice.value for choice in choices)}")
        return value

    return check


def _yes_or_no(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise WrongField(name, "must be true or false")
    return value


def _mark(name: str, value: Any) -> bool:
    """Like `_yes_or_no`; drafts of before it was known say nothing of it."""
    return _yes_or_no(name, value) if value is not None else False


def _matching(pattern: re.Pattern[str], must: str) -> Callable[[str, Any], str | None]:
    def check(name: str, value: Any) -> str | None:
        found = _optional(name, value, LONGEST_LINE)  # of a card's number nothing is left that could match
        if found is not None and pattern.fullmatch(found) is None:
            raise WrongField(name, must)
        return found

    return check


def _optional(name: str, value: Any, longest: int = LONGEST_TEXT) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise WrongField(name, "must be text")
    if UNPRINTABLE.search(value):
        raise WrongField(name, "has characters that cannot be printed; type it again")
    found = value.strip()
    if len(found) > longest:
        raise WrongField(name, f"has {len(found)} characters; keep it under {longest}")
    return masked_text(found) or None


def _texts(longest: int) -> Callable[[str, Any], list[str]]:
    def check(name: str, value: Any) -> list[str]:
        if value is None:
            return []
        if not isinstance(value, list | tuple) or len(value) > MOST_DATES:
            raise WrongField(name, f"must be a list of at most {MOST_DATES} texts in the caller's words")
        return [text(name, each, longest) for each in value]

    return check


def _days(name: str, value: Any) -> list[dict[str, str]]:
    if value is None:
        return []
    if not isinstance(value, list | tuple) or len(value) > MOST_DATES:
        raise WrongField(name, f"must be a list of at most {MOST_DATES} days")
    return [_day(name, each) for each in value]


def _day(name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or set(value) != {"text", "from", "to"}:
        raise WrongField(name, "must have a text, a first day and a last day")
    said = text(name, value["text"], LONGEST_LINE)
    try:
        first, last = (date.fromisoformat(str(value[end])) for end in ("from", "to"))
    except ValueError as error:
        raise WrongField(name, "must be days such as 2026-11-21") from error
    if last < first:
        raise WrongField(name, "must not end before they begin")
    return {"text": said, "from": first.isoformat(), "to": last.isoformat()}


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "kind": _one_of(Kind),
    "business": _one_of(Business),
    "nature": _maybe(Nature),
    "category": _maybe(Category),
    "report": _maybe(Report),
    "reported": _matching(_REPORTED, "must be the number or line that it came from"),
    "urgent": _yes_or_no,
    "key_account": _mark,
    "phone": _matching(_PHONE, "must be 5 to 20 digits"),
    "number_check": _maybe(NumberCheck),
    "amount": _matching(_AMOUNT, "must be yuan in digits, such as 30 or 30.50"),
    "dates": _texts(LONGEST_LINE),
    "days": _days,
    "place": _optional,
    "shop": _optional,
    "what_happened": _optional,
    "request": _optional,
    "promised": _texts(LONGEST_PROMISE),
    "consent": _maybe(Consent),
    "cause": _maybe(Cause),
    "cause_detail": _maybe(CauseDetail),
    "tags": _some_of(Tag),
    "outcome": _maybe(Outcome),
    "summary": text,
}
FIELDS: Final = tuple(_CHECKS)
"""Names of a sheet's fields, in the order of its sections."""
