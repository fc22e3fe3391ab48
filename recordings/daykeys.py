"""The key pairs of the days: the recipient seals, the identity opens and lies wrapped to the master key.

A wrapped copy of each lies beside what it opens (`keys/<id>.age`): a database restored from last night's backup then
still opens what was recorded since. Making a key needs the master's recipient only, which the rows name, so that calls
go on being stored while the master key is away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import uuid4

import structlog
from pyrage.x25519 import Identity, Recipient
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hotline.clock import Clock
from hotline.database import Database
from hotline.settings import Settings
from recordings import master
from recordings.errors import KeyUnavailable, ObjectMissing
from recordings.objects import ObstoreObjects
from recordings.vault_models import DayKey

LOCK = 0x6461796B657973
"""Key of the advisory lock under which day keys are made and rewrapped, so that neither misses the other's work."""
COPIES = "keys/"
_KEPT_OPEN = 64
_LONGEST_COPY = 64 * 1024

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sealing:
    """What sealing needs: the key's name and its public half."""

    id: str
    recipient: Recipient


def copy_key(key_id: str) -> str:
    """Where in the store a day key's wrapped copy lies."""
    return f"{COPIES}{key_id}.age"


class DayKeys:
    """The day keys of one installation, as one process uses them; opened identities are kept in memory only."""

    def __init__(self, settings: Settings, database: Database, clock: Clock, store: ObstoreObjects) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._store = store
        self._open: dict[str, Identity] = {}

    async def current(self) -> Sealing:
        """The key to seal with now: the latest of the local day, made where the day has none yet.

        Asks the database each time, so that a key made by hand takes effect at once. KeyUnavailable only where there
        is no day key at all and no master key either.
        """
        now = self._clock.now()
        day = now.astimezone(self._settings.zone).date()
        async with self._database.transaction() as session:
            found = await _latest(session, day)
        if found is None:
            async with self._database.transaction() as session:
                await locked(session)
                found = await _latest(session, day) or await self._make(session, day, now)
        return Sealing(found.id, Recipient.from_str(found.recipient))

    async def rotate(self, session: AsyncSession) -> str:
        """A new key from now on, in the session's transaction; its id. What older keys sealed stays theirs."""
        await locked(session)
        now = self._clock.now()
        return (await self._make(session, now.astimezone(self._settings.zone).date(), now)).id

    async def identity(self, key_id: str) -> Identity:
        """What opens objects sealed under `key_id`; KeyUnavailable where key or master key are not to be had."""
        known = self._open.get(key_id)
        if known is not None:
            return known
        row = await self._row(key_id)
        wrapped = row.wrapped if row is not None else await self._copy(key_id)
        try:
            found = master.read(self._settings).unwrap(wrapped, key_id)
        except KeyUnavailable:
            again = await self._row(key_id)  # a rotation may have ended between the row and the file
            if again is None or again.wrapped == wrapped:
                raise
            found = master.read(self._settings).unwrap(again.wrapped, key_id)
        if row is None:
            await self._adopt(key_id, found)
        if len(self._open) >= _KEPT_OPEN:
            self._open.pop(next(iter(self._open)))
        self._open[key_id] = found
        return found

    async def take_up_copies(self) -> None:
        """Take up again every day key of which only the copy beside the objects is left."""
        async with self._database.transaction() as session:
            known = set(await session.scalars(select(DayKey.id)))
        async for found in self._store.listing(COPIES.rstrip("/")):
            key_id = found.key.removeprefix(COPIES).removesuffix(".age")
            if key_id not in known:
                try:
                    await self.identity(key_id)
                except KeyUnavailable as error:
                    _log.error("recordings.day_key_copy_unusable", key=key_id[:80], reason=str(error))

    async def copy_out(self, rows: Sequence[DayKey]) -> None:
        """Write the wrapped copies beside the objects, replacing older ones."""
        for row in rows:
            await self._store.write(copy_key(row.id), row.wrapped.encode())

    async def _row(self, key_id: str) -> DayKey | None:
        async with self._database.transaction() as session:
            return await session.get(DayKey, key_id)

    async def _make(self, session: AsyncSession, day: date, now: datetime) -> DayKey:
        identity = Identity.generate()
        recipient = await self._master_recipient(session, now)
        row = DayKey(
            id=f"{day.isoformat()}.{uuid4().hex[:8]}", day=day, recipient=str(identity.to_public()),
            wrapped=master.wrap(identity, recipient), master=recipient, made_at=now,
        )  # fmt: skip
        await self.copy_out([row])
        session.add(row)
        await session.flush()
        self._open[row.id] = identity
        _log.info("recordings.day_key_made", key=row.id)
        return row

    async def _master_recipient(self, session: AsyncSession, now: datetime) -> str:
        known = await session.scalar(select(DayKey.master).order_by(DayKey.made_at.desc()).limit(1))
        if known is None and self._settings.recordings.master_key_file is None:
            master.make(self._settings, now)
        try:
            return master.read(self._settings).recipient
        except KeyUnavailable as error:
            if known is None:
                raise
            _log.error("recordings.master_key_away", reason=str(error))
            return known

    async def _copy(self, key_id: str) -> str:
        try:
            return b"".join([part async for part in self._store.whole(copy_key(key_id), _LONGEST_COPY)]).decode()
        except (ObjectMissing, UnicodeDecodeError) as error:
            said = f"day key {key_id} is neither in the database nor, readable, in the store"
            raise KeyUnavailable(f"{said}; restore either from a backup") from error

    async def _adopt(self, key_id: str, identity: Identity) -> None:
        """Take up again a key that the database does not know, as one restored from an older backup does not."""
        async with self._database.transaction() as session:
            await locked(session)
            now = self._clock.now()
            recipient = await self._master_recipient(session, now)
            values = {
                "id": key_id, "day": _day_of(key_id, now.date()), "recipient": str(identity.to_public()),
                "wrapped": master.wrap(identity, recipient), "master": recipient, "made_at": now,
            }  # fmt: skip
            await session.execute(insert(DayKey).values(values).on_conflict_do_nothing(index_elements=["id"]))
        _log.warning("recordings.day_key_restored", key=key_id)


async def locked(session: AsyncSession) -> None:
    """Wait for whoever makes or rewraps day keys, until this transaction ends."""
    await session.execute(select(func.pg_advisory_xact_lock(LOCK)))


async def _latest(session: AsyncSession, day: date) -> DayKey | None:
    query = select(DayKey).where(DayKey.day == day).order_by(DayKey.made_at.desc(), DayKey.id)
    return (await session.scalars(query.limit(1))).first()


def _day_of(key_id: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(key_id[:10])
    except ValueError:
        return otherwise
