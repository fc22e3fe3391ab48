"""Numbers that were heard as other words of the same sound: 要把六物要救零二把三七 for 18651902837.

Only where a number was asked for or announced, and only as far as it is a mobile number digit by digit, or the number
that called but for what the recogniser lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transcribe.draft.calling import plain_number
from transcribe.draft.normalise import Line
from transcribe.draft.phones import MOBILE, Phone, sounding_digit, written_digit
from transcribe.draft.reworded import reworded
from transcribe.draft.roles import asks_for_number

_LEADS_IN = re.compile(
    "(?:电话|手机|号码?|联系|打|拨|记一下|是|叫|姓[\\u4e00-\\u9fff])(?:号码?|方式)?(?:呢|是|为|要|吧|就是)?[,:。]?$"
)
_ASKING = "号码 电话 手机 联系"
_SKIPPED = frozenset(",.、。-—~ ")
_NO_SIGN = frozenset("的了我你他不没们在有这那")
_FOUR = dict.fromkeys("词次此刺磁慈赐", "4")
_TIMES = re.compile("([两俩二三四2-4])个([零〇一二三四五六七八九幺\\d])")
_ROW = re.compile("[\\d零〇一二三四五六七八九幺][\\d零〇一二三四五六七八九幺,-]{7,}")
_LENGTH = 11
_SURE_FROM = 3
"""Digits that must be written as such before a row of like sounds is taken for a number."""
_LOST_AT_MOST = 2.5
_LOST_OF_A_LANDLINE = 1.0
"""Its neighbours differ by as little as a digit of theirs; one that is lost or added is the recogniser's."""
_HEARD_AT_LEAST = 7
_UNKNOWN = 0.7
_PART = 8
_WINDOW = 16


@dataclass(frozen=True, slots=True)
class _Sign:
    """One character that may be a digit."""

    digit: str | None
    written: bool
    at: int


def find_sounded(lines: Sequence[Line], caller: str) -> Phone | None:
    """The number that one of the caller's turns sounds like, or None."""
    calling = plain_number(caller)
    for number, line in enumerate(lines):
        if not line.is_caller:
            continue
        asked = any(_asks(each) for each in lines[max(0, number - 2) : number])
        found = None
        for start in _starts(line.text, asked=asked):
            signs = _signs(line.text, start)
            found = _whole(signs) or _as_calling(signs, calling)
            if found is not None:
                break
        else:
            start, found = _any_row(line.text, calling)
        if found is not None:
            digits, sure, last = found
            return Phone(digits, sure, (line.evidence(start, last + 1),), ((number, start, last + 1),))
    return None


def _asks(line: Line) -> bool:
    """Whether a line asks for a number, in words or in others of their sound (好马是)."""
    return asks_for_number(line) or asks_for_number(line.with_text(reworded(line.text, _ASKING)))


def _starts(text: str, *, asked: bool) -> Iterator[int]:
    """Places at which a number may begin: the line's first word after it was asked for, and behind an announcement."""
    if asked:
        yield 0
    for position in range(1, len(text)):
        digit = written_digit(text[position]) or sounding_digit(text[position])
        if digit is not None and _LEADS_IN.search(text[max(0, position - 8) : position]):
            yield position


def _any_row(text: str, calling: str) -> tuple[int, tuple[str, float, int] | None]:
    """A row of digits that nobody asked for counts as the calling number only."""
    for match in _ROW.finditer(text):
        for start in (match.start() - 1, match.start()):
            found = _as_calling(_signs(text, start), calling) if start >= 0 else None
            if found is not None:
                return start, found
    return 0, None


def _signs(text: str, start: int) -> list[_Sign]:
    """Up to sixteen characters that are digits, sound like one, or might have been one; 两个八 are two."""
    found: list[_Sign] = []
    position, stop = start, min(len(text), start + 2 * _WINDOW)
    while position < stop:
        character = text[position]
        times = _TIMES.match(text, position)
        if times is not None:
            count = int(written_digit(times[1]) or "2")
            found += [_Sign(written_digit(times[2]), True, times.end() - 1)] * count
            position = times.end()
            continue
        written = written_digit(character)
        digit = written or sounding_digit(character) or _FOUR.get(character)
        if digit is None and character not in _SKIPPED and (character in _NO_SIGN or len(found) >= _WINDOW):
            break
        if character not in _SKIPPED:
            found.append(_Sign(digit, written is not None, position))
        position += 1
    return found[:_WINDOW]


def _whole(signs: Sequence[_Sign]) -> tuple[str, float, int] | None:
    """A mobile number of which every character sounds as its digit."""
    row = signs[:_LENGTH]
    digits = "".join(each.digit or "?" for each in row)
    written = sum(each.written for each in row)
    goes_on = len(signs) > _LENGTH and signs[_LENGTH].written
    if MOBILE.fullmatch(digits) is None or written < _SURE_FROM or goes_on:
        return None
    return digits, 0.5 + 0.03 * written, row[-1].at


def _as_calling(signs: Sequence[_Sign], calling: str) -> tuple[str, float, int] | None:
    """The calling number, where what was heard differs from it by little: lost or unknown signs."""
    if not _LENGTH <= len(calling) <= _LENGTH + 1 or len(signs) < _HEARD_AT_LEAST:
        return None
    lost_at_most = _LOST_AT_MOST if MOBILE.fullmatch(calling) else _LOST_OF_A_LANDLINE
    best: tuple[float, int] | None = None
    for length in range(len(calling) - 2, min(len(signs), len(calling) + 2) + 1):
        cost = _distance(signs[:length], calling)
        if best is None or cost < best[0]:
            best = cost, length
    if best is None or best[0] > lost_at_most:
        return _part_of_calling(signs, calling)
    same = sum(each.digit is not None and each.digit in calling for each in signs[: best[1]])
    return (calling, 0.75 - 0.08 * best[0], signs[best[1] - 1].at) if same >= _HEARD_AT_LEAST else None


def _part_of_calling(signs: Sequence[_Sign], calling: str) -> tuple[str, float, int] | None:
    """The calling number where all that was heard, eight digits or more, is it in order with up to three lost."""
    digits = iter(calling)
    if len(signs) < _PART or not all(each.digit is not None and each.digit in digits for each in signs):
        return None
    return (calling, 0.5, signs[-1].at) if signs[0].digit == calling[0] else None


def _distance(signs: Sequence[_Sign], number: str) -> float:
    """Edits that make the signs the number; a sign that is no digit may have been any."""
    row = [float(at) for at in range(len(number) + 1)]
    for at, sign in enumerate(signs, 1):
        diagonal, row[0] = row[0], float(at)
        for column, wanted in enumerate(number, 1):
            changed = 0.0 if sign.digit == wanted else _UNKNOWN if sign.digit is None else 1.0
            diagonal, row[column] = row[column], min(diagonal + changed, row[column] + 1, row[column - 1] + 1)
    return row[-1]
