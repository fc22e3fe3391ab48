"""From confirmed drafts in the database to a version that decides, and back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from acd.models import Call
from cases import classifier_data, classifier_runs, corrections
from cases.classifier_runs import By, TooFewForms
from cases.desk_models import DraftCorrection
from hotline.clock import SystemClock
from hotline.database import Base, Database
from hotline.jobs import JobContext
from hotline.models import AuditEntry
from hotline.settings import Settings
from tests.cases.conftest import NOW
from tests.cases.test_classifier import _forms
from transcribe import learned
from transcribe.draft import extract
from transcribe.learned import ModelDamaged, store
from transcribe.learned.store import NotBetter, NoVersion, VersionState
from transcribe.learned.tables import LearnedVersion
from transcribe.models import Transcript

BY = By("wu", "data_manager")
Fill = Callable[[float], Awaitable[None]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path).model_copy(
        update={"learning": Settings().learning.model_copy(update={"least_forms": 200})}
    )


@pytest.fixture
def centre(database: Database) -> Fill:
    """Calls with transcripts, and what clerks made of their drafts; a share of them about the centre's own product."""

    async def fill(own: float) -> None:
        rows: list[Base] = []
        for each in _forms(320, own):
            rows.append(Call(uid=each.uid, caller=each.caller, state="ended", entered_at=NOW, queued_at=NOW))
            turns = [turn.to_json() for turn in each.turns]
            rows.append(Transcript(
                call_uid=each.uid, engine="test", seconds=9.0, turns=turns, talk_over=[], created_at=NOW,
            ))  # fmt: skip
            rows += [
                DraftCorrection(
                    call_uid=each.uid, field=name, drafted="other", confirmed=value, discarded=False, confidence=0.5,
                    engine="test", extractor="rules", by=each.by, at=NOW,
                )
                for name, value in each.confirmed.items()
            ]  # fmt: skip
        async with database.transaction() as session:
            session.add_all(rows)

    return fill


async def _train(database: Database, settings: Settings) -> store.VersionView:
    return await classifier_runs.train_version(database, settings, by=BY, now=NOW + timedelta(days=1))


async def _live(database: Database, number: int) -> None:
    async with database.transaction() as session:
        await classifier_runs.put_live(session, number, by=BY, now=NOW)


async def _business(database: Database) -> str:
    """What a call about the centre's own product is filed under now."""
    turns = _forms(1, own=1.0)[0].turns
    async with database.transaction() as session:
        model = await learned.live_model(session)
    return learned.apply(extract(turns), turns, model).business.value


async def test_a_version_decides_once_it_is_live_and_a_roll_back_restores_what_was_before(
    database: Database, settings: Settings, centre: Fill
) -> None:
    await centre(0.4)
    before = await _business(database)
    first = await _train(database, settings)
    assert first.takes_over == {"business"}
    assert await _business(database) == before, "what was trained decides nothing yet"
    await _live(database, first.number)
    assert await _business(database) == "information" != before
    second = await _train(database, settings)
    await _live(database, second.number)
    async with database.transaction() as session:
        left, came = await classifier_runs.put_back(session, by=BY, now=NOW)
    assert (left.number, came.number if came else None) == (second.number, first.number)
    assert await _business(database) == "information"
    async with database.transaction() as session:
        _, came = await classifier_runs.put_back(session, by=BY, now=NOW)
    assert came is None
    assert await _business(database) == before
    with pytest.raises(NoVersion):
        async with database.transaction() as session:
            await classifier_runs.put_back(session, by=BY, now=NOW)
    async with database.transaction() as session:
        actions = (await session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq))).all()
        states = [each.state for each in await store.versions(session)]
    assert [each for each in actions if each.startswith("model.")] == [
        "model.train", "model.live", "model.train", "model.live", "model.rollback", "model.rollback",
    ]  # fmt: skip
    assert states == [VersionState.RETIRED] * 2
    compared = await classifier_runs.compare_version(database, settings, first.number, NOW + timedelta(days=2))
    assert compared["business"].takes_over


async def test_a_version_that_is_not_better_cannot_go_live(
    database: Database, settings: Settings, centre: Fill
) -> None:
    await centre(0.0)
    version = await _train(database, settings)
    assert version.takes_over == frozenset()
    with pytest.raises(NotBetter):
        await _live(database, version.number)
    with pytest.raises(NoVersion):
        await _live(database, version.number + 1)


async def test_a_model_that_was_tampered_with_decides_nothing(
    database: Database, settings: Settings, centre: Fill
) -> None:
    await centre(0.4)
    version = await _train(database, settings)
    spoiled = update(LearnedVersion).values(data=text("set_byte(data, 100, (get_byte(data, 100) + 1) % 256)"))
    async with database.transaction() as session:
        await session.execute(spoiled)
    with pytest.raises(ModelDamaged):
        await _live(database, version.number)
    async with database.transaction() as session:
        assert (await store.get(session, version.number)).state is VersionState.TRAINED


async def test_too_few_forms_say_so_and_the_weekly_proposal_takes_it_for_no_fault(
    database: Database, settings: Settings
) -> None:
    from cases.classifier_jobs import propose

    with pytest.raises(TooFewForms, match="0 confirmed forms"):
        await _train(database, settings)
    context = JobContext(settings, database, SystemClock())
    try:
        await propose(context, By("weekly", "system"))
    finally:
        context.heavy.close()
    async with database.transaction() as session:
        assert await store.versions(session) == []


async def test_discarded_drafts_and_texts_teach_nothing(database: Database, centre: Fill) -> None:
    await centre(0.4)
    async with database.transaction() as session:
        drafted = extract(_forms(1, 0.0)[0].turns).to_json()
        await corrections.keep(session, "text:17", drafted, drafted, engine="test", by="wu", now=NOW)
        await corrections.keep(session, "n1-0.1", drafted, None, engine="test", by="wu", now=NOW)
    async with database.transaction() as session:
        found = await classifier_data.examples(session, since=NOW, until=NOW + timedelta(days=1))
    assert len(found) == 319
    assert not {"text:17", "n1-0.1"} & {each.uid for each in found}
    assert all(each.caller.startswith("1390000") for each in found)
