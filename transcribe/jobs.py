"""Job of the room: recognise a call's recording and put a draft before the recording clerk (D28)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from procrastinate import App
from procrastinate.job_context import JobContext as RunningJob
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from acd import ledger
from acd.calls import Outcome
from hotline.errors import HotlineError
from hotline.jobs import RETRY, SPEECH, JobContext, defer
from hotline.settings import Settings
from recordings import calls, renditions, store
from recordings.errors import NoRecording, StoreUnavailable
from recordings.objects import Objects
from recordings.sealed import open_objects
from recordings.spans import Span
from recordings.store import RecordingView
from transcribe import drafts, learned
from transcribe.counters import SOUND_SECONDS, TRANSCRIPTS, UNHEARD_SECONDS
from transcribe.draft import CallContext, extract
from transcribe.erasing import erase_words
from transcribe.errors import AudioError, RecogniserFailed
from transcribe.learned import ModelDamaged
from transcribe.lexicon import active_words, notes
from transcribe.lexicon import jobs as lexicon_jobs
from transcribe.llm import improve
from transcribe.look_through import look_through, note_numbers
from transcribe.turns import SEAT, State, Transcription

_log = structlog.get_logger(__name__)
TRANSCRIBE = "transcribe.call"
VOICEMAIL = "voicemail"
MOST_JOBS = 3
SWEPT = -5
"""Priority of what comes late: behind the calls of now, before imported ones."""
_SWEPT = timedelta(days=3)
_SETTLED = timedelta(minutes=15)
_JOBS = text(
    "SELECT args->>'call_uid', count(*) FILTER (WHERE status IN ('todo', 'doing')),"
    " count(*) FILTER (WHERE status = 'failed') FROM procrastinate_jobs"
    " WHERE task_name = 'transcribe.call' AND args->>'call_uid' = ANY(:uids) GROUP BY 1"
)
_SAVED = text(
    "SELECT EXISTS (SELECT FROM transcripts JOIN procrastinate_events ON job_id = :job AND type = 'deferred'"
    " WHERE call_uid = :uid AND created_at >= at)"
)
_SPOKEN_WITH = (Outcome.ANSWERED, Outcome.VOICEMAIL, Outcome.FALLBACK)


@dataclass(frozen=True, slots=True)
class Request:
    """What the recognition of one call is told."""

    answered_second: float
    """The right channel is not heard before it."""
    queue: str | None = None
    """The call's service, `voicemail` or `import`: it may have a recogniser of its own."""
    words: tuple[str, ...] = ()
    """The centre's words, weightiest first."""


Recognise = Callable[[Path, Settings, Request], Transcription]
"""Runs in a process of its own, so a function of a module."""


def register(app: App, context: JobContext) -> None:
    """Make the room's tasks known to the worker's application."""
    lexicon_jobs.register(app, context)

    @app.task(name="transcribe.erase", retry=RETRY, pass_context=False)
    async def erase(call_uid: str) -> None:
        async with context.database.transaction() as session:
            await erase_words(session, call_uid)

    @app.task(name=TRANSCRIBE, queue=SPEECH, retry=RETRY, pass_context=True)
    async def transcribe(running: RunningJob, call_uid: str) -> None:
        assert running.job.id is not None
        if await _saved_by(context, running.job.id, call_uid):
            return
        last = running.job.attempts + 1 >= context.settings.recognition.attempts
        await transcribe_call(context, call_uid, last_try=last)

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="transcribe.sweep", queueing_lock="transcribe.sweep", pass_context=False)
    async def look_for_left_out(timestamp: int) -> None:
        await sweep(context)


def recognise(path: Path, settings: Settings, request: Request) -> Transcription:
    """Recognition for the process that does the worker's heavy work: imported and loaded there only."""
    from transcribe.audio import decode  # noqa: PLC0415
    from transcribe.engines import load_any  # noqa: PLC0415
    from transcribe.pipeline import transcribe_audio  # noqa: PLC0415

    engines, instead = load_any(settings, request.queue)
    with decode(path, settings.recordings.longest_hours) as pcm:
        heard = transcribe_audio(
            pcm, engines, request.answered_second, lambda _: None, request.words,
            caller_only=request.queue == VOICEMAIL,
        )  # fmt: skip
    return replace(heard, warnings=(*heard.warnings, instead)) if instead else heard


@dataclass(frozen=True, slots=True)
class _Known:
    """What the rooms below know of the call."""

    recording: RecordingView
    answered_second: float
    ended_at: datetime
    """Where the clerk's two hours begin (D28)."""
    spoken_with: bool
    voice_of: str | None
    """The call beside which this is a supervisor's own voice: evidence, and nothing for a clerk."""
    calls_us: bool
    """Whether it is a caller's call: one that we made, or a consult, is about a case that is registered already."""
    context: CallContext
    request: Request
    names: tuple[tuple[str, str], ...]
    """The centre's own names, each with its kind."""


async def transcribe_call(
    context: JobContext, call_uid: str, recogniser: Recognise = recognise, *, last_try: bool = False
) -> None:
    """Save transcript and draft of one call; done twice, the same rows stand.

    A recording that cannot be read, or that failed on its last try, is set aside: an empty transcript with the reason,
    so that the clerk sees the call and listens. Before that what failed is raised, and the job tries again. What was
    recognised once is not replaced by nothing. A supervisor's voice waits for the check of the call that it was beside.
    """
    known = await _known(context, call_uid)
    call_check = await _check_of_call(context, known)
    if known.voice_of is not None and call_check is None:
        return  # the call's own recognition, which hears the same caller better, comes back to it
    objects = open_objects(context.settings, context.database)
    heard = await _heard(context, objects, known, recogniser, last_try=last_try)
    _tell(call_uid, known, heard)
    if heard.state is State.SET_ASIDE and await _recognised_before(context, call_uid):
        return
    caller_spoke = any(turn.speaker != SEAT for turn in heard.turns)
    wanted = known.calls_us and (caller_spoke or known.spoken_with)
    draft = await _draft(context, heard, known) if wanted else None
    due_at = known.ended_at + timedelta(hours=context.settings.draft_due_hours)
    check = await look_through(objects, known.recording, heard, call_check or ())
    replaced: list[str] = []
    async with context.database.transaction() as session:
        now = context.clock.now()
        await drafts.save(session, call_uid, heard, draft, now=now, due_at=due_at)
        await note_numbers(session, context.settings, call_uid, heard.turns)
        if check is not None:
            replaced = await renditions.note(session, call_uid, check, now)
        await notes.mark(session, call_uid, heard.turns)
        if check is not None and known.voice_of is None:
            await _defer_voices(session, call_uid)
    for key in replaced:
        await objects.delete(key)


async def _saved_by(context: JobContext, job: int, call_uid: str) -> bool:
    """Whether this job has done all its work already, and its worker was killed before that was written down.

    By now somebody may have the draft in hand: it is not made anew under them.
    """
    async with context.database.transaction() as session:
        return bool(await session.scalar(_SAVED, {"job": job, "uid": call_uid}))


async def _check_of_call(context: JobContext, known: _Known) -> tuple[Span, ...] | None:
    """Of a supervisor's voice the seconds, of its own, in which the call is silenced; None before the call's check."""
    if known.voice_of is None:
        return None
    async with context.database.transaction() as session:
        call = await store.get(session, known.voice_of)
        check = await renditions.get(session, call) if call is not None else None
    if call is None or check is None:
        return None
    begun = (known.recording.started_at - call.started_at).total_seconds()
    return tuple((start - begun, end - begun) for start, end in check.ranges if end > begun)


async def _recognised_before(context: JobContext, call_uid: str) -> bool:
    async with context.database.transaction() as session:
        before = await drafts.transcript_of(session, call_uid)
    return before is not None and before.state is not State.SET_ASIDE


async def _defer_voices(session: AsyncSession, call_uid: str) -> None:
    """Have supervisors' voices beside a call looked through, now that the call is."""
    for uid in await calls.voices_beside(session, call_uid):
        if await store.get(session, uid) is not None:
            await queue(session, uid, priority=SWEPT)


async def jobs_of(session: AsyncSession, call_uids: Collection[str]) -> dict[str, tuple[int, int]]:
    """How many jobs of recognition wait or run, and how many failed, of each call that has any."""
    rows = await session.execute(_JOBS, {"uids": list(call_uids)})
    return {uid: (int(alive), int(failed)) for uid, alive, failed in rows}


async def queue(session: AsyncSession, call_uid: str, *, priority: int) -> None:
    """Have a recording recognised; one that waits for it already waits once."""
    lock = f"{TRANSCRIBE}:{call_uid}"
    await defer(session, TRANSCRIBE, queue=SPEECH, queueing_lock=lock, priority=priority, call_uid=call_uid)


async def _heard(
    context: JobContext, objects: Objects, known: _Known, recogniser: Recognise, *, last_try: bool
) -> Transcription:
    limits = context.settings.recognition
    seconds = max(limits.least_seconds, limits.seconds_per_second * known.recording.seconds)
    try:
        async with store.local_file(objects, known.recording) as path:
            return await context.heavy.run_within(seconds, recogniser, path, context.settings, known.request)
    except StoreUnavailable:
        raise  # it comes back, and the recording with it
    except Exception as error:
        if not last_try and not isinstance(error, AudioError):
            raise
        reason = str(error) if isinstance(error, HotlineError) else f"{type(error).__name__} in the recogniser"
        return Transcription(known.recording.seconds, (), reason=reason)


def _tell(call_uid: str, known: _Known, heard: Transcription) -> None:
    """Log and count; never a word of what was said."""
    engine, queue = heard.engine or "none", known.request.queue or "none"
    TRANSCRIPTS.labels(engine, queue, heard.state.value).inc()
    SOUND_SECONDS.labels(engine).inc(heard.seconds)
    UNHEARD_SECONDS.labels(engine).inc(sum(end - start for start, end in heard.unheard))
    if heard.reason is not None:
        _log.error("transcribe.set_aside", call=call_uid, reason=heard.reason)
    for warning in heard.warnings:
        _log.warning("transcribe.warning", call=call_uid, reason=warning)
    _log.info("transcribe.done", call=call_uid, engine=engine, queue=queue, state=heard.state.value)


async def sweep(context: JobContext) -> int:
    """Queue recognition anew for recordings of the last days that have neither a transcript nor a job for it.

    So a call is left whose job failed while the store was away, or whose worker was killed each time: after
    `MOST_JOBS` failed jobs it is set aside. Returns how many were found.
    """
    now = context.clock.now()
    async with context.database.transaction() as session:
        recordings = await store.started_between(session, now - _SWEPT, now - _SETTLED)
        left_out = await drafts.without_transcript(session, [each.call_uid for each in recordings])
        jobs = await jobs_of(session, left_out)
    found = 0
    for uid in left_out:
        alive, failed = jobs.get(uid, (0, 0))
        async with context.database.transaction() as session:
            if alive or not await _can_be_recognised(session, uid):
                continue
            found += 1
            _log.warning("transcribe.left_out", call=uid, failed_jobs=failed)
            if failed < MOST_JOBS:
                await queue(session, uid, priority=SWEPT)
                continue
        await transcribe_call(context, uid, _given_up, last_try=True)
    return found


async def _can_be_recognised(session: AsyncSession, uid: str) -> bool:
    """A supervisor's voice waits for the call that it was beside."""
    beside = await calls.voice_of(session, uid)
    if beside is None:
        return True
    call = await store.get(session, beside)
    return call is not None and await renditions.get(session, call) is not None


def _given_up(_: Path, __: Settings, ___: Request) -> Transcription:
    raise RecogniserFailed("its recognition was begun several times and never ended; listen to the call")


async def _draft(context: JobContext, heard: Transcription, known: _Known) -> dict[str, Any]:
    """The rules' draft with what a language model adds, and the live learned model's values where it takes over.

    A damaged learned model takes over nothing, and without a language model nothing is asked of one.
    """
    draft = await improve(extract(heard.turns, known.context, known.names), heard.turns, context.settings.llm)
    try:
        async with context.database.transaction() as session:
            model = await learned.live_model(session)
    except ModelDamaged as error:
        _log.error("model.damaged", reason=str(error))
        model = None
    return learned.apply(draft, heard.turns, model).to_json()


async def _known(context: JobContext, call_uid: str) -> _Known:
    async with context.database.transaction() as session:
        recording = await store.get(session, call_uid)
        call = await ledger.get_call(session, call_uid)
    if recording is None:
        raise NoRecording(f"call {call_uid} has no stored recording; `hotline recordings reconcile` says why")
    answered = recording.second_of(call.answered_at) if call else None
    ended = call.ended_at if call and call.ended_at else recording.started_at + timedelta(seconds=recording.seconds)
    # Until a person answers, the right channel is prompts and music; if nobody does, to the end.
    answered_second = recording.seconds if answered is None else answered
    async with context.database.transaction() as session:
        words = await active_words(session)
        voice_of = await calls.voice_of(session, call_uid)
    if voice_of is not None:
        answered_second = 0.0
    return _Known(
        recording=recording,
        voice_of=voice_of,
        answered_second=answered_second,
        request=Request(answered_second, queue_of(call_uid, call), tuple(entry.word for entry in words)),
        names=tuple((entry.word, entry.kind.value) for entry in words),
        # Of an archived call the clerk's clock begins when it reached the clerk.
        ended_at=recording.finalised_at if calls.is_imported(call_uid) else ended,
        spoken_with=call is None or call.outcome in _SPOKEN_WITH,
        calls_us=voice_of is None and (call is None or call.direction == "in"),
        context=CallContext(
            caller=call.caller if call else "",
            called_at=(call.entered_at if call else recording.started_at).astimezone(context.settings.zone),
            service=call.service if call else None,
            customer_class=call.customer_class if call else None,
        ),
    )


def queue_of(call_uid: str, call: ledger.CallView | None) -> str | None:
    """The call's service, `voicemail` or `import`: it may have a recogniser of its own."""
    if calls.is_imported(call_uid):
        return "import"
    if call is None:
        return None
    return VOICEMAIL if call.outcome == Outcome.VOICEMAIL else call.service
