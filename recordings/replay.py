"""Listening to a recording over HTTP: who may hear which rendition, the audit row, and the bytes that were asked for.

Sensitive digits are silenced for everybody who does not ask for them and may hear them. Nobody else hears a recording
before it was looked through, save in an emergency (`let_unchecked`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action
from recordings import listenings, renditions, store
from recordings.errors import NoRecording, NotChecked, ObjectMissing
from recordings.objects import Objects
from recordings.ranges import Part, Unsatisfiable, parse_range
from recordings.replay_models import UncheckedListening
from recordings.store import RecordingView

NOT_RECOGNISED = "not recognised"
"""Why somebody who keys in by ear hears what nobody has looked through."""
EMERGENCY = timedelta(minutes=30)
"""How long somebody who said why may hear a recording that is not checked yet."""


@dataclass(frozen=True, slots=True)
class Served:
    """One rendition of a recording: what lies in the store, and why it has sensitive digits in it (or nothing)."""

    key: str
    sha256: str
    bytes: int
    clear: bool
    why: str = ""
    rendition: str = ""
    """What the audit calls it, where `clear` does not say it."""


@dataclass(frozen=True, slots=True)
class ReplayResponse:
    """What the web layer sends: `body` yields exactly `Content-Length` bytes, `first` on, of a file of `size`."""

    status: int
    headers: Mapping[str, str]
    body: AsyncIterator[bytes] = field(repr=False)
    first: int = 0
    size: int = 0
    seconds: float = 0.0


async def open_replay(
    session: AsyncSession,
    objects: Objects,
    *,
    subject: Subject,
    call_uid: str,
    range_header: str | None,
    now: datetime,
    if_range: str | None = None,
    clear: bool = False,
    by_ear: bool = False,
) -> ReplayResponse:
    """Answer one request for the recording of `call_uid`: status 200, 206 or 416 (RFC 9110 §14).

    With `clear` the sensitive digits are heard; `by_ear` is as for `rendition_for`.
    Raises Denied where the role may not listen, or not hear those;
    NoRecording where the call has none, NotChecked while it has not been looked through, ObjectMissing or
    ObjectDamaged where the store lost or changed it, StoreUnavailable while it or the master key is away. The audit
    row (D126) is written before the first byte is sent, in the session's transaction.
    """
    subject.demand(Action.RECORDING_REPLAY)
    recording = await store.get(session, call_uid)
    if recording is None:
        raise NoRecording("this call has no stored recording; the list of recording problems says why")
    found = await rendition_for(session, subject, recording, clear=clear, now=now, by_ear=by_ear)
    size, etag = found.bytes, f'"{found.sha256}"'
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
    if await objects.size(found.key) != size:
        raise ObjectMissing("the file of this recording is not in the store as it was; run `hotline recordings verify`")
    await listenings.opened(
        session, subject, call_uid, sha256=found.sha256, clear=found.clear, why=found.why, now=now,
        rendition=found.rendition,
    )  # fmt: skip
    part = asked if isinstance(asked, Part) else Part(0, size - 1)
    headers |= {"Content-Type": "audio/flac", "Content-Length": str(part.length)}
    if isinstance(asked, Part):
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{size}"
    body = await _begun(objects.read(found.key, part.first, part.length))
    status = 206 if isinstance(asked, Part) else 200
    return ReplayResponse(status, headers, body, part.first, size, recording.seconds)


async def _begun(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same pieces, the first of them read: damage or a key that is away is told before the answer's first byte."""
    first = await anext(pieces, b"")

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return whole()


async def rendition_for(
    session: AsyncSession, subject: Subject, recording: RecordingView, *, clear: bool, now: datetime,
    by_ear: bool = False,
) -> Served:  # fmt: skip
    """Which bytes this person hears. Raises Denied or NotChecked.

    `by_ear`: the rooms above say that this person has taken the call to key it in, and that the recogniser failed on
    all or part of it; what it failed on is heard then, the numbers that it found are not.
    """
    original = Served(recording.object_key, recording.sha256, recording.bytes, clear=True)
    if clear:
        subject.demand(Action.SENSITIVE_VIEW)
        return Served(recording.object_key, recording.sha256, recording.bytes, clear=True, why="sensitive")
    check = await renditions.get(session, recording)
    if by_ear and subject.may(Action.RECORDING_BY_EAR):
        if check is None:
            return Served(original.key, original.sha256, original.bytes, clear=True, why=NOT_RECOGNISED)
        if (ear := check.by_ear) is not None:
            if ear.key is None or ear.sha256 is None or ear.bytes is None:
                return Served(original.key, original.sha256, original.bytes, clear=True, why=NOT_RECOGNISED)
            return Served(ear.key, ear.sha256, ear.bytes, clear=True, why=NOT_RECOGNISED, rendition="by ear")
    if check is None:
        if not await _emergency(session, subject, recording.call_uid, now):
            raise NotChecked("this recording is being checked for card numbers; try again when it is transcribed")
        return Served(original.key, original.sha256, original.bytes, clear=True, why="unchecked")
    if check.key is None or check.sha256 is None or check.bytes is None:
        return Served(original.key, original.sha256, original.bytes, clear=False)
    return Served(check.key, check.sha256, check.bytes, clear=False)


async def let_unchecked(session: AsyncSession, subject: Subject, call_uid: str, *, reason: str, now: datetime) -> None:
    """Let this person hear a recording before it is checked, for `EMERGENCY`; the reason goes into the audit."""
    subject.demand(Action.RECORDING_UNCHECKED)
    statement = insert(UncheckedListening).values(user_id=subject.user_id, call_uid=call_uid, at=now)
    await session.execute(statement.on_conflict_do_update(index_elements=["user_id", "call_uid"], set_={"at": now}))
    await audit.record(
        session, actor=subject.login, role=subject.role.value, action=Action.RECORDING_UNCHECKED.value,
        subject=f"call:{call_uid}", detail={"reason": reason}, now=now,
    )  # fmt: skip


async def _emergency(session: AsyncSession, subject: Subject, call_uid: str, now: datetime) -> bool:
    row = await session.get(UncheckedListening, (subject.user_id, call_uid), populate_existing=True)
    # either way: a clock that was set back does not make the half-hour longer
    return row is not None and abs(now - row.at) < EMERGENCY


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""
