"""Models and speech that tests of recognition use; what is absent is skipped, saying so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hotline.settings import CHECKOUT, Settings, load_settings
from transcribe.registry import EMBEDDING, SEGMENTATION, VOSK_KOREAN, WHISPER, Model, is_present


def model_folder(model: Model) -> Path:
    settings = load_settings()
    if not is_present(settings.models_dir, model):
        pytest.skip(f"the model {model.name} is absent; run: hotline models fetch {model.name}")
    return settings.models_dir / model.name


def speech_folder(name: str) -> Path:
    """A folder of real speech: below $HOTLINE_TEST_SPEECH, or below a folder `speech` near the checkout."""
    places = sorted(CHECKOUT.parent.glob("*/speech"))
    if os.environ.get("HOTLINE_TEST_SPEECH"):
        places.insert(0, Path(os.environ["HOTLINE_TEST_SPEECH"]))
    for place in places:
        if (place / name).is_dir():
            return place / name
    pytest.skip(f"no speech folder {name}; set HOTLINE_TEST_SPEECH to the folder that holds it")


@pytest.fixture(scope="session")
def recognising() -> Settings:
    """Settings of a machine with Whisper, segmentation and voices."""
    for model in (WHISPER, SEGMENTATION, EMBEDDING):
        model_folder(model)
    return load_settings().model_copy(update={"recogniser": "whisper"})


@pytest.fixture(scope="session")
def vosk_korean() -> Path:
    return model_folder(VOSK_KOREAN)
