"""Why a call's recording must not be deleted, told by the rooms above in their own transactions, or by a person.

A hold is of a call and names what it is for: an order, a sample, an appeal. It is released by that name, so that one
case that ends does not release what another still needs.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from recordings.vault_models import RecordingHold, RecordingKind

_LOCK = 0x686F6C64
"""First half of the advisory lock of one call: who holds and who deletes wait for each other."""


class HoldReason(StrEnum):
    CASE = "case"
    SAMPLE = "sample"
    APPEAL = "appeal"
    MANUAL = "manual"
    WORK = "work"
    """A draft of it waits for a clerk: the sound of work that is not done."""


RENEWS = (HoldReason.CASE, HoldReason.APPEAL)
"""Reasons after whose end a recording's days begin anew."""


@dataclass(frozen=True, slots=True)
class Hold:
    call_uid: str
    reason: HoldReason
    ref: str
    since: datetime

    @property
    def said(self) -> str:
        return f"{self.reason.value} {self.ref}"


async def hold(session: AsyncSession, call_uid: str, reason: HoldReason, ref: str, now: datetime) -> None:
    """Keep the recording of `call_uid` until `release` with the same reason and `ref`; done twice, it is one hold."""
    await lock(session, call_uid)
    values = {"call_uid": call_uid, "reason": reason.value, "ref": ref, "since": now}
    await session.execute(
        insert(RecordingHold)
        .values(values)
        .on_conflict_do_nothing(index_elements=["call_uid", "reason", "ref"], index_where=RecordingHold.until.is_(None))
    )


async def release(
    session: AsyncSession, reason: HoldReason, ref: str, now: datetime, *, call_uid: str | None = None
) -> int:
    """End the holds of this name, of every call or of one; how many there were."""
    ended = update(RecordingHold).where(
        RecordingHold.reason == reason.value, RecordingHold.ref == ref, RecordingHold.until.is_(None)
    )
    if call_uid is not None:
        ended = ended.where(RecordingHold.call_uid == call_uid)
    return len((await session.scalars(ended.values(until=now).returning(RecordingHold.id))).all())


async def tell_kind(session: AsyncSession, call_uid: str, kind: str, business: str | None) -> None:
    """Say what a call was about, as its order says: that decides how long its recording is kept."""
    statement = insert(RecordingKind).values(call_uid=call_uid, kind=kind, business=business)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["call_uid"], set_={"kind": kind, "business": business})
    )


async def kinds(session: AsyncSession, call_uids: Collection[str]) -> dict[str, tuple[str, str | None]]:
    """Kind and business by call, where they were told."""
    query = select(RecordingKind).where(RecordingKind.call_uid.in_(list(call_uids)))
    return {row.call_uid: (row.kind, row.business) for row in await session.scalars(query)}


async def open_holds(session: AsyncSession, names: Collection[str]) -> list[Hold]:
    """Holds in force of these calls, or whose `ref` is among `names` (an outgoing call is about an order)."""
    wanted = list(names)
    query = select(RecordingHold).where(
        RecordingHold.until.is_(None), or_(RecordingHold.call_uid.in_(wanted), RecordingHold.ref.in_(wanted))
    )
    rows = await session.scalars(query.order_by(RecordingHold.since, RecordingHold.id))
    return [Hold(row.call_uid, HoldReason(row.reason), row.ref, row.since) for row in rows]


async def released(session: AsyncSession, names: Collection[str]) -> dict[str, datetime]:
    """When the last case or appeal ended, by call and by `ref`."""
    wanted = list(names)
    reasons = [reason.value for reason in RENEWS]
    found: dict[str, datetime] = {}
    for column in (RecordingHold.call_uid, RecordingHold.ref):
        query = select(column, func.max(RecordingHold.until)).where(
            column.in_(wanted), RecordingHold.reason.in_(reasons), RecordingHold.until.is_not(None)
        )
        for name, until in await session.execute(query.group_by(column)):
            if until is not None:
                found[name] = max(until, found.get(name, until))
    return found


async def lock(session: AsyncSession, call_uid: str) -> None:
    """Make who holds this call and who deletes its recording wait for each other, until the transaction ends."""
    await session.execute(select(func.pg_advisory_xact_lock(_LOCK, func.hashtext(call_uid))))
