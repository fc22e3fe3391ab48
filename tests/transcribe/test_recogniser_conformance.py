"""Every recogniser is held to this, on real speech with its real model: real words, right seconds, no state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from hotline.settings import CHECKOUT
from tests.transcribe import by_heart
from tests.transcribe.conftest import model_folder, speech_folder
from transcribe.audio import RATE, Samples, decode
from transcribe.recogniser import Recogniser
from transcribe.registry import VOSK_KOREAN, WHISPER
from transcribe.sherpa_engine import Kind, SherpaRecogniser
from transcribe.text import spoken
from transcribe.turns import Word

pytestmark = pytest.mark.speech


@dataclass(frozen=True)
class Engine:
    recogniser: Recogniser
    sound: Path
    text: str
    least_alike: float


def vosk() -> Engine:
    from transcribe.vosk_engine import VoskRecogniser

    folder = speech_folder("zeroth-korean-10")
    name, text = (folder / "text").read_text("utf-8").splitlines()[0].split(" ", 1)
    return Engine(VoskRecogniser(model_folder(VOSK_KOREAN)), folder / f"{name}.flac", text, 0.7)


def whisper() -> Engine:
    from transcribe.whisper_engine import WhisperRecogniser

    text = "您好，欢迎致电投诉建议热线。为了保证服务质量，您的通话将被全程录音。"
    sound = CHECKOUT / "ivr" / "prompts" / "recording-notice.wav"
    return Engine(WhisperRecogniser(model_folder(WHISPER)), sound, text, 0.8)


def sherpa(kind: Kind) -> Engine:
    """sherpa-onnx itself with a network that knows one sentence by heart: no registry carries the real weights."""
    text = "您好欢迎致电投诉建议热线为了保证服务质量您的通话将被全程录音"
    sound = CHECKOUT / "ivr" / "prompts" / "recording-notice.wav"
    with decode(sound) as pcm:
        samples = pcm.read(0, 0, pcm.seconds)
    with TemporaryDirectory() as folder:
        by_heart.write(Path(folder), kind, samples, text, [(0.3, 2.6), (3.0, pcm.seconds - 0.3)])
        return Engine(SherpaRecogniser(Path(folder), kind), sound, text, 0.8)


BUILDERS: dict[str, Callable[[], Engine]] = {
    "vosk": vosk,
    "whisper": whisper,
    "sherpa-sensevoice": lambda: sherpa(Kind.SENSEVOICE),
    "sherpa-paraformer": lambda: sherpa(Kind.PARAFORMER),
}


@pytest.fixture(scope="module", params=BUILDERS)
def engine(request: pytest.FixtureRequest) -> Engine:
    return BUILDERS[request.param]()


@pytest.fixture(scope="module")
def samples(engine: Engine) -> Samples:
    with decode(engine.sound) as pcm:
        return pcm.read(0, 0, pcm.seconds)


def hear(engine: Engine, samples: Samples) -> list[Word]:
    (words,) = engine.recogniser.recognise([samples])
    return words


def alike(words: list[Word], text: str) -> float:
    heard = spoken("".join(word.text for word in words))
    return SequenceMatcher(None, heard, spoken(text), autojunk=False).ratio()


def test_the_name_says_engine_and_model(engine: Engine) -> None:
    kind, _, model = engine.recogniser.name.partition("/")
    assert kind
    assert model


def test_real_speech_gives_real_words(engine: Engine, samples: Samples) -> None:
    words = hear(engine, samples)
    assert alike(words, engine.text) >= engine.least_alike, words


def test_words_are_in_order_inside_the_sound_and_sure_to_some_degree(engine: Engine, samples: Samples) -> None:
    words = hear(engine, samples)
    for word in words:
        assert 0.0 <= word.start <= word.end <= len(samples) / RATE + 0.1
        assert 0.0 <= word.confidence <= 1.0
        assert word.text.strip()
    assert [word.start for word in words] == sorted(word.start for word in words)


def test_silence_before_speech_moves_its_words_by_as_much(engine: Engine, samples: Samples) -> None:
    silence = np.zeros(2 * RATE, np.float32)
    plain = hear(engine, samples)
    moved = hear(engine, np.concatenate([silence, samples]))
    assert abs((moved[-1].end - plain[-1].end) - 2.0) < 0.35


def test_silence_gives_no_words(engine: Engine) -> None:
    assert hear(engine, np.zeros(3 * RATE, np.float32)) == []
    assert hear(engine, np.zeros(10, np.float32)) == []


def test_a_call_leaves_nothing_behind_for_the_next(engine: Engine, samples: Samples) -> None:
    first = hear(engine, samples)
    hear(engine, samples[: len(samples) // 3])
    again = hear(engine, samples)
    # Not quite equal: Kaldi adds a little noise of its own to what it hears.
    assert alike(again, "".join(word.text for word in first)) > 0.9
    assert again[-1].end == pytest.approx(first[-1].end, abs=0.3)


def test_windows_heard_together_are_as_each_alone(engine: Engine, samples: Samples) -> None:
    silence = np.zeros(2 * RATE, np.float32)
    first, none, last = engine.recogniser.recognise([samples, silence, samples[: len(samples) // 2]])
    assert none == []
    assert alike(first, engine.text) >= engine.least_alike
    assert 0 < len(last) < len(first)
    assert last[-1].end <= len(samples) / RATE / 2 + 0.1
