"""The person on the line is heard, whoever talks behind them; a quiet voice on a quiet line is too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from hotline.settings import CHECKOUT, Settings
from transcribe.audio import RATE, Pcm, Samples, decode
from transcribe.background import in_front
from transcribe.engines import load_engines
from transcribe.pipeline import transcribe_audio
from transcribe.regions import Span
from transcribe.turns import CALLER

SECONDS = 20.0
SPOKEN: list[Span] = [(4.0, 7.5), (12.0, 15.5)]
ALL: list[Span] = [(0.0, SECONDS)]


def prompt(name: str, seconds: float) -> Samples:
    with decode(CHECKOUT / "ivr" / "prompts" / f"{name}.wav") as pcm:
        return np.resize(pcm.read(0, 0.3, pcm.seconds - 0.3), round(seconds * RATE))


def level(samples: Samples, decibels: float) -> Samples:
    """The same at a root mean square of so many decibels of full scale."""
    rms = float(np.sqrt(np.mean(np.square(samples))))
    return np.asarray(samples * (10 ** (decibels / 20) / rms), np.float32)


def babble() -> Samples:
    """Six voices of the prompts at once, which the network takes for speech from end to end."""
    paths = sorted((CHECKOUT / "ivr" / "prompts").glob("*.wav"))
    voices = [prompt(path.stem, SECONDS) for path in paths[:6]]
    return sum((np.roll(voice, index * 7919) for index, voice in enumerate(voices)), np.zeros_like(voices[0]))


def hiss() -> Samples:
    return np.random.default_rng(3).normal(0, 1, round(SECONDS * RATE)).astype(np.float32)


def line(background: Samples, loudness: Sequence[float], spoken: Sequence[Span] = SPOKEN) -> Pcm:
    sound = background.copy()
    for (start, end), decibels in zip(spoken, loudness, strict=True):
        first = round(start * RATE)
        voice = level(prompt("main-menu", end - start), decibels)
        sound[first : first + len(voice)] += voice
    pcm = Pcm(1)
    pcm.append(sound[:, None])
    return pcm


def share(regions: Sequence[Span], of: Sequence[Span]) -> float:
    covered = sum(max(0.0, min(end, b) - max(start, a)) for start, end in regions for a, b in of)
    return covered / sum(b - a for a, b in of)


@pytest.mark.parametrize("below", [10.0, 15.0])
def test_voices_behind_the_person_are_no_speech_and_the_person_is(below: float) -> None:
    with line(level(babble(), -22.0 - below), (-22.0, -22.0)) as pcm:
        found = in_front(pcm, 0, ALL)
    assert share(found, SPOKEN) > 0.95
    assert share(found, [(0.0, 3.0), (9.0, 11.0), (17.0, 20.0)]) < 0.05


def test_a_quiet_voice_on_a_quiet_line_stays_as_it_was_found() -> None:
    with line(level(hiss(), -70.0), (-50.0, -20.0)) as pcm:
        assert in_front(pcm, 0, SPOKEN) == SPOKEN


def test_somebody_quieter_who_takes_over_the_telephone_is_heard_over_the_noise() -> None:
    with line(level(hiss(), -45.0), (-18.0, -33.0)) as pcm:
        found = in_front(pcm, 0, SPOKEN)
    assert share(found, SPOKEN[1:]) > 0.9


def test_where_nobody_stands_out_nothing_is_taken_away() -> None:
    with line(level(babble(), -30.0), (), ()) as pcm:
        assert in_front(pcm, 0, ALL) == ALL
    with line(level(hiss(), -30.0), (), ()) as pcm:
        assert in_front(pcm, 0, ALL) == ALL


def test_a_channel_counts_from_the_answer_and_may_end_before_it() -> None:
    music = level(hiss(), -12.0)
    music[round(10.0 * RATE) :] = level(babble(), -34.0)[round(10.0 * RATE) :]
    with line(music, (-22.0,), SPOKEN[1:]) as pcm:
        found = in_front(pcm, 0, [(10.0, SECONDS)], 10.0)
        assert share(found, SPOKEN[1:]) > 0.95
        assert share(found, [(10.0, 11.0), (17.0, 20.0)]) < 0.1
        assert in_front(pcm, 0, [], SECONDS + 5) == []


@pytest.mark.speech
def test_the_turn_is_the_persons_and_a_channel_of_voices_far_away_has_none(recognising: Settings) -> None:
    behind = level(babble(), -32.0)
    with decode(CHECKOUT / "ivr" / "prompts" / "recording-notice.wav") as pcm:
        voice = level(pcm.read(0, 0.0, pcm.seconds), -22.0)
    caller = behind.copy()
    caller[6 * RATE : 6 * RATE + len(voice)] += voice
    with Pcm(2) as pcm:
        pcm.append(np.stack([caller, np.roll(behind, 100_000)], axis=1))
        found = transcribe_audio(pcm, load_engines(recognising), 0.0, lambda _: None)
    assert {turn.speaker for turn in found.turns} == {CALLER}
    assert "保证服务质量" in "".join(turn.text for turn in found.turns)
    assert min(turn.start for turn in found.turns) > 5.5
    assert max(turn.end for turn in found.turns) < 6.5 + len(voice) / RATE
