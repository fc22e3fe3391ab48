"""Numbers as people say them and as recognisers write them: 一百二十八, 1百28, 两百五, 30.5, 1,299."""

from __future__ import annotations

from decimal import Decimal

DIGITS = {
    "零": 0, "〇": 0, "一": 1, "幺": 1, "二": 2, "两": 2, "俩": 2, "三": 3, "仨": 3,
    "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
}  # fmt: skip
UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_WRITTEN = r"\d++(?:,\d{3}(?!\d))*+(?:\.\d++)?+"
NUMERAL = rf"(?>(?:{_WRITTEN}|[零〇一二两三四五六七八九十百千万半])++(?:点[零〇一二三四五六七八九\d]++)?+)"
"""Pattern of a number in the normalised text; may match what `parse` then refuses. It never
goes back over what it has read, so that a turn full of digits costs no more than any other."""


def parse(text: str) -> Decimal | None:
    """The number that `text` says, or None where it says none.

    Colloquial endings count for the next lower unit (一千二 is 1200, 两百五 is 250); digits in a row are read as
    written (一二八 is 128).
    """
    text = text.replace(",", "")
    whole, point, fraction = text.partition("点")
    if point:
        return _with_fraction(whole, fraction)
    try:
        return Decimal(text) if text.isascii() else _mixed(text)
    except ArithmeticError:
        return None


def _with_fraction(whole: str, fraction: str) -> Decimal | None:
    base = parse(whole)
    digits = "".join(str(DIGITS.get(each, each)) for each in fraction)
    if base is None or not digits.isdecimal() or base != base.to_integral_value():
        return None
    return base + Decimal(f"0.{digits}")


def _mixed(text: str) -> Decimal | None:
    """Numerals and digits mixed; the value of each section below 万 is summed by unit."""
    if text == "半":
        return Decimal("0.5")
    if not any(each in UNITS for each in text):
        row = "".join(str(DIGITS.get(each, each)) for each in text)
        return Decimal(row) if row.isascii() and row.isdecimal() else None
    total = section = Decimal(0)
    pending: Decimal | None = None
    last_unit = 1
    digits = ""
    gap = False
    for character in text:
        if character in UNITS:
            unit = UNITS[character]
            if digits:
                pending = Decimal(digits)
            count = pending if pending is not None else Decimal(1)
            if unit == UNITS["万"]:
                total += (section + (pending or 0) or 1) * unit
                section = Decimal(0)
            else:
                section += count * unit
            pending, digits, last_unit, gap = None, "", unit, False
        elif character in "零〇" and not digits:
            gap = True
        elif character in DIGITS or character.isdecimal() or character == ".":
            digits += str(DIGITS.get(character, character))
        else:
            return None
    if digits:
        rest = Decimal(digits)
        colloquial = len(digits) == 1 and last_unit > 10 and not gap
        section += rest * (last_unit // 10) if colloquial else rest
    return total + section
