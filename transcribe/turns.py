"""What recognition hands on: turns of speech with their speaker and seconds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict

CALLER = "caller"
"""Left channel of a call recording."""
SEAT = "seat"
"""Right channel of a call recording, from the moment the seat answered."""


class TurnJson(TypedDict):
    speaker: str
    start: float
    end: float
    text: str


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

    def to_json(self) -> TurnJson:
        return {"speaker": self.speaker, "start": round(self.start, 2), "end": round(self.end, 2), "text": self.text}

    @classmethod
    def from_json(cls, row: TurnJson) -> Turn:
        return cls(str(row["speaker"]), float(row["start"]), float(row["end"]), str(row["text"]))


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


def in_order(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Turns as they are read aloud: by start, then end."""
    return tuple(sorted(turns, key=lambda turn: (turn.start, turn.end, turn.speaker)))
