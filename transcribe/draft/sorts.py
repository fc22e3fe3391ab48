"""What kind of suggestion, report or complaint it is: D6, D93, D89, D101 and D147, out of the weighed expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from transcribe.draft.judge import Tallies, Tally
from transcribe.draft.lexicon import Lexicon
from transcribe.draft.normalise import Line
from transcribe.draft.result import (
    Alternative,
    Category,
    Cause,
    CauseDetail,
    Evidence,
    Nature,
    Report,
    Tag,
)

Value = TypeVar("Value")
_REPORT_FROM = 2.0
_DETAIL_FROM = 3.0
_CAUSE_FROM = 2.5
_TAG_FROM = 2.5
_TAG_NAMED = 3.3
_TAG_FOLLOWS = 3.5
_TAGGED: Mapping[Cause | CauseDetail, Tag] = {
    Cause.PARTNER: Tag.AGENT_CHANNEL,
    CauseDetail.PARTNER_ERROR: Tag.AGENT_CHANNEL,
    CauseDetail.PLAN_EXPLAINED_BADLY: Tag.MISLEADING_PROMOTION,
    CauseDetail.DATA_ON_BY_DEFAULT: Tag.CHARGE_LEAKAGE,
}
"""What a cause says already (D101, D147)."""
_UNTAGGED = (Cause.TECHNICAL, Cause.FULFILMENT, Cause.COMPLAINT_HANDLING, Cause.INFORMATION_CONTENT)
_FOLLOWS = 0.8
"""What follows from another field is less sure than that field."""
_BY_AGENT = 0.8
"""What speaks for an outside agent to blame (D147) speaks for the partner's being the cause (D89)."""
_NEW_BUSINESS_LEADS = 1.2


@dataclass(frozen=True, slots=True)
class Chosen(Generic[Value]):
    """A value with its confidence, evidence and rivals."""

    value: Value
    confidence: float
    evidence: tuple[Evidence, ...]
    others: tuple[Alternative, ...] = ()


def find_category(tally: Tally, asked: tuple[Evidence, ...], lines: Sequence[Line]) -> Chosen[Category] | None:
    """What a suggestion is about; one that names nothing new concerns how the house is run, by what it asks for."""
    new, old = (tally.scores.get(each.value, 0.0) for each in (Category.NEW_BUSINESS, Category.OPERATION_SERVICE))
    chosen = Category.NEW_BUSINESS if new > old * _NEW_BUSINESS_LEADS else Category.OPERATION_SERVICE
    found = tally.evidence(chosen.value, lines) or asked
    if not found:
        return None
    confidence = max(0.45, tally.confidence(chosen.value))
    return Chosen(chosen, confidence, found, tally.others(chosen.value, lines))


def find_report(tally: Tally, lines: Sequence[Line]) -> Chosen[Report] | None:
    value, score = tally.best()
    if value is None or score < _REPORT_FROM:
        return None
    return Chosen(Report(value), tally.confidence(value), tally.evidence(value, lines), tally.others(value, lines))


def find_detail(tally: Tally, lines: Sequence[Line]) -> Chosen[CauseDetail] | None:
    value, score = tally.best()
    if value is None or score < _DETAIL_FROM:
        return None
    return Chosen(CauseDetail(value), tally.confidence(value), tally.evidence(value, lines), tally.others(value, lines))


def find_cause(
    tallies: Tallies,
    nature: Nature | None,
    nature_confidence: float,
    detail: Chosen[CauseDetail] | None,
    *,
    words: Lexicon,
    lines: Sequence[Line],
) -> Chosen[Cause] | None:
    """Where a complaint has its root: as its words say; as its detail or nature tell where they do not."""
    tally = tallies["cause"]
    by_nature = words.cause_by_nature.get(nature.value) if nature else None
    if by_nature is not None:
        tally.scores[by_nature] += 1.5
    if detail is not None:
        tally.scores[words.cause_by_detail[detail.value.value]] += 3.0 * detail.confidence
    agent = tallies["tags"].scores.get(Tag.AGENT_CHANNEL.value, 0.0)
    if tally.scores.get(Cause.PARTNER.value, 0.0) > 0:
        tally.scores[Cause.PARTNER.value] += _BY_AGENT * agent
    value, score = tally.best()
    if value is None:
        return None
    found = tally.evidence(value, lines)
    if found and score >= _CAUSE_FROM:
        return Chosen(Cause(value), tally.confidence(value), found, tally.others(value, lines))
    if detail is not None:
        told = Cause(words.cause_by_detail[detail.value.value])
        return Chosen(told, detail.confidence * _FOLLOWS, detail.evidence, tally.others(told.value, lines))
    if by_nature is not None and nature is not None and (found := tallies["nature"].evidence(nature.value, lines)):
        told = Cause(by_nature)
        return Chosen(told, nature_confidence * _FOLLOWS, found, tally.others(told.value, lines))
    return None


def find_tags(
    tally: Tally, lines: Sequence[Line], cause: Chosen[Cause] | None = None, detail: Chosen[CauseDetail] | None = None
) -> tuple[Chosen[Tag], ...]:
    """All the tags that the words bear out, in their order.

    Some follow from the cause or its detail, which mean the same thing; with causes that lie in lines and in conduct
    there are none but those that are named.
    """
    least = _TAG_NAMED if cause is not None and cause.value in _UNTAGGED else _TAG_FROM
    found: list[Chosen[Tag]] = []
    for tag in Tag:
        score = tally.scores.get(tag.value, 0.0)
        told = next((each for each in (detail, cause) if each is not None and _TAGGED.get(each.value) is tag), None)
        if told is not None:
            score += _TAG_FOLLOWS * told.confidence
        evidence = tally.evidence(tag.value, lines) or (told.evidence if told is not None else ())
        if score >= least and evidence:
            found.append(Chosen(tag, min(0.95, score / (score + 1.5)), evidence))
    return tuple(found)


def follows_from_report(report: Chosen[Report]) -> Chosen[Cause]:
    """What is reported lies in the content (D89)."""
    return Chosen(Cause.INFORMATION_CONTENT, report.confidence * _FOLLOWS, report.evidence)
