"""The number or line that bad information came from (D93), told apart from the number to call back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from transcribe.draft.normalise import Line
from transcribe.draft.phones import digit_groups
from transcribe.draft.result import Evidence
from transcribe.draft.sorts import Chosen

_BEFORE = re.compile(
    "(?:号码|电话|短信|号|对方|来电|那个|有个|有一个|一个|骚扰|诈骗|陌生|显示|尾号|开头|座机|发件人|平台)(?:都)?(?:是|为|叫|号码)?[,:]?(?:一个|以)?[,:]?$"
)
_AFTER = re.compile(
    "^[,]?(?:的|这个|那个)?(?:号码?|电话|短信|开头|打头)?[^。?!]{0,14}(?:打|发|骗|骚扰|推销|响|来电|冒充|自称|说|天天|一直|老是)"
)
_MINE = re.compile("(?:我的?|本人|联系|手机号码?(?:是)?|回复|打给我|留)[^。?!]{0,8}$")
_STARTS = re.compile("^(?:的|这种)?(?:开头|打头|号段)")
_SHORTEST = 3
_LONGEST = 20
_KNOWN_LINES = frozenset({"110", "119", "120", "10000", "10086", "10010", "12315", "12321", "12345"})


def find_reported(lines: Sequence[Line], contact: str | None) -> Chosen[str] | None:
    """Digits of the line that is reported, the plainest said, or None."""
    best: tuple[float, str, Evidence] | None = None
    for number, line in enumerate(lines):
        if not line.is_caller:
            continue
        for group in digit_groups(number, line):
            if (
                not _SHORTEST <= len(group.digits) <= _LONGEST
                or group.digits == contact
                or group.digits in _KNOWN_LINES
            ):
                continue
            before, after = line.text[max(0, group.start - 14) : group.start], line.text[group.end : group.end + 18]
            score = 0.0
            score += 0.4 if _BEFORE.search(before) else 0.0
            score += 0.35 if _AFTER.match(after) else 0.0
            score += 0.1 if _STARTS.match(after) else 0.0
            score += 0.1 if len(group.digits) >= 5 else 0.0
            score -= 0.6 if _MINE.search(before) else 0.0
            if score >= 0.4 and (best is None or score > best[0]):
                best = score, group.digits, line.evidence(group.start, group.end)
    return Chosen(best[1], min(0.9, 0.4 + best[0]), (best[2],)) if best else None
