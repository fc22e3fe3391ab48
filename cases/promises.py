"""Reminder that no date may be promised (D111): finds what reads like a promise in what the agent has written.

It only reminds. The one figure that may be named is the limit itself, a reply within 48 hours (D86).
"""

from __future__ import annotations

import re

_NUMBER = r"(?:[0-9０-９]+|[一二两三四五六七八九十半]+|几)"
_UNIT = r"(?:个?(?:工作日|自然日|小时|钟头|星期|礼拜|月)|分钟|天|日|周)"
_MOMENT = (
    rf"(?:今天|今晚|今日|当天|当日|明天|明日|明早|明晚|后天|大后天|马上|立刻|立即|{_NUMBER}{_UNIT}|"
    r"(?:这|本|下)个?(?:周|星期|礼拜|月)[一二三四五六日天]?|(?:周|星期|礼拜)[一二三四五六日天]|"
    rf"月底|年底|月初|{_NUMBER}月{_NUMBER}[日号]|{_NUMBER}[号点])"
)
_WORD = r"(?:保证|承诺|答应|一定|肯定|绝对|准|务必|包您|确保)"
_DONE = r"(?:解决|修好|修复|恢复|开通|到账|退(?:款|费|还|回|给)|上门|完成|办好|处理(?:好|完)|安装|装好|装机|移机|赔|补)"
_PROMISES = (
    re.compile(rf"{_WORD}[^，。；！？,;!?\n]{{0,20}}?{_MOMENT}"),
    re.compile(rf"{_MOMENT}[^，。；！？,;!?\n]{{0,12}}?{_WORD}"),
    re.compile(
        rf"{_MOMENT}(?:之内|以内|内|之前|以前|前)?[^，。；！？,;!?\n]{{0,8}}?(?:就|可以|能|会|给您|给你)?{_DONE}"
    ),
)
_LIMIT = re.compile(r"(?:48|４８|四十八)个?小时(?:之内|以内|内)?[^，。；！？,;!?\n]{0,10}?(?:答复|回复|回电|联系|反馈)")


def promises(text: str) -> tuple[str, ...]:
    """The stretches of `text` that promise a date or a time, in order; empty where nothing does."""
    left = _LIMIT.sub(lambda found: "；" * len(found[0]), text)
    found = sorted(
        (match.span() for pattern in _PROMISES for match in pattern.finditer(left)), key=lambda span: span[0]
    )
    stretches: list[tuple[int, int]] = []
    for start, end in found:
        if stretches and start < stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], max(end, stretches[-1][1]))
        else:
            stretches.append((start, end))
    return tuple(text[start:end] for start, end in stretches)
