"""What recognition hands on: turns of speech with their speaker and seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NotRequired, TypedDict

from transcribe.text import ends_sentence, spoken

CALLER = "caller"
"""Left channel of a call recording."""
SEAT = "seat"
"""Right channel of a call recording, from the moment the seat answered."""


PAUSE = 0.9
"""Seconds of silence at which a turn ends: longer than a breath, or than the gaps between groups of a number."""
LONG = 10.0
"""Seconds after which a turn also ends at the end of a sentence."""


_SHORTEST = 0.05
"""Seconds of a turn at least: a recogniser may give its only word no length."""


class TurnJson(TypedDict):
    speaker: str
    start: float
    end: float
    text: str
    words: NotRequired[list[tuple[float, float, str, float]]]
    """`[start, end, text, confidence]` of each word, as a transcript is stored."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or one Chinese character, as a recogniser timed it; punctuation is part of the word before it."""

    start: float
    end: float
    text: str
    confidence: float = 1.0
    """0…1, as the engine gives it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One stretch of one speaker's speech, verbatim, in simplified Chinese with punctuation.

    `speaker` is `caller` or `seat` on a recording of two channels, `speaker1`, `speaker2`… (by first words) on one.
    `start` and `end` are seconds from the beginning of the file.
    """

    speaker: str
    start: float
    end: float
    text: str
    words: tuple[Word, ...] = field(default=(), compare=False, repr=False)
    """The same text with its seconds; empty where a turn was stored without them."""

    def seconds_of(self, first: int, last: int) -> tuple[float, float]:
        """Seconds in which `text[first:last]` is said: from the words, else by its share of the turn."""
        if not self.words:
            share = (self.end - self.start) / max(1, len(self.text))
            return self.start + first * share, self.start + last * share
        at = len(self.text) - sum(len(word.text) for word in self.words)  # a space before the first word is not in text
        said = []
        for word in self.words:
            if at < last and at + len(word.text) > first:
                said.append(word)
            at += len(word.text)
        return (said[0].start, said[-1].end) if said else (self.start, self.end)

    def to_json(self, *, with_words: bool = False) -> TurnJson:
        row: TurnJson = {
            "speaker": self.speaker, "start": round(self.start, 2), "end": round(self.end, 2), "text": self.text,
        }  # fmt: skip
        if with_words and self.words:
            row["words"] = [
                (round(word.start, 2), round(word.end, 2), word.text, round(word.confidence, 2)) for word in self.words
            ]
        return row

    @classmethod
    def from_json(cls, row: TurnJson) -> Turn:
        words = tuple(
            Word(float(start), float(end), str(text), float(sure)) for start, end, text, sure in row.get("words", ())
        )
        return cls(str(row["speaker"]), float(row["start"]), float(row["end"]), str(row["text"]), words)


class State(StrEnum):
    """How much of a recording the transcript holds."""

    HEARD = "heard"
    PARTLY = "partly"
    """The recogniser failed on stretches of speech, which `unheard` names."""
    SET_ASIDE = "set_aside"
    """Nothing could be recognised, for the reason that is stored; a person listens."""


@dataclass(frozen=True, slots=True)
class Transcription:
    """All that was said in one file, in order of start."""

    seconds: float
    """Length of the readable audio."""
    turns: tuple[Turn, ...]
    talk_over: tuple[tuple[float, float], ...] = ()
    """Seconds in which both sides spoke."""
    engine: str = ""
    """Recogniser and model, such as `faster-whisper/base`."""
    warnings: tuple[str, ...] = ()
    """What a person should know about the file, such as that its end is missing; one sentence each."""
    unheard: tuple[tuple[float, float], ...] = ()
    """Seconds of speech on which the recogniser failed: what was said there is known only to who listens."""
    sure_of_speakers: float = 1.0
    """0…1: 1 where the channel is the speaker; on one channel how clearly what is said tells the seat from the caller,
    0 where it does not and the speakers are numbered."""
    reason: str | None = None
    """Why there is nothing, of a recording that was set aside."""

    @property
    def state(self) -> State:
        if self.reason is not None:
            return State.SET_ASIDE
        return State.PARTLY if self.unheard else State.HEARD


def in_order(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Turns as they are read aloud: by start, then end."""
    return tuple(sorted(turns, key=lambda turn: (turn.start, turn.end, turn.speaker)))


def assemble(speaker: str, words: Sequence[Word]) -> list[Turn]:
    """One speaker's words, in order, as turns: cut at pauses, and a long one at a sentence's end."""
    turns: list[Turn] = []
    held: list[Word] = []
    for word in words:
        if held and _ends(held, word):
            turns += _turn(speaker, held)
            held = []
        held.append(word)
    return turns + _turn(speaker, held)


def _ends(held: Sequence[Word], following: Word) -> bool:
    if following.start - held[-1].end >= PAUSE:
        return True
    return held[-1].end - held[0].start >= LONG and ends_sentence(held[-1].text)


def _turn(speaker: str, words: Sequence[Word]) -> list[Turn]:
    text = "".join(word.text for word in words).strip()
    if not spoken(text):
        return []
    end = max(words[-1].end, words[0].start + _SHORTEST)
    return [Turn(speaker, words[0].start, end, text, tuple(words))]
