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
_PLAIN = 1.5
"""Weight from which a phrase asks for something: a bare 我想 does not."""
_ASKING = (
    (5.0, "要求|我要你们|必须|务必|要么"),
    (4.5, "把[^,。?!]{1,14}(?:退|还|免|取消|修|换|改|装|移|停|关)|(?:退|还|补|赔|免|返)(?:还|给|回|偿)"),
    (4.0, "希望|(?<!申)请(?!问|讲|了|假|个假)|麻烦|帮我|给我(?!开|发|打电话|打来|停|办|扣|订)|替我|应该|应当"),
    (
        3.5,
        "能不能|能否|可不可以|可以不可以|是不是可以|尽快|赶快|赶紧|马上|立刻|立即|快点|快些|抓紧|派人|来人|管一管|管管|查查|修修|你们得|你们来|你们(?:也|就)?要(?!求)|你们(?=检查|处理|解决|管|查)|(?:检查|处理|解决|查|看|管|修)一下|查清楚",
    ),
    (
        2.0,
        "什么时候|到底|我要(?!投诉|举报|反映)|我想(?!投诉|举报|反映|咨询|问|了解|说|讲|跟|知道)|需要|重新|要她|要他|要你们",
    ),
)
_BY_KIND = {
    Kind.SUGGESTION: (
        (6.0, "建议(?=[^,。?!]{3})|希望|最好|应该|能不能|可不可以|可以考虑"),
        (4.0, "建议|意见|要是|如果"),
    ),
    Kind.ENQUIRY: (
        (6.0, "(?:请问|咨询|问|了解|打听|查)(?:一下|问|下)?(?:你们|现在|目前)?[,。]?(?=[^,。?!]{3})"),
        (4.0, "怎么|多少|几天|多久|什么时候|什么手续|哪些|能不能|有没有"),
    ),
    Kind.REPORT: ((5.0, "请|希望|能不能|要求|麻烦|你们(?:要)?(?:查|管|处理)|查处|管一管|给我屏蔽"), (2.0, "举报")),
}
_ACTION = re.compile(
    "退|修|换|装|移|查|取消|道歉|解决|处理|赔|减免|开通|恢复|屏蔽|答复|回复|改|关|停|拆|补|检查|更正|说法|解释|返|核实|报修|重新|登记|过户|提醒|增"
)
_NUMBER = "(?=[\\d零一二三四五六七八九幺洞]{3})"
_END = re.compile(
    "[。?!;]|[,:]?(?:我的?(?:联系)?(?:电话|手机|号码)(?!里|上|卡|用|没|被|的|一|老|经)|我的联系|联系(?:我|电话|方式)|手机号码?是|号码是"
    f"|(?:我的?|联系)?(?:电话|手机|号码)号?码?(?:是|呢|为)?[,:]?{_NUMBER}|谢谢|我叫|我姓|好吧|好不好|否则|要不然|不然)"
)
_POLITE = re.compile("^(?:那个|然后|就是|嗯|呃|啊|那|所以|你们|我)*(?=请|要求|希望|把|给我|帮我)")
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
        _as_request(number, line, match.start(), weight)
        for number, line in enumerate(lines)
        if line.is_caller
        for weight, words in (*_BY_KIND.get(kind, ()), *_ASKING)
        for match in re.finditer(words, line.text)
    ]
    real = [each for each in candidates if each.end - each.start >= 3 and each.weight >= _PLAIN]
    best = max(real, key=lambda each: (each.weight, each.line, each.start), default=None)
    return best and _with_clause_before(best, real)


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


def _as_request(number: int, line: Line, start: int, weight: float) -> Phrase:
    text = line.text
    end_of_talk = _END.search(text, min(len(text), start + 2))
    end = min(len(text), start + _REQUEST_LENGTH, end_of_talk.start() if end_of_talk else len(text))
    if end == start + _REQUEST_LENGTH and (comma := text.rfind(",", start + 4, end)) > 0:
        end = comma
    start = _clause_start(text, start)
    while end > start and text[end - 1] in _TRIM:
        end -= 1
    first_clause = text[start:end].split(",")[0]
    bonus = 1.0 if _ACTION.search(text[start:end]) else -1.0
    if _ACTION.search(first_clause):
        bonus += 0.5
    return Phrase(number, start, end, weight + bonus)


def _clause_start(text: str, start: int) -> int:
    """Where the clause of the asking word begins, when that is no more than a few characters before it."""
    left = start
    while left > 0 and text[left - 1] not in ",。?!;:" and start - left < 8:
        left -= 1
    near = left == 0 or text[left - 1] in ",。?!;:"
    return left if near else start


def find_happened(lines: Sequence[Line], tallies: Tallies) -> Phrase | None:
    """The stretch of a caller's turn that holds most of what the case was judged by, at most 60 characters."""
    weights: dict[tuple[int, int], float] = {}
    for facet in ("nature", "business", "kind"):
        for mentions in tallies[facet].mentions.values():
            for each in mentions:
                if lines[each.line].is_caller:
                    key = (each.line, each.start)
                    weights[key] = max(weights.get(key, 0.0), each.weight)
    best: Phrase | None = None
    for line_number, place in sorted(weights):
        line = lines[line_number]
        start = _back_to_break(line.text, place)
        end = _forward_to_break(line.text, start)
        inside = sum(weight for (other, at), weight in weights.items() if other == line_number and start <= at < end)
        if end - start >= 4 and (best is None or inside > best.weight):
            best = Phrase(line_number, start, end, inside)
    return best


def _back_to_break(text: str, place: int) -> int:
    start = place
    while start > 0 and text[start - 1] not in ",。?!;:" and place - start < 20:
        start -= 1
    return start


def _forward_to_break(text: str, start: int) -> int:
    if len(text) - start <= _HAPPENED_LENGTH:
        end = len(text)
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
