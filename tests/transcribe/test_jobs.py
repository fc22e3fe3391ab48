"""A recording becomes a transcript and a draft, once, and a person's decision stands."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sqlalchemy import text

from hotline.jobs import JobContext, build_app, defer
from hotline.settings import CHECKOUT, Settings
from recordings.errors import NoRecording
from tests.transcribe.conftest import NOW, UID, AddCall
from transcribe import drafts, jobs
from transcribe.audio import decode
from transcribe.drafts import DraftDecided, DraftMissing, DraftState
from transcribe.errors import AudioError
from transcribe.jobs import Request
from transcribe.turns import State, Transcription, Turn, Word

SAID = Transcription(
    9.0,
    (
        Turn("seat", 2.5, 4.0, "您好，请问有什么可以帮您？"),
        Turn("caller", 4.5, 8.5, "我要投诉，我家的宽带断网三天了，我的电话是一三八零零一二三四五六。"),
    ),
    ((3.0, 3.2),),
    "faster-whisper/base",
)


def hears_a_complaint(_: Path, __: Settings, request: Request) -> Transcription:
    return replace(SAID, warnings=(f"answered at {request.answered_second:.1f}",))


def hears_nothing(_: Path, __: Settings, ___: Request) -> Transcription:
    return Transcription(9.0, ())


def cannot_read(path: Path, _: Settings, __: Request) -> Transcription:
    raise AudioError(f"{path.name} is not audio that can be read")


async def draft_of(context: JobContext) -> drafts.DraftView | None:
    async with context.database.transaction() as session:
        return await drafts.get(session, UID)


async def test_a_call_gets_its_turns_and_a_draft_due_two_hours_after_its_end(
    context: JobContext, add_call: AddCall
) -> None:
    await add_call()
    await jobs.transcribe_call(context, UID, hears_a_complaint)
    draft = await draft_of(context)
    assert draft is not None
    assert (draft.kind, draft.business, draft.state) == ("complaint", "data", DraftState.PENDING)
    assert draft.fields["phone"] == "13800123456"
    assert draft.due_at == NOW - timedelta(minutes=20) + timedelta(hours=2)
    assert draft.turns == SAID.turns
    assert draft.talk_over == SAID.talk_over
    assert draft.engine == "faster-whisper/base"


async def test_done_twice_there_is_one_draft(context: JobContext, add_call: AddCall) -> None:
    await add_call()
    await jobs.transcribe_call(context, UID, hears_a_complaint)
    first = await draft_of(context)
    await jobs.transcribe_call(context, UID, hears_a_complaint)
    assert await draft_of(context) == first
    async with context.database.transaction() as session:
        assert await drafts.count_pending(session) == 1


async def test_recognising_again_leaves_a_persons_decision_alone(context: JobContext, add_call: AddCall) -> None:
    await add_call()
    await jobs.transcribe_call(context, UID, hears_a_complaint)
    async with context.database.transaction() as session:
        await drafts.set_state(session, UID, DraftState.CONFIRMED, NOW)
    await jobs.transcribe_call(context, UID, hears_nothing)
    draft = await draft_of(context)
    assert draft is not None
    assert (draft.state, draft.kind) == (DraftState.CONFIRMED, "complaint")


async def test_a_draft_is_decided_once(context: JobContext, add_call: AddCall) -> None:
    await add_call()
    await jobs.transcribe_call(context, UID, hears_a_complaint)
    async with context.database.transaction() as session:
        await drafts.set_state(session, UID, DraftState.DISCARDED, NOW)
        await drafts.set_state(session, UID, DraftState.PENDING, NOW)
        await drafts.set_state(session, UID, DraftState.CONFIRMED, NOW)
        with pytest.raises(DraftDecided, match="confirmed"):
            await drafts.set_state(session, UID, DraftState.DISCARDED, NOW)
        with pytest.raises(DraftMissing):
            await drafts.set_state(session, "n1-1.1", DraftState.CONFIRMED, NOW)


async def test_until_a_person_answers_the_right_channel_is_not_the_seat(context: JobContext, add_call: AddCall) -> None:
    await add_call(answered=None, outcome="voicemail")
    assert (await jobs._known(context, UID)).answered_second == 9.0


async def test_the_seats_channel_counts_from_the_answer(context: JobContext, add_call: AddCall) -> None:
    await add_call(answered=2.0)
    assert (await jobs._known(context, UID)).answered_second == pytest.approx(2.0)


async def test_a_caller_who_hung_up_without_a_word_leaves_no_draft(context: JobContext, add_call: AddCall) -> None:
    await add_call(answered=None, outcome="abandoned")
    await jobs.transcribe_call(context, UID, hears_nothing)
    assert await draft_of(context) is None
    async with context.database.transaction() as session:
        transcript = await drafts.transcript_of(session, UID)
    assert transcript is not None
    assert transcript.turns == ()


async def test_an_unreadable_recording_still_comes_before_the_clerk(context: JobContext, add_call: AddCall) -> None:
    await add_call()
    await jobs.transcribe_call(context, UID, cannot_read)
    draft = await draft_of(context)
    assert draft is not None
    assert draft.turns == ()


async def test_a_call_without_a_recording_says_so(context: JobContext) -> None:
    with pytest.raises(NoRecording, match="no stored recording"):
        await jobs.transcribe_call(context, UID, hears_a_complaint)


async def test_drafts_wait_in_the_order_they_are_due(context: JobContext) -> None:
    async with context.database.transaction() as session:
        for number, hours in enumerate((3, 1, 2)):
            draft = {"kind": "enquiry", "business": "mobile", "nature": None, "urgent": False}
            due = NOW + timedelta(hours=hours)
            await drafts.save(session, f"n1-{number}.1", SAID, draft, now=NOW, due_at=due)
        assert [each.call_uid for each in await drafts.list_pending(session)] == ["n1-1.1", "n1-2.1", "n1-0.1"]
        assert await drafts.count_pending(session, due_before=NOW + timedelta(hours=2.5)) == 2
        assert await drafts.business_of(session, ["n1-0.1", "n1-9.9"]) == {"n1-0.1": "mobile"}


async def transcript_of(context: JobContext) -> drafts.TranscriptView | None:
    async with context.database.transaction() as session:
        return await drafts.transcript_of(session, UID)


def raises(_: Path, __: Settings, ___: Request) -> Transcription:
    raise ValueError("secret words in a message")


def hangs(_: Path, __: Settings, ___: Request) -> Transcription:
    time.sleep(600)
    return SAID


def tells_its_request(_: Path, __: Settings, request: Request) -> Transcription:
    return replace(SAID, warnings=(f"{request.queue} {len(request.words)}",))


async def test_what_fails_is_tried_again_and_on_its_last_try_set_aside_for_a_person(
    context: JobContext, add_call: AddCall
) -> None:
    await add_call()
    with pytest.raises(ValueError, match="secret"):
        await jobs.transcribe_call(context, UID, raises)
    assert await transcript_of(context) is None
    await jobs.transcribe_call(context, UID, raises, last_try=True)
    transcript = await transcript_of(context)
    assert transcript is not None
    assert (transcript.state, transcript.reason) == (State.SET_ASIDE, "ValueError in the recogniser")
    draft = await draft_of(context)
    assert draft is not None
    assert draft.reason == transcript.reason


async def test_a_recogniser_that_hangs_is_ended_and_the_next_call_goes_on(
    context: JobContext, add_call: AddCall
) -> None:
    await add_call()
    limits = context.settings.recognition.model_copy(update={"least_seconds": 0.3, "seconds_per_second": 0.01})
    impatient = replace(context, settings=context.settings.model_copy(update={"recognition": limits}))
    await context.heavy.run(os.getpid)  # started, so that the time is the work's alone
    await jobs.transcribe_call(impatient, UID, hangs, last_try=True)
    transcript = await transcript_of(context)
    assert transcript is not None
    assert transcript.reason is not None
    assert "ended after" in transcript.reason
    await jobs.transcribe_call(context, UID, hears_a_complaint)
    again = await transcript_of(context)
    assert again is not None
    assert (again.state, again.reason) == (State.HEARD, None)


async def test_stretches_that_were_not_heard_are_kept_with_the_words_and_their_seconds(
    context: JobContext, add_call: AddCall
) -> None:
    await add_call()
    await jobs.transcribe_call(context, UID, hears_with_a_gap)
    transcript, draft = await transcript_of(context), await draft_of(context)
    assert transcript is not None
    assert draft is not None
    assert transcript.state is State.PARTLY
    assert transcript.unheard == draft.unheard == ((6.0, 7.5),)
    assert [(word.text, word.start) for word in transcript.turns[0].words] == [("我要", 1.0), ("投诉。", 1.5)]


def hears_with_a_gap(_: Path, __: Settings, ___: Request) -> Transcription:
    words = (Word(1.0, 1.5, "我要", 0.9), Word(1.5, 2.0, "投诉。", 0.8))
    return Transcription(9.0, (Turn("caller", 1.0, 2.0, "我要投诉。", words),), unheard=((6.0, 7.5),))


@pytest.mark.parametrize(("outcome", "queue"), [("answered", "complaint"), ("voicemail", "voicemail")])
async def test_the_recogniser_is_told_the_queue_and_the_centres_words(
    context: JobContext, add_call: AddCall, outcome: str, queue: str
) -> None:
    await add_call(outcome=outcome)
    async with context.database.transaction() as session:
        await session.execute(text("UPDATE calls SET service = 'complaint'"))
    await jobs.transcribe_call(context, UID, tells_its_request)
    transcript = await transcript_of(context)
    assert transcript is not None
    told, words = transcript.warnings[0].split()
    assert told == queue
    assert int(words) > 0


async def test_a_recording_without_transcript_or_job_is_found_and_queued_once(
    context: JobContext, add_call: AddCall
) -> None:
    await add_call()
    assert await jobs.sweep(context) == 1
    assert await jobs.sweep(context) == 0
    async with context.database.transaction() as session:
        rows = (await session.execute(text("SELECT queue_name, status::text FROM procrastinate_jobs"))).all()
    assert [tuple(row) for row in rows] == [("speech", "todo")]


async def test_a_recording_whose_jobs_failed_again_and_again_is_set_aside(
    context: JobContext, add_call: AddCall
) -> None:
    await add_call()
    async with context.database.transaction() as session:
        for _ in range(jobs.MOST_JOBS):
            await defer(session, "transcribe.call", call_uid=UID)
        await session.execute(text("UPDATE procrastinate_jobs SET status = 'failed'"))
    await jobs.sweep(context)
    transcript = await transcript_of(context)
    assert transcript is not None
    assert transcript.state is State.SET_ASIDE
    assert await jobs.sweep(context) == 0


@pytest.mark.speech
async def test_the_worker_recognises_a_real_recording(
    recognising: Settings, context: JobContext, add_call: AddCall, database_url: str, tmp_path: Path
) -> None:
    with decode(CHECKOUT / "ivr" / "prompts" / "thanks.wav") as pcm:
        voice = pcm.read(0, 0, pcm.seconds)
    sound = np.zeros((9 * 16000, 2), np.float32)
    sound[16000 : 16000 + len(voice), 1] = voice
    sound[5 * 16000 : 5 * 16000 + len(voice), 0] = voice
    soundfile.write(tmp_path / "call.flac", sound, 16000)
    await add_call(tmp_path / "call.flac", answered=4.5)
    async with context.database.transaction() as session:
        await defer(session, "transcribe.call", call_uid=UID)
    app = build_app(database_url)
    jobs.register(app, context)
    async with app.open_async():
        await app.run_worker_async(wait=False, install_signal_handlers=False)
    draft = await draft_of(context)
    assert draft is not None
    (turn,) = draft.turns
    assert turn.speaker == "caller"
    assert "再见" in turn.text
    assert turn.start == pytest.approx(5.0, abs=0.3)
