"""What sherpa-onnx's models put out becomes words: pieces joined, seconds kept, a missing file named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from transcribe.errors import ModelMissing
from transcribe.sherpa_engine import Kind, SherpaRecogniser, _words, files_of


@dataclass(frozen=True)
class Result:
    tokens: Sequence[str]
    timestamps: Sequence[float] = ()
    ys_log_probs: Sequence[float] = ()


def text(tokens: Sequence[str]) -> str:
    return "".join(word.text for word in _words(Result(tokens, [0.1 * n for n in range(len(tokens))]), 9.0))


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (["我", "办", "宽", "带"], "我办宽带"),
        (["▁the", "▁ma", "in", "▁line"], "the main line"),  # SenseVoice
        (["用", "▁wi", "fi", "上", "网"], "用wifi上网"),
        (["wi@@", "fi", "上", "网"], "wifi上网"),  # Paraformer
        (["hello", "world"], "hello world"),
        (["寬", "帶"], "宽带"),
        ([], ""),
    ],
)
def test_tokens_are_written_as_people_write_them(tokens: Sequence[str], said: str) -> None:
    assert text(tokens) == said


def test_a_character_begins_at_its_second_and_lasts_no_longer_than_a_character_does() -> None:
    first, second, third = _words(Result(["宽", "带", "坏"], [0.5, 0.7, 3.0], [-0.1, -2.3, 0.0]), 4.0)
    assert (first.start, first.end) == (0.5, 0.7)
    assert second.start == 0.7
    assert second.end == pytest.approx(1.1)
    assert third.end == pytest.approx(3.4)
    assert [round(word.confidence, 1) for word in (first, second, third)] == [0.9, 0.1, 1.0]


def test_what_is_timed_beyond_the_sound_is_brought_back_into_it() -> None:
    assert [(word.start, word.end) for word in _words(Result(["宽"], [5.0]), 4.0)] == [(4.0, 4.0)]


@pytest.mark.parametrize(
    ("there", "missing"),
    [([], r"holds no model\*\.onnx"), (["model.onnx"], "holds no tokens.txt")],
)
def test_what_is_not_there_is_named(tmp_path: Path, there: list[str], missing: str) -> None:
    for name in there:
        (tmp_path / name).touch()
    with pytest.raises(ModelMissing, match=missing):
        SherpaRecogniser(tmp_path, Kind.SENSEVOICE)


def test_the_8_bit_model_goes_first_and_a_zipformer_has_three_parts(tmp_path: Path) -> None:
    for name in ("model.onnx", "model.int8.onnx", "tokens.txt", "encoder-e9.onnx", "encoder-e9.int8.onnx", "bpe.vocab"):
        (tmp_path / name).touch()
    assert [Path(path).name for path in files_of(tmp_path, Kind.PARAFORMER)] == ["model.int8.onnx", "tokens.txt"]
    with pytest.raises(ModelMissing, match=r"decoder\*\.onnx"):
        files_of(tmp_path, Kind.ZIPFORMER)
    for name in ("decoder-e9.onnx", "joiner-e9.onnx"):
        (tmp_path / name).touch()
    assert [Path(path).name for path in files_of(tmp_path, Kind.ZIPFORMER)] == [
        "encoder-e9.int8.onnx", "decoder-e9.onnx", "joiner-e9.onnx", "tokens.txt", "bpe.vocab",
    ]  # fmt: skip
