"""A command line run in this process, as `hotline` would."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import structlog

from hotline.cli import main


@dataclass(frozen=True)
class Result:
    returncode: int
    stdout: str
    stderr: str


Hotline = Callable[..., Result]


@pytest.fixture
def hotline(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Hotline]:
    """Runs a command line in an environment that has none of our variables but the given ones."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    for name in [name for name in os.environ if name.startswith("HOTLINE_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str, stdin: str = "", **environment: str) -> Result:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["hotline", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        status = main()
        captured = capsys.readouterr()
        return Result(status, captured.out, captured.err)

    yield run
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
