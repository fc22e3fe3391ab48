"""A seat is given to a caller in the database, by one statement, for a limited time, under a number that only rises.

The claim (`ready` → `ringing`) names the call, a lease, and an epoch from the sequence. The dialplan refuses to ring
for an epoch older than it has seen, so a Redirect that was delayed on its way cannot ring a seat that has moved on.
The unique `call_uid` keeps one caller from two seats. Claims run on the connection that holds the leader's lock
(`leader.py`): who lost the lock cannot claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from acd.seats import Seat, SeatState
from acd.words import CustomerClass, Level, Service

Connection = psycopg.AsyncConnection[Any]

COLUMNS = (
    "extension, level, skills, classes, state, state_since, reachable, idle_since, epoch, lease_until, call_uid,"
    " break_reason, wrap_up_until, misses, redeployed_until"
)

TERM_GAP = 10_000
"""Epochs left out between terms: many times what can be claimed in a second."""

_CLAIM = f"""
WITH claimed AS (
    UPDATE seats
    SET state = 'ringing', state_since = %(now)s, epoch = nextval('acd_claim_epoch'),
        lease_until = %(lease_until)s, call_uid = %(call)s
    WHERE extension = %(extension)s AND reachable
      AND (state = 'ready' OR (%(own)s AND state IN ('wrap_up', 'break')))
    RETURNING {COLUMNS})
SELECT claimed.*, pg_notify('floor', '') AS told, pg_notify('seat_news', extension || ':call') AS page FROM claimed
"""  # noqa: S608 - a constant list of columns

_SAVE = """
WITH saved AS (
    UPDATE seats
    SET state = %(state)s, state_since = %(state_since)s, reachable = %(reachable)s, idle_since = %(idle_since)s,
        epoch = %(epoch)s, lease_until = %(lease_until)s, call_uid = %(call_uid)s, break_reason = %(break_reason)s,
        wrap_up_until = %(wrap_up_until)s, misses = %(misses)s
    WHERE extension = %(extension)s AND state = %(old_state)s AND epoch = %(old_epoch)s
      AND reachable = %(old_reachable)s AND call_uid IS NOT DISTINCT FROM %(old_call_uid)s
      AND break_reason IS NOT DISTINCT FROM %(old_break_reason)s
    RETURNING extension)
SELECT pg_notify('floor', ''), pg_notify('seat_news', extension || ':call') FROM saved
"""


_FALL_BACK = """
WITH back AS (
    UPDATE seats
    SET level = normal->>'level', skills = normal->'skills', classes = normal->'classes', normal = NULL,
        redeployed_until = NULL
    WHERE redeployed_until <= %(now)s AND normal IS NOT NULL
    RETURNING extension)
SELECT extension, pg_notify('floor', '') AS told, pg_notify('seat_news', extension || ':seat') AS page FROM back
"""


async def claim(
    connection: Connection, call: str, extension: str, *, now: datetime, lease: float, own: bool = False
) -> Seat | None:
    """Give the seat to the call for `lease` seconds; None if the seat is not free or the caller has one.

    `own`: the call is the seat's own (it comes back to it, or its agent makes it), so that wrap-up and break do.
    """
    values = {
        "call": call, "extension": extension, "now": now, "lease_until": now + timedelta(seconds=lease), "own": own,
    }  # fmt: skip
    try:
        rows = await _rows(connection, _CLAIM, values)
    except psycopg.errors.UniqueViolation:
        return None
    return seat_of(rows[0]) if rows else None


async def save(connection: Connection, before: Seat, after: Seat) -> bool:
    """Write `after` where the row still is `before`; False where somebody else changed it meanwhile."""
    values = {
        "extension": after.extension, "state": after.state.value, "state_since": after.state_since,
        "reachable": after.reachable, "idle_since": after.idle_since, "epoch": after.epoch,
        "lease_until": after.lease_until, "call_uid": after.call_uid, "break_reason": after.break_reason,
        "wrap_up_until": after.wrap_up_until, "misses": after.misses,
        "old_state": before.state.value, "old_epoch": before.epoch, "old_reachable": before.reachable,
        "old_call_uid": before.call_uid, "old_break_reason": before.break_reason,
    }  # fmt: skip
    try:
        return bool(await _rows(connection, _SAVE, values))
    except psycopg.errors.UniqueViolation:
        return False


async def load(connection: Connection, extension: str | None = None) -> list[Seat]:
    """All seats, or the one named."""
    query = f"SELECT {COLUMNS} FROM seats WHERE %(extension)s::text IS NULL OR extension = %(extension)s"  # noqa: S608
    return [seat_of(row) for row in await _rows(connection, query, {"extension": extension})]


async def expired(connection: Connection, now: datetime) -> list[Seat]:
    """Seats whose claim was neither answered nor returned within its lease."""
    query = f"SELECT {COLUMNS} FROM seats WHERE state = 'ringing' AND lease_until < %(now)s"  # noqa: S608
    return [seat_of(row) for row in await _rows(connection, query, {"now": now})]


async def end_redeployments(connection: Connection, now: datetime) -> list[str]:
    """Give seats whose time is over their usual level, skills and classes back (D81); which they were."""
    return [row["extension"] for row in await _rows(connection, _FALL_BACK, {"now": now})]


async def term_epoch(connection: Connection) -> int:
    """The epoch a term begins with: above all that a term before it can have used.

    A leader does not wait for the disk at each claim (`leader.py`), so that a crash of the database can forget the
    numbers of its last moments (less than a second of claims). The gap is larger than that.
    """
    query = "SELECT setval('acd_claim_epoch', nextval('acd_claim_epoch') + %(gap)s) AS epoch"
    return int((await _rows(connection, query, {"gap": TERM_GAP}))[0]["epoch"])


async def next_epoch(connection: Connection, *, above: int = 0) -> int:
    """A number higher than any before, and than `above` (what a dialplan remembers of a database that was reset)."""
    epoch = 0
    while epoch <= above:
        rows = await _rows(connection, "SELECT nextval('acd_claim_epoch') AS epoch", {})
        epoch = int(rows[0]["epoch"])
        if epoch <= above:
            await _rows(connection, "SELECT setval('acd_claim_epoch', %(above)s)", {"above": above})
    return epoch


async def _rows(connection: Connection, query: str, values: Mapping[str, object]) -> Sequence[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query.encode(), values)
        return await cursor.fetchall()


def seat_of(row: Mapping[str, Any]) -> Seat:
    """A row of `seats` as the value that `acd.seats` steps."""
    return Seat(
        extension=row["extension"],
        level=Level(row["level"]),
        skills={Service(service): int(level) for service, level in row["skills"].items()},
        classes=frozenset(CustomerClass(name) for name in row["classes"]),
        state=SeatState(row["state"]),
        state_since=row["state_since"],
        reachable=row["reachable"],
        idle_since=row["idle_since"],
        epoch=row["epoch"],
        lease_until=row["lease_until"],
        call_uid=row["call_uid"],
        break_reason=row["break_reason"],
        wrap_up_until=row["wrap_up_until"],
        misses=row["misses"],
        redeployed_until=row["redeployed_until"],
    )
