"""Likeness of two sheets by how their words sound: a recogniser writes 财灵 for 彩铃, and now 湖南路, now 胡南路."""

from __future__ import annotations

import itertools
import math
import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from pypinyin import lazy_pinyin

from transcribe.draft.sounds import confusion_class

SAID = ("what_happened", "request", "place", "shop")
_SPLIT = re.compile(r"[^\u3400-\u9fffA-Za-z0-9]+")
_FIGURES = str.maketrans("0123456789幺两洞", "零一二三四五六七八九一二零")
_KEPT_BITS = 0x7FFFFFFF


def words_of(fields: Mapping[str, Any]) -> str:
    """What a draft or an order says about the matter itself; its summary where it has nothing else."""
    return "。".join(str(fields[name]) for name in SAID if fields.get(name)) or str(fields.get("summary") or "")


def grams(text: str) -> frozenset[int]:
    """Pairs of neighbouring syllables, common confusions of sounds taken together, as 31-bit numbers."""
    found = set()
    for piece in _SPLIT.split(text.translate(_FIGURES)):
        sounds = [confusion_class(each) for each in lazy_pinyin(piece)]
        found |= {zlib.crc32(f"{a} {b}".encode()) & _KEPT_BITS for a, b in itertools.pairwise(sounds)}
    return frozenset(found)


def weight(frequency: float) -> float:
    """How much a pair tells that stands in this share of all orders."""
    return math.log(1 + 1 / max(frequency, 1e-6))


def likeness(left: Iterable[int], right: Iterable[int], weights: Mapping[int, float], rare: float) -> float:
    """0…1: weighted pairs in common, by the geometric mean of both sides; pairs without a weight weigh `rare`."""
    a, b = frozenset(left), frozenset(right)

    def total(pairs: frozenset[int]) -> float:
        return sum(weights.get(pair, rare) for pair in pairs)

    size = math.sqrt(total(a) * total(b))
    return total(a & b) / size if size else 0.0


def covered(part: str, whole: str) -> float:
    """Share of the pairs of `part` that `whole` has too, 0…1."""
    wanted = grams(part)
    return len(wanted & grams(whole)) / len(wanted) if wanted else 0.0
