"""Which recogniser a machine uses: Vosk Mandarin wherever it is present, else Whisper, unless it is told otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline.settings import Settings, SettingsError, load_settings
from transcribe.engines import chosen_recogniser, load_engines, usable_recogniser
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


def test_a_queue_may_have_a_recogniser_of_its_own(tmp_path: Path) -> None:
    settings = Settings(models=tmp_path, recogniser="whisper", recognisers={"complaint": "sensevoice"})
    assert chosen_recogniser(settings, "complaint") == "sherpa-sensevoice"
    assert chosen_recogniser(settings, "report") == "whisper-base"
    assert chosen_recogniser(settings) == "whisper-base"


def test_an_unknown_recogniser_or_queue_is_refused_when_the_settings_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for written, told in (('complaint = "siri"', "recognisers.complaint"), ('sales = "vosk"', "recognisers")):
        (tmp_path / "hotline.toml").write_text(f"[recognisers]\n{written}\n")
        with pytest.raises(SettingsError, match=told):
            load_settings(tmp_path / "hotline.toml")


def test_where_the_named_model_is_missing_what_is_there_is_used_and_said(tmp_path: Path) -> None:
    for name in ("whisper-base",):
        (tmp_path / name).mkdir()
        (tmp_path / name / MANIFEST).write_text('{"files": {}}')
    settings = Settings(models=tmp_path, recognisers={"complaint": "paraformer", "import": "vosk"})
    for queue, told in (("complaint", "sherpa-paraformer holds no model"), ("import", "no Vosk Mandarin model")):
        chosen = usable_recogniser(settings, queue)
        assert chosen.folder == "whisper-base"
        assert chosen.instead is not None
        assert told in chosen.instead
    assert usable_recogniser(settings, "report").instead is None


def test_with_no_recogniser_at_all_it_says_what_to_fetch(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="hotline models fetch whisper-base"):
        usable_recogniser(Settings(models=tmp_path, recogniser="sensevoice"), "complaint")
