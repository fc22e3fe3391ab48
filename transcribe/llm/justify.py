"""The rule of evidence for what a model proposes: its words must have been said, and must bear its value out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from transcribe.draft.amounts import sums_in
from transcribe.draft.hearing import Heard
from transcribe.draft.judge import Tallies
from transcribe.draft.normalise import Line
from transcribe.draft.phones import can_exist, digit_rows_in
from transcribe.draft.promises import promises_in
from transcribe.draft.result import Evidence, Kind
from transcribe.llm.proposals import Proposal
from transcribe.llm.wire import CODES, NUMBERS, WORDS
from transcribe.masking import HIDDEN

_OF_THE_CALLER = frozenset(
    {"kind", "category", "report", "request", "what_happened", "place", "shop", "phone", "reported"}
)
_OF_THE_SEAT = frozenset({"promised"})
_ONLY_FOR = {
    "nature": Kind.COMPLAINT, "cause": Kind.COMPLAINT, "cause_detail": Kind.COMPLAINT, "tags": Kind.COMPLAINT,
    "amount": Kind.COMPLAINT, "category": Kind.SUGGESTION, "report": Kind.REPORT, "reported": Kind.REPORT,
}  # fmt: skip
_LONGEST_WORDS = 80
_SAYS_SOMETHING = 3
_HAN = re.compile("[\u4e00-\u9fff0-9]")


@dataclass(frozen=True, slots=True)
class Justified:
    """A proposal whose words were said; `borne_out` where by the rules, too, they say what they are taken for."""

    field: str
    value: str
    evidence: Evidence
    borne_out: bool


def justify(proposal: Proposal, heard: Heard, tallies: Tallies, kind: Kind) -> Justified | None:
    """The proposal with its place in the turns, or None where it breaks the rule of evidence."""
    name, value = proposal.field, proposal.value.strip()
    if _ONLY_FOR.get(name, kind) is not kind or HIDDEN in value:
        return None
    place = _place(proposal, heard.lines)
    if place is None:
        return None
    line, start, end = place
    if (name in _OF_THE_CALLER and not line.is_caller) or (name in _OF_THE_SEAT and line.is_caller):
        return None
    quoted = _Quoted(line, start, end, line.evidence(start, end))
    if name in CODES:
        if value not in {code.value for code in CODES[name]}:
            return None
        borne_out = _mentioned(name, value, heard.lines.index(line), quoted, tallies)
        return Justified(name, value, quoted.evidence, borne_out)
    if name in NUMBERS:
        return _number(name, value, quoted)
    return _words(name, value, quoted) if name in WORDS else None


@dataclass(frozen=True, slots=True)
class _Quoted:
    """A quotation by its place in a line."""

    line: Line
    start: int
    end: int
    evidence: Evidence


def _place(proposal: Proposal, lines: Sequence[Line]) -> tuple[Line, int, int] | None:
    """Line and bounds of the quotation, which must stand in its turn character by character and say something."""
    quote = proposal.quote.strip()
    if HIDDEN in quote or len(_HAN.findall(quote)) < _SAYS_SOMETHING:
        return None
    for line in lines:
        if line.index != proposal.turn:
            continue
        first = line.turn.text.find(quote)
        if first < 0:
            continue
        inside = [at for at, came in enumerate(line.back) if first <= came < first + len(quote)]
        if inside:
            return line, inside[0], inside[-1] + 1
    return None


def _mentioned(name: str, value: str, number: int, quoted: _Quoted, tallies: Tallies) -> bool:
    """Whether the rules' own words for the value stand in the quotation, too weak to have carried it alone."""
    if name not in tallies:
        return False
    return any(
        each.line == number and each.weight > 0 and each.start < quoted.end and quoted.start < each.end
        for each in tallies[name].mentions.get(value, ())
    )


def _number(name: str, value: str, quoted: _Quoted) -> Justified | None:
    line, start, end = quoted.line, quoted.start, quoted.end
    if name == "amount":
        try:
            wanted = Decimal(value)
        except InvalidOperation:
            return None
        said = any(
            start <= each.start and each.end <= end and each.yuan == wanted for each in sums_in(line.index, line)
        )
    else:
        said = value in digit_rows_in(line, start, end) and (name != "phone" or can_exist(value))
    return Justified(name, value, quoted.evidence, borne_out=True) if said else None


def _words(name: str, value: str, quoted: _Quoted) -> Justified | None:
    """Words are taken as they were said: the value is the quotation."""
    if value != quoted.evidence.text or len(value) > _LONGEST_WORDS:
        return None
    if name == "promised":
        borne_out = promises_in(quoted.line.text, quoted.start, quoted.end)
        return Justified(name, value, quoted.evidence, borne_out=True) if borne_out else None
    return Justified(name, value, quoted.evidence, borne_out=name in ("request", "what_happened"))
