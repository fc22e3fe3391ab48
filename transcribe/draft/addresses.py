"""The grammar of addresses: names that end in what they are (路, 小区, 村), houses by number, and how they chain.

Where such a name begins is weighed, since Chinese sets no spaces: after a word of place (在, 住, 去), a mark or another
name it begins gladly; inside it a word such as 和 or 开 is unlikely, unless it belongs to a common word (和平, 开元).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from transcribe.draft.divisions import short_names
from transcribe.draft.lexicon import lexicon
from transcribe.draft.normalise import BREAKS

_ESTATES = (
    "小区|花园|花苑|家园|嘉园|家苑|嘉苑|佳苑|雅苑|景苑|名苑|新苑|丽苑|公寓|大厦|大楼|写字楼|商务楼|广场|新村|社区|山庄|新城|雅居|豪庭|华庭|华府|府邸|公馆|别墅区?|苑"
    "|家属院|家属区|家属楼|大院|四合院|宿舍楼|宿舍|工业园|产业园|科技园|创业园|物流园|软件园|孵化园|高教园|园区|生活区|厂区|矿区|工业区|安置房|回迁房"
)
_HOUSES = (
    "学校|中学|小学|大学|学院|幼儿园|医院|卫生院|卫生室|卫生所|卫生服务站|敬老院|养老院|菜市场|批发市场|农贸市场|市场|商场|商城|商贸城|百货大楼|百货|商厦|购物广场|步行街|购物中心|体育中心|会展中心|商务中心"
    "|公园|体育馆|图书馆|酒店|宾馆|饭店|超市|派出所|居委会|村委会|办事处|信用社|供电局|邮电?局|车管所|镇政府|乡政府|区政府|市政府|县政府|管委会|工厂|工地|会所|教堂|教学楼|办公楼|实验楼|住院部|门诊部|旅社|招待所|茶楼|网吧|饭馆|药店|书店"
)
_TRAFFIC = (
    "火车站|汽车站|候车厅|高铁站|地铁站|客运站|公交站|加油站|收费站|服务区|高速公路|高速(?=[一-鿿]{0,4}服务区|上|路段|入口|出口|口)"
    "|车站|机场|码头|停车场|地下室|地下车库|立交桥|立交|高架桥?|大桥|桥头|桥[上下]|口岸|出站口|交叉口|交汇处|交接处|交口|路交(?=[,。]|$)|十字路口|丁字路口|路口|胡同口|巷口|[东南西北]站|[东南西北正后侧]大?门"
)
_STREETS = "大街|街道|大道|胡同|公路|国道|省道|(?<![铁公马])路|街|巷|弄"
_DIVISIONS = (
    "开发区|高新区|校区|街区|保税区|经开区|新区|自治区|自治县|自治州|村|镇"
    "|乡|区|县|(?<![城都])市|省|州|寺|庙|塔|屯|庄|寨|菜场"
)
_ENDS = re.compile(
    f"(?:{_ESTATES}|{_HOUSES}|{_TRAFFIC}|{_STREETS}|{_DIVISIONS})"
    "(?!话|号码|面上|面(?=上|有|没)|由|上网|况|线|(?<=[路街巷村])边|标|数(?!码)|灯|过|民|信|政府?(?!路)|场价|人(?!民)|内|里的?网|通话)"
)
_WEAK = re.compile(
    "[府园庭湾城里坊居院岛邸岸郡台塘坝湖山河江岭墩桥门口井营堡店铺集浜泾圩角洼沟坡坪楼厦墅舍馆条湖家]|国际|天地|一品|中心|名都|水岸"
)
"""What ends the name of an estate only where a house's number follows it, or a place was asked for."""
_N = "[\\d一二三四五六七八九十百零〇幺两]"
_COUNTERS = "号楼|号院|号(?!线|码)|栋|幢|座|单元|弄|室|楼|层|期|区|村|大队|小队|队|组|社(?!区)|门|排|户|房|支弄|杠|街区"
_HOUSE_PART = f"(?:(?:[a-z甲乙丙丁东南西北负]|[a-z甲乙丙丁负]?{_N}{{1,5}})(?:{_COUNTERS})(?:之{_N})?)"
_HOUSE = re.compile(
    f"{_HOUSE_PART}(?:[,的]?{_HOUSE_PART}|杠{_N}{{1,4}})*(?:[\\d一二三四五六七八九零〇幺]{{3,4}}室?)?|[a-z]?\\d{{1,3}}(?:-\\d{{1,4}})+"
)
_NUMBERED = re.compile(f"{_N}{{1,5}}(?:号(?!线|码)|栋|幢|弄|号楼|座|室|区(?={_N})|期(?!间|限|末|初|货))")
_NAME_BEFORE_HOUSE = re.compile(f"[\u4e00-\u9fff]{{2,6}}?(?=,?{_NUMBERED.pattern})")
_NUMERALS = frozenset("0123456789一二三四五六七八九十百零〇幺两")
_JOINT = re.compile(
    ",?(?:就是|是)?|(?:里|里面|内|上|这边|那边|那里|旁边|附近|对面|靠近|边上)?的?|[与和跟]|,?(?:靠近|挨着|斜?对面|紧挨着)"
)
"""What may stand between two parts of one address: 化工大道，文化路与建设路交叉口，幸福小区里面的三号楼."""
_NEVER = frozenset("的了哪我你您他她它们这那吗呢吧啊呀哦嗯呃嘛么什怎谁啦咱俺")
"""Characters that no name holds."""
_BARELY = frozenset("没不很就也还又才都再被着几个")
"""Those that none holds unless a word that is known does: 成都路."""
_SELDOM = frozenset(
    "在到去从住于往来离过经靠是叫给把让向由跟和与及或因为对打找问办买装搬开走想要会说报有个里边上前后位址每只请可便修查交换"
)
"""Words that stand before names more often than in them."""
_OF_PLACE = frozenset("在到去从住于往离过经靠来叫是")
_HOMES = re.compile("(?:我|你|他|她|人|大|老|回|搬|住|咱|俺|这|那|谁|娘|婆|全)家$")
_BY_LENGTH = {1: -0.5, 2: 1.0, 3: 0.9, 4: 0.65, 5: 0.35, 6: 0.2, 7: 0.0, 8: -0.1}
_NAMELESS = 0.3
_LONGEST_NAME = 8
_LONGEST_BETWEEN = 6
_LONGEST_SHORT = 4
_SHORT_NAMED = frozenset({"省", "州", "县", "市", "区", "镇", "乡", "村"})
_COMMON_FROM = 250


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text that is one address; `numbered` where a house's number is in it."""

    start: int
    end: int
    numbered: bool


def addresses_in(text: str, *, asked: bool) -> tuple[Span, ...]:
    """All addresses of one text, their parts joined; `asked` where a place was asked for, and more counts as one."""
    joined: list[Span] = []
    for part in _parts(text, asked=asked):
        if joined and part.start >= joined[-1].end and _joins(text[joined[-1].end : part.start], asked=asked):
            joined[-1] = Span(joined[-1].start, part.end, joined[-1].numbered or part.numbered)
        elif not joined or part.start >= joined[-1].end:
            joined.append(part)
    return tuple(joined)


def _joins(between: str, *, asked: bool) -> bool:
    """Whether two parts are one address; an answer to the question where leaves nothing out that stands between."""
    if _JOINT.fullmatch(between):
        return True
    return asked and len(between) <= _LONGEST_BETWEEN and not (_NEVER | _BARELY | set("。?!;")) & set(between)


def _parts(text: str, *, asked: bool) -> Iterator[Span]:
    """Names by their endings with the house behind them, and named houses, from left to right without overlap."""
    floor = 0
    found = sorted(
        [(match.start(), match.end(), True) for match in _ENDS.finditer(text)]
        + [(match.end(), match.end(), False) for match in _NAME_BEFORE_HOUSE.finditer(text)],
    )
    for ends, end, by_ending in found:
        if ends < floor:
            continue
        ending = text[ends:end]
        counted = text[ends - 1 : ends] in _NUMERALS
        if (ending in _COUNTED and not counted) or (ending == "区" and counted and text[end : end + 1] in _NUMERALS):
            continue
        house = _house(text, end, surely=asked or ending in _NUMBERED_ALONG)
        if by_ending:
            named = house is not None and ending in _NUMBERED_ALONG
            start = name_start(text, ends, floor, short=ending in _SHORT_NAMED, named=named)
        else:
            start = name_start(text, ends, floor)
            if house is None or ends - start < _BARE_HOUSE or not _may_name_a_house(text[start:ends], asked=asked):
                continue
        floor = house.end() if house else end
        yield Span(start, floor, house is not None)


_BARE_HOUSE = 2
_NUMBERED_ALONG = frozenset({"路", "街", "巷", "大街", "大道", "胡同"})
_COUNTED = frozenset({"弄"})
"""What is only counted: elsewhere it is a verb."""


def _house(text: str, at: int, *, surely: bool) -> re.Match[str] | None:
    """The house that a name is followed by, at once or after a pause: 幸福小区，三栋二单元.

    What is said after a pause ends with its clause; unless a number is `surely` awaited there, a bare 十二号 is a day.
    """
    house = _HOUSE.match(text, at)
    if house is not None or text[at : at + 1] != ",":
        return house
    house = _HOUSE.match(text, at + 1)
    if house is None or text[house.end() : house.end() + 1] not in ("", *BREAKS):
        return None
    return house if surely or not house[0].endswith("号") else None


def _may_name_a_house(name: str, *, asked: bool) -> bool:
    return asked or _WEAK.search(name[-2:]) is not None or name in short_names()


def name_start(text: str, ends: int, floor: int, *, short: bool = False, named: bool = False) -> int:
    """Where the name begins whose ending begins at `ends`; `ends` itself where nothing names it.

    `named`: a house's number follows, so that there must be a name.
    """
    first = max(floor, ends - (_LONGEST_SHORT if short else _LONGEST_NAME))
    words = _in_words(text, first, ends)
    best, start = (-1.0 if named else _NAMELESS), ends
    for at in range(ends - 1, first - 1, -1):
        if not _of_names(text[at]) or text[at] in _NEVER or (text[at] in _BARELY and at not in words):
            break
        score = _BY_LENGTH[ends - at] + _begins(text, at, floor) - _strange(text, at, ends, words)
        if score > best:
            best, start = score, at
    return start


def _of_names(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff" or character.isdigit()


def _in_words(text: str, first: int, ends: int) -> frozenset[int]:
    """Places within words and names that are known, where no character is strange."""
    known = lexicon().common
    covered: set[int] = set()
    for at in range(first, ends):
        for last in range(at + 2, min(at + 4, ends) + 1):
            word = text[at:last]
            if word in known or word in short_names():
                covered |= set(range(at, last))
    return frozenset(covered)


def _begins(text: str, at: int, floor: int) -> float:
    """How gladly a name begins at `at`, by what stands before it."""
    if at == floor or text[at - 1] in BREAKS:
        return 1.0
    before, known = text[at - 1], lexicon().common
    across = known.get(text[at - 1 : at + 1], 0)
    split = across >= _COMMON_FROM and across > known.get(text[at : at + 2], 0)
    if before in _OF_PLACE and not split:
        return 1.0
    if before in _NEVER or before in _BARELY or _HOMES.search(text[max(0, at - 2) : at]):
        return 0.75
    if split:
        return -0.8
    return 0.6 if before in _SELDOM else -0.3


def _strange(text: str, at: int, ends: int, words: frozenset[int]) -> float:
    """How unlikely the words within a name are: each that is seldom in one, unless a word that is known holds it."""
    cost = sum(1.5 for place in range(at, ends) if text[place] in _SELDOM and place not in words)
    if text[ends - 1] in _OF_PLACE:
        cost += 2.0
    homes = sum(_HOMES.search(text[max(0, place - 1) : place + 1]) is not None for place in range(max(at, 1), ends))
    return cost + 1.5 * homes
