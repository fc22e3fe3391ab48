"""The examination behind `hotline doctor`: plain questions to this machine, each answered by one finding."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from console.pages import DIST
from hotline.clock import SystemClock
from hotline.connect import database_url
from hotline.database import Database
from hotline.embedded import EmbeddedPostgresError, binaries, libpq_url
from hotline.errors import HotlineError
from hotline.migrations import runner
from hotline.processes.supervisor import supervisor_pid
from hotline.settings import Settings
from ivr.menu_reader import load_menus
from ivr.paths import asterisk_root, system_asterisk
from recordings import checkup
from transcribe.registry import MODELS, is_present

SETUP = "make setup"
_LEAST_FREE = 2_000_000_000
"""Bytes: about 18 hours of one call's raw legs."""
_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Finding:
    """`mend` is one command, or empty where there is nothing to mend or no command does it."""

    name: str
    ok: bool
    detail: str
    mend: str = ""
    needed: bool = True


def examine(settings: Settings) -> list[Finding]:
    """Every finding, in the order in which they are best mended. Starts nothing and changes nothing."""
    questions: list[Callable[[Settings], Finding]] = [
        _python, _packages, _data_folder, _asterisk, _menus, _console, _postgres, _schema, _system,
    ]  # fmt: skip
    findings = [question(settings) for question in questions]
    return findings + _vault(settings) + _models(settings) + _test_programs()


def _python(settings: Settings) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return Finding("Python", fits, f"{version} in {sys.prefix}", "make setup PYTHON=python3.11")


def _packages(settings: Settings) -> Finding:
    missing = []
    for line in importlib.metadata.requires("hotline") or []:
        name = _REQUIREMENT.match(line)
        if name is None or "extra ==" in line:
            continue
        try:
            importlib.metadata.version(name.group())
        except importlib.metadata.PackageNotFoundError:
            missing.append(name.group())
    return Finding("Python packages", not missing, f"missing: {', '.join(missing)}" if missing else "all there", SETUP)


def _data_folder(settings: Settings) -> Finding:
    folder = settings.data
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK):
        return Finding(
            "data folder",
            False,
            f"{settings.data} cannot be written by this user",
            f"sudo chown {os.getuid()} {folder}",
        )
    enough = free >= _LEAST_FREE
    return Finding(
        "data folder", enough, f"{settings.data}, {free / 1e9:.1f} GB free", "" if enough else f"df -h {folder}"
    )


def _asterisk(settings: Settings) -> Finding:
    try:
        root = asterisk_root(settings)
    except HotlineError as error:
        return Finding("Asterisk", False, str(error), SETUP)
    if root is None:
        return Finding("Asterisk", True, f"the system's, {system_asterisk()}")
    if os.geteuid() != 0:
        return Finding("Asterisk", False, f"in {root}, which root only can start", "sudo .venv/bin/hotline up")
    answer = subprocess.run(  # noqa: S603
        ["chroot", str(root), "/usr/sbin/asterisk", "-V"],  # noqa: S607
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if answer.returncode != 0:
        return Finding(
            "Asterisk", False, f"in {root}, does not run: {answer.stderr.strip()[:200]}", f"rm -rf {root} && {SETUP}"
        )
    return Finding("Asterisk", True, f"{answer.stdout.strip()} in {root}")


def _menus(settings: Settings) -> Finding:
    try:
        load_menus(settings.menu)
    except (HotlineError, OSError) as error:
        return Finding("menus", False, str(error), "hotline ivr check")
    return Finding("menus", True, str(settings.menu))


def _console(settings: Settings) -> Finding:
    built = (DIST / "console.js").exists()
    return Finding("console scripts", built, str(DIST), SETUP)


def _postgres(settings: Settings) -> Finding:
    if settings.database_url is not None:
        try:
            with psycopg.connect(libpq_url(database_url(settings)), connect_timeout=5) as connection:
                version = connection.info.server_version // 10000
        except psycopg.Error as error:
            return Finding("PostgreSQL", False, f"the server in the settings: {str(error).strip()}", "")
        return Finding("PostgreSQL", version >= 13, f"the server in the settings, version {version}")
    try:
        folder = binaries()
    except EmbeddedPostgresError as error:
        return Finding("PostgreSQL", False, str(error), SETUP)
    answer = subprocess.run([str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    return Finding("PostgreSQL", answer.returncode == 0, f"{answer.stdout.strip()}, embedded", SETUP)


def _schema(settings: Settings) -> Finding:
    """Looked at only where the database answers: starting one to look would be more than looking."""
    url = database_url(settings)
    try:
        with psycopg.connect(libpq_url(url), connect_timeout=5):
            pass
    except psycopg.Error:
        return Finding("schema", True, "not looked at: the database is not running", needed=False)
    revision, wanted = runner.current(url)
    return Finding("schema", revision == wanted, f"at {revision or 'nothing'}, wanted {wanted}", "hotline db upgrade")


def _vault(settings: Settings) -> list[Finding]:
    """Keys and stored recordings; what lies in the database is looked at only where it answers."""
    answers = list(checkup.on_this_machine(settings))
    try:
        answers += asyncio.run(_asked_of_rows(settings))
    except SQLAlchemyError:
        answers.append(checkup.Answer("master key", True, "not looked at: the database is not running or not migrated"))
    return [Finding(each.name, each.ok, each.detail, each.mend) for each in answers]


async def _asked_of_rows(settings: Settings) -> list[checkup.Answer]:
    database = Database(database_url(settings))
    try:
        async with database.transaction() as session:
            return await checkup.in_the_database(session, settings, SystemClock().now())
    finally:
        await database.close()


def _system(settings: Settings) -> Finding:
    pid = supervisor_pid(settings)
    note = settings.instance_dir / "system.json"
    detail = f"process {pid}, see {note}" if pid is not None else "not running"
    return Finding("running system", pid is not None, detail, "hotline up", needed=False)


def _models(settings: Settings) -> list[Finding]:
    return [
        Finding(
            f"model {model.name}",
            is_present(settings.models_dir, model),
            model.title,
            f"hotline models fetch {model.name}",
            needed=not (model.optional or model.for_tests),
        )
        for model in MODELS.values()
    ]


def _test_programs() -> list[Finding]:
    wanted = {"chromium": "/usr/bin/chromium", "sipp": "/usr/bin/sipp"}
    return [
        Finding(f"{name} (for the tests)", Path(path).exists(), path, SETUP, needed=False)
        for name, path in wanted.items()
    ]
