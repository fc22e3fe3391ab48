from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from hotline.embedded import AlreadyOwnedError, EmbeddedPostgres, borrowed, libpq_url

OWNER = """
import sys, time
from pathlib import Path
from hotline.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "instance"


@pytest.fixture
def owner(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Another process that runs the server, and the server's process id."""
    process = subprocess.Popen([sys.executable, "-c", OWNER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process, int(process.stdout.readline())
    process.kill()
    process.wait()


def _answers(url: str) -> bool:
    with psycopg.connect(libpq_url(url)) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def _wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 30
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the server is still there"
        time.sleep(0.05)


def test_a_command_borrows_the_running_server_and_leaves_it_running(
    folder: Path, owner: tuple[subprocess.Popen[str], int]
) -> None:
    with borrowed(folder) as url:
        assert _answers(url)
    assert psutil.pid_exists(owner[1])
    with pytest.raises(AlreadyOwnedError):
        EmbeddedPostgres(folder).start()


def test_a_command_runs_a_server_for_itself_and_ends_it(folder: Path) -> None:
    with borrowed(folder) as url:
        assert _answers(url)
        pid = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    assert not psutil.pid_exists(pid)


def test_a_killed_owner_takes_the_server_along_and_what_was_committed_stays(
    folder: Path, owner: tuple[subprocess.Popen[str], int]
) -> None:
    process, pid = owner
    url = EmbeddedPostgres(folder).url()
    with psycopg.connect(libpq_url(url)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
    process.kill()
    process.wait()
    _wait_until_gone(pid)
    with borrowed(folder) as url, psycopg.connect(libpq_url(url)) as connection:
        assert connection.execute("SELECT seven FROM kept").fetchone() == (7,)


def test_a_killed_server_recovers_what_was_committed(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    with server:
        with psycopg.connect(libpq_url(server.url())) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        server.stop()
        server.start()
        with psycopg.connect(libpq_url(server.url())) as connection:
            assert connection.execute("SELECT seven FROM kept").fetchone() == (7,)


def test_a_pid_file_whose_number_belongs_to_another_process_is_no_obstacle(folder: Path) -> None:
    with borrowed(folder):
        pass
    (folder / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}/postgres\n0\n5432\n\n\n\nready\n")
    with borrowed(folder) as url:
        assert _answers(url)


def test_an_interrupted_first_start_is_begun_anew(folder: Path) -> None:
    (folder / "postgres.new" / "base").mkdir(parents=True)
    (folder / "postgres.new" / "PG_VERSION").write_text("18\n")
    with borrowed(folder) as url:
        assert _answers(url)


def test_a_long_path_gets_its_socket_elsewhere(folder: Path) -> None:
    deep = folder / ("x" * 60) / ("y" * 60)
    with borrowed(deep) as url:
        assert _answers(url)
        assert f"host={tempfile.gettempdir()}/hotline-pg-" in url


def test_it_listens_on_no_port(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        assert psutil.Process(server.pid).net_connections("inet") == []
        assert oct((folder / "socket").stat().st_mode & 0o777) == "0o700"
