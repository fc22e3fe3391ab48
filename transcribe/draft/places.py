"""Where it is: the place the caller speaks of, and the shop 营业厅 it happened at, apart from it.

A name ends in a word for what it is (路, 小区, 营业厅) and goes back from there over characters that names are made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transcribe.draft.normalise import BREAKS, Line

_OF_PLACES = (
    "小区|花园|花苑|家园|嘉园|名苑|公寓|大厦|大楼|写字楼|广场|新村|社区|山庄|新城|车站|火车站|汽车站|高铁站|地铁站|客运站|机场|码头|学校|中学|小学|大学|学院"
    "|幼儿园|医院|卫生院|卫生服务站|敬老院|养老院|菜市场|批发市场|农贸市场|市场|商场|商城|商贸城|步行街|购物中心|公园|体育馆|图书馆|工业园|产业园|科技园|园区|开发区|高新区"
    "|酒店|宾馆|饭店|超市|宿舍楼|宿舍|派出所|居委会|村委会|工厂|工地|停车场|地下室|地下车库|村|镇|乡|街道|大街|路口|路|街|巷|弄|胡同|大道|苑|号楼|栋|幢|单元|号院|区|县|市|省|州"
    "|[东南西北]站|出站口|进站口|[东南西北正后侧][大]?门|桥头|大桥|立交桥|会所|教堂|寺|庙|塔|码头|口岸|菜场|厂区|矿区|工业区|生活区|家属院|家属区|大院|交叉口|十字路口|丁字路口|创业园|物流园|软件园|孵化园|高教园|教学楼|办公楼|实验楼|住院部|门诊部|四合院|胡同口|巷口"
)
_OF_SHOPS = (
    "营业厅|服务厅|合作厅|专营店|专卖店|体验店|旗舰店|加盟店|连锁店|手机店|通讯店|门店|代理点|代办点|代理店|代办处|代理商|营业网点|服务网点|合作网点|代理网点|网点|营业所|缴费点|便利店|卖场|电信厅|移动厅|联通厅|电信专柜|移动专柜|专柜|门市部|门市"
)  # fmt: skip
_NOT_IN_NAMES = frozenset(
    "我你您他她它们的了把说这那哪有是就要会到去在从问请个跟没不想给打办买让被很都也还又再可什怎为着过住每只搬于位址呢吗啊吧嗯呃对话开走叫找"
)
_LONGEST_NAME = 8
_HOUSE = re.compile(
    "(?:(?:[a-z]|[\\d一二三四五六七八九十百零〇幺两]{1,5})(?:号楼|号院|号(?!线|码)|栋|幢|座|单元|弄|室|楼|层|期|区|村|队|组|门)(?:之[一二三四])?)+(?:[\\d一二三四五六七八九零〇]{3,4}室?)?"
)
_NAMED_HOUSE = re.compile(
    f"(?![的在和跟])[\u4e00-\u9fff]{{1,5}}?(?=[\\d一二三四五六七八九十百零〇幺两]{{1,5}}(?:号(?!线|码)|栋|幢|弄|室))(?:{_HOUSE.pattern})"
)
"""A house by its number behind a name that no word ends: 丁家桥十六号."""
_NUMERALS = frozenset("0123456789一二三四五六七八九十百零〇幺两")
_ENDS_OF_PLACES = re.compile(f"(?:{_OF_PLACES})(?!话|号码|由|上网|况|线|边|标|数|灯|过|民|信|政府?(?!路)|场价)")
_ENDS_OF_SHOPS = re.compile(f"(?:{_OF_SHOPS})")
_NEAR_BY = re.compile(
    "(?:镇上|村里|村口|街上|县里|城里|小区里|路边|路口|我家|(?:[^\\W\\d_a-z"
    + "".join(sorted(_NOT_IN_NAMES))
    + "]{2,8}?))(?:门口|旁边|对面|附近|隔壁|楼下|里面|[一二三四]楼|门前|街口|路口|口)"
    "(?:的|那个|那家|那|一个|一家|个|家)*小?$"
    "|(?:镇上|村里|村口|街上|县里|城里|小区里|路边|路口|村子里)(?:的|那个|那家|一个|一家|个|家)*小?$"
)
"""Where a shop is told by something that is no address: 苏宁门口的, 镇上的."""
_NOT_A_PLACE = re.compile(
    "号码|工号|账号|信号|型号|走路|线路|电路|一路|半路|网路|小时|市话|市价|公用|固话|固定|手机|宽带|电话|套餐|没有|问题|服务区|盲区|公话|覆盖"
    "|家里|城市|省得|网上|一区|漫游|业务|客户|用户|人员|投诉|电信|移动|联通|缴费|充值|网络"
)
_ALONE = re.compile(
    "(?:老|几|一|两|整|全|本|城|地|小|社|郊|农|山|上|下|超|门|道|马|公|铁|高速|新|该|同|各|外|大|当地|家|楼|我市|我县|宿|外|邻)*"
    f"(?:{_OF_PLACES}|区域|地区|城区|郊区|市区)"
)
_LED_IN = re.compile(
    "^(?:(?:(?:上|这|下)?(?:周|星期|礼拜)[一二三四五六日天末]|家里?|老家|公司|单位|附近|旁边|隔壁|现在|目前|以前|原来|刚才|昨天|今天|前天|上周|整个|全部|几个|好多|地址|地点|新家|房子|门面|店|具体|就|咱|俺|是|那边|这边|还|和|与|或|因|由|后来|后|前|经|往|向)(?=.{3}))+"
)
_INTRODUCED = re.compile("(?:住|在|到|去|位于|地址[是,:]*|家是|来自|于|路过|从)$")
_ASKED_WHERE = re.compile(
    "地址|哪里|哪儿|什么(?:位置|地方|地点)|哪个(?:小区|地方|位置|营业厅|厅|区|镇)|哪条路|几号楼|住哪|具体位置"
)
_ASKED_WHICH_SHOP = re.compile("哪个(?:营业厅|厅|网点|店|代理点|地方办)|哪家")
_TO_THE_SHOP = re.compile(
    "(?:门口|旁边|对面|附近|隔壁|楼下|边上|上|里面|里|那边|那里|口|边|东头|西头|[一二三四]楼|楼上|路口)?(?:的|那个|那家|那一家|这家|这个|一个|一家|个|家)*(?:你们的?|电信的?|移动的?|联通的?)?(?:一?个|一?家)?小?$"
)
_MODIFIES = re.compile("(?:合作|自有|代理|授权|乡镇|指定|电信|移动|联通|天翼|中心|加盟|社区|品牌)+$")
_ON_LINE = re.compile("(?:网上|掌上|手机|线上|微信|电子)$")
_JOINTS = (",", "与", "和")
"""What may stand between two parts of one address: 化工大道，文化路与建设路交叉口."""
_OWN_NAME = 2
_SHORT_NAMED = ("省", "州", "县", "市", "区")


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of one line that names a place or a shop."""

    line: int
    start: int
    end: int
    confidence: float


def find_places(lines: Sequence[Line]) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    """Places and shops the caller names, likeliest first; a place that only belongs to a shop's name is none."""
    shops: list[Place] = []
    places: list[Place] = []
    for number, line in enumerate(lines):
        if not line.is_caller:
            continue
        asked = next(
            (lines[at].text for at in range(number - 1, max(-1, number - 3), -1) if not lines[at].is_caller), ""
        )
        found = list(_units(number, line.text, asked=_ASKED_WHERE.search(asked) is not None))
        here = list(_shops(number, line.text, found, asked=_ASKED_WHICH_SHOP.search(asked) is not None))
        shops += here
        places += [each for each in found if all(each.end <= one.start or each.start >= one.end for one in here)]
    return _best_first(places, lines), _best_first(shops, lines)


def _best_first(found: Sequence[Place], lines: Sequence[Line]) -> tuple[Place, ...]:
    ranked = sorted(found, key=lambda each: (-each.confidence, -(each.end - each.start), each.line, each.start))
    seen: dict[str, Place] = {}
    for each in ranked:
        seen.setdefault(lines[each.line].text[each.start : each.end], each)
    names = list(seen)
    return tuple(seen[name] for at, name in enumerate(names) if not any(name in other for other in names[:at]))


def _units(number: int, text: str, *, asked: bool) -> Iterator[Place]:
    """Neighbouring names as one place: 幸福路阳光小区3号楼."""
    held: tuple[int, int] | None = None
    for match in _ENDS_OF_PLACES.finditer(text):
        end = match.end()
        house = _HOUSE.match(text, end) or _NAMED_HOUSE.match(text, end)
        end = house.end() if house else end
        if held is not None and match.start() < held[1]:
            continue
        floor = held[1] if held else 0
        start = _name_start(text, match.start(), floor)
        if match[0] in _SHORT_NAMED:
            start = max(start, match.start() - 3)
        if held is not None and (start <= held[1] or (text[held[1] : start] in _JOINTS and match.start() - start >= 1)):
            held = (held[0], end)
            continue
        if held is not None:
            yield from _as_place(number, text, *held, asked=asked)
        held = (start, end)
    if held is not None:
        yield from _as_place(number, text, *held, asked=asked)


def _name_start(text: str, ends: int, floor: int) -> int:
    start = ends
    while start > floor and ends - start < _LONGEST_NAME and _in_names(text[start - 1]):
        start -= 1
    return start


def _in_names(character: str) -> bool:
    return ("\u4e00" <= character <= "\u9fff" or character.isdigit()) and character not in _NOT_IN_NAMES


def _as_place(number: int, text: str, start: int, end: int, *, asked: bool) -> Iterator[Place]:
    led = _LED_IN.match(text[start:end])
    start += led.end() if led else 0
    name = text[start:end]
    bare = _ALONE.fullmatch(name) is not None or (name.endswith("弄") and name[-2:-1] not in _NUMERALS)
    if len(name) < _OWN_NAME + 1 or bare or _NOT_A_PLACE.search(name):
        return
    confidence = 0.55 + 0.03 * min(6, len(name) - 3)
    if _INTRODUCED.search(text[max(0, start - 4) : start]):
        confidence += 0.12
    if asked:
        confidence += 0.15
    if any(each in _NUMERALS for each in name) and re.search("[路街巷弄区村园道]", name):
        confidence += 0.06
    yield Place(number, start, end, min(0.93, confidence))


def _shops(number: int, text: str, places: Sequence[Place], *, asked: bool) -> Iterator[Place]:
    for match in _ENDS_OF_SHOPS.finditer(text):
        start = _name_start(text, match.start(), 0)
        led = _LED_IN.match(text[start : match.end()])
        start += led.end() if led else 0
        if _ON_LINE.search(text[start : match.start()]):
            continue
        modifier = _MODIFIES.search(text[start : match.start()])
        named = match.start() - start - (len(modifier[0]) if modifier else 0)
        joined = _behind(text, start, places)
        if joined is not None:
            start, named = joined, max(named, _OWN_NAME)
        confidence = (
            0.85 if named >= _OWN_NAME else 0.6 if modifier and modifier[0] in ("合作", "代理", "加盟") else 0.0
        )
        confidence += 0.08 if asked and confidence else 0.0
        if confidence and text[start] not in BREAKS:
            yield Place(number, start, match.end(), min(0.93, confidence))


def _behind(text: str, start: int, places: Sequence[Place]) -> int | None:
    """Where the place begins by which a shop is told: 汽车站旁边那家手机店."""
    for place in places:
        if place.end <= start and start - place.end <= 8 and _TO_THE_SHOP.fullmatch(text[place.end : start]):
            return place.start
    near = _NEAR_BY.search(text[max(0, start - 16) : start])
    return start - len(near[0]) if near else None
