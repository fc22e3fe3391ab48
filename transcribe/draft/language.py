"""How likely a character is after the two before it, in what callers and seats say.

A model of one to three characters: the runs of the domain, counted in the texts that may be looked at
(`bench/drafts/language.py` writes `language.json.gz`), over the everyday words of `common_words.tsv`. Shorter runs
stand in for longer ones that were not met, by Witten and Bell's rule (1991).
"""

from __future__ import annotations

import gzip
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from transcribe.draft.lexicon import common_words

HERE = Path(__file__).parent
START, END = "^", "$"
_OF_THE_DOMAIN = 3.0
"""What a run of the domain's texts counts, beside one of the words of everyday."""
_OF_A_WORD = 1 / 1500
_MOST_OF_A_WORD = 8.0
_BACK = 1.2
"""Weight of the shorter run, for each different character that followed the longer one."""


class Language:
    """Probabilities of characters; `after` are the two before, `START` where a stretch of speech begins."""

    def __init__(self, runs: Iterable[tuple[str, float]]) -> None:
        self._counts: defaultdict[str, float] = defaultdict(float)
        for run, count in runs:
            self._counts[run] += count
        followed: defaultdict[str, float] = defaultdict(float)
        kinds: Counter[str] = Counter()
        for run, count in self._counts.items():
            followed[run[:-1]] += count
            kinds[run[:-1]] += 1
        self._backed = {before: _BACK * kinds[before] for before in kinds}
        self._totals = {before: followed[before] + self._backed[before] for before in kinds}
        self._floor = 0.5 / (followed[""] + 0.5 * kinds[""])

    def follows(self, character: str, before: str) -> bool:
        """Whether the two were met side by side."""
        return before + character in self._counts

    def log_probability(self, character: str, after: str) -> float:
        return math.log(self._probability(character, after))

    def _probability(self, character: str, after: str) -> float:
        shorter = self._probability(character, after[1:]) if after else self._floor
        total = self._totals.get(after)
        if total is None:
            return shorter
        return (self._counts.get(after + character, 0.0) + self._backed[after] * shorter) / total


@cache
def language() -> Language:
    """The model of this installation."""
    told: dict[str, int] = json.loads(gzip.decompress((HERE / "language.json.gz").read_bytes()))
    return Language([*((run, _OF_THE_DOMAIN * count) for run, count in told.items()), *_of_words()])


def runs_of(stretch: str) -> Iterable[str]:
    """The runs of one to three characters of a stretch of speech, its beginning and end included."""
    told = START * 2 + stretch + END
    return (told[at - size : at] for at in range(3, len(told) + 1) for size in (1, 2, 3))


def _of_words() -> Iterable[tuple[str, float]]:
    for word, count in common_words().items():
        for size in (1, 2, 3):
            for at in range(len(word) - size + 1):
                yield word[at : at + size], min(_MOST_OF_A_WORD, count * _OF_A_WORD)
