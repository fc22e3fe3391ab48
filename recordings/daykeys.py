"""The key pairs of the days: the recipient seals, the identity opens and lies wrapped to the master key.

A wrapped copy of each lies beside what it opens (`keys/<id>.age`): a database restored from last night's backup then
still opens what was recorded since. Making a key needs the master's recipient only, which the rows name, so that calls
go on being stored while the master key is away.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
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
from recordings.errors import DayKeyDamaged, KeyUnavailable, ObjectMissing
from recordings.objects import ObstoreObjects
from recordings.vault_models import DayKey

LOCK = 0x6461796B657973
"""Key of the advisory lock under which day keys are made and rewrapped, so that neither misses the other's work."""
COPIES = "keys/"
_KEPT_OPEN = 64
_OTHERS = 20
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
            rows = await _of_day(session, day)
        found = await self._fitting(rows)
        if found is None:
            async with self._database.transaction() as session:
                await locked(session)
                fresh = [row for row in await _of_day(session, day) if row.id not in {known.id for known in rows}]
                found = fresh[0] if fresh else await self._make(session, day, now)
        return Sealing(found.id, Recipient.from_str(found.recipient))

    async def _fitting(self, rows: Sequence[DayKey]) -> DayKey | None:
        """The first whose halves belong together: what is sealed under a public half that was put there is lost.

        While the master key is away nobody can tell, and the first is taken.
        """
        for row in rows:
            try:
                identity = await self.identity(row.id)
            except KeyUnavailable:
                return row
            except DayKeyDamaged as error:
                _log.error("recordings.day_key_damaged", key=row.id, reason=str(error))
                continue
            if str(identity.to_public()) == row.recipient:
                return row
            _log.error("recordings.day_key_damaged", key=row.id, reason="its public half was changed")
        return None

    async def rotate(self, session: AsyncSession) -> str:
        """A new key from now on, in the session's transaction; its id. What older keys sealed stays theirs."""
        await locked(session)
        now = self._clock.now()
        return (await self._make(session, now.astimezone(self._settings.zone).date(), now)).id

    async def identity(self, key_id: str) -> Identity:
        """What opens objects sealed under `key_id`, from its row, else from the copy beside the objects.

        KeyUnavailable where key or master key are not to be had, DayKeyDamaged where only this one key is not.
        """
        known = self._open.get(key_id)
        if known is not None:
            return known
        row = await self._row(key_id)
        wrapped = row.wrapped if row is not None else await self._copy(key_id)
        found = None
        try:
            found = self._unwrap(wrapped, key_id)
        except KeyUnavailable:
            again = await self._row(key_id)  # a rotation may have ended between the row and the file
            if again is not None and again.wrapped != wrapped:
                found = self._unwrap(again.wrapped, key_id)
        if found is None or (row is not None and str(found.to_public()) != row.recipient):
            found = await self._from_copy(key_id, found)
        if row is None:
            await self._adopt(key_id, found)
        if len(self._open) >= _KEPT_OPEN:
            self._open.pop(next(iter(self._open)))
        self._open[key_id] = found
        return found

    def _unwrap(self, wrapped: str, key_id: str) -> Identity:
        return master.read(self._settings).unwrap(wrapped, key_id)

    async def _from_copy(self, key_id: str, otherwise: Identity | None) -> Identity:
        """Of a key whose row was changed: what the copy beside the objects opens to, else what the row does."""
        try:
            found = self._unwrap(await self._copy(key_id), key_id)
        except KeyUnavailable as error:
            if otherwise is not None:
                return otherwise
            if await self._opens_others(key_id):
                said = f"day key {key_id} was changed in the database, and its copy in the store does not open either"
                raise DayKeyDamaged(f"{said}; put {copy_key(key_id)} or the row back from a backup") from error
            raise
        _log.error("recordings.day_key_damaged", key=key_id, reason="its row was changed; opened by its copy")
        return found

    async def _opens_others(self, key_id: str) -> bool:
        """Whether the master key is the right one: it opens another day's key."""
        async with self._database.transaction() as session:
            query = select(DayKey).where(DayKey.id != key_id).order_by(DayKey.made_at.desc()).limit(_OTHERS)
            rows = list(await session.scalars(query))
        for row in rows:
            with suppress(KeyUnavailable):
                self._unwrap(row.wrapped, row.id)
                return True
        return False

    async def damaged_keys(self) -> list[str]:
        """What is wrong with day keys and their copies, a sentence each; KeyUnavailable without the master key."""
        masters = {str(identity.to_public()) for identity in master.read(self._settings).identities}
        async with self._database.transaction() as session:
            rows = list(await session.scalars(select(DayKey).order_by(DayKey.made_at, DayKey.id)))
        found = []
        for row in rows:
            own, copy = self._half(row.wrapped, row.id), self._half(await self._copy_or_nothing(row.id), row.id)
            wrong = ["its row"] if own != row.recipient or row.master not in masters else []
            wrong += [copy_key(row.id)] if copy is None or copy not in {own, row.recipient} else []
            found += [f"day key {row.id}: {each} is not what was written; put it back from a backup" for each in wrong]
        return found

    def _half(self, wrapped: str, key_id: str) -> str | None:
        """The public half of what is wrapped there, None where it does not open."""
        try:
            return str(self._unwrap(wrapped, key_id).to_public())
        except KeyUnavailable:
            return None

    async def _copy_or_nothing(self, key_id: str) -> str:
        try:
            return await self._copy(key_id)
        except KeyUnavailable:
            return ""

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

    async def strange_copies(self, keys: Collection[str]) -> set[str]:
        """Which of these objects are the copy of no day key."""
        async with self._database.transaction() as session:
            known = await session.scalars(select(DayKey.id))
        return set(keys) - {copy_key(each) for each in known}

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
        # the latest seals, also after the clock was set back
        others = [row.made_at + timedelta(microseconds=1) for row in await _of_day(session, day)]
        now = max([now, *others])
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


async def _of_day(session: AsyncSession, day: date) -> list[DayKey]:
    """The latest first."""
    query = select(DayKey).where(DayKey.day == day).order_by(DayKey.made_at.desc(), DayKey.id)
    return list(await session.scalars(query))


def _day_of(key_id: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(key_id[:10])
    except ValueError:
        return otherwise
