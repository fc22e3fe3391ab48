"""The models of one process, loaded once: the recogniser that the settings choose, the segmentation, the voices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hotline.settings import Settings
from transcribe.errors import ModelMissing
from transcribe.recogniser import Recogniser
from transcribe.regions import Segmenter
from transcribe.registry import EMBEDDING, SEGMENTATION, VOSK_MANDARIN, WHISPER, folder_of
from transcribe.speakers import SpeakerEncoder

THREADS = 2
"""CPU threads per process; a worker takes more calls by more processes, not by wider ones."""


@dataclass(frozen=True, slots=True)
class Engines:
    recogniser: Recogniser
    segmenter: Segmenter
    encoder: SpeakerEncoder


def load_engines(settings: Settings) -> Engines:
    """Load the models, or hand back those this process has loaded; raises ModelMissing with the command to run."""
    return _load(settings.models_dir, chosen_recogniser(settings))


def chosen_recogniser(settings: Settings) -> str:
    """Folder of the recogniser's model: Vosk Mandarin wherever it is present, else Whisper, unless told otherwise."""
    larger, small = settings.models_dir / "vosk-cn", settings.models_dir / VOSK_MANDARIN.name
    placed = next((folder.name for folder in (larger, small) if (folder / "am" / "final.mdl").is_file()), None)
    match settings.recogniser:
        case "whisper":
            return settings.whisper_model
        case "vosk" if placed is None:
            raise ModelMissing(
                f"no Vosk Mandarin model in {settings.models_dir}; run: hotline models fetch {VOSK_MANDARIN.name} "
                "(or unpack vosk-model-cn-0.22 there as vosk-cn)"
            )
        case _:
            return placed or settings.whisper_model


@cache
def _load(models_dir: Path, recogniser: str) -> Engines:
    segmentation = folder_of(models_dir, SEGMENTATION) / "segmentation.onnx"
    embedding = folder_of(models_dir, EMBEDDING) / "embedding.onnx"
    return Engines(
        _recogniser(models_dir, recogniser), Segmenter(segmentation, THREADS), SpeakerEncoder(embedding, THREADS)
    )


def _recogniser(models_dir: Path, name: str) -> Recogniser:
    if name.startswith("vosk"):
        from transcribe.vosk_engine import VoskRecogniser  # noqa: PLC0415 - one engine is loaded, not both

        return VoskRecogniser(models_dir / name)
    from transcribe.whisper_engine import WhisperRecogniser  # noqa: PLC0415

    if name == WHISPER.name:
        return WhisperRecogniser(folder_of(models_dir, WHISPER), THREADS)
    if not (models_dir / name / "model.bin").is_file():
        raise ModelMissing(f"{models_dir / name} holds no Whisper model for CTranslate2 (model.bin); put one there")
    return WhisperRecogniser(models_dir / name, THREADS)
