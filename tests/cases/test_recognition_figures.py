"""Forms beside their calls, the week's figures and the lexicon's effect, kept in the database."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from cases import corrections, differences, field_scores
from cases.lexicon_effect import measure
from cases.registration_models import Registration
from hotline.accounts import Subject
from hotline.clock import ManualClock
from hotline.database import Database
from hotline.heavy import HeavyWork
from hotline.jobs import JobContext
from hotline.roles import Role
from hotline.settings import Settings
from recordings.models import Recording
from recordings.sealed import open_objects
from tests.cases.conftest import NOW, AddPerson
from transcribe import drafts, figures
from transcribe.errors import AudioError
from transcribe.figures import Errors, Score, errors_of, errors_of_turns, iso_week
from transcribe.jobs import Request
from transcribe.lexicon import measurements, references, versions
from transcribe.lexicon.effect import Judged, Sample, effect, judge
from transcribe.lexicon.measurements import Progress
from transcribe.lexicon.repair import suggest
from transcribe.lexicon.states import State
from transcribe.lexicon.words import LexiconWord, WordKind, starter_words
from transcribe.turns import Transcription, Turn

ZONE = ZoneInfo("Asia/Shanghai")
UID = "n1-5.1"
HEARD = Turn("caller", 1.0, 6.0, "我的唱月套餐多扣了三十块钱，请退给我")
SAID = "我的畅越套餐多扣了三十块钱，请退给我"
PLAN = LexiconWord("畅越套餐", WordKind.TARIFF, ("chang", "yue", "tao", "can"), 2.0)
CARD = Turn("caller", 7.0, 15.0, "我的银行卡号是六二二二零二零零零零零零一二三四五六七")


def drafted(**values: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "kind": "complaint", "business": "mobile", "nature": "tariff", "urgent": False, "amount": "30",
        "request": "请退给我", "summary": "", "phone": None,
        "evidence": {"amount": [{"start": 4.0, "end": 5.0, "text": "三十块钱"}],
                     "request": [{"start": 5.0, "end": 6.0, "text": "请退给我"}]},
        "confidence": {"amount": 0.9, "request": 0.8, "kind": 0.9, "business": 0.9, "nature": 0.9},
    }  # fmt: skip
    return known | values


async def recognised(database: Database, uid: str = UID, *turns: Turn, engine: str = "faster-whisper/base") -> None:
    async with database.transaction() as session:
        heard = Transcription(20.0, turns or (HEARD,), engine=engine)
        await drafts.save(session, uid, heard, drafted(), now=NOW, due_at=NOW)


async def typed(database: Database, inspector: Subject, text: str = SAID) -> None:
    async with database.transaction() as session:
        await references.save(session, UID, [text], subject=inspector, now=NOW)


@pytest.fixture
async def inspector(add_person: AddPerson) -> Subject:
    return await add_person("zheng", Role.INSPECTOR)


@pytest.fixture
async def manager(add_person: AddPerson) -> Subject:
    return await add_person("wu", Role.DATA_MANAGER)


async def test_a_form_that_was_handed_in_is_compared_once_its_call_was_read(
    database: Database, add_person: AddPerson
) -> None:
    agent = await add_person("li", Role.JUNIOR)
    form = {"kind": "complaint", "business": "mobile", "nature": "tariff", "amount": "35", "what_happened": "多扣费"}
    async with database.transaction() as session:
        session.add(
            Registration(
                call_uid=UID, seat="8001", agent_id=agent.user_id, state="submitted", fields=form, version=1,
                created_at=NOW, saved_at=NOW,
            )
        )  # fmt: skip
    async with database.transaction() as session:
        assert await differences.keep_missing(session, zone=ZONE, now=NOW) == 0
    await recognised(database)
    for expected in (1, 0):
        async with database.transaction() as session:
            assert await differences.keep_missing(session, zone=ZONE, now=NOW) == expected
    async with database.transaction() as session:
        (own,) = await differences.by_agent(session, since=NOW, until=NOW + timedelta(days=1))
        assert (own.forms, own.differing, own.missing, own.too_few) == (1, 1, 1, True)
        assert own.fields == (("amount", 1), ("request", 1))
        assert await differences.by_agent(session, since=NOW + timedelta(days=1), until=NOW + timedelta(days=2)) == []


@pytest.mark.parametrize(
    ("reference", "heard", "wrong"),
    [
        ("扣了三十块钱", "扣了30元", 0),
        ("我的电话一三九零零一二三四五六", "我的电话139 0012 3456。", 0),
        ("我的彩铃", "我的财灵", 2),
        ("没有", "", 2),
    ],
)
def test_numbers_written_otherwise_are_no_errors(reference: str, heard: str, wrong: int) -> None:
    assert errors_of(reference, heard).wrong == wrong


@given(st.text("我的彩铃三十块一零，。", max_size=30), st.text("我的财灵三十块一零，。", max_size=30))
def test_an_error_rate_is_nothing_for_the_same_text_and_never_more_than_all(one: str, other: str) -> None:
    assert errors_of(one, one).wrong == 0
    found = errors_of(one, other)
    assert 0 <= found.wrong <= max(found.said, len(other) * 2)


def test_the_order_of_turns_that_overlap_is_no_error() -> None:
    one, two = Turn("caller", 1.0, 3.0, "你好"), Turn("seat", 2.0, 4.0, "请讲")
    assert errors_of_turns([one, two], [two, one]) == Errors(0, 4)


async def test_a_week_is_counted_by_engine_and_counted_again_it_stands_once(
    database: Database, inspector: Subject
) -> None:
    await recognised(database)
    await typed(database, inspector)
    async with database.transaction() as session:
        await corrections.keep(
            session, UID, drafted(), drafted(amount="35", nature=None), engine="faster-whisper/base", by="chen", now=NOW
        )
    week = iso_week(NOW, ZONE)
    for _ in range(2):
        async with database.transaction() as session:
            (counted,) = await field_scores.count_week(session, week, zone=ZONE, now=NOW)
    async with database.transaction() as session:
        (kept,) = await figures.weeks_since(session, week)
    assert kept.errors == counted.errors == Errors(2, 17)
    assert (kept.calls, kept.forms, kept.too_few) == (1, 1, True)
    assert kept.fields["amount"] == Score(0, 1, 1)
    assert kept.fields["request"] == Score(1, 1, 1)
    assert kept.fields["nature"] == Score(0, 1, 0)
    assert "phone" in kept.fields
    assert kept.fields["phone"].f1 is None


async def test_digits_that_references_do_not_see_are_not_counted(database: Database, inspector: Subject) -> None:
    await recognised(database, UID, HEARD, CARD)
    async with database.transaction() as session:
        seen = await drafts.transcript_of(session, UID)
        assert seen is not None
        assert "六二二二" not in seen.turns[1].text
        texts = [SAID, seen.turns[1].text]
        await references.save(session, UID, texts, subject=inspector, now=NOW)
        counted = await figures.errors_by_engine(session, NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert counted["faster-whisper/base"][1].wrong == 2


def test_a_suggestion_is_judged_by_reference_then_by_the_corrected_form_and_else_by_nobody() -> None:
    (one,) = suggest([HEARD], (PLAN,))
    reference = (Turn("caller", 1.0, 6.0, SAID),)
    assert judge(Sample(UID, (HEARD,), reference), one) is Judged.RIGHT
    assert judge(Sample(UID, (HEARD,), (HEARD,)), one) is Judged.WRONG
    assert judge(Sample(UID, (HEARD,), None, ("客户的畅越套餐",)), one) is Judged.RIGHT
    assert judge(Sample(UID, (HEARD,), None, ("客户的唱月套餐",)), one) is Judged.WRONG
    assert judge(Sample(UID, (HEARD,)), one) is Judged.UNKNOWN


def test_an_effect_says_what_comes_what_goes_and_what_it_does_to_the_error_rate() -> None:
    sample = Sample(UID, (HEARD,), (Turn("caller", 1.0, 6.0, SAID),))
    told = effect([sample], (), (PLAN,))
    assert (told.before.right, told.after.right, told.after.wrong) == (0, 1, 0)
    assert (told.as_heard.wrong, told.before.errors.wrong, told.after.errors.wrong) == (2, 2, 0)
    assert [(each.heard, each.meant, each.right) for each in told.gained] == [("唱月套餐", "畅越套餐", 1)]
    assert told.lost == ()
    assert [each.meant for each in effect([sample], (PLAN,), ()).lost] == ["畅越套餐"]


def hears_its_words(path: Path, settings: Settings, request: Request) -> Transcription:
    """Hears a word rightly where it is among the hints, as a recogniser would."""
    return Transcription(6.0, (Turn("caller", 1.0, 6.0, SAID if PLAN.word in request.words else HEARD.text),))


@pytest.fixture
async def context(database: Database, tmp_path: Path) -> AsyncIterator[JobContext]:
    heavy = HeavyWork()
    yield JobContext(Settings(data=tmp_path / "data"), database, ManualClock(NOW), heavy)
    heavy.close()


async def recorded(context: JobContext, folder: Path) -> None:
    """A recording of the call, of one silent second."""
    sound = folder / "call.flac"
    soundfile.write(sound, np.zeros((16_000, 2), np.float32), 16_000)
    put = Path(shutil.copy(sound, folder / "put.flac"))
    await open_objects(context.settings, context.database).put("call.flac", put)
    async with context.database.transaction() as session:
        session.add(
            Recording(
                call_uid=UID, object_key="call.flac", sha256="0" * 64, bytes=sound.stat().st_size, seconds=1.0,
                sample_rate=16_000, caller_seconds=1.0, seat_seconds=1.0, caller_rms=0.1, seat_rms=0.1,
                started_at=NOW, finalised_at=NOW,
            )
        )  # fmt: skip


async def test_a_measurement_recognises_calls_with_the_words_before_and_after(
    context: JobContext, inspector: Subject, manager: Subject, tmp_path: Path
) -> None:
    database = context.database
    await recognised(database)
    await typed(database, inspector)
    await recorded(context, tmp_path)
    async with database.transaction() as session:
        await corrections.keep(session, UID, drafted(), drafted(), engine="x", by="chen", now=NOW - timedelta(hours=1))
        opened = await versions.begin(session, note="", subject=manager, now=NOW)
        await versions.put(session, opened.number, [PLAN], subject=manager, now=NOW)
        asked = await measurements.ask(session, opened.number, anew=5, subject=manager, now=NOW)
    for _ in range(2):
        await measure(context, asked.id, hears_its_words)
    async with database.transaction() as session:
        view = await measurements.get(session, asked.id)
        assert (await versions.get(session, opened.number)).state is State.MEASURED
    assert (view.state, view.done, view.total) == (Progress.DONE, 1, 1)
    assert view.result is not None
    anew = view.result["anew"]
    assert (anew["calls"], anew["before"]["errors"], anew["after"]["errors"]) == (1, 2, 0)
    assert anew["gained"] == [["畅越套餐", 1]]
    assert anew["lost"] == []
    assert anew["after"]["fields"]["amount"] == [1, 1, 1]
    assert view.result["after"]["right"] == 1


def cannot_hear(path: Path, settings: Settings, request: Request) -> Transcription:
    raise AudioError("the file breaks off; import it again")


async def test_a_call_that_cannot_be_heard_counts_for_neither_side(
    context: JobContext, inspector: Subject, manager: Subject, tmp_path: Path
) -> None:
    database = context.database
    await recognised(database)
    await typed(database, inspector)
    await recorded(context, tmp_path)
    async with database.transaction() as session:
        opened = await versions.begin(session, note="", subject=manager, now=NOW)
        await versions.put(session, opened.number, [PLAN], subject=manager, now=NOW)
        asked = await measurements.ask(session, opened.number, anew=1, subject=manager, now=NOW)
    await measure(context, asked.id, cannot_hear)
    async with database.transaction() as session:
        view = await measurements.get(session, asked.id)
    assert view.state is Progress.DONE
    assert view.result is not None
    assert (view.result["anew"]["calls"], view.result["anew"]["failed"]) == (0, 1)
    assert view.result["after"]["right"] == 1


async def test_a_measurement_of_words_that_were_changed_meanwhile_counts_for_nothing(
    context: JobContext, inspector: Subject, manager: Subject
) -> None:
    await recognised(context.database)
    await typed(context.database, inspector)
    async with context.database.transaction() as session:
        opened = await versions.begin(session, note="", subject=manager, now=NOW)
        asked = await measurements.ask(session, opened.number, anew=0, subject=manager, now=NOW)
        await versions.put(session, opened.number, [PLAN], subject=manager, now=NOW)
    await measure(context, asked.id, hears_its_words)
    async with context.database.transaction() as session:
        assert (await measurements.get(session, asked.id)).state is Progress.DONE
        assert (await versions.get(session, opened.number)).state is State.DRAFT


@pytest.mark.parametrize(
    ("reference", "state"), [(None, State.DRAFT), (HEARD.text, State.DRAFT), (SAID, State.MEASURED)]
)
async def test_a_measurement_without_samples_or_with_harm_speaks_for_no_version(
    context: JobContext, inspector: Subject, manager: Subject, reference: str | None, state: State
) -> None:
    if reference is not None:
        await recognised(context.database)
        await typed(context.database, inspector, reference)
    async with context.database.transaction() as session:
        opened = await versions.begin(session, note="", subject=manager, now=NOW)
        await versions.put(session, opened.number, [PLAN], subject=manager, now=NOW)
        asked = await measurements.ask(session, opened.number, anew=0, subject=manager, now=NOW)
    await measure(context, asked.id, hears_its_words)
    async with context.database.transaction() as session:
        assert (await versions.get(session, opened.number)).state is state


def test_the_programs_words_are_the_first_that_a_version_is_compared_with() -> None:
    assert effect([], starter_words(), starter_words()).gained == ()
