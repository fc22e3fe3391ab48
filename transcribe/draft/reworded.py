"""A few words read where others of just their sound were heard: 同意 where a recogniser wrote 统一 or 同一.

Unlike the terms of the lexicon these are everyday words, so they are read so only by who knows what is talked of: the
answer to a question, a sentence that promises. The number of characters stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

from transcribe.draft.sounds import classes, confusion_class, syllables, syllables_in_context

_SHORT = 2


def reworded(text: str, words: str) -> str:
    """`text` with each stretch that sounds like one of `words` read as it, the longest at each place.

    `words` are set apart by spaces.
    What stands there as one of `words` stays. A word of two characters must agree in both syllables, but for n and ng;
    a longer one may differ by any common confusion.
    """
    free = [True] * len(text)
    for word in words.split():
        at = text.find(word)
        while at >= 0:
            free[at : at + len(word)] = [False] * len(word)
            at = text.find(word, at + len(word))
    out, by_sound = list(text), _by_sound(words)
    for at, character in enumerate(text):
        near = () if not free[at] else (word for sound in classes(character) for word in by_sound.get(sound, ()))
        for word, sounds in sorted(near, key=lambda each: -len(each[0])):
            end = at + len(word)
            if end <= len(text) and all(free[at:end]) and _alike(text[at:end], sounds):
                out[at:end] = word
                free[at:end] = [False] * len(word)
                break
    return "".join(out)


def _alike(heard: str, sounds: tuple[str, ...]) -> bool:
    if len(sounds) > _SHORT:
        return all(confusion_class(sound) in classes(each) for each, sound in zip(heard, sounds, strict=True))
    return all(_open(sound) in map(_open, syllables(each)) for each, sound in zip(heard, sounds, strict=True))


def _open(syllable: str) -> str:
    return syllable[:-1] if syllable.endswith("ng") else syllable


@cache
def _by_sound(words: str) -> Mapping[str, Sequence[tuple[str, tuple[str, ...]]]]:
    """Words with their syllables, by how the first is taken."""
    found: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for word in words.split():
        sounds = syllables_in_context(word)
        found[confusion_class(sounds[0])].append((word, sounds))
    return found
