"""The agent's form: which fields it has, what is wrong with what was typed, and the sheet that comes out of it.

While it is typed nothing is refused (`kept`), so that nothing is lost; only when the agent hands it in must it be a
sheet (`problems`, `sheet_of`). What the standard sheet does not know, such as what was promised, goes beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from cases.errors import WrongField
from cases.sheet import Sheet, correct
from transcribe.draft import Business, Kind, Nature
from transcribe.draft.result import DraftResult
from transcribe.draft.summary import summarise
from transcribe.masking import masked_text


class Category(StrEnum):
    """What a suggestion is about (D6)."""

    OPERATION = "operation"
    NEW_BUSINESS = "new_business"


class Cause(StrEnum):
    """Root cause, as far as the agent can tell (D89)."""

    TARIFF = "tariff"
    MARKETING = "marketing"
    FULFILMENT = "fulfilment"
    TECHNICAL = "technical"
    PARTNER = "partner"
    CONTENT = "content"
    HANDLING = "handling"


class Detail(StrEnum):
    """The cause in one step more of detail (D101)."""

    VOICE_INFORMATION = "voice_information"
    DATA_BY_DEFAULT = "data_by_default"
    CHANNEL = "channel"
    APPOINTMENT = "appointment"
    NUMBER_CHOICE = "number_choice"
    PARTNER_SHOP = "partner_shop"
    PLAN_EXPLAINED = "plan_explained"
    BILL_UNCLEAR = "bill_unclear"
    PLAN_ROLLED_OVER = "plan_rolled_over"
    FORCED_SERVICE = "forced_service"
    TERMINAL_SUBSIDY = "terminal_subsidy"
    SIM_FEE = "sim_fee"
    VIP_SAME = "vip_same"


class Consent(StrEnum):
    """What the customer said to what was proposed (D123)."""

    AGREED = "agreed"
    REFUSED = "refused"
    NOT_ASKED = "not_asked"


class Informed(StrEnum):
    """The duty-to-inform check list (D129): what the caller must have been told before the call ends."""

    LIMIT = "informed_limit"
    CHANNEL = "informed_channel"
    COST = "informed_cost"
    READ_BACK = "informed_read_back"


class Problem(StrEnum):
    """What is wrong with one field."""

    MISSING = "missing"
    NOT_IN_LIST = "not_in_list"
    NOT_A_NUMBER = "not_a_number"
    NOT_AN_AMOUNT = "not_an_amount"
    TOO_LONG = "too_long"
    NO_SUCH_ORDER = "no_such_order"


LONGEST = 2000
LONGEST_LINE = 200
CHOICES: Final[Mapping[str, type[StrEnum]]] = {
    "kind": Kind, "business": Business, "nature": Nature, "category": Category, "cause": Cause, "detail": Detail,
    "consent": Consent,
}  # fmt: skip
LINES: Final = ("phone", "amount", "dates", "place", "original")
TEXTS: Final = ("what_happened", "request", "promised")
CHECKS: Final = ("urgent", "thanked", *Informed)
NAMES: Final = (*CHOICES, *LINES, *TEXTS, *CHECKS)
BESIDE: Final = ("category", "cause", "detail", "consent", "promised", "thanked", *Informed)
"""What the standard sheet (D28) has no place for."""

_PHONE = re.compile(r"\+?[0-9]{5,20}", re.ASCII)
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?", re.ASCII)
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_DATES = re.compile("[;；]")


def kept(typed: Mapping[str, str]) -> dict[str, str]:
    """What of `typed` is stored: the form's own fields, without what no database or printer takes; empty ones go.

    A text far longer than a sheet can be is cut there, since the whole is written anew with each key. The next seat and
    every reader of the order see it: what looks like a card number or a password is covered.
    """
    clean = {name: masked_text(_UNPRINTABLE.sub("", typed.get(name, ""))[: 2 * LONGEST]) for name in NAMES}
    return {name: text for name, text in clean.items() if text}


def problems(fields: Mapping[str, str]) -> dict[str, Problem]:
    """What keeps the form from becoming an order, by field."""
    found = {name: problem for name in NAMES if (problem := _problem(name, fields.get(name, "").strip(), fields))}
    return found


def sheet_of(fields: Mapping[str, str]) -> Sheet:
    """The sheet of a form without problems; WrongField where it has some after all."""
    said = {name: fields.get(name, "").strip() or None for name in NAMES}
    for name in ("kind", "business", "what_happened"):
        if said[name] is None:
            raise WrongField(name, "must be filled in")
    words = str(said["what_happened"])
    draft = DraftResult(
        kind=Kind(str(said["kind"])),
        business=Business(str(said["business"])),
        nature=Nature(said["nature"]) if said["nature"] else None,
        phone=said["phone"],
        amount=said["amount"],
        urgent=said["urgent"] is not None,
        request=said["request"],
        summary="",
        dates=tuple(part.strip() for part in _DATES.split(said["dates"] or "") if part.strip()),
        place=said["place"],
        what_happened=words,
    )
    values: dict[str, Any] = summarise(draft).to_json()
    values["summary"] = values["summary"][:LONGEST]
    sheet = correct(values, {})
    beside = {name: said[name] for name in BESIDE if said[name] is not None}
    return Sheet(
        sheet.kind, sheet.business, sheet.nature, sheet.urgent, sheet.fields | {"registered": beside}, sheet.corrected
    )


def _problem(name: str, text: str, fields: Mapping[str, str]) -> Problem | None:
    if not text:
        return Problem.MISSING if name in _required(fields) else None
    if len(text) > (LONGEST if name in TEXTS else LONGEST_LINE):
        return Problem.TOO_LONG
    if name in CHOICES and text not in {choice.value for choice in CHOICES[name]}:
        return Problem.NOT_IN_LIST
    if name == "phone" and not _PHONE.fullmatch(text):
        return Problem.NOT_A_NUMBER
    if name == "amount" and not _AMOUNT.fullmatch(text):
        return Problem.NOT_AN_AMOUNT
    if name == "dates" and len(_DATES.split(text)) > 20:
        return Problem.TOO_LONG
    return None


def _required(fields: Mapping[str, str]) -> frozenset[str]:
    """D4, D5, D10: what every sheet says; a suggestion is sorted by D6 instead of D5."""
    match fields.get("kind"):
        case Kind.SUGGESTION:
            return frozenset({"kind", "business", "category", "what_happened"})
        case Kind.COMPLAINT | Kind.REPORT:
            return frozenset({"kind", "business", "nature", "what_happened"})
        case _:
            return frozenset({"kind", "business", "what_happened"})
