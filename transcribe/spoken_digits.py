"""Runs of spoken digits in turns: as figures, numerals, 幺洞拐, or characters that only sound like digits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from transcribe.draft.sounds import syllables
from transcribe.text import spoken
from transcribe.turns import Turn

SURE = {
    "零": "0", "〇": "0", "○": "0", "洞": "0", "一": "1", "幺": "1", "么": "1", "二": "2", "两": "2", "三": "3",
    "四": "4", "五": "5", "六": "6", "七": "7", "拐": "7", "八": "8", "九": "9", "勾": "9", "壹": "1", "贰": "2",
    "叁": "3", "肆": "4", "伍": "5", "陆": "6", "柒": "7", "捌": "8", "玖": "9", "X": "X", "x": "X", "叉": "X",
    "兩": "2", "貳": "2", "參": "3", "叄": "3", "陸": "6", "麼": "1",
}  # fmt: skip
"""Characters that mean a digit. X ends an identity-card number; alone it is none."""
_SOUNDS = {
    "ling": "0", "dong": "0", "yi": "1", "yao": "1", "er": "2", "liang": "2", "san": "3", "shan": "3", "si": "4",
    "shi": "4", "wu": "5", "wo": "5", "liu": "6", "qi": "7", "guai": "7", "ba": "8", "jiu": "9", "gou": "9",
}  # fmt: skip
"""What a recogniser hears of a digit: 我 for 五, 是 for 四, 要 for 幺."""
_FILLERS = (
    "嗯|呃|啊|哦|额|诶|那个|这个|就是|然后|接着|再|杠|横杠|空格|对对|对|好的|好|是的|是|后面|前面|还有|最后|下面|中间|接下来|"
    "不对|不是|错了|说错了|我?再说一遍|重新说|重来|等一下|等下|稍等|我?看看|我?看一下|的话|的|吧"
)
_PUNCTUATION = r"[\s\W_]*"
_FILLER = re.compile(rf"{_PUNCTUATION}(?:(?:{_FILLERS}){_PUNCTUATION})*")
_REPEATED = re.compile(r"([两二三四五六七八九2-9])个([零〇一幺二三四五六七八九0-9])")
_ENGLISH = {
    "zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_WORD = rf"(?:(?:double|triple)[ -])?(?:{'|'.join(_ENGLISH)})"
_IN_ENGLISH = re.compile(rf"(?<![a-z]){_WORD}(?:[\s,.，。、-]*(?<![a-z]){_WORD})+(?![a-z])", re.IGNORECASE)
"""Two words at least: one may be the name of a thing."""
_LETTER_X = re.compile("[艾埃爱][克可]斯")
_UNITS = "百千万亿"
_COUNTED = re.compile("[一二两三四五六七八九]?(?:[十百千万][零一二三四五六七八九]?)+$")
"""The end of a row of numerals that is a number by itself: 三十, 一百二."""
_SAYS_IT_IS = "是就以"
"""Before a number these introduce it more often than they are a digit misheard."""
_NO_BRIDGE = re.compile("[年月日号点元块毛角分转和或跟到至机话位次天个兆钱]")
"""What stands between two numbers and not within one."""
MEASURE = re.compile(
    r"^(?:多|几|来)?(?:块|元|毛|角|分|秒|天|个|月|年|日|次|遍|小时|点|兆|[MGK]\b|岁|位|倍|折|[%％]|级|层|楼|栋|单元|室|米|公里|"
    r"人|名|张|条|笔|期|批|户|家|台|部|线|路|周|季|号(?![码是]))"
)
"""What follows a number that counts something."""
_DECIMALS = 2
"""Figures about a 点 that may be a price or a time; more of them on both sides are groups of a number."""
_LINK_SECONDS = 20.0
_ACK = 16
"""Spoken characters of what the other side says between two groups of one number, unless those are digits too."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Digits within one turn: `text[first:last]` of turn `turn`; `digits` has what they mean, X included."""

    turn: int
    first: int
    last: int
    digits: str
    unit: bool
    """Whether 百, 千, 万 stand in it, as in a sum of money."""


@dataclass(frozen=True, slots=True)
class Run:
    """Digits that belong together, perhaps over turns."""

    pieces: tuple[Piece, ...]

    @property
    def digits(self) -> str:
        return "".join(piece.digits for piece in self.pieces)

    @property
    def unit(self) -> bool:
        return any(piece.unit for piece in self.pieces)

    @property
    def opens(self) -> Piece:
        return self.pieces[0]

    @property
    def closes(self) -> Piece:
        return self.pieces[-1]


def figures(text: str) -> str:
    """The text, as long as it was, with digits said in English and a spelled X as figures, each filled up with dots."""
    if _LETTER_X.search(text):
        text = _LETTER_X.sub("X··", text)
    return _IN_ENGLISH.sub(lambda found: re.sub(_WORD, _figure, found.group(), flags=re.IGNORECASE), text)


def _figure(found: re.Match[str]) -> str:
    *times, word = re.split("[ -]", found.group().lower())
    digits = _ENGLISH[word] * ({"double": 2, "triple": 3}[times[0]] if times else 1)
    return digits.ljust(len(found.group()), "·")


@lru_cache(maxsize=20_000)
def digit_of(character: str) -> str:
    """The digit that a character surely means, or nothing."""
    if character in SURE:
        return SURE[character]
    value = unicodedata.digit(character, None)  # also of ６ and ⑥
    return "" if value is None else str(value)


@lru_cache(maxsize=20_000)
def sounds_like(character: str) -> str:
    """The digit that a character may be a mishearing of, or nothing."""
    if not "\u4e00" <= character <= "\u9fff":
        return ""
    return next((_SOUNDS[syllable] for syllable in syllables(character) if syllable in _SOUNDS), "")


def only_filler(text: str) -> bool:
    """Whether the text says nothing: hesitation, agreement, a correction announced."""
    return _FILLER.fullmatch(text) is not None


def runs_in(turns: Sequence[Turn], asked: Sequence[bool], named: Collection[int] = ()) -> list[Run]:
    """Every run of digits, in order of its beginning; `asked[i]` says that turn i may be the answer to a request.

    In an answer more is taken for digits than elsewhere: also what sounds like digits only, at a run's edges. Between
    turns of which one in `named` asks for another number no run goes on.
    """
    pieces = [piece for index, turn in enumerate(turns) for piece in _pieces(turn.text, index, eager=asked[index])]
    return _linked(turns, pieces, named)


def _pieces(text: str, index: int, *, eager: bool) -> list[Piece]:
    found: list[Piece] = []
    text = figures(text)
    for first, last, digits, unit in _stretches(text, eager=eager):
        before = found[-1] if found else None
        counts = len(digits) <= 2 and MEASURE.match(text[last : last + 4]) is not None
        if before is not None and not counts and _joins(text, before, first, digits):
            found[-1] = Piece(index, before.first, last, before.digits + digits, before.unit or unit)
        else:
            found.append(Piece(index, first, last, digits, unit))
    kept = [_without_stray(text, piece) for piece in found if piece.digits.strip("X")]
    return [replace(piece, last=_behind_dots(text, piece.last)) for piece in kept]


def _behind_dots(text: str, at: int) -> int:
    """Where a figure that stands for a word ends with the word."""
    return at + len(text[at:]) - len(text[at:].lstrip("·"))


def _without_stray(text: str, piece: Piece) -> Piece:
    """A telephone number without the 我 or 是 at its edge that sounds like one digit more."""
    if not digit_of(text[piece.first]) and complete_phone(piece.digits[1:]):
        return replace(piece, first=piece.first + 1, digits=piece.digits[1:])
    if not digit_of(text[piece.last - 1]) and complete_phone(piece.digits[:-1]):
        return replace(piece, last=piece.last - 1, digits=piece.digits[:-1])
    return piece


def _joins(text: str, before: Piece, first: int, digits: str) -> bool:
    between = text[before.last : first]
    if complete_phone(before.digits) or complete_phone(digits):
        return False
    if only_filler(between):
        return True
    unknown = spoken(between)
    if unknown == "点" and min(len(before.digits), len(digits)) > _DECIMALS:
        return True
    # a character or two that the recogniser made of a digit, or of a breath
    return len(unknown) <= 2 and min(len(before.digits), len(digits)) >= 2 and not _NO_BRIDGE.search(between)


def _stretches(text: str, *, eager: bool) -> Iterator[tuple[int, int, str, bool]]:
    """Characters in a row that are digits: begin, end, what they mean, whether a unit is among them."""
    marks = [digit_of(each) for each in text]
    sounds = [mark or sounds_like(each) for mark, each in zip(marks, text, strict=True)]
    if eager:
        said = spoken(text)
        like = sum(bool(mark) for mark in sounds)
        sure = sum(bool(mark) for mark in marks)
        whole = like >= 4 and like >= 0.7 * len(said) and sure < 0.7 * like
        marks = _promoted(text, marks, sounds, edges=True, everything=whole)
    else:
        marks = _promoted(text, marks, sounds, edges=False, everything=False)
    at = 0
    while at < len(text):
        if not marks[at] and text[at] != "十":
            at += 1
            continue
        first, digits, unit = at, "", False
        while at < len(text) and (marks[at] or text[at] in "十" + _UNITS):
            repeated = _REPEATED.match(text, at)
            if repeated:
                digits += digit_of(repeated[2]) * int(digit_of(repeated[1]))
                at = repeated.end()
                continue
            if text[at] == "十":
                before = at > first and bool(marks[at - 1])
                after = at + 1 < len(text) and bool(marks[at + 1])
                digits += "" if before and after else "0" if before else "1" if after else "10"
            elif text[at] in _UNITS:
                unit = True
            digits += marks[at]
            at += 1
        sum_of_money = _COUNTED.search(text, first, at) if MEASURE.match(text[at : at + 4]) else None
        if sum_of_money is not None and sum_of_money.start() > first:
            head = sum_of_money.start()
            yield first, head, "".join(marks[first:head]), any(each in _UNITS for each in text[first:head])
            continue  # 三十 of 尾号九三四六三十元 counts something
        yield first, at, digits, unit


def _promoted(text: str, marks: list[str], sounds: list[str], *, edges: bool, everything: bool) -> list[str]:
    """Marks with those added that only sound like digits, where enough sure ones stand around them."""
    found = list(marks)
    at = 0
    while at < len(sounds):
        if not sounds[at]:
            at += 1
            continue
        end = at
        while end < len(sounds) and sounds[end]:
            end += 1
        sure = [index for index in range(at, end) if marks[index]]
        if everything:
            found[at:end] = sounds[at:end]
        elif sure:
            low, high = (at, end) if edges else (sure[0], sure[-1] + 1)
            while low < sure[0] and text[low] in _SAYS_IT_IS:
                low += 1
            if high - low >= 4 and len(sure) >= (0.4 if edges else 0.6) * (high - low):
                found[low:high] = sounds[low:high]
        at = end
    return found


def _linked(turns: Sequence[Turn], pieces: Sequence[Piece], named: Collection[int]) -> list[Run]:
    """Pieces of one speaker that go on from one turn to the next become one run."""
    runs: list[list[Piece]] = []
    last_of: dict[str, list[Piece]] = {}
    for piece in pieces:
        speaker = turns[piece.turn].speaker
        chain = last_of.get(speaker)
        if chain is not None and _goes_on(turns, chain, piece, named):
            chain.append(piece)
        else:
            chain = [piece]
            runs.append(chain)
        last_of[speaker] = chain
    return [Run(tuple(chain)) for chain in runs]


def _goes_on(turns: Sequence[Turn], chain: Sequence[Piece], piece: Piece, named: Collection[int]) -> bool:
    before = chain[-1]
    if piece.turn == before.turn or turns[piece.turn].start - turns[before.turn].end > _LINK_SECONDS:
        return False
    if complete_phone("".join(each.digits for each in chain)) or complete_phone(piece.digits):
        return False
    tail, head = turns[before.turn].text[before.last :], turns[piece.turn].text[: piece.first]
    if not all(only_filler(part) or len(spoken(part)) <= 3 for part in (tail, head)):
        return False
    if _NO_BRIDGE.match(spoken(tail)):
        return False
    if any(turn in named for turn in range(before.turn + 1, piece.turn)):
        return False
    between = turns[before.turn + 1 : piece.turn]
    return all(len(spoken(turn.text)) <= _ACK or _mostly_digits(turn.text) for turn in between)


def _mostly_digits(text: str) -> bool:
    said = spoken(text)
    return sum(bool(digit_of(each)) for each in said) >= 0.5 * len(said)


_PHONE = re.compile(r"(?:0086|86|17951|17909|12593)?1[3-9]\d{9}|0(?:10|2\d|[3-9]\d{2})[2-8]\d{6,7}|[48]00\d{7}")


def complete_phone(digits: str) -> bool:
    """Whether the digits are exactly one telephone number: a mobile, a landline with its area code, 400 or 800."""
    return _PHONE.fullmatch(digits) is not None


def phones_only(digits: str) -> bool:
    """Whether the digits are telephone numbers and nothing else, perhaps said twice or begun again."""
    found = _PHONE.match(digits)
    if found is None:
        return False
    rest = digits[found.end() :]
    return not rest or rest in found.group() or phones_only(rest)
