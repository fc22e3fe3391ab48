"""Words of the lexicon that may have been misheard, as suggestions: 财灵 may be 彩铃.

Only sound speaks for a suggestion, so what speaks against it weighs: an everyday word stays (以及 is not read as 移机
here), a span that cuts through one is none, and of two syllables both must agree well. The verbatim text stays; a
person accepts or refuses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from pypinyin import Style, pinyin

from transcribe.draft.hearing import word_bounds
from transcribe.draft.lexicon import Lexicon, lexicon
from transcribe.draft.normalise import Line, normalise
from transcribe.draft.sounds import DIFFERENT, SAME_CHARACTER, classes, confusion_class, likeness
from transcribe.lexicon.words import LexiconWord
from transcribe.text import is_han
from transcribe.turns import Turn

SHORTEST = 2
_ENOUGH = {2: 0.8, 3: 0.75}
"""Mean likeness from which a word of so many characters is suggested; longer ones from `_ENOUGH_LONG`."""
_ENOUGH_LONG = 0.7
_SAME_TONES = 0.08
"""What is added where the tones agree too: a recogniser that mishears a word mostly keeps its tones."""
_PER_WEIGHT = 0.01
_MOST = 0.99
_NUMERALS = frozenset("零〇一二三四五六七八九幺两十百千万亿")
_FUNCTION = frozenset("的了是不在有我你您他她它们这那就也都还又很吗呢吧啊哦嗯把被给让和跟与或说要会能可没个")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`text[first:last]` of a verbatim turn, heard as `heard`, may have been `meant`."""

    turn: int
    first: int
    last: int
    heard: str
    meant: str
    score: float
    """0…1: how alike they sound."""

    def to_json(self) -> list[Any]:
        return [self.turn, self.first, self.last, self.heard, self.meant, round(self.score, 2)]

    @classmethod
    def from_json(cls, row: Sequence[Any]) -> Suggestion:
        return cls(int(row[0]), int(row[1]), int(row[2]), str(row[3]), str(row[4]), float(row[5]))


@dataclass(frozen=True)
class _Sounds:
    """The lexicon by what its words sound like."""

    words: frozenset[str]
    by_sound: Mapping[tuple[str, str], tuple[LexiconWord, ...]]
    """The confusion classes of the first two syllables → words."""
    longest: int


def suggest(turns: Sequence[Turn], words: tuple[LexiconWord, ...]) -> tuple[Suggestion, ...]:
    """What of the turns sounds like a word of the lexicon and is not written as it; in order, none overlapping."""
    sounds = _sounds(words)
    if not sounds.by_sound:
        return ()
    everyday = lexicon()
    return tuple(found for line in normalise(turns) for found in _in_line(line, sounds, everyday))


@lru_cache(maxsize=8)
def _sounds(words: tuple[LexiconWord, ...]) -> _Sounds:
    by_sound: dict[tuple[str, str], list[LexiconWord]] = defaultdict(list)
    for word in words:
        if len(word.word) >= SHORTEST and len(word.pinyin) == len(word.word) and all(map(is_han, word.word)):
            first, second = (confusion_class(each) for each in word.pinyin[:2])
            by_sound[first, second].append(word)
    return _Sounds(
        frozenset(word.word for word in words),
        {pair: tuple(found) for pair, found in by_sound.items()},
        max((len(word.word) for word in words), default=0),
    )


def _in_line(line: Line, sounds: _Sounds, everyday: Lexicon) -> Iterator[Suggestion]:
    text = line.text
    candidates = [
        (start, word)
        for start, (one, other) in enumerate(pairwise(text))
        for word in dict.fromkeys(
            word for a in classes(one) for b in classes(other) for word in sounds.by_sound.get((a, b), ())
        )
    ]
    if not candidates:
        return
    taken = bytearray(_as_written(text, sounds))
    cuts = word_bounds(text, everyday)
    scored = [(_score(text, start, word, cuts, everyday), start, word) for start, word in candidates]
    best_first = sorted(scored, key=lambda entry: (-entry[0] * len(entry[2].word), -entry[2].weight, entry[1]))
    chosen: list[Suggestion] = []
    for score, start, word in best_first:
        end = start + len(word.word)
        if score <= 0 or any(taken[start:end]):
            continue
        taken[start:end] = b"\1" * (end - start)
        first, last = line.back[start], line.back[end - 1] + 1
        chosen.append(Suggestion(line.index, first, last, line.turn.text[first:last], word.word, score))
    yield from sorted(chosen, key=lambda each: each.first)


def _as_written(text: str, sounds: _Sounds) -> Iterable[int]:
    """1 for each character that belongs to a word of the lexicon as it is written."""
    marks = [0] * len(text)
    for start in range(len(text)):
        for end in range(start + SHORTEST, min(len(text), start + sounds.longest) + 1):
            if text[start:end] in sounds.words:
                marks[start:end] = [1] * (end - start)
    return marks


def _score(text: str, start: int, word: LexiconWord, cuts: frozenset[int], everyday: Lexicon) -> float:
    """How alike the span and the word are, 0 where something speaks against it."""
    size = len(word.word)
    span = text[start : start + size]
    if len(span) < size or not all(map(is_han, span)) or _counts(text, start, size):
        return 0.0
    grades = [
        likeness(heard, meant, syllable) for heard, meant, syllable in zip(span, word.word, word.pinyin, strict=True)
    ]
    if DIFFERENT in grades or sum(grades) / size < _ENOUGH.get(size, _ENOUGH_LONG):
        return 0.0
    if not _may_be_misheard(span, start, word, cuts, everyday):
        return 0.0
    score = sum(grades) / size + _SAME_TONES * _tones_agree(span, word.word) + _PER_WEIGHT * word.weight
    return min(_MOST, score)


def _may_be_misheard(span: str, start: int, word: LexiconWord, cuts: frozenset[int], everyday: Lexicon) -> bool:
    size = len(span)
    if span in everyday.common or _FUNCTION.intersection(span) - set(word.word):
        return False
    if start not in cuts or start + size not in cuts:
        return False  # it would cut an everyday word in two
    inner = [start, *sorted(cut for cut in cuts if start < cut < start + size), start + size]
    pieces = [(first - start, last - start) for first, last in pairwise(inner)]
    whole = [(first, last) for first, last in pieces if last - first > 1]
    if size > 2 and sum(last - first for first, last in whole) == size:
        return any(span[first:last] == word.word[first:last] for first, last in whole)
    return size > 2 or not whole


def _counts(text: str, start: int, size: int) -> bool:
    """Whether the span is part of a number: a numeral with another beside it."""
    around = text[max(0, start - 1) : start + size + 1]
    return any(a in _NUMERALS and b in _NUMERALS for a, b in pairwise(around))


def _tones_agree(heard: str, meant: str) -> bool:
    return all(_tones(a) & _tones(b) for a, b in zip(heard, meant, strict=True) if likeness(a, b, "") != SAME_CHARACTER)


@lru_cache(maxsize=20_000)
def _tones(character: str) -> frozenset[str]:
    return frozenset(each[-1:] for each in pinyin(character, style=Style.TONE3, heteronym=True)[0])
