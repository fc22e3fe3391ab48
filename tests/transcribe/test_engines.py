"""Which recogniser a machine uses: Vosk Mandarin wherever it is present, else Whisper, unless it is told otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline.settings import Settings
from transcribe.engines import chosen_recogniser, load_engines
from transcribe.errors import ModelMissing
from transcribe.registry import MANIFEST


def place(models: Path, name: str) -> None:
    (models / name / "am").mkdir(parents=True)
    (models / name / "am" / "final.mdl").touch()


def test_without_vosk_it_is_whisper(tmp_path: Path) -> None:
    assert chosen_recogniser(Settings(models=tmp_path)) == "whisper-base"


def test_vosk_goes_first_where_it_is_present_and_the_larger_before_the_small(tmp_path: Path) -> None:
    place(tmp_path, "vosk-cn-small")
    assert chosen_recogniser(Settings(models=tmp_path)) == "vosk-cn-small"
    place(tmp_path, "vosk-cn")
    assert chosen_recogniser(Settings(models=tmp_path)) == "vosk-cn"


def test_what_the_settings_name_is_used(tmp_path: Path) -> None:
    place(tmp_path, "vosk-cn-small")
    assert chosen_recogniser(Settings(models=tmp_path, recogniser="whisper")) == "whisper-base"
    larger = Settings(models=tmp_path, recogniser="whisper", whisper_model="whisper-large-v3")
    assert chosen_recogniser(larger) == "whisper-large-v3"


def test_vosk_asked_for_and_absent_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="hotline models fetch vosk-cn-small"):
        chosen_recogniser(Settings(models=tmp_path, recogniser="vosk"))


def test_a_larger_whisper_that_was_not_placed_is_named(tmp_path: Path) -> None:
    for name in ("segmentation-3.0", "campplus-zh-en"):
        (tmp_path / name).mkdir()
        (tmp_path / name / MANIFEST).write_text('{"files": {}}')
    settings = Settings(models=tmp_path, recogniser="whisper", whisper_model="whisper-large-v3")
    with pytest.raises(ModelMissing, match=r"whisper-large-v3 holds no Whisper model"):
        load_engines(settings)
