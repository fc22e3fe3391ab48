"""Rows of call-backs: asked for by a call's own writing-down, moved by the leader, read by pages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from acd.callbacks import Callback, CallbackState, Note
from acd.calls import CallFacts
from acd.claims import Connection
from acd.events import Kind
from acd.words import CustomerClass, Service

CHANNEL = "callbacks"
"""NOTIFY channel: something about call-backs changed."""

COLUMNS = (
    "id, call_uid, number, service, customer_class, queued_at, priority, asked_at, state, attempts, next_at,"
    " expires_at, seat, epoch, answered_uid, history"
)
_OPEN = f"SELECT {COLUMNS} FROM callbacks WHERE state IN ('waiting', 'dialling', 'connected')"  # noqa: S608
_SAVE = """
WITH saved AS (
    UPDATE callbacks
    SET state = %(state)s, attempts = %(attempts)s, next_at = %(next_at)s, expires_at = %(expires_at)s,
        seat = %(seat)s, epoch = %(epoch)s, answered_uid = %(answered_uid)s, history = %(history)s::jsonb
    WHERE id = %(id)s AND state = %(old_state)s AND attempts = %(old_attempts)s AND next_at = %(old_next_at)s
    RETURNING id)
SELECT pg_notify('callbacks', '') FROM saved
"""
_NOTE = text(
    "INSERT INTO callbacks (call_uid, number, service, customer_class, queued_at, priority, asked_at, state, attempts,"
    " next_at, epoch, history)"
    " SELECT uid, :number, service, customer_class, coalesce(queued_at, :asked_at), priority, :asked_at, 'waiting', 0,"
    " :asked_at, 0, CAST(:history AS jsonb) FROM calls WHERE uid = :uid ON CONFLICT (call_uid) DO NOTHING RETURNING id"
)


async def note(session: AsyncSession, known: Iterable[CallFacts]) -> None:
    """Write down who of these asked to be called back; whoever was written down before keeps the row."""
    asked = [facts for facts in known if facts.callback_number]
    for facts in asked:
        at = facts.first[Kind.CALLBACK]
        history = _history((Note(at, "asked"),))
        values = {"uid": facts.uid, "number": facts.callback_number, "asked_at": at, "history": history}
        await session.execute(_NOTE, values)
    if asked:
        await session.execute(text("SELECT pg_notify('callbacks', '')"))


async def load_open(connection: Connection) -> list[Callback]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_OPEN.encode())
        return [callback_of(row) for row in await cursor.fetchall()]


async def outcomes(connection: Connection, uids: list[str]) -> dict[str, tuple[str, str]]:
    """(outcome, seat) of those calls that the ledger has as ended."""
    query = "SELECT uid, outcome, coalesce(seat, '') FROM calls WHERE uid = ANY(%s) AND ended_at IS NOT NULL"
    rows = await (await connection.execute(query, (uids,))).fetchall()
    return {uid: (outcome or "", seat) for uid, outcome, seat in rows}


async def handling_seconds(connection: Connection, since: datetime) -> list[float]:
    """Seconds from answer to end of the latest calls that ended after `since`, at most 50, oldest first."""
    query = (
        "SELECT extract(epoch FROM ended_at - answered_at)::float FROM calls"
        " WHERE ended_at > %s AND answered_at IS NOT NULL ORDER BY ended_at DESC LIMIT 50"
    )
    rows = await (await connection.execute(query, (since,))).fetchall()
    return [seconds for (seconds,) in reversed(rows)]


async def save(connection: Connection, before: Callback, after: Callback) -> bool:
    """Write `after` where the row still is `before`; False where somebody else changed it meanwhile."""
    async with connection.cursor() as cursor:
        await cursor.execute(_SAVE.encode(), saved_values(before, after))
        return await cursor.fetchone() is not None


def saved_values(before: Callback, after: Callback) -> dict[str, Any]:
    return {
        "id": after.id, "state": after.state.value, "attempts": after.attempts, "next_at": after.next_at,
        "expires_at": after.expires_at, "seat": after.seat, "epoch": after.epoch, "answered_uid": after.answered_uid,
        "history": _history(after.history), "old_state": before.state.value, "old_attempts": before.attempts,
        "old_next_at": before.next_at,
    }  # fmt: skip


def callback_of(row: Mapping[str, Any]) -> Callback:
    return Callback(
        id=row["id"],
        call_uid=row["call_uid"],
        number=row["number"],
        service=Service(row["service"]) if row["service"] else None,
        customer_class=CustomerClass(row["customer_class"]),
        queued_at=row["queued_at"],
        priority=row["priority"],
        asked_at=row["asked_at"],
        state=CallbackState(row["state"]),
        attempts=row["attempts"],
        next_at=row["next_at"],
        expires_at=row["expires_at"],
        seat=row["seat"],
        epoch=row["epoch"],
        answered_uid=row["answered_uid"],
        history=tuple(
            Note(datetime.fromisoformat(entry["at"]), entry["what"], entry["detail"]) for entry in row["history"]
        ),
    )


def _history(notes: tuple[Note, ...]) -> str:
    return json.dumps([{"at": entry.at.isoformat(), "what": entry.what, "detail": entry.detail} for entry in notes])
