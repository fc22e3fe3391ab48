"""The number or line that bad information came from (D93), told apart from the number to call back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from transcribe.draft.normalise import Line
from transcribe.draft.phones import Row, digit_rows
from transcribe.draft.result import Evidence
from transcribe.draft.sorts import Chosen

_BEFORE = re.compile(
    "(?:号码|电话|短信|号|对方|来电|那个|有个|有一个|一个|骚扰|诈骗|陌生|显示|开头|座机|发件人|平台|网站|用的|发来的)(?:都|好像|应该)?(?:是|为|叫|号码)?[,:]?(?:一个|以)?[,:]?$"
)
_AFTER = re.compile(
    "^[,]?(?:的|这个|那个)?(?:号码?|电话|短信|开头|打头)?[^。?!]{0,14}(?:打|发|骗|骚扰|推销|响|来电|冒充|自称|天天|一直|老是)"
)
_BAD = re.compile(
    "举报|骚扰|诈骗|骗|垃圾|推销|陌生|对方|色情|黄色|赌|不良|违法|冒充|自称|广告|发来|打来|打过来|发过来|收到|接到"
)
_MINE = re.compile(
    "(?:我的?(?:手机|电话|号码|联系|号)|我(?:是|叫|姓)|本人|联系(?:我|电话|方式)|回复我|打给我|留)[^。?!]{0,8}$"
)
_ASKED_FOR_MINE = re.compile(
    "方便联系|联系您|打给您|给您回|您(?:本人)?的|"
    "您的?(?:联系|手机|电话|本机|姓名)|联系(?:您|电话|方式|号码)|怎么联系|留(?:一|个|下)|回复您|您的号码|您贵姓"
)
_ASKED_FOR_THEIRS = re.compile(
    "(?:对方|骚扰|诈骗|发送|来电|哪个|什么|举报|那个|具体)的?[^。?!]{0,6}号码?|号码[^。?!]{0,8}(?:提供|记得|记下|显示|多少|说)"
)
_STARTS = re.compile("^(?:的|这种)?(?:开头|打头|号段)")
_SHORTEST = 3
_LONGEST = 20
_KNOWN_LINES = frozenset({"110", "119", "120", "10000", "10086", "10010", "12315", "12321", "12345"})
_ENOUGH = 0.4
_TOLD = 0.4
"""Who reports something and says a number tells of the line it came from, unless the number is the caller's own."""
_PLAINLY_A_NUMBER = 5


def find_reported(lines: Sequence[Line]) -> Chosen[str] | None:
    """Digits of the line that is reported, the plainest said, or None."""
    best: tuple[float, str, tuple[Evidence, ...]] | None = None
    rows = list(digit_rows(lines))
    for row in rows:
        if not _SHORTEST <= len(row.digits) <= _LONGEST or row.digits in _KNOWN_LINES:
            continue
        if any(_begins(row, other) for other in rows):
            continue
        score = _score(row, lines)
        if score >= _ENOUGH and (best is None or score > best[0]):
            best = score, row.digits, tuple(lines[each.line].evidence(each.start, each.end) for each in row.parts)
    return Chosen(best[1], min(0.9, 0.4 + best[0]), best[2]) if best else None


def _begins(row: Row, other: Row) -> bool:
    """Whether `other` is the number of which `row` was only said to be the beginning: 幺七零开头的，幺七零五五…"""
    return len(row.digits) < len(other.digits) <= _LONGEST and other.digits.startswith(row.digits)


def _score(row: Row, lines: Sequence[Line]) -> float:
    first, last = row.parts[0], row.parts[-1]
    text = lines[first.line].text
    before, after = text[max(0, first.start - 14) : first.start], lines[last.line].text[last.end : last.end + 18]
    asked = next(
        (lines[at].text for at in range(first.line - 1, max(-1, first.line - 7), -1) if not lines[at].is_caller), ""
    )
    opens = first.start <= 6
    score = _TOLD if len(row.digits) >= _PLAINLY_A_NUMBER else 0.0
    score += 0.35 if _BEFORE.search(before) else 0.0
    score += 0.35 if _AFTER.match(after) else 0.0
    score += 0.15 if _BAD.search(text[max(0, first.start - 60) : first.start]) else 0.0
    score += 0.1 if _STARTS.match(after) else 0.0
    score += 0.1 if len(row.digits) >= 5 else 0.0
    if opens and _ASKED_FOR_MINE.search(asked):
        score -= 0.7
    elif opens and _ASKED_FOR_THEIRS.search(asked):
        score += 0.4
    return score - (0.7 if _MINE.search(before) else 0.0)
