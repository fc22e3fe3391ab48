"""Dates and places, in the caller's own words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transcribe.draft.normalise import Line

_N = "[一二三四五六七八九十两零〇\\d]"
_DAY = f"(?:{_N}{{1,3}}(?:号|日)(?!线|楼|门|院|码|机|卡|店|院))"
_YEAR = f"(?:(?:{_N}{{4}}|今|去|前|明)年)?"
_MONTH = f"{_YEAR}(?:{_N}{{1,2}}月份?|上个?月|这个?月|本月|下个?月|上上个?月)(?:{_DAY}|初|底|中旬|上旬|下旬)?"
_WEEK = "(?:上个?|这个?|本|下个?)(?:周|星期|礼拜)[一二三四五六日天]?|(?:周|星期|礼拜)[一二三四五六日天]"
_NEAR = "大前天|前天|昨天|昨晚|今天|今早|今晚|明天|后天|前几天|前两天|去年|前年|年初|年底"
_PART = "(?:凌晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|半夜)"
_CLOCK = f"(?:{_N}{{1,3}}点(?:半|{_N}{{1,3}}分?|钟|多)?)"
_AGO = f"{_N}{{1,3}}(?:个)?(?:天|周|星期|礼拜|月)(?:以)?前"
_DATE = re.compile(
    f"(?<!\\d)(?:{_MONTH}|{_AGO}|{_WEEK}|{_NEAR}|{_DAY})(?:的(?={_PART}))?{_PART}?{_CLOCK}?|{_PART}{_CLOCK}"
)

_PLACE_WORD = (
    "小区|花园|家园|公寓|大厦|广场|新村|社区|营业厅|车站|火车站|汽车站|学校|中学|小学|大学|医院|菜市场|市场|商场|公园|工业园|开发区"
    "|村|镇|乡|街道|大街|路口|路|街|巷|弄|大道|号楼|栋|幢|单元|号院|区|县|市|省|州"
)
_NOT_IN_NAMES = (
    "我你您他她它们的了把说这那哪有是就要会到去在从问请个跟没不想给打办买让被很都也还又再可什怎为着过住每只搬于位址"
)
_NAME = f"[^\\W{_NOT_IN_NAMES}a-z]"
_PLACE = re.compile(f"(?P<place>(?:{_NAME}{{0,8}}?(?:{_PLACE_WORD}))+(?:\\d+号)?)(?!话|号码)")
_NOT_A_PLACE = re.compile(
    "号码|工号|账号|信号|型号|走路|线路|电路|一路|半路|网路|小时|市话|市价|公用|固话|固定|手机|宽带|电话|套餐|没有|问题|服务区|盲区|公话"
    "|^(?:老|几|一|两|整|全|本|城|地|小|社|郊|农|山|上|下|超|门|道|马|公|铁|高速)?(?:市|区|村|路|街|镇|县|省|乡|州|城区|地区|小区|社区|学校|医院|营业厅|火车站|汽车站|市场|公园|车站)$"
    "|家里|城市|省得|网上"
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of one line."""

    line: int
    start: int
    end: int

    def overlaps(self, other: Mention) -> bool:
        return self.line == other.line and self.start < other.end and other.start < self.end


def find_dates(lines: Sequence[Line], place: Mention | None = None) -> tuple[Mention, ...]:
    """Dates and times the caller names, each once, at most six; 18号 in a `place` is a house, not a day."""
    seen: dict[str, Mention] = {}
    for number, line in enumerate(lines):
        if line.is_caller:
            for match in _DATE.finditer(line.text):
                mention = Mention(number, *match.span())
                if place is None or not mention.overlaps(place):
                    seen.setdefault(match[0], mention)
    return tuple(seen.values())[:6]


def find_place(lines: Sequence[Line]) -> Mention | None:
    """The place the caller speaks of: the longest name, for it says most."""
    places = [place for number, line in enumerate(lines) if line.is_caller for place in _places(number, line)]
    return max(places, key=lambda place: (place.end - place.start, -place.line), default=None)


def _places(number: int, line: Line) -> Iterator[Mention]:
    position = 0
    while match := _PLACE.search(line.text, position):
        start, end = match.span("place")
        position = max(end, match.start() + 1)
        if end - start >= 3 and not _NOT_A_PLACE.search(line.text[start:end]):
            yield Mention(number, start, end)
