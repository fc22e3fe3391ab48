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
_SHERPA = "sherpa-"


@dataclass(frozen=True, slots=True)
class Engines:
    recogniser: Recogniser
    segmenter: Segmenter
    encoder: SpeakerEncoder


@dataclass(frozen=True, slots=True)
class Chosen:
    """A recogniser's folder in the models folder, and why it is not the one that the settings name."""

    folder: str
    instead: str | None = None


def load_engines(settings: Settings, queue: str | None = None) -> Engines:
    """Load the models, or hand back those this process has loaded; raises ModelMissing with the command to run."""
    return _load(settings.models_dir, chosen_recogniser(settings, queue))


def load_any(settings: Settings, queue: str | None = None) -> tuple[Engines, str | None]:
    """The same, with what is there where the named recogniser is not, and why: a call never goes without its
    transcript for a model that is missing. Raises ModelMissing where nothing is there."""
    chosen = usable_recogniser(settings, queue)
    return _load(settings.models_dir, chosen.folder), chosen.instead


def usable_recogniser(settings: Settings, queue: str | None = None) -> Chosen:
    """The recogniser of a queue (a service, `voicemail` or `import`), or what `auto` means where it is missing."""
    try:
        name = chosen_recogniser(settings, queue)
        _check(settings.models_dir, name)
    except ModelMissing as error:
        instead = chosen_recogniser(settings.model_copy(update={"recogniser": "auto", "recognisers": {}}))
        _check(settings.models_dir, instead)
        return Chosen(instead, f"{error}; {instead} was used")
    return Chosen(name)


def chosen_recogniser(settings: Settings, queue: str | None = None) -> str:
    """Folder of the recogniser's model: Vosk Mandarin wherever it is present, else Whisper, unless told otherwise."""
    larger, small = settings.models_dir / "vosk-cn", settings.models_dir / VOSK_MANDARIN.name
    placed = next((folder.name for folder in (larger, small) if (folder / "am" / "final.mdl").is_file()), None)
    own = next((name for own, name in settings.recognisers.items() if own == queue), settings.recogniser)
    match own:
        case "whisper":
            return settings.whisper_model
        case "sensevoice" | "paraformer" | "zipformer" as kind:
            return _SHERPA + kind
        case "vosk" if placed is None:
            raise ModelMissing(
                f"no Vosk Mandarin model in {settings.models_dir}; run: hotline models fetch {VOSK_MANDARIN.name} "
                "(or unpack vosk-model-cn-0.22 there as vosk-cn)"
            )
        case _:
            return placed or settings.whisper_model


@cache
def _load(models_dir: Path, recogniser: str) -> Engines:
    return Engines(_recogniser(models_dir, recogniser), _segmenter(models_dir), _encoder(models_dir))


@cache
def _segmenter(models_dir: Path) -> Segmenter:
    return Segmenter(folder_of(models_dir, SEGMENTATION) / "segmentation.onnx", THREADS)


@cache
def _encoder(models_dir: Path) -> SpeakerEncoder:
    return SpeakerEncoder(folder_of(models_dir, EMBEDDING) / "embedding.onnx", THREADS)


def _check(models_dir: Path, name: str) -> None:
    """Raise ModelMissing where a recogniser's files are not there; nothing is loaded."""
    if name.startswith(_SHERPA):
        from transcribe.sherpa_engine import Kind, files_of  # noqa: PLC0415 - one engine is loaded, not all

        files_of(models_dir / name, Kind(name.removeprefix(_SHERPA)))
    elif name == WHISPER.name:
        folder_of(models_dir, WHISPER)
    elif not name.startswith("vosk") and not (models_dir / name / "model.bin").is_file():
        raise ModelMissing(f"{models_dir / name} holds no Whisper model for CTranslate2 (model.bin); put one there")


def _recogniser(models_dir: Path, name: str) -> Recogniser:
    _check(models_dir, name)
    if name.startswith("vosk"):
        from transcribe.vosk_engine import VoskRecogniser  # noqa: PLC0415

        return VoskRecogniser(models_dir / name)
    if name.startswith(_SHERPA):
        from transcribe.sherpa_engine import Kind, SherpaRecogniser  # noqa: PLC0415

        return SherpaRecogniser(models_dir / name, Kind(name.removeprefix(_SHERPA)), THREADS)
    from transcribe.whisper_engine import WhisperRecogniser  # noqa: PLC0415

    return WhisperRecogniser(models_dir / name, THREADS)
