"""sherpa-onnx as a recogniser: SenseVoice, Paraformer, or a zipformer transducer that listens for the centre's words.

The user places the weights in the models folder, as their publishers pack them:

    sherpa-sensevoice/  model.int8.onnx (or model.onnx), tokens.txt
    sherpa-paraformer/  model.int8.onnx (or model.onnx), tokens.txt
    sherpa-zipformer/   encoder*.onnx, decoder*.onnx, joiner*.onnx, tokens.txt, and bpe.vocab where it has one
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

import sherpa_onnx

from transcribe.audio import RATE, Samples
from transcribe.errors import ModelMissing
from transcribe.pauses import punctuated
from transcribe.text import is_han, needs_space, simplified
from transcribe.turns import Word

_LONGEST_TOKEN = 0.4
"""Seconds that a character lasts at most: the models time its beginning, not its end."""
_UNTOLD = 0.8
"""Confidence of a character from a model that gives none."""
_LEAST_SECONDS = 0.1
_MOST_HOT_WORDS = 300
_HOT_WORD_SCORE = 1.5


class Kind(StrEnum):
    SENSEVOICE = "sensevoice"
    PARAFORMER = "paraformer"
    ZIPFORMER = "zipformer"

    @property
    def folder(self) -> str:
        return f"sherpa-{self.value}"


class SherpaRecogniser:
    """One of sherpa-onnx's models for whole files, on `threads` of CPU.

    None of them writes punctuation here: SenseVoice would, but then it writes figures too, and the verbatim text has
    numbers as they are said.
    """

    longest = 28.0
    together = 4

    def __init__(self, folder: Path, kind: Kind, threads: int = 2) -> None:
        self.name = f"sherpa-onnx/{kind}"
        self._takes_words = kind is Kind.ZIPFORMER
        files = files_of(folder, kind)
        try:
            self._recogniser = _open(kind, files, threads)
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelMissing(f"{folder} holds no {kind} model that sherpa-onnx can open ({error})") from error

    def recognise(self, windows: Sequence[Samples], words: Sequence[str] = ()) -> list[list[Word]]:
        """`words` are hot words of a zipformer; SenseVoice and Paraformer cannot listen for any."""
        heard: list[list[Word]] = [[] for _ in windows]
        audible = [index for index, samples in enumerate(windows) if len(samples) >= _LEAST_SECONDS * RATE]
        streams = []
        for index in audible:
            stream = self._stream(words)
            stream.accept_waveform(RATE, windows[index])
            streams.append(stream)
        if streams:
            self._recogniser.decode_streams(streams)
        for index, stream in zip(audible, streams, strict=True):
            heard[index] = punctuated(list(_words(stream.result, len(windows[index]) / RATE)))
        return heard

    def _stream(self, words: Sequence[str]) -> sherpa_onnx.OfflineStream:
        if self._takes_words and words:
            return self._recogniser.create_stream(hotwords="/".join(words[:_MOST_HOT_WORDS]))
        return self._recogniser.create_stream()


def _open(kind: Kind, files: Sequence[str], threads: int) -> sherpa_onnx.OfflineRecognizer:
    recogniser = sherpa_onnx.OfflineRecognizer
    match kind:
        case Kind.SENSEVOICE:
            return recogniser.from_sense_voice(*files[:2], num_threads=threads, language="zh", use_itn=False)
        case Kind.PARAFORMER:
            return recogniser.from_paraformer(*files[:2], num_threads=threads)
        case Kind.ZIPFORMER:
            encoder, decoder, joiner, tokens, *vocabulary = files
            return recogniser.from_transducer(
                encoder, decoder, joiner, tokens, num_threads=threads, decoding_method="modified_beam_search",
                modeling_unit="cjkchar+bpe" if vocabulary else "cjkchar", bpe_vocab=vocabulary[0] if vocabulary else "",
                hotwords_score=_HOT_WORD_SCORE,
            )  # fmt: skip


def files_of(folder: Path, kind: Kind) -> list[str]:
    """The model's files, the 8-bit ones where there are two; raises ModelMissing naming what is not there."""
    parts = ("encoder", "decoder", "joiner") if kind is Kind.ZIPFORMER else ("model",)
    found = []
    for part in parts:
        there = sorted(folder.glob(f"{part}*.onnx"), key=lambda path: (".int8." not in path.name, path.name))
        if not there:
            raise ModelMissing(f"{folder} holds no {part}*.onnx; unpack sherpa-onnx's {kind} model there")
        found.append(str(there[0]))
    if not (folder / "tokens.txt").is_file():
        raise ModelMissing(f"{folder} holds no tokens.txt; unpack sherpa-onnx's {kind} model there")
    found.append(str(folder / "tokens.txt"))
    if kind is Kind.ZIPFORMER and (folder / "bpe.vocab").is_file():
        found.append(str(folder / "bpe.vocab"))
    return found


def _words(result: sherpa_onnx.OfflineRecognitionResult, seconds: float) -> Iterator[Word]:
    """Characters, and Latin words of their pieces (`▁ma in`, or `ma@@ in`), each from its second on."""
    tokens, starts = list(result.tokens), list(result.timestamps)
    if not tokens:
        return
    if len(starts) != len(tokens):  # a model that times nothing: spread evenly
        starts = [seconds * index / len(tokens) for index in range(len(tokens))]
    pieces = any(token.startswith("▁") for token in tokens)
    held: Word | None = None
    open_ended = False
    for token, word in zip(tokens, _timed(tokens, starts, _confidences(result, len(tokens)), seconds), strict=True):
        if held is not None and word.text.strip() and (open_ended or (pieces and _goes_on(held.text, token))):
            held = Word(held.start, word.end, held.text + word.text, min(held.confidence, word.confidence))
        elif word.text.strip():
            if held is not None:
                yield held
            spaced = held is not None and needs_space(held.text, word.text.lstrip())
            held = replace(word, text=" " * spaced + word.text.lstrip())
        open_ended = token.endswith("@@")
    if held is not None:
        yield held


def _timed(tokens: Sequence[str], starts: Sequence[float], sure: Sequence[float], seconds: float) -> Iterator[Word]:
    for token, start, following, confidence in zip(tokens, starts, [*starts[1:], seconds], sure, strict=True):
        begins = min(max(0.0, start), seconds)
        ends = max(begins, min(following, begins + _LONGEST_TOKEN, seconds))
        yield Word(begins, ends, simplified(token.replace("▁", " ").removesuffix("@@")), confidence)


def _goes_on(before: str, token: str) -> bool:
    """Whether a sentence piece goes on with the word before it: it begins none, and both are letters."""
    return not token.startswith("▁") and _is_latin(before[-1]) and _is_latin(token[0])


def _is_latin(character: str) -> bool:
    return character.isalpha() and not is_han(character)


def _confidences(result: sherpa_onnx.OfflineRecognitionResult, count: int) -> list[float]:
    logs = list(result.ys_log_probs)
    return [math.exp(min(0.0, log)) for log in logs] if len(logs) == count else [_UNTOLD] * count
