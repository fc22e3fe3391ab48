"""From turns to a draft, step by step."""

from __future__ import annotations

from collections.abc import Sequence

from transcribe.draft.amounts import find_amount
from transcribe.draft.context import CallContext
from transcribe.draft.hearing import listen
from transcribe.draft.judge import decide_business, decide_kind, decide_nature, decide_urgent, weigh
from transcribe.draft.lexicon import lexicon
from transcribe.draft.normalise import Line, normalise
from transcribe.draft.phones import find_phone
from transcribe.draft.phrases import find_happened, find_request
from transcribe.draft.result import DraftResult, Evidence
from transcribe.draft.roles import mark_callers
from transcribe.draft.summary import summarise
from transcribe.draft.times_places import find_dates, find_place
from transcribe.turns import Turn


NEW_FIELDS = (
    "category", "report", "reported", "cause", "cause_detail", "tags", "outcome", "shop", "promised", "consent", "days",
    "key_account", "number_check",
)  # fmt: skip


def extract(turns: Sequence[Turn], call: CallContext | None = None) -> DraftResult:  # noqa: ARG001
    """Read a draft out of the turns of one call. Pure; any text is accepted, and too little gives low confidence.

    `call` is what is known beside the words; without it no date is told and no number compared.
    """
    words = lexicon()
    heard = listen(mark_callers(normalise(turns)), words)
    lines = heard.lines
    tallies = weigh(heard, words)
    kind, kind_confidence = decide_kind(tallies)
    business, business_confidence = decide_business(tallies["business"], kind)
    nature, nature_confidence = decide_nature(tallies["nature"], kind)
    urgent, urgent_confidence = decide_urgent(tallies["urgent"], kind)
    phone = find_phone(lines)
    amount = find_amount(lines, words, kind)
    place = find_place(lines)
    dates = find_dates(lines, place)
    request, happened = find_request(lines, kind), find_happened(lines, tallies)

    evidence: dict[str, tuple[Evidence, ...]] = {
        "kind": tallies["kind"].evidence(kind.value, lines),
        "business": tallies["business"].evidence(business.value, lines),
        "nature": tallies["nature"].evidence(nature.value if nature else None, lines),
        "urgent": tallies["urgent"].evidence("all", lines) if urgent else (),
        "phone": phone.evidence if phone else (),
        "amount": amount.evidence if amount else (),
        "dates": tuple(lines[each.line].evidence(each.start, each.end) for each in dates),
        "place": _one(lines, place.line, place.start, place.end) if place else (),
        "request": _one(lines, request.line, request.start, request.end) if request else (),
        "what_happened": _one(lines, happened.line, happened.start, happened.end) if happened else (),
    }
    confidence = {
        **dict.fromkeys(NEW_FIELDS, 0.0),
        "kind": kind_confidence,
        "business": business_confidence,
        "nature": nature_confidence,
        "urgent": urgent_confidence,
        "phone": phone.confidence if phone else 0.0,
        "amount": amount.confidence if amount else 0.0,
        "dates": 0.8 if dates else 0.0,
        "place": 0.5 if place else 0.0,
        "request": min(0.9, 0.3 + 0.09 * request.weight) if request else 0.0,
        "what_happened": min(0.85, 0.3 + 0.05 * happened.weight) if happened else 0.0,
    }
    found = DraftResult(
        kind=kind,
        business=business,
        nature=nature,
        phone=phone.number if phone else None,
        amount=str(amount) if amount else None,
        urgent=urgent,
        request=_words(evidence["request"]),
        summary="",
        dates=tuple(dict.fromkeys(each.text for each in evidence["dates"])),
        place=_words(evidence["place"]),
        what_happened=_words(evidence["what_happened"]),
        evidence={name: each for name, each in evidence.items() if each},
        confidence=confidence,
    )
    return summarise(found)


def _one(lines: Sequence[Line], line: int, start: int, end: int) -> tuple[Evidence, ...]:
    return (lines[line].evidence(start, end),)


def _words(evidence: tuple[Evidence, ...]) -> str | None:
    return evidence[0].text if evidence else None
