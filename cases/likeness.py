"""Whether two values of a field say the same, however they are written: 三十五块五 as 35.5, 十八号 as 18号."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from rapidfuzz import fuzz

from transcribe.normal import pieces_of, read_back, written
from transcribe.text import simplified

_MEANT_THE_SAME: Final = (
    (re.compile("号楼|号栋|[栋幢座]"), "栋"),
    (re.compile("营业网点|营业网|营业点|电信营业厅|营业大厅"), "营业厅"),
    (re.compile("住宅小区|花园小区|社区"), "小区"),
    (re.compile("中国电信|中国移动|中国联通|本公司|贵公司"), ""),
    (re.compile("[省市区县镇乡](?=.)"), ""),
)
"""Ways of writing one place; the divisions of a country are left out as often as they are said."""
_NOT_SAID = re.compile(r"[\s，。、；：？！,.;:?!“”\"'（）()\-—·]")
_FILLING = re.compile("[的了吧吗呢啊哦嗯就是说我你他她您们这那个]")
_PLACES_ALIKE = 80
_PROSE_ALIKE = 10
"""Of 100: an agent puts into own words what the caller says at length; only what shares next to nothing differs."""
_KEPT = 80
"""Of 100: a text that a person corrected and kept, a comma or a word apart."""
_SHORTEST_LOCAL = 7
_MOST_COMPARED = 600

Same = Callable[[Any, Any], bool]


def text_of(value: Any) -> str:
    """A value as one line of text, in figures, simplified, without punctuation."""
    if isinstance(value, list | tuple):
        return "".join(map(text_of, value))
    if isinstance(value, Mapping):
        return text_of(str(value.get("text", "")))
    return _NOT_SAID.sub("", written(simplified(str(value))[:_MOST_COMPARED])).upper()


def same_code(one: Any, other: Any) -> bool:
    return set(one) == set(other) if isinstance(one, list) and isinstance(other, list) else bool(one == other)


def same_phone(one: Any, other: Any) -> bool:
    """The same subscriber: with or without the country's and, on a fixed line, the area's code."""
    left, right = _subscriber(one), _subscriber(other)
    if left == right:
        return True
    short, long = sorted((left, right), key=len)
    return len(short) >= _SHORTEST_LOCAL and long.startswith("0") and long.endswith(short)


def same_amount(one: Any, other: Any) -> bool:
    left, right = _yuan(one), _yuan(other)
    return left is not None and left == right


def same_place(one: Any, other: Any) -> bool:
    left, right = _place(one), _place(other)
    short, long = sorted((left, right), key=len)
    return left == right or (len(short) > 2 and short in long) or fuzz.ratio(left, right) >= _PLACES_ALIKE


def same_words(one: Any, other: Any) -> bool:
    """Whether two texts speak of the same, by the pairs of characters they share."""
    left, right = (_FILLING.sub("", text_of(each)) for each in (one, other))
    if left == right:
        return True
    short, long = sorted((_pairs(left), _pairs(right)), key=len)
    return bool(short) and 100 * len(short & long) >= _PROSE_ALIKE * len(short)


def same_dates(one: Any, other: Any) -> bool:
    left, right = text_of(one), text_of(other)
    short, long = sorted((left, right), key=len)
    return left == right or (len(short) > 1 and short in long)


SAME: Final[Mapping[str, Same]] = {
    "phone": same_phone, "amount": same_amount, "place": same_place, "shop": same_place, "dates": same_dates,
    "what_happened": same_words, "request": same_words, "promised": same_words, "reported": same_place,
}  # fmt: skip


def same(field: str, one: Any, other: Any) -> bool:
    """Whether two values of `field` that are both said say the same."""
    return SAME.get(field, same_code)(one, other)


def kept(field: str, drafted: Any, confirmed: Any) -> bool:
    """Whether a person who looked at a drafted value let it stand; prose may be polished."""
    if SAME.get(field) is not same_words:
        return same(field, drafted, confirmed)
    return fuzz.ratio(text_of(drafted), text_of(confirmed)) >= _KEPT


def _subscriber(value: Any) -> str:
    digits = re.sub(r"\D", "", text_of(value))
    for prefix in ("0086", "86"):
        if digits.startswith(prefix) and len(digits) >= 11 + len(prefix):
            return digits[len(prefix) :]
    return digits


def _yuan(value: Any) -> Decimal | None:
    text = str(value).strip()
    try:
        return Decimal(text)
    except InvalidOperation:
        found = [read_back(piece) for piece in pieces_of(text if text.endswith(("元", "块", "钱")) else f"{text}元")]
        plain = re.match(r"(\d+(?:\.\d+)?)\s*(?:元|块)", text)
        numbers = [each for each in found if isinstance(each, Decimal)]
        return numbers[0] if numbers else Decimal(plain[1]) if plain else None


def _place(value: Any) -> str:
    text = text_of(value)
    for pattern, meant in _MEANT_THE_SAME:
        text = pattern.sub(meant, text)
    return text


def _pairs(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1)} or ({text} if text else set())
