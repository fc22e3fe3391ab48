"""What is written in figures, kind by kind, and how.

Each rule finds its own kind; earlier rules take their characters first. A rule that is not sure leaves the words alone:
一点 is more often "a little" than one o'clock, 一块 more often "together" than one yuan.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from transcribe.draft.numbers import DIGITS
from transcribe.normal.numerals import ANY, COMPOSITE, DIGIT, NUMBER, figures, plain, value


class What(StrEnum):
    """What a piece is."""

    PHONE = "phone"
    CODE = "code"
    """Digits in a row that are no telephone number: order, card, service or house numbers."""
    MONEY = "money"
    DATE = "date"
    TIME = "time"
    PERCENT = "percent"
    VOLUME = "volume"
    NUMBER = "number"


Write = Callable[[re.Match[str]], str | None]


@dataclass(frozen=True, slots=True)
class Rule:
    what: What
    expression: re.Pattern[str]
    write: Write
    """How the match is written; None where it is none after all."""


_SPOKEN = {name: str(digit) for name, digit in DIGITS.items() if name not in "两俩仨"} | {"洞": "0", "拐": "7"}
_SPOKEN |= {str(digit): str(digit) for digit in range(10)}
_D = "[零〇一二三四五六七八九幺洞拐0-9]"
_TIMES = f"(?:[两二三四五六七八]个{_D})"
_ROW = f"(?:{_D}|{_TIMES})"
_GROUP_GAP = "[，,、 \\-—]{1,2}"
_DAY_PART = "凌晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|半夜"
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"(0(?:10|2\d))([2-8]\d{7})|(0[3-9]\d{2})([2-8]\d{6,7})")
_TOLL = re.compile(r"([48]00)(\d{3})(\d{4})")
_IDIOMS = ("七七八八", "三三两两", "一五一十", "二一添作五")


def digits_of(text: str) -> str:
    """The digits that a row of digit words says; 三个八 is 888."""
    spelled = re.sub(_TIMES, lambda found: found[0][-1] * int(_SPOKEN.get(found[0][0], "2")), text)
    return "".join(_SPOKEN.get(each, "") for each in spelled)


def _phone(digits: str) -> str | None:
    if _MOBILE.fullmatch(digits):
        return f"{digits[:3]} {digits[3:7]} {digits[7:]}"
    if found := _LANDLINE.fullmatch(digits):
        return f"{found[1] or found[3]}-{found[2] or found[4]}"
    if found := _TOLL.fullmatch(digits):
        return f"{found[1]}-{found[2]}-{found[3]}"
    return None


def _joined_phone(match: re.Match[str]) -> str | None:
    """Groups of digits with pauses between them, where together they are one telephone number."""
    return _phone(digits_of(match[0]))


_SHORTEST_ROW = 3
_CARD = range(16, 20)


def _row(match: re.Match[str]) -> str | None:
    """A row of digits in one go, as a number of no value."""
    said = match[0]
    digits = digits_of(said)
    if len(digits) < _SHORTEST_ROW or said in _IDIOMS or (said.isascii() and said.isdigit() and not _phone(digits)):
        return None
    after = match.string[match.end() : match.end() + 1]
    if len(digits) == _SHORTEST_ROW and after in tuple("天个月年次楼号层") and _counts_up(digits):
        return None  # 三四五天: three to five
    if len(digits) in _CARD and not said.isascii():
        return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4)) if len(digits) != 18 else digits
    return _phone(digits) or digits


def _counts_up(digits: str) -> bool:
    return all(int(b) - int(a) == 1 for a, b in pairwise(digits))


def _order_number(match: re.Match[str]) -> str | None:
    digits = digits_of(match["row"])
    letters = re.sub(r"\s", "", match["letters"]).upper()
    return f"{letters}{digits[:8]}-{digits[8:]}" if len(digits) == 12 else f"{letters}{digits}"


def _percent(match: re.Match[str]) -> str | None:
    said = match["number"] or match["all"]
    number = "100" if said == "百" else _decimal(said)
    return None if number is None else number + ("%" if match["of"] == "百" else "‰")


def _decimal(text: str) -> str | None:
    """A whole number or one with 点; the digits after it are kept as they were said (一点五零 is 1.50)."""
    whole, point, fraction = text.partition("点")
    base = value(whole)
    if base is None:
        return None
    return plain(base) if not point else f"{base:f}.{digits_of(fraction)}"


def _year(match: re.Match[str]) -> str | None:
    return digits_of(match["year"]) + "年"


def _date(match: re.Match[str]) -> str | None:
    year = f"{digits_of(match['year'])}年" if match["year"] else ""
    month, day = value(match["month"]), value(match["day"]) if match["day"] else None
    if month is None or not 1 <= month <= 12 or (day is not None and not 1 <= day <= 31):
        return None
    return f"{year}{month}月" + (f"{day}日" if day is not None else match["rest"] or "")


def _day(match: re.Match[str]) -> str | None:
    """号 after 本月 is a day; otherwise it may be a house, a line or a day, and 15号 is right for all."""
    number = value(match["number"])
    if number is None:
        return None
    a_day = match["month"] and 1 <= number <= 31
    return f"{match['month'] or ''}{plain(number)}{'日' if a_day else '号'}"


def _time(match: re.Match[str]) -> str | None:
    hour, rest = value(match["hour"]), match["rest"] or ""
    if hour is None or not 0 <= hour <= 24:
        return None
    minutes = {"半": 30, "一刻": 15, "三刻": 45, "整": 0}.get(rest)
    before = match["part"] or ""
    if minutes is None and rest not in ("", "钟"):
        said = value(rest.removeprefix("过").removesuffix("分").lstrip("零"))
        exact = rest.endswith("分") or "十" in rest or bool(before)
        minutes = int(said) if said is not None and exact and said < 60 else None
        if minutes is None:
            return None
    if minutes is not None:
        return f"{before}{hour}:{minutes:02d}"
    return f"{before}{hour}点" if before or rest == "钟" else None


def _volume(match: re.Match[str]) -> str | None:
    number = _decimal(match["number"])
    unit = {"兆": "M", "吉": "G"}.get(match["unit"], match["unit"].upper())
    return None if number is None else f"{number}{match['rough'] or ''}{unit}"


def _money(match: re.Match[str]) -> str | None:
    said = match["number"]
    whole = value(said)
    if whole is None:
        return None
    tail = match["tail"] or ""
    cents = _cents(tail)
    if cents is None:
        return None
    if (
        not tail
        and not match["money"]
        and whole < 10
        and "点" not in said
        and not said.isascii()
        and match["unit"] == "块"
    ):
        after = match.string[match.end() : match.end() + 1]
        if said in "一两" or (after and after not in "，。？！,.?!的左多"):
            return None  # 一块: together; 三块砖: pieces
    rough = match["rough"] or ""
    if cents or "点" in said:
        return None if rough else f"{whole + Decimal(cents) / 100:.2f}元"
    return f"{plain(whole)}{rough}元"


def _cents(tail: str) -> int | None:
    """Fen of what follows 块: 五 and 五毛 are 50, 零五 and 零五分 are 5, 二五 and 两毛五 are 25."""
    if not tail:
        return 0
    said = tail.replace("角", "毛").removesuffix("分")
    digits = "".join(str(DIGITS.get(each, each)) for each in said if each != "毛")
    if not digits.isdecimal() or len(digits) > 2:
        return None
    return int(digits) if len(digits) == 2 or (tail.endswith("分") and "毛" not in tail) else int(digits) * 10


def _small_money(match: re.Match[str]) -> str | None:
    jiao = value(match["jiao"]) if match["jiao"] else Decimal(0)
    fen = value(match["fen"]) if match["fen"] else Decimal(0)
    if jiao is None or fen is None or jiao >= 10 or fen >= 10:
        return None
    return f"{jiao / 10 + fen / 100:.2f}元"


def _number(match: re.Match[str]) -> str | None:
    return figures(match[0])


def _fraction(match: re.Match[str]) -> str | None:
    return _decimal(match[0])


def _house(match: re.Match[str]) -> str | None:
    number = figures(match["number"])
    return None if number is None else number + match["unit"]


_FOUR = "[一二12][零〇九09][零〇一二三四五六七八九0-9]{2}"
_YEAR = f"(?<![零〇一二三四五六七八九十百千万0-9])(?P<year>{_FOUR}|[零〇0][零〇一二三四五六七八九0-9])"
_NOT_AFTER = f"(?![{ANY}几])"
_UNITS_OF_TEN = "天|个|块|元|分钟|小时|秒|年|次|条|张|部|台|户|人|楼|层|米|兆|[GMgm]|倍|岁|周|遍|公里|毛|多|来"
_POINTED = f"(?:(?:{COMPOSITE}|{DIGIT}|零)点[零〇一二三四五六七八九]+|{COMPOSITE}|{DIGIT}|[0-9]+(?:\\.[0-9]+)?)"

RULES: tuple[Rule, ...] = (
    Rule(
        What.PERCENT,
        re.compile(f"(?<![{ANY}])(?P<of>百|千)分(?:之(?P<number>{_POINTED}|百)|(?P<all>百)){_NOT_AFTER}"),
        _percent,
    ),
    Rule(
        What.CODE,
        re.compile(f"(?P<letters>[A-Za-z](?: ?[A-Za-z])) ?(?P<row>{_D}{{8,16}}){_NOT_AFTER}"),
        _order_number,
    ),
    Rule(
        What.PHONE,
        re.compile(f"(?<![{ANY}])(?:{_ROW}(?:{_GROUP_GAP})?){{6,13}}{_ROW}{_NOT_AFTER}"),
        _joined_phone,
    ),
    Rule(
        What.DATE,
        re.compile(
            f"(?:{_YEAR}年)?(?P<month>{NUMBER})月(?:(?P<day>{NUMBER})[号日](?![线楼门院码机卡店])|(?P<rest>份|初|底|中旬|上旬|下旬)|(?![{ANY}]))"
        ),
        _date,
    ),
    Rule(What.DATE, re.compile(f"{_YEAR}年"), _year),
    Rule(What.CODE, re.compile(f"(?<![{ANY}点第]){_ROW}{{2,24}}{_ROW}(?![{ANY}点几])"), _row),
    Rule(
        What.DATE,
        re.compile(f"(?P<month>本月|上月|下月|当月|每月|这个月|上个月|下个月|每个月)?(?P<number>{NUMBER})号"),
        _day,
    ),
    Rule(
        What.TIME,
        re.compile(
            f"(?P<part>{_DAY_PART})?(?P<hour>(?<![{ANY}几第])(?:{DIGIT}?十{DIGIT}?|{DIGIT}|零|[0-9]{{1,2}}))点"
            f"(?P<rest>半|[一三]刻|整|钟|过?(?:{DIGIT}?十{DIGIT}?分?|零?{DIGIT}分|[0-5][0-9]分))?(?![{ANY}])(?!点)"
        ),
        _time,
    ),
    Rule(
        What.VOLUME,
        re.compile(
            f"(?<![{ANY}几])(?P<number>{_POINTED})个?(?P<rough>多)?(?:个)?(?P<unit>兆(?!头)|吉|[GMKT]B?|[gmkt]b?)(?![A-Za-z])"
        ),
        _volume,
    ),
    Rule(
        What.MONEY,
        re.compile(
            f"(?<![{ANY}几])(?P<number>{_POINTED})(?P<rough>多|来)?(?P<unit>块|元)"
            "(?P<tail>[零〇]?[一二两三四五六七八九](?:[毛角][一二三四五六七八九]?)?分?|[一二三四五六七八九]{2})?(?P<money>钱)?"
            f"(?![{ANY}天个次年月号日点条张兆倍人台部]|分)"
        ),
        _money,
    ),
    Rule(
        What.MONEY,
        re.compile(f"(?<![{ANY}几])(?P<number>{_POINTED})(?P<rough>多|来)?(?P<unit>块|元)(?P<tail>)(?P<money>钱)?"),
        _money,
    ),
    Rule(
        What.MONEY,
        re.compile(
            f"(?<![{ANY}几块元])(?:(?P<jiao>{DIGIT})[毛角](?P<fen>[一二三四五六七八九](?=分(?!钟)|钱|[，。？！,.?!]|$))?(?:分(?!钟))?|(?P<only>(?P<fen2>{DIGIT})分(?=钱)))钱?"
        ),
        lambda match: f"{(value(match['fen2']) or Decimal(0)) / 100:.2f}元" if match["only"] else _small_money(match),
    ),
    Rule(
        What.NUMBER,
        re.compile(f"(?<![{ANY}几第])(?:{COMPOSITE}|{DIGIT}|零)点[零〇一二三四五六七八九]+(?![{ANY}点分刻])"),
        _fraction,
    ),
    Rule(What.NUMBER, re.compile(f"(?<![{ANY}几])(?P<number>{DIGIT})(?P<unit>栋|幢|单元|室|楼(?!上|下))"), _house),
    Rule(
        What.NUMBER,
        re.compile(
            f"(?<![{ANY}几数好成上])(?:(?!十(?![一二三四五六七八九万])){COMPOSITE}|十(?={_UNITS_OF_TEN}))(?![{ANY}几])"
            "(?!(?:长假|假期|黄金周|国庆|火)|[步计])"
        ),
        _number,
    ),
)
