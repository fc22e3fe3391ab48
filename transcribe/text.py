"""Small facts about written Chinese that engines and turns share."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import opencc

SENTENCE_ENDS = "。！？!?…"


@cache
def _to_simplified() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def simplified(text: str) -> str:
    """Traditional characters as simplified ones; all else as it is."""
    return str(_to_simplified().convert(text))


def is_han(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf"


def needs_space(before: str, after: str) -> bool:
    """Whether two words are written with a space between them: not beside a Chinese character or punctuation."""
    return bool(before and after) and all(
        unicodedata.category(character)[0] in "LN" and not is_han(character) for character in (before[-1], after[0])
    )


def ends_sentence(text: str) -> bool:
    return text.rstrip().endswith(tuple(SENTENCE_ENDS))


def spoken(text: str) -> str:
    """Only what is said: letters and digits, no punctuation or space."""
    return "".join(character for character in text if unicodedata.category(character)[0] in "LN")


_WIDE = str.maketrans(",?!:;", "，？！：；")
_NARROW_AFTER_HAN = re.compile("(?<=[\u3400-\u4dbf\u4e00-\u9fff])[,?!:;]")


_TORN_COMMA = re.compile("[０-９Ａ-Ｚａ-ｚ﹑]")
"""What Whisper writes when it takes the last byte of `，` for another one; figures and letters it writes in ASCII."""


def full_width(text: str) -> str:
    """Punctuation after a Chinese character as Chinese punctuation; that of figures and Latin words as it is."""
    return _NARROW_AFTER_HAN.sub(lambda found: found.group().translate(_WIDE), _TORN_COMMA.sub("，", text))
