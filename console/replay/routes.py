"""Handlers of replay; `recordings.replay` decides who may hear which rendition and writes the audit row."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from cases.by_ear import keyed_in_by_ear
from console.access import Answer, require
from console.errors import N_, ConsoleError, Missing, StoreAway
from console.replay.beside import recordings_beside
from console.replay.waiting import seconds_until_checked
from console.state import Console, console_of
from hotline.accounts import Subject
from hotline.roles import Action, allows
from recordings import listenings, peaks, renditions, store
from recordings.errors import NoRecording, NotChecked, ObjectDamaged, ObjectMissing, StoreUnavailable
from recordings.peaks import Peaks
from recordings.renditions import Check
from recordings.replay import ReplayResponse, let_unchecked, open_replay, rendition_for
from recordings.spans import Span
from recordings.store import RecordingView
from transcribe import again
from transcribe.masking import masked_text

router = APIRouter(prefix="/recordings")

MOST_SPANS = 500
"""Stretches that one report may name; a page that plays reports every 15 seconds."""
LONGEST_REASON = 200


class BeingChecked(ConsoleError):
    code = "not_checked"
    status = 409
    message = N_("This recording is being checked for card numbers and passwords. Try again in a moment.")


@router.get("/{call_uid}/audio")
async def audio(
    request: Request,
    call_uid: str,
    subject: Annotated[Subject, require(Action.RECORDING_REPLAY, Answer.DATA)],
    clear: bool = False,
) -> Response:
    """The recording as FLAC, whole or the range asked for; `clear` with the sensitive digits in it."""
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            by_ear = await keyed_in_by_ear(session, call_uid, subject=subject, now=console.now())
            replay = await open_replay(
                session,
                console.objects,
                subject=subject,
                call_uid=call_uid,
                range_header=request.headers.get("range"),
                if_range=request.headers.get("if-range"),
                now=console.now(),
                clear=clear,
                by_ear=by_ear,
            )
    except (NoRecording, ObjectMissing, ObjectDamaged) as error:
        raise Missing from error
    except NotChecked as error:
        raise BeingChecked from error
    except StoreUnavailable as error:
        raise StoreAway from error
    return _Counted(console, subject, call_uid, replay)


class _Counted(StreamingResponse):
    """Sends the bytes and, when the last has gone or the browser has, notes how many that were."""

    def __init__(self, console: Console, subject: Subject, call_uid: str, replay: ReplayResponse) -> None:
        super().__init__(self._chunks(replay), replay.status, dict(replay.headers))
        self._console, self._subject, self._call_uid, self._replay = console, subject, call_uid, replay
        self._sent = 0

    async def _chunks(self, replay: ReplayResponse) -> AsyncIterator[bytes]:
        async for chunk in replay.body:
            self._sent += len(chunk)
            yield chunk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._sent:
                await asyncio.shield(self._note())

    async def _note(self) -> None:
        async with self._console.database.transaction() as session:
            await listenings.sent(
                session,
                self._subject.user_id,
                self._call_uid,
                first=self._replay.first,
                length=self._sent,
                size=self._replay.size,
                seconds=self._replay.seconds,
            )


@router.post("/{call_uid}/heard")
async def heard(
    request: Request,
    call_uid: str,
    subject: Annotated[Subject, require(Action.RECORDING_REPLAY, Answer.DATA)],
    spans: Annotated[str, Form()] = "",
    left: Annotated[bool, Form()] = False,
) -> Response:
    """What the player has played since its last report, such as `0-12.5,40-41`; with `left` its page was closed."""
    console = console_of(request)
    async with console.database.transaction() as session:
        recording = await store.get(session, call_uid)
        if recording is None:
            raise Missing
        await listenings.reported(
            session,
            subject,
            call_uid,
            _spans(spans),
            seconds=recording.seconds,
            left=left,
            now=console.now(),
        )
    return Response(status_code=204)


@router.post("/{call_uid}/unchecked")
async def unchecked(
    request: Request,
    call_uid: str,
    subject: Annotated[Subject, require(Action.RECORDING_UNCHECKED)],
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Listen before the recording is checked, for half an hour, saying why."""
    console = console_of(request)
    words = masked_text(" ".join(reason.split()))
    async with console.database.transaction() as session:
        if await store.get(session, call_uid) is None:
            raise Missing
        if words and len(words) <= LONGEST_REASON:
            await let_unchecked(session, subject, call_uid, reason=words, now=console.now())
    said = {} if words and len(words) <= LONGEST_REASON else {"why": "1"}
    return RedirectResponse(f"/recordings/{call_uid}" + (f"?{urlencode(said)}" if said else ""), 303)


@router.post("/{call_uid}/recognise")
async def recognise(
    request: Request, call_uid: str, subject: Annotated[Subject, require(Action.RECORDING_RECOGNISE)]
) -> Response:
    """Have a recording recognised again of which nothing or not all was; one that waits for it waits once."""
    console = console_of(request)
    async with console.database.transaction() as session:
        [found] = await again.look(session, again.Wanted((call_uid,)), console.now())
        if found.standing is again.Standing.NO_RECORDING:
            raise Missing
        if found.standing is again.Standing.QUEUE:
            await again.again(session, [call_uid], actor=subject.login, role=subject.role.value, now=console.now())
    return RedirectResponse(f"/recordings/{call_uid}", 303)


@router.get("/{call_uid}/beside")
async def beside(
    request: Request, call_uid: str, subject: Annotated[Subject, require(Action.RECORDING_REPLAY, Answer.DATA)]
) -> Response:
    """Players of what was recorded beside this call, as a fragment; empty where that is nothing."""
    console = console_of(request)
    async with console.database.transaction() as session:
        found = await recordings_beside(session, call_uid)
    return console.pages.page(request, "replay/beside.html", beside=found)


@router.get("/{call_uid}/peaks")
async def waveform(
    request: Request,
    call_uid: str,
    subject: Annotated[Subject, require(Action.RECORDING_REPLAY, Answer.DATA)],
    clear: bool = False,
) -> Response:
    """What the player draws and skips before it asks for sound.

    `{"seconds": float, "peaks": [[0…1, …] per channel, the caller first], "quiet": [[start, end], …],
    "masked": [[start, end], …], "wait": seconds until the recording is checked, null where it may be heard now}`
    """
    console = console_of(request)
    async with console.database.transaction() as session:
        recording = await store.get(session, call_uid)
        if recording is None:
            raise Missing
        check = await renditions.get(session, recording)
        by_ear = await keyed_in_by_ear(session, call_uid, subject=subject, now=console.now())
        covered = _silenced(check, by_ear=by_ear)
        try:
            found = await rendition_for(session, subject, recording, clear=clear, now=console.now(), by_ear=by_ear)
            # the seal is opened now, so that the sound begins at once when somebody presses play
            await anext(console.objects.read(found.key, 0, 1), None)
            wait = None
        except StoreUnavailable as error:
            raise StoreAway from error
        except NotChecked:
            wait = await seconds_until_checked(session, recording)
        drawn = await peaks.get(session, call_uid, recording.sha256)
    if drawn is None:
        drawn = await _drawn_now(console, recording)
    return JSONResponse(
        {
            "seconds": drawn.seconds,
            "peaks": [[round(level / 255, 3) for level in channel] for channel in drawn.channels],
            "quiet": drawn.quiet,
            "masked": () if clear else covered,
            "wait": wait,
            "unlock": wait is not None and allows(subject.role, Action.RECORDING_UNCHECKED),
        }
    )


def _silenced(check: Check | None, *, by_ear: bool) -> tuple[Span, ...]:
    """Seconds that are silenced in what this person hears."""
    if check is None:
        return ()
    return check.by_ear.ranges if by_ear and check.by_ear is not None else check.ranges


async def _drawn_now(console: Console, recording: RecordingView) -> Peaks:
    """Peaks of a recording that was stored before they were kept."""
    try:
        async with store.local_file(console.objects, recording) as path:
            found = await peaks.made_of(path)
    except (NoRecording, ObjectMissing, ObjectDamaged) as error:
        raise Missing from error
    except StoreUnavailable as error:
        raise StoreAway from error
    async with console.database.transaction() as session:
        await peaks.save(session, recording.call_uid, recording.sha256, found)
    return found


def _spans(text: str) -> list[Span]:
    """Spans of a report; what is no span is left out."""
    found = []
    for part in text.split(",")[:MOST_SPANS]:
        start, _, end = part.partition("-")
        try:
            span = float(start), float(end)
        except ValueError:
            continue
        if all(map(math.isfinite, span)):
            found.append(span)
    return found
