"""A leak of the other side's voice is dropped; two people who talk at once are both kept."""

from __future__ import annotations

import numpy as np
import pytest

from hotline.settings import CHECKOUT
from transcribe.audio import RATE, Pcm, Samples, decode
from transcribe.crosstalk import without_leakage


def prompt(name: str) -> Samples:
    with decode(CHECKOUT / "ivr" / "prompts" / f"{name}.wav") as pcm:
        return pcm.read(0, 0.0, 4.0)


def both(left: Samples, right: Samples) -> Pcm:
    length = min(len(left), len(right))
    pcm = Pcm(2)
    pcm.append(np.stack([left[:length], right[:length]], axis=1))
    return pcm


@pytest.mark.parametrize("delay", [0.0, 0.15, 0.48])
@pytest.mark.parametrize("decibels", [-6.0, -18.0, -30.0])
def test_a_leak_is_dropped_whatever_its_delay(delay: float, decibels: float) -> None:
    seat = prompt("main-menu")
    leak = np.concatenate([np.zeros(round(delay * RATE), np.float32), seat])[: len(seat)] * 10 ** (decibels / 20)
    noise = np.random.default_rng(5).normal(0, 0.0005, len(seat)).astype(np.float32)
    with both(leak + noise, seat) as pcm:
        left, right = without_leakage(pcm, [(0.3, 3.5)], [(0.2, 3.6)])
    assert left == []
    assert right == [(0.2, 3.6)]


def test_a_quiet_caller_who_talks_over_the_seat_is_kept() -> None:
    caller, seat = prompt("leave-message") * 0.1, prompt("main-menu")
    with both(caller, seat) as pcm:
        left, right = without_leakage(pcm, [(0.3, 3.5)], [(0.2, 3.6)])
    assert left == [(0.3, 3.5)]
    assert right == [(0.2, 3.6)]


def test_the_same_voice_on_both_sides_at_one_level_is_kept_on_both() -> None:
    voice = prompt("main-menu")
    with both(voice, voice) as pcm:
        left, right = without_leakage(pcm, [(0.3, 3.5)], [(0.3, 3.5)])
    assert (left, right) == ([(0.3, 3.5)], [(0.3, 3.5)])


def test_speech_while_the_other_side_is_silent_is_never_a_leak() -> None:
    with both(prompt("main-menu") * 0.01, np.zeros(4 * RATE, np.float32)) as pcm:
        assert without_leakage(pcm, [(0.3, 3.5)], []) == ([(0.3, 3.5)], [])


def leak(voice: Samples, decibels: float, delay: float = 0.12) -> Samples:
    """The voice later and weaker, coloured as by an earpiece, with the line's hiss."""
    late = np.concatenate([np.zeros(round(delay * RATE), np.float32), voice])[: len(voice)] * 10 ** (decibels / 20)
    coloured = np.convolve(late, [0.5, 0.4, -0.2, 0.1])[: len(voice)]
    return (coloured + np.random.default_rng(5).normal(0, 0.0005, len(voice))).astype(np.float32)


@pytest.mark.parametrize("decibels", [-6.0, -12.0])
def test_only_the_leaking_part_of_a_region_goes_and_ones_own_words_stay(decibels: float) -> None:
    caller, seat = prompt("leave-message"), prompt("main-menu")
    caller[: 2 * RATE] = 0.0
    with both(caller[: len(seat)] + leak(seat, decibels)[: len(caller)], seat) as pcm:
        left, right = without_leakage(pcm, [(0.3, 3.5)], [(0.2, 3.6)])
    assert right == [(0.2, 3.6)]
    assert sum(end - start for start, end in left) < 1.9
    for second in (2.15, 2.8, 3.2):  # own syllables, a pause between them
        assert any(start <= second <= end for start, end in left), left


def test_who_speaks_over_a_leak_is_kept_whole() -> None:
    caller, seat = prompt("leave-message"), prompt("main-menu")
    size = min(len(caller), len(seat))
    with both(caller[:size] + leak(seat, -12.0)[:size], seat[:size]) as pcm:
        left, _ = without_leakage(pcm, [(0.3, 3.5)], [(0.2, 3.6)])
    assert left == [(0.3, 3.5)]


def test_a_leak_at_the_very_beginning_and_end_of_the_file_is_found() -> None:
    seat = prompt("main-menu")
    with both(leak(seat, -10.0, 0.3), seat) as pcm:
        left, _ = without_leakage(pcm, [(0.0, pcm.seconds)], [(0.0, pcm.seconds)])
    assert left == []
