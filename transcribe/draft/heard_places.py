"""An answer to the question where, read by its sound: 六盒区经驾小16号二零三十 is 六合区经驾小16号二零三室.

Only what addresses are made of is put right (divisions, endings, the words behind a house's number), never a name that
could be any; the number of characters stays, so that evidence points at what was heard.
"""

from __future__ import annotations

import re
from functools import cache

from transcribe.draft.divisions import sounding_like
from transcribe.draft.lexicon import lexicon
from transcribe.draft.sounds import confusion_class, syllables, syllables_in_context

_ENDINGS = (
    "花园", "小区", "家园", "花苑", "新村", "公寓", "广场", "大厦", "大楼", "街道", "大道", "大街", "胡同", "山庄",
    "社区", "单元", "号楼", "学校", "医院", "车站", "路口", "宿舍", "市场", "新城", "家属院", "村委会", "开发区",
    "工业园", "东站", "西站", "南站", "北站",
)  # fmt: skip
_EVERYWHERE = (
    "人民 解放 建设 中山 和平 幸福 阳光 新华 文化 胜利 团结 朝阳 北京 上海 南京 长江 黄河 光明 民主"
    " 友谊 红旗 迎宾 健康 振兴 湖南 广州 西安 珠江 锦绣 翠竹 东方 滨江 滨河 康乐 平安 长安 学府 体育"
    " 科技 青年 劳动 延安 中央 淮海 复兴 金山 龙江 湖滨 梅园 桃园 兴隆 太平 永安 新民 建国 建华"
)
"""Names of streets and quarters that are found all over the country."""
_TWO_AND_ENDING = re.compile(
    "[\u4e00-\u9fff]{2}(?=[东南西北中]?(?:路|街|大街|大道|巷|小区|花园|新村|家园|公寓|广场|大厦|里|苑))"
)
_BEHIND_NUMBER = {
    "dong": "栋", "hao": "号", "shi": "室", "lou": "楼", "nong": "弄", "ceng": "层", "zhuang": "幢", "zu": "组",
    "zuo": "座",
}  # fmt: skip
_NUMERALS = "\\d一二三四五六七八九十百零〇幺两"
_COUNTS = frozenset("一二三四五六七八九十百零")
_CAMPUS = "校区"
"""It sounds like 小区 and is a place as well."""
_NUMBER_LIKE = {"liu": "六", "ba": "八", "jiu": "九", "wu": "五", "qi": "七", "san": "三", "si": "四", "er": "二"}
_ROOM = re.compile(f"(?<=[{_NUMERALS}]{{3}})[十是事市](?=$|[,。?!])")
_DIVISION = re.compile("[\u4e00-\u9fff]{2,4}[区县市]")
_NO_DIVISION = re.compile(
    "(?:小|社|园|厂|校|新|东|西|南|北|生活|宿舍|家属|工业|开发|高新|服务|住宅|别墅|城|郊|市|景|库|功能)区$|[城超门夜]市$"
)
_LAST_WORDS = re.compile("(?<=[省市县区][\u4e00-\u9fff]{2})[\u4e00-\u9fff]{2}(?=[,。]|$)")
"""What ends the first name behind a division: a street or a quarter."""
_NEARLY = ("街道", "大道", "小区", "花园", "新村")
_LETTERS = "\u4e00-\u9fff"


def as_meant(text: str) -> str:
    """`text` with what sounds like parts of an address read so; of the same length."""
    text = _named(_divisions(text))
    text = _LAST_WORDS.sub(_nearly, with_endings(text))
    text = _numbered(text)
    return _ROOM.sub("室", text)


def _divisions(text: str) -> str:
    for match in _DIVISION.finditer(text):
        if _NO_DIVISION.search(match[0]):
            continue
        for start in range(match.start(), match.end() - 2):
            heard = text[start : match.end()]
            meant = sounding_like(heard)
            if meant is not None and not _keeps_numerals(heard, meant):
                break
            if meant is not None and meant != heard:
                return text[:start] + meant + _divisions(text[match.end() :])
            if meant is not None:
                break
    return text


def _keeps_numerals(heard: str, meant: str) -> bool:
    """里七区 is no 龙崎区: a recogniser knows numerals well."""
    return all(one == other or one not in _COUNTS for one, other in zip(heard, meant, strict=True))


def _named(text: str) -> str:
    """What sounds just like a name that every town has: 何平路 is 和平路."""
    return _TWO_AND_ENDING.sub(lambda match: _by_sound().get(_syllables(match[0]), match[0]), text)


@cache
def _by_sound() -> dict[tuple[str, ...], str]:
    return {syllables_in_context(name): name for name in _EVERYWHERE.split()}


def _syllables(heard: str) -> tuple[str, ...]:
    return () if heard in lexicon().common else tuple(syllables(each)[0] for each in heard)


def with_endings(text: str) -> str:
    """`text` with words that sound like what places end in (动战 for 东站) read so."""
    for ending in _ENDINGS:
        if ending in text:
            continue
        size, wanted = len(ending), tuple(map(confusion_class, syllables_in_context(ending)))
        for at in range(1, len(text) - size + 1):
            heard = text[at : at + size]
            if (
                heard not in _ENDINGS
                and heard != _CAMPUS
                and re.fullmatch(f"[{_LETTERS}]+", heard)
                and _sounds(heard, wanted)
            ):
                text = text[:at] + ending + text[at + size :]
    return text


def _nearly(match: re.Match[str]) -> str:
    """The ending of which one syllable was heard, and of the other its first sound: 计刀 for 街道."""
    for ending in _NEARLY:
        heard = [set(map(confusion_class, syllables(each))) for each in match[0]]
        wanted = [confusion_class(each) for each in syllables_in_context(ending)]
        same = [sound in sounds for sounds, sound in zip(heard, wanted, strict=True)]
        begun = [any(each[:1] == sound[:1] for each in sounds) for sounds, sound in zip(heard, wanted, strict=True)]
        if any(same) and all(begun):
            return ending
    return match[0]


def _sounds(heard: str, wanted: tuple[str, ...]) -> bool:
    return all(sound in map(confusion_class, syllables(each)) for each, sound in zip(heard, wanted, strict=True))


def _numbered(text: str) -> str:
    """A word behind a number that sounds like what houses are counted by: 6动 is 6栋."""
    out = list(text)
    for at in range(1, len(text)):
        sound = next(iter(syllables(text[at])), "")
        word = _BEHIND_NUMBER.get(sound)
        if word is None or text[at] in _BEHIND_NUMBER.values():
            continue
        if re.match(f"[{_NUMERALS}]", out[at - 1]) and not re.match(f"[{_NUMERALS}]", text[at]):
            out[at] = word
        elif sound == "dong" and (digit := _NUMBER_LIKE.get(next(iter(syllables(text[at - 1])), ""))):
            out[at - 1 : at + 1] = [digit, word]
    return "".join(out)
