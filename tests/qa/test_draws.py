"""The daily draw in the database, repeated, topped up and verified; the live quota."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from hotline import audit
from hotline.accounts import Subject
from hotline.clock import ManualClock
from hotline.database import Database
from hotline.jobs import JobContext, build_app
from hotline.models import AuditEntry
from hotline.settings import Settings
from qa import draws, jobs
from qa.errors import DrawDiffers, QaError
from qa.models import Draw, Sample
from qa.score import write_score
from tests.qa.conftest import DAY, NOW, AddCalls


async def drawn(database: Database, settings: Settings, *, seed: int | None = 7, day: str = DAY) -> list[str]:
    async with database.transaction() as session:
        found = await draws.draw_day(session, day, settings=settings, actor="test", now=NOW, seed=seed)
    return [each.call_uid for each in found]


async def test_five_per_cent_of_each_business_is_drawn_rounded_up(
    database: Database, settings: Settings, add_calls: AddCalls
) -> None:
    mobile = await add_calls(41, prefix="m")
    data = await add_calls(3, prefix="d", business="data", seat="8002")
    found = await drawn(database, settings)
    assert len([uid for uid in found if uid in mobile]) == 3
    assert len([uid for uid in found if uid in data]) == 1
    async with database.transaction() as session:
        run = (await session.scalars(select(Draw))).one()
        entry = (await session.scalars(select(AuditEntry).where(AuditEntry.action == "sample.draw"))).one()
        assert (await audit.verify(session)).sound
    assert (run.seed, run.rate, len(run.population), run.drawn_by) == (7, 0.05, 44, "test")
    assert (entry.subject, entry.detail["seed"], sorted(entry.detail["drawn"])) == (DAY, "7", sorted(found))


async def test_repeating_a_draw_draws_and_records_nothing(
    database: Database, settings: Settings, add_calls: AddCalls
) -> None:
    await add_calls(41, prefix="m")
    assert len(await drawn(database, settings)) == 3
    assert await drawn(database, settings, seed=8) == []
    async with database.transaction() as session:
        assert len((await session.scalars(select(Draw))).all()) == 1


async def test_late_calls_top_up_the_share_and_displace_nothing(
    database: Database, settings: Settings, add_calls: AddCalls
) -> None:
    await add_calls(40, prefix="m")
    first = await drawn(database, settings)
    await add_calls(20, prefix="late")
    second = await drawn(database, settings)
    assert (len(first), len(second)) == (2, 1)
    assert not set(first) & set(second)
    async with database.transaction() as session:
        assert await draws.verify_day(session, DAY) == 3
        assert {run.seed for run in await session.scalars(select(Draw))} == {7}


async def test_two_draws_at_once_draw_the_share_once(
    database: Database, settings: Settings, add_calls: AddCalls
) -> None:
    await add_calls(41, prefix="m")
    found = await asyncio.gather(*(drawn(database, settings, seed=seed) for seed in range(3)))
    assert sorted(map(len, found)) == [0, 0, 3]


async def test_day_is_the_centres_and_callers_who_gave_up_are_not_drawn(
    database: Database, settings: Settings, add_calls: AddCalls
) -> None:
    evening = await add_calls(1, prefix="in", at=datetime(2026, 11, 19, 16, 0, tzinfo=UTC))  # midnight in Shanghai
    await add_calls(1, prefix="out", at=datetime(2026, 11, 20, 16, 0, tzinfo=UTC))
    await add_calls(5, prefix="gone", outcome="abandoned", business="data")
    assert await drawn(database, settings) == evening


async def test_message_without_a_draft_is_drawn_by_its_service(
    database: Database, settings: Settings, add_calls: AddCalls
) -> None:
    await add_calls(1, prefix="v", business=None, outcome="voicemail", seat=None, service="report")
    await drawn(database, settings)
    async with database.transaction() as session:
        (sample,) = await draws.list_samples(session, day=DAY)
    assert (sample.business, sample.seat, sample.state) == ("information", "", "open")


async def test_sample_put_in_by_hand_is_found(database: Database, settings: Settings, add_calls: AddCalls) -> None:
    calls = await add_calls(41, prefix="m")
    found = await drawn(database, settings)
    swapped = next(uid for uid in calls if uid not in found)
    async with database.transaction() as session:
        await session.execute(update(Sample).where(Sample.call_uid == found[0]).values(call_uid=swapped))
    async with database.transaction() as session:
        with pytest.raises(DrawDiffers, match=f"{swapped}; missing {found[0]}"):
            await draws.verify_day(session, DAY)


async def test_quota_of_two_a_week_counts_what_was_scored(
    database: Database, settings: Settings, add_calls: AddCalls, inspector: Subject
) -> None:
    await add_calls(3, prefix="a", seat="8001")
    await add_calls(2, prefix="b", seat="8002", business="data", at=datetime(2026, 11, 16, 2, 0, tzinfo=UTC))
    await drawn(database, settings)
    async with database.transaction() as session:
        (sample,) = await draws.list_samples(session, state="open")
        await write_score(session, sample_id=sample.id, findings=(), comment="", subject=inspector, now=NOW)
    async with database.transaction() as session:
        week = draws.week_of(NOW, settings)
        found = {each.seat: each for each in await draws.quota(session, week, settings=settings)}
        assert [each.call_uid for each in await draws.list_samples(session, state="scored")] == [sample.call_uid]
        assert await draws.list_samples(session, state="open") == []
    assert week == "2026-W47"
    other, seat = found["8002"], found[sample.seat]
    assert (seat.calls, seat.drawn, seat.scored, seat.short, seat.to_draw) == (3, 1, 1, 1, 1)
    assert (other.calls, other.drawn, other.scored, other.short) == (2, 0, 0, 2)
    assert list(found) == ["8002", "8001"]


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01"])
async def test_day_that_is_none_is_refused(database: Database, settings: Settings, day: str) -> None:
    async with database.transaction() as session:
        with pytest.raises(QaError, match="is not a day"):
            await draws.draw_day(session, day, settings=settings, actor="test", now=NOW)
        with pytest.raises(QaError, match="nothing was drawn"):
            await draws.verify_day(session, "2026-01-01")
        with pytest.raises(QaError, match="is not a week"):
            await draws.quota(session, "47/2026", settings=settings)
        with pytest.raises(QaError, match="no such state"):
            await draws.list_samples(session, state="lost")


async def test_daily_job_draws_yesterday_and_catches_up(
    database: Database, settings: Settings, add_calls: AddCalls, database_url: str
) -> None:
    await add_calls(1, prefix="y")
    await add_calls(1, prefix="x", at=datetime(2026, 11, 19, 2, 0, tzinfo=UTC))
    await add_calls(1, prefix="today", at=NOW - timedelta(hours=1))
    app = build_app(database_url)
    jobs.register(app, JobContext(settings, database, ManualClock(NOW)))
    await app.tasks["qa.draw_day"](timestamp=0)
    async with database.transaction() as session:
        found = {(each.day, each.call_uid) for each in await draws.list_samples(session)}
    assert found == {("2026-11-20", "n1-y.0"), ("2026-11-19", "n1-x.0")}
