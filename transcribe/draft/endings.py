"""What the talk ended with (D127), heard from both sides; what is said later counts more."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from transcribe.draft.impression import opinions
from transcribe.draft.lexicon import Lexicon
from transcribe.draft.normalise import Line
from transcribe.draft.result import Alternative, Evidence, Kind, Outcome
from transcribe.draft.roles import SEAT_PHRASES
from transcribe.draft.sorts import Chosen

_ENOUGH = 1.4
_IMPRESSION = 8.0
"""What the last lines as a whole are worth beside the expressions, times how likely they make an outcome."""
_IMPRESSED_FROM = 0.15
_EARLIEST_COUNTS = 0.5
"""What the first line weighs; the last weighs in full."""
_DENIED = re.compile("(?:不|没|没有|还没|无法|不能|怎么|是否|如果|要是|等|才)(?:有|能|会|给|帮|您|我)*$")
_ASKED = re.compile("(?:吗|么|吧|呢)$")
_PASSES_ON = (Outcome.DISPATCHED, Outcome.RECORDED)
_ANSWER_FROM = 6
_ONLY_WHEN = {
    Outcome.ANSWERED: (Kind.ENQUIRY, Kind.COMPLAINT),
    Outcome.WITHDRAWN: (Kind.COMPLAINT, Kind.REPORT),
    Outcome.EXCESSIVE_CLAIM: (Kind.COMPLAINT,),
    Outcome.NOT_ACCEPTED: (Kind.COMPLAINT, Kind.REPORT, Kind.SUGGESTION),
}
_EMPTY_WORDS = re.compile(
    "请?(?:您)?稍(?:等|候)|查(?:询)?一下|请讲|请说|喂|您好|你好|谢谢|再见|不客气|嗯|好的?|是的|对|[,。!?]"
)


@dataclass(frozen=True, slots=True)
class _Sign:
    outcome: Outcome
    weight: float
    line: int
    start: int
    end: int
    impression: bool = False


def find_outcome(lines: Sequence[Line], kind: Kind, words: Lexicon) -> Chosen[Outcome] | None:
    """The outcome that the talk's words speak for most, or None where nobody says how it ends."""
    if not any(not line.is_caller for line in lines):
        return _taken_back(lines, words)
    signs = [sign for sign in _signs(lines, words) if kind in _ONLY_WHEN.get(sign.outcome, tuple(Kind))]
    by_outcome: dict[Outcome, list[_Sign]] = defaultdict(list)
    for sign in signs:
        by_outcome[_of_kind(sign.outcome, kind)].append(sign)
    scores = {outcome: _score(found) for outcome, found in by_outcome.items()}
    if (
        Outcome.EXCESSIVE_CLAIM in scores
        and len({lines[each.line].is_caller for each in by_outcome[Outcome.EXCESSIVE_CLAIM]}) < 2
    ):
        scores[Outcome.EXCESSIVE_CLAIM] *= 0.4  # asked for and declined: both must be heard
    for each in _impressions(lines, kind):
        scores[each.outcome] = scores.get(each.outcome, 0.0) + each.weight
        by_outcome[each.outcome].append(each)
    if kind is Kind.ENQUIRY and (answer := _answer(lines)) is not None:
        scores[Outcome.ANSWERED] = scores.get(Outcome.ANSWERED, 0.0) + 3.0
        by_outcome[Outcome.ANSWERED].insert(0, answer)
    ranked = sorted(scores, key=lambda each: -scores[each])
    if not ranked or scores[ranked[0]] < _ENOUGH:
        return None
    best = ranked[0]
    rival = scores[ranked[1]] if len(ranked) > 1 else 0.0
    confidence = min(0.93, scores[best] / (scores[best] + 1.0) * scores[best] / (scores[best] + 0.5 * rival))
    others = [
        Alternative(
            each.value, round(scores[each] / (scores[each] + scores[best] + 1), 2), _evidence(by_outcome[each], lines)
        )
        for each in ranked[1:3]
        if scores[each] >= 1.5
    ]
    return Chosen(best, confidence, _evidence(by_outcome[best], lines), tuple(others))


def _taken_back(lines: Sequence[Line], words: Lexicon) -> Chosen[Outcome] | None:
    """Where only the caller is heard, nothing has ended but by the caller's own word."""
    signs = [sign for sign in _signs(lines, words) if sign.outcome is Outcome.WITHDRAWN and sign.weight >= 5]
    return Chosen(Outcome.WITHDRAWN, 0.7, _evidence(signs, lines)) if signs else None


def _of_kind(outcome: Outcome, kind: Kind) -> Outcome:
    """A suggestion or a report that is passed on was recorded; a complaint that was recorded is passed on (D14)."""
    if outcome in _PASSES_ON and kind is not Kind.ENQUIRY:
        return Outcome.DISPATCHED if kind is Kind.COMPLAINT else Outcome.RECORDED
    return outcome


def _signs(lines: Sequence[Line], words: Lexicon) -> list[_Sign]:
    found: list[_Sign] = []
    for number, line in enumerate(lines):
        late = _EARLIEST_COUNTS + (1 - _EARLIEST_COUNTS) * (number + 1) / len(lines)
        for outcome, weight, expression in words.endings[line.is_caller]:
            for match in expression.finditer(line.text):
                start, end = line.sentence(match.start(), match.end())
                if (
                    _DENIED.search(line.text, max(start, match.start() - 5), match.start())
                    or match.end() == match.start()
                ):
                    continue
                if line.text[line.clause(match.start(), match.end())[1] :][:1] == "?" or _ASKED.search(
                    line.text, start, end
                ):
                    continue
                found.append(_Sign(Outcome(outcome), weight * late, number, start, end))
    return found


def _impressions(lines: Sequence[Line], kind: Kind) -> list[_Sign]:
    """What the last lines as a whole sound like, each at the clause that weighed most."""
    return [
        _Sign(_of_kind(Outcome(each.value), kind), _IMPRESSION * each.likely, each.line, each.start, each.end, True)
        for each in opinions("outcome", lines)
        if each.likely >= _IMPRESSED_FROM and kind in _ONLY_WHEN.get(Outcome(each.value), tuple(Kind))
    ]


def _score(signs: Sequence[_Sign]) -> float:
    """The strongest sign of each line in full, further lines for less."""
    best: dict[int, float] = {}
    for sign in signs:
        best[sign.line] = max(best.get(sign.line, 0.0), sign.weight)
    ranked = sorted(best.values(), reverse=True)
    return sum(weight * share for weight, share in zip(ranked, (1.0, 0.4, 0.2), strict=False))


def _evidence(signs: Sequence[_Sign], lines: Sequence[Line]) -> tuple[Evidence, ...]:
    """The sentences that say so, heaviest first; where none does, the clauses that the impression came from."""
    said = [each for each in signs if not each.impression] or signs
    ranked = sorted(said, key=lambda each: (-each.weight, each.line, each.start))
    spans = dict.fromkeys((each.line, each.start, each.end) for each in ranked)
    return tuple(lines[line].evidence(start, end) for line, start, end in list(spans)[:2])


def _answer(lines: Sequence[Line]) -> _Sign | None:
    """The seat's longest statement after the caller has spoken: what answers an enquiry."""
    best: _Sign | None = None
    asked = False
    for number, line in enumerate(lines):
        if line.is_caller:
            asked = True
            continue
        if not asked:
            continue
        start = 0
        for match in re.finditer("[^。?!;]+", line.text):
            start, end = match.span()
            said = line.text[start:end]
            question = line.text[end : end + 1] == "?" or _ASKED.search(said)
            size = len(_EMPTY_WORDS.sub("", SEAT_PHRASES.sub("", said)))
            if not question and size >= _ANSWER_FROM and (best is None or size > best.weight):
                best = _Sign(Outcome.ANSWERED, size, number, start, end)
    return best
