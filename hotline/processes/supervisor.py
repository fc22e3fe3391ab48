"""Runs the whole system on one machine: database, Asterisk, controller, worker and console as child processes.

    async with running(settings) as system:
        ...                      # system.web_url answers, callers can dial system.settings.asterisk.sip_port
    # no process is left

A part that dies is started again, more and more slowly while it keeps dying. Every child ends with us, even if we are
killed with SIGKILL. One supervisor per instance: a lock says so, and a stale pid file means nothing.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import structlog

from hotline import secrets
from hotline.child import die_with_parent
from hotline.connect import database_url
from hotline.embedded import AlreadyOwnedError, EmbeddedPostgres
from hotline.errors import HotlineError
from hotline.migrations import runner
from hotline.processes.environment import for_child
from hotline.processes.part import READY_FD
from hotline.processes.ports import settled
from hotline.settings import Settings

ORDER = ("asterisk", "controller", "worker", "web")
READY_SECONDS = 90.0
STOP_SECONDS = 20.0
FIRST_BACK_OFF = 0.5
LONGEST_BACK_OFF = 30.0
BORROWED_SECONDS = 30.0
"""A command such as `hotline users add` may be running the database for itself this long."""
STEADY_SECONDS = 60.0
"""A part that ran this long has recovered: its next end is not counted with the earlier ones."""
_LARGEST_LOG = 10_000_000

_log = structlog.get_logger(__name__)
Progress = Callable[[str], None]


class SupervisorError(HotlineError):
    code = "supervisor"


class AlreadyRunningError(SupervisorError):
    code = "already_running"


@dataclass(frozen=True)
class System:
    """A running system. `settings` has the ports that were really taken."""

    settings: Settings
    database_url: str
    _parts: dict[str, _Part]
    _postgres: EmbeddedPostgres | None

    @property
    def web_url(self) -> str:
        scheme = "https" if self.settings.web_certificate else "http"
        return f"{scheme}://{self.settings.web_host}:{self.settings.web_port}"

    @property
    def pids(self) -> dict[str, int]:
        """Process id of every part that runs at this moment."""
        found = {name: part.pid for name, part in self._parts.items()}
        found["postgres"] = self._postgres.pid if self._postgres is not None else None
        return {name: pid for name, pid in found.items() if pid is not None}

    @property
    def restarts(self) -> dict[str, int]:
        return {name: part.restarts for name, part in self._parts.items()}


@asynccontextmanager
async def running(
    settings: Settings, parts: Sequence[str] = ORDER, *, progress: Progress = lambda line: None
) -> AsyncIterator[System]:
    """Start the database, migrate it, start `parts` in order and wait for each; stop all of it at the end.

    Must be entered from the main thread. Raises AlreadyRunningError where this instance runs already, and
    SupervisorError with the end of a part's log where it does not start.
    """
    folder = settings.instance_dir
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder), settled(secrets.complete(settings)) as chosen:
        postgres = await _start_postgres(chosen, progress)
        children: dict[str, _Part] = {}
        watcher: asyncio.Task[None] | None = None
        try:
            url = database_url(chosen)
            progress("bringing the database's schema up to date")
            await asyncio.to_thread(runner.upgrade, url)
            environment = for_child(chosen)
            children |= {name: _Part(name, environment, folder / "log" / f"{name}.log") for name in parts}
            await _start(children, progress)
            system = System(chosen, url, children, postgres)
            if postgres is not None:
                watcher = asyncio.create_task(_keep_postgres(postgres))
            _describe(folder, system)
            yield system
        finally:
            if watcher is not None:
                watcher.cancel()
            for name in reversed(children):
                progress(f"stopping {name}")
                await children[name].stop()
            if postgres is not None:
                progress("stopping the database")
                postgres.stop()
            (folder / "system.json").unlink(missing_ok=True)


async def _start(children: dict[str, _Part], progress: Progress) -> None:
    """Asterisk first, since the controller asks it what is going on; then the others side by side."""
    others = [part for name, part in children.items() if name != "asterisk"]
    if "asterisk" in children:
        progress("starting asterisk")
        await children["asterisk"].start()
    if others:
        progress(f"starting {', '.join(part.name for part in others)}")
    for outcome in await asyncio.gather(*(part.start() for part in others), return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


class _Part:
    """One child process, kept alive."""

    def __init__(self, name: str, environment: dict[str, str], log: Path) -> None:
        self.name = name
        self.restarts = 0
        self._environment = environment
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it and wait until it says that it is ready; from then on it is kept alive."""
        started = time.monotonic()
        if not await self._spawn_until_ready():
            raise SupervisorError(f"{self.name} did not start: {self._last_words()}")
        self._keeper = asyncio.create_task(self._keep(started))

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL when it does not go."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        await self._end()

    async def _keep(self, started: float) -> None:
        back_off = FIRST_BACK_OFF
        while True:
            assert self._process is not None
            status = await self._process.wait()
            if time.monotonic() - started > STEADY_SECONDS:
                back_off = FIRST_BACK_OFF
            self.restarts += 1
            _log.warning("part.died", part=self.name, status=status, restarts=self.restarts, again_in=back_off)
            await asyncio.sleep(back_off)
            back_off = min(back_off * 2, LONGEST_BACK_OFF)
            started = time.monotonic()
            await self._spawn_until_ready()

    async def _spawn_until_ready(self) -> bool:
        """Whether it became ready; one that does not within the time is ended."""
        reading, writing = os.pipe()
        try:
            self._process = await self._spawn(writing)
        finally:
            os.close(writing)
        try:
            async with asyncio.timeout(READY_SECONDS):  # not wait_for: in Python 3.11 it can swallow a cancellation
                ready = await _first_byte(reading)
        except TimeoutError:
            ready = False
        finally:
            os.close(reading)
        if not ready:
            await self._end()
        return ready

    async def _spawn(self, ready: int) -> asyncio.subprocess.Process:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        if self._log.exists() and self._log.stat().st_size > _LARGEST_LOG:
            self._log.replace(self._log.with_suffix(".log.1"))
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "hotline", "run", self.name,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                env=self._environment | {READY_FD: str(ready)}, pass_fds=(ready,),
                preexec_fn=die_with_parent(signal.SIGTERM),  # one prctl call, nothing that locks
                start_new_session=True,  # a Ctrl-C in the terminal is for us, who stop them in order
            )  # fmt: skip

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            _log.warning("part.killed", part=self.name)
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _last_words(self) -> str:
        """The last sentence it wrote for people, with where to read more."""
        lines = self._log.read_text("utf-8", errors="replace").splitlines() if self._log.exists() else []
        said = next(
            (line.removeprefix("hotline: ") for line in reversed(lines[-50:]) if line.startswith("hotline: ")), ""
        )
        return f"{said or 'it said nothing'} (log: {self._log})"


async def _first_byte(descriptor: int) -> bool:
    """Whether a byte comes out of the pipe before it is closed."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(descriptor, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(descriptor)
    return bool(os.read(descriptor, 1))


async def _start_postgres(settings: Settings, progress: Progress) -> EmbeddedPostgres | None:
    if settings.database_url is not None:
        return None
    progress("starting the database")
    postgres = EmbeddedPostgres(settings.instance_dir)
    deadline = time.monotonic() + BORROWED_SECONDS
    while True:
        try:
            postgres.start()
        except AlreadyOwnedError:  # by a short command, which will be done in a moment
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)
        else:
            return postgres


async def _keep_postgres(postgres: EmbeddedPostgres) -> None:
    back_off = FIRST_BACK_OFF
    while True:
        await asyncio.sleep(0.5)
        if postgres.alive():
            continue
        _log.warning("postgres.died", again_in=back_off)
        await asyncio.sleep(back_off)
        back_off = min(back_off * 2, LONGEST_BACK_OFF)
        postgres.stop()  # gives the lock back
        try:
            postgres.start()  # blocks for a second or two; nothing else can go on without it anyway
        except HotlineError as error:
            _log.error("postgres.not_started", error=str(error))


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = _take_lock(folder)
    try:
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield
    finally:
        handle.truncate(0)
        handle.close()


def _take_lock(folder: Path) -> IO[str]:
    handle = (folder / "supervisor.pid").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise AlreadyRunningError(
            f"this instance runs already (its files are in {folder}); `hotline down` stops it"
        ) from None
    return handle


def supervisor_pid(settings: Settings) -> int | None:
    """Process id of this instance's living supervisor; a pid file whose lock nobody holds is stale."""
    path = settings.instance_dir / "supervisor.pid"
    if not path.exists():
        return None
    with path.open("r+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = handle.read().strip()
            return int(text) if text.isdigit() else None
    return None


def _describe(folder: Path, system: System) -> None:
    """Leave a note of where everything is, for people and scripts on this machine."""
    asterisk = system.settings.asterisk
    note = {
        "web": system.web_url,
        "sip": f"{asterisk.bind}:{asterisk.sip_port}",
        "http": f"{asterisk.bind}:{asterisk.http_port}",
        "ami_port": system.settings.ami.port,
        "supervisor": os.getpid(),
    }
    (folder / "system.json").write_text(json.dumps(note, indent=2) + "\n")
