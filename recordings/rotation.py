"""A new master key in mid-day: every day key is wrapped anew, and the old master opens nothing any more.

The order is such that whoever is killed can be followed by another try, and that nobody waits for it:

1. the file holds the new identity and the old ones, so that running processes open what either has wrapped;
2. every day key is wrapped to the new one, in one transaction, under the lock that makers of day keys take too;
3. the copies beside the objects are replaced;
4. the file holds the new identity only.

A file that holds several identities is a rotation that was not ended: the next one ends it with the first of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from pyrage.x25519 import Identity
from sqlalchemy import func, select

from hotline import audit
from hotline.clock import Clock
from hotline.database import Database
from hotline.settings import Settings
from recordings import master
from recordings.daykeys import DayKeys, locked
from recordings.errors import KeyUnavailable
from recordings.master import Master
from recordings.vault_models import DayKey

ONE_AT_A_TIME = 0x726F74617465
"""Key of the advisory lock of a whole rotation: a second one would take away what the first has just written."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation has done; `resumed` where it ended one that was begun before."""

    recipient: str
    day_keys: int
    resumed: bool


async def rotate_master(
    settings: Settings, database: Database, clock: Clock, keys: DayKeys, *, actor: str, new_key: Path | None = None
) -> Rotated:
    """Make the identity in `new_key`, or a new one, the master key; running processes go on.

    Raises KeyUnavailable, or DayKeyDamaged of a single one, with nothing changed for anybody, where a day key cannot be
    opened by the present master key; KeyUnavailable where the file of it cannot be written.
    """
    await keys.take_up_copies()
    async with database.transaction() as guard:
        await guard.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
        return await _rotate(settings, database, clock, keys, actor=actor, new_key=new_key)


async def _rotate(
    settings: Settings, database: Database, clock: Clock, keys: DayKeys, *, actor: str, new_key: Path | None
) -> Rotated:
    async with database.transaction() as session:
        await locked(session)
        present = master.read(settings)
        rows = list(await session.scalars(select(DayKey).order_by(DayKey.made_at, DayKey.id)))
        wanted, resumed = _choose(present, rows, new_key)
        # opened before anything is written, each by its copy where its row was damaged: wrapped anew it is whole again
        identities = {row.id: await keys.identity(row.id) for row in rows}
        if wanted.identities != present.identities:
            _write(settings, wanted, clock.now())
        changed = _rewrap(rows, wanted, identities)
        await audit.record(
            session, actor=actor, role="administrator", action="recording.rotate_master",
            subject=f"master:{wanted.recipient}", detail={"day_keys": len(changed), "resumed": resumed},
            now=clock.now(),
        )  # fmt: skip
    await keys.copy_out(rows)
    if len(wanted.identities) > 1:
        _write(settings, Master(wanted.identities[:1]), clock.now())
    _log.info("recordings.master_rotated", day_keys=len(changed), resumed=resumed)
    return Rotated(wanted.recipient, len(changed), resumed)


async def rotate_day(database: Database, clock: Clock, keys: DayKeys, *, actor: str) -> str:
    """A new day key from now on, as when the present one may have been seen; its id."""
    async with database.transaction() as session:
        made = await keys.rotate(session)
        await audit.record(
            session, actor=actor, role="administrator", action="recording.rotate_day", subject=f"day_key:{made}",
            detail={}, now=clock.now(),
        )  # fmt: skip
    return made


def _choose(present: Master, rows: list[DayKey], new_key: Path | None) -> tuple[Master, bool]:
    """The identities that the file is to hold meanwhile, the new one first, and whether this ends an older rotation."""
    begun = len(present.identities) > 1
    if new_key is None:
        if begun:
            return present, True
        new = Identity.generate()
    else:
        try:
            new = master.parse(new_key.read_text("utf-8"), new_key)[0]
        except (OSError, ValueError) as error:
            said = f"the new master key {new_key} cannot be read ({error}); nothing was changed"
            raise KeyUnavailable(said) from error
        if str(new) == str(present.identities[0]) and (begun or any(row.master != present.recipient for row in rows)):
            return present, True
    others = tuple(identity for identity in present.identities if str(identity) != str(new))
    return Master((new, *others)), False


def _rewrap(rows: list[DayKey], wanted: Master, identities: Mapping[str, Identity]) -> list[DayKey]:
    changed = [row for row in rows if row.master != wanted.recipient or not _holds(row, wanted, identities[row.id])]
    for row in changed:
        row.wrapped = master.wrap(identities[row.id], wanted.recipient)
        row.recipient = str(identities[row.id].to_public())
        row.master = wanted.recipient
    return changed


def _holds(row: DayKey, wanted: Master, identity: Identity) -> bool:
    """Whether the row opens to this identity already."""
    try:
        return str(wanted.unwrap(row.wrapped, row.id)) == str(identity)
    except KeyUnavailable:
        return False


def _write(settings: Settings, wanted: Master, now: datetime) -> None:
    try:
        master.write(settings, wanted.identities, now)
    except OSError as error:
        file = master.path(settings)
        said = "put the new identity first into it yourself, keep the old one below, and run this again"
        if len(wanted.identities) == 1:
            said = "every day key is wrapped to its first identity now: take the others out of it yourself"
        raise KeyUnavailable(f"{file} cannot be written ({error.strerror}); {said}") from error
