"""Work on what strangers sent, in a process that may take only so much memory, disk and time.

Decoders are large and old, and a file can be made to hurt them: whatever one of them does, this process survives it
and says in a sentence that the file was too much. The child is started at first use and kept; one that went over its
limit, or died, is replaced.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import ClassVar, ParamSpec, TypeVar

from hotline.child import bind_to_parent
from hotline.errors import HotlineError

P = ParamSpec("P")
T = TypeVar("T")


class TooMuch(HotlineError):
    """The work took more time or memory than it may, or ended its process."""

    code: ClassVar[str] = "too_much"


class BoundedWork:
    """Runs plain functions of a module, one at a time; arguments, results and errors are pickled.

    `seconds` is for one call, `memory_mb` for what the child may take beyond what its modules need, `file_mb` for any
    file that it writes.
    """

    def __init__(self, *, seconds: float, memory_mb: int = 1024, file_mb: int = 4096) -> None:
        self._seconds = seconds
        self._limits = (memory_mb << 20, file_mb << 20)
        self._pool: ProcessPoolExecutor | None = None
        self._turn = asyncio.Lock()

    async def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The function's result, or what it raised; TooMuch where it went over a limit or took its process down."""
        async with self._turn:
            future = asyncio.wrap_future(self._started().submit(function, *args, **kwargs))
            try:
                async with asyncio.timeout(self._seconds):
                    return await future
            except TimeoutError:
                self.close()
                raise TooMuch(f"it took longer than {self._seconds:g} seconds") from None
            except BrokenProcessPool:
                self.close()
                raise TooMuch("the program that reads such files broke down over it") from None
            except MemoryError:
                self.close()
                raise TooMuch("it needs more memory than one file may have") from None
            except asyncio.CancelledError:
                self.close()
                raise

    def close(self) -> None:
        """End the child, whatever it is at."""
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
                1, mp_context=get_context("spawn"), initializer=_prepare, initargs=(os.getpid(), *self._limits)
            )
        return self._pool


def _prepare(parent: int, memory: int, file: int) -> None:
    bind_to_parent(parent, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the parent
    os.nice(5)  # people talking come first
    with open(os.devnull, "wb") as nowhere:  # libmpg123 and others say at length what they think of a file
        os.dup2(nowhere.fileno(), 2)
    # The data limit counts what is written to, not what a library only reserves (as RLIMIT_AS would).
    resource.setrlimit(resource.RLIMIT_DATA, (_data_bytes() + memory, _data_bytes() + memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file, file))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _data_bytes() -> int:
    """What this process has of its own by now (`VmData`)."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmData:"))
