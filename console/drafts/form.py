"""The draft as a form: which fields in which groups, what each was read from, and what the clerk made of it.

Every value is a text on the page: lists are joined by ；, tags by commas, a tick is `1`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from cases.desk_reading import placed
from cases.sheet import ONLY_OF, applies
from console import labels
from console.errors import N_
from transcribe.draft.codes import Business, Kind, Nature
from transcribe.draft.result import DraftResult, Evidence
from transcribe.draft.summary import summarise
from transcribe.turns import Turn

HIGH_CONFIDENCE = 0.8
LOW_CONFIDENCE = 0.6
"""Below this a value is amber: the first Ctrl+Enter leads there instead of confirming."""
LONGEST = 2000
LONGEST_LINE = 200


class Input(StrEnum):
    CHOICE = "choice"
    LINE = "line"
    LINES = "lines"
    CHECK = "check"
    TICKS = "ticks"


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

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of case that have it; none named: all."""
        having = tuple(kind.value for kind in Kind if applies(self.name, kind.value))
        return () if len(having) == len(ONLY_OF) else having


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    fields: tuple[Field, ...]


GROUPS: Final[tuple[Group, ...]] = (
    Group(
        N_("What it is"),
        (
            Field("kind", N_("Kind"), Input.CHOICE, labels.KINDS, required=True),
            Field("business", N_("Business type"), Input.CHOICE, labels.BUSINESS, required=True),
            Field("nature", N_("Nature"), Input.CHOICE, labels.NATURES),
            Field("category", N_("Suggestion about"), Input.CHOICE, labels.CATEGORIES),
            Field("report", N_("Reported for"), Input.CHOICE, labels.REPORTS),
            Field("reported", N_("Reported number"), Input.LINE),
            Field("urgent", N_("Urgent"), Input.CHECK),
        ),
    ),
    Group(
        N_("Who, when, where"),
        (
            Field("phone", N_("Contact number"), Input.LINE, hint=N_("digits only")),
            Field("amount", N_("Amount claimed"), Input.LINE, hint=N_("yuan")),
            Field("dates", N_("When"), Input.LINE, hint=N_("the caller's own words; several apart by ；")),
            Field("place", N_("Where"), Input.LINE),
            Field("shop", N_("Shop"), Input.LINE),
        ),
    ),
    Group(
        N_("What was said"),
        (
            Field("what_happened", N_("What happened"), Input.LINES, wide=True),
            Field("request", N_("What is asked for"), Input.LINES, wide=True),
            Field("promised", N_("Promised"), Input.LINE, wide=True, hint=N_("several apart by ；")),
            Field("consent", N_("Caller's consent"), Input.CHOICE, labels.CONSENTS),
            Field("outcome", N_("How the talk ended"), Input.CHOICE, labels.OUTCOME_HINTS),
        ),
    ),
    Group(
        N_("Cause"),
        (
            Field("cause", N_("Root cause"), Input.CHOICE, labels.ROOT_CAUSES),
            Field("cause_detail", N_("Cause in detail"), Input.CHOICE, labels.CAUSE_DETAILS),
            Field("tags", N_("Problem tags"), Input.TICKS, labels.TAGS, wide=True),
        ),
    ),
    Group(N_("Summary"), (Field("summary", N_("Summary"), Input.LINES, required=True, wide=True),)),
)
FIELDS: Final = tuple(field for group in GROUPS for field in group.fields)
LISTS: Final = frozenset({"dates", "promised"})


@dataclass(frozen=True, slots=True)
class Choice:
    """Another value that the draft offers for a field."""

    value: str
    label: str
    """A catalogue key where the value is a code."""
    coded: bool
    confidence: float
    evidence: tuple[Evidence, ...]
    why: str = ""
    """A catalogue key: why it is worth a look, where the words alone do not say."""

    @property
    def places(self) -> list[list[int]]:
        """Where in the turns it was said, for the page's script."""
        return [[each.turn, each.first, each.last] for each in self.evidence if each.turn >= 0]


@dataclass(frozen=True, slots=True)
class Row:
    """A field as the page shows it."""

    field: Field
    value: str
    drafted: str
    confidence: float | None
    """None where the draft has no value, or its value is made of the others (the summary)."""
    evidence: tuple[Evidence, ...]
    choices: tuple[Choice, ...]
    mark: str
    """A `Mark`, empty while nobody has touched the field."""
    applies: bool
    problem: str = ""
    source: str = ""
    """What filled it where the rules did not: `learned:<version>` or `llm`."""

    @property
    def sure(self) -> str:
        return sureness(self.confidence)


def sureness(confidence: float | None) -> str:
    """`high`, `middle`, `low`, or empty where nothing was drafted."""
    if confidence is None:
        return ""
    if confidence >= HIGH_CONFIDENCE:
        return "high"
    return "middle" if confidence >= LOW_CONFIDENCE else "low"


def rows(
    draft: Mapping[str, Any],
    turns: Sequence[Turn],
    typed: Mapping[str, Any],
    problems: Mapping[str, str] | None = None,
) -> dict[str, Row]:
    """Every field by name; what stands in the desk's form comes before what the draft says."""
    values, marks = typed.get("values", {}), typed.get("marks", {})
    kind = values.get("kind", shown(draft.get("kind")))
    found = {}
    for field in FIELDS:
        name = field.name
        drafted = shown(draft.get(name), ticks=field.input is Input.TICKS)
        mark = marks.get(name, {})
        kept = [Evidence(**each) for each in mark.get("evidence", ())]
        found[name] = Row(
            field,
            values.get(name, drafted),
            drafted,
            draft.get("confidence", {}).get(name) if drafted else None,
            tuple(kept) or evidence_of(draft, name, turns),
            _choices(draft, field, turns),
            mark.get("by", ""),
            applies(name, kind),
            (problems or {}).get(name, ""),
            str(draft.get("sources", {}).get(name, "")),
        )
    return found


def evidence_of(draft: Mapping[str, Any], field: str, turns: Sequence[Turn]) -> tuple[Evidence, ...]:
    return tuple(_placed(one, turns) for one in draft.get("evidence", {}).get(field, ()))


def all_evidence(draft: Mapping[str, Any], turns: Sequence[Turn]) -> tuple[Evidence, ...]:
    return tuple(one for field in draft.get("evidence", {}) for one in evidence_of(draft, field, turns))


@dataclass(frozen=True, slots=True)
class Read:
    """What was sent: values by field, and what is wrong with them (catalogue keys)."""

    values: Mapping[str, Any]
    problems: Mapping[str, str]


def read(typed: Mapping[str, str]) -> Read:
    """Check what the clerk sent, field by field; nothing is guessed or mended silently."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    kind = typed.get("kind", "")
    for field in FIELDS:
        text = typed.get(field.name, "").strip() if applies(field.name, kind) else ""
        values[field.name] = _value(field, text)
        problem = _problem(field, text)
        if problem:
            problems[field.name] = problem
    return Read(values, problems)


def summary_of(values: Mapping[str, Any]) -> str:
    """The summary that these values make, as the draft's own was made; empty without a kind and a business."""
    if values["kind"] not in set(Kind) or values["business"] not in set(Business):
        return ""
    nature = values["nature"]
    sheet = DraftResult(
        kind=Kind(values["kind"]),
        business=Business(values["business"]),
        nature=Nature(nature) if nature in set(Nature) else None,
        phone=values["phone"],
        amount=values["amount"],
        urgent=values["urgent"],
        request=values["request"],
        summary="",
        what_happened=values["what_happened"],
    )
    return summarise(sheet).summary[:LONGEST]


def corrections(draft: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that differ from the draft, with their new values."""
    return {name: value for name, value in values.items() if shown(value) != shown(draft.get(name))}


def shown(value: Any, *, ticks: bool = False) -> str:
    """A draft's value as the text that the page holds."""
    match value:
        case None | False:
            return ""
        case True:
            return "1"
        case list() | tuple():
            return ("," if ticks else "；").join(str(part) for part in value)
        case float() if value == int(value):
            return str(int(value))
        case _:
            return str(value).strip()


def _choices(draft: Mapping[str, Any], field: Field, turns: Sequence[Turn]) -> tuple[Choice, ...]:
    offered: Iterable[Mapping[str, Any]] = draft.get("alternatives", {}).get(field.name, ())
    return tuple(
        Choice(
            value=shown(each["value"], ticks=field.input is Input.TICKS),
            label=(field.choices or {}).get(str(each["value"]), str(each["value"])),
            coded=field.choices is not None,
            confidence=float(each.get("confidence", 0.0)),
            evidence=tuple(_placed(one, turns) for one in each.get("evidence", ())),
            why=labels.ALTERNATIVE_REASONS.get(str(each.get("reason", "")), ""),
        )
        for each in offered
    )


def _placed(one: Mapping[str, Any], turns: Sequence[Turn]) -> Evidence:
    """Evidence with its place in the turns; drafts of before places were kept name seconds and words only, and a
    recording that was recognised again after its draft was decided has other turns."""
    turn, first, last = int(one.get("turn", -1)), int(one.get("first", 0)), int(one.get("last", 0))
    return placed(Evidence(float(one["start"]), float(one["end"]), str(one["text"]), turn, first, last), turns)


def _problem(field: Field, text: str) -> str:
    if field.required and not text:
        return N_("This must be filled in.")
    if len(text) > (LONGEST if field.input is Input.LINES or field.name == "promised" else LONGEST_LINE):
        return N_("This is too long; keep it under 2000 characters, one line under 200.")
    if not text:
        return ""
    if field.input is Input.TICKS:
        return "" if set(text.split(",")) <= set(field.choices or ()) else N_("Choose one of the list.")
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
    if field.input is Input.TICKS:
        return [part for part in text.split(",") if part]
    if field.name in LISTS:
        return [part.strip() for part in re.split("[;；]", text) if part.strip()]
    return text or None
