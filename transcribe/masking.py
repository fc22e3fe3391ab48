"""Turns, fields and evidence with the digits covered that a reader need not see, each character by `＊`.

`Veil.over(turns, spans)` is made once per call. In free text it covers what those turns say, too: the digits of a card
that a summary repeats, written as figures or as numerals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

from transcribe.sensitive import SensitiveSpan, find_sensitive
from transcribe.spoken_digits import complete_phone, digit_of, runs_in
from transcribe.turns import Turn

HIDDEN = "＊"
_SHOWN = set("，。、；：？！,.;:?! ")
"""Left as they are within a covered stretch: they say how it was spoken, and no digit."""
_SHORTEST = 4
"""Digits that a number in free text has at least to be taken for a part of a sensitive one."""
_NUMBERS = ("phone", "amount")
_COMMON = 6
"""Digits in a row that are no chance."""


def hidden(text: str) -> str:
    """The text covered, as long as it was."""
    return "".join(each if each in _SHOWN else HIDDEN for each in text)


def masked_text(text: str) -> str:
    """A sentence that somebody typed, with what looks like a card number or a password covered."""
    return Veil.over((), ()).text(text)


@dataclass(frozen=True, slots=True)
class Veil:
    """What of one call is covered."""

    turns: tuple[Turn, ...]
    spans: tuple[SensitiveSpan, ...]
    numbers: tuple[str, ...]
    """What was said, digits only: pieces and whole numbers."""
    words: tuple[str, ...]
    """What was said as it is written in the turns."""

    @classmethod
    def over(cls, turns: Sequence[Turn], spans: Iterable[SensitiveSpan]) -> Veil:
        """Spans outside the turns, of another recognition, are left out."""
        fitting = tuple(
            span
            for span in spans
            if span.turn < len(turns) and 0 <= span.first < span.last <= len(turns[span.turn].text)
        )
        said = [turns[span.turn].text[span.first : span.last] for span in fitting]
        digits = [_digits(text) for text in said]
        # groups of one number follow each other, said by one side or by both
        whole = [
            "".join(each for each, span in zip(digits, fitting, strict=True) if turns[span.turn].speaker == speaker)
            for speaker in dict.fromkeys(turn.speaker for turn in turns)
        ]
        numbers = tuple(number for number in (*whole, *digits) if len(number) >= _SHORTEST)
        words = tuple(sorted({text for text in said if len(text) >= 3}, key=len, reverse=True))
        return cls(tuple(turns), fitting, tuple(dict.fromkeys(numbers)), words)

    def masked_turns(self) -> tuple[Turn, ...]:
        """The turns as a reader sees them; their words are covered too."""
        by_turn: dict[int, list[SensitiveSpan]] = {}
        for span in self.spans:
            by_turn.setdefault(span.turn, []).append(span)
        return tuple(_covered(turn, by_turn.get(index, ())) for index, turn in enumerate(self.turns))

    def text(self, text: str) -> str:
        """A sentence about the call: what repeats a sensitive number, or looks like one by itself, is covered."""
        if sum(map(_may_be_digit, text)) < _SHORTEST and not any(words in text for words in self.words):
            return text
        covered = [False] * len(text)
        for words in self.words:
            at = text.find(words)
            while at >= 0:
                covered[at : at + len(words)] = [True] * len(words)
                at = text.find(words, at + 1)
        line = Turn("", 0.0, 1.0, text)
        for span in find_sensitive((line,)):
            covered[span.first : span.last] = [True] * (span.last - span.first)
        if self.numbers:
            for run in runs_in((line,), (False,)):
                if self._repeats(run.digits):
                    for piece in run.pieces:
                        covered[piece.first : piece.last] = [True] * (piece.last - piece.first)
        return "".join(hidden(each) if cover else each for each, cover in zip(text, covered, strict=True))

    def fields(self, draft: Mapping[str, Any]) -> dict[str, Any]:
        """A draft's JSON: every string in it covered, evidence by its place in the turns.

        A field that is a number is empty where it would be covered: nobody can be called back under `＊`.
        """
        turns = self.masked_turns()
        fields = {name: self._value(value, turns) for name, value in draft.items()}
        for name in _NUMBERS:
            if HIDDEN in str(fields.get(name)):
                fields[name] = None
        return fields

    def _value(self, value: Any, turns: Sequence[Turn]) -> Any:
        match value:
            case str():
                return self.text(value)
            case {"start": _, "end": _, "text": str()}:
                return {**value, "text": self._evidence(value, turns)}
            case dict():
                return {key: self._value(each, turns) for key, each in value.items()}
            case list() | tuple():
                return [self._value(each, turns) for each in value]
            case _:
                return value

    def _evidence(self, row: Mapping[str, Any], turns: Sequence[Turn]) -> str:
        text, turn, first = str(row["text"]), row.get("turn"), row.get("first")
        if isinstance(turn, int) and isinstance(first, int) and 0 <= turn < len(turns):
            last = first + len(text)
            if self.turns[turn].text[first:last] == text:
                return self.text(turns[turn].text[first:last])
        for clear, masked in zip(self.turns, turns, strict=True):
            at = clear.text.find(text) if clear.start <= row["end"] and row["start"] <= clear.end else -1
            if at >= 0 and clear.text != masked.text:
                return self.text(masked.text[at : at + len(text)])
        return self.text(text)

    def _repeats(self, digits: str) -> bool:
        if len(digits) < _SHORTEST:
            return False
        if any(digits in number for number in self.numbers):
            return True
        if complete_phone(digits):
            return False
        return any(
            len(number) >= _COMMON
            and SequenceMatcher(None, digits, number, autojunk=False).find_longest_match().size
            >= max(_COMMON, 0.6 * len(digits))
            for number in self.numbers
        )


def _may_be_digit(character: str) -> bool:
    return bool(digit_of(character)) or (character.isascii() and character.isalpha())


def _digits(text: str) -> str:
    return "".join(run.digits for run in runs_in((Turn("", 0.0, 1.0, text),), (True,)))


def _covered(turn: Turn, spans: Sequence[SensitiveSpan]) -> Turn:
    if not spans:
        return turn
    text = turn.text
    for span in spans:
        text = text[: span.first] + hidden(text[span.first : span.last]) + text[span.last :]
    words = []
    at = len(turn.text) - sum(len(word.text) for word in turn.words)
    for word in turn.words:
        # a space before the first word is not in the text: its characters are counted from the end
        shown = "".join(
            text[place] if 0 <= place < len(text) else each for place, each in enumerate(word.text, start=at)
        )
        words.append(replace(word, text=shown))
        at += len(word.text)
    return replace(turn, text=text, words=tuple(words))
