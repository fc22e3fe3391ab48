"""Where it is: the place the caller speaks of, told apart from the shop it happened at (`shops.py`).

A place is an address (`addresses.py`), or any name in answer to the question where, or one that words of place frame:
新街口那边. What a recogniser wrote for it is read by its sound only in answer to that question (`heard_places.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from transcribe.draft.addresses import Span, addresses_in, name_start
from transcribe.draft.divisions import divisions, short_names
from transcribe.draft.heard_places import as_meant, with_endings
from transcribe.draft.hearing import word_bounds
from transcribe.draft.lexicon import lexicon
from transcribe.draft.normalise import BREAKS, Line
from transcribe.draft.shops import asked_which_shop, shops_in
from transcribe.draft.sounds import classes, confusion_class

_NOT_A_PLACE = re.compile(
    "号码|工号|账号|信号|型号|走路|线路|电路|(?<![一-鿿])一路|半路|网路|小时|市话|市价|公用|固话|固定|手机|宽带|电话|套餐|没有|问题|盲区|[公工]话|[公工]化超|覆盖"
    "|家里|(?<!都)城市(?!花园|广场|之|家园|公馆|经典|绿)|省得|网上|一区|漫游|业务|客户|用户|人员|投诉|电信(?!大厦|大楼|局|公司)|移动(?!大厦|大楼|公司|局)|联通(?!大厦|大楼|公司)|缴费|充值|网络|光纤|大学生|中小学|中学生|小学生|大学城?生|省市|跨省|全省|全市|省内|省外|市内|市区|目前|当前|[上读念考](?:大学|中学|小学)"
)
_ALONE = re.compile(
    "(?:老(?!汽车|火车|车站|县|市|医)|几|一|两|整|整个|全|本|城(?!市)|地|小|社|郊|农|山|上|下|超|门|道|马|公|铁|高速|新|该|同|各|外|大|当地|家|楼|我市|我县|宿|邻|附近|隔壁|县|市|镇|村|区|省|乡|[一二三四五六七八九十]+(?:个|家|所|条|座|栋|号)|个)*"
    "(?:小区|花园|公寓|大厦|大楼|写字楼|广场|新村|社区|山庄|新城|车站|火车站|汽车站|高铁站|地铁站|客运站|公交站|加油站|机场|码头|学校|中学|小学|大学|学院|幼儿园|医院|卫生院|卫生室|敬老院"
    "|养老院|菜市场|菜场|批发市场|农贸市场|市场|商场|商城|步行街|购物中心|公园|工业园|园区|开发区|高新区|酒店|宾馆|饭店|超市|宿舍楼?|派出所|居委会|村委会|工厂|工地|停车场|地下室|地下车库"
    "|村|镇|乡|街道|大街|路口|路|街|巷|弄|胡同|大道|苑|区|县|市|省|州|大门|[前后侧正]门|寺|庙|塔|桥头|大桥|办公楼|教学楼|厂区|生活区|家属院|大院|别墅|地区|城区|郊区|市区|区域|收费站|服务区|国道|省道|公路|网吧|饭馆|药店|书店|旅社|茶楼)"
)
"""A kind of place that is not named."""
_LED_IN = re.compile(
    "^(?:(?:(?:上|这|下)?(?:周|星期|礼拜)[一二三四五六日天末]|家里|老家|公司|单位|现在|目前|以前|原来|刚才|昨天|今天|前天|上周|整个|全部|几个|好多|地址|地点|新家|房子|门面|具体|就|咱|俺|那边|这边|后来|(?:小区|村子?|楼盘|地方|单位)(?:的?名字|名)?(?:就)?(?:叫做?|是)|叫做?)(?=.{3}))+"
)
_INTRODUCED = re.compile("(?:住|在|到|去|位于|地址[是,:]*|家是|来自|于|路过|从|搬到|送到|安装地址[是,:]*)$")
ASKED_WHERE = re.compile(
    "地址|[厂店住校院]址|站点|哪里|哪儿|哪边|哪一?带|哪个?(?:位置|地方|地点|小区|区|镇|村|街|路)|什么(?:位置|地方|地点|路|小区|区域)|哪条(?:路|街)|几号楼|几栋|门牌|住哪|在哪|(?:具体|您的?|大概|大致|所在|安装|当前)(?:的)?(?:位置|方位|区域|地点)|位置(?:是|在|呢|[?。,]|$)|哪(?:一|几)?(?:片|块)"
)
_WHERE = tuple(
    tuple(map(confusion_class, words))
    for words in (("di", "zhi"), ("zhu", "na"), ("wei", "zhi"), ("zai", "na", "li"), ("zai", "na", "ge"))
)
_NAME = "[\u4e00-\u9fff\\da-z]"
_FRAMED = re.compile(
    f"(?P<lead>住在?|在|到|去|从|位于|靠近|我们|搬到|[,。?!:]|^)(?P<name>{_NAME}{{2,7}}?)(?P<tail>那边|这边|那里|这里|这儿|那儿|那块|这块|那一?带|一带|附近|对面|旁边|边上|门口|后面|隔壁|楼下|这一?片|那一?片)"
)
_PREPOSITIONS = frozenset({"住", "住在", "在", "到", "去", "从", "位于", "靠近", "搬到"})
_NO_NAME = re.compile(
    "[的了我你您他她它们这那吗呢吧啊呀哦嗯呃嘛么什怎谁没不很就也还又才都再被是有要会能给把打说问办装修搬移迁]|^(?:家|公司|单位|外|手机|电话|网|楼|屋|房|车|路|村|学校|医院|旁|周|上|下|后台|系统|微信|柜台|营业)"
)
_OPENS = re.compile(
    "^(?:[,。?!]|(?:那个|这个)?(?:小区|村子?|楼盘|地方)(?:的?名字|名)?(?:就)?(?:叫做?|是)|叫做?|嗯+|呃|啊|哦|诶|额|那个|这个|就是|就|是|我们?这?|咱们?|俺们?|你记一下|记一下|您记一下|地址(?=[是呢就在,:])|(?:安装|具体|现在|家庭)地址|位置|家|家里|公司|单位|店|工厂|厂|宿舍|主要是?|一般|大概|现在|目前|人)*(?:(?:都)?(?:是|叫)?(?:住|在|位于|于|到|搬到|住到)+(?:在|着)?)?(?:就是|就|是)?(?:[,。?!]|嗯|呃|那个|就是)*"
)
_CLOSES = re.compile(
    "(?:那边|这边|那里|这里|这儿|那儿|那块|这块|那一?带|一带|附近|旁边|这一?片|那一?片)?(?:的|吧|呢|啊|呀|嘛|哦|这个位置|这个地方|了)*$"
)
_NO_ANSWER = re.compile(
    "[我你您他她谁]|不|没|什么|怎么|多少|为啥|哪|等|喂|谢|对[,。!?]?$|^好|是的|可以|麻烦|投诉|电话|号码|手机|宽带|查|问|知道|都|全|刚|昨|今天|明天|上周|了$|过$|说|打|修|装|扣|钱|块|信号"
)
_STREET = re.compile("[路街巷弄区村园道]")
_MOVED_TO = re.compile(f"(?:搬|移|迁|挪)(?:机|家|过)?到(?P<name>{_NAME}{{2,8}}?)(?=了|[,。?!]|$|去|来|这|那)")
_PLACE_LIKE = re.compile("[楼桥门庙湖口坝营庄塔岗山坡井湾岭墩桥寺沟洼]$")
_NO_PART = re.compile("[在去来有能要会请给叫姓早晚午点第几]|师傅|时候|一直")
"""What a clause holds that goes on, but names no part of an address."""
_DIGITS_ONLY = re.compile("[\\d零〇一二三四五六七八九幺两个,]+")
_OF_THE_TOWN = re.compile("[县市镇乡区省州].")
_OWN_NAME = 3
_LONGEST_PART = 10
_EVERYDAY = frozenset("是就不都人家门这那么吧呢啊的了上下里外前后左右边头")
_MOST_PARTS = 2
_HUMMED = re.compile("(?:嗯+|恩|唔|哦|啊|好的?|对|是的?|您说|然后呢|[,。?!])+")
_NEAR_BEGINNING = 3
_READS_OUT = re.compile("(?:吗|吧|对不对|是不是|没错)[?。,]?$|\\?$")
_YES = re.compile("(?:嗯|哦|啊)*[,。]?(?:对|是(?!不是|吗)|没错|就是|可以)")
_AGREED = 0.12
_LONGEST_ANSWER = 24
_WORDS_FROM = 150


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of one line that names a place or a shop; `name` where what was meant differs from what was heard."""

    line: int
    start: int
    end: int
    confidence: float
    name: str | None = None
    goes_on: Place | None = None
    """What the caller said of it in the next turn, while the seat said 嗯."""


def find_places(lines: Sequence[Line]) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    """Places and shops the caller names, likeliest first; a place that only belongs to a shop's name is none."""
    shops: list[Place] = []
    places: list[Place] = []
    for number, line in enumerate(lines):
        if not line.is_caller:
            places += _told_by_seat(lines, number)
            continue
        asked = _asked(lines, number)
        of_shop = asked_which_shop(asked)
        found = list(_in_line(number, line.text, asked=not of_shop and _asks_where(asked)))
        spans = [Span(each.start, each.end, numbered=False) for each in found]
        here = [Place(number, *each) for each in shops_in(line.text, spans, asked=of_shop)]
        if of_shop and not here:
            here = [*found[:1]] or list(_answer(number, line.text))
            found = found[1:]
        shops += here
        places += [each for each in found if all(each.end <= one.start or each.start >= one.end for one in here)]
    return _best_first(_joined(_agreed(places, lines), lines), lines), _best_first(shops, lines)


def _agreed(places: Sequence[Place], lines: Sequence[Line]) -> Iterator[Place]:
    """Places, surer where the seat says the same name."""
    for each in places:
        name = lines[each.line].text[each.start : each.end]
        again = any(name in line.text for line in lines if not line.is_caller)
        yield replace(each, confidence=min(0.93, each.confidence + _AGREED)) if again else each


def _joined(places: Iterable[Place], lines: Sequence[Line]) -> list[Place]:
    """Places, those told over two turns as one: 江宁区。— 嗯。— 百家湖花园六栋。"""
    joined: list[Place] = []
    for each in places:
        last = joined[-1] if joined else None
        if last is not None and last.goes_on is None and _follows(last, each, lines):
            joined[-1] = replace(last, goes_on=each, confidence=max(last.confidence, each.confidence))
        else:
            joined.append(each)
    return joined


def _follows(one: Place, other: Place, lines: Sequence[Line]) -> bool:
    between = lines[one.line + 1 : other.line]
    return (
        len(between) == 1
        and not between[0].is_caller
        and _HUMMED.fullmatch(between[0].text) is not None
        and all(each in BREAKS for each in lines[one.line].text[one.end :])
        and other.start <= _NEAR_BEGINNING
        and _asks_where(_asked(lines, one.line))
    )


def _told_by_seat(lines: Sequence[Line], number: int) -> Iterator[Place]:
    """The address that the seat reads out and the caller says yes to: 还是科创路十六号吗？— 对。"""
    text = lines[number].text
    if number + 1 == len(lines) or not lines[number + 1].is_caller or not _YES.match(lines[number + 1].text):
        return
    if not (_READS_OUT.search(text) and ASKED_WHERE.search(text)):
        return
    for span in addresses_in(text, asked=True):
        place = _as_place(number, text, text, span, asked=True)
        if place is not None:
            yield place


def _asked(lines: Sequence[Line], number: int) -> str:
    """What the seat said last before this line, within two lines; 嗯 says nothing."""
    for at in range(number - 1, max(-1, number - 3), -1):
        if not lines[at].is_caller:
            hummed = at > 0 and lines[at - 1].is_caller and _HUMMED.fullmatch(lines[at].text)
            return _asked(lines, at - 1) if hummed else lines[at].text
    return ""


def _asks_where(asked: str) -> bool:
    """Whether the seat asked for a place, in words or in others of their sound (地之, 住那里)."""
    if ASKED_WHERE.search(asked):
        return True
    sounds = [set(classes(each)) for each in asked]
    return any(
        all(sound in heard for sound, heard in zip(wanted, sounds[at:], strict=False))
        and at + len(wanted) <= len(sounds)
        for wanted in _WHERE
        for at in range(len(sounds))
    )


def _best_first(found: Sequence[Place], lines: Sequence[Line]) -> tuple[Place, ...]:
    ranked = sorted(found, key=lambda each: (-each.confidence, -(each.end - each.start), each.line, each.start))
    seen: dict[str, Place] = {}
    for each in ranked:
        seen.setdefault(lines[each.line].text[each.start : each.end], each)
    names = list(seen)
    return tuple(seen[name] for at, name in enumerate(names) if not any(name in other for other in names[:at]))


def _in_line(number: int, text: str, *, asked: bool) -> Iterator[Place]:
    meant = as_meant(text) if asked else text
    taken: list[Span] = []
    for span in addresses_in(meant, asked=asked):
        if asked:
            span = Span(span.start, _whole(text, span.end), span.numbered)  # noqa: PLW2901
        if any(one.end > span.start for one in taken):
            continue
        place = _as_place(number, text, meant, span, asked=asked)
        if place is not None:
            taken.append(span)
            yield place
    for place in _framed(number, text):
        if not any(span.start < place.end and place.start < span.end for span in taken):
            taken.append(Span(place.start, place.end, numbered=False))
            yield place
    if asked and not taken:
        yield from _answer(number, text)


def _as_place(number: int, text: str, meant: str, span: Span, *, asked: bool) -> Place | None:
    start, end = span.start, span.end
    led = _LED_IN.match(meant[start:end])
    start += led.end() if led else 0
    name = meant[start:end]
    alone = _ALONE.fullmatch(name) is not None and not (asked and _OF_THE_TOWN.match(name))
    if len(name) < _OWN_NAME or alone or _NOT_A_PLACE.search(name):
        return None
    if text.startswith("门口", end):
        end += len("门口")
        name = meant[start:end]
    confidence = 0.55 + 0.03 * min(6, len(name) - _OWN_NAME)
    if _INTRODUCED.search(text[max(0, start - 4) : start]):
        confidence += 0.12
    if asked:
        confidence += 0.15
    if span.numbered and _STREET.search(name):
        confidence += 0.06
    read = name if name != text[start:end] else None
    return Place(number, start, end, min(0.93, confidence if read is None else confidence - 0.1), read)


def _framed(number: int, text: str) -> Iterator[Place]:
    """Names that end in no word for what they are, between words of place: 在新街口那边."""
    for match in _FRAMED.finditer(text):
        name, lead = match["name"], match["lead"]
        known = name in short_names() or name in divisions()
        proper = not _NO_NAME.search(name) and lexicon().common.get(name, 0) < _WORDS_FROM
        meant = with_endings(name)
        if known or (proper and lead in _PREPOSITIONS):
            yield Place(number, *match.span("name"), 0.62 if known else 0.56)
        elif proper and len(name) >= _OWN_NAME and _PLACE_LIKE.search(name):
            yield Place(number, *match.span("name"), 0.52)
        elif proper and meant != name and not _ALONE.fullmatch(meant):
            yield Place(number, *match.span("name"), 0.5, meant)

    for match in _MOVED_TO.finditer(text):
        name = match["name"]
        if name in short_names() or not (_NO_NAME.search(name) or name in lexicon().common):
            yield Place(number, *match.span("name"), 0.58)


def _whole(text: str, end: int) -> int:
    """Where an address ends that was asked for: names that end in nothing known belong to it as well."""
    for _ in range(_MOST_PARTS):
        start = end + 1 if text[end : end + 1] == "," else end
        stop = next((at for at in range(start, len(text)) if text[at] in BREAKS), len(text))
        closes = _CLOSES.search(text, start, stop)
        stop = closes.start() if closes else stop
        if not _is_part(text[start:stop]):
            break
        end = stop
    return end


def _is_part(clause: str) -> bool:
    """Whether a clause is a name: some of it is no everyday word, or it ends as names of quarters do."""
    if not 2 <= len(clause) <= _LONGEST_PART or _NO_ANSWER.search(clause) or _NO_PART.search(clause):
        return False
    if _DIGITS_ONLY.fullmatch(clause) or name_start(clause, len(clause), 0) == len(clause):
        return False
    cuts = sorted({0, *word_bounds(clause, lexicon())})
    pieces = [clause[one:other] for one, other in pairwise(cuts)]
    return any(len(each) == 1 and each not in _EVERYDAY for each in pieces)


def _answer(number: int, text: str) -> Iterator[Place]:
    """The first clause of the answer to the question where, if it can be a name: 就在新街口."""
    opened = _OPENS.match(text)
    start = opened.end() if opened else 0
    end = next((at for at in range(start, len(text)) if text[at] in ",。?!;:"), len(text))
    if text[end : end + 1] == "?":
        return
    closes = _CLOSES.search(text, start, end)
    end = closes.start() if closes else end
    name = text[start:end]
    if _DIGITS_ONLY.fullmatch(name):
        return
    if 2 <= len(name) <= _LONGEST_ANSWER and not _NO_ANSWER.search(name) and not _ALONE.fullmatch(name):
        yield Place(number, start, _whole(text, end), 0.6)
