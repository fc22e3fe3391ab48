"""A recogniser that fails on a stretch leaves a gap of so many seconds; everything else is heard."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from transcribe.audio import RATE, Pcm, Samples
from transcribe.errors import RecogniserFailed
from transcribe.listening import Speech, listen
from transcribe.turns import Word

REGIONS = [(float(start), float(start) + 1.0) for start in range(1, 60, 3)]


class Stumbles:
    """Says one word for each window of sound, and raises on every sound as loud as `at`."""

    name = "stumbles/test"
    longest = 7.0
    together = 4

    def __init__(self, at: float) -> None:
        self.at = at
        self.asked: list[tuple[str, ...]] = []

    def recognise(self, windows: Sequence[Samples], words: Sequence[str] = ()) -> list[list[Word]]:
        self.asked.append(tuple(words))
        if any(np.isclose(np.abs(samples).max(), self.at, atol=1e-3) for samples in windows):
            raise ValueError("cannot take this")
        return [self._heard(samples) for samples in windows]

    def _heard(self, samples: Samples) -> list[Word]:
        loud = np.flatnonzero(np.abs(samples) > 0.01) / RATE
        breaks = [0, *(np.flatnonzero(np.diff(loud) > 0.3) + 1).tolist(), len(loud)]
        return [Word(loud[a], loud[b - 1], "字") for a, b in pairwise(breaks) if b > a]


@pytest.fixture
def sound() -> Pcm:
    """A minute with a second of sound in every three, all at 0.2 and the one at 31 s at 0.5."""
    samples = np.zeros((60 * RATE, 1), np.float32)
    for start, end in REGIONS:
        samples[int(start * RATE) : int(end * RATE)] = 0.5 if start == 31.0 else 0.2
    pcm = Pcm(1)
    pcm.append(samples)
    return pcm


def test_one_stretch_that_fails_is_the_only_one_that_is_not_heard(sound: Pcm) -> None:
    (heard,) = listen(Stumbles(0.5), sound, [Speech("caller", 0, REGIONS)], (), lambda _: None)
    assert heard.unheard == [(31.0, 32.0)]
    assert len(heard.words) == len(REGIONS) - 1
    assert all(any(start <= word.start < end for word in heard.words) for start, end in REGIONS if start != 31.0)


def test_gaps_belong_to_the_speaker_whose_words_are_missing(sound: Pcm) -> None:
    first = Speech("speaker1", 0, REGIONS[::2])
    second = Speech("speaker2", 0, REGIONS[1::2])
    one, two = listen(Stumbles(0.5), sound, [first, second], (), lambda _: None)
    assert one.unheard + two.unheard == [(31.0, 32.0)]
    assert len(one.words) + len(two.words) == len(REGIONS) - 1


def test_where_everything_fails_the_file_has_failed(sound: Pcm) -> None:
    with pytest.raises(RecogniserFailed, match="cannot take this"):
        listen(Stumbles(0.2), sound, [Speech("caller", 0, REGIONS[:5])], (), lambda _: None)


def test_the_centres_words_reach_the_recogniser_and_progress_ends_at_one(sound: Pcm) -> None:
    engine, told = Stumbles(9.0), [0.0]
    listen(engine, sound, [Speech("caller", 0, REGIONS)], ("天翼高清",), told.append)
    assert set(engine.asked) == {("天翼高清",)}
    assert told[-1] == pytest.approx(1.0)
    assert told == sorted(told)


def test_nothing_said_is_nothing_failed(sound: Pcm) -> None:
    assert listen(Stumbles(0.5), sound, [], (), lambda _: None) == []
