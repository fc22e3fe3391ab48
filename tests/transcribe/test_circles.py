"""Whisper goes round in circles in noise, in the greeting of its prompt: it is asked once more without the prompt."""

from __future__ import annotations

from collections.abc import Sequence

import ctranslate2
import numpy as np
import pytest

from hotline.settings import CHECKOUT
from tests.transcribe.conftest import model_folder
from transcribe.audio import decode
from transcribe.registry import WHISPER
from transcribe.whisper_engine import WhisperRecogniser

pytestmark = pytest.mark.speech

GREETING = "您好，请问有什么可以帮您？"


class _Circles:
    """What the network gives when it goes round in circles, very sure of itself."""

    def __init__(self, recogniser: WhisperRecogniser) -> None:
        self.sequences_ids = [recogniser._tokenizer.encode(GREETING * 12)]
        self.scores = [-0.05]
        self.no_speech_prob = 0.05


class _Drawn(WhisperRecogniser):
    """The real network, but for this: whenever it is prompted, it falls into its prompt."""

    def _generate(
        self, encoded: ctranslate2.StorageView, prompts: Sequence[list[int]], seconds: float, **options: int | float
    ) -> list[ctranslate2.models.WhisperGenerationResult]:
        if self._tokenizer.sot_prev in prompts[0]:
            return [_Circles(self) for _ in prompts]
        return super()._generate(encoded, prompts, seconds, **options)


def test_what_the_prompt_draws_into_circles_is_heard_without_it() -> None:
    with decode(CHECKOUT / "ivr" / "prompts" / "recording-notice.wav") as pcm:
        samples = pcm.read(0, 0.0, pcm.seconds)
    (words,) = _Drawn(model_folder(WHISPER)).recognise([samples])
    said = "".join(word.text for word in words)
    assert "保证服务质量" in said
    assert GREETING not in said
    assert np.all(np.diff([word.start for word in words]) >= 0)
