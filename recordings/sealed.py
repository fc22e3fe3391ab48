"""The store as everybody uses it: what is put is sealed, what is read is opened and verified, piece by piece.

`SealedObjects` speaks the same protocol as the store below it. Objects from before sealing are read as they lie, as
long as their row says so: an object that was sealed is never taken for a plain one.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from hotline.clock import Clock, SystemClock
from hotline.database import Database
from hotline.settings import Settings
from recordings import stored
from recordings.container import FIRST_LINE, MAGIC, Header, header_length, parse, seal
from recordings.daykeys import COPIES, DayKeys
from recordings.errors import DiskFull, ObjectDamaged, ObjectMissing, StoreConflict, StoreUnavailable
from recordings.objects import ObstoreObjects, Stored, open_store
from recordings.private import opened_copy
from recordings.stored import ObjectRow

FIRST_READ = 48 * 1024
"""The header of an hour's call fits in, so that one request gets it."""
_HEADERS = 64
_PLAIN = b"fLaC"


def open_objects(settings: Settings, database: Database, clock: Clock | None = None) -> SealedObjects:
    """The sealed store of the installation; nothing is read or asked before it is used."""
    return SealedObjects(settings, database, clock or SystemClock(), open_store(settings))


class SealedObjects:
    """`Objects` that lie encrypted, each under the key of the day on which it was put."""

    def __init__(self, settings: Settings, database: Database, clock: Clock, store: ObstoreObjects) -> None:
        self.store = store
        # Objects are put and read while requests have a transaction open: they must not wait for each other's pool.
        self._database = Database(database.url, pool_size=0)
        self.keys = DayKeys(settings, self._database, clock, store)
        self._clock = clock
        self._headers: dict[tuple[str, int], Header] = {}

    async def size(self, key: str) -> int | None:
        found = await self.store.size(key)
        if found is None:
            return None
        header = await self.header(key, found)
        return found if header is None else header.size

    async def put(self, key: str, source: Path) -> None:
        if await self.store.size(key) is not None:
            raise StoreConflict(f"{key} is already in the store")
        with self._copy() as copy:
            row = await self._seal(key, source, copy)
            await self.store.put(key, copy)
        self._forget(key)
        await self._save(row)

    async def reseal(self, known: ObjectRow) -> ObjectRow:
        """Replace an unsealed object by the same sealed; done twice, the second finds it sealed.

        Raises ObjectDamaged where the plain bytes are not those of the row: they are left as they are.
        """
        size = await self.store.size(known.key)
        if size is None:
            raise ObjectMissing(f"{known.key} is not in the store")
        if await self.header(known.key, size) is not None:
            return await self._know(known.key, size)  # it was killed between the store and the row
        async with opened_copy(self, known.key) as plain:
            with self._copy() as copy:
                row = await self._seal(known.key, plain, copy)
                if (row.sha256, row.bytes) != (known.sha256, known.bytes):
                    raise ObjectDamaged(f"{known.key} is not what was stored; it is not sealed, look at it first")
                await self.store.write(known.key, copy)
        self._forget(known.key)
        await self._save(row)
        return row

    async def read(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        if length <= 0:
            return
        size = await self.store.size(key)
        if size is None:
            raise ObjectMissing(f"{key} is not in the store")
        header = await self.header(key, size)
        if header is None:
            async for chunk in self.store.read(key, start, length):
                yield chunk
            return
        if start >= header.size:
            return
        end = min(start + length, header.size)
        first, last = start // header.segment, (end - 1) // header.segment
        async for index, _, plain in self._pieces(header, first, last):
            begins = index * header.segment
            yield plain[max(0, start - begins) : end - begins]

    async def pieces(self, key: str) -> AsyncIterator[tuple[bytes, bytes]]:
        """The whole object in pieces, each as it lies in the store and opened; for the scrubber.

        Of a damaged sealed object ObjectDamaged is raised at the first piece that is not as it was stored.
        """
        size = await self.store.size(key)
        if size is None:
            raise ObjectMissing(f"{key} is not in the store")
        header = await self.header(key, size, fresh=True)
        if header is None:
            async for chunk in self.store.read(key, 0, size):
                yield chunk, chunk
            return
        yield header.encoded(), b""
        async for _, sealed, plain in self._pieces(header, 0, len(header.lengths) - 1):
            yield sealed, plain

    async def delete(self, key: str) -> None:
        await self.store.delete(key)
        self._forget(key)
        async with self._database.transaction() as session:
            await stored.forget(session, key)

    async def listing(self, folder: str = "") -> AsyncIterator[Stored]:
        async for found in self.store.listing(folder):
            if not found.key.startswith(COPIES):  # the wrapped day keys are the store's own
                yield found

    def work(self) -> Path:
        return self.store.work()

    def forget_halves(self, before: datetime) -> int:
        return self.store.forget_halves(before)

    async def holds(self, key: str, sha256: str) -> bool:
        size = await self.store.size(key)
        if size is None:
            raise ObjectMissing(f"{key} is not in the store")
        row = await self._know(key, size)
        if row.sha256 != sha256 or row.stored_bytes != size:
            return False
        # What was sealed is compared as it lies there: so a finaliser can be sure of it while the master key is away.
        hashed = hashlib.sha256()
        async for chunk in self.store.read(key, 0, size):
            hashed.update(chunk)
        return hashed.hexdigest() == row.stored_sha256

    async def header(self, key: str, size: int, *, fresh: bool = False) -> Header | None:
        """The verified header of what lies under `key` with `size` bytes; None where it lies there unsealed.

        ObjectDamaged where it is neither; with `fresh` what this process remembers of it is not asked.
        """
        known = self._headers.get((key, size))
        if known is not None and not fresh:
            return known
        async with self._database.transaction() as session:
            row = await stored.get(session, key)
        begin = await self._bytes(key, 0, min(FIRST_READ, size))
        if not begin.startswith(MAGIC):
            if row.sealed if row is not None else not begin.startswith(_PLAIN):
                raise ObjectDamaged(f"{key} is not the sealed object that was stored")
            return None
        wanted = header_length(begin[:FIRST_LINE], key)
        if wanted > len(begin):
            begin += await self._bytes(key, len(begin), wanted - len(begin))
        header = parse(begin[:wanted], key)
        if row is not None and (header.digest if row.sealed else header.sha256) != (row.header_sha256 or row.sha256):
            raise ObjectDamaged(f"{key} does not have the header it was stored with")
        if header.offsets[-1] != size:
            raise ObjectDamaged(f"{key} has {size} bytes and should have {header.offsets[-1]}")
        if len(self._headers) >= _HEADERS:
            self._headers.pop(next(iter(self._headers)))
        self._headers[key, size] = header
        return header

    def _forget(self, key: str) -> None:
        for known in [each for each in self._headers if each[0] == key]:
            del self._headers[known]

    async def _pieces(self, header: Header, first: int, last: int) -> AsyncIterator[tuple[int, bytes, bytes]]:
        """Segments `first` to `last`: number, sealed bytes, plain bytes."""
        identity = await self.keys.identity(header.day_key)
        offsets = header.offsets
        waiting = bytearray()
        index = first
        async for chunk in self.store.read(header.key, offsets[first], offsets[last + 1] - offsets[first]):
            waiting += chunk
            while index <= last and len(waiting) >= header.lengths[index]:
                sealed = bytes(waiting[: header.lengths[index]])
                del waiting[: header.lengths[index]]
                yield index, sealed, header.open(index, sealed, identity)
                index += 1
        if index <= last:
            raise ObjectDamaged(f"{header.key} ends within segment {index + 1} of {len(header.lengths)}")

    async def _bytes(self, key: str, start: int, length: int) -> bytes:
        return b"".join([chunk async for chunk in self.store.read(key, start, length)])

    async def _seal(self, key: str, source: Path, copy: Path) -> ObjectRow:
        today = await self.keys.current()
        with _told():
            header, sha256, size = await asyncio.to_thread(
                seal, source, copy, key=key, day_key=today.id, recipient=today.recipient
            )
        return self._row(header, sha256, size)

    def _row(self, header: Header, stored_sha256: str, stored_bytes: int) -> ObjectRow:
        return ObjectRow(
            header.key, stored.call_of(header.key), header.size, header.sha256, stored_bytes, stored_sha256,
            header.digest, header.day_key, self._clock.now(),
        )  # fmt: skip

    async def _save(self, row: ObjectRow) -> None:
        async with self._database.transaction() as session:
            await stored.save(session, row)

    async def _know(self, key: str, size: int) -> ObjectRow:
        """Note an object that was put by one who was killed before the row, once it was read and found sound."""
        async with self._database.transaction() as session:
            row = await stored.get(session, key)
        if row is not None and row.sealed:
            return row
        header = await self.header(key, size, fresh=True)
        if row is not None and header is None:
            return row
        hashed, plain = hashlib.sha256(), hashlib.sha256()
        async for sealed, opened in self.pieces(key):
            hashed.update(sealed)
            plain.update(opened)
        if header is not None:
            if plain.hexdigest() != header.sha256:
                raise ObjectDamaged(f"{key} does not hold what its header says")
            row = self._row(header, hashed.hexdigest(), size)
        else:
            digest = plain.hexdigest()
            row = ObjectRow(key, stored.call_of(key), size, digest, size, digest, None, None, self._clock.now())
        await self._save(row)
        return row

    @contextmanager
    def _copy(self) -> Iterator[Path]:
        copy = self.store.work() / f"{uuid4().hex}.sealed"
        try:
            yield copy
        finally:
            copy.unlink(missing_ok=True)


@contextmanager
def _told() -> Iterator[None]:
    """The disk's own errors while a copy is written, in this room's words."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"no room left to seal ({error}); free some space, what was to be stored is kept") from error
        raise StoreUnavailable(f"sealing failed ({error}); it is tried again, what was to be stored is kept") from error
