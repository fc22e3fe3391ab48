"""faster-whisper as a recogniser: the default where no Vosk Mandarin model is present.

The windows go through the network several at a time, as long as the longest of them and no longer: Whisper is made
for 30 s, but its time goes into looking at all of what it was given again for each piece of a word.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypedDict

import ctranslate2
import numpy as np
import numpy.typing as npt
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_compression_ratio, get_suppressed_tokens, merge_punctuations

from transcribe.audio import RATE, Samples
from transcribe.guards import is_silence, without_inventions
from transcribe.prompt import prompt_of
from transcribe.text import full_width, simplified
from transcribe.turns import Word

_HALF_A_CHARACTER = "\ufffd"
_LEAST_LEVEL = 3e-4
"""Root mean square (-70 dBFS) below which nothing was said."""
_FRAMES = 100
"""Spectrum frames in a second."""
_MARGIN = 1.0
"""Seconds of silence after the longest window of a batch, so that its last word is heard to end."""
_LEAST_FRAMES = 15 * _FRAMES
"""Of a shorter spectrum Whisper says everything twice or more: AISHELL-50 by telephone, CER 33 % with 6 s, 20 % with 15
and with 30 s."""
_LOOPING = 2.4
"""How well a text that repeats itself can be compressed, at least."""
_UNSURE = -1.0
"""Mean log-probability below which a window is decoded once more."""
_MOST_TOKENS = 16
"""Pieces of words in a second of the fastest speech, amply: what goes on beyond that goes round in circles."""
_PUNCTUATION = '"\'.。,，!！?？:：")]}、'


class _Aligned(TypedDict):
    word: str
    start: float
    end: float
    probability: float


class WhisperRecogniser:
    """A CTranslate2 Whisper model, 8-bit, on `threads` of CPU.

    Each window stands alone: text carried over from the one before makes one slip into a loop of slips. One retry
    at temperature 0.4 when the first decoding repeats itself or is unsure; before it one without the prompt when it
    repeats itself, as in noise the prompt's own greeting is what it goes round in.
    """

    longest = 28.0
    together = 4

    def __init__(self, folder: Path, threads: int = 2, beam: int = 5) -> None:
        logging.getLogger("faster_whisper").setLevel(logging.ERROR)
        self.name = f"faster-whisper/{folder.name.removeprefix('whisper-')}"
        self._beam = beam
        self._model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads)
        self._tokenizer = Tokenizer(self._model.hf_tokenizer, True, task="transcribe", language="zh")
        self._suppressed = list(get_suppressed_tokens(self._tokenizer, [-1]))

    def recognise(self, windows: Sequence[Samples], words: Sequence[str] = ()) -> list[list[Word]]:
        heard: list[list[Word]] = [[] for _ in windows]
        prompt, echo = prompt_of(words, lambda text: len(self._tokenizer.encode(text)))
        audible = [index for index, samples in enumerate(windows) if _is_audible(samples)]
        if audible:
            for index, found in zip(audible, self._decoded([windows[index] for index in audible], prompt), strict=True):
                heard[index] = without_inventions(*found, echo)
        return heard

    def _decoded(self, windows: Sequence[Samples], prompt: str) -> Iterator[tuple[list[Word], float]]:
        """Words of each window, and the probability that it is silence."""
        lengths = [len(samples) / RATE for samples in windows]
        encoded = self._model.encode(self._spectra(windows))
        tokens = self._model.get_prompt(self._tokenizer, self._tokenizer.encode(" " + prompt), without_timestamps=True)
        found = self._generate(encoded, [tokens] * len(windows), max(lengths), beam_size=self._beam)
        texts: list[list[int]] = []
        silences: list[float] = []
        for samples, first in zip(windows, found, strict=True):
            result = self._again(samples, tokens, first) if self._is_doubtful(first) else first
            silent = is_silence(result.no_speech_prob, _logprob(result))
            texts.append([] if silent else [token for token in result.sequences_ids[0] if token < self._tokenizer.eot])
            silences.append(result.no_speech_prob)
        frames = [max(1, round(length * _FRAMES)) for length in lengths]
        aligned = self._model.find_alignment(self._tokenizer, texts, encoded, frames)
        for alignment, silence in zip(aligned, silences, strict=True):
            merge_punctuations(alignment, "", _PUNCTUATION)
            yield list(_words(alignment)), silence

    def _spectra(self, windows: Sequence[Samples]) -> npt.NDArray[np.float32]:
        longest = max(len(samples) for samples in windows) / RATE + _MARGIN
        frames = min(30 * _FRAMES, max(_LEAST_FRAMES, 2 * math.ceil(longest * _FRAMES / 2)))
        return np.stack([pad_or_trim(self._model.feature_extractor(samples), frames) for samples in windows])

    def _generate(
        self, encoded: ctranslate2.StorageView, prompts: Sequence[list[int]], seconds: float, **options: int | float
    ) -> list[ctranslate2.models.WhisperGenerationResult]:
        longest = min(self._model.max_length, len(prompts[0]) + 16 + math.ceil(_MOST_TOKENS * seconds))
        found: list[ctranslate2.models.WhisperGenerationResult] = self._model.model.generate(
            encoded, prompts, length_penalty=1.0, max_length=longest, return_scores=True, return_no_speech_prob=True,
            suppress_blank=True, suppress_tokens=self._suppressed, **options,
        )  # fmt: skip
        return found

    def _is_doubtful(self, result: ctranslate2.models.WhisperGenerationResult) -> bool:
        if result.no_speech_prob > 0.6 and _logprob(result) < _UNSURE:
            return False  # silence: hearing it again does not make it speech
        return _logprob(result) < _UNSURE or self._loops(result)

    def _loops(self, result: ctranslate2.models.WhisperGenerationResult) -> bool:
        text = self._tokenizer.decode(result.sequences_ids[0]).strip()
        return float(get_compression_ratio(text or " ")) > _LOOPING

    def _again(
        self, samples: Samples, prompt: list[int], first: ctranslate2.models.WhisperGenerationResult
    ) -> ctranslate2.models.WhisperGenerationResult:
        """The first decoding that is not doubtful, or the best of them; one that does not repeat itself goes first."""
        encoded, seconds = self._model.encode(self._spectra([samples])), len(samples) / RATE
        found = [first]
        if self._loops(first):
            bare = self._model.get_prompt(self._tokenizer, [], without_timestamps=True)
            found += self._generate(encoded, [bare], seconds, beam_size=self._beam)
        if len(found) == 1 or self._is_doubtful(found[-1]):
            found += self._generate(
                encoded, [prompt], seconds, beam_size=1, num_hypotheses=2, sampling_topk=0, sampling_temperature=0.4
            )
        if not self._is_doubtful(found[-1]):
            return found[-1]
        return max(found, key=lambda result: (not self._loops(result), _logprob(result)))


def _is_audible(samples: Samples) -> bool:
    return len(samples) >= RATE // 20 and float(np.sqrt(np.mean(np.square(samples)))) >= _LEAST_LEVEL


def _logprob(result: ctranslate2.models.WhisperGenerationResult) -> float:
    """Mean log-probability of what was written, its end included."""
    length = len(result.sequences_ids[0])
    return float(result.scores[0]) * length / (length + 1)


def _words(alignment: Sequence[_Aligned]) -> Iterator[Word]:
    for word in alignment:
        text = full_width(simplified(word["word"])).replace(_HALF_A_CHARACTER, "")
        if text.strip():
            yield Word(float(word["start"]), float(word["end"]), text, float(word["probability"]))
