"""A recogniser, as the rest sees it: samples in, timed words out. One conformance test holds every engine to it."""

from __future__ import annotations

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
        """Seconds of audio that one call may hold."""
        ...

    def recognise(self, samples: Samples) -> list[Word]:
        """Words of mono float32 samples at 16 kHz, in order, in seconds of these samples.

        Chinese is simplified. The words' texts joined give the text, so one that begins with a space is set apart.
        Silence gives no words. No state is kept between calls.
        """
        ...
