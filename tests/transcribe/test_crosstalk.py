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


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.15])
@pytest.mark.parametrize("decibels", [-12.0, -26.0])
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
