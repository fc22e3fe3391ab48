"""Wrong use is one sentence and 2, a failure one sentence and 1, and standard output carries results only."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hotline.cli import explain
from hotline.commands import COMMANDS
from hotline.errors import HotlineError, UsageError
from hotline.settings import SettingsError
from tests.hotline.conftest import Hotline


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a command"),
        (["transcrbe"], "did you mean `hotline transcribe`?"),
        (["xyz"], "no such command: 'xyz'"),
        (["--nonsense"], "no such option: --nonsense"),
        (["--config"], "--config needs a file"),
        (["transcribe"], "Missing argument 'file'"),
        (["qa", "draw"], "Missing argument 'CSV'"),
        (["users", "add", "x", "--role", "boss", "--name", "y"], "there is no role 'boss'"),
        (["db", "downgrade", "base"], "--yes"),
        (["run", "everything"], "the parts are asterisk, controller, worker, web"),
        (["up", "--only", "everything"], "there is no part 'everything'"),
    ],
)
def test_wrong_use_is_one_sentence_and_2(hotline: Hotline, arguments: list[str], said: str) -> None:
    result = hotline(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["doctor"], {"HOTLINE_CONFIG": "/nonexistent.toml"}, "cannot read the settings file /nonexistent.toml"),
        (["doctor"], {"HOTLINE_WEB_PORT": "no"}, "web_port"),
        (["db", "check"], {"HOTLINE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "does not answer"),
        (["audit", "verify", "--anchors", "/nonexistent"], {}, "/nonexistent"),
    ],
)
def test_a_failure_is_one_sentence_and_1(
    hotline: Hotline, arguments: list[str], environment: dict[str, str], said: str
) -> None:
    result = hotline(*arguments, **environment)
    assert result.returncode == 1
    assert result.stdout == ""
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_help_names_every_command_and_loads_none() -> None:
    probe = (
        "import sys; from hotline.cli import run; run(['--help']);"
        " print(sorted(m for m in sys.modules if m.split('.')[0] in ('typer', 'sqlalchemy', 'torch', 'pydantic')))"
    )
    out = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    assert all(name in out for name in COMMANDS)
    assert out.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_says_how_it_is_used(hotline: Hotline, name: str) -> None:
    result = hotline(name, "--help")
    assert result.returncode == 0, result.stderr
    assert f"hotline {name}" in result.stdout
    assert result.stderr == ""


def test_transcribe_needs_no_database_library() -> None:
    probe = "import sys, hotline.commands.transcribe as t; print('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout == "False\n"


def test_json_is_all_there_is_on_standard_output(hotline: Hotline) -> None:
    result = hotline("doctor", "--json")
    assert json.loads(result.stdout)["checks"]


def test_a_reader_that_goes_away_is_no_error_of_ours() -> None:
    command = f"{sys.executable} -m hotline users roles | head -c 1"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UsageError("give a file"), (2, "give a file")),
        (HotlineError("it is broken"), (1, "it is broken")),
        (SettingsError("setting 'x'"), (1, "setting 'x'")),
        (FileNotFoundError(2, "No such file or directory", "a.wav"), (1, "a.wav: No such file or directory")),
    ],
)
def test_what_an_exception_becomes(error: Exception, expected: tuple[int, str]) -> None:
    assert explain(error) == expected


def test_a_mistake_of_ours_is_a_sentence_too_and_the_traceback_is_to_be_had(tmp_path: Path) -> None:
    status, sentence = explain(KeyError("x"))
    assert status == 1
    assert "HOTLINE_DEBUG=1" in sentence
