"""The append-only audit chain: who did what to which recording, draft or account.

Every entry carries the digest of the one before it, so that a changed, missing or reordered entry shows. Three walls:
a trigger refuses UPDATE, DELETE and TRUNCATE; the chain shows what somebody did with the trigger off; the row in
`audit_head`, and anchors kept outside the database, show a tail that was cut off.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hotline.errors import HotlineError
from hotline.models import AuditEntry, AuditHead

GENESIS = "0" * 64
_LOCK = 0x61756469740001
"""Key of the advisory lock that makes writers of the chain wait for each other until they commit."""
_MOST_PROBLEMS = 100
_BATCH = 1000

APPEND_ONLY_SQL = (
    """
    CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit is append-only: % on % refused', TG_OP, TG_TABLE_NAME;
    END $$
    """,
    """
    CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()
    """,
    # ALWAYS: a session in replica mode does not get past it either.
    "ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_append_only",
)


class AuditError(HotlineError):
    code = "audit"


@dataclass(frozen=True)
class AuditProblem:
    """`kind`: `changed`, `broken` (does not follow its predecessor), `missing`, `truncated` or `anchor`."""

    seq: int
    kind: str
    message: str


@dataclass(frozen=True)
class AuditReport:
    checked: int
    head_seq: int
    head_digest: str
    problems: tuple[AuditProblem, ...]

    @property
    def sound(self) -> bool:
        return not self.problems


@dataclass(frozen=True)
class Anchor:
    """A head of the chain as it was once, kept where the database's owner cannot rewrite it."""

    seq: int
    digest: str


async def record(
    session: AsyncSession, *, actor: str, role: str, action: str, subject: str, detail: dict[str, Any], now: datetime
) -> AuditEntry:
    """Append an entry in the session's transaction; others that append wait until it has ended.

    `detail` is plain JSON. Raises AuditError where PostgreSQL could not give it back as it was (NaN, a zero byte,
    half a surrogate pair).
    """
    await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    head = await session.get(AuditHead, 1, populate_existing=True)
    if head is None:
        head = AuditHead(id=1, seq=0, digest=GENESIS)
        session.add(head)
    entry = AuditEntry(
        seq=head.seq + 1, at=now.astimezone(UTC), actor=actor, role=role, action=action, subject=subject,
        detail=detail, previous=head.digest,
    )  # fmt: skip
    entry.digest = digest_of(entry)
    session.add(entry)
    head.seq, head.digest = entry.seq, entry.digest
    await session.flush()
    return entry


async def head(session: AsyncSession) -> Anchor:
    """The present end of the chain, to be kept as an anchor."""
    row = await session.get(AuditHead, 1, populate_existing=True)
    return Anchor(row.seq, row.digest) if row is not None else Anchor(0, GENESIS)


async def latest(session: AsyncSession, *, subject: str | None = None, limit: int = 50) -> list[AuditEntry]:
    """The latest entries, oldest of them first; only those about `subject` when it is given."""
    statement = select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(limit)
    if subject is not None:
        statement = statement.where(AuditEntry.subject == subject)
    return list(reversed((await session.scalars(statement)).all()))


async def verify(session: AsyncSession, anchors: tuple[Anchor, ...] = ()) -> AuditReport:
    """Read the whole chain and say where it was tampered with; at most the first hundred findings."""
    problems: list[AuditProblem] = []
    wanted = {anchor.seq: anchor.digest for anchor in anchors if anchor.seq > 0}
    seq, digest, checked = 0, GENESIS, 0
    # One snapshot: the head is read before the entries, so entries appended meanwhile do not look like a surplus.
    row = await session.get(AuditHead, 1, populate_existing=True)
    last = Anchor(row.seq, row.digest) if row is not None else Anchor(0, GENESIS)
    statement = select(AuditEntry).where(AuditEntry.seq <= last.seq).order_by(AuditEntry.seq)
    result = await session.stream_scalars(statement.execution_options(yield_per=_BATCH))
    async for entry in result:
        problems += _check_link(entry, seq, digest)
        anchored = wanted.pop(entry.seq, None)
        if anchored is not None and anchored != entry.digest:
            problems.append(AuditProblem(entry.seq, "anchor", f"entry {entry.seq} is not the one that was anchored"))
        seq, digest, checked = entry.seq, entry.digest, checked + 1
        session.expunge(entry)
        if len(problems) >= _MOST_PROBLEMS:
            break
    else:
        problems += await _check_end(session, seq, digest, last)
        problems += [
            AuditProblem(missing, "truncated", f"entry {missing} was anchored and is not there any more")
            for missing in sorted(wanted)
        ]
    return AuditReport(checked, seq, digest, tuple(problems[:_MOST_PROBLEMS]))


def digest_of(entry: AuditEntry) -> str:
    """SHA-256, hexadecimal, over the canonical JSON of all that the entry says and of its predecessor's digest."""
    content = {
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "role": entry.role,
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
        "previous": entry.previous,
    }
    text = json.dumps(_canonical(content), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _check_link(entry: AuditEntry, seq: int, digest: str) -> list[AuditProblem]:
    found = []
    if entry.seq != seq + 1:
        gone = f"entry {seq + 1} is" if entry.seq == seq + 2 else f"entries {seq + 1} to {entry.seq - 1} are"
        found.append(AuditProblem(seq + 1, "missing", f"{gone} missing before entry {entry.seq}"))
    elif entry.previous != digest:
        found.append(AuditProblem(entry.seq, "broken", f"entry {entry.seq} does not follow entry {seq}"))
    if digest_of(entry) != entry.digest:
        found.append(AuditProblem(entry.seq, "changed", f"entry {entry.seq} was changed after it was written"))
    return found


async def _check_end(session: AsyncSession, seq: int, digest: str, last: Anchor) -> list[AuditProblem]:
    if seq < last.seq:
        return [AuditProblem(seq + 1, "truncated", f"the chain ends at entry {seq} and should end at {last.seq}")]
    if digest != last.digest:
        return [AuditProblem(seq, "changed", f"the head does not have the digest of entry {seq}")]
    if last.seq == 0 and await session.scalar(select(func.count()).select_from(AuditEntry)):
        return [AuditProblem(0, "truncated", "there are entries and the chain's head is gone")]
    return []


def _canonical(value: Any) -> Any:
    """JSON that comes out of JSONB as it went in: numbers become text of their exact value (1.0, 1 and 10e-1 alike)."""
    match value:
        case None | bool():
            return value
        case str():
            if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
                raise AuditError("an audit entry cannot hold a zero byte or half a surrogate pair")
            return value
        case int() | float():
            if isinstance(value, float) and not math.isfinite(value):
                raise AuditError("an audit entry cannot hold NaN or an infinite number")
            return {"n": _exact(Decimal(repr(value)))}
        case dict():
            return {"o": {_canonical(str(key)): _canonical(item) for key, item in value.items()}}
        case list() | tuple():
            return [_canonical(item) for item in value]
    raise AuditError(f"an audit entry holds JSON only, not {type(value).__name__}")


def _exact(number: Decimal) -> str:
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).lstrip("0")
    stripped = text.rstrip("0")
    if not stripped:
        return "0"
    return f"{'-' if sign else ''}{stripped}e{exponent + len(text) - len(stripped)}"
