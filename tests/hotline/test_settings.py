from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from hotline.processes.environment import for_child
from hotline.settings import CHECKOUT, Settings, SettingsError, load_settings

SECRET = "correct-horse-battery"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("HOTLINE_")]:
        monkeypatch.delenv(name)


def test_the_environment_is_laid_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "hotline.toml"
    file.write_text('web_port = 9000\ninstance = "north"\n[acd]\nring_seconds = 6\npromise_seconds = 12\n')
    monkeypatch.setenv("HOTLINE_WEB_PORT", "9001")
    monkeypatch.setenv("HOTLINE_ACD__RING_SECONDS", "5")
    settings = load_settings(file)
    assert (settings.web_port, settings.instance) == (9001, "north")
    assert (settings.acd.ring_seconds, settings.acd.promise_seconds) == (5, 12.0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("web_port = 0", "web_port"),
        ("wbe_port = 8080", "wbe_port"),
        ("[acd]\nring_secnds = 7", "ring_secnds"),
        ("timezone = 'Mars/Olympus'", "Mars/Olympus"),
        ("web_port = ", "not valid TOML"),
        ("instance = '../elsewhere'", "instance"),
        ("[asterisk]\nrtp_start = 30000\nrtp_end = 20000", "rtp"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "hotline.toml"
    file.write_text(content)
    with pytest.raises(SettingsError, match=message):
        load_settings(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml"):
        load_settings(tmp_path / "none.toml")


def test_an_unknown_environment_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_WBE_PORT", "1")
    with pytest.raises(SettingsError, match="HOTLINE_WBE_PORT"):
        load_settings()


@pytest.mark.parametrize("name", ["HOTLINE_AMI__SECRET", "HOTLINE_DATABASE_URL"])
def test_a_secret_can_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    value = f"postgresql://hotline:{SECRET}@db/hotline"
    (tmp_path / "secret").write_text(f"{value}\n")
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "secret"))
    settings = load_settings()
    found = settings.ami.secret if "AMI" in name else settings.database_url
    assert found is not None
    assert found.get_secret_value() == value


def test_a_secret_given_twice_or_from_no_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_AMI__SECRET_FILE", str(tmp_path / "absent"))
    with pytest.raises(SettingsError, match="HOTLINE_AMI__SECRET_FILE"):
        load_settings()
    (tmp_path / "absent").write_text("x")
    monkeypatch.setenv("HOTLINE_AMI__SECRET", "y")
    with pytest.raises(SettingsError, match="both"):
        load_settings()


def test_secrets_are_never_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_DATABASE_URL", f"postgresql://hotline:{SECRET}@db/hotline")
    monkeypatch.setenv("HOTLINE_AMI__SECRET", SECRET)
    settings = load_settings()
    for shown in (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump())):
        assert SECRET not in shown
    monkeypatch.setenv("HOTLINE_DATABASE_URL", f"mysql://hotline:{SECRET}@db/hotline")
    with pytest.raises(SettingsError, match="database_url") as caught:
        load_settings()
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value.__cause__)


def test_every_place_a_password_could_hide_in_is_a_secret() -> None:
    plain = [
        name
        for model in (Settings, *(field.annotation for field in Settings.model_fields.values()))
        if isinstance(model, type) and hasattr(model, "model_fields")
        for name, field in model.model_fields.items()
        if any(word in name for word in ("secret", "password", "token", "database_url")) and "Secret" not in str(field)
    ]
    assert plain == []


def _variables(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _variables(field.annotation, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}"


def test_every_setting_is_in_the_manual() -> None:
    manual = (CHECKOUT / "docs" / "settings.md").read_text("utf-8")
    assert [name for name in _variables(Settings, "HOTLINE_") if f"`{name}`" not in manual] == []


def test_the_master_key_is_named_by_its_file_and_read_where_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_RECORDINGS__MASTER_KEY_FILE", str(tmp_path / "not-there-yet.key"))
    settings = load_settings()
    assert settings.recordings.master_key_file == tmp_path / "not-there-yet.key"
    for name, value in for_child(settings).items():
        monkeypatch.setenv(name, value)
    assert load_settings().recordings == settings.recordings
