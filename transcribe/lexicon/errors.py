"""What can go wrong with the lexicon; each sentence says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from transcribe.errors import TranscribeError


class Fault(StrEnum):
    """What is wrong with a word."""

    WORD = "word"
    KIND = "kind"
    PINYIN = "pinyin"
    WEIGHT = "weight"
    NOTE = "note"
    TWICE = "twice"
    HEADER = "header"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class FaultyLine:
    """One line of a table that cannot be taken; `line` counts from 1, the header's."""

    line: int
    word: str
    fault: Fault


class LexiconError(TranscribeError):
    code = "lexicon"


class NoSuchVersion(LexiconError):
    code = "lexicon_version_missing"


class NotOpen(LexiconError):
    """Words are changed in the open version only."""

    code = "lexicon_not_open"


class AlreadyOpen(LexiconError):
    """Another version is being worked on."""

    code = "lexicon_already_open"


class NotMeasured(LexiconError):
    """It goes live after a measurement, or with a reason."""

    code = "lexicon_not_measured"


class NothingBefore(LexiconError):
    """There is nothing to go back to."""

    code = "lexicon_nothing_before"


class WrongWord(LexiconError):
    """One word, or lines of a table, that cannot be taken."""

    code = "lexicon_wrong_word"

    def __init__(self, faults: Sequence[FaultyLine]) -> None:
        told = "; ".join(f"line {each.line} {each.word[:20]!r}: {each.fault.value}" for each in faults[:5])
        super().__init__(f"nothing was taken; mend first: {told}")
        self.faults = tuple(faults)
