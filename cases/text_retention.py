"""How long texts and their scans are kept: days by what became of them, nothing while it is held.

The defaults are those of recordings (`recordings.retention`): what may be disputed as long as a civil claim lasts. The
paper itself is the data manager's (D23); the certificate tells which sheet may be shredded.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

import structlog
from sqlalchemy import select

from cases import text_removal
from cases.errors import CaseError
from cases.text_certificates import CertificateView
from cases.text_entry_models import TextEntry
from cases.text_holds import DISCARDED, Holding, holding
from cases.text_removal import TextHeld, Wish
from hotline.clock import Clock
from hotline.database import Database
from hotline.settings import Settings
from recordings.objects import Objects

DEFAULT_DAYS: Mapping[str, int] = MappingProxyType(
    {"complaint": 1095, "report": 1095, "suggestion": 730, "enquiry": 365, DISCARDED: 365}
)
ACTOR = "retention"
_BATCH = 200

_log = structlog.get_logger(__name__)


class UnknownTextClass(CaseError):
    """The settings name a class of texts that does not exist."""

    code = "unknown_text_class"


@dataclass(frozen=True, slots=True)
class Decision:
    """Of one text; `rule` such as `complaint: 1095 days`, empty where it has no class yet."""

    entry_id: int
    rule: str
    until: datetime | None
    held: tuple[str, ...]
    due: bool


def table(configured: Mapping[str, int]) -> Mapping[str, int]:
    """Days by class: the defaults under what the settings say. Raises UnknownTextClass naming what is no class."""
    for name in configured:
        if name not in DEFAULT_DAYS:
            known = ", ".join(sorted(DEFAULT_DAYS))
            raise UnknownTextClass(f"texts.retention_days names {name!r}; the classes are {known}")
    return {**DEFAULT_DAYS, **configured}


def decide(entry_id: int, found: Holding, days: Mapping[str, int], now: datetime) -> Decision:
    """Whether its time has come; what is held, or still to be entered, is never due."""
    if found.kind is None:
        return Decision(entry_id, "", None, found.held, due=False)
    until = found.since + timedelta(days=days[found.kind])
    return Decision(
        entry_id, f"{found.kind}: {days[found.kind]} days", until, found.held, due=until <= now and not found.held
    )


async def considered(database: Database, settings: Settings, clock: Clock) -> AsyncIterator[Decision]:
    """What is decided of every text old enough for the shortest limit, oldest first."""
    days = table(settings.texts.retention_days)
    now = clock.now()
    before = now - timedelta(days=min(days.values()))
    place = 0
    while True:
        async with database.transaction() as session:
            query = select(TextEntry).where(
                TextEntry.received_at <= before, TextEntry.erased_at.is_(None), TextEntry.id > place
            )
            rows = list(await session.scalars(query.order_by(TextEntry.id).limit(_BATCH)))
            found = await holding(session, rows)
        if not rows:
            return
        for row in rows:
            yield decide(row.id, found[row.id], days, now)
        place = rows[-1].id


async def run(database: Database, objects: Objects, settings: Settings, clock: Clock) -> list[CertificateView]:
    """End what was begun, then delete what is due; the certificates that were written."""
    written = await text_removal.end_begun(database, objects, clock)
    async for each in considered(database, settings, clock):
        if not each.due:
            continue
        try:
            wish = Wish(each.entry_id, each.rule, ACTOR, "system")
            written.append(await text_removal.remove(database, objects, clock, wish))
        except TextHeld as error:  # told of after it was considered
            _log.info("text.kept", text=each.entry_id, reason=str(error))
    if written:
        _log.info("texts.retired", deleted=len(written))
    return written
