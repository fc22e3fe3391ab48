"""Moments the caller names, in the caller's own words: 上周五, 本月十五号, 国庆节那天, 三号到五号, 昨天晚上八点."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from transcribe.draft.normalise import Line
from transcribe.draft.numbers import parse

_N = "[一二三四五六七八九十两零〇\\d]"
_THIS = "上上一?个?|上一?个?|这个?|本|当|下下一?个?|下一?个?"
_YEAR = (
    f"(?P<year>(?:(?<!\\d)20\\d\\d|[二2][零〇0][零〇一二三四五六七八九\\d]{{2}}|(?<![\\d零一二三四五六七八九十]){_N}{{2}})年(?!前|多|以|之|了|级|期|来)|大前年|今年|去年|前年|明年)的?"
)  # fmt: skip
_NO_DAY = (
    "线|楼|门|院|码|机|卡|店|栋|幢|房|室|窗|柜|席|桌|台|话务|营业|客服|师傅|工作人|基站|出口|厅|单元|路|公馆|文件|令|库|座"
)  # fmt: skip
_DAY = f"(?P<day>(?<![\\d点一二三四五六七八九十百两零]){_N}{{1,3}})(?:号|日)(?!{_NO_DAY})"
_PART_OF_MONTH = "(?P<third>月?初|月?底|月?末|月?中旬?|上旬|下旬|月?头(?=上|几|,|。|$))(?!级|间|国|心|毒|断|介|奖)"
_FESTIVALS = (
    f"元旦节?|春节|过年|除夕|年三十|大年初[一二三四五六七八]|正月初[一二三四五六七八]|元宵节|正月十五|清明节?|五一劳动节|五一(?!{_N})|劳动节|端午节?|中秋节?|八月十五(?!号|日|块)"
    "|国庆节?|十一(?=假|长假|黄金周|放假|期间|国庆|那天|当天)|双十一|双十二|双11|双12|六一(?=儿童|那天|当天|节)|儿童节|圣诞节?|情人节|妇女节|三八节|教师节|三一五|3[.·]15)(?!路|街|广场|大道|新村|小区|商场|中学|大厦"
)
_WEEKDAY = "[一二三四五六日天末1-6]"
_PERIOD = "(?P<whole>期间|假期|长假|黄金周|放假(?:期间|的时候)?|放长假)|(?P<that>那[一]?天|当天|当日|那日)"
_UNIT = "天|日|个?礼拜|个?星期|周|个月|个多月|个半月|年|年多|年半"
_MANY = f"{_N}{{1,3}}|半|几|[两二三四五六七八]、?[三四五六七八九]|十几|十来|好几"

_ATOMS = (
    r"(?<!\d)(?P<iso_year>20\d\d)[-/.年](?P<iso_month>[01]?\d)[-/.月](?P<iso_day>[0-3]?\d)(?!\d)(?:日|号)?",
    f"(?:{_YEAR})?(?P<festival>(?:{_FESTIVALS}))(?:{_PERIOD})?",
    f"(?<!每)(?:{_YEAR})?(?:(?P<rmonth>{_THIS})月份?|(?<!每)(?<![\\d点个一二三四五六七八九十百两零])(?P<month>{_N}{{1,2}})月份?(?!租|费|[一二两三四五六七八九十\\d]+(?:块|元)))的?(?:{_DAY}|{_PART_OF_MONTH})?",
    f"{_YEAR}(?P<half>年初|年底|年末|年中|上半年|下半年|春天|夏天|秋天|冬天|底|初|末)?",
    f"(?P<rweek>{_THIS})(?:周|星期|礼拜)(?P<wday>{_WEEKDAY})?(?!\\d|年|期)",
    f"(?<!每|上|下|这|个|本|两|一|几|半)(?P<bare_week>周|星期|礼拜)(?P<bweekday>{_WEEKDAY})(?!到?周期)",
    "(?P<near>大前天|前天|昨天|昨日|昨儿个?|昨晚上?|昨夜|今天|今日|今儿个?|今早|今晨|今晚上?|大后天|后天|明天|明日|明儿个?|明早|明晚上?)",
    f"(?P<ago>{_MANY})(?P<ago_more>多|来)?(?P<ago_unit>{_UNIT})(?:之前|以前|前(?!台|面|后|去|来|往|者|期|天|年))",
    "(?P<span>前几天|前两天|前些天|前些日子|前阵子|前段时间|这几天|这两天|这一两天|近几天|近两天|最近几天|最近两天|这些天|前几个月|这几个月|前两个月|这两个月|前几年)",
    f"(?P<recent>最近|近|这|过去)(?:的|这)?(?P<recent_number>{_N}{{1,2}}|半)(?P<recent_unit>天|个?礼拜|个?星期|周|个月|年)(?!级|期)",
    f"(?<!每月)(?<!个月){_DAY}",
    "(?P<edge>月初|月底|月末|月中|年初|年底|年末)(?!的?时候都|都)",
    "(?P<weekend>周末|双休日)",
)  # fmt: skip
_TIME_OF_DAY = "(?:凌晨|清晨|早上|早晨|一早|上午|中午|下午|傍晚|晚上|夜里|半夜|深夜|晚间)"
_CLOCK = f"(?:{_N}{{1,3}}点(?!击|名|数|卡|\\d)(?:半|整|{_N}{{1,3}}分?|钟|多|左右)?|(?<!\\d)[012]?\\d:[0-5]\\d)"
_TAIL = re.compile(
    f"(?:那[一]?天|当天|当日|左右|前后|的时候)?(?:的(?={_TIME_OF_DAY}))?{_TIME_OF_DAY}?(?:,?{_CLOCK}(?:[到至~-]{_CLOCK})?)?"
)
_ONLY_CLOCK = re.compile(f"{_TIME_OF_DAY}{_CLOCK}(?:[到至~-]{_CLOCK})?")
_TO = re.compile("(?:开始)?[,]?(?:一直)?(?:到|至|[-~—])(?:了)?")
_SHORT_RANGE = re.compile(
    f"(?<![\\d点])(?P<from_day>{_N}{{1,3}})(?:到|至|[-~—])(?P<to_day>{_N}{{1,3}})(?P<what>号|日|月份?)(?!{_NO_DAY})"
)
_NOT_A_DAY = re.compile("(?:工号|编号|单号|窗口|柜台|尾号|路|街|巷|弄|村|院|楼|座|栋|单元|第|每月|每个月)的?是?$")
_NUMBERS_OF_DAYS = frozenset(map(Decimal, range(1, 32)))
_MOST = 8


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of one line that names a moment, with the pieces it is made of; `until` are those of a range's end."""

    line: int
    start: int
    end: int
    parts: Mapping[str, str] = field(default_factory=dict)
    until: Mapping[str, str] | None = None


def find_moments(lines: Sequence[Line]) -> tuple[Moment, ...]:
    """Moments the caller names, in order, each wording once, at most eight."""
    seen: dict[str, Moment] = {}
    for number, line in enumerate(lines):
        if line.is_caller:
            for moment in moments_in(number, line.text):
                seen.setdefault(line.text[moment.start : moment.end], moment)
                if len(seen) == _MOST:
                    return tuple(seen.values())
    return tuple(seen.values())


def moments_in(number: int, text: str) -> Iterator[Moment]:
    """All moments named in one normalised text."""
    position = 0
    while (found := _next(text, position)) is not None:
        begin, end, parts = found
        until: Mapping[str, str] | None = None
        to = _TO.match(text, end)
        if to and parts:
            other = _atom_at(text, to.end())
            if other is not None:
                end, until = other[0], other[1]
        tail = _TAIL.match(text, end)
        end = tail.end() if tail else end
        yield Moment(number, begin, end, parts, until)
        position = max(end, position + 1)


def _next(text: str, position: int) -> tuple[int, int, Mapping[str, str]] | None:
    while True:
        match = _ANY.search(text, position)
        if match is None:
            return None
        begin = match.start()
        short = _SHORT_RANGE.match(text, begin)
        if short and not _NOT_A_DAY.search(text[max(0, begin - 5) : begin]):
            return begin, short.end(), {name: value for name, value in short.groupdict().items() if value}
        atom = _atom_at(text, begin)
        if atom is not None:
            return begin, *atom
        clock = _ONLY_CLOCK.match(text, begin)
        if clock:
            return begin, clock.end(), {}
        position = begin + 1


def _atom_at(text: str, begin: int) -> tuple[int, Mapping[str, str]] | None:
    """End and pieces of the longest atom that begins here."""
    best: tuple[int, Mapping[str, str]] | None = None
    for expression in _EXPRESSIONS:
        match = expression.match(text, begin)
        if match is None or (best is not None and match.end() <= best[0]):
            continue
        parts = {name: value for name, value in match.groupdict().items() if value}
        if parse(parts.get("day", "1")) not in _NUMBERS_OF_DAYS:
            continue
        if set(parts) == {"day"} and _NOT_A_DAY.search(text[max(0, begin - 5) : begin]):
            continue
        best = match.end(), parts
    return best


_EXPRESSIONS = tuple(re.compile(atom) for atom in _ATOMS)
_ANY = re.compile(
    "|".join(
        f"(?:{re.sub(r'[(][?]P<[a-z_]+>', '(?:', atom)})"
        for atom in (*_ATOMS, _SHORT_RANGE.pattern, _ONLY_CLOCK.pattern)
    )
)
