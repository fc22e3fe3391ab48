"""Which words of a turn the draft points at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from transcribe.turns import Turn


@dataclass(frozen=True, slots=True)
class Evidence:
    """The seconds of the recording, and the words, that a field was read from (D123)."""

    start: float
    end: float
    text: str


def parts(turn: Turn, marked: Iterable[Evidence]) -> list[tuple[str, bool]]:
    """The turn's text cut into pieces, each with whether it is evidence; joined they are the text again."""
    flags = [False] * len(turn.text)
    for evidence in marked:
        if evidence.end <= turn.start or evidence.start >= turn.end or not evidence.text:
            continue
        at = turn.text.find(evidence.text)
        if at >= 0 and len(evidence.text) < len(turn.text):
            flags[at : at + len(evidence.text)] = [True] * len(evidence.text)
    pieces: list[tuple[str, bool]] = []
    for character, flag in zip(turn.text, flags, strict=True):
        if pieces and pieces[-1][1] == flag:
            pieces[-1] = (pieces[-1][0] + character, flag)
        else:
            pieces.append((character, flag))
    return pieces


def timed(turn: Turn) -> list[tuple[str, float | None]]:
    """The turn's text cut into its words, each with the second at which it is said; None for what has none."""
    said = "".join(word.text for word in turn.words)
    before = len(turn.text) - len(said.lstrip())
    pieces: list[tuple[str, float | None]] = [(turn.text[:before], None)] if before > 0 else []
    pieces += [(word.text, round(word.start, 2)) for word in turn.words]
    return pieces if "".join(text for text, _ in pieces).strip() == turn.text.strip() else [(turn.text, None)]
