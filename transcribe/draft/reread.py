"""What was likelier said where the recogniser was unsure of a character: 下离拜一 is read as 下礼拜一.

A recogniser of everyday language writes the right sound in the wrong characters. Each stretch of speech is therefore
read again: as characters of the same sound, or of one that is commonly taken for it, as far as they are likelier in
what callers and seats say (`language.py`) than the recogniser was sure of its own. The verbatim text stays, and so does
every numeral; extraction reads the likelier words, and its evidence shows those that were written.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache

from transcribe.draft.language import END, START, Language, language
from transcribe.draft.lexicon import common_words
from transcribe.draft.normalise import Line
from transcribe.draft.sounds import classes, syllables
from transcribe.turns import Turn

_STRETCH = re.compile("[\u4e00-\u9fff]{2,}")
_FIXED = frozenset("零〇一二三四五六七八九十百千万亿两幺洞个块元毛角分号月日天点年岁不没")
"""What is never read otherwise: numerals, what is counted, and what turns a sentence round."""
_PRICE, _OF_CERTAINTY, _OF_LIKENESS = 4.0, 4.0, 1.5
"""What another character costs, in log-probability: any; times the recogniser's certainty; for a sound not the same."""
_CERTAIN = 0.97
"""Certainty from which a character stands."""
_PATHS = 24

Options = tuple[tuple[str, bool], ...]
"""Other characters, each with whether its syllable is the very same."""


def reread(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines with likelier characters where the recogniser gave its certainty; those that were typed stay."""
    return tuple(_line(line) if line.turn.words else line for line in lines)


def _line(line: Line) -> Line:
    certain, characters = _certainties(line.turn), list(line.text)
    for stretch in _STRETCH.finditer(line.text):
        first, last = stretch.span()
        characters[first:last] = _likeliest(stretch[0], [certain[at] for at in line.back[first:last]])
    return line.with_text("".join(characters))


def _certainties(turn: Turn) -> list[float]:
    """The recogniser's certainty of each character of a turn's text."""
    said = [word.confidence for word in turn.words for _ in word.text]
    missing = len(turn.text) - len(said)  # a space before the first word is not in the text
    return [1.0] * missing + said if missing >= 0 else said[-missing:]


def _likeliest(stretch: str, certain: Sequence[float]) -> str:
    """The likeliest reading, by Viterbi's search over the two last characters with the best `_PATHS` kept."""
    model = language()
    paths = {START * 2: (0.0, "")}
    for at, character in enumerate(stretch):
        following = stretch[at + 1 : at + 2]
        options = [(character, 0.0), *_priced(character, certain[at], paths, following, model)]
        found: dict[str, tuple[float, str]] = {}
        for after, (score, read) in paths.items():
            for option, price in options:
                reached = score + model.log_probability(option, after) - price
                key = after[1:] + option
                if key not in found or reached > found[key][0]:
                    found[key] = (reached, read + option)
        paths = dict(sorted(found.items(), key=lambda path: -path[1][0])[:_PATHS])
    return max((score + model.log_probability(END, after), read) for after, (score, read) in paths.items())[1]


def _priced(
    character: str, certain: float, paths: Iterable[str], following: str, model: Language
) -> Iterator[tuple[str, float]]:
    """Other characters that were met beside what stands before or behind, and what each costs."""
    if character in _FIXED or certain >= _CERTAIN:
        return
    before = {path[-1] for path in paths}
    for other, same in _options(character):
        if model.follows(following, other) or any(model.follows(other, each) for each in before):
            yield other, _PRICE + _OF_CERTAINTY * certain + (0.0 if same else _OF_LIKENESS)


@lru_cache(maxsize=10_000)
def _options(character: str) -> Options:
    own = set(syllables(character))
    alike = {other for sound in classes(character) for other in _by_sound().get(sound, ())} - {character}
    return tuple((other, bool(own & set(syllables(other)))) for other in sorted(alike - _FIXED))


@cache
def _by_sound() -> Mapping[str, Sequence[str]]:
    """Characters of everyday words by the class of their sound."""
    found: dict[str, list[str]] = defaultdict(list)
    for character in sorted({each for word in common_words() for each in word}):
        for sound in classes(character):
            found[sound].append(character)
    return found
