"""Work that would hold up an event loop for seconds (audio, models), in a process of its own.

The process is started at first use and kept, so that what a function keeps in a module-level cache (a loaded model)
is loaded once per worker. It dies with its parent. One that is killed, by the kernel for memory say, is replaced, and
the work it held fails, to be retried by its job.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

import structlog

from hotline.child import bind_to_parent
from hotline.errors import HotlineError

P = ParamSpec("P")
T = TypeVar("T")

_log = structlog.get_logger(__name__)


class HeavyWorkLost(HotlineError):
    """The process that did the work died; trying again is right."""

    code = "heavy_work_lost"


class HeavyWork:
    """Runs plain functions of a module, with arguments and results that can be pickled, in `processes` processes."""

    def __init__(self, processes: int = 1) -> None:
        self._processes = processes
        self._pool: ProcessPoolExecutor | None = None

    async def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The function's result, or what it raised; HeavyWorkLost where its process died."""
        pool = self._started()
        try:
            return await asyncio.wrap_future(pool.submit(function, *args, **kwargs))
        except BrokenProcessPool as error:
            if self._pool is pool:
                self._pool = None
            pool.shutdown(wait=False)
            _log.warning("heavy.process_died", function=function.__qualname__)
            raise HeavyWorkLost("the process that worked on the audio died; it is tried again") from error

    def close(self) -> None:
        """End the processes; what they are at is given up."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        children = list((pool._processes or {}).values())  # the executor offers no other way to stop running work
        pool.shutdown(wait=False, cancel_futures=True)
        for child in children:
            child.kill()
        for child in children:
            child.join()

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._processes, mp_context=get_context("spawn"), initializer=_prepare, initargs=(os.getpid(),)
            )
        return self._pool


def _prepare(parent: int) -> None:
    bind_to_parent(parent, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the parent
    os.nice(5)  # people talking come first
