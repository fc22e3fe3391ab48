"""Job of the room: recognise a call's recording and put a draft before the recording clerk (D28)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from procrastinate import App

from acd import ledger
from acd.calls import Outcome
from hotline.jobs import RETRY, JobContext
from recordings import store
from recordings.errors import NoRecording
from recordings.objects import open_objects
from recordings.store import RecordingView
from transcribe import drafts
from transcribe.errors import AudioError
from transcribe.remote import Heard, RemoteRecogniser
from transcribe.turns import Transcription

_log = structlog.get_logger(__name__)
_SPOKEN_WITH = (Outcome.ANSWERED, Outcome.VOICEMAIL, Outcome.FALLBACK)


def register(app: App, context: JobContext) -> None:
    """Make the room's task known to the worker's application."""
    recogniser = RemoteRecogniser(context.settings)

    @app.task(name="transcribe.call", retry=RETRY, pass_context=False)
    async def transcribe(call_uid: str) -> None:
        await transcribe_call(context, recogniser, call_uid)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the rooms below know of the call."""

    recording: RecordingView
    answered_second: float
    ended_at: datetime
    spoken_with: bool


async def transcribe_call(context: JobContext, recogniser: RemoteRecogniser, call_uid: str) -> None:
    """Save transcript and draft of one call; done twice, the same rows stand.

    A recording that cannot be read gives an empty transcript, so that the clerk sees the call and listens.
    """
    known = await _known(context, call_uid)
    try:
        async with store.local_file(open_objects(context.settings), known.recording) as path:
            heard = await recogniser.transcribe(path, known.recording.seconds, known.answered_second)
    except AudioError as error:
        _log.error("transcribe.unusable", call=call_uid, reason=str(error))
        heard = _nothing(known.recording.seconds)
    for warning in heard.transcription.warnings:
        _log.warning("transcribe.warning", call=call_uid, reason=warning)
    keep = heard.draft if heard.transcription.turns or known.spoken_with else None
    due_at = known.ended_at + timedelta(hours=context.settings.draft_due_hours)
    async with context.database.transaction() as session:
        now = context.clock.now()
        await drafts.save(session, call_uid, heard.transcription, keep, now=now, due_at=due_at)


async def _known(context: JobContext, call_uid: str) -> _Known:
    async with context.database.transaction() as session:
        recording = await store.get(session, call_uid)
        call = await ledger.get_call(session, call_uid)
    if recording is None:
        raise NoRecording(f"call {call_uid} has no stored recording; `hotline recordings reconcile` says why")
    answered = recording.second_of(call.answered_at) if call else None
    ended = call.ended_at if call and call.ended_at else recording.started_at + timedelta(seconds=recording.seconds)
    # Until a person answers, the right channel is prompts and music; if nobody does, to the end.
    return _Known(
        recording=recording,
        answered_second=recording.seconds if answered is None else answered,
        ended_at=ended,
        spoken_with=call is None or call.outcome in _SPOKEN_WITH,
    )


def _nothing(seconds: float) -> Heard:
    from transcribe.draft import extract  # noqa: PLC0415 - the lexicons are wanted only here in this process

    return Heard(Transcription(seconds, ()), extract(()).to_json())
