"""`hotline db`, `users`, `audit` and `doctor` on a real database."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from hotline.embedded import EmbeddedPostgres, libpq_url
from tests.hotline.conftest import Hotline, Result


@pytest.fixture
def empty(postgres: EmbeddedPostgres) -> Iterator[str]:
    with psycopg.connect(libpq_url(postgres.url("postgres")), autocommit=True) as connection:
        connection.execute("CREATE DATABASE commands")
        yield libpq_url(postgres.url("commands"))
        connection.execute("DROP DATABASE commands WITH (FORCE)")


@pytest.fixture
def on_database(hotline: Hotline, database_url: str, tmp_path: Path) -> Hotline:
    def run(*arguments: str, stdin: str = "") -> Result:
        return hotline(
            *arguments, stdin=stdin, HOTLINE_DATABASE_URL=libpq_url(database_url), HOTLINE_DATA=str(tmp_path)
        )

    return run


def test_db_upgrade_check_and_downgrade(hotline: Hotline, empty: str, tmp_path: Path) -> None:
    here = {"HOTLINE_DATABASE_URL": empty, "HOTLINE_DATA": str(tmp_path)}
    behind = hotline("db", "check", **here)
    assert behind.returncode == 1
    assert "hotline db upgrade" in behind.stdout
    without = hotline("users", "list", **here)
    assert (without.returncode, without.stderr.count("\n")) == (1, 1)
    assert "hotline db upgrade" in without.stderr
    assert hotline("db", "upgrade", **here).returncode == 0
    report = json.loads(hotline("db", "check", "--json", **here).stdout)
    assert report["revision"] == report["wanted"]
    assert report["differences"] == []
    assert hotline("db", "downgrade", "base", "--yes", **here).stdout == "the database is at nothing\n"


def test_users_are_added_listed_closed_and_every_change_is_in_the_audit(on_database: Hotline) -> None:
    added = on_database(
        "users",
        "add",
        "li.na",
        "--role",
        "inspector",
        "--name",
        "李娜",
        "--password-file",
        "-",
        stdin="correct horse\n",
    )
    assert added.stdout == "added li.na (inspector)\n"
    taken = on_database(
        "users", "add", "li.na", "--role", "junior", "--name", "x", "--password-file", "-", stdin="correct horse\n"
    )
    assert (taken.returncode, "is taken" in taken.stderr) == (1, True)
    assert on_database("users", "password", "li.na", "--password-file", "-", stdin="battery staple\n").returncode == 0
    assert on_database("users", "close", "li.na").returncode == 0
    assert json.loads(on_database("users", "list", "--json").stdout)["users"] == [
        {"login": "li.na", "name": "李娜", "role": "inspector", "seat": None, "disabled": True}
    ]
    missing = on_database("users", "close", "nobody")
    assert (missing.returncode, "hotline users list" in missing.stderr) == (1, True)
    entries = json.loads(on_database("audit", "show", "--json").stdout)["entries"]
    assert [entry["action"] for entry in entries] == ["user.add", "user.password", "user.close"]
    assert "correct horse" not in json.dumps(entries)


def test_audit_verify_names_the_entry_that_was_changed(on_database: Hotline, database_url: str) -> None:
    for login in ("a", "b", "c"):
        on_database("users", "add", login, "--role", "junior", "--name", "x", "--password-file", "-", stdin="12345678")
    assert on_database("audit", "verify").returncode == 0
    with psycopg.connect(libpq_url(database_url)) as connection:
        connection.execute("ALTER TABLE audit DISABLE TRIGGER ALL")
        connection.execute("UPDATE audit SET subject = 'd' WHERE seq = 2")
    result = on_database("audit", "verify", "--json")
    assert result.returncode == 1
    assert [(each["seq"], each["kind"]) for each in json.loads(result.stdout)["problems"]] == [(2, "changed")]
    assert "entry 2 was changed" in on_database("audit", "verify").stdout


def test_doctor_names_what_is_missing_and_what_mends_it(hotline: Hotline, tmp_path: Path) -> None:
    if Path("/usr/sbin/asterisk").exists():
        pytest.skip("this machine has an Asterisk of its own, so nothing is missing")
    result = hotline("doctor", "--json", HOTLINE_DATA=str(tmp_path))
    assert result.returncode == 1
    checks = {check["name"]: check for check in json.loads(result.stdout)["checks"]}
    assert not checks["Asterisk"]["ok"]
    assert checks["Asterisk"]["mend"] == "make setup"
    assert not checks["model whisper-base"]["ok"]
    assert checks["model whisper-base"]["mend"] == "hotline models fetch whisper-base"
    assert checks["PostgreSQL"]["ok"]
    text = hotline("doctor").stdout
    assert "MISSING  Asterisk" in text
    assert shutil.which("chromium") is None or "ok       chromium" in text
