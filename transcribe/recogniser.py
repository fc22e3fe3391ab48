"""A recogniser, as the rest sees it: samples in, timed words out. One conformance test holds every engine to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from transcribe.audio import Samples
from transcribe.turns import Word


class Recogniser(Protocol):
    """An engine with its model loaded; one thread uses it at a time."""

    @property
    def name(self) -> str:
        """Engine and model, such as `faster-whisper/base`."""
        ...

    @property
    def longest(self) -> float:
        """Seconds of audio that one window may hold."""
        ...

    @property
    def together(self) -> int:
        """Windows that are cheaper recognised together than one by one; 1 where it makes no difference."""
        ...

    def recognise(self, windows: Sequence[Samples], words: Sequence[str] = ()) -> list[list[Word]]:
        """The words of each window of mono float32 samples at 16 kHz, in order, in seconds of that window.

        Chinese is simplified. The words' texts joined give the text, so one that begins with a space is set apart.
        Silence gives no words. No state is kept between calls. `words` are the centre's own (products, shops,
        streets), the weightiest first: an engine that can listen for them does, as many as it can take.
        """
        ...
