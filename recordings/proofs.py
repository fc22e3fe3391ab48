"""What certificates of deletion have in common: a digest that the audit chain carries, and a table that only grows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DDL, FromClause, event
from sqlalchemy.ext.asyncio import AsyncSession

from hotline.models import AuditEntry


def refuse_changes(table: FromClause, prefix: str) -> None:
    """Have the database refuse to change or remove rows of `table`, in replica mode too.

    The function and the trigger are called after `prefix`. The migration that makes the table makes the same; a test
    holds the two together.
    """
    for statement in (
        f"""
CREATE FUNCTION {prefix}_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = 'certificates of deletion are append-only: ' || TG_OP || ' refused';
END $$
""",
        f"""
CREATE TRIGGER {prefix}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table.description}
FOR EACH STATEMENT EXECUTE FUNCTION {prefix}_refuse_change()
""",
        f"ALTER TABLE {table.description} ENABLE ALWAYS TRIGGER {prefix}_append_only",
    ):
        event.listen(table, "after_create", DDL(statement))  # type: ignore[no-untyped-call]


def digest(said: Mapping[str, Any]) -> str:
    """SHA-256, hexadecimal, over the canonical JSON of what a certificate says."""
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def told(moment: datetime) -> str:
    """A moment as a certificate says it, in UTC and to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


async def carried(session: AsyncSession, seq: int, action: str, certificate: str) -> bool:
    """Whether entry `seq` of the audit chain is a deletion (`action`) that carries the digest `certificate`."""
    entry = await session.get(AuditEntry, seq)
    return entry is not None and entry.action == action and entry.detail.get("certificate") == certificate
