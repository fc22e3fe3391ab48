"""From turns to a draft, step by step."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from transcribe.draft.amounts import find_amount
from transcribe.draft.calling import agreed_number, check_number, near_miss, read_out, shifted, surer, this_number
from transcribe.draft.consent import find_consent
from transcribe.draft.context import CallContext
from transcribe.draft.days import Told, tell_days
from transcribe.draft.endings import find_outcome
from transcribe.draft.hearing import Heard, listen
from transcribe.draft.judge import (
    FACETS_OF,
    Tallies,
    add_impressions,
    decide_business,
    decide_kind,
    decide_nature,
    decide_urgent,
    weigh,
)
from transcribe.draft.lexicon import Lexicon, lexicon
from transcribe.draft.moments import Moment, find_moments
from transcribe.draft.names import Named, Names
from transcribe.draft.normalise import Line, normalise
from transcribe.draft.phones import ENOUGH, Phone, rank_phones, spoken_digits
from transcribe.draft.phrases import Phrase, find_happened, find_request
from transcribe.draft.places import Place, find_places
from transcribe.draft.promises import find_promises
from transcribe.draft.reported import find_reported
from transcribe.draft.reread import reread
from transcribe.draft.result import Alternative, DraftResult, Evidence, Kind, NumberCheck
from transcribe.draft.roles import mark_callers
from transcribe.draft.sorts import (
    Chosen,
    find_category,
    find_cause,
    find_detail,
    find_report,
    find_tags,
    follows_from_report,
)
from transcribe.draft.sounded import find_sounded
from transcribe.draft.standing import find_key_account
from transcribe.draft.summary import summarise
from transcribe.text import is_han
from transcribe.turns import Turn

FIELDS = (
    "kind", "business", "nature", "phone", "amount", "urgent", "request", "dates", "place", "what_happened", "category",
    "report", "reported", "cause", "cause_detail", "tags", "outcome", "shop", "promised", "consent", "days",
    "key_account", "number_check",
)  # fmt: skip
"""All fields of a draft but its summary."""


_NAMED_BY = {"shop": "shop", "place": "street"}


@dataclass
class _Sheet:
    """Fields as they are found, each with its evidence, confidence and rivals."""

    values: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, tuple[Evidence, ...]] = field(default_factory=dict)
    confidence: dict[str, float] = field(default_factory=lambda: dict.fromkeys(FIELDS, 0.0))
    alternatives: dict[str, tuple[Alternative, ...]] = field(default_factory=dict)

    def put(
        self,
        name: str,
        value: Any,
        confidence: float,
        evidence: tuple[Evidence, ...] = (),
        others: tuple[Alternative, ...] = (),
    ) -> None:
        self.values[name] = value
        self.confidence[name] = confidence
        if evidence:
            self.evidence[name] = evidence
        if others:
            self.alternatives[name] = others

    def choose(self, name: str, chosen: Chosen[Any] | None) -> None:
        if chosen is not None:
            self.put(name, chosen.value, chosen.confidence, chosen.evidence, chosen.others)


def extract(
    turns: Sequence[Turn], call: CallContext | None = None, names: Sequence[tuple[str, str]] = ()
) -> DraftResult:
    """Read a draft out of the turns of one call. Pure; any text is accepted, and too little gives low confidence.

    `call` is what is known beside the words; without it no date is told and no number compared. `names` are the
    centre's own as (name, kind), of which `shop` and `street` are looked for, also as other words of their sound.
    """
    known = call or CallContext()
    words = lexicon()
    lines = _lines(turns)
    heard = listen(lines, words)
    tallies = weigh(heard, words)
    sheet = _Sheet()
    kind = _judge(sheet, heard, tallies, known.service)
    _facts(sheet, heard.lines, lines, words, kind=kind, call=known)
    for field_name, name_kind in _NAMED_BY.items():
        own = Names([name for name, of_kind in names if of_kind == name_kind]).found_in(heard.lines)
        _own_name(sheet, field_name, own, heard.lines)
    _phrases(sheet, heard.lines, tallies, kind)
    _sorts(sheet, heard.lines, words, tallies, kind)
    _ending(sheet, heard.lines, lines, words, kind)
    key_account, others = find_key_account(heard.lines, known)
    sheet.choose("key_account", key_account)
    if others:
        sheet.alternatives["key_account"] = others
    return summarise(_draft(sheet))


def hear(turns: Sequence[Turn], words: Lexicon) -> Heard:
    """The turns as lines that all else is read from: normalised, the caller's told apart, misheard terms put right."""
    return listen(_lines(turns), words)


def _lines(turns: Sequence[Turn]) -> tuple[Line, ...]:
    """The turns as likely words, the caller's told apart, before the domain's terms are put right."""
    return mark_callers(reread(normalise(turns)))


def _draft(sheet: _Sheet) -> DraftResult:
    empty: dict[str, Any] = {"summary": "", "phone": None, "amount": None, "request": None}
    return DraftResult(
        **(empty | sheet.values),
        evidence=sheet.evidence,
        confidence=sheet.confidence,
        alternatives=sheet.alternatives,
    )


def _judge(sheet: _Sheet, heard: Heard, tallies: Tallies, service: str | None) -> Kind:
    lines = heard.lines
    kind, sure = decide_kind(tallies, lines, service)
    add_impressions(tallies, FACETS_OF[kind], lines)
    tally = tallies["kind"]
    found = tally.evidence(kind.value, lines)
    sheet.put("kind", kind, sure if found else 0.0, found, tally.others(kind.value, lines))
    business, sure = decide_business(tallies["business"], kind)
    tally = tallies["business"]
    found = tally.evidence(business.value, lines)
    if not found and kind is Kind.REPORT:  # bad information is the information business's (D93)
        found = sheet.evidence.get("kind", ())
    sheet.put("business", business, sure if found else 0.0, found, tally.others(business.value, lines))
    nature, sure = decide_nature(tallies, kind)
    tally = tallies["nature"]
    value = nature.value if nature else None
    sheet.put("nature", nature, sure, tally.evidence(value, lines), tally.others(value, lines))
    urgent, sure = decide_urgent(tallies["urgent"], kind)
    sheet.put("urgent", urgent, sure, tallies["urgent"].evidence("all", lines) if urgent else ())
    return kind


def _facts(
    sheet: _Sheet, lines: Sequence[Line], unmended: Sequence[Line], words: Lexicon, *, kind: Kind, call: CallContext
) -> None:
    """Numbers, sums, days and places; names of places are read before any term was put right."""
    if kind is Kind.REPORT:
        sheet.choose("reported", find_reported(lines))
    _phone(sheet, lines, call)
    amount, others = find_amount(lines, words, kind)
    if amount is not None:
        sheet.put("amount", str(amount), amount.confidence, amount.evidence, others)
    elif others:
        sheet.alternatives["amount"] = others
    places, shops = find_places(unmended)
    shops = shops or find_places(lines)[1]  # 营业听 is 营业厅 once its words were put right
    _named(sheet, "place", places, unmended)
    _named(sheet, "shop", shops, unmended)
    _days(sheet, unmended, call, (*places, *shops), of_facts_only=kind is Kind.ENQUIRY)


def _phone(sheet: _Sheet, lines: Sequence[Line], call: CallContext) -> None:
    reported = sheet.values.get("reported") or ""
    ranked = [each for each in rank_phones(lines) if each.number not in reported]
    known = next((each for each in ranked if check_number(each.number, call.caller) is NumberCheck.SAME), None)
    phone = ranked[0] if ranked and ranked[0].confidence >= ENOUGH else known
    this = this_number(lines, call.caller) or agreed_number(lines, call.caller)
    if this is not None and (phone is None or phone.confidence < this.confidence):
        phone = this
    phone = phone and read_out(phone, lines, call.caller)
    as_heard = phone
    phone = phone and (shifted(phone, lines, call.caller) or phone)
    if phone is not None:
        phone = surer(phone, check_number(phone.number, call.caller))
    else:
        phone = _heard_otherwise(lines, call.caller, sheet.values.get("reported"))
    check = check_number(phone.number if phone else None, call.caller)
    others = near_miss(phone, spoken_digits(lines), call.caller)
    if phone is not None and as_heard is not None and as_heard.number != phone.number:
        others += (Alternative(as_heard.number, 0.4, as_heard.evidence, "as it was heard"),)
    if phone is not None:
        sheet.put("phone", phone.number, phone.confidence, phone.evidence)
        if check is not None:
            sheet.put("number_check", check, phone.confidence, phone.evidence)
    told = {phone.number if phone else None, *(each.value for each in others)}
    others += tuple(
        Alternative(each.number, min(0.6, each.confidence * 0.7), each.evidence)
        for each in ranked[:4]
        if each.number not in told and each.evidence
    )
    if others:
        sheet.alternatives["phone"] = others


def _heard_otherwise(lines: Sequence[Line], caller: str, reported: str | None) -> Phone | None:
    sounded = find_sounded(lines, caller)
    return sounded if sounded is not None and sounded.number != reported else None


def _named(sheet: _Sheet, name: str, places: Sequence[Place], lines: Sequence[Line]) -> None:
    if not places:
        return
    best, rest = places[0], places[1:3]
    said, value = _heard(best, lines), _read(best, lines)
    others = tuple(Alternative(_read(each, lines), each.confidence * 0.6, _heard(each, lines)) for each in rest)
    as_heard = "".join(each.text for each in said)
    if value != as_heard:
        others = (Alternative(as_heard, best.confidence * 0.7, said, "as it was heard"), *others)
    sheet.put(name, value, best.confidence, said, others)


def _heard(place: Place, lines: Sequence[Line]) -> tuple[Evidence, ...]:
    said = (lines[place.line].evidence(place.start, place.end),)
    return said + _heard(place.goes_on, lines) if place.goes_on else said


def _read(place: Place, lines: Sequence[Line]) -> str:
    """The name as it is meant; whatever was not read otherwise is as it was heard, marks included."""
    line = lines[place.line]
    said = [line.turn.text[at] for at in line.back[place.start : place.end]]
    meant = place.name or line.text[place.start : place.end]
    name = "".join(other if is_han(other) else as_said for as_said, other in zip(said, meant, strict=True))
    return name + _read(place.goes_on, lines) if place.goes_on else name


def _own_name(sheet: _Sheet, field_name: str, own: Sequence[Named], lines: Sequence[Line]) -> None:
    """A name of the centre's own makes what was found surer, or is what was meant by words of its sound."""
    if not own:
        return
    best, found = own[0], sheet.evidence.get(field_name, ())
    evidence = lines[best.line].evidence(best.start, best.end)
    if not found:
        sheet.put(field_name, best.name, best.confidence, (evidence,))
    elif best.name in sheet.values[field_name]:
        sheet.confidence[field_name] = max(sheet.confidence[field_name], best.confidence)
    else:
        other = Alternative(best.name, best.confidence * 0.7, (evidence,), "a name of the centre's own")
        sheet.alternatives[field_name] = (other, *sheet.alternatives.get(field_name, ()))


def _days(
    sheet: _Sheet, lines: Sequence[Line], call: CallContext, places: Sequence[Place], *, of_facts_only: bool
) -> None:
    """Moments in the caller's words, and as calendar days where it is known when the call was.

    Of an enquiry only those count at which something has happened: 周六上班吗 tells of no Saturday.
    """
    moments = [
        each
        for each in find_moments(lines)
        if not any(each.line == one.line and each.start < one.end and one.start < each.end for one in places)
        and not (of_facts_only and _is_asked_of(each, lines[each.line]))
    ]
    if not moments:
        return
    said = [lines[each.line].evidence(each.start, each.end) for each in moments]
    sheet.put("dates", tuple(dict.fromkeys(each.text for each in said)), 0.85, tuple(said))
    if call.called_at is None:
        return
    today = call.called_at.date()
    told: list[tuple[Told, Evidence]] = []
    before: dict[int, date] = {}
    for moment, evidence in zip(moments, said, strict=True):
        days = tell_days(moment, lines[moment.line], evidence.text, today, before.get(moment.line))
        if days is not None:
            told.append((days, evidence))
            before[moment.line] = days.spans[0][0]
    if told:
        confidence = sum(days.confidence for days, _ in told) / len(told)
        others = tuple(
            Alternative(
                f"{other.text}: {other.first}/{other.last}", days.confidence * 0.4, (evidence,), "another reading"
            )
            for days, evidence in told
            for reading in range(1, len(days.spans))
            for other in (days.days(reading),)
        )
        sheet.put(
            "days", tuple(days.days() for days, _ in told), confidence, tuple(each for _, each in told), others[:4]
        )


def _is_asked_of(moment: Moment, line: Line) -> bool:
    _, end = line.clause(moment.start, moment.end)
    _, over = line.sentence(moment.start, moment.end)
    if line.text[over : over + 1] != "?" and _WILL_DO.search(line.text[max(0, moment.start - 2) : end]):
        return False
    return line.text[end : end + 1] == "?" or not _HAPPENED.search(line.text, moment.end, end)


_WILL_DO = re.compile("我[^,。?!]{2,6}(?:去|来|再|就)(?![^,。?!]*(?:吗|么|呢|多少|怎么|什么|哪|几|能不能|行不行))")
_HAPPENED = re.compile("了|过|的(?:$|[,。?!])|(?:办|买|装|开|交|报|申请|收到|打)的")


def _phrases(sheet: _Sheet, lines: Sequence[Line], tallies: Tallies, kind: Kind) -> None:
    request = find_request(lines, kind)
    happened = find_happened(lines, tallies, request) if kind is not Kind.ENQUIRY else None
    for name, phrase, confidence in (
        ("request", request, min(0.9, 0.3 + 0.09 * request.weight) if request else 0.0),
        ("what_happened", happened, min(0.85, 0.3 + 0.05 * happened.weight) if happened else 0.0),
    ):
        if phrase is not None:
            evidence = _said(lines, phrase)
            sheet.put(name, evidence.text, confidence, (evidence,))


def _said(lines: Sequence[Line], phrase: Phrase) -> Evidence:
    return lines[phrase.line].evidence(phrase.start, phrase.end)


def _sorts(sheet: _Sheet, lines: Sequence[Line], words: Lexicon, tallies: Tallies, kind: Kind) -> None:
    if kind is Kind.SUGGESTION:
        sheet.choose("category", find_category(tallies["category"], sheet.evidence.get("request", ()), lines))
    elif kind is Kind.REPORT:
        report = find_report(tallies["report"], lines)
        sheet.choose("report", report)
        if report is not None:
            sheet.choose("cause", follows_from_report(report))
    elif kind is Kind.COMPLAINT:
        detail = find_detail(tallies["cause_detail"], lines)
        nature, sure = sheet.values["nature"], sheet.confidence["nature"]
        sheet.choose("cause_detail", detail)
        cause = find_cause(tallies, nature, sure, detail, words=words, lines=lines)
        sheet.choose("cause", cause)
        tags = find_tags(tallies["tags"], lines, cause, detail)
        if tags:
            evidence = tuple(each for tag in tags for each in tag.evidence[:1])
            sheet.put("tags", tuple(tag.value for tag in tags), min(tag.confidence for tag in tags), evidence)


def _ending(sheet: _Sheet, lines: Sequence[Line], unmended: Sequence[Line], words: Lexicon, kind: Kind) -> None:
    sheet.choose("outcome", find_outcome(lines, kind, words))
    sheet.choose("consent", find_consent(unmended) or find_consent(lines))
    promises, loose = find_promises(unmended, lines, kind)
    if promises:
        evidence = tuple(each.evidence for each in promises)
        sheet.put(
            "promised", tuple(each.text for each in promises), min(each.confidence for each in promises), evidence
        )
    if loose:
        sheet.alternatives["promised"] = loose
