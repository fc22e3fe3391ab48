"""The object store as it lies there: a folder of the instance by default, S3 where `store_url` says so.

What is kept in it is sealed by `recordings.sealed`, which speaks the same protocol; open it there.

An object is written once: under a key that exists nothing else is ever put. What was put is read back and hashed
before anyone may delete the legs it came from.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Protocol

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from hotline.clock import local_day
from hotline.settings import Settings
from recordings.encode import flush_folder
from recordings.errors import DiskFull, ObjectDamaged, ObjectMissing, StoreConflict, StoreUnavailable
from recordings.legs import check_uid

CHUNK = 256 * 1024
EXTENSION = ".flac"
_ON_THIS_MACHINE = ("memory:", "file:")
_RENDITION = re.compile(r"[a-z][a-z0-9-]*")
_HALF = re.compile(r"#\d+$", re.ASCII)
"""obstore's local store writes to `<name>#<number>` and renames."""
_SHA_MARK = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Stored:
    """One object; `bytes` as they lie in the store, sealed or not, `changed_at` by the store's clock."""

    key: str
    bytes: int
    changed_at: datetime


class Objects(Protocol):
    """What the room needs of a store; every method may raise StoreUnavailable."""

    async def size(self, key: str) -> int | None:
        """Bytes under `key`, None where nothing is."""
        ...

    async def put(self, key: str, source: Path) -> None:
        """Store the file whole or not at all; StoreConflict where the key is taken, DiskFull where no room is left."""
        ...

    def read(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        """`length` bytes from `start` on, in chunks.

        ObjectMissing where nothing is under `key`, ObjectDamaged where what lies there is not what was put.
        """
        ...

    async def holds(self, key: str, sha256: str) -> bool:
        """Whether all that lies under `key`, read back from the store, is what was put, with this SHA-256.

        ObjectMissing where nothing is under `key`.
        """
        ...

    async def delete(self, key: str) -> None:
        """Remove what is under `key`; nothing happens where nothing is."""
        ...

    def listing(self, folder: str = "") -> AsyncIterator[Stored]:
        """Everything in the store, or below one folder such as `2026/11/21`."""
        ...

    def work(self) -> Path:
        """A folder of this machine, closed to others, for files that are being made or looked at."""
        ...

    def forget_halves(self, before: datetime) -> int:
        """Remove what killed puts left behind before a moment; how many there were. S3 has a bucket rule for that."""
        ...


class ObstoreObjects:
    """`Objects` over any store that obstore speaks to."""

    def __init__(self, store: obstore.store.ObjectStore, folder: Path | None = None, work: Path | None = None) -> None:
        self._store = store
        self._folder = folder
        self._work = work or Path(tempfile.gettempdir()) / f"hotline-work-{os.getuid()}"

    async def size(self, key: str) -> int | None:
        try:
            return int((await obstore.head_async(self._store, key))["size"])
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise _told(error, key) from error

    async def put(self, key: str, source: Path) -> None:
        # A conditional put would hold the whole file in memory (obstore sends it in one part), and a call can last
        # six hours: the key is looked up first. Finalisers of one call exclude each other by a lock on its legs.
        if await self.size(key) is not None:
            raise StoreConflict(f"{key} is already in the store")
        await self.write(key, source)

    async def read(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        if length <= 0:
            return
        try:
            answer = await obstore.get_async(self._store, key, options={"range": (start, start + length)})
            async for chunk in answer.stream(min_chunk_size=CHUNK):
                yield bytes(chunk)
        except (BaseError, OSError) as error:
            raise _told(error, key) from error

    async def holds(self, key: str, sha256: str) -> bool:
        return (await digest(self, key))[0] == sha256

    async def whole(self, key: str, most: int) -> AsyncIterator[bytes]:
        """All bytes of a small object, `most` at most."""
        size = await self.size(key)
        if size is None:
            raise ObjectMissing(f"{key} is not in the store")
        async for chunk in self.read(key, 0, min(size, most)):
            yield chunk

    async def write(self, key: str, data: Path | bytes) -> None:
        """Put `data` under `key` whole or not at all, instead of what is there."""
        try:
            await obstore.put_async(self._store, key, data)
        except (BaseError, OSError) as error:
            raise _told(error, key) from error
        stored = self.path(key)
        if stored is not None:
            await asyncio.to_thread(_flush, stored)

    async def delete(self, key: str) -> None:
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise _told(error, key) from error
        stored = self.path(key)
        if stored is not None and stored.parent.exists():
            await asyncio.to_thread(flush_folder, stored.parent)

    async def listing(self, folder: str = "") -> AsyncIterator[Stored]:
        if self._folder is not None:  # obstore gives up a listing over the first name that is none of its own
            walked = _walked(self._folder, folder)
            while some := await asyncio.to_thread(lambda: list(islice(walked, 1000))):
                for each in some:
                    yield each
            return
        try:
            async for batch in obstore.list(self._store, folder or None, chunk_size=1000):
                for found in batch:
                    yield Stored(found["path"], int(found["size"]), found["last_modified"])
        except FileNotFoundError:
            return  # a local store in which nothing was put yet
        except (BaseError, OSError) as error:
            raise _told(error, "the list of objects") from error

    def path(self, key: str) -> Path | None:
        """The object as it lies on this machine, where the store is a folder of it."""
        return self._folder / key if self._folder is not None else None

    def work(self) -> Path:
        return private_folder(self._work)

    def forget_halves(self, before: datetime) -> int:
        halves = self._folder.rglob(f"*{EXTENSION}#[0-9]*") if self._folder is not None else ()
        old = [half for half in halves if half.stat().st_mtime < before.timestamp()]
        for half in old:
            half.unlink(missing_ok=True)
        return len(old)


def open_store(settings: Settings) -> ObstoreObjects:
    """The store that the settings name, without the sealing; the default lies under the instance's folder."""
    work = settings.instance_dir / "recordings-work"
    if settings.store_url.startswith(_ON_THIS_MACHINE):
        return ObstoreObjects(from_url(settings.store_url), work=work)
    if settings.store_url:
        # A store that is away is told of soon: the jobs try again for good, and a person must not wait for minutes.
        remote = from_url(
            settings.store_url,
            client_options={
                "connect_timeout": timedelta(seconds=5),
                "timeout": timedelta(seconds=60),
                # obstore takes its own options from the environment only where it is given none
                "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true"),
            },
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
        )
        return ObstoreObjects(remote, work=work)
    folder = settings.instance_dir / "recordings"
    folder.mkdir(parents=True, exist_ok=True)
    return ObstoreObjects(LocalStore(prefix=folder), folder, work)


def private_folder(path: Path) -> Path:
    """`path` as a folder that only its owner may enter; StoreUnavailable where it is somebody else's."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.stat().st_uid != os.getuid():
        raise StoreUnavailable(f"{path} belongs to another user; remove it")
    path.chmod(0o700)
    return path


def object_key(uid: str, started_at: datetime, settings: Settings, *, sha256: str = "") -> str:
    """`2026/11/21/n1-1763700000.7.flac`: the day on the centre's clock, then the call.

    With `sha256` the key carries its beginning: where another content took the plain key, both are kept.
    """
    day = local_day(started_at, settings.zone).replace("-", "/")
    mark = f"~{sha256[:12]}" if sha256 else ""
    return f"{day}/{check_uid(uid)}{mark}{EXTENSION}"


def day_folders(start: datetime, end: datetime, settings: Settings) -> list[str]:
    """Folders that hold the recordings of calls begun between two moments, such as `["2026/11/20", "2026/11/21"]`."""
    first, last = start.astimezone(settings.zone).date(), end.astimezone(settings.zone).date()
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day.isoformat().replace("-", "/") for day in days]


def uid_of_key(key: str) -> str:
    """The call that an object belongs to; HostileName where the key is not one of ours."""
    return check_uid(key.rsplit("/", 1)[-1].removesuffix(EXTENSION).split("~", 1)[0])


def made_of_recording(key: str) -> bool:
    """Whether this is what was made of a recording, such as `…~masked.flac`, and not a recording itself."""
    _, mark, name = key.rsplit("/", 1)[-1].removesuffix(EXTENSION).partition("~")
    return bool(mark) and _RENDITION.fullmatch(name) is not None and _SHA_MARK.fullmatch(name) is None


async def digest(objects: Objects, key: str) -> tuple[str, int]:
    """SHA-256 (hexadecimal) and size of what lies under `key`, read back from the store."""
    found = await objects.size(key)
    if found is None:
        raise ObjectMissing(f"{key} is not in the store")
    total, hashed = 0, hashlib.sha256()
    async for chunk in objects.read(key, 0, found):
        hashed.update(chunk)
        total += len(chunk)
    return hashed.hexdigest(), total


async def keep(objects: Objects, source: Path, key: str, marked_key: str, sha256: str) -> str:
    """Put `source` under `key`, or find it there from an earlier try; the key under which it verified.

    Another content under `key` is left alone and `marked_key` is taken. Raises ObjectDamaged where the bytes read
    back are not those of `source`.
    """
    for candidate in (key, marked_key):
        try:
            await objects.put(candidate, source)
        except StoreConflict:
            if await _is_there(objects, candidate, sha256):
                return candidate
            continue
        if not await objects.holds(candidate, sha256):
            raise ObjectDamaged(f"{candidate} does not read back as it was written; check the store, the legs are kept")
        return candidate
    raise StoreConflict(f"{marked_key} holds other bytes than its name says; look at the store, the legs are kept")


async def _is_there(objects: Objects, key: str, sha256: str) -> bool:
    try:
        return await objects.holds(key, sha256)
    except ObjectDamaged:
        return False  # something else took the key


def _walked(store: Path, folder: str) -> Iterator[Stored]:
    """Every file of a local store, or below one folder of it; bytes of a name that are no UTF-8 are written out."""
    for at, _, names in os.walk(store / folder):
        for name in names:
            path = Path(at, name)
            try:
                stat = path.lstat()
            except FileNotFoundError:
                continue  # deleted meanwhile
            if not _HALF.search(name):
                key = path.relative_to(store).as_posix().encode("utf-8", "backslashreplace").decode()
                yield Stored(key, stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC))


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    flush_folder(path.parent)


def _told(error: Exception, what: str) -> Exception:
    """obstore's exceptions in this room's words; the errno of a full disk stands only in the text."""
    if isinstance(error, FileNotFoundError):
        return ObjectMissing(f"{what} is not in the store")
    said = str(error).split("\n", 1)[0]
    if any(f"os error {code}" in str(error) for code in (errno.ENOSPC, errno.EDQUOT)):
        return DiskFull(f"{what}: no room left in the store; free some space, the legs are kept")
    return StoreUnavailable(f"{what}: the store failed ({said}); it is tried again, the legs are kept")
