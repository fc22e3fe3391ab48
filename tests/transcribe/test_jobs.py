"""A recording becomes a transcript and a draft, once, and a person's decision stands."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile

from acd.models import Call
from hotline.clock import ManualClock
from hotline.database import Database
from hotline.heavy import HeavyWork
from hotline.jobs import JobContext, build_app, defer
from hotline.settings import CHECKOUT, Settings
from recordings.errors import NoRecording
from recordings.models import Recording
from transcribe import drafts, jobs
from transcribe.audio import decode
from transcribe.drafts import DraftDecided, DraftMissing, DraftState
from transcribe.errors import AudioError
from transcribe.jobs import Request
from transcribe.turns import Transcription, Turn

NOW = datetime(2026, 3, 14, 6, 0, tzinfo=UTC)
UID = "n1-1773468000.7"
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


@pytest.fixture
async def context(database: Database, tmp_path: Path) -> AsyncIterator[JobContext]:
    heavy = HeavyWork()
    models = Settings().models_dir
    yield JobContext(Settings(data=tmp_path / "data", models=models), database, ManualClock(NOW), heavy)
    heavy.close()


AddCall = Callable[..., Awaitable[None]]


@pytest.fixture
def add_call(context: JobContext) -> AddCall:
    """A call of nine seconds that ended 20 minutes before NOW, with its recording."""

    async def add(sound: Path | None = None, answered: float | None = 2.0, outcome: str = "answered") -> None:
        started = NOW - timedelta(minutes=20, seconds=9)
        folder = context.settings.instance_dir / "recordings"
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / "call.flac"
        if sound is None:
            soundfile.write(target, np.zeros((9 * 8000, 2), np.float32), 8000)
        else:
            target.write_bytes(sound.read_bytes())
        async with context.database.transaction() as session:
            session.add(
                Call(
                    uid=UID, caller="13800000000", state="ended", entered_at=started, queued_at=started,
                    answered_at=None if answered is None else started + timedelta(seconds=answered),
                    ended_at=started + timedelta(seconds=9), outcome=outcome, seat="8001",
                )
            )  # fmt: skip
            session.add(
                Recording(
                    call_uid=UID, object_key="call.flac", sha256="0" * 64, bytes=target.stat().st_size, seconds=9.0,
                    sample_rate=8000, caller_seconds=9.0, seat_seconds=9.0, caller_rms=0.1, seat_rms=0.1,
                    started_at=started, finalised_at=NOW,
                )
            )  # fmt: skip

    return add


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
        await drafts.set_state(session, UID, DraftState.CONFIRMED)
    await jobs.transcribe_call(context, UID, hears_nothing)
    draft = await draft_of(context)
    assert draft is not None
    assert (draft.state, draft.kind) == (DraftState.CONFIRMED, "complaint")


async def test_a_draft_is_decided_once(context: JobContext, add_call: AddCall) -> None:
    await add_call()
    await jobs.transcribe_call(context, UID, hears_a_complaint)
    async with context.database.transaction() as session:
        await drafts.set_state(session, UID, DraftState.DISCARDED)
        await drafts.set_state(session, UID, DraftState.PENDING)
        await drafts.set_state(session, UID, DraftState.CONFIRMED)
        with pytest.raises(DraftDecided, match="confirmed"):
            await drafts.set_state(session, UID, DraftState.DISCARDED)
        with pytest.raises(DraftMissing):
            await drafts.set_state(session, "n1-1.1", DraftState.CONFIRMED)


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
