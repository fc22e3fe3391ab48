"""Moments as calendar days, told from the day of the call.

Weeks begin on Monday. What is said without a year, month or week (十五号, 周三, 三月) is the latest such day up to the
call, since a complaint tells what has been, unless the words around it look ahead (要, 会, 改到…). 月初 is the first
ten days, 月底 the last ones from the 21st; 半个月 is 15 days.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar
import holidays

from transcribe.draft.moments import Moment, find_moments
from transcribe.draft.normalise import Line, normalise
from transcribe.draft.numbers import parse
from transcribe.draft.result import Days
from transcribe.turns import CALLER, Turn

Span = tuple[date, date]

_AHEAD = re.compile(
    "要(?!求|是|不|说)|会(?!员|议)|将|准备|打算|计划|改到|改成|下次|之前|必须|到期|再来|能不能|可以|什么时候|安排|截止"
)
_BEHIND = re.compile(
    "了|过|就|从|已经|申请|办的|买的|开始|发现|的时候|扣|收到|断|坏|没来|没有|没人|以来|至今|到现在|当时|白|结果|等"
)
_RAN_OUT = re.compile("自己|自动|变成|转成|没[^,。?!]{0,6}(?:同意|通知|说|问)|照样|还在?扣|续上|结果")
"""九月份到期，自己变成了七十八的: what follows tells that it is over."""
_EARLIEST_YEAR = 1990
_LATEST_YEAR = 2100
_WEEKDAYS = (
    {name: number for number, name in enumerate("一二三四五六日")} | {"天": 6} | {str(n + 1): n for n in range(6)}
)
_NEAR = {"大前天": -3, "前天": -2, "大后天": 3, "后天": 2}
_NEAR_BY_FIRST = {"昨": -1, "今": 0, "明": 1}
_FIXED = {
    "元旦": (1, 1), "情人": (2, 14), "妇女": (3, 8), "三八": (3, 8), "三一五": (3, 15),
    "3.15": (3, 15), "3·15": (3, 15),
    "五一": (5, 1), "劳动": (5, 1), "六一": (6, 1), "儿童": (6, 1), "教师": (9, 10), "国庆": (10, 1), "十一": (10, 1),
    "双十一": (11, 11), "双11": (11, 11), "双十二": (12, 12), "双12": (12, 12), "圣诞": (12, 25),
}  # fmt: skip
_LUNAR = {
    "清明": "Tomb-Sweeping Day",
    "端午": "Dragon Boat Festival",
    "中秋": "Mid-Autumn Festival",
    "八月十五": "Mid-Autumn Festival",
}
_BLOCKS = ("国庆", "十一", "五一", "劳动", "春节", "过年", "元旦", "清明", "端午", "中秋")
_ALWAYS_BLOCKS = ("国庆", "五一", "春节", "过年")
"""Without 那天 these mean the days off, not the one day."""


@dataclass(frozen=True, slots=True)
class Told:
    """A moment's calendar days, best reading first."""

    text: str
    spans: tuple[Span, ...]
    confidence: float

    def days(self, reading: int = 0) -> Days:
        first, last = self.spans[reading]
        return Days(self.text, first.isoformat(), last.isoformat())


def tell_days(moment: Moment, line: Line, text: str, today: date, before: date | None = None) -> Told | None:
    """What days `moment` means in a call of `today`; None where it names none (晚上八点), or one there is not (2月30).

    `before` is the day named before it in the same turn: a day that was agreed on then (说好周六来) came after it.
    """
    ahead, sure = _looks_ahead(moment, line)
    spans = [span for span in readings(moment.parts, moment.until, today, ahead=ahead) if _plausible(span)]
    if before is not None and before < today and _BARE & set(moment.parts) and _AGREED_ON.search(_left(moment, line)):
        agreed = [span for span in readings(moment.parts, moment.until, before, ahead=True) if before < span[0]]
        spans = [*agreed[:1], *(span for span in spans if span not in agreed[:1])]
    if not spans:
        return None
    confidence = 0.9 if len(spans) == 1 else 0.8 if sure else 0.65
    if {"span", "third", "edge", "ago_more", "half"} & set(moment.parts):
        confidence -= 0.15
    return Told(text, tuple(dict.fromkeys(spans)), confidence)


def days_written(text: str, called_on: date) -> tuple[Days, ...]:
    """The days that a person's note such as `11月13日，上周五` names, best readings only."""
    lines = normalise([Turn(CALLER, 0.0, 1.0, text)])
    told = (tell_days(each, lines[each.line], text, called_on) for each in find_moments(lines))
    return tuple(each.days() for each in told if each is not None)


def _looks_ahead(moment: Moment, line: Line) -> tuple[bool, bool]:
    """Whether the words around a moment speak of what is to come, and whether they say so plainly."""
    left, right = line.clause(moment.start, moment.end)
    around = (
        line.text[max(left, moment.start - 16) : moment.start]
        + "|"
        + line.text[moment.end : min(right, moment.end + 16)]
    )
    ahead, behind = len(_AHEAD.findall(around)), len(_BEHIND.findall(around))
    if "到期" in around and _RAN_OUT.search(line.text[moment.end : line.sentence(moment.start, moment.end)[1]]):
        behind += 1
    return ahead > behind, not ahead or not behind


def _left(moment: Moment, line: Line) -> str:
    return line.text[max(line.clause(moment.start, moment.end)[0], moment.start - 12) : moment.start]


_BARE = frozenset({"bare_week", "weekend", "day"})
_AGREED_ON = re.compile("说好|讲好|约好|约了|约的|约定|预约|答应|承诺|定好|定在|改到|改在|推到|说是?|通知")


def _plausible(span: Span) -> bool:
    return span[0] <= span[1] and span[0].year >= _EARLIEST_YEAR and span[1].year <= _LATEST_YEAR


def readings(parts: Mapping[str, str], until: Mapping[str, str] | None, today: date, *, ahead: bool) -> Sequence[Span]:
    """Spans that the pieces of a moment can mean, best first."""
    if "from_day" in parts:
        return _short_range(parts, today, ahead=ahead)
    begun = _atom(parts, today, ahead=ahead)
    if until is None or not begun:
        return begun
    return [
        (first[0], last[1]) for first in begun for last in _ends(parts, until, first[0], today) if first[0] <= last[1]
    ]


def _ends(parts: Mapping[str, str], until: Mapping[str, str], start: date, today: date) -> Sequence[Span]:
    """Readings of a range's end: what it leaves unsaid it has from the beginning."""
    if set(until) == {"day"}:
        number = _number(until["day"])
        on = _day_from(start, number) if number else None
        return [(on, on)] if on else []
    if set(until) == {"bare_week", "bweekday"}:
        wanted = _WEEKDAYS.get(until["bweekday"])
        if wanted is None:
            return []
        on = start + timedelta((wanted - start.weekday()) % 7)
        return [(on, on)]
    if "month" in until and "year" not in until:
        told = _month_day(until, start.year)
        if told is not None and told[1] < start:
            told = _month_day(until, start.year + 1)
        return [told] if told else []
    return _atom(until, today, ahead=False)


def _short_range(parts: Mapping[str, str], today: date, *, ahead: bool) -> Sequence[Span]:
    first, last = _number(parts["from_day"]), _number(parts["to_day"])
    if not first or not last:
        return []
    if parts["what"].startswith("月"):
        begun = _atom({"month": parts["from_day"]}, today, ahead=ahead)
        ends = [_ends({}, {"month": parts["to_day"]}, one[0], today) for one in begun]
        return [(one[0], end[0][1]) for one, end in zip(begun, ends, strict=True) if end]
    found = []
    for start, _ in _bare_day(first, today, ahead=ahead):
        end = _day_from(start, last)
        if end is not None:
            found.append((start, end))
    return found


def _atom(parts: Mapping[str, str], today: date, *, ahead: bool) -> Sequence[Span]:
    if "iso_year" in parts:
        return _one(_date(int(parts["iso_year"]), int(parts["iso_month"]), int(parts["iso_day"])))
    if "festival" in parts:
        return _festival(parts, today, ahead=ahead)
    if "near" in parts:
        name = parts["near"]
        return _one(today + timedelta(_NEAR.get(name, _NEAR_BY_FIRST.get(name[0], 0))))
    if "rweek" in parts:
        return _week(_shift(parts["rweek"]), parts.get("wday"), today)
    if "bare_week" in parts:
        return _bare_weekday(parts["bweekday"], today, ahead=ahead)
    if "weekend" in parts:
        return _bare_weekday("末", today, ahead=ahead)
    if "rmonth" in parts or "month" in parts:
        return _month(parts, today, ahead=ahead)
    if "year" in parts:
        return _year_part(parts, today)
    if "ago" in parts:
        return _ago(parts, today)
    if "span" in parts:
        return [_span(parts["span"], today)]
    if "recent" in parts:
        return _recent(parts, today)
    if "edge" in parts:
        return _edge(parts["edge"], today, ahead=ahead)
    if "day" in parts:
        number = _number(parts["day"])
        return _bare_day(number, today, ahead=ahead) if number else []
    return []


def _one(day: date | None) -> list[Span]:
    return [(day, day)] if day else []


def _number(text: str) -> int | None:
    told = parse(text)
    return int(told) if told is not None and told == told.to_integral_value() and 0 < told < 10_000 else None


def _date(year: int, month: int, day: int) -> date | None:
    valid = 1 <= month <= 12 and _EARLIEST_YEAR <= year <= _LATEST_YEAR and 1 <= day <= monthrange(year, month)[1]
    return date(year, month, day) if valid else None


def _shift(said: str) -> int:
    """上上个 is -2, 上个 -1, 这个, 本 and 当 0, 下个 1."""
    return said.count("下") - said.count("上")


def _months_on(day: date, months: int) -> tuple[int, int]:
    at = day.year * 12 + day.month - 1 + months
    return at // 12, at % 12 + 1


def _whole_month(year: int, month: int) -> Span:
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def _year(said: str, today: date) -> int | None:
    relative = {"大前年": -3, "前年": -2, "去年": -1, "今年": 0, "明年": 1}
    if said in relative:
        return today.year + relative[said]
    told = _number("".join(each for each in said if each != "年"))
    if told is None:
        return None
    return told if told >= _EARLIEST_YEAR else 2000 + told if told <= today.year - 2000 + 5 else None


def _month(parts: Mapping[str, str], today: date, *, ahead: bool) -> Sequence[Span]:
    if "rmonth" in parts:
        year, month = _months_on(today, _shift(parts["rmonth"]))
        told = _in_month(year, month, parts)
        return [told] if told else []
    if "year" in parts:
        on = _year(parts["year"], today)
        told = _month_day(parts, on) if on else None
        return [told] if told else []
    candidates = [told for year in range(today.year - 8, today.year + 9) if (told := _month_day(parts, year))]
    return _around(candidates, today, ahead=ahead)


def _month_day(parts: Mapping[str, str], year: int) -> Span | None:
    month = _number(parts["month"])
    return _in_month(year, month, parts) if month and month <= 12 else None


def _in_month(year: int, month: int, parts: Mapping[str, str]) -> Span | None:
    first, last = _whole_month(year, month)
    if "day" in parts:
        number = _number(parts["day"])
        day = _date(year, month, number) if number else None
        return (day, day) if day else None
    third = parts.get("third", "")
    if not third:
        return first, last
    if third.endswith(("初", "头")) or third == "上旬":
        return first, first.replace(day=10)
    if "中" in third:
        return first.replace(day=11), first.replace(day=20)
    return first.replace(day=21), last


def _around(candidates: Sequence[Span], today: date, *, ahead: bool) -> list[Span]:
    """The latest span that has begun and the next one, the likelier first; one that holds today alone."""
    begun = [each for each in candidates if each[0] <= today]
    coming = [each for each in candidates if each[0] > today]
    past, future = begun[-1:], coming[:1]
    if past and past[0][1] >= today:
        return past
    return [*future, *past] if ahead else [*past, *future]


def _bare_day(number: int, today: date, *, ahead: bool) -> list[Span]:
    months = [_months_on(today, shift) for shift in range(-3, 4)]
    days = [day for year, month in months if (day := _date(year, month, number))]
    return _around([(day, day) for day in days], today, ahead=ahead)


def _day_from(start: date, number: int) -> date | None:
    """The first day of that number on or after `start`."""
    days = (_date(*_months_on(start, shift), number) for shift in range(3))
    return next((day for day in days if day and day >= start), None)


def _week(shift: int, weekday: str | None, today: date) -> list[Span]:
    monday = today - timedelta(today.weekday()) + timedelta(weeks=shift)
    if weekday == "末":
        return [(monday + timedelta(5), monday + timedelta(6))]
    if weekday is None:
        return [(monday, monday + timedelta(6))]
    return _one(monday + timedelta(_WEEKDAYS[weekday]))


def _bare_weekday(weekday: str, today: date, *, ahead: bool) -> list[Span]:
    candidates = [span for shift in (-2, -1, 0, 1, 2) for span in _week(shift, weekday, today)]
    return _around(candidates, today, ahead=ahead)


def _year_part(parts: Mapping[str, str], today: date) -> Sequence[Span]:
    year = _year(parts["year"], today)
    if year is None or not _EARLIEST_YEAR <= year <= _LATEST_YEAR:
        return []
    half = parts.get("half", "")
    begin, end = _MONTHS_OF.get(half.removeprefix("年") if len(half) < 3 else half, (1, 12))
    return [(date(year, begin, 1), _whole_month(year, end)[1])]


_MONTHS_OF = {
    "初": (1, 2), "底": (11, 12), "末": (11, 12), "中": (6, 7), "上半年": (1, 6), "下半年": (7, 12),
    "春天": (3, 5), "夏天": (6, 8), "秋天": (9, 11), "冬天": (11, 12),
}  # fmt: skip


def _edge(said: str, today: date, *, ahead: bool) -> Sequence[Span]:
    if said.startswith("年"):
        begin, end = _MONTHS_OF[said[1:]]
        spans = [
            (date(year, begin, 1), _whole_month(year, end)[1]) for year in (today.year - 1, today.year, today.year + 1)
        ]
        return _around(spans, today, ahead=ahead)
    months = [_months_on(today, shift) for shift in (-2, -1, 0, 1)]
    found = [span for year, month in months if (span := _in_month(year, month, {"third": said}))]
    return _around(found, today, ahead=ahead)


_DAYS_OF = {"天": 1, "日": 1, "周": 7, "星期": 7, "礼拜": 7}


def _ago(parts: Mapping[str, str], today: date) -> Sequence[Span]:
    said, unit = parts["ago"], parts["ago_unit"].removeprefix("个")
    if unit.startswith(("月", "多月", "半月")):
        if said == "半":
            return _one(today - timedelta(15))
        count = _number(said)
        if count is None or count > 240:
            return []
        year, month = _months_on(today, -count)
        day = _date(year, month, min(today.day, monthrange(year, month)[1]))
        return _one(day - timedelta(15) if day and unit == "半月" else day)
    if unit.startswith("年"):
        if said == "半":
            year, month = _months_on(today, -6)
            return [_whole_month(year, month)]
        count = _number(said)
        return [(date(today.year - count, 1, 1), date(today.year - count, 12, 31))] if count and count <= 36 else []
    if said in ("几", "好几"):
        return [(today - timedelta(7), today - timedelta(2))] if unit in ("天", "日") else []
    if len(said) >= 2 and said.isalpha() and "十" not in said and "零" not in said:  # 两三天前
        few, many = _number(said[0]), _number(said[-1])
        if few and many and few < many:
            return [(today - timedelta(many * _DAYS_OF[unit]), today - timedelta(few * _DAYS_OF[unit]))]
    count = _number(said)
    return _one(today - timedelta(count * _DAYS_OF[unit])) if count and count < 3_000 and unit in _DAYS_OF else []


def _span(said: str, today: date) -> Span:
    if "月" in said:
        year, month = _months_on(today, -2)
        return date(year, month, 1), today
    if "年" in said:
        return date(today.year - 3, 1, 1), date(today.year - 1, 12, 31)
    if said.startswith("前两"):
        return today - timedelta(2), today - timedelta(1)
    if said.startswith("前几") or said.startswith("前些天"):
        return today - timedelta(7), today - timedelta(1)
    if said.startswith("前"):
        return today - timedelta(30), today - timedelta(1)
    return today - timedelta(1 if "两" in said else 4), today


def _recent(parts: Mapping[str, str], today: date) -> Sequence[Span]:
    unit = parts["recent_unit"].removeprefix("个")
    if parts["recent_number"] == "半":
        return [(today - timedelta(15), today)] if unit == "月" else []
    count = _number(parts["recent_number"])
    if count is None or count > 400:
        return []
    if unit == "月":
        year, month = _months_on(today, -count)
        return [(date(year, month, min(today.day, monthrange(year, month)[1])), today)]
    if unit == "年":
        return [(date(today.year - count, today.month, 1), today)] if count < 30 else []
    return [(today - timedelta(count * _DAYS_OF[unit] - 1), today)]


def _festival(parts: Mapping[str, str], today: date, *, ahead: bool) -> Sequence[Span]:
    name = parts["festival"]
    whole = "whole" in parts or ("that" not in parts and name.startswith(_ALWAYS_BLOCKS))
    years = [_year(parts["year"], today)] if "year" in parts else range(today.year - 2, today.year + 3)
    spans = [span for year in years if year and (span := _festival_in(name, year, whole=whole))]
    return spans if "year" in parts else _around(spans, today, ahead=ahead)


def _festival_in(name: str, year: int, *, whole: bool) -> Span | None:
    day = _festival_day(name, year)
    if day is None:
        return None
    if not whole or not name.startswith(_BLOCKS):
        return day, day
    first = last = day
    while _day_off(first - timedelta(1)):
        first -= timedelta(1)
    while _day_off(last + timedelta(1)):
        last += timedelta(1)
    return first, last


@lru_cache(maxsize=512)
def _festival_day(name: str, year: int) -> date | None:
    if not _EARLIEST_YEAR < year < _LATEST_YEAR:
        return None
    fixed = next(
        (at for key, at in sorted(_FIXED.items(), key=lambda entry: -len(entry[0])) if name.startswith(key)), None
    )
    if fixed is not None:
        return date(year, *fixed)
    known = holidays.country_holidays("CN", years=year)
    lunar = next((english for key, english in _LUNAR.items() if name.startswith(key)), None)
    if lunar is not None:
        return next((day for day, called in known.items() if called == lunar), None)
    new_year = min(
        (day for day, called in known.items() if "Chinese New Year (" in called and "observed" not in called),
        default=None,
    )
    if new_year is None:
        return None
    if name in ("除夕", "年三十"):
        return new_year - timedelta(1)
    if name.startswith(("元宵", "正月十五")):
        return new_year + timedelta(14)
    if "初" in name:
        return new_year + timedelta((_number(name[-1]) or 1) - 1)
    return new_year


@lru_cache(maxsize=512)
def _day_off(day: date) -> bool:
    """Days off around a festival: as they were published, or, for years not yet known, as `holidays` expects them."""
    try:
        off, called = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return day in holidays.country_holidays("CN", years=day.year)
    return bool(off and (called or day.weekday() >= 5))
