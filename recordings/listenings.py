"""Who listened to what, and which seconds: one listening is one row here while it goes on, and in the audit when over.

The audit gets a row before the first byte is sent (`recording.replay`), so that no listening can escape it, and one
with the seconds when it ends (`recording.heard`): those that the player says it played, and those whose bytes were
sent, which is all there is of a client that does not report.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hotline import audit
from hotline.accounts import Subject
from hotline.models import User
from hotline.roles import Action
from recordings.models import Listening
from recordings.spans import Span, from_json, merged, of_bytes, to_json, total

QUIET = timedelta(minutes=5)
"""A listening is over when nothing was asked for and nothing reported for so long; a playing page reports each 15 s."""
HEARD = "recording.heard"
_TOGETHER = 0.6
"""Seconds between two stretches that count as one: a player that seeks leaves such gaps."""
_READ_AHEAD = 2.0


async def opened(
    session: AsyncSession, subject: Subject, call_uid: str, *, sha256: str, clear: bool, why: str, now: datetime,
    rendition: str = "",
) -> None:  # fmt: skip
    """Note a request for the sound: the first of a listening is an audit row, in the session's transaction.

    `clear` says whether sensitive digits can be heard, or may be among what nobody recognised; `why` is `unchecked`,
    `sensitive` or `not recognised` then, else empty. `rendition` names it where `clear` does not.
    """
    row = await _row(session, subject.user_id, call_uid)
    if row is not None and now - row.last_at < QUIET and row.clear == clear:
        row.last_at = max(now, row.last_at)
        return
    if row is not None:
        await _close(session, row, now)
    fresh = {"opened_at": now, "last_at": now, "clear": clear, "heard": None, "served": []}
    statement = insert(Listening).values(user_id=subject.user_id, call_uid=call_uid, **fresh)
    made = await session.scalar(
        statement.on_conflict_do_nothing(index_elements=["user_id", "call_uid"]).returning(Listening.call_uid)
    )
    if made is None:
        return  # another request of the same player was quicker
    action = Action.SENSITIVE_VIEW if why == "sensitive" else Action.RECORDING_REPLAY
    named = rendition or ("original" if clear else "masked")
    await audit.record(
        session, actor=subject.login, role=subject.role.value, action=action.value, subject=f"call:{call_uid}",
        detail={"sha256": sha256, "rendition": named} | ({"why": why} if why else {}),
        now=now,
    )  # fmt: skip


async def sent(
    session: AsyncSession, user_id: UUID, call_uid: str, *, first: int, length: int, size: int, seconds: float
) -> None:
    """Note bytes `first` to `first + length` of `size` that have gone out, whatever the player says of them."""
    row = await _row(session, user_id, call_uid)
    if row is None or length <= 0:
        return
    span = of_bytes(first, first + length - 1, size, seconds)
    row.served = to_json(merged([*from_json(row.served), span], within=_READ_AHEAD, limit=seconds))


async def reported(
    session: AsyncSession, subject: Subject, call_uid: str, spans: Iterable[Span], *, seconds: float, left: bool,
    now: datetime,
) -> None:  # fmt: skip
    """Note what a player says that it played; with `left` its page was closed and the listening is over.

    Spans outside the recording are cut off. A report without an open listening is left out: the bytes came under one.
    """
    row = await _row(session, subject.user_id, call_uid)
    if row is None:
        return
    told = merged([*from_json(row.heard or []), *spans], within=_TOGETHER, limit=seconds)
    row.heard = to_json(told)
    row.last_at = max(now, row.last_at)
    if left:
        await _close(session, row, now)


async def close_quiet(session: AsyncSession, now: datetime) -> int:
    """Write those that are over into the audit; how many there were."""
    query = select(Listening).where(Listening.last_at <= now - QUIET).with_for_update(skip_locked=True).limit(500)
    rows = (await session.scalars(query)).all()
    for row in rows:
        await _close(session, row, now)
    return len(rows)


async def _row(session: AsyncSession, user_id: UUID, call_uid: str) -> Listening | None:
    query = select(Listening).where(Listening.user_id == user_id, Listening.call_uid == call_uid)
    found: Listening | None = await session.scalar(query.with_for_update().execution_options(populate_existing=True))
    return found


async def _close(session: AsyncSession, row: Listening, now: datetime) -> None:
    user = await session.get(User, row.user_id)
    heard, served = from_json(row.heard or []), from_json(row.served)
    await session.delete(row)
    await session.flush()
    await audit.record(
        session,
        actor=user.login if user else str(row.user_id),
        role=user.role if user else "",
        action=HEARD,
        subject=f"call:{row.call_uid}",
        detail={
            "from": row.opened_at.isoformat(timespec="seconds"),
            "to": row.last_at.isoformat(timespec="seconds"),
            "seconds": to_json(heard),
            "total": round(total(heard), 1),
            "reported": row.heard is not None,
            "served": to_json(served),
            "rendition": "original" if row.clear else "masked",
        },
        now=now,
    )
