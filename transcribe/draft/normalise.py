"""A normalised copy of each turn, with the way back to the verbatim text and its seconds.

Extraction reads the copy: simplified characters, half width, lower case, no spaces. Evidence points into the turn as it
was recognised, so every character of the copy knows the character it came from.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from opencc import OpenCC

from transcribe.draft.result import Evidence
from transcribe.turns import Turn

STOPS = "。?!;"
BREAKS = STOPS + ",:"
LONGEST_LINE = 600
"""Characters of one line; a minute and a half of speech has fewer."""
_PAUSE_WEIGHT = 0.7
"""A mark of punctuation stands for a pause: measured in syllables, for placing words within a turn."""
_PADDING_SECONDS = 0.25
_PADDING_OF_WORDS = 0.1
_WORDS_OF_A_SPACED_TEXT = 4.0
"""Han characters between spaces: Vosk spaces words (about two), Whisper spaces phrases (more)."""


@dataclass(frozen=True, slots=True)
class Line:
    """One turn, normalised. `text[i]` came from `turn.text[back[i]]`; `caller` is how far it counts as the caller's."""

    index: int
    turn: Turn
    text: str
    back: tuple[int, ...]
    is_caller: bool = True
    marks: tuple[float, ...] = field(default=(), repr=False)
    """Place of each verbatim character's end within the turn, 0…1."""

    def evidence(self, start: int, end: int) -> Evidence:
        """`text[start:end]` as a stretch of the recording, never outside the turn."""
        first, last = self.back[start], self.back[end - 1] + 1
        said = self.turn.text[first:last]
        first += len(said) - len(said.lstrip())
        said = said.strip()
        begins, ends = self._seconds(first, first + len(said))
        return Evidence(begins, ends, said, self.index, first, first + len(said))

    def _seconds(self, first: int, last: int) -> tuple[float, float]:
        """By the words' own times where the recogniser gave them, else by the share of the turn that is spoken."""
        turn = self.turn
        if turn.words:
            begins, ends = turn.seconds_of(first, last)
        else:
            length = turn.end - turn.start
            begins = turn.start + length * (self.marks[first - 1] if first else 0.0)
            ends = turn.start + length * self.marks[max(first, last - 1)]
        padding = _PADDING_OF_WORDS if turn.words else _PADDING_SECONDS
        begins = min(max(turn.start, begins - padding), turn.end)
        return begins, max(begins, min(turn.end, ends + padding))

    def with_text(self, text: str) -> Line:
        """The same line with misheard characters put right; the length must not change."""
        if len(text) != len(self.text):
            raise ValueError("a repair must keep the number of characters")
        return replace(self, text=text)

    def clause(self, start: int, end: int) -> tuple[int, int]:
        """Bounds of the clause that holds `text[start:end]`, between marks of punctuation."""
        left, right = start, end
        while left > 0 and self.text[left - 1] not in BREAKS:
            left -= 1
        while right < len(self.text) and self.text[right] not in BREAKS:
            right += 1
        return left, right

    def sentence(self, start: int, end: int) -> tuple[int, int]:
        """Bounds of the sentence that holds `text[start:end]`."""
        left, right = start, end
        while left > 0 and self.text[left - 1] not in STOPS:
            left -= 1
        while right < len(self.text) and self.text[right] not in STOPS:
            right += 1
        return left, right


def normalise(turns: Sequence[Turn]) -> tuple[Line, ...]:
    """Lines of all turns that hold any word, in their order; a long turn, such as a letter, gives several lines."""
    lines = (part for index, turn in enumerate(turns) for part in _parts(_line(index, turn)))
    return tuple(line for line in lines if line.text)


def _parts(line: Line) -> Iterator[Line]:
    """The line cut at sentences' ends where it is long, so that the time to read it grows with its length alone."""
    start = 0
    while len(line.text) - start > LONGEST_LINE:
        cut = max(line.text.rfind(mark, start + LONGEST_LINE // 2, start + LONGEST_LINE) for mark in STOPS)
        if cut < 0:
            cut = max(line.text.rfind(mark, start + LONGEST_LINE // 2, start + LONGEST_LINE) for mark in BREAKS)
        end = cut + 1 if cut >= 0 else start + LONGEST_LINE
        yield replace(line, text=line.text[start:end], back=line.back[start:end])
        start = end
    yield replace(line, text=line.text[start:], back=line.back[start:])


def _line(index: int, turn: Turn) -> Line:
    source = _simplified(turn.text)
    spaces_are_pauses = _spaces_are_pauses(source)
    text: list[str] = []
    back: list[int] = []
    for position, character in enumerate(source):
        if character.isspace():
            if spaces_are_pauses and _between_han(source, position):
                text.append(",")
                back.append(position)
            continue
        for plain in unicodedata.normalize("NFKC", character).lower():
            if not plain.isspace():
                text.append(_plain(plain, source, position))
                back.append(position)
    return Line(index, turn, "".join(text), tuple(back), marks=_marks(turn.text))


def _plain(character: str, source: str, position: int) -> str:
    if character == "、":
        return ","
    if character == ".":
        inside = 0 < position < len(source) - 1 and source[position - 1].isdigit() and source[position + 1].isdigit()
        return "." if inside else "。"
    return character


def _simplified(text: str) -> str:
    """Simplified characters, one for one."""
    converted: str = _converter().convert(text)
    if len(converted) == len(text):
        return converted
    return "".join(single if len(single := _converter().convert(each)) == 1 else each for each in text)


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")


def _spaces_are_pauses(text: str) -> bool:
    words = [len(re.sub(r"[^\u4e00-\u9fff]", "", word)) for word in text.split()]
    han = [count for count in words if count]
    return len(han) > 1 and sum(han) / len(han) >= _WORDS_OF_A_SPACED_TEXT


def _between_han(text: str, position: int) -> bool:
    before, after = text[max(0, position - 8) : position].rstrip()[-1:], text[position : position + 8].lstrip()[:1]
    return bool(before and after) and all("\u4e00" <= each <= "\u9fff" for each in (before, after))


def _marks(text: str) -> tuple[float, ...]:
    weights = [_weight(character) for character in text]
    total = sum(weights) or 1.0
    ends: list[float] = []
    passed = 0.0
    for weight in weights:
        passed += weight
        ends.append(min(1.0, passed / total))
    return tuple(ends)


def _weight(character: str) -> float:
    if character.isspace():
        return 0.1
    if unicodedata.category(character).startswith("P"):
        return _PAUSE_WEIGHT
    return 0.5 if character.isascii() and character.isalpha() else 1.0
