"""Provinces, cities, districts and counties, by name and by sound, from `divisions.tsv`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from itertools import product

from transcribe.draft.lexicon import HERE
from transcribe.draft.sounds import classes, confusion_class, syllables

_SHORTEST = 3
_LONGEST = 6
_INITIAL = 1


@cache
def divisions() -> Mapping[str, tuple[str, ...]]:
    """Full names (江宁区) with their toneless syllables."""
    lines = (HERE / "divisions.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {name: tuple(sounds.split()) for name, sounds in rows}


@cache
def short_names() -> frozenset[str]:
    """Names without what they are: 江宁. One character alone names none."""
    return frozenset(name[:-1] for name in divisions() if len(name) >= _SHORTEST)


@cache
def _by_sound() -> Mapping[tuple[str, ...], tuple[str, ...]]:
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, sounds in divisions().items():
        found[tuple(map(confusion_class, sounds))].append(name)
    return {sound: tuple(names) for sound, names in found.items()}


def sounding_like(heard: str) -> str | None:
    """The one division that `heard` sounds like: 六盒区 is 六合区. None where there is none, or there are several.

    One syllable may have lost its vowel (古罗区 is 鼓楼区) where nothing sounds nearer.
    """
    if heard in divisions():
        return heard
    if not _SHORTEST <= len(heard) <= _LONGEST:
        return None
    readings = list(product(*map(classes, heard)))
    found = {name for reading in readings for name in _by_sound().get(reading, ())}
    exact = {name for name in found if _same_syllables(heard, name)}
    near = exact or found or {name for reading in readings for name in _but_a_vowel(reading)}
    return next(iter(near)) if len(near) == 1 else None


def _same_syllables(heard: str, name: str) -> bool:
    return all(set(syllables(one)) & set(syllables(other)) for one, other in zip(heard, name, strict=True))


def _but_a_vowel(reading: tuple[str, ...]) -> set[str]:
    return {
        name
        for sounds, names in _by_sound().items()
        if len(sounds) == len(reading)
        and sounds[-1] == reading[-1]
        and sum(one != other for one, other in zip(sounds, reading, strict=True)) == 1
        and all(one[:_INITIAL] == other[:_INITIAL] for one, other in zip(sounds, reading, strict=True))
        for name in names
    }
