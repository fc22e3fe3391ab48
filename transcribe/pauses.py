"""Punctuation for recognisers that write none: a comma at a pause, a full stop at the end of what was heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from transcribe.turns import Word

PAUSE = 0.45
"""Seconds between words that are written as a comma."""


def punctuated(words: Sequence[Word]) -> list[Word]:
    """The words of one window with commas at its pauses and a full stop at its end."""
    pauses = [following.start - word.end for word, following in pairwise(words)]
    marks = ["，" if pause >= PAUSE else "" for pause in pauses] + ["。"] * bool(words)
    return [replace(word, text=word.text + mark) for word, mark in zip(words, marks, strict=True)]
