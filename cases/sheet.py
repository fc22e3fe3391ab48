"""The standard sheet (D28): a draft with the clerk's corrections, checked field by field, nothing mended silently."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cases.errors import WrongField
from transcribe.draft import Business, Kind, Nature

LONGEST_TEXT = 2000
LONGEST_LINE = 200
MOST_DATES = 20
_PHONE = re.compile(r"\+?[0-9]{5,20}", re.ASCII)
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?", re.ASCII)
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What an order is made of. `fields` has the shape of a draft; `corrected` names what the clerk changed."""

    kind: Kind
    business: Business
    nature: Nature | None
    urgent: bool
    fields: dict[str, Any]
    corrected: tuple[str, ...]


def correct(draft: Mapping[str, Any], corrections: Mapping[str, Any]) -> Sheet:
    """Put `corrections` over `draft`; raises WrongField for a name or a value that a sheet cannot have.

    A field that was changed loses its evidence and confidence, which spoke for the old value; the others keep theirs
    (D123). A correction that says what the draft says is none.
    """
    for name in corrections:
        if name not in _CHECKS:
            raise WrongField(name, f"the sheet has no such field; it has {', '.join(_CHECKS)}")
    proposed = {name: draft.get(name) for name in _CHECKS} | dict(corrections)
    # The draft's own values are checked too: what is confirmed must be a sheet whoever wrote it.
    values = {name: check(name, proposed[name]) for name, check in _CHECKS.items()}
    corrected = tuple(name for name in _CHECKS if name in corrections and values[name] != _plain(draft.get(name)))
    fields = dict(values)
    for about in ("evidence", "confidence"):
        fields[about] = {name: found for name, found in draft.get(about, {}).items() if name not in corrected}
    return Sheet(
        Kind(values["kind"]),
        Business(values["business"]),
        Nature(values["nature"]) if values["nature"] else None,
        values["urgent"],
        fields,
        corrected,
    )


def text(name: str, value: Any, longest: int = LONGEST_TEXT) -> str:
    """A person's words, without space at the ends; WrongField where there are none, too many or unprintable ones."""
    found = _optional(name, value, longest)
    if found is None:
        raise WrongField(name, "must be filled in")
    return found


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _one_of(choices: type[StrEnum]) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in {choice.value for choice in choices}:
            raise WrongField(name, f"must be one of {', '.join(choice.value for choice in choices)}")
        return value

    return check


def _nature(name: str, value: Any) -> str | None:
    return _one_of(Nature)(name, value) if value not in (None, "") else None


def _urgent(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise WrongField(name, "must be true or false")
    return value


def _matching(pattern: re.Pattern[str], must: str) -> Callable[[str, Any], str | None]:
    def check(name: str, value: Any) -> str | None:
        found = _optional(name, value, LONGEST_LINE)
        if found is not None and pattern.fullmatch(found) is None:
            raise WrongField(name, must)
        return found

    return check


def _optional(name: str, value: Any, longest: int = LONGEST_TEXT) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise WrongField(name, "must be text")
    if _UNPRINTABLE.search(value):
        raise WrongField(name, "has characters that cannot be printed; type it again")
    found = value.strip()
    if len(found) > longest:
        raise WrongField(name, f"has {len(found)} characters; keep it under {longest}")
    return found or None


def _dates(name: str, value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list | tuple) or len(value) > MOST_DATES:
        raise WrongField(name, f"must be a list of at most {MOST_DATES} moments in the caller's words")
    return [text(name, each, LONGEST_LINE) for each in value]


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "kind": _one_of(Kind),
    "business": _one_of(Business),
    "nature": _nature,
    "urgent": _urgent,
    "phone": _matching(_PHONE, "must be 5 to 20 digits"),
    "amount": _matching(_AMOUNT, "must be yuan in digits, such as 30 or 30.50"),
    "dates": _dates,
    "place": _optional,
    "what_happened": _optional,
    "request": _optional,
    "summary": text,
}
