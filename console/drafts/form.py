"""The draft as a form: which fields, what each was read from, and what the clerk typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from console.errors import N_
from console.labels import BUSINESS, KINDS, NATURES
from console.replay.evidence import Evidence

LOW_CONFIDENCE = 0.6
"""Below this a field is marked for a second look; a clerk checks every field anyway."""
LONGEST = 2000
LONGEST_LINE = 200


class Input(StrEnum):
    CHOICE = "choice"
    LINE = "line"
    LINES = "lines"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the standard sheet."""

    name: str
    label: str
    input: Input
    choices: Mapping[str, str] | None = None
    required: bool = False
    wide: bool = False
    hint: str = ""


FIELDS: Final[tuple[Field, ...]] = (
    Field("kind", N_("Kind"), Input.CHOICE, KINDS, required=True),
    Field("business", N_("Business type"), Input.CHOICE, BUSINESS, required=True),
    Field("nature", N_("Nature"), Input.CHOICE, NATURES),
    Field("urgent", N_("Urgent"), Input.CHECK),
    Field("phone", N_("Contact number"), Input.LINE, hint=N_("digits only")),
    Field("amount", N_("Amount claimed"), Input.LINE, hint=N_("yuan")),
    Field("dates", N_("When"), Input.LINE, hint=N_("the caller's own words; several apart by ；")),
    Field("place", N_("Where"), Input.LINE),
    Field("what_happened", N_("What happened"), Input.LINES, wide=True),
    Field("request", N_("What is asked for"), Input.LINES, wide=True),
    Field("summary", N_("Summary"), Input.LINES, required=True, wide=True),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A field as the page shows it."""

    field: Field
    value: str
    checked: bool
    confidence: float | None
    evidence: tuple[Evidence, ...]
    problem: str = ""

    @property
    def low(self) -> bool:
        """Whether the draft's value wants a second look."""
        return self.confidence is not None and self.confidence < LOW_CONFIDENCE


def rows(draft: Mapping[str, Any], typed: Mapping[str, str] | None, problems: Mapping[str, str]) -> list[Row]:
    """Every field with its evidence; what the clerk typed stands before what the draft says."""
    shown = []
    for field in FIELDS:
        value = draft.get(field.name)
        text = typed.get(field.name, "") if typed is not None else _shown(value)
        shown.append(
            Row(
                field,
                text,
                bool(text) if typed is not None else bool(value),
                draft.get("confidence", {}).get(field.name) if value not in (None, "", []) else None,
                evidence_of(draft, field.name),
                problems.get(field.name, ""),
            )
        )
    return shown


def evidence_of(draft: Mapping[str, Any], field: str) -> tuple[Evidence, ...]:
    return tuple(Evidence(one["start"], one["end"], one["text"]) for one in draft.get("evidence", {}).get(field, ()))


def all_evidence(draft: Mapping[str, Any]) -> tuple[Evidence, ...]:
    return tuple(one for field in draft.get("evidence", {}) for one in evidence_of(draft, field))


@dataclass(frozen=True, slots=True)
class Read:
    """What was sent: values by field, and what is wrong with them (catalogue keys)."""

    values: Mapping[str, Any]
    problems: Mapping[str, str]


def read(typed: Mapping[str, str]) -> Read:
    """Check what the clerk sent, field by field; nothing is guessed or mended silently."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for field in FIELDS:
        text = typed.get(field.name, "").strip()
        values[field.name] = _value(field, text)
        problem = _problem(field, text)
        if problem:
            problems[field.name] = problem
    return Read(values, problems)


def corrections(draft: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that differ from the draft, with their new values."""
    return {name: value for name, value in values.items() if _shown(value) != _shown(draft.get(name))}


def _problem(field: Field, text: str) -> str:
    if field.required and not text:
        return N_("This must be filled in.")
    if len(text) > (LONGEST if field.input is Input.LINES else LONGEST_LINE):
        return N_("This is too long; keep it under 2000 characters, one line under 200.")
    if not text:
        return ""
    if field.choices is not None and text not in field.choices:
        return N_("Choose one of the list.")
    if field.name == "phone" and not re.fullmatch(r"\+?[0-9]{5,20}", text, re.ASCII):
        return N_("A number has 5 to 20 digits and nothing else.")
    if field.name == "amount" and not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,2})?", text, re.ASCII):
        return N_("Write the amount in digits, such as 35.50.")
    return ""


def _value(field: Field, text: str) -> Any:
    if field.input is Input.CHECK:
        return bool(text)
    if field.name == "dates":
        return [part.strip() for part in re.split("[;；]", text) if part.strip()]
    return text or None


def _shown(value: Any) -> str:
    match value:
        case None | False:
            return ""
        case True:
            return "1"
        case list() | tuple():
            return "；".join(str(part) for part in value)
        case float() if value == int(value):
            return str(int(value))
        case _:
            return str(value).strip()
