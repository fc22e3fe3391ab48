"""Recordings from before sealing are sealed in place, one after the other, resumably."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from hotline.database import Database
from recordings import stored
from recordings.errors import ObjectDamaged, ObjectMissing
from recordings.sealed import SealedObjects

_BATCH = 50

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SealReport:
    """`left_out` are objects that are not what was stored, with the reason: they lie as they were."""

    sealed: int
    left_out: tuple[tuple[str, str], ...]
    ended: bool


async def seal_old(
    database: Database,
    objects: SealedObjects,
    *,
    seconds: float | None = None,
    progress: Callable[[int, int], None] = lambda size, count: None,
) -> SealReport:
    """Seal every object that lies unsealed; stops after `seconds` at the next one.

    Killed and begun again, it goes on with what is left. `progress` is told the bytes and number of objects done.
    """
    loop = asyncio.get_running_loop()
    until = None if seconds is None else loop.time() + seconds
    place, sealed = "", 0
    left_out: list[tuple[str, str]] = []
    while True:
        async with database.transaction() as session:
            batch = await stored.after(session, place, _BATCH, unsealed=True)
        if not batch:
            return SealReport(sealed, tuple(left_out), ended=True)
        for row in batch:
            if until is not None and loop.time() >= until:
                return SealReport(sealed, tuple(left_out), ended=False)
            place = row.key
            try:
                await objects.reseal(row)
            except (ObjectMissing, ObjectDamaged) as error:
                _log.error("recordings.not_sealed", object=row.key, reason=str(error))
                left_out.append((row.key, str(error)))
            else:
                sealed += 1
            progress(row.bytes, 1)
