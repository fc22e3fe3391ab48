"""The sum the caller disputes or wants back, in yuan.

Of all sums that are said, the one is taken that stands closest to words of refund, then of overcharge, then of charge;
plan prices and monthly fees stand back (`amount` in `patterns.yaml`). A rough sum (两百多块) counts as stated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from transcribe.draft.lexicon import Lexicon
from transcribe.draft.normalise import Line
from transcribe.draft.numbers import NUMERAL, parse
from transcribe.draft.result import Alternative, Evidence, Kind

_MONEY = re.compile(
    rf"(?P<number>{NUMERAL})(?P<rough>多|几|来)?(?P<unit>块|元|圆|[快筷](?=钱|[,。?!五]|$|的|退|多)|员(?=钱|[,。?!]|$)|角|毛)"
    r"(?P<tail>零?[一二三四五六七八九两\d]{1,2}(?:(?:毛|角)(?:[一二三四五六七八九\d](?!分钟))?)?(?:[一二三四五六七八九\d]?分(?!钟))?(?![一二三四五六七八九十百千万\d]|分|天|个|次|年|月(?!租|费)|号|日|直|共|样|定|起|些|下|再|概|会|半|般|旦|边|切|来|遍|回|趟|月(?!租|费)|点|条|张|兆|倍|人|台|部|分钟|小时|g|m))?"
    r"(?P<money>钱)?"
)
_THOUSANDS = re.compile("(?<=[一二三四五六七八九两])[钱前](?=[零一二三四五六七八九]百|[零一二三四五六七八九]十)")
"""三千二百 is heard as 三钱二百."""
_ONE_IN_WORDS = re.compile("一(?=直|样|共|下|定|起|概|旦|般|些|边|切|来就|分[不没钱也都])")
"""一 that is no number: 五十一直没返 is fifty."""
_BARE = re.compile(
    rf"(?:扣|收|退|交|花|充|赔|补|多收|多扣|多出来?|多|少)(?:了|我|你|们|还|给|掉|值|去|费|成){{0,3}}(?P<number>{NUMERAL})(?=[,。?!]|$|退|结果|买|办|拿|给)"
)
_ROUND = re.compile(
    r"(?P<number>(?:[一二两三四五六七八九](?:千|百|万)[零一二两三四五六七八九十百千]*|[二三四五六七八九]?十[一二三四五六七八九]?|\d{2,5}(?:\.\d{1,2})?))"
)
"""A number that may be a sum though no 块 follows: 三百六, 一百五, 五十."""
_PAID_BEFORE = re.compile(
    "(?:扣|收|退|交|缴|花|充|赔|补|差|跑|掉|付|欠|存|(?:多|冒|付|支)出|涨|要(?=我|了)|送|返|还|亏|少|多|降|贵|便宜|(?:划|转|吞|吃|拿|刷|卷)(?:走|掉|了|去)|一个月|每个?月|结果|那|这笔|补贴|押金|月租|[一-鿿]费|违约金|滞纳金|[一每两]笔|[一|]共|总共|合计|共计|加起来|变成|成|就是)(?:了|我|我们|你们|您|他|她|你|给|掉|去|走|得|出来|出|来|的|那|那个|张|个|费|[一|]共|总共|是|才|值|整整|足足|足|将近|差不多){0,4}$|(?:[一-鿿]费|费用|押金|违约金|滞纳金|保证金),$"
)
_PAID_AFTER = re.compile(
    "^(?:钱)?(?:的)?(?:面值的?|充值卡|电话卡|话费|流量费|月租)|^(?:全部|全都?|都|统统|原样|如数|一分不少地?|马上|得|必须|要|先)?(?:给我)?(?:退|还(?:我|给)|赔|返还|吐|免)|^(?:我)?(?:也|都|可|就)?不(?:认|交|付|出)|^(?:的)?(?:信息|声讯|上网|流量|漫游|违约|服务|功能|增值|会员|短信|长途|月租|话)费|^(?:一直|到现在|还|也)?没(?:退|返|到|给|还)|^月租|^,?(?:全部|全都?|一起)?(?:给我)?退|^包[一两半三]?年|^(?:一|每)个?(?:月|年)|^一年|^领|^打水漂|^没了|^[|]分"
)
_BOUGHT = re.compile("(?:买|办|充|交|缴|收|扣|花)[^,。?!]{1,12},$")
_COUNTED = re.compile(
    "^(?:多|几|来|余)?(?:个|次|天|日|年|月(?!租|费|流量)|号|点|分|秒|兆|条|张(?!五|一|两|二)|人|台|部|倍|小时|岁|位|楼|室|栋|幢|弄|单元|米|平|公里|g|m|k|%|度|遍|回|趟|家|户|种|样|名|周|星期|礼拜|届|路|里|层|排|组|件|页|行|列|项|斤|笔|封|格|根|只|亩|趟|句|声|字|期|集|段|套|份|万元)"
)
_CORRECTED = re.compile("^钱?[,。]?(?:啊|哦|呃|嗯)?[,。]?(?:不对|不是|错了|说错|讲错)")
_ROUGH = re.compile("左右|上下|以上|大概|差不多")
_WANTED_BACK = re.compile("退(?!订|伍|休)|返还|赔|减免|补给|还给我")
_WANTED_BACK_BONUS = 1.5
"""Whoever wants money back has named the sum somewhere, if any."""
_TROUBLE = re.compile(
    "扣|收费|账(?!号|户)|不认|减掉|乱收|收了?我|退|话费|账单|充|到账|余额|划走|没了|赔|骗|坑|算错|多收|贵|返|费用|月租|押金|违约金|滞纳金|押金|冲(?:掉|回|减|抵)|[一-鿿]费(?=[一二两三四五六七八九\\d])"
)
_ENOUGH = 1.5
_ENOUGH_TO_ASK = 4.0
_TOTAL_BONUS = 3.0
_HALF = 4.0
_MONTHLY = re.compile("(?:每个?月|一个月|月月|按月|月租)[^,。?!]{0,6}$")
_MONTHLY_AFTER = re.compile("^钱?(?:一个月|每月|每个月|[/一]月)")
_COUNT_BEFORE = re.compile(rf"(?P<count>{NUMERAL})(?:条|次|回|个月|天|张|笔|遍|趟|个|分钟),?(?:一共|总共|就是|共|是)?$")
_LOST = re.compile("^[^,。?!]{0,3}(?:没了|不见了|被骗|被转|被划)|^[^,。?!]{0,4}(?:骗|转|划|取|刷)走")
_MOST = 4


@dataclass(frozen=True, slots=True)
class Sum:
    """One sum that was said."""

    yuan: Decimal
    line: int
    start: int
    end: int
    rough: bool
    bare: bool
    """Said without a unit."""


@dataclass(frozen=True, slots=True)
class Amount:
    yuan: Decimal
    confidence: float
    evidence: tuple[Evidence, ...]

    def __str__(self) -> str:
        """Plain decimal in yuan: "30" or "30.50"."""
        whole = self.yuan == self.yuan.to_integral_value()
        return f"{self.yuan:.0f}" if whole else f"{self.yuan:.2f}"


def find_amount(lines: Sequence[Line], lexicon: Lexicon, kind: Kind) -> tuple[Amount | None, tuple[Alternative, ...]]:
    """The sum in dispute and the other sums that were said; who only asks or suggests disputes none in plain words."""
    sums = _without_ba([each for number, line in enumerate(lines) for each in sums_in(number, line)])
    wanted_back = _WANTED_BACK_BONUS if _wants_money_back(lines) else 0.0
    scored = [
        (_score(each, _corrected_by(each, before, lines), lines, lexicon) + wanted_back, each)
        for before, each in zip([None, *sums], sums, strict=False)
    ]
    totals: dict[Decimal, float] = {}
    for score, each in scored:
        repeated = 0.7 if each.yuan in totals and score > 0 else 0.0
        totals[each.yuan] = max(totals.get(each.yuan, -9.0), score) + repeated
    if not totals:
        return None, ()
    for yuan in _totals_of_months(sums, lines):
        totals[yuan] += _TOTAL_BONUS
    for yuan in _halved(sums, lines):
        totals[yuan] -= _HALF
    lost = kind is Kind.REPORT and any(_LOST.match(lines[each.line].text[each.end :]) for each in sums)
    enough = _ENOUGH if kind is Kind.COMPLAINT or lost else _ENOUGH_TO_ASK
    latest = {each.yuan: (each.line, each.start) for each in sums}
    ranked = sorted(totals, key=lambda yuan: (totals[yuan], latest[yuan]), reverse=True)
    amounts = [_amount(yuan, totals[yuan], scored, lines) for yuan in ranked[:_MOST]]
    best = amounts[0] if totals[ranked[0]] >= enough and kind is not Kind.ENQUIRY else None
    if best is None and kind is Kind.COMPLAINT and _only_one_told(ranked[0], totals[ranked[0]], sums, lines):
        best = amounts[0]
    share = 0.5 if best else 0.3
    return best, tuple(
        Alternative(str(each), each.confidence * share, each.evidence, _role(each.yuan, scored, lines))
        for each in amounts
        if each is not best
    )


def _only_one_told(yuan: Decimal, total: float, sums: Sequence[Sum], lines: Sequence[Line]) -> bool:
    """Whether a complaint about money names this sum and nothing says that it is another: 上月话费八十，肯定算错了."""
    told = [each for each in sums if each.yuan == yuan and lines[each.line].is_caller]
    plain = any(not each.bare for each in told) or total >= 1 or len(told) > 1
    trouble = any(line.is_caller and _TROUBLE.search(line.text) for line in lines)
    return bool(told) and total >= 0 and plain and trouble


def _totals_of_months(sums: Sequence[Sum], lines: Sequence[Line]) -> set[Decimal]:
    """Sums that are a monthly one times the months: 每个月六十九块，三个月二百零七块."""
    monthly = {
        each.yuan
        for each in sums
        if _MONTHLY.search(lines[each.line].text[max(0, each.start - 8) : each.start])
        or _MONTHLY_AFTER.match(lines[each.line].text[each.end : each.end + 6])
    }
    return {
        each.yuan
        for each in sums
        for one in monthly
        if each.yuan > one and each.yuan % one == 0 and each.yuan / one <= 36
    } | _counted_up(sums, lines)


def _counted_up(sums: Sequence[Sum], lines: Sequence[Line]) -> set[Decimal]:
    """Sums that are another one times the count said before them: 发一条扣两毛，十二条，两块四."""
    known = {each.yuan for each in sums}
    found: set[Decimal] = set()
    for each in sums:
        counted = _COUNT_BEFORE.search(lines[each.line].text[max(0, each.start - 12) : each.start])
        count = parse(counted["count"]) if counted else None
        if count and count > 1 and each.yuan / count in known:
            found.add(each.yuan)
    return found


def _halved(sums: Sequence[Sum], lines: Sequence[Line]) -> set[Decimal]:
    """Sums that only the seat names and that are half of one the caller named: what is offered, not what is meant."""
    callers = {each.yuan for each in sums if lines[each.line].is_caller}
    return {each.yuan for each in sums if each.yuan not in callers and each.yuan * 2 in callers}


def _amount(yuan: Decimal, total: float, scored: Sequence[tuple[float, Sum]], lines: Sequence[Line]) -> Amount:
    said = [each for _, each in sorted(scored, key=lambda entry: -entry[0]) if each.yuan == yuan]
    confidence = max(0.1, min(0.95, 0.45 + 0.09 * total))
    if all(each.rough for each in said):
        confidence *= 0.6
    if all(each.bare for each in said):
        confidence *= 0.8
    return Amount(yuan, confidence, tuple(lines[each.line].evidence(each.start, each.end) for each in said[:2]))


def _role(yuan: Decimal, scored: Sequence[tuple[float, Sum]], lines: Sequence[Line]) -> str | None:
    """What a sum is that is not the one in dispute, where the words beside it say so."""
    for _, each in scored:
        if each.yuan == yuan:
            text = lines[each.line].text
            left, right = text[max(0, each.start - 10) : each.start], text[each.end : each.end + 6]
            for reason, before, after in _ROLES:
                if before.search(left) or after.match(right):
                    return reason
    return None


_ROLES = (
    ("wanted back", re.compile("(?:退|返|赔|补|免)[^,。?!]{0,5}$"), re.compile("^[^,。?!]{0,4}(?:退|还给我)")),
    (
        "price of a plan",
        re.compile("(?:套餐|月租|包月|包年|办的|说好|每月|每个月|一个月)[^,。?!]{0,4}$"),
        re.compile("^钱?的?(?:融合|手机|宽带)?(?:套餐|月租|包月|包年|档|一个月|每月)"),
    ),
    ("overcharge", re.compile("(?:多|乱)(?:收|扣)[^,。?!]{0,4}$"), re.compile("(?!)")),
)  # fmt: skip


def sums_in(number: int, line: Line) -> Iterator[Sum]:
    """All sums of money in one line."""
    taken: list[tuple[int, int]] = []
    text = _ONE_IN_WORDS.sub("|", _THOUSANDS.sub("千", line.text))
    for match in _MONEY.finditer(text):
        yuan = _yuan(match)
        if yuan is not None and 0 < yuan < 10_000_000 and not _is_no_money(match, text):
            taken.append(match.span())
            around = line.text[max(0, match.start() - 3) : match.end() + 3]
            rough = bool(match["rough"] or _ROUGH.search(around))
            yield Sum(yuan, number, match.start(), match.end(), rough, bare=False)
    for start, end in _without_unit(text):
        if all(end <= one or start >= other for one, other in taken):
            yuan = parse(text[start:end])
            if yuan is not None and 1 <= yuan < 100_000:
                taken.append((start, end))
                yield Sum(yuan, number, start, end, rough=False, bare=True)


def _without_unit(text: str) -> Iterator[tuple[int, int]]:
    """Places of numbers that words of paying stand beside."""
    for match in _BARE.finditer(text):
        yield match.span("number")
    for match in _ROUND.finditer(text):
        start, end = match.span()
        if (
            start and (text[start - 1].isdigit() or text[start - 1] in "零一二两三四五六七八九十百千万幺点.第-")
        ) or _goes_on(text, end):
            continue
        before, after = text[max(0, start - 20) : start], text[end : end + 12]
        alone = _BOUGHT.search(before) and after[:1] in tuple(",。")
        if alone or _PAID_BEFORE.search(before) or _PAID_AFTER.match(after):
            yield start, end


def _goes_on(text: str, end: int) -> bool:
    return (
        text[end : end + 1] in tuple("零一二两三四五六七八九十百千万幺点.")
        or _COUNTED.match(text[end : end + 4]) is not None
    )


def _yuan(match: re.Match[str]) -> Decimal | None:
    number = match["number"]
    if match["rough"] == "几" and not number.endswith(tuple("十百千万")):
        return None
    base = parse(number)
    if base is None:
        return None
    if match["unit"] in ("角", "毛"):
        return base / 10
    tail = match["tail"]
    return base if not tail else base + _below_one_yuan(tail)


def _below_one_yuan(tail: str) -> Decimal:
    """五 and 五毛 are half a yuan, 零五 and 零五分 are five fen, 二五 and 两毛五 are twenty-five."""
    tens, _, rest = re.sub("角", "毛", tail).partition("毛")
    digits = "".join(str(parse(each)) for each in tens if each not in "零〇分")
    if tens.startswith(("零", "〇", "0")) and "毛" not in tail:
        digits = "0" + digits.lstrip("0")
    digits += "".join(str(parse(each)) for each in rest if each != "分")
    return Decimal(f"0.{digits[:2]}") if digits.isdecimal() else Decimal(0)


def _is_no_money(match: re.Match[str], text: str) -> bool:
    """一块 is also "together" or "a piece", 第二块 the second piece."""
    if text[max(0, match.start() - 1) : match.start()] == "第":
        return True
    if match["number"] != "一" or match["unit"] != "块" or match["money"] or match["tail"]:
        return False
    return not re.match("[,。?!]|$|多|的", text[match.end() :])


def _score(each: Sum, corrected: Sum | None, lines: Sequence[Line], lexicon: Lexicon) -> float:
    line = lines[each.line]
    left, right = line.text[max(0, each.start - 18) : each.start], line.text[each.end : each.end + 16]
    plus_left, minus_left = _extremes(left, lexicon.amount_left, search=True)
    plus_right, minus_right = _extremes(right, lexicon.amount_right, search=False)
    score = plus_left + minus_left + plus_right + minus_right
    if _CORRECTED.match(right):
        score -= 5
    elif corrected is not None:
        score += max(0.0, _score(corrected, None, lines, lexicon) + 5)
    if each.bare:
        score -= 0.5
    return score if line.is_caller else score * 0.5


def _without_ba(sums: Sequence[Sum]) -> list[Sum]:
    """Sums with 把十五元 put right where it was heard as 八十五元: when 15 yuan were named as well."""
    named = {each.yuan for each in sums}
    return [
        replace(each, yuan=each.yuan - 70) if 80 <= each.yuan < 90 and each.yuan - 70 in named else each
        for each in sums
    ]


def _wants_money_back(lines: Sequence[Line]) -> bool:
    return any(line.is_caller and _WANTED_BACK.search(line.text) for line in lines)


def _corrected_by(each: Sum, before: Sum | None, lines: Sequence[Line]) -> Sum | None:
    """The sum just before that `each` puts right: what was said of that one holds for this one."""
    if before is None or before.line != each.line or each.start - before.end > 10:
        return None
    return before if _CORRECTED.match(lines[each.line].text[before.end : each.start]) else None


def _extremes(text: str, scores: Sequence[tuple[re.Pattern[str], float]], *, search: bool) -> tuple[float, float]:
    found = [weight for expression, weight in scores if (expression.search(text) if search else expression.match(text))]
    return max([0.0, *found]), min([0.0, *found])
