"""Writing calls down: events into the time line, and the call's row as what its time line says.

The row is never stepped from its old value: events are inserted (the same event twice is one row, D126), the whole time
line is read back and joined. So it does not matter who writes, how often, or in which order, and what a controller
that was away did not hear is filled in from the journal by the same function.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from acd import callback_rows, monitoring, survey
from acd.calls import CallFacts, CallState, Direction, facts_of
from acd.clock_jumps import jumps_between
from acd.events import MONITORED, CallEvent, Kind
from acd.ledger import node_of
from acd.models import CallEvent as EventRow
from acd.promise import breach
from acd.words import CustomerClass, Service
from hotline.jobs import defer

FINALISE = "recordings.finalise"


@dataclass(slots=True)
class Pending:
    """What is to be written about one call."""

    uid: str
    events: set[CallEvent] = field(default_factory=set)
    customer_class: CustomerClass | None = None
    priority: int = 0


_MAKE = text(
    "INSERT INTO calls (uid, caller, dialled, customer_class, state, entered_at, ring_attempts, priority, node)"
    " VALUES (:uid, '', '', 'ordinary', 'ivr', :entered_at, 0, 0, :node) ON CONFLICT DO NOTHING"
)
_LOCK = text("SELECT uid, caller, dialled, ended_at FROM calls WHERE uid = ANY(:uids) ORDER BY uid FOR UPDATE")
_READ = text("SELECT call_uid, kind, at, seat, detail FROM call_events WHERE call_uid = ANY(:uids)")
_UPDATE = text(
    "UPDATE calls SET caller = :caller, dialled = :dialled, service = :service, state = :state, outcome = :outcome,"
    " entered_at = :entered_at, queued_at = :queued_at, answered_at = :answered_at, ended_at = :ended_at, seat = :seat,"
    " ring_attempts = :ring_attempts, customer_class = coalesce(:customer_class, customer_class),"
    " priority = greatest(priority, :priority), direction = :direction, about = coalesce(:about, about)"
    " WHERE uid = :uid"
)
_BREACH = text(
    "INSERT INTO breaches (call_uid, cause, waited_seconds, limit_seconds, noted_at, detail)"
    " VALUES (:call_uid, :cause, :waited, :limit, :now, jsonb_build_object('over', CAST(:over AS bool),"
    " 'ringing', CAST(:ringing AS float), 'in_vain', CAST(:in_vain AS int)))"
    " ON CONFLICT (call_uid) DO UPDATE SET cause = excluded.cause, waited_seconds = excluded.waited_seconds,"
    " detail = excluded.detail"
)
_TELL_SEATS = text("SELECT pg_notify('seat_news', extension || '\\:call') FROM seats WHERE call_uid = ANY(:uids)")
"""The pages of the agents that have these calls look again: a number or a menu choice may be known only now."""
_KEPT = text("DELETE FROM breaches WHERE call_uid = ANY(:uids)")


async def write(
    session: AsyncSession, batch: Sequence[Pending], *, promise: float, now: datetime
) -> dict[str, CallFacts]:
    """Write what is pending of several calls; returns what is now known of each.

    A call that has just ended gets its recording finalised by a job in the same transaction. A wait over
    `promise` seconds gets its breach row as soon as it is seen here, and the final figures at its end.
    """
    batch = sorted(batch, key=lambda pending: pending.uid)
    uids = [pending.uid for pending in batch]
    made = [
        {"uid": p.uid, "entered_at": min(event.at for event in p.events), "node": node_of(p.uid)}
        for p in batch
        if p.events
    ]
    if made:
        await session.execute(_MAKE, made)
    locked = {row["uid"]: dict(row) for row in (await session.execute(_LOCK, {"uids": uids})).mappings()}
    rows = [_row(event) for pending in batch for event in sorted(pending.events, key=_told) if pending.uid in locked]
    if rows:
        # executemany: a statement with the rows in it would be compiled anew for every number of rows
        await session.execute(insert(EventRow).on_conflict_do_nothing(), rows)
    await survey.note(session, (event for pending in batch if pending.uid in locked for event in pending.events))
    told = [event for pending in batch if pending.uid in locked for event in pending.events]
    for listening in await monitoring.note(session, told, now):
        await defer(session, FINALISE, call_uid=listening)
    known = await read(session, uids, locked)
    for pending in batch:
        for event in pending.events:
            if event.caller or event.dialled:
                facts = known[pending.uid]
                known[pending.uid] = _named(facts, event.caller, event.dialled)
    await session.execute(_UPDATE, [_values(known[pending.uid], pending) for pending in batch if pending.uid in known])
    await callback_rows.note(session, known.values())
    await _note_breaches(session, known, promise, now)
    for uid, facts in known.items():
        recorded = facts.direction is Direction.IN or facts.answered_at is not None
        if recorded and facts.state is CallState.ENDED and locked[uid]["ended_at"] is None:
            await defer(session, FINALISE, call_uid=uid)
    await session.execute(text("SELECT pg_notify('floor', '')"))
    # a supervisor who begins to listen is announced to nobody
    noticed = [p.uid for p in batch if not p.events or any(event.kind not in MONITORED for event in p.events)]
    await session.execute(_TELL_SEATS, {"uids": noticed})
    return known


async def read(
    session: AsyncSession, uids: Sequence[str], rows: Mapping[str, Mapping[str, Any]]
) -> dict[str, CallFacts]:
    """What the time lines say of `uids`; `rows` gives each call's caller and dialled number."""
    events: dict[str, list[CallEvent]] = {uid: [] for uid in uids if uid in rows}
    for row in (await session.execute(_READ, {"uids": list(events)})).mappings():
        events[row["call_uid"]].append(_event(dict(row)))
    return {
        uid: _named(facts_of(uid, told), rows[uid]["caller"], rows[uid]["dialled"])
        for uid, told in events.items()
        if told
    }


async def open_calls(session: AsyncSession) -> dict[str, tuple[CallFacts, CustomerClass]]:
    """Calls that have not ended, as their time lines tell them."""
    query = text("SELECT uid, caller, dialled, customer_class FROM calls WHERE ended_at IS NULL")
    rows = {row["uid"]: dict(row) for row in (await session.execute(query)).mappings()}
    known = await read(session, list(rows), rows)
    return {uid: (facts, CustomerClass(rows[uid]["customer_class"])) for uid, facts in known.items()}


async def ended_among(session: AsyncSession, uids: Sequence[str]) -> set[str]:
    """Which of `uids` are written down as ended."""
    query = text("SELECT uid FROM calls WHERE uid = ANY(:uids) AND ended_at IS NOT NULL")
    return set((await session.scalars(query, {"uids": list(uids)})).all())


def _named(facts: CallFacts, caller: str, dialled: str) -> CallFacts:
    return replace(facts, caller=max(facts.caller, caller), dialled=max(facts.dialled, dialled))


_ORDER = {kind: place for place, kind in enumerate(Kind)}


def _told(event: CallEvent) -> tuple[datetime, int]:
    """Order of a time line: what the dialplan tells within one millisecond stands as it happens."""
    return event.at, _ORDER[event.kind]


def _row(event: CallEvent) -> dict[str, Any]:
    detail: dict[str, Any] = {}
    if event.epoch:
        detail["epoch"] = event.epoch
    if event.service is not None:
        detail["service"] = event.service.value
    if event.detail:
        detail["detail"] = event.detail
    return {"call_uid": event.call, "at": event.at, "kind": event.kind.value, "seat": event.seat, "detail": detail}


def _event(row: Mapping[str, Any]) -> CallEvent:
    detail = row["detail"]
    service = detail.get("service")
    return CallEvent(
        call=row["call_uid"],
        kind=Kind(row["kind"]),
        at=row["at"],
        seat=row["seat"],
        epoch=int(detail.get("epoch", 0)),
        service=Service(service) if service else None,
        detail=detail.get("detail", ""),
    )


def _values(facts: CallFacts, pending: Pending) -> dict[str, Any]:
    return {
        "uid": facts.uid,
        "caller": facts.caller,
        "dialled": facts.dialled,
        "service": facts.service.value if facts.service else None,
        "state": facts.state.value,
        "outcome": facts.outcome.value if facts.outcome else None,
        "entered_at": facts.entered_at,
        "queued_at": facts.queued_at,
        "answered_at": facts.answered_at,
        "ended_at": facts.ended_at,
        "seat": facts.seat or None,
        "ring_attempts": facts.ring_attempts,
        "customer_class": pending.customer_class.value if pending.customer_class else None,
        "priority": pending.priority,
        "direction": facts.direction.value,
        "about": facts.about or None,
    }


async def _note_breaches(session: AsyncSession, known: Mapping[str, CallFacts], promise: float, now: datetime) -> None:
    broken: list[dict[str, Any]] = []
    kept: list[str] = []
    jumps = await jumps_between(session, now, now)
    for uid, facts in known.items():
        wait = breach(facts, promise, now, jumps)
        if wait is None:
            kept.append(uid)
            continue
        broken.append(
            {
                "call_uid": uid, "cause": wait.cause.value, "waited": round(wait.waited, 3), "limit": promise,
                "now": now, "over": wait.over, "ringing": round(wait.ringing, 3), "in_vain": wait.in_vain,
            }
        )  # fmt: skip
    if broken:
        await session.execute(_BREACH, broken)
    if kept:
        # noted too early: the answer, told late, came in time after all
        await session.execute(_KEPT, {"uids": kept})
