"""Kind, business, nature and urgency: what the terms and expressions of a call speak for, weighed.

Every mention adds its weight, less the less surely it was heard; the same term again adds little. The caller's words
count in full; of the seat's, none decides the kind (a seat says 请问 and 建议 too) and the rest count a third.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from transcribe.draft.hearing import Heard
from transcribe.draft.impression import opinions, runs
from transcribe.draft.lexicon import FACETS, MORE_FACETS, Lexicon
from transcribe.draft.normalise import Line
from transcribe.draft.result import Alternative, Business, Evidence, Kind, Nature, Tag
from transcribe.draft.roles import SEAT_PHRASES

_SEAT_SHARE = {
    "kind": 0.0, "business": 0.35, "nature": 0.35, "urgent": 0.35,
    "category": 0.0, "report": 0.3, "cause": 0.3, "cause_detail": 0.6, "tags": 0.3,
}  # fmt: skip
_IMPRESSION = {
    "kind": 18.0, "business": 6.0, "nature": 20.0, "cause": 16.0, "cause_detail": 7.0, "category": 10.0, "report": 8.0,
    "tags": 6.0,
}  # fmt: skip
"""What the wording as a whole is worth beside the mentions, times how likely it makes a value."""
_IMPRESSED_FROM = 0.15
_IMPRESSION_SHOWN = 0.1
"""Share of that weight by which its clause is chosen as evidence: an expression that was found points better."""
_AGAIN = (1.0, 0.4, 0.2)
"""What the first, second and third mention of the same term are worth; further ones nothing."""
_DENIED = re.compile("(?:不是|没有?|不想|不打算|并非|别|不用|不必|无需|不算)(?:来|要|想|因为|是|说|什么|打算|过)*$")
_DENIABLE = {"投诉", "申诉", "举报", "建议", "咨询", "收费", "费用", "着急", "紧急", "加急"}
_NO_PROBLEM = re.compile("^(?:都|也)?(?:没(?:有)?问题|没(?:有)?坏|正常|还可以|挺好|很好|不错)")
_CONTACT = re.compile(
    "(?:我的?|联系|留的?|您的?)?(?:手机|电话|座机|固话|固定电话)(?:号码?)?(?:是|就是|呢|为|[,:。])*(?=(?:[\\d零一二三四五六七八九幺洞][-,]?){7})"
)
"""A number is announced: 我的手机是一三八… says nothing about the business."""
_EVIDENCE_PER_FIELD = 2
_WORTH_SHOWING = 0.6
"""Share of the strongest mention's weight from which another one is evidence beside it."""
_WORTH_A_LOOK = 1.5
_MOST_OTHERS = 3
_URGENT_FROM = 1.0
_URGENT_OTHERWISE_FROM = 2.0
"""Suggestions and questions name hospitals and old people without anything being at stake."""
_TROUBLE = (
    Nature.SERVICE_QUALITY, Nature.COMMUNICATION_QUALITY, Nature.FAULT_REPAIR, Nature.WORK_ERROR, Nature.PRODUCT_QUALITY
)  # fmt: skip
_TROUBLE_SHARE = 0.25
NONE = "none"
"""The impression of a complaint that has none of the causes in detail."""
NOTHING = "nothing"
"""What speaks for a call about nothing of the hotline's: a wrong number, praise, thanks."""
TOLD = "told"
"""How many of the caller's sentences tell something rather than ask."""
ASKED = "asked"
"""How many of them ask."""
APOLOGY = "apology"
"""How often the seat begs pardon: a seat does so where somebody complains."""
_OF_THE_TALK = frozenset({NOTHING, TOLD, ASKED, APOLOGY})
_SORRY = re.compile("抱歉|对不起|不好意思|受委屈|添麻烦|消消气|别(?:着急|生气|激动)|理解您|体谅|带来(?:的)?不便")
_NO_WONDER = re.compile("久等|打错|没听清|没有?查到|请稍|重复")
_A_SENTENCE = 9
_ASKS = re.compile(
    "(?:吗|么|呢|不|没)$|我?想(?:把|办|装|换|改|查|问|开|学|转|知道|要|找)|不会(?:弄|用|办|搞|操作)|请问|问一下|咨询|打听|想知道|了解一下|多少|怎么(?:办|弄|收|开|查|走|用|算|样)|哪里|能不能|可不可以|有没有"
)
_APOLOGISED = 0.8
_BAD_INFORMATION = 3.0
_REPORT_SHARE = 0.6
"""Who tells of fraud or spam reports it, whether or not the word is said (D93)."""
_ABOUT_US = 2.0
_ASKED = 2.0
_PLAINLY_ASKED = 1.6
_RHETORICAL = 2.0
"""Who asks and tells nothing complains only if the question itself does: 你们凭什么扣我的钱？"""
_PLAINLY_SOUNDS = 0.5
"""How likely the whole must make a kind for the doubts about bare words not to be asked."""
_SOUNDS_TOLD = 0.6
"""How likely it must make a complaint for questions to be taken as put by somebody who complains."""
_SURELY_SOUNDS = 0.75
"""How likely it must make a complaint for one word of thanks or of another firm's not to turn it into nothing."""
_A_WORD_OR_TWO = 30
"""Characters up to which a call that names nothing an operator sells says too little for a business type."""
_ONLY_TOLD = 0.4
_SOMETHING = 0.5
_GRIEVANCE_FROM = 0.9
"""A complaint needs this much: one word such as 问题 is none."""
_PLAIN_TROUBLE = 4.0
_PLAIN_GRIEVANCE = 4.0
_MENU_SAYS = 1.5
_BY_MENU = {
    "complaint": Kind.COMPLAINT, "suggestion": Kind.SUGGESTION, "report": Kind.REPORT, "standards": Kind.ENQUIRY,
}  # fmt: skip
"""Who only names a trouble (座机没有声音) complains of it, unless asking or suggesting is plainer."""
_NATURE_FROM = 1.0
_SIGNAL = re.compile("信号|掉话|盲区")


@dataclass(frozen=True, slots=True)
class Mention:
    """One reason for a value: `line.text[start:end]` with what it weighs."""

    value: str
    weight: float
    line: int
    start: int
    end: int
    exact: bool
    label: str
    """What was found, so that repetitions are known as such."""


@dataclass
class Tally:
    """Scores of the values of one facet."""

    scores: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Value → weight; what nobody spoke for is 0."""
    mentions: dict[str, list[Mention]] = field(default_factory=lambda: defaultdict(list))

    def best(self) -> tuple[str | None, float]:
        if not self.scores:
            return None, 0.0
        value = max(sorted(self.scores), key=lambda name: self.scores[name])
        return value, self.scores[value]

    def confidence(self, value: str | None) -> float:
        """How clearly `value` leads, and on how much: 0…0.97."""
        if value is None or self.scores.get(value, 0.0) <= 0:
            return 0.0
        score = self.scores[value]
        rival = max((other for name, other in self.scores.items() if name not in (value, *_OF_THE_TALK)), default=0.0)
        lead = score / (score + max(0.0, rival) * 0.8)
        support = score / (score + 2.5)
        return min(0.97, lead * support * 1.2)

    def evidence(self, value: str | None, lines: Sequence[Line]) -> tuple[Evidence, ...]:
        """The strongest mentions, of as many turns as there are before a second one of any."""
        strongest = sorted(self.mentions.get(value or "", []), key=lambda each: (-each.weight, each.line, each.start))
        least = max(0.01, _WORTH_SHOWING * strongest[0].weight) if strongest else 0.0
        spans = dict.fromkeys((each.line, each.start, each.end) for each in strongest if each.weight >= least)
        first_of: dict[int, tuple[int, int, int]] = {}
        for span in spans:
            first_of.setdefault(span[0], span)
        ranked = dict.fromkeys([*first_of.values(), *spans])
        return tuple(lines[line].evidence(start, end) for line, start, end in list(ranked)[:_EVIDENCE_PER_FIELD])

    def others(self, value: str | None, lines: Sequence[Line]) -> tuple[Alternative, ...]:
        """The values that come next, each with its evidence."""
        known = ((name, score) for name, score in self.scores.items() if name not in _OF_THE_TALK)
        rest = sorted(name for name, score in known if name != value and score >= _WORTH_A_LOOK)
        ranked = sorted(rest, key=lambda name: -self.scores[name])[:_MOST_OTHERS]
        told = ((name, self.confidence(name), self.evidence(name, lines)) for name in ranked)
        return tuple(Alternative(name, confidence, found) for name, confidence, found in told if found)


Tallies = Mapping[str, Tally]


def weigh(heard: Heard, lexicon: Lexicon) -> Tallies:
    """Tallies of every facet, `kind` to `tags`."""
    tallies: dict[str, Tally] = {facet: Tally() for facet in (*FACETS, *MORE_FACETS)}
    times: dict[tuple[str, str, str], int] = defaultdict(int)
    found = sorted(_mentions(heard, lexicon), key=lambda entry: -abs(entry[1].weight))
    for facet, mention in found:
        key = (facet, mention.value, mention.label)
        worth = _AGAIN[times[key]] if times[key] < len(_AGAIN) else 0.0
        times[key] += 1
        tallies[facet].scores[mention.value] += mention.weight * worth
        tallies[facet].mentions[mention.value].append(mention)
    if (
        sum(tallies["business"].scores.values()) > 0
        or sum(map(len, (line.text for line in heard.lines))) > _A_WORD_OR_TWO
    ):
        add_impressions(tallies, ("business",), heard.lines)
    _note_the_talk(heard.lines, tallies["kind"])
    return tallies


def add_impressions(tallies: Tallies, facets: Sequence[str], lines: Sequence[Line]) -> None:
    """What the wording as a whole sounds like joins as one more mention, at the clause that weighed most.

    Facets that one kind of call has alone are added once the kind is decided: of an enquiry they would tell trouble.
    """
    if not facets:
        return
    said = runs(facets[0], lines)  # the same for all facets but the kind, which stands alone
    for facet in facets:
        names = tuple(Tag) if facet == "tags" else (facet,)
        told = [each for name in names for each in opinions(name, lines, said)]
        for each in told:
            weight = _IMPRESSION[facet] * each.likely
            if each.likely >= _IMPRESSED_FROM and each.value != NONE:
                tallies[facet].scores[each.value] += weight
                shown = weight * _IMPRESSION_SHOWN
                mention = Mention(each.value, shown, each.line, each.start, each.end, exact=False, label=NONE)
                tallies[facet].mentions[each.value].append(mention)


def _note_the_talk(lines: Sequence[Line], tally: Tally) -> None:
    """Who tells, who asks and who begs pardon: it bears on the kind, and is evidence of nothing."""
    for line in lines:
        if not line.is_caller:
            tally.scores[APOLOGY] += bool(_SORRY.search(line.text)) and not _NO_WONDER.search(line.text)
            continue
        for match in re.finditer("[^。?!;]+", line.text):
            said = match[0]
            asks = line.text[match.end() : match.end() + 1] == "?" or _ASKS.search(said) is not None
            before = said.rpartition(",")[0] if asks else said
            tally.scores[ASKED] += asks
            tally.scores[TOLD] += len(before) >= _A_SENTENCE + 3 * asks and not _ASKS.search(before)


_TO_US = re.compile(
    "[我你您咱俺请块钱]|本人|投诉|举报|反映|建议|客服|麻烦|宽带|话费|费用|扣[了费掉]|流量|营业|移机|装机|套餐|短信|彩铃|座机|电话|手机|"
    "上网|网速|断网|停机|小灵通|维修|师傅|工单"
)
"""Somebody speaks of themselves, to somebody, or of what an operator sells: who reads news aloud does not, whatever
trouble the news is about."""


def decide_kind(tallies: Tallies, lines: Sequence[Line], service: str | None = None) -> tuple[Kind, float]:
    """The kind of call. What is a grievance remains a complaint however politely it is asked about.

    What the whole talk sounds like joins after the expressions have been weighed against each other. `service` is what
    the caller chose in the menu. A call in which nobody complains, suggests or reports anything is
    taken for an enquiry, with confidence 0: it makes no complaint.
    """
    tally = tallies["kind"]
    scores = {kind: tally.scores.get(kind.value, 0.0) for kind in Kind}
    grievance = scores[Kind.COMPLAINT]
    worst = max(_TROUBLE, key=lambda nature: tallies["nature"].scores.get(nature.value, 0.0))
    trouble = tallies["nature"].scores.get(worst.value, 0.0)
    if grievance < _PLAIN_GRIEVANCE and not any(_TO_US.search(line.text) for line in lines):
        tally.scores.clear()
        tally.mentions.clear()
        return Kind.ENQUIRY, 0.0
    nothing = tally.scores.get(NOTHING, 0.0) > max(grievance, scores[Kind.REPORT], scores[Kind.SUGGESTION])
    if nothing and not _surely_complains(lines):
        tally.scores.clear()
        return Kind.ENQUIRY, 0.0
    scores[Kind.COMPLAINT] += _TROUBLE_SHARE * trouble
    if grievance + trouble >= _SOMETHING:
        scores[Kind.COMPLAINT] += _APOLOGISED * min(2, tally.scores.get(APOLOGY, 0.0))
    if trouble >= _PLAIN_TROUBLE or not tally.mentions[Kind.COMPLAINT.value]:
        tally.mentions[Kind.COMPLAINT.value] += [
            replace(each, weight=each.weight * _TROUBLE_SHARE) for each in tallies["nature"].mentions[worst.value]
        ]
    bad = tallies["report"].best()
    if bad[0] is not None and bad[1] >= _BAD_INFORMATION:
        scores[Kind.REPORT] += _REPORT_SHARE * bad[1]
        tally.mentions[Kind.REPORT.value] += [
            replace(each, weight=each.weight * _REPORT_SHARE) for each in tallies["report"].mentions[bad[0]]
        ]
    if grievance >= 4:
        scores[Kind.ENQUIRY] *= 0.45
    if service in _BY_MENU and scores[_BY_MENU[service]] > 0:
        scores[_BY_MENU[service]] += _MENU_SAYS
    before = {kind.value: tally.scores.get(kind.value, 0.0) for kind in Kind}
    add_impressions(tallies, ("kind",), lines)
    sounds = {kind: tally.scores.get(kind.value, 0.0) - before[kind.value] for kind in Kind}
    for each, weight in sounds.items():
        scores[each] += weight
    tally.scores.update({kind.value: score for kind, score in scores.items()})
    kind = max(Kind, key=lambda each: scores[each])
    asked, told = tally.scores.get(ASKED, 0.0), tally.scores.get(TOLD, 0.0)
    only_asked = asked and (not told or (told <= asked and grievance < _SOMETHING))
    doubted = sounds[Kind.COMPLAINT] < _SOUNDS_TOLD * _IMPRESSION["kind"]
    if kind is Kind.COMPLAINT and only_asked and grievance < _RHETORICAL and doubted:
        return Kind.ENQUIRY, max(0.3, tally.confidence(Kind.ENQUIRY.value))
    if sounds[kind] >= _PLAINLY_SOUNDS * _IMPRESSION["kind"]:
        return kind, tally.confidence(kind.value)
    if scores[kind] < _SOMETHING or (kind is Kind.COMPLAINT and scores[kind] < _GRIEVANCE_FROM):
        return _told(tallies, scores[Kind.ENQUIRY])
    if kind is Kind.ENQUIRY and scores[kind] < _PLAINLY_ASKED:
        return _told(tallies, scores[kind])
    return kind, tally.confidence(kind.value)


def _surely_complains(lines: Sequence[Line]) -> bool:
    return any(each.value == Kind.COMPLAINT and each.likely >= _SURELY_SOUNDS for each in opinions("kind", lines))


def _told(tallies: Tallies, asked: float) -> tuple[Kind, float]:
    """Who tells of the operator's business at length and asks nothing complains, however it is put."""
    tally = tallies["kind"]
    about = max((tallies[facet].best() for facet in ("nature", "business")), key=lambda best: best[1])
    facet = "nature" if about == tallies["nature"].best() else "business"
    tells = tally.scores.get(TOLD, 0.0) >= (2 if tally.scores.get(ASKED, 0.0) else 1)
    if about[0] is not None and about[1] >= _ABOUT_US and asked < _ASKED and tells:
        held = tally.mentions[Kind.COMPLAINT.value]
        held += [replace(each, weight=each.weight * _TROUBLE_SHARE) for each in tallies[facet].mentions[about[0]]]
        return Kind.COMPLAINT, _ONLY_TOLD
    return Kind.ENQUIRY, tally.confidence(Kind.ENQUIRY.value) * 0.5


def decide_business(tally: Tally, kind: Kind) -> tuple[Business, float]:
    """The business type; what is reported is information, whatever it came over (D93)."""
    value, score = tally.best()
    if kind is Kind.REPORT:
        return Business.INFORMATION, max(0.4, tally.confidence(Business.INFORMATION.value))
    if value is None or score < 0.5:
        return Business.OTHER, 0.2
    return Business(value), tally.confidence(value)


FACETS_OF: Mapping[Kind, tuple[str, ...]] = {
    Kind.COMPLAINT: ("nature", "cause", "cause_detail", "tags"),
    Kind.SUGGESTION: ("category",),
    Kind.REPORT: ("report",),
    Kind.ENQUIRY: (),
}


def decide_nature(tallies: Tallies, kind: Kind) -> tuple[Nature | None, float]:
    """The nature of a complaint (D5), `other` where nothing is named; the other kinds of call have none."""
    if kind is not Kind.COMPLAINT:
        return None, 0.0
    tally = tallies["nature"]
    _one_trouble(tally, tallies["business"])
    value, score = tally.best()
    if value is not None and score >= _NATURE_FROM:
        return Nature(value), tally.confidence(value)
    return Nature.OTHER, 0.0


def _one_trouble(tally: Tally, business: Tally) -> None:
    """手机打不出去 where the signal is weak speaks of the signal, not of a line to be repaired."""
    signal = any(_SIGNAL.search(each.label) for each in tally.mentions[Nature.COMMUNICATION_QUALITY.value])
    if signal and business.best()[0] == Business.MOBILE.value:
        fault = tally.scores.get(Nature.FAULT_REPAIR.value, 0.0)
        tally.scores[Nature.COMMUNICATION_QUALITY.value] += 0.6 * fault
        tally.scores[Nature.FAULT_REPAIR.value] = 0.4 * fault


def decide_urgent(tally: Tally, kind: Kind) -> tuple[bool, float]:
    """Whether the order is marked 加急 (D36), with the confidence of that answer."""
    score = tally.scores.get("all", 0.0)
    enough = _URGENT_FROM if kind is Kind.COMPLAINT else _URGENT_OTHERWISE_FROM
    urgent = score >= enough
    distance = abs(score - enough)
    return urgent, min(0.95, 0.55 + 0.4 * distance)


def _mentions(heard: Heard, lexicon: Lexicon) -> Iterator[tuple[str, Mention]]:
    for number, (line, hits) in enumerate(zip(heard.lines, heard.hits, strict=True)):
        announced = [match.span() for match in _CONTACT.finditer(line.text)]
        formulas = [match.span() for match in SEAT_PHRASES.finditer(line.text)]
        for hit in hits:
            denied = hit.term.text in _DENIABLE and _DENIED.search(line.text, max(0, hit.start - 6), hit.start)
            if denied:
                continue
            for facet, value, weight in hit.term.speaks_for:
                share = _share(facet, line, hit.start, hit.end, formulas)
                if facet == "business" and any(one <= hit.start < other for one, other in announced):
                    continue
                if share and not (facet == "nature" and _NO_PROBLEM.match(line.text[hit.end : hit.end + 8])):
                    mention = Mention(
                        value, weight * hit.quality * share, number, hit.start, hit.end, hit.exact, hit.term.text
                    )
                    yield facet, mention
        for pattern in lexicon.patterns:
            for match in pattern.expression.finditer(line.text):
                share = _share(pattern.facet, line, match.start(), match.end(), formulas)
                if share and match.end() > match.start() and not _is_denied(pattern.facet, line.text, match):
                    yield (
                        pattern.facet,
                        Mention(
                            pattern.value,
                            pattern.weight * share,
                            number,
                            match.start(),
                            match.end(),
                            exact=True,
                            label=pattern.expression.pattern,
                        ),
                    )


def _is_denied(facet: str, text: str, match: re.Match[str]) -> bool:
    if facet != "kind":
        return False
    inside = re.search("(?:不是|并非|不算|没有?)(?:来|要|想)*(?:投诉|举报)", match[0])
    return (inside is not None and "不是" not in match.re.pattern) or (
        _DENIED.search(text, max(0, match.start() - 6), match.start()) is not None and "投诉" in match[0]
    )


def _share(facet: str, line: Line, start: int, end: int, formulas: Sequence[tuple[int, int]]) -> float:
    """How much a mention at this place counts: a seat's set phrases say nothing about the call."""
    if facet not in _SEAT_SHARE:
        return 0.0
    if any(one < end and start < other for one, other in formulas) and facet in ("kind", "urgent"):
        return 0.0
    return 1.0 if line.is_caller else _SEAT_SHARE[facet]
