"""Recognising again: what was set aside is queued once, what is better stays; a supervisor's voice is heard too."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from typer.testing import CliRunner

from acd.monitoring_models import Monitoring
from hotline.commands.recordings import app
from hotline.jobs import JobContext
from hotline.models import AuditEntry
from hotline.settings import Settings
from recordings import holds, renditions, store
from recordings.erase import ON_REQUEST, Wish, erase_call
from recordings.errors import NoRecording
from recordings.finalise import Node, attempt
from recordings.renditions import Check
from recordings.sealed import open_objects
from tests.recordings.sounds import leave, tone
from tests.transcribe.conftest import NOW, UID, AddCall
from tests.transcribe.test_jobs import SAID, cannot_read, draft_of, hears_a_complaint, transcript_of
from transcribe import again, drafts, jobs
from transcribe.again import Standing, Wanted
from transcribe.drafts import DraftState
from transcribe.jobs import Request
from transcribe.turns import State, Transcription, Turn

Hotline = Callable[..., Awaitable[tuple[int, dict[str, Any]]]]
VOICE = "n1-1773467400.9"


def hears_a_card_whispered(_: Path, __: Settings, request: Request) -> Transcription:
    assert request.answered_second == 0.0, "both sides of a supervisor's file are heard from its first second"
    return Transcription(
        4.0, (Turn("caller", 0.5, 3.0, "他的卡号是六二二五八八七一九三八四六二七五九零五"),), engine="test"
    )  # fmt: skip


@pytest.fixture
def hotline(context: JobContext, monkeypatch: pytest.MonkeyPatch) -> Hotline:
    """`hotline recordings recognise …`, in a thread of its own since it makes its own loop."""
    monkeypatch.setenv("HOTLINE_DATA", str(context.settings.data))
    monkeypatch.setenv("HOTLINE_DATABASE_URL", context.database.url)

    async def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        result = await asyncio.to_thread(CliRunner().invoke, app, ["recognise", *arguments, "--json"])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, json.loads(result.stdout.splitlines()[-1])

    return run


async def queued(context: JobContext) -> list[str]:
    async with context.database.transaction() as session:
        query = "SELECT args->>'call_uid' FROM procrastinate_jobs WHERE task_name = 'transcribe.call' ORDER BY id"
        return list(await session.scalars(text(query)))


async def test_what_was_set_aside_is_queued_once_and_a_dry_run_queues_nothing(
    context: JobContext, add_call: AddCall, hotline: Hotline
) -> None:
    await add_call()
    await jobs.transcribe_call(context, UID, cannot_read)
    code, told = await hotline("--failed", "--dry-run")
    assert (code, told["queued"]) == (0, 0)
    [row] = told["recordings"]
    assert (row["call"], row["standing"]) == (UID, "queue")
    assert "is not audio that can be read" in row["reason"]
    assert await queued(context) == []
    assert (await hotline("--failed", "--queue", "import"))[1]["recordings"] == []
    assert (await hotline("--failed"))[1]["queued"] == 1
    assert (await hotline("--failed"))[1]["queued"] == 0
    assert (await hotline(UID))[1]["recordings"][0]["standing"] == "already_queued"
    assert await queued(context) == [UID]
    async with context.database.transaction() as session:
        [entry] = await session.scalars(select(AuditEntry).where(AuditEntry.action == again.ACTION))
    assert (entry.subject, entry.detail["calls"]) == (f"call:{UID}", [UID])


async def test_a_call_without_a_recording_and_one_that_is_recognised_are_told(
    context: JobContext, add_call: AddCall, hotline: Hotline
) -> None:
    await add_call()
    await jobs.transcribe_call(context, UID, hears_a_complaint)
    code, told = await hotline(UID, "n1-9.9")
    assert (code, told["queued"]) == (1, 0)
    assert [row["standing"] for row in told["recordings"]] == ["recognised", "no_recording"]
    with pytest.raises(Exception, match="--failed"):
        await hotline()
    with pytest.raises(Exception, match="named"):
        await hotline(UID, "--queue", "import")


async def test_one_that_was_never_tried_is_found_and_waiting_ends_with_its_job(
    context: JobContext, add_call: AddCall, hotline: Hotline
) -> None:
    await add_call()
    async with context.database.transaction() as session:
        assert [each.standing for each in await again.look(session, Wanted(), NOW)] == [Standing.QUEUE]
        assert await again.failed(session, NOW) == []
        await again.again(session, [UID], actor="x", role="y", now=NOW)
        assert await again.left(session, [UID]) == 1
        await session.execute(text("UPDATE procrastinate_jobs SET status = 'succeeded'"))
        assert await again.left(session, [UID]) == 0
    code, told = await hotline(UID, "--dry-run", "--wait")
    assert (code, told["recordings"][0]["standing"]) == (0, "queue")


async def test_recognised_at_last_it_has_turns_a_draft_and_nothing_left_to_do(
    context: JobContext, add_call: AddCall
) -> None:
    await add_call()
    await jobs.transcribe_call(context, UID, cannot_read)
    await jobs.transcribe_call(context, UID, hears_a_complaint)
    draft = await draft_of(context)
    assert draft is not None
    assert (draft.turns, draft.reason, draft.state) == (SAID.turns, None, DraftState.PENDING)
    async with context.database.transaction() as session:
        assert await again.failed(session, NOW) == []


async def test_a_form_that_a_person_confirmed_stays_and_so_does_what_was_recognised_before(
    context: JobContext, add_call: AddCall
) -> None:
    await add_call()
    await jobs.transcribe_call(context, UID, cannot_read)
    async with context.database.transaction() as session:
        confirmed = await drafts.set_state(session, UID, DraftState.CONFIRMED, NOW)
    await jobs.transcribe_call(context, UID, hears_a_complaint)
    draft = await draft_of(context)
    assert draft is not None
    assert (draft.state, draft.fields) == (DraftState.CONFIRMED, confirmed.fields)
    await jobs.transcribe_call(context, UID, cannot_read, last_try=True)
    heard = await transcript_of(context)
    assert heard is not None
    assert (heard.state, heard.turns) == (State.HEARD, SAID.turns)


async def test_a_draft_that_waits_holds_its_recording_until_it_is_decided(
    context: JobContext, add_call: AddCall
) -> None:
    await add_call()

    async def held() -> list[str]:
        async with context.database.transaction() as session:
            return [each.said for each in await holds.open_holds(session, [UID])]

    for _ in range(2):
        await jobs.transcribe_call(context, UID, hears_a_complaint)
        assert await held() == [f"work draft:{UID}"]
    for state, expected in (
        (DraftState.DISCARDED, []),
        (DraftState.PENDING, [f"work draft:{UID}"]),
        (DraftState.CONFIRMED, []),
    ):
        async with context.database.transaction() as session:
            await drafts.set_state(session, UID, state, NOW)
        assert await held() == expected
    async with context.database.transaction() as session:
        assert await holds.released(session, [UID]) == {}, "work that is done gives no new days"


async def test_a_call_that_its_agent_registered_is_not_held_by_its_draft(
    context: JobContext, add_call: AddCall
) -> None:
    await add_call()
    async with context.database.transaction() as session:
        await drafts.registered(session, UID, NOW)
    await jobs.transcribe_call(context, UID, hears_a_complaint)
    async with context.database.transaction() as session:
        assert await holds.open_holds(session, [UID]) == []


@pytest.fixture
async def beside(context: JobContext, add_call: AddCall, tmp_path: Path) -> str:
    """A supervisor's own voice beside the call: stored, and not looked through."""
    await add_call()
    started = NOW - timedelta(minutes=20, seconds=5)
    async with context.database.transaction() as session:
        session.add(
            Monitoring(
                id=VOICE, call_uid=UID, seat="8001", listener="ma", role="shift_leader", phone="8020", asked_at=None,
                wanted=None, spans=[["whisper", started.isoformat()]], started_at=started,
                ended_at=started + timedelta(seconds=4), problem=None,
            )
        )  # fmt: skip
    spool, work = tmp_path / "spool", tmp_path / "work"
    work.mkdir()
    for path in leave(spool, VOICE, tone(4), tone(4)):
        os.utime(path, (NOW.timestamp() - 600,) * 2)
    objects = open_objects(context.settings, context.database, context.clock)
    node = Node(context.settings, context.database, context.clock, objects, spool, work)
    await attempt(node, VOICE)
    return VOICE


async def test_a_supervisors_voice_waits_for_its_call_and_is_then_looked_through_itself(
    context: JobContext, beside: str
) -> None:
    assert await queued(context) == [beside]
    await jobs.transcribe_call(context, beside, hears_a_card_whispered)
    assert await jobs.sweep(context) == 1  # the call, not the voice
    async with context.database.transaction() as session:
        assert await drafts.transcript_of(session, beside) is None
        call = await store.get(session, UID)
        assert call is not None
        await renditions.note(session, UID, Check(call.sha256, ((8.0, 8.5),)), NOW)
    await jobs.transcribe_call(context, beside, hears_a_card_whispered)
    async with context.database.transaction() as session:
        voice = await store.get(session, beside)
        assert voice is not None
        check = await renditions.get(session, voice)
        assert await drafts.get(session, beside) is None, "a supervisor's words are no case"
    assert check is not None
    assert check.key is not None
    covered = check.ranges
    assert any(start <= 0.9 and end >= 2.5 for start, end in covered), "the number that was whispered"
    assert any(start <= 4.0 <= end for start, end in covered), "the number that the call is silenced for"


async def test_an_erasure_takes_the_supervisors_voice_along(context: JobContext, beside: str) -> None:
    objects = open_objects(context.settings, context.database, context.clock)
    wish = Wish(UID, "on_request", ON_REQUEST, "shell", "administrator", "request 4")
    written = await erase_call(context.database, objects, context.clock, wish)
    assert [each.call_uid for each in written] == [UID, beside]
    assert [each async for each in objects.listing("2026")] == []
    async with context.database.transaction() as session:
        assert await store.of_calls(session, [UID, beside]) == {}
    with pytest.raises(NoRecording):
        await erase_call(context.database, objects, context.clock, wish)


async def test_the_call_brings_its_supervisors_voice_along(context: JobContext, beside: str) -> None:
    async with context.database.transaction() as session:
        await session.execute(text("DELETE FROM procrastinate_jobs"))
        await jobs._defer_voices(session, UID)
    assert await queued(context) == [beside]
