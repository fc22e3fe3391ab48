"""What a well-formed spoken numeral looks like, and how its value is written.

`transcribe.draft.numbers.parse` reads the value; these patterns keep from it what only looks like a numeral:
三四百 (some), 千万 (by all means), 上百 (a hundred or so), 十几 (ten-odd).
"""

from __future__ import annotations

from decimal import Decimal

from transcribe.draft.numbers import parse

DIGIT = "[一二两三四五六七八九]"
ANY = "零〇一二两三四五六七八九十百千万亿幺0-9"
"""Characters that go on with a numeral; beside one of them, a match has cut something in two."""
_TENS = f"(?:{DIGIT}?十{DIGIT}?)"
_HUNDREDS = f"(?:{DIGIT}百(?:零{DIGIT}|{DIGIT}十{DIGIT}?|{DIGIT})?)"
_THOUSANDS = f"(?:{DIGIT}千(?:零(?:{DIGIT}十{DIGIT}?|{DIGIT})|{_HUNDREDS}|{DIGIT})?)"
_BELOW = f"(?:{_THOUSANDS}|{_HUNDREDS}|{_TENS})"
_MYRIADS = f"(?:(?:{_BELOW}|{DIGIT})万(?:零(?:{_HUNDREDS}|{_TENS}|{DIGIT})|{_THOUSANDS}|{DIGIT}(?![十百千]))?)"
COMPOSITE = f"(?:{_MYRIADS}|{_BELOW})"
"""A numeral with at least one of 十百千万, its colloquial endings (一百一, 三万二) included."""
FIGURES = r"(?:\d+(?:\.\d+)?)"
NUMBER = f"(?:(?<![{ANY}几数好成上])(?:{COMPOSITE}|{DIGIT}|零|{FIGURES})(?![{ANY}几.]))"
"""Any number, digits included, that nothing goes on with."""
_MYRIAD = 10_000


def value(text: str) -> Decimal | None:
    """The number that `text` says, None where it says none."""
    return parse(text)


def plain(number: Decimal) -> str:
    """A number in figures; whole myriads keep their 万, as one writes 30万."""
    if number == number.to_integral_value():
        whole = int(number)
        return f"{whole // _MYRIAD}万" if whole >= _MYRIAD and whole % _MYRIAD == 0 else str(whole)
    return format(number.normalize(), "f")


def figures(text: str) -> str | None:
    """`text` in figures, None where it says no number."""
    number = value(text)
    return None if number is None else plain(number)
