"""Rows of what lies in the store: lengths and SHA-256 of the plain and of the stored bytes."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from recordings.errors import HostileName
from recordings.legs import check_uid
from recordings.models import Recording
from recordings.vault_models import Deletion, StoredObject

_OF_A_CALL = re.compile(r"\d{4}/\d\d/\d\d/(?P<uid>[^/~]+)(~[^/]*)?\.flac", re.ASCII)


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """What is known of one stored object; without a day key it lies there unsealed."""

    key: str
    call_uid: str | None
    bytes: int
    sha256: str
    stored_bytes: int
    stored_sha256: str
    header_sha256: str | None
    day_key: str | None
    stored_at: datetime
    scrubbed_at: datetime | None = None
    damage: str | None = None

    @property
    def sealed(self) -> bool:
        return self.day_key is not None


def call_of(key: str) -> str | None:
    """The call that the object under `key` belongs to, None where it is not one of a call."""
    found = _OF_A_CALL.fullmatch(key)
    try:
        return check_uid(found["uid"]) if found else None
    except HostileName:
        return None


async def get(session: AsyncSession, key: str) -> ObjectRow | None:
    row = await session.get(StoredObject, key, populate_existing=True)
    return _view(row) if row is not None else None


async def save(session: AsyncSession, row: ObjectRow) -> None:
    """Note what lies under a key now, in place of what was noted before."""
    values = {name: getattr(row, name) for name in ObjectRow.__dataclass_fields__}
    statement = insert(StoredObject).values(values)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["key"], set_={name: statement.excluded[name] for name in values if name != "key"}
        )
    )


async def forget(session: AsyncSession, key: str) -> None:
    await session.execute(delete(StoredObject).where(StoredObject.key == key))


async def of_call(session: AsyncSession, call_uid: str) -> list[ObjectRow]:
    """Everything stored of a call: the recording and what was made of it, by key."""
    rows = await session.scalars(
        select(StoredObject).where(StoredObject.call_uid == call_uid).order_by(StoredObject.key)
    )
    return [_view(row) for row in rows]


async def sizes(session: AsyncSession, keys: Collection[str]) -> dict[str, int]:
    """Lengths that objects must have in the store, by key."""
    query = select(StoredObject.key, StoredObject.stored_bytes).where(StoredObject.key.in_(list(keys)))
    return {row.key: row.stored_bytes for row in await session.execute(query)}


async def beginning(session: AsyncSession, prefix: str) -> list[str]:
    """The keys that begin so."""
    query = select(StoredObject.key).where(StoredObject.key.startswith(prefix, autoescape=True))
    return list(await session.scalars(query))


async def known(session: AsyncSession, keys: Collection[str]) -> set[str]:
    """Which of these keys have a row."""
    query = select(StoredObject.key).where(StoredObject.key.in_(list(keys)))
    return set(await session.scalars(query))


async def unknown_recordings(session: AsyncSession) -> list[tuple[str, str, str]]:
    """Recordings whose object has no row: call, key, SHA-256."""
    known = select(StoredObject.key).where(StoredObject.key == Recording.object_key).exists()
    going = select(Deletion.call_uid).where(Deletion.call_uid == Recording.call_uid).exists()
    query = select(Recording.call_uid, Recording.object_key, Recording.sha256).where(~known, ~going)
    return [(uid, key, sha256) for uid, key, sha256 in await session.execute(query.order_by(Recording.object_key))]


async def note_scrubbed(session: AsyncSession, key: str, damage: str | None, now: datetime) -> None:
    """What came of reading an object back."""
    statement = update(StoredObject).where(StoredObject.key == key)
    await session.execute(statement.values(scrubbed_at=now, damage=damage))


async def remaining(session: AsyncSession, key: str, *, unsealed: bool = False) -> tuple[int, int]:
    """How many objects come after `key` in their order, and how many bytes they have in the store."""
    query = select(func.count(), func.coalesce(func.sum(StoredObject.stored_bytes), 0)).where(StoredObject.key > key)
    if unsealed:
        query = query.where(StoredObject.day_key.is_(None))
    count, size = (await session.execute(query)).one()
    return int(count), int(size)


async def oldest(session: AsyncSession) -> datetime | None:
    """When the oldest object was stored."""
    found: datetime | None = await session.scalar(select(func.min(StoredObject.stored_at)))
    return found


async def damaged(session: AsyncSession) -> int:
    """How many objects were found damaged when they were last read back."""
    query = select(func.count()).select_from(StoredObject).where(StoredObject.damage.is_not(None))
    return int((await session.execute(query)).scalar_one())


async def after(session: AsyncSession, key: str, limit: int, *, unsealed: bool = False) -> list[ObjectRow]:
    """The next rows in order of key, with `unsealed` only those that are; none of what is being deleted."""
    going = select(Deletion.call_uid).where(Deletion.call_uid == StoredObject.call_uid).exists()
    query = select(StoredObject).where(StoredObject.key > key, ~going).order_by(StoredObject.key).limit(limit)
    if unsealed:
        query = query.where(StoredObject.day_key.is_(None))
    return [_view(row) for row in await session.scalars(query)]


def _view(row: StoredObject) -> ObjectRow:
    return ObjectRow(**{name: getattr(row, name) for name in ObjectRow.__dataclass_fields__})
