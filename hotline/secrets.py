"""Secrets that nobody has to invent: made at the first start, kept in the instance's folder for its owner only."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from pydantic import SecretStr

from hotline.settings import Settings


def complete(settings: Settings) -> Settings:
    """The same settings with every secret that is not set taken from the instance's folder, or made there."""
    if settings.ami.secret.get_secret_value():
        return settings
    ami = settings.ami.model_copy(update={"secret": SecretStr(kept(settings, "ami"))})
    return settings.model_copy(update={"ami": ami})


def kept(settings: Settings, name: str) -> str:
    """The instance's secret `name`, the same one for every process and every start."""
    path = folder(settings) / name
    if not path.exists():
        write(path, secrets.token_urlsafe(24), replace=False)
    return path.read_text("utf-8")


def folder(settings: Settings) -> Path:
    """Where they lie, closed to everybody else."""
    path = settings.instance_dir / "secrets"
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def write(path: Path, value: str, *, replace: bool = True) -> None:
    """Put a secret into a file of mode 0600, whole or not at all; without `replace` the first of two writers wins."""
    descriptor, name = tempfile.mkstemp(dir=path.parent)  # mode 0600 from the start
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.write(value)
            handle.flush()
            os.fsync(handle.fileno())
        if replace:
            Path(name).rename(path)
        elif not path.exists():
            with_link(Path(name), path)
    finally:
        Path(name).unlink(missing_ok=True)


def with_link(source: Path, target: Path) -> None:
    """Give `source` the second name `target` unless that is taken."""
    try:
        target.hardlink_to(source)
    except FileExistsError:
        return
