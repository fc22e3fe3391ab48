"""How characters sound: toneless syllables, and the ones that callers and recognisers confuse.

Recognisers write what they hear: 彩铃 becomes 财灵, 移机 becomes 以及. Characters are therefore compared by sound, in
three grades: the same character, the same syllable, and a syllable that differs only by a common confusion of
Mandarin speakers (z/zh, c/ch, s/sh, n/l, f/h, -n/-ng).
"""

from __future__ import annotations

from functools import lru_cache

from pypinyin import Style, lazy_pinyin, pinyin

SAME_CHARACTER = 1.0
SAME_SYLLABLE = 0.85
CONFUSABLE = 0.6
DIFFERENT = 0.0

_DIGIT_NAMES = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
_TWO_READINGS = frozenset("行重长还都调得乐传弹曲率差发朝参着没为分干间卡系数种应更空")
"""Characters that everyday speech reads in two ways; of the others only the first reading is heard."""


@lru_cache(maxsize=20_000)
def syllables(character: str) -> tuple[str, ...]:
    """Toneless syllables of one character, most common first; a character that is not Han sounds as itself."""
    character = _DIGIT_NAMES.get(character, character)
    readings = pinyin(character, style=Style.NORMAL, heteronym=True)
    found = readings[0] if readings else [character]
    return tuple(dict.fromkeys(found))[: 2 if character in _TWO_READINGS else 1]


@lru_cache(maxsize=4_000)
def confusion_class(syllable: str) -> str:
    """The class of syllables that this one is commonly taken for."""
    for long, short in (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("f", "h")):
        if syllable.startswith(long):
            syllable = short + syllable[len(long) :]
            break
    return syllable[:-1] if syllable.endswith("ng") else syllable


@lru_cache(maxsize=20_000)
def classes(character: str) -> tuple[str, ...]:
    """Confusion classes of one character."""
    return tuple(dict.fromkeys(confusion_class(each) for each in syllables(character)))


def syllables_in_context(term: str) -> tuple[str, ...]:
    """One syllable per character of a domain term, read as a word (行 in 银行 is hang)."""
    read = lazy_pinyin("".join(_DIGIT_NAMES.get(each, each) for each in term))
    if len(read) != len(term):
        return tuple(syllables(each)[0] for each in term)
    return tuple(read)


@lru_cache(maxsize=100_000)
def likeness(heard: str, meant: str, syllable: str) -> float:
    """How far the character `heard` may stand for `meant`, which sounds as `syllable`, 0…1."""
    if heard == meant or (meant in _DIGIT_NAMES.values() and _DIGIT_NAMES.get(heard) == meant):
        return SAME_CHARACTER
    if syllable in syllables(heard):
        return SAME_SYLLABLE
    if confusion_class(syllable) in classes(heard):
        return CONFUSABLE
    return DIFFERENT
