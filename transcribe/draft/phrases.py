"""Verbatim phrases of the caller: what is asked for, and what happened."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from transcribe.draft.judge import Tallies
from transcribe.draft.normalise import Line
from transcribe.draft.result import Kind

_REQUEST_LENGTH = 32
_HAPPENED_LENGTH = 60
_SHORT = 7
_SHORT_BEFORE = 11
_PLAIN = 1.5
"""Weight from which a phrase asks for something: a bare 我想 does not."""
_ASKING = (
    (4.0, "我要(?:钱|现[金钞]|退|换|改|取消|解约|赔|补|拆|查|转|恢复|停|销)"),
    (5.0, "要求|我要你们|必须|务必|要么|(?:给|要)(?:我|我们)?(?:一)?个(?:交代|说法|解释|答复|公道|准话|结果)"),
    (
        4.5,
        "给我[停关]掉(?!了)|把[^,。?!]{1,14}(?:退|还|免|取消|修|换|改|装|移|停|关|解除|撤|删|拆|恢复|清|查|说|写|弄|办)|(?:全部|全都?|都|马上|赶紧|一分不[少能]|统统|如数|得|该|要|必须)?(?:退|还|补|赔|免|返)(?:还|给|回|偿|出来|我(?!们?卡里)|到|货|钱|款)|(?:得|该|要|必须|全部|全都?|都)(?:退|还|补|赔|免|返)(?![不没订休]|得|要)|退(?:了|掉)(?=[嘛吧呗,。!]|$)|(?:整|拿|吐|弄|要|倒|改)(?:回来|出来)|别忘了",
    ),
    (4.0, "希望|(?<!申)请(?!问|讲|了|假|个假)|麻烦|帮我|给我(?!开|发|打电话|打来|停|办|扣|订)|替我|应该|应当"),
    (
        3.5,
        "千万别|别再|不[要许准能]再|求(?:你|您)们?|叫(?:他们|人|师傅)|快(?:来|给)|(?:换|找|叫)一?个[^,。?!]{1,8}来|我[就只]要|能不能|能否|可不可以|可以不可以|是不是可以|尽快|赶快|赶紧|马上|立刻|立即|快点|快些|抓紧|派人|来人|行不行|行吗|好不好|可以吗|查一查|查查|起码|至少|多放|以后|管一管|管管|查查|修修|你们得|你们来|你们(?:也|就)?要(?!求)|你们(?=检查|处理|解决|管|查)|(?:检查|处理|解决|查|看|管|修)一下|查清楚",
    ),
    (
        2.0,
        "什么时候|到底|我要(?!投诉|举报|反映)|我想(?!投诉|举报|反映|咨询|问|了解|说|讲|跟|知道)|需要|重新|要她|要他|要你们",
    ),
)
_BY_KIND = {
    Kind.SUGGESTION: (
        (6.0, "建议(?=[^,。?!]{3})|希望|最好|应该|能不能|可不可以|可以考虑"),
        (5.0, "(?<=提个醒,)|(?<=个建议,)|(?<=个想法,)|(?<=个意见,)|不如|干脆|何不"),
        (4.0, "建议|意见|要是|如果"),
        (3.0, "[加添装设配放](?:一?[个块些排台张层]|几[个块些排台张])|[^,。?!]{3,}(?=,?(?:不难吧|难不难|多好|就好了))"),
    ),
    Kind.ENQUIRY: (
        (6.0, "(?:请问|咨询|问|了解|打听|查)(?:一下|问|下)?(?:你们|现在|目前)?[,。]?(?=[^,。?!]{3})"),
        (
            4.0,
            "怎么|咋|啥|几(?:张|个|块|兆|年|月|种|位|点)|多少|多长|几天|几点|几号|多久|什么|哪里|哪儿|如何|会不会|是不是|哪些|能不能|有没有|(?:吗|么)(?=[,。?!]|$)",
        ),
        (2.6, "[^,。?!]{3,}(?=[?])"),
    ),
    Kind.REPORT: ((5.0, "请|希望|能不能|要求|麻烦|你们(?:要)?(?:查|管|处理)|查处|管一管|给我屏蔽"), (2.0, "举报")),
}
_DONE_TO_ME = re.compile("(?:你们|他们|人家|谁|营业员|客服|师傅|业务员|都|已经|就|又|给)[^,。?!]{0,3}$")
_DONE = re.compile("^(?:给|帮|替)我[^,。?!]{0,8}(?:了|过|成)(?!吧|算)")
_PAST = re.compile("把(?!.{0,14}(?:给我|帮我|替我))[^,。?!]{1,14}(?:了|过)(?!吧|算|行)")
_FIRST_FOR = (Kind.ENQUIRY,)
"""What is asked for first is what the call is about."""
_ACTION = re.compile(
    "解除|撤|删|弄|写|放|派|给个|退|修|换|装|移|查|取消|道歉|解决|处理|赔|减免|开通|恢复|屏蔽|答复|回复|改|关|停|拆|补|检查|更正|说法|解释|返|核实|报修|重新|登记|过户|提醒|增"
)
_EARLY = 2
_MOST_INSIDE = 40
"""No 60 characters hold more mentions than this."""
_NUMBER = "(?=[\\d零一二三四五六七八九幺洞]{3})"
_END = re.compile(
    "[。?!;]|[,:]?(?:我的?(?:联系)?(?:电话|手机|号码)(?!里|上|卡|用|没|被|的|一|老|经)|我的联系|联系(?:我|电话|方式)|手机号码?是|号码是"
    "|(?:还|就)?(?:用|打|是)(?:这个|本机|我这个)(?:号|电话|手机)"
    f"|(?:我的?|联系)?(?:电话|手机|号码)号?码?(?:是|呢|为)?[,:]?{_NUMBER}|谢谢|我叫|我姓|好吧|好不好|否则|要不然|不然)"
)
_POLITE = re.compile("^(?:那个|然后|就是|嗯|呃|啊|那|所以|你们|我)*(?=请|要求|希望|把|给我|帮我)")
_ASKS_POLITELY = re.compile(
    "(?:嗯+|呃|那个|喂|你好|您好|麻烦|[,。]|(?:我?想?要?|请)(?:问|请教|打听|咨询|了解)(?:您|你)?(?:一下|下|个事|一声)?)+,"
)
_TRIM = ",。?!:;吧啊呢嘛呀哦了 "


@dataclass(frozen=True, slots=True)
class Phrase:
    line: int
    start: int
    end: int
    weight: float


def find_request(lines: Sequence[Line], kind: Kind) -> Phrase | None:
    """The phrase in which the caller says what is to be done, at most 32 characters."""
    candidates = [
        _as_request(number, line, match.start(), weight, of_deed=kind is not Kind.ENQUIRY)
        for number, line in enumerate(lines)
        if line.is_caller
        for weight, words in (*_BY_KIND.get(kind, ()), *_ASKING)
        for match in re.finditer(words, line.text)
    ]
    real = [each for each in candidates if each.end - each.start >= 3 and each.weight >= _PLAIN]
    first = -1 if kind in _FIRST_FOR else 1
    best = max(real, key=lambda each: (each.weight, first * each.line, first * each.start), default=None)
    if best is not None and kind is Kind.ENQUIRY:
        return _whole_question(best, lines[best.line].text)
    return best and _with_what_it_is_of(_with_clause_before(best, real), lines)


def _with_what_it_is_of(best: Phrase, lines: Sequence[Line]) -> Phrase:
    """A short request with the short clause before it that says of what: 这钱我是不认的，给我减掉."""
    text = lines[best.line].text
    if best.end - best.start > _SHORT or best.start < 2 or text[best.start - 1] != ",":
        return best
    start, _ = lines[best.line].clause(best.start - 2, best.start - 1)
    return replace(best, start=start) if best.start - start <= _SHORT_BEFORE else best


def _whole_question(asked: Phrase, text: str) -> Phrase:
    """The question with what it is about, said before it in the same sentence: 座机想停机保号，需要什么手续."""
    start = asked.start
    while start > 0 and text[start - 1] not in "。?!;" and asked.end - start < _REQUEST_LENGTH + 4:
        start -= 1
    if start and text[start - 1] not in "。?!;":  # too long: from the first clause that is whole
        comma = text.find(",", start, asked.start)
        start = comma + 1 if comma >= 0 else asked.start
    start = min(start, asked.start)
    polite = _ASKS_POLITELY.match(text, start, asked.end)
    return replace(asked, start=polite.end() if polite and asked.end - polite.end() >= _SHORT else start)


def _with_clause_before(best: Phrase, others: Sequence[Phrase]) -> Phrase:
    """The request from where its sentence began to ask: 请立即派人来修，今天必须恢复 is one request."""
    starts = [
        other.start
        for other in others
        if other.line == best.line
        and other.start < best.start <= other.end + 1
        and best.end - other.start <= _REQUEST_LENGTH
    ]
    return replace(best, start=min(starts)) if starts else best


def _as_request(number: int, line: Line, asked: int, weight: float, *, of_deed: bool) -> Phrase:
    """The phrase that a word of asking stands in; `of_deed`: one that names something to be done is likelier."""
    text, start = line.text, asked
    end_of_talk = _END.search(text, min(len(text), start + 2))
    end = min(len(text), start + _REQUEST_LENGTH, end_of_talk.start() if end_of_talk else len(text))
    if end == start + _REQUEST_LENGTH and (comma := text.rfind(",", start + 4, end)) > 0:
        end = comma
    start = _clause_start(text, start)
    while end > start and text[end - 1] in _TRIM:
        end -= 1
    first_clause = text[start:end].split(",")[0]
    bonus = 0.0
    if of_deed:
        bonus = 1.0 if _ACTION.search(text[start:end]) else -1.0
        bonus += 0.5 if _ACTION.search(first_clause) else 0.0
    if _PAST.match(text, asked):
        bonus -= 4.0
    if _DONE.match(text, asked) and _DONE_TO_ME.search(text[max(0, asked - 5) : asked]):
        bonus -= 4.0
    return Phrase(number, start, end, weight + bonus)


def _clause_start(text: str, start: int) -> int:
    """Where the clause of the asking word begins, when that is no more than a few characters before it."""
    left = start
    while left > 0 and text[left - 1] not in ",。?!;:" and start - left < 8:
        left -= 1
    near = left == 0 or text[left - 1] in ",。?!;:"
    return left if near else start


def find_happened(lines: Sequence[Line], tallies: Tallies, request: Phrase | None = None) -> Phrase | None:
    """The stretch of a caller's turn that holds most of what the case was judged by, at most 60 characters.

    What comes first tells what happened; `request` tells what is wanted of it and is left out.
    """
    weights = _weights(lines, tallies)
    if request is not None:
        asked = range(request.start, request.end)
        weights = {at: weight for at, weight in weights.items() if at[0] != request.line or at[1] not in asked}
    best: Phrase | None = None
    spoken = [number for number, line in enumerate(lines) if line.is_caller]
    places = sorted(weights)
    for at, (line_number, place) in enumerate(places):
        line = lines[line_number]
        start = _back_to_break(line.text, place)
        stop = request.start if request and request.line == line_number and request.start > place else len(line.text)
        end = _forward_to_break(line.text, start, stop)
        inside = 0.0
        for later in places[at : at + _MOST_INSIDE]:
            if later[0] != line_number or later[1] >= end:
                break
            inside += weights[later]
        inside *= 1.3 if line_number in spoken[:_EARLY] else 1.0
        if end - start >= 4 and (best is None or inside > best.weight):
            best = Phrase(line_number, start, end, inside)
    return best


def _weights(lines: Sequence[Line], tallies: Tallies) -> dict[tuple[int, int], float]:
    """What the mentions of the caller weigh, by line and place."""
    weights: dict[tuple[int, int], float] = {}
    for facet in ("nature", "business", "kind"):
        for mentions in tallies[facet].mentions.values():
            for each in mentions:
                if lines[each.line].is_caller:
                    key = (each.line, each.start)
                    weights[key] = max(weights.get(key, 0.0), each.weight)
    return weights


def _back_to_break(text: str, place: int) -> int:
    start = place
    while start > 0 and text[start - 1] not in ",。?!;:" and place - start < 20:
        start -= 1
    return start


def _forward_to_break(text: str, start: int, stop_at: int) -> int:
    if stop_at - start <= _HAPPENED_LENGTH:
        end = stop_at
    else:
        limit = start + _HAPPENED_LENGTH
        end = max(text.rfind(mark, start + 8, limit) for mark in ",。?!;")
        end = end if end > start else limit
    stop = next((each for each in _END.finditer(text, start + 8, end) if each[0][0] not in "。?!;"), None)
    if stop:
        end = stop.start()
    while end > start and text[end - 1] in ",。?!;:":
        end -= 1
    return end


def clean(text: str) -> str:
    """A verbatim phrase without the hesitation in front of it."""
    return _POLITE.sub("", text).strip(_TRIM)
