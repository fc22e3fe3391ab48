"""Speech that a recogniser left out is heard once more by itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from transcribe.audio import RATE, Samples, decode
from transcribe.listening import Speech, listen, passed_over
from transcribe.turns import Word


def word(start: float, end: float) -> Word:
    return Word(start, end, "字", 0.9)


def test_a_region_without_a_word_is_missed() -> None:
    assert passed_over([(0.0, 2.0), (3.0, 5.0)], [word(0.1, 1.9)]) == [(3.0, 5.0)]


def test_the_end_of_a_region_after_the_last_word_is_missed() -> None:
    assert passed_over([(0.0, 8.0)], [word(0.1, 1.0), word(1.2, 3.0)]) == [(3.0, 8.0)]


def test_a_pause_between_words_is_not() -> None:
    assert passed_over([(0.0, 4.0)], [word(0.1, 1.5), word(2.5, 3.9)]) == []


class StopsEarly:
    """Hears only the first second of what it is given, as Whisper at times takes a pause for the end."""

    name = "stops-early"
    longest = 28.0
    together = 2

    def recognise(self, windows: Sequence[Samples], words: Sequence[str] = ()) -> list[list[Word]]:
        return [self._heard(samples) for samples in windows]

    def _heard(self, samples: Samples) -> list[Word]:
        return [word(0.3, min(1.0, len(samples) / RATE))] if np.abs(samples).max() > 0.01 else []


def test_every_region_of_a_window_is_heard_though_the_recogniser_stops_after_the_first(tmp_path: Path) -> None:
    sound = np.zeros(RATE * 12, dtype=np.float32)
    regions = [(1.0, 2.0), (5.0, 6.0), (9.0, 10.0)]
    for start, end in regions:
        sound[int(start * RATE) : int(end * RATE)] = 0.3
    soundfile.write(tmp_path / "a.wav", sound, RATE)
    with decode(tmp_path / "a.wav") as pcm:
        (heard,) = listen(StopsEarly(), pcm, [Speech("caller", 0, regions)], (), lambda _: None)
    for start, end in regions:
        assert any(start <= each.start <= end for each in heard.words)
