"""Whether the caller is a key account (D36), from the call's facts or from what is said."""

from __future__ import annotations

import re
from collections.abc import Sequence

from transcribe.draft.context import CallContext
from transcribe.draft.normalise import Line
from transcribe.draft.result import Alternative, Evidence
from transcribe.draft.sorts import Chosen

_CLASSES = frozenset({"key_account"})
_WHO = (
    "(?:我|我们|咱|咱们|我司|本公司|我单位|我们单位|我们公司|您|贵公司)[^,。?!]{0,10}(?:是|属于|作为|算)[^,。?!]{0,8}"
)
_CLASS = "(?:大客户|集团客户|政企客户|专线客户|重点客户|重要客户|重点保障客户)"
_SAID = re.compile(
    f"{_WHO}{_CLASS}|(?:系统|资料|档案|合同|记录)(?:里|上|中)?[^,。?!]{{0,4}}(?:标|写|显示|登记)[^,。?!]{{0,4}}{_CLASS}"
    f"|(?:签|挂)(?:的|了)[^,。?!]{{0,8}}{_CLASS}|{_CLASS}(?:的)?(?:专属|专用)(?:客户)?经理"
)
_GRADE = re.compile(f"{_WHO}(?:vip|钻石卡|钻卡|金卡|白金卡|贵宾|五星级?|七星级?)")
_DENIED = re.compile("不(?:是|算|属于)|又没|还不|要是|如果|凭什么只|难道|才(?:是|有)|因为我?不")


def find_key_account(lines: Sequence[Line], call: CallContext) -> tuple[Chosen[bool] | None, tuple[Alternative, ...]]:
    """True where the call's own facts or the words say so; a grade of membership is only worth a look."""
    said = _said(lines, _SAID)
    if call.customer_class in _CLASSES:
        return Chosen(True, 1.0, said), ()
    if said:
        return Chosen(True, 0.8, said), ()
    graded = _said(lines, _GRADE)
    return None, (Alternative("true", 0.4, graded, "a grade of membership was named"),) if graded else ()


def _said(lines: Sequence[Line], expression: re.Pattern[str]) -> tuple[Evidence, ...]:
    for line in lines:
        for match in expression.finditer(line.text):
            if not _DENIED.search(match[0]):
                return (line.evidence(*match.span()),)
    return ()
