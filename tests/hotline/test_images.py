"""What can be said about the images without building them; `docker/build.sh` builds and starts them."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from hotline.processes.part import PARTS
from hotline.settings import CHECKOUT, load_settings

DOCKER = CHECKOUT / "docker"


@pytest.fixture
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text("utf-8"))
    return loaded


def test_compose_runs_every_part_with_settings_that_are_accepted(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commands = [service["command"] for service in compose["services"].values() if "command" in service]
    assert {part for verb, part, *_ in commands if verb == "run"} == set(PARTS)
    for name in ("database_url", "ami"):
        (tmp_path / name).write_text("postgresql://hotline:x@postgres/postgres" if name == "database_url" else "x" * 24)
    for name, value in compose["services"]["worker"]["environment"].items():
        monkeypatch.setenv(name, value.replace("/run/secrets", str(tmp_path)))
    settings = load_settings()
    assert settings.ami.host == "asterisk"
    assert settings.database_url is not None
    published = compose["services"]["asterisk"]["ports"]
    assert f"{settings.asterisk.rtp_start}-{settings.asterisk.rtp_end}" in published[1]


def test_the_image_holds_every_package_of_the_distribution() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))
    include = project["tool"]["setuptools"]["packages"]["find"]["include"]
    packages = {name.rstrip("*") for name in include if (CHECKOUT / name.rstrip("*")).is_dir()}
    copied = set(re.findall(r"^COPY (\w+) \1$", (DOCKER / "hotline.Dockerfile").read_text("utf-8"), re.MULTILINE))
    assert packages <= copied


@pytest.mark.parametrize("script", sorted(DOCKER.glob("*.sh")), ids=lambda path: path.name)
def test_the_scripts_are_sound_shell(script: Path) -> None:
    shell = "bash" if "bash" in script.read_text("utf-8").split("\n", 1)[0] else "sh"
    subprocess.run([shell, "-n", str(script)], check=True)


def test_secrets_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    script = tmp_path / "secrets.sh"
    script.write_bytes((DOCKER / "secrets.sh").read_bytes())
    found = []
    for _ in range(2):
        subprocess.run(["bash", str(script)], check=True, capture_output=True)
        found.append({file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()})
    assert found[0] == found[1]
    assert set(found[0]) == {"ami", "database_url", "postgres_password"}
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "secrets").iterdir())
