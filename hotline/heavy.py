"""Work that would hold up an event loop for seconds (audio, models), in processes of its own.

A process is started at first use and kept, so that what a function keeps in a module-level cache (a loaded model) is
loaded once per worker. It dies with its parent, runs below everybody else's priority, and is replaced after so many
files, when it has grown too large, when it is killed (by the kernel for memory, say) and when it works on one file for
longer than it was given; the work it held then fails, to be retried by its job.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import ParamSpec, TypeVar

import psutil
import structlog

from hotline.child import bind_to_parent
from hotline.errors import HotlineError

P = ParamSpec("P")
T = TypeVar("T")

NICE = 15
"""Of the processes and of their sessions: people talking come first. The kernel gives their reading and writing the
like place in line. Further down a machine that is busy all day would recognise nothing, and every file would run out of
its time. `bench/drain.py` says what it is worth."""
_SESSION = Path("/proc/self/autogroup")
_TRIES = 50
MOST_RUNS = 500
MOST_MEGABYTES = 2000

_log = structlog.get_logger(__name__)


class HeavyWorkLost(HotlineError):
    """The process that did the work died; trying again is right."""

    code = "heavy_work_lost"


class HeavyWorkTooLong(HotlineError):
    """The work took longer than it was given, and was ended."""

    code = "heavy_work_too_long"


class HeavyWork:
    """Runs plain functions of a module, with arguments and results that can be pickled, in `processes` processes.

    One piece of work at a time in each. A process is ended once it has done `most_runs`, or holds more than
    `most_megabytes` after its work.
    """

    def __init__(
        self, processes: int = 1, *, most_runs: int = MOST_RUNS, most_megabytes: float = MOST_MEGABYTES
    ) -> None:
        self._most_runs = most_runs
        self._most_megabytes = most_megabytes
        self._slots = [_Slot() for _ in range(processes)]
        self._free = asyncio.Semaphore(processes)

    async def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The function's result, or what it raised; HeavyWorkLost where its process died."""
        return await self.run_within(None, function, *args, **kwargs)

    async def run_within(
        self, seconds: float | None, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same; HeavyWorkTooLong where it takes more than `seconds`, which begin when a process is free."""
        async with self._free:
            slot = next(slot for slot in self._slots if not slot.busy)
            slot.busy = True
            try:
                return await self._run(slot, seconds, lambda pool: pool.submit(function, *args, **kwargs))
            finally:
                slot.busy = False

    async def _run(self, slot: _Slot, seconds: float | None, submit: Callable[[ProcessPoolExecutor], Future[T]]) -> T:
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                result = await asyncio.wrap_future(submit(slot.started()))
        except BrokenProcessPool as error:
            slot.end()
            _log.warning("heavy.process_died")
            raise HeavyWorkLost("the process that worked on the audio died; it is tried again") from error
        except TimeoutError as error:
            if not limit.expired():
                raise
            slot.end()
            _log.warning("heavy.too_long", seconds=seconds)
            raise HeavyWorkTooLong(f"the work on the audio was ended after {seconds:.0f} s") from error
        except asyncio.CancelledError:
            slot.end()  # nobody waits for it any more
            raise
        finally:
            slot.runs += 1
            if slot.runs >= self._most_runs or slot.megabytes() > self._most_megabytes:
                slot.end()
        return result

    def close(self) -> None:
        """End the processes; what they are at is given up."""
        for slot in self._slots:
            slot.end()


class _Slot:
    """A process, or the place of one that was not started yet."""

    def __init__(self) -> None:
        self.busy = False
        self.runs = 0
        self._pool: ProcessPoolExecutor | None = None

    def started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self.runs = 0
            self._pool = ProcessPoolExecutor(
                1, mp_context=get_context("spawn"), initializer=_prepare, initargs=(os.getpid(),)
            )
        return self._pool

    def megabytes(self) -> float:
        try:
            return sum(psutil.Process(pid).memory_info().rss for pid in self._children()) / 1e6
        except psutil.NoSuchProcess:
            return 0.0

    def end(self) -> None:
        """Kill the process, whatever it does."""
        children = [] if self._pool is None else list((self._pool._processes or {}).values())
        pool, self._pool = self._pool, None
        if pool is None:
            return
        pool.shutdown(wait=False, cancel_futures=True)
        for child in children:
            child.kill()
        for child in children:
            child.join()

    def _children(self) -> list[int]:
        # The executor offers no other way to its processes.
        return [] if self._pool is None else list(self._pool._processes or {})


def _prepare(parent: int) -> None:
    bind_to_parent(parent, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the parent
    os.nice(NICE)
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    _be_a_nice_session()


def _be_a_nice_session() -> None:
    """Niceness towards other sessions.

    Linux shares its cores between sessions first and between the processes of each after that (`sched_autogroup`).
    Asterisk, the database and the controller are sessions of their own, so that a process's niceness counts for
    nothing against them: this one becomes a session too, and the session is made nice.
    """
    os.setsid()
    for _ in range(_TRIES):
        try:
            _SESSION.write_text(str(NICE))
        except BlockingIOError:
            time.sleep(0.1)  # the kernel takes one such change in a tenth of a second
        except OSError as error:  # a kernel without such sessions, a /proc that cannot be written to
            _log.info("heavy.session_not_nice", error=type(error).__name__)
            return
        else:
            return
