"""What counts as timely, as work and as exact when a clerk enters (D30, D70)."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from cases import desk, entry_checks, orders
from cases.clerk_figures import Clerk, Entry, clerk_figures, figures_of
from cases.entry_checks import Checked
from cases.errors import OrderMissing, WrongField
from hotline.accounts import Subject
from hotline.database import Database
from hotline.roles import Denied, Role
from hotline.settings import Settings
from tests.cases.conftest import NOW, AddDraft, AddPerson

ZONE = ZoneInfo("Asia/Shanghai")
CLERK = Clerk(uuid4(), "吴芳", "recording_clerk")
MINUTE = timedelta(minutes=1)


def entry(*, in_time: bool = True, worked: float = 30.0, audio: float | None = 90.0, days: int = 0) -> Entry:
    return Entry("draft:x", CLERK.user_id, NOW + timedelta(days=days), in_time, worked, worked * 2, audio)


def test_a_third_of_listening_is_told_over_all_recordings_and_texts_do_not_count_in_it() -> None:
    entries = [entry(), entry(worked=60, audio=180, days=1), entry(worked=300, audio=None, in_time=False, days=1)]
    found = figures_of(CLERK, entries, Checked(), ZONE)
    assert (found.entered, found.in_time, found.share) == (3, 2, 2 / 3)
    assert found.of_listening == pytest.approx(1 / 3)
    assert (found.worked_median, found.open_median, found.audio_median) == (45, 90, 135)
    assert [(day.entered, day.in_time) for day in found.days] == [(1, 1), (2, 1)]
    assert found.checked.accuracy is None


def test_who_entered_only_texts_has_no_figure_of_listening() -> None:
    found = figures_of(CLERK, [entry(audio=None)], Checked(), ZONE)
    assert (found.of_listening, found.worked_median) == (None, None)


async def confirmed(database: Database, subject: Subject, uid: str, *, after: timedelta) -> str:
    """The number of the order of a draft that was open for `after`, with a sign of work each half minute."""
    settings = Settings()
    async with database.transaction() as session:
        await desk.take(session, f"draft:{uid}", subject=subject, now=NOW, settings=settings)
    for step in range(1, int(after / (MINUTE / 2))):
        async with database.transaction() as session:
            now = NOW + step * MINUTE / 2
            await desk.beat(session, f"draft:{uid}", worked=step % 2 == 0, subject=subject, now=now, settings=settings)
    async with database.transaction() as session:
        order = await orders.confirm(
            session, call_uid=uid, corrections={}, subject=subject, now=NOW + after, settings=settings
        )
    return order.number


async def test_the_desks_moves_tell_what_was_timely_and_how_long_it_was_worked_on(
    database: Database, clerk: Subject, add_person: AddPerson, add_draft: AddDraft
) -> None:
    other = await add_person("bo")
    await confirmed(database, clerk, await add_draft("n1-1.1"), after=4 * MINUTE)
    await confirmed(database, clerk, await add_draft("n1-2.1"), after=70 * MINUTE)  # due an hour after NOW
    await confirmed(database, other, await add_draft("n1-3.1"), after=MINUTE)
    async with database.transaction() as session:
        everybody = await clerk_figures(session, since=NOW, until=NOW + 80 * MINUTE, zone=ZONE)
        own = await clerk_figures(session, since=NOW, until=NOW + 80 * MINUTE, zone=ZONE, clerk_id=clerk.user_id)
        none = await clerk_figures(session, since=NOW + 80 * MINUTE, until=NOW + 90 * MINUTE, zone=ZONE)
    assert [(each.clerk.name, each.entered, each.in_time) for each in everybody] == [("Bo", 1, 1), ("Wu", 2, 1)]
    assert [each.clerk.name for each in own] == ["Wu"]
    assert none == []
    assert own[0].of_listening is None  # these calls have no recording


async def test_an_inspector_notes_what_was_wrong_in_an_entry_and_the_accuracy_follows(
    database: Database, clerk: Subject, add_person: AddPerson, add_draft: AddDraft
) -> None:
    number = await confirmed(database, clerk, await add_draft(), after=MINUTE)
    inspector = await add_person("zheng", Role.INSPECTOR)

    async def check(subject: Subject, wrong: dict[str, str], order: str = number) -> None:
        async with database.transaction() as session:
            await entry_checks.check_entry(session, order, wrong=wrong, subject=subject, now=NOW + 2 * MINUTE)

    with pytest.raises(Denied):
        await check(clerk, {})
    with pytest.raises(OrderMissing):
        await check(inspector, {}, "TS19700101-0001")
    with pytest.raises(WrongField, match="owner"):
        await check(inspector, {"owner": "x"})
    await check(inspector, {"amount": "35", "place": "城东"})
    await check(inspector, {"amount": "35"})  # looked at again: the later word stands
    async with database.transaction() as session:
        (found,) = await clerk_figures(session, since=NOW, until=NOW + 80 * MINUTE, zone=ZONE)
        (entered,) = await entry_checks.entered_by(session, clerk.user_id, since=NOW, until=NOW + 80 * MINUTE)
    assert (found.checked.entries, found.checked.wrong) == (1, {"amount": 1})
    assert found.checked.accuracy == pytest.approx(1 - 1 / found.checked.fields)
    assert (entered.number, entered.wrong) == (number, 1)
