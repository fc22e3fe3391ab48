"""Names of the centre's own shops and streets, found as written or as other words of the same sound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from transcribe.draft.normalise import Line
from transcribe.draft.sounds import SAME_SYLLABLE, likeness, syllables, syllables_in_context

_SHORTEST = 3
"""Two characters that only sound alike prove nothing."""
_AS_WRITTEN = 0.95
_BY_SOUND = 0.8


@dataclass(frozen=True, slots=True)
class Named:
    """A name at `line.text[start:end]`; `confidence` is less where it only sounds so."""

    name: str
    line: int
    start: int
    end: int
    confidence: float


class Names:
    """Names by the sound of their first character."""

    def __init__(self, names: Sequence[str]) -> None:
        by_sound: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        for name in dict.fromkeys(names):
            sounds = syllables_in_context(name)
            if len(name) >= _SHORTEST and len(sounds) == len(name):
                by_sound.setdefault(sounds[0], []).append((name, sounds))
        self._by_sound: Mapping[str, Sequence[tuple[str, tuple[str, ...]]]] = by_sound

    def found_in(self, lines: Sequence[Line]) -> tuple[Named, ...]:
        """The names the caller says, surest and longest first."""
        if not self._by_sound:
            return ()
        found = [named for number, line in enumerate(lines) if line.is_caller for named in self._in_line(number, line)]
        return tuple(sorted(found, key=lambda each: (-each.confidence, each.start - each.end, each.line, each.start)))

    def _in_line(self, number: int, line: Line) -> Iterator[Named]:
        text = line.text
        for start, character in enumerate(text):
            for sound in syllables(character):
                for name, sounds in self._by_sound.get(sound, ()):
                    end = start + len(name)
                    if text[start:end] == name:
                        yield Named(name, number, start, end, _AS_WRITTEN)
                    elif end <= len(text) and all(
                        likeness(heard, meant, syllable) >= SAME_SYLLABLE
                        for heard, meant, syllable in zip(text[start:end], name, sounds, strict=True)
                    ):
                        yield Named(name, number, start, end, _BY_SOUND)
