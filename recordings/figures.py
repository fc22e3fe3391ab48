"""Figures of what is stored, for Prometheus and the doctor: problems, the scrubber's age, the age of the keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from prometheus_client import Gauge
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hotline.database import Database
from hotline.settings import Settings
from recordings import master, noting, problems, scrub, stored
from recordings.errors import KeyUnavailable
from recordings.vault_models import DayKey

PROBLEMS = Gauge("hotline_recordings_problems", "Open problems of recordings", ["problem"])
SCRUB_AGE = Gauge(
    "hotline_recordings_scrub_age_seconds", "Since the beginning of the last round in which all was read back"
)
KEY_AGE = Gauge("hotline_recordings_day_key_age_seconds", "Since the present day key was made")
MASTER_KEY = Gauge("hotline_recordings_master_key", "1 where the master key opens the present day key, else 0")
NOT_NOTED = Gauge("hotline_recordings_not_in_audit", "Recordings whose SHA-256 the audit does not carry yet")
UNSEALED = Gauge("hotline_recordings_unsealed", "Stored objects that are not sealed yet")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Vault:
    """What the database says of the vault; times are None where there is none yet."""

    scrubbed_at: datetime | None
    key_made_at: datetime | None
    key_id: str | None
    oldest_stored_at: datetime | None
    unsealed: int
    damaged: int


async def look(session: AsyncSession) -> Vault:
    latest = (await session.scalars(select(DayKey).order_by(DayKey.made_at.desc()).limit(1))).first()
    unsealed, _ = await stored.remaining(session, "", unsealed=True)
    return Vault(
        scrubbed_at=await scrub.last_round(session),
        key_made_at=latest.made_at if latest else None,
        key_id=latest.id if latest else None,
        oldest_stored_at=await stored.oldest(session),
        unsealed=unsealed,
        damaged=await stored.damaged(session),
    )


async def measure(database: Database, settings: Settings, now: datetime) -> None:
    """Publish them; a master key that is away is an error in the log besides."""
    async with database.transaction() as session:
        counts = await problems.open_counts(session)
        vault = await look(session)
        NOT_NOTED.set(await noting.outstanding(session))
        latest = await session.get(DayKey, vault.key_id) if vault.key_id is not None else None
    if latest is not None:
        MASTER_KEY.set(_opens(settings, latest))
    for problem, count in counts.items():
        PROBLEMS.labels(problem.value).set(count)
    UNSEALED.set(vault.unsealed)
    if vault.scrubbed_at is not None:
        SCRUB_AGE.set((now - vault.scrubbed_at).total_seconds())
    if vault.key_made_at is not None:
        KEY_AGE.set((now - vault.key_made_at).total_seconds())


def _opens(settings: Settings, latest: DayKey) -> bool:
    try:
        master.read(settings).unwrap(latest.wrapped, latest.id)
    except KeyUnavailable as error:
        _log.error("recordings.master_key_away", reason=str(error))
        return False
    return True
