"""Plain copies of sealed objects, for as long as somebody works on them.

A copy lies in a folder that only its owner may enter and is locked by the process that made it. The lock ends with the
process, however it ends, so that a sweep tells what a killed one left behind from what is in use.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from recordings.errors import DiskFull, ObjectDamaged, ObjectMissing
from recordings.objects import Objects

MARK = "opened-"
JUST_MADE_SECONDS = 60
"""A copy younger than this may not be locked yet."""


@asynccontextmanager
async def opened_copy(objects: Objects, key: str, suffix: str = "") -> AsyncIterator[Path]:
    """The plain bytes under `key` as a file of mode 0600 while the block runs.

    ObjectMissing, ObjectDamaged, StoreUnavailable where the bytes cannot be had, DiskFull where there is no room.
    """
    size = await objects.size(key)
    if size is None:
        raise ObjectMissing(f"{key} is not in the store")
    path = objects.work() / f"{MARK}{uuid4().hex}{suffix}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        written = 0
        async for chunk in objects.read(key, 0, size):
            try:
                await asyncio.to_thread(_write, descriptor, chunk)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise DiskFull(f"no room left in {path.parent} to open a recording; free some space") from error
                raise
            written += len(chunk)
        if written != size:
            raise ObjectDamaged(f"{key} gave {written} of {size} bytes")
        yield path
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def sweep(folder: Path) -> int:
    """Remove the copies that no living process holds; how many there were."""
    swept = 0
    for path in folder.glob(f"{MARK}*"):
        try:
            if time.time() - path.lstat().st_mtime < JUST_MADE_SECONDS:
                continue
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            path.unlink(missing_ok=True)
            swept += 1
        finally:
            os.close(descriptor)
    return swept


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
