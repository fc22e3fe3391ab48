"""Regions share windows, and every word comes back at the second it was said."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from transcribe.audio import RATE, Pcm
from transcribe.packing import PAD, pack
from transcribe.regions import Span
from transcribe.turns import Word


@st.composite
def speech(draw: st.DrawFn) -> tuple[list[Span], float]:
    at, regions = draw(st.floats(0.0, 3.0)), []
    for _ in range(draw(st.integers(1, 30))):
        length = draw(st.floats(0.1, 27.0))
        regions.append((at, at + length))
        at += length + draw(st.floats(0.0, 20.0))
    return regions, regions[-1][1] + draw(st.floats(0.0, 3.0))


@given(speech())
def test_every_second_of_speech_is_in_exactly_one_window(given_speech: tuple[list[Span], float]) -> None:
    regions, total = given_speech
    windows = pack(regions, total, 28.0)
    pieces = [piece for window in windows for piece in window.pieces]
    for start, end in regions:
        covered = sum(max(0.0, min(end, piece.end) - max(start, piece.start)) for piece in pieces)
        assert abs(covered - (end - start)) < 1e-6
    for before, after in pairwise(pieces):
        assert before.end <= after.start + 1e-9


@given(speech())
def test_no_window_is_longer_than_the_recogniser_hears(given_speech: tuple[list[Span], float]) -> None:
    regions, total = given_speech
    assert all(window.seconds <= 28.0 + 1e-6 for window in pack(regions, total, 28.0))


@given(speech(), st.data())
def test_a_word_comes_back_where_it_was_said(given_speech: tuple[list[Span], float], data: st.DataObject) -> None:
    regions, total = given_speech
    window = data.draw(st.sampled_from(pack(regions, total, 28.0)))
    piece = data.draw(st.sampled_from(window.pieces))
    first, last = max(piece.start, piece.speech[0]), min(piece.end, piece.speech[1])
    middle = (first + last) / 2
    at = middle - piece.start + piece.at
    (word,) = window.restore([Word(at - 0.01, at + 0.01, "好")])
    assert abs((word.start + word.end) / 2 - middle) < 0.02


def test_the_first_word_does_not_begin_in_the_padding() -> None:
    (window,) = pack([(5.0, 7.0)], 60.0, 28.0)
    (word,) = window.restore([Word(0.0, 0.6, "喂")])
    assert word.start == 5.0
    assert abs(word.end - (5.0 - PAD + 0.6)) < 1e-9


def test_padding_does_not_run_into_the_other_speaker() -> None:
    (window,) = pack([(2.0, 4.0)], 60.0, 28.0, neighbours=[(0.0, 2.0), (2.0, 4.0), (4.1, 6.0)])
    (piece,) = window.pieces
    assert piece.start == 2.0
    assert piece.end <= 4.051


def test_a_window_holds_the_samples_of_its_pieces_in_order() -> None:
    with Pcm(1) as pcm:
        pcm.append((np.arange(10 * RATE, dtype=np.float32) / (20 * RATE))[:, None])
        (window,) = pack([(1.0, 2.0), (8.0, 9.0)], pcm.seconds, 28.0)
        samples = window.samples(pcm, 0)
    assert len(samples) == round(window.seconds * RATE)
    assert (np.diff(samples) >= 0).all()
