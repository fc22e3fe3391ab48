"""Vosk (Kaldi) as a recogniser: the default wherever its Mandarin model is present."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import numpy as np
import vosk

from transcribe.audio import RATE, Samples
from transcribe.pauses import punctuated
from transcribe.text import needs_space, simplified
from transcribe.turns import Word

_BLOCK = RATE // 2


class _VoskWord(TypedDict):
    word: str
    start: float
    end: float
    conf: float


class VoskRecogniser:
    """A Vosk model. It spaces its output by words, which is right in Korean and wrong in Chinese."""

    longest = 28.0
    together = 1

    def __init__(self, folder: Path) -> None:
        vosk.SetLogLevel(-1)  # Kaldi writes its configuration to standard error otherwise
        self.name = f"vosk/{folder.name.removeprefix('vosk-')}"
        self._model = vosk.Model(str(folder))

    def recognise(self, windows: Sequence[Samples], words: Sequence[str] = ()) -> list[list[Word]]:
        """`words` change nothing: Kaldi takes a grammar, which would shut out everything else that a caller may say."""
        return [self._heard(samples) for samples in windows]

    def _heard(self, samples: Samples) -> list[Word]:
        recogniser = vosk.KaldiRecognizer(self._model, RATE)
        recogniser.SetWords(True)
        pcm = (np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2")
        heard: list[_VoskWord] = []
        for first in range(0, len(pcm), _BLOCK):
            if recogniser.AcceptWaveform(pcm[first : first + _BLOCK].tobytes()):
                heard += json.loads(recogniser.Result()).get("result", [])
        heard += json.loads(recogniser.FinalResult()).get("result", [])
        return _joined([word for word in heard if word["word"] != "<UNK>"])


def _joined(heard: list[_VoskWord]) -> list[Word]:
    words: list[Word] = []
    for word in heard:
        text = simplified(word["word"])
        if words and needs_space(words[-1].text, text):
            text = " " + text
        words.append(Word(float(word["start"]), float(word["end"]), text, float(word["conf"])))
    return punctuated(words)
