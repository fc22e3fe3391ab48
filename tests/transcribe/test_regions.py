"""Where speech is: frames, regions, cuts, and the real network on the prompts of the menus."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.settings import CHECKOUT
from tests.transcribe.conftest import model_folder
from transcribe.audio import RATE, Pcm, decode
from transcribe.regions import (
    FRAME,
    Segmenter,
    bridged,
    common,
    divided,
    frame_index,
    frame_time,
    spans_of,
    window_starts,
)
from transcribe.registry import SEGMENTATION

spans = st.lists(st.tuples(st.floats(0, 100), st.floats(0.01, 10)), max_size=12).map(
    lambda pairs: bridged([(start, start + length) for start, length in pairs], 0.0)
)


@given(st.integers(1, 100_000))
def test_a_frame_and_its_second_belong_together(index: int) -> None:
    assert frame_index(frame_time(index) + FRAME / 2) == index


@given(st.floats(0.0, 7200.0))
def test_windows_reach_the_end_of_the_file(seconds: float) -> None:
    starts = window_starts(seconds)
    assert starts[0] == 0.0
    assert starts[-1] + 10.0 >= seconds
    assert len(starts) == 1 or starts[-2] + 10.0 < seconds


@given(spans, spans)
def test_what_is_common_lies_in_both(left: list[tuple[float, float]], right: list[tuple[float, float]]) -> None:
    shared = common(left, right)
    for start, end in shared:
        middle = (start + end) / 2
        assert any(first <= middle <= last for first, last in left)
        assert any(first <= middle <= last for first, last in right)
    grid = np.arange(0.0, 111.0, 0.05)
    for second in grid:
        in_both = all(any(a < second < b for a, b in side) for side in (left, right))
        in_shared = any(a <= second <= b for a, b in shared)
        assert in_shared or not in_both


def test_a_short_dip_does_not_end_a_region() -> None:
    scores = np.full(600, 0.9, np.float32)
    scores[100:105] = 0.1
    scores[300:400] = 0.1
    found = spans_of(scores, 0.5, 0.4, 0.1, 0.3)
    assert [(frame_index(start + FRAME / 2), frame_index(end + FRAME / 2)) for start, end in found] == [
        (0, 300),
        (400, 600),
    ]


@given(st.floats(1.0, 300.0), st.integers(0, 2**32 - 1))
def test_a_region_too_long_for_the_recogniser_is_cut_and_nothing_is_lost(length: float, seed: int) -> None:
    speech = np.random.default_rng(seed).random(frame_index(length + 3.0) + 2).astype(np.float32)
    parts = divided([(1.0, 1.0 + length)], speech, 28.0)
    assert parts[0][0] == 1.0
    assert parts[-1][1] == 1.0 + length
    assert all(end - start <= 28.0 for start, end in parts)
    assert all(before[1] == after[0] for before, after in pairwise(parts))


@pytest.mark.speech
def test_speech_between_silences_is_found_to_a_tenth_of_a_second() -> None:
    segmenter = Segmenter(model_folder(SEGMENTATION) / "segmentation.onnx")
    with decode(CHECKOUT / "ivr" / "prompts" / "thanks.wav") as pcm:
        voice = pcm.read(0, 0, pcm.seconds)
    loud = np.flatnonzero(np.abs(voice) > 0.02)
    first, last = 4.0 + loud[0] / RATE, 4.0 + loud[-1] / RATE
    silence = np.zeros((4 * RATE, 1), np.float32)
    with Pcm(1) as pcm:
        for part in (silence, voice[:, None], silence, silence):
            pcm.append(part)
        regions = segmenter.activity(pcm, 0).regions()
    assert regions[0][0] == pytest.approx(first, abs=0.12)
    assert regions[-1][1] == pytest.approx(last, abs=0.2)


@pytest.mark.speech
@pytest.mark.parametrize("level", [0.0, 0.0005])
def test_silence_and_line_noise_hold_no_speech(level: float) -> None:
    segmenter = Segmenter(model_folder(SEGMENTATION) / "segmentation.onnx")
    noise = np.random.default_rng(3).normal(0, level, (30 * RATE, 1)) if level else np.zeros((30 * RATE, 1))
    with Pcm(1) as pcm:
        pcm.append(noise.astype(np.float32))
        assert segmenter.activity(pcm, 0).regions() == []
