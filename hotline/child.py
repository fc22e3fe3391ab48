"""Children that cannot outlive their parent, even when it is killed with SIGKILL."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(number: int = signal.SIGTERM) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends `number` to the child when the *thread* that started it is gone.

    Start such children from the main thread; one started from a pool's thread dies with that thread. The setting
    survives `exec`, but not a later change of user, so change the user first (`subprocess` does, with `user=`).
    """
    parent = os.getpid()

    def arrange() -> None:
        bind_to_parent(parent, number)

    return arrange


def bind_to_parent(parent: int, number: int) -> None:
    """The same for the running process, child of `parent`; it ends at once where `parent` is gone already."""
    _libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:  # it died before the line above took effect
        os._exit(1)
