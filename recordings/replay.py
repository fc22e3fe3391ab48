"""Listening to a recording over HTTP: who may, one audit row per listening, and the bytes that were asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action
from recordings import store
from recordings.errors import NoRecording, ObjectMissing
from recordings.models import Listening
from recordings.objects import Objects
from recordings.ranges import Part, Unsatisfiable, parse_range

LISTENING = timedelta(minutes=15)
"""A player asks for dozens of ranges: requests of one person for one call within this are one listening."""


@dataclass(frozen=True, slots=True)
class ReplayResponse:
    """What the web layer sends: `body` yields exactly `Content-Length` bytes."""

    status: int
    headers: Mapping[str, str]
    body: AsyncIterator[bytes] = field(repr=False)


async def open_replay(
    session: AsyncSession,
    objects: Objects,
    *,
    subject: Subject,
    call_uid: str,
    range_header: str | None,
    now: datetime,
    if_range: str | None = None,
) -> ReplayResponse:
    """Answer one request for the recording of `call_uid`: status 200, 206 or 416 (RFC 9110 §14).

    Raises Denied where the role may not listen, NoRecording where the call has none, ObjectMissing where the store
    lost it. The audit row (D126) is written before the first byte is sent, in the session's transaction.
    """
    subject.demand(Action.RECORDING_REPLAY)
    recording = await store.get(session, call_uid)
    if recording is None:
        raise NoRecording("this call has no stored recording; the list of recording problems says why")
    size, etag = recording.bytes, f'"{recording.sha256}"'
    # §13.1.5: with If-Range a range holds only for the very same file.
    asked = parse_range(range_header if if_range in (None, etag) else None, size)
    headers = {
        "Accept-Ranges": "bytes",
        # The voice of a caller is kept by this system only, not by a browser's or a proxy's cache.
        "Cache-Control": "private, no-store",
        "ETag": etag,
    }
    if isinstance(asked, Unsatisfiable):
        refused = {**headers, "Content-Range": f"bytes */{size}", "Content-Length": "0"}
        return ReplayResponse(416, refused, _nothing())
    if await objects.size(recording.object_key) != size:
        raise ObjectMissing("the file of this recording is not in the store as it was; run `hotline recordings verify`")
    await _note_listening(session, subject, call_uid, recording.sha256, now)
    part = asked if isinstance(asked, Part) else Part(0, size - 1)
    headers |= {"Content-Type": "audio/flac", "Content-Length": str(part.length)}
    if isinstance(asked, Part):
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{size}"
    body = objects.read(recording.object_key, part.first, part.length)
    return ReplayResponse(206 if isinstance(asked, Part) else 200, headers, body)


async def _note_listening(session: AsyncSession, subject: Subject, call_uid: str, sha256: str, now: datetime) -> None:
    """One audit row for each person, call and quarter of an hour, however many ranges are asked for at once."""
    statement = (
        insert(Listening)
        .values(user_id=subject.user_id, call_uid=call_uid, opened_at=now, last_at=now, clear=True, heard=None, served=[])
        .on_conflict_do_update(
            index_elements=["user_id", "call_uid"],
            set_={"opened_at": now},
            where=Listening.opened_at <= now - LISTENING,
        )
        .returning(Listening.call_uid)
    )
    if (await session.scalar(statement)) is None:
        return
    await audit.record(
        session,
        actor=subject.login,
        role=subject.role.value,
        action=Action.RECORDING_REPLAY.value,
        subject=f"call:{call_uid}",
        detail={"sha256": sha256},
        now=now,
    )


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""
