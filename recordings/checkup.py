"""What the doctor asks of the vault: keys, scrubber, sealing, retention, disk. Looks only, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hotline.settings import Settings
from recordings import disk, figures, master, retention
from recordings.errors import KeyUnavailable
from recordings.retention import UnknownClass
from recordings.vault_models import DayKey


@dataclass(frozen=True, slots=True)
class Answer:
    """One line; `mend` is what to do, empty where nothing is to be done."""

    name: str
    ok: bool
    detail: str
    mend: str = ""


def on_this_machine(settings: Settings) -> Iterator[Answer]:
    """What can be asked without the database."""
    try:
        retention.table(settings.recordings.retention_days)
    except UnknownClass as error:
        yield Answer("retention of recordings", False, str(error), "correct recordings.retention_days")
    report = disk.check(disk.watched(settings), settings.recordings)
    said = report.message
    yield Answer("recordings' disk", report.level is disk.Level.OK, said, "free some space, or delete what is due")


async def in_the_database(session: AsyncSession, settings: Settings, now: datetime) -> list[Answer]:
    """What the rows say, held against the master key's file."""
    vault = await figures.look(session)
    latest = await session.get(DayKey, vault.key_id) if vault.key_id is not None else None
    masters = set(await session.scalars(select(DayKey.master).distinct()))
    return [*_keys(settings, latest, masters), *_stored(settings, vault, now)]


def _keys(settings: Settings, latest: DayKey | None, masters: set[str]) -> Iterator[Answer]:
    file, name = master.path(settings), "master key"
    if latest is None:
        yield Answer(name, True, "made with the first recording, or at the start of the system")
        return
    try:
        present = master.read(settings)
        present.unwrap(latest.wrapped, latest.id)
    except KeyUnavailable as error:
        yield Answer(name, False, str(error), f"put the master key back into {file}")
        return
    if master.too_open(settings):
        yield Answer(name, False, f"{file} can be read by others", f"chmod 600 {file}")
    elif len(present.identities) > 1 or masters != {present.recipient}:
        yield Answer(name, False, "a rotation was begun and not ended", "hotline recordings rotate-master")
    else:
        yield Answer(name, True, f"{file} opens the day key of {latest.day.isoformat()}")


def _stored(settings: Settings, vault: figures.Vault, now: datetime) -> Iterator[Answer]:
    limit = timedelta(days=settings.recordings.scrub_days)
    if vault.scrubbed_at is None:
        late = vault.oldest_stored_at is not None and now - vault.oldest_stored_at > limit
        said = "stored objects were never read back" if late else "no round is ended yet"
    else:
        late = now - vault.scrubbed_at > limit
        said = f"everything stored was read back since {vault.scrubbed_at:%Y-%m-%d}"
    yield Answer("scrubber", not late, said, "hotline recordings scrub")
    damaged = f"{vault.damaged} stored objects are damaged" if vault.damaged else "nothing damaged was found"
    yield Answer("stored recordings", vault.damaged == 0, damaged, "hotline recordings verify names them")
    unsealed = f"{vault.unsealed} stored objects are not sealed" if vault.unsealed else "every stored object is sealed"
    yield Answer("sealing", vault.unsealed == 0, unsealed, "hotline recordings seal")
