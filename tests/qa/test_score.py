"""The score card: points, veto, what is refused, who may write it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import select

from hotline.accounts import Subject
from hotline.database import Database
from hotline.models import AuditEntry
from hotline.roles import Action, Denied, Role, allows
from hotline.settings import Settings
from qa import draws
from qa.errors import AlreadyScored, BadScore, OwnCall, UnknownSample
from qa.score import Finding, Result, get_score, total, write_score
from qa.template import FULL_MARKS, template
from recordings import holds
from tests.qa.conftest import DAY, NOW, AddCalls


@pytest.fixture
async def sample(database: Database, settings: Settings, add_calls: AddCalls) -> draws.SampleView:
    await add_calls(1, prefix="s")
    async with database.transaction() as session:
        (found,) = await draws.draw_day(session, DAY, settings=settings, actor="test", now=NOW)
    return found


def test_template_is_worth_a_hundred_points_and_names_the_rules_it_checks() -> None:
    items = template().items.values()
    assert sum(item.points for item in items) == FULL_MARKS
    assert all(item.fatal == (item.points == 0) for item in items)
    assert {"D67", "D68", "D111", "D115", "D140"} <= {rule for item in items for rule in item.rules}
    assert len(items) == sum(len(section.items) for section in template().sections)


def test_points_are_taken_off_a_hundred() -> None:
    assert total((), template()) == Result(100, fatal=False)
    assert total((Finding("wrong_answer", 15, 12.5), Finding("one_more_sentence", 5)), template()) == Result(80, False)


def test_fatal_item_takes_everything() -> None:
    assert total((Finding("one_more_sentence", 5), Finding("abuse", 0, 3.0)), template()) == Result(0, fatal=True)


@pytest.mark.parametrize(
    ("findings", "message"),
    [
        ((Finding("rudeness", 5),), "no item 'rudeness'"),
        ((Finding("attitude", 5), Finding("attitude", 5)), "marked twice"),
        ((Finding("attitude", 16),), "take off 1 to 15"),
        ((Finding("attitude", 0),), "take off 1 to 15"),
        ((Finding("abuse", 10),), "takes no points"),
        ((Finding("attitude", 5, -1.0),), "outside the call"),
        ((Finding("attitude", 5, 61.0),), "recording is 60.0 s long"),
        ((Finding("attitude", 5, float("nan")),), "outside the call"),
        ((Finding("attitude", 5, None, "x" * 501),), "shorten the remark"),
    ],
)
def test_card_that_the_template_does_not_allow_is_refused(findings: tuple[Finding, ...], message: str) -> None:
    with pytest.raises(BadScore, match=message):
        total(findings, template(), seconds=60.0)


async def test_card_is_kept_with_its_seconds_and_audited(
    database: Database, sample: draws.SampleView, inspector: Subject
) -> None:
    findings = (Finding("promised_date", 10, 42.0, "说了周五一定装好"),)
    async with database.transaction() as session:
        await write_score(
            session, sample_id=sample.id, findings=findings, comment="注意时限承诺", subject=inspector, now=NOW
        )
    async with database.transaction() as session:
        card = await get_score(session, sample.id)
        entry = (await session.scalars(select(AuditEntry).where(AuditEntry.action == "score.write"))).one()
        listed = await draws.get_sample(session, sample.id)
    assert card is not None
    assert (card.findings, card.total, card.fatal, card.version) == (findings, 90, False, template().version)
    assert (entry.actor, entry.subject, entry.detail["total"]) == ("zhijian", sample.call_uid, 90)
    assert listed is not None
    assert (listed.state, listed.total) == ("scored", 90)


async def test_card_is_written_once(database: Database, sample: draws.SampleView, inspector: Subject) -> None:
    for attempt in range(2):
        async with database.transaction() as session:
            if attempt == 0:
                await write_score(session, sample_id=sample.id, findings=(), comment="", subject=inspector, now=NOW)
                continue
            with pytest.raises(AlreadyScored):
                await write_score(session, sample_id=sample.id, findings=(), comment="", subject=inspector, now=NOW)


@pytest.mark.parametrize("role", list(Role))
async def test_only_who_may_score_scores(database: Database, sample: draws.SampleView, role: Role) -> None:
    subject = Subject(uuid4(), "someone", "某人", role, None)
    async with database.transaction() as session:
        if allows(role, Action.SCORE_WRITE):
            card = await write_score(session, sample_id=sample.id, findings=(), comment="", subject=subject, now=NOW)
            assert card.total == FULL_MARKS
        else:
            with pytest.raises(Denied):
                await write_score(session, sample_id=sample.id, findings=(), comment="", subject=subject, now=NOW)
            assert await get_score(session, sample.id) is None


async def test_nobody_scores_their_own_seat_or_an_undrawn_call(
    database: Database, sample: draws.SampleView, inspector: Subject
) -> None:
    own = Subject(uuid4(), "self", "自己", Role.INSPECTOR, sample.seat)
    async with database.transaction() as session:
        with pytest.raises(OwnCall):
            await write_score(session, sample_id=sample.id, findings=(), comment="", subject=own, now=NOW)
        with pytest.raises(UnknownSample):
            await write_score(session, sample_id=uuid4(), findings=(), comment="", subject=inspector, now=NOW)


async def test_a_drawn_call_is_held_until_it_has_its_card(
    database: Database, sample: draws.SampleView, inspector: Subject
) -> None:
    async def held() -> list[str]:
        async with database.transaction() as session:
            return [each.said for each in await holds.open_holds(session, [sample.call_uid])]

    assert await held() == [f"sample {sample.id}"]
    async with database.transaction() as session:
        await write_score(session, sample_id=sample.id, findings=(), comment="", subject=inspector, now=NOW)
    assert await held() == []
