"""Job of the room: recognise a call's recording and put a draft before the recording clerk (D28)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from procrastinate import App

from acd import ledger
from acd.calls import Outcome
from hotline.jobs import RETRY, JobContext
from hotline.settings import Settings
from recordings import renditions, store
from recordings.errors import NoRecording
from recordings.sealed import open_objects
from recordings.store import RecordingView
from transcribe import drafts
from transcribe.draft import CallContext, extract
from transcribe.errors import AudioError
from transcribe.lexicon import jobs as lexicon_jobs
from transcribe.lexicon import notes
from transcribe.look_through import look_through, note_numbers
from transcribe.turns import SEAT, Transcription

_log = structlog.get_logger(__name__)
_SPOKEN_WITH = (Outcome.ANSWERED, Outcome.VOICEMAIL, Outcome.FALLBACK)


Recognise = Callable[[Path, Settings, float], Transcription]
"""File, settings, second of the answer → what was said; runs in a process of its own, so a function of a module."""


def register(app: App, context: JobContext) -> None:
    """Make the room's tasks known to the worker's application."""
    lexicon_jobs.register(app, context)

    @app.task(name="transcribe.call", retry=RETRY, pass_context=False)
    async def transcribe(call_uid: str) -> None:
        await transcribe_call(context, call_uid)


def recognise(path: Path, settings: Settings, answered_second: float) -> Transcription:
    """`transcribe_file` for the process that does the worker's heavy work: imported and loaded there only."""
    from transcribe.pipeline import transcribe_file  # noqa: PLC0415

    return transcribe_file(path, settings, answered_second)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the rooms below know of the call."""

    recording: RecordingView
    answered_second: float
    ended_at: datetime
    spoken_with: bool
    calls_us: bool
    """Whether it is a caller's call: one that we made, or a consult, is about a case that is registered already."""
    context: CallContext


async def transcribe_call(context: JobContext, call_uid: str, recogniser: Recognise = recognise) -> None:
    """Save transcript and draft of one call; done twice, the same rows stand.

    A recording that cannot be read gives an empty transcript, so that the clerk sees the call and listens.
    """
    known = await _known(context, call_uid)
    objects = open_objects(context.settings, context.database)
    try:
        async with store.local_file(objects, known.recording) as path:
            heard = await context.heavy.run(recogniser, path, context.settings, known.answered_second)
    except AudioError as error:
        _log.error("transcribe.unusable", call=call_uid, reason=str(error))
        heard = Transcription(known.recording.seconds, (), reason=str(error))
    for warning in heard.warnings:
        _log.warning("transcribe.warning", call=call_uid, reason=warning)
    caller_spoke = any(turn.speaker != SEAT for turn in heard.turns)
    wanted = known.calls_us and (caller_spoke or known.spoken_with)
    draft = extract(heard.turns, known.context).to_json() if wanted else None
    due_at = known.ended_at + timedelta(hours=context.settings.draft_due_hours)
    check = await look_through(objects, known.recording, heard)
    replaced = None
    async with context.database.transaction() as session:
        now = context.clock.now()
        await drafts.save(session, call_uid, heard, draft, now=now, due_at=due_at)
        await note_numbers(session, context.settings, call_uid, heard.turns)
        if check is not None:
            replaced = await renditions.note(session, call_uid, check, now)
        await notes.mark(session, call_uid, heard.turns)
    if replaced is not None:
        await objects.delete(replaced)


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
        calls_us=call is None or call.direction == "in",
        context=CallContext(
            caller=call.caller if call else "",
            called_at=(call.entered_at if call else recording.started_at).astimezone(context.settings.zone),
            service=call.service if call else None,
            customer_class=call.customer_class if call else None,
        ),
    )
