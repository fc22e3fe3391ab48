"""What lies in clear on the disk, for as long as somebody works on it: copies of sealed objects, and what becomes one.

It lies in a folder that only its owner may enter and is locked by the process that made it. The lock ends with the
process, however it ends, so that a sweep tells what a killed one left behind from what is in use.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

from recordings.errors import DiskFull, ObjectDamaged, ObjectMissing
from recordings.objects import Objects

MARK = "opened-"
REQUESTS = ("clip-", "scan-", "sent-")
"""Begin the names of plain folders of a request: a clip, a letter's pages, what was sent."""
FOLDERS = ("made-", *REQUESTS)
_NEW = "new-"
"""Begins what is not locked yet: nothing of anybody is in it."""


@asynccontextmanager
async def opened_copy(objects: Objects, key: str, suffix: str = "") -> AsyncIterator[Path]:
    """The plain bytes under `key` as a file of mode 0600 while the block runs.

    ObjectMissing, ObjectDamaged, StoreUnavailable where the bytes cannot be had, DiskFull where there is no room.
    """
    size = await objects.size(key)
    if size is None:
        raise ObjectMissing(f"{key} is not in the store")
    name = f"{uuid4().hex}{suffix}"
    new, path = objects.work() / f"{_NEW}{name}", objects.work() / f"{MARK}{name}"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        new.rename(path)
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


@contextmanager
def plain_folder(work: Path, mark: str = FOLDERS[0]) -> Iterator[Path]:
    """A folder of mode 0700 in `work` for files in clear, gone with all that is in it when the block ends.

    DiskFull where there is no room for it.
    """
    name = uuid4().hex
    new, path = work / f"{_NEW}{name}", work / f"{mark}{name}"
    try:
        new.mkdir(mode=0o700)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"no room left in {work}; free some space") from error
        raise
    descriptor = os.open(new, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        new.rename(path)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(descriptor)


def sweep(work: Path) -> int:
    """Remove the copies and folders that no living process holds; how many there were."""
    swept = 0
    for path in [found for found in work.glob("*") if found.name.startswith((MARK, *FOLDERS))]:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            continue  # gone meanwhile, or not ours: one such must not end the job that sweeps
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
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
