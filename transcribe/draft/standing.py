"""Whether the caller is a key account (D36), from the call's facts or from what is said."""

from __future__ import annotations

import re
from collections.abc import Sequence

from transcribe.draft.context import CallContext
from transcribe.draft.normalise import Line
from transcribe.draft.result import Evidence
from transcribe.draft.sorts import Chosen

_CLASSES = frozenset({"key_account"})
_SAID = re.compile(
    "(?:我|我们|咱|咱们|我司|本公司|我单位|我们单位|我们公司|您|您们|贵公司)[^,。?!]{0,10}(?:是|属于|作为|算)[^,。?!]{0,8}(?P<who>大客户|集团客户|政企客户|重点客户|vip|钻石卡|钻卡|金卡|白金卡|贵宾|五星级?客户|七星级?客户)"
)
_SURE = ("大客户", "集团客户", "政企客户", "重点客户")
_DENIED = re.compile("不(?:是|算|属于)|又没|还不|要是|如果|凭什么只|难道|才(?:是|有)|就因为我?不")


def find_key_account(lines: Sequence[Line], call: CallContext) -> Chosen[bool] | None:
    """True with the words that say so, with none where the call's own facts do; None where nothing does."""
    if call.customer_class in _CLASSES:
        return Chosen(True, 1.0, _said(lines)[1])
    sure, evidence = _said(lines)
    return Chosen(True, sure, evidence) if evidence else None


def _said(lines: Sequence[Line]) -> tuple[float, tuple[Evidence, ...]]:
    for line in lines:
        for match in _SAID.finditer(line.text):
            if not _DENIED.search(match[0]):
                return (0.85 if match["who"] in _SURE else 0.6), (line.evidence(*match.span()),)
    return 0.0, ()
