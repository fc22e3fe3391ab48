"""What was recorded beside a call: supervisors' voices, and what the agent asked another seat aside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from acd import ledger, monitoring
from console.errors import N_
from recordings import store


@dataclass(frozen=True, slots=True)
class Beside:
    """One further recording; `name` is a catalogue key with `who` in it."""

    uid: str
    name: str
    who: str
    started_at: datetime
    seconds: float


async def recordings_beside(session: AsyncSession, call_uid: str) -> list[Beside]:
    """Those that are stored, first to last."""
    names = {
        listening.id: (N_("Supervisor %(who)s (left) and what they heard"), listening.listener or listening.phone)
        for listening in await monitoring.of_call(session, call_uid)
    }
    for consult in await ledger.consults_of(session, call_uid):
        names[consult.uid] = (N_("Consultation with seat %(who)s"), consult.seat or "")
    kept = await store.of_calls(session, set(names))
    found = [Beside(uid, *names[uid], row.started_at, row.seconds) for uid, row in kept.items()]
    return sorted(found, key=lambda each: each.started_at)
