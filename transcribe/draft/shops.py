"""The shop a thing was bought or done at (营业厅, 代办点, 手机卖场…), with the name or the place it is told by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from transcribe.draft.addresses import Span, name_start
from transcribe.draft.lexicon import lexicon
from transcribe.draft.normalise import BREAKS

_HALL = "营业[厅听庭亭廷卿挺停]"
"""Recognisers write the last syllable in many ways."""
_ENDS = re.compile(
    f"{_HALL}|(?:服务|合作|校园|社区|中心|旗舰|体验|专营|直营|自营|加盟|授权|社会|自助)[厅听]|电信厅|移动厅|联通厅|电信大厅|(?:天翼|电信|移动|联通|小灵通)(?:的)?小?店|专营店|专卖店|体验店|旗舰店|加盟店|连锁店|授权店|直营店|合作店|手机店|通讯店|通信店|数码店|电器店|门店|代理点|代办点|代办站|代理店|代办店|代办处"
    "|代售点|代销点|代理商|营业网点|服务网点|合作网点|代理网点|授权网点|销售网点|服务点|服务站|网点|营业所|缴费点|充值点|便利店|便民点|小卖部|小卖店|手机卖场|卖场|手机城|数码城|数码广场|通讯城|通信城|手机大卖场|手机专柜|电信专柜|移动专柜|专柜|门市部|门市|报刊亭|售卡亭|售卡点|电信局|电信所|电信支局|支局|邮电所|之家|专区|(?:(?<=广场)|(?<=商场)|(?<=商城)|(?<=[一-鿿]路)|(?<=[一-鿿]街))店(?!铺|家|主|面)"
)
_ANY_SHOP = re.compile("(?:便利店|报刊亭|小卖部|小卖店|服务站|服务点|专区|之家|支局|门市|电器店)$")
"""What is a shop of any trade, unless something was bought or done there."""
_DONE_THERE = re.compile("办|买|充|交|缴|换|开|领|卡|手机|号")
_BRANDS = re.compile(
    "(?P<name>[\u4e00-\u9fff]{2,4}?(?:通讯|通信|数码|电讯))(?=办|买|充|交|开|那|店|换|,|的|里|给|门)|(?P<brand>苏宁易购|苏宁|国美|迪信通|乐语|京东之家)(?=办|买|充|交|开|那|店|换|,|的|里|给|门|电)"
)
ASKED_WHICH_SHOP = re.compile(
    "(?:哪个|哪一个|什么|哪家|哪一家|哪里的|哪儿的|具体)(?:的)?(?:你们)?(?:营业[厅听庭亭廷]|[厅听]|网点|门店|店|代理点|代办点|地方[办买充交]|点)|哪家|(?:哪里|哪儿|哪)(?:办|买|充|交|缴|开|换)(?:理|的|卡)?的?"
)
_LED_IN = re.compile(
    "^(?:(?:(?:上|这|下)?(?:周|星期|礼拜)[一二三四五六日天末]|家里|老家|公司|单位|现在|目前|刚才|昨天|今天|前天|上周|整个|几个|好多|地址|咱|俺|那边|这边|后来|附近的?|旁边的?|一个|一家|个|家|自己|县里|镇上)(?=.{3}))+"
)
_TO_THE_SHOP = re.compile(
    "(?:门口|旁边|斜?对面|附近|隔壁|楼下|楼上|边上|上|里面|里|那边|那里|那|口|边|东头|西头|路口|[一二三四五六负\\d]{1,2}[楼层]|的|那个|那家|那一家|这家|这个|一个|一家|个|家"
    "|你们的?|电信的?|移动的?|联通的?|小)*"
)
_NEAR_BY = re.compile(
    "(?:镇上|村里|村口|街上|县里|城里|小区里|路边|路口|我家|(?:[\u4e00-\u9fff]{2,8}?))(?:门口|旁边|对面|附近|隔壁|楼下|里面|[一二三四]楼|门前|街口|路口|口)(?:的|那个|那家|那[爿间]?|一个|一家|个|家|你们的?|电信的?|移动的?|联通的?)*小?$"
    "|(?:镇上|村里|村口|街上|县里|城里|小区里|路边|路口|村子里)(?:的|那个|那家|一个|一家|个|家)*小?$"
)
"""Where a shop is told by something that is no address: 苏宁门口的, 镇上的."""
_OURS = re.compile("(?:你们的?|电信的?|移动的?|联通的?)+$")
_WITHIN_NEAR_BY = re.compile("[的了我你您他她它们这说哪是要就会去问跟没不想给打办买让很都也还又再可什怎为着在到从]")
_MODIFIES = re.compile(
    "(?:合作|自有|代理|授权|乡镇|指定|电信|移动|联通|天翼|中心|加盟|社区|品牌|人工|线下|正规|任意|任何|你们|各个?|所有|附近|最近|当地|手机|充值|缴费|公司|自营|话费|办理|别的|其他|其它)+$"
)
_PARTNER = ("合作", "代理", "加盟")
_ON_LINE = re.compile("(?:网上|掌上|手机|线上|微信|电子|网络|小程序|公众号)$")
_OWN_NAME = 2


def asked_which_shop(asked: str) -> bool:
    """Whether the seat asked at which shop it was."""
    return ASKED_WHICH_SHOP.search(asked) is not None


def shops_in(text: str, places: Sequence[Span], *, asked: bool) -> Iterator[tuple[int, int, float, str | None]]:
    """Start, end, confidence, and the name as it was meant, of each shop that one text names."""
    taken = -1
    for match in _ENDS.finditer(text):
        if match.start() < taken:
            continue
        start = name_start(text, match.start(), 0)
        led = _LED_IN.match(text[start : match.end()])
        start += led.end() if led else 0
        if _ON_LINE.search(text[max(0, match.start() - 4) : match.start()]) and match[0].startswith("营业"):
            continue
        if _ANY_SHOP.search(match[0]) and not asked and not _DONE_THERE.search(text, match.end()):
            continue
        before = text[start : match.start()]
        modifier = _MODIFIES.search(before)
        named = len(before) - (len(modifier[0]) if modifier else 0)
        joined = _behind(text, start, places)
        if joined is not None:
            start, named = joined, max(named, _OWN_NAME)
        partner = modifier is not None and modifier[0] in _PARTNER
        confidence = 0.85 if named >= _OWN_NAME else 0.6 if partner or _names_itself(match[0]) else 0.0
        if confidence and text[start] not in BREAKS:
            taken = match.end()
            yield start, match.end(), min(0.93, confidence + (0.08 if asked else 0.0)), _as_meant(text, start, match)
    yield from _brands(text, taken)


_ITSELF = frozenset({"报刊亭", "售卡亭", "售卡点", "代办点", "代理点", "代办站", "代售点", "代销点"})


def _names_itself(ending: str) -> bool:
    """Kinds of shop of which a village has one."""
    return ending in _ITSELF


def _as_meant(text: str, start: int, match: re.Match[str]) -> str | None:
    if match[0].startswith("营业") and len(match[0]) == len("营业厅") and match[0] not in ("营业厅", "营业所"):
        return f"{text[start : match.start()]}营业厅"
    if match[0].endswith("听"):
        return f"{text[start : match.end() - 1]}厅"
    return None


def _brands(text: str, taken: int) -> Iterator[tuple[int, int, float, str | None]]:
    """Shops that go by their name alone: 鑫源通讯, 苏宁."""
    for match in _BRANDS.finditer(text):
        end = match.end()
        if match.start() < taken:
            continue
        start = match.start()
        if match["name"]:
            start = name_start(text, end - 2, 0)
        if end - start > _OWN_NAME or match["brand"]:
            yield start, end, 0.7, None


_CALLED = re.compile(
    "(?:^|[,。?!]|[在去到从上跑])(?P<name>(?:(?![我你他她咱在去到从上跑了的])[\u4e00-\u9fff]){2,4}?)(?:那|这)(?:家|个|边的?|里的?|间)(?:你们的?|电信的?|移动的?|联通的?)?$"
)
"""A name that stands before its shop: 万达那家营业厅."""


def _behind(text: str, start: int, places: Sequence[Span]) -> int | None:
    """Where the place begins by which a shop is told: 汽车站旁边那家手机店."""
    for place in places:
        if place.end <= start and start - place.end <= 8 and _TO_THE_SHOP.fullmatch(text[place.end : start]):
            return place.start
    called = _CALLED.search(text[max(0, start - 12) : start])
    if called is not None and not _WITHIN_NEAR_BY.search(called["name"]) and called["name"] not in lexicon().common:
        return max(0, start - 12) + called.start("name")
    near = _NEAR_BY.search(text[max(0, start - 16) : start])
    if near is None:
        return None
    begins = start - len(near[0])
    ours = _OURS.search(near[0])
    inside = next(
        (
            at
            for at in range((ours.start() if ours else len(near[0])) - 1, -1, -1)
            if _WITHIN_NEAR_BY.match(near[0][at]) and near[0][at] not in "的那"
        ),
        -1,
    )
    return begins + inside + 1 if len(near[0]) - inside - 1 >= 2 else None
