"""The clerks' desk on a real database: one draft is one person's, and nothing that was typed is lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from acd.clerks import count_work
from cases import corrections, desk, orders
from cases.desk_errors import (
    HandedBadly,
    ItemMissing,
    ItemOver,
    NotForYou,
    NotOnYourDesk,
    StaleItem,
    TakenByOther,
)
from cases.desk_models import DeskMove
from cases.desk_receivers import Receiver, in_order, receivers
from cases.desk_rows import LONGEST_PAUSE, ItemView
from cases.desk_states import ItemState
from cases.erasing import erase_forms
from cases.errors import WrongField
from hotline.accounts import Subject
from hotline.database import Database
from hotline.roles import Action, Denied, Role
from hotline.settings import Settings
from tests.cases.conftest import NOW, AddDraft, AddPerson
from transcribe import drafts

LEASE = timedelta(seconds=Settings().desk_lease_seconds)
SOON = timedelta(seconds=1)


async def take(database: Database, subject: Subject, ref: str, now: Any = NOW) -> ItemView:
    async with database.transaction() as session:
        return await desk.take(session, ref, subject=subject, now=now, settings=Settings())


async def view(database: Database, ref: str, now: Any = NOW) -> ItemView:
    async with database.transaction() as session:
        found = await desk.get(session, ref, now)
    assert found is not None
    return found


async def moves(database: Database) -> list[tuple[str, str]]:
    async with database.transaction() as session:
        return [
            (str(row.before), str(row.after)) for row in await session.scalars(select(DeskMove).order_by(DeskMove.id))
        ]


async def test_of_two_clerks_at_once_one_gets_the_draft_and_the_other_is_told_who_has_it(
    database: Database, add_person: AddPerson, add_draft: AddDraft
) -> None:
    ref = f"draft:{await add_draft()}"
    people = [await add_person(name) for name in ("an", "bo", "chen", "ding")]
    told = await asyncio.gather(*(take(database, person, ref) for person in people), return_exceptions=True)
    (got,) = [each for each in told if isinstance(each, ItemView)]
    refused = [each for each in told if isinstance(each, TakenByOther)]
    assert len(refused) == 3
    assert {each.name for each in refused} == {got.owner_name}
    assert await moves(database) == [("waiting", "taken")]


async def test_a_closed_browser_frees_the_draft_and_what_was_typed_is_there(
    database: Database, add_person: AddPerson, add_draft: AddDraft
) -> None:
    ref = f"draft:{await add_draft()}"
    first, second = await add_person("an"), await add_person("bo")
    await take(database, first, ref)
    async with database.transaction() as session:
        await desk.save(session, ref, typed={"values": {"place": "城东"}}, version=0, subject=first, now=NOW)
    with pytest.raises(TakenByOther):
        await take(database, second, ref, NOW + LEASE - SOON)
    taken = await take(database, second, ref, NOW + LEASE)
    assert (taken.owner_name, taken.typed) == ("Bo", {"values": {"place": "城东"}})
    with pytest.raises(TakenByOther, match="Bo"):
        async with database.transaction() as session:
            await desk.save(session, ref, typed={"values": {}}, version=1, subject=first, now=NOW + LEASE)


async def test_a_page_that_is_open_keeps_its_draft_and_a_late_one_goes_on_where_nobody_took_it(
    database: Database, clerk: Subject, add_person: AddPerson, add_draft: AddDraft
) -> None:
    ref = f"draft:{await add_draft()}"
    await take(database, clerk, ref)
    async with database.transaction() as session:
        beaten = await desk.beat(session, ref, worked=True, subject=clerk, now=NOW + LEASE / 2, settings=Settings())
    assert beaten.worked_seconds == LONGEST_PAUSE < LEASE.total_seconds() / 2
    with pytest.raises(TakenByOther):
        await take(database, await add_person("bo"), ref, NOW + LEASE + SOON)
    late = NOW + 3 * LEASE
    assert (await view(database, ref, late)).state is ItemState.WAITING
    async with database.transaction() as session:
        beaten = await desk.beat(session, ref, worked=False, subject=clerk, now=late, settings=Settings())
    assert (beaten.state, beaten.worked_seconds) == (ItemState.TAKEN, LONGEST_PAUSE)


async def test_a_save_from_an_older_version_is_told_what_stands_there_and_changes_nothing(
    database: Database, clerk: Subject, add_draft: AddDraft
) -> None:
    ref = f"draft:{await add_draft()}"
    await take(database, clerk, ref)

    async def save(place: str, version: int) -> ItemView:
        async with database.transaction() as session:
            return await desk.save(session, ref, typed={"place": place}, version=version, subject=clerk, now=NOW)

    assert (await save("东", 0)).version == 1
    assert (await save("东", 0)).version == 1  # the answer was lost; sent again
    with pytest.raises(StaleItem) as stale:
        await save("西", 0)
    assert (stale.value.current.version, stale.value.current.typed) == (1, {"place": "东"})
    assert (await view(database, ref)).typed == {"place": "东"}


async def test_what_is_put_aside_stays_its_owners_for_its_time_and_then_anybodys(
    database: Database, clerk: Subject, add_person: AddPerson, add_draft: AddDraft
) -> None:
    ref, settings = f"draft:{await add_draft()}", Settings()
    await take(database, clerk, ref)
    async with database.transaction() as session:
        with pytest.raises(WrongField, match="reason"):
            await desk.hold(session, ref, reason=" ", subject=clerk, now=NOW, settings=settings)
        await desk.hold(session, ref, reason="等客户回电", subject=clerk, now=NOW, settings=settings)
    held = await view(database, ref, NOW + 2 * LEASE)
    assert (held.state, held.note, held.is_mine(clerk)) == (ItemState.HELD, "等客户回电", True)
    other = await add_person("bo")
    with pytest.raises(TakenByOther):
        await take(database, other, ref, NOW + 2 * LEASE)
    over = NOW + timedelta(minutes=settings.desk_hold_minutes)
    assert (await take(database, other, ref, over)).owner_name == "Bo"


async def test_what_is_handed_to_seniors_is_a_seniors_and_nobody_elses(
    database: Database, clerk: Subject, add_person: AddPerson, add_draft: AddDraft
) -> None:
    ref = f"draft:{await add_draft()}"
    senior, other = await add_person("wang", Role.SENIOR), await add_person("bo")
    with pytest.raises(NotForYou):
        await take(database, senior, ref)
    await take(database, clerk, ref)
    async with database.transaction() as session:
        with pytest.raises(HandedBadly):
            await desk.hand_on(session, ref, reason="疑难", subject=clerk, now=NOW, role=Role.MANAGER)
        with pytest.raises(HandedBadly):
            await desk.hand_on(session, ref, reason="疑难", subject=clerk, now=NOW)
        await desk.hand_on(session, ref, reason="客户不接受答复", subject=clerk, now=NOW, role=Role.SENIOR)
    handed = await view(database, ref)
    assert (handed.state, handed.is_mine(senior), handed.is_mine(clerk)) == (ItemState.HANDED_ON, True, False)
    for person in (clerk, other):
        with pytest.raises(NotForYou):
            await take(database, person, ref)
    assert (await take(database, senior, ref)).state is ItemState.TAKEN
    lost = await view(database, ref, NOW + LEASE)
    assert (lost.state, lost.for_role) == (ItemState.HANDED_ON, "senior")  # a lost page leaves it with the seniors


async def test_a_leader_gives_it_to_another_person_and_the_first_is_told(
    database: Database, clerk: Subject, add_person: AddPerson, add_draft: AddDraft
) -> None:
    ref = f"draft:{await add_draft()}"
    leader, other = await add_person("ma", Role.SHIFT_LEADER), await add_person("bo")
    junior = await add_person("li", Role.JUNIOR)
    await take(database, clerk, ref)
    with pytest.raises(Denied):
        async with database.transaction() as session:
            await desk.release(session, ref, reason="换人", subject=other, now=NOW)
    with pytest.raises(HandedBadly):
        async with database.transaction() as session:
            await desk.hand_on(session, ref, reason="换人", subject=leader, now=NOW, to=junior.user_id)
    async with database.transaction() as session:
        await desk.hand_on(session, ref, reason="换人", subject=leader, now=NOW, to=other.user_id)
    with pytest.raises(NotOnYourDesk):
        async with database.transaction() as session:
            await desk.beat(session, ref, worked=True, subject=clerk, now=NOW, settings=Settings())
    await take(database, other, ref)
    async with database.transaction() as session:
        await desk.release(session, ref, reason="换人", subject=leader, now=NOW)
    assert (await take(database, clerk, ref)).for_id is None


async def test_confirming_ends_the_item_and_keeps_what_was_made_of_every_field(
    database: Database, clerk: Subject, add_person: AddPerson, add_draft: AddDraft
) -> None:
    uid = await add_draft()
    await take(database, clerk, f"draft:{uid}")
    other = await add_person("bo")
    with pytest.raises(TakenByOther):
        async with database.transaction() as session:
            await orders.confirm(
                session, call_uid=uid, corrections={}, subject=other, now=NOW, settings=Settings()
            )  # fmt: skip
    async with database.transaction() as session:
        await orders.confirm(
            session, call_uid=uid, corrections={"amount": "35"}, subject=clerk, now=NOW, settings=Settings()
        )  # fmt: skip
        assert await count_work(session) == 0
        kept = await corrections.confirmed_fields(session, since=NOW, until=NOW + SOON)
    assert (await view(database, f"draft:{uid}")).state is ItemState.DONE
    changed = [each for each in kept if each.changed]
    assert [(each.field, each.drafted, each.confirmed, each.confidence) for each in changed] == [
        ("amount", "30", "35", 0.8)
    ]
    assert {each.field for each in kept} >= {"kind", "business", "nature", "phone", "summary", "place"}
    assert {(each.engine, each.by) for each in kept} == {("test", "wu")}
    with pytest.raises(ItemOver):
        await take(database, other, f"draft:{uid}")


async def test_a_discarded_draft_teaches_nothing_as_confirmed(
    database: Database, clerk: Subject, add_draft: AddDraft
) -> None:
    uid = await add_draft()
    async with database.transaction() as session:
        await orders.discard(session, call_uid=uid, reason="空号", subject=clerk, now=NOW)
        assert await corrections.confirmed_fields(session, since=NOW, until=NOW + SOON) == []
        thrown = await corrections.confirmed_fields(session, since=NOW, until=NOW + SOON, discarded=True)
    assert {each.confirmed for each in thrown} == {None}
    assert not any(each.changed for each in thrown)


async def test_a_call_that_the_agent_registers_meanwhile_leaves_the_desk(
    database: Database, clerk: Subject, add_draft: AddDraft
) -> None:
    uid = await add_draft()
    await take(database, clerk, f"draft:{uid}")
    async with database.transaction() as session:
        await drafts.registered(session, uid, NOW)
    with pytest.raises(ItemOver):
        async with database.transaction() as session:
            await desk.save(session, f"draft:{uid}", typed={}, version=0, subject=clerk, now=NOW)


async def test_a_text_that_came_is_work_until_it_is_done(
    database: Database, clerk: Subject, add_person: AddPerson
) -> None:
    ref, due = "text:7", NOW + timedelta(hours=2)
    async with database.transaction() as session:
        await desk.item_came(session, ref, received_at=NOW, due_at=due)
        await desk.item_came(session, ref, received_at=NOW, due_at=due)
        assert await count_work(session) == 1
        assert [each.ref for each in await desk.open_texts(session, NOW)] == [ref]
    text_clerk = await add_person("zhao", Role.TEXT_CLERK)
    await take(database, text_clerk, ref)
    with pytest.raises(TakenByOther):
        async with database.transaction() as session:
            await desk.item_done(session, ref, NOW, subject=clerk)
    async with database.transaction() as session:
        await desk.item_done(session, ref, NOW, subject=text_clerk)
        await desk.item_done(session, ref, NOW, subject=text_clerk)
        assert (await count_work(session), await desk.open_texts(session, NOW)) == (0, [])
    with pytest.raises(ItemMissing):
        await take(database, text_clerk, "text:8")
    assert await moves(database) == [("waiting", "taken"), ("taken", "done")]


async def test_the_right_senior_is_the_most_skilled_and_then_the_least_busy(
    database: Database, clerk: Subject, add_person: AddPerson
) -> None:
    for login, role in (
        ("wang", Role.SENIOR),
        ("li", Role.JUNIOR),
        ("bo", Role.RECORDING_CLERK),
        ("zhao", Role.TEXT_CLERK),
    ):
        await add_person(login, role)
    async with database.transaction() as session:
        found = await receivers(session, Action.DRAFT_CONFIRM, "complaint", but=clerk.user_id, now=NOW)
    assert [each.name for each in found] == ["Wang", "Bo"]
    one = found[0]
    busy, skilled = (
        Receiver(one.user_id, "甲", Role.SENIOR, 3, 4),
        Receiver(one.user_id, "乙", Role.SENIOR, 5, 9),
    )
    assert [each.name for each in in_order([found[1], one, busy, skilled])] == ["乙", "甲", "Wang", "Bo"]


async def test_with_a_recording_the_words_on_the_desk_go_and_the_codes_stay(
    database: Database, clerk: Subject, add_draft: AddDraft
) -> None:
    uid, other = await add_draft("n1-1.1"), await add_draft("n1-2.1")
    async with database.transaction() as session:
        await orders.confirm(session, call_uid=uid, corrections={}, subject=clerk, now=NOW, settings=Settings())
    await take(database, clerk, f"draft:{other}")
    async with database.transaction() as session:
        await desk.save(session, f"draft:{other}", typed={"values": {"place": "x"}}, version=0, subject=clerk, now=NOW)
    for _ in range(2):
        async with database.transaction() as session:
            await erase_forms(session, uid)
            await erase_forms(session, other)
    async with database.transaction() as session:
        kept = {each.field: each for each in await corrections.fields_of(session, [uid])}
    assert (kept["summary"].drafted, kept["summary"].confirmed, kept["phone"].confirmed) == (None, None, None)
    assert (kept["kind"].confirmed, kept["business"].confirmed) == ("complaint", "mobile")
    assert (await view(database, f"draft:{other}")).typed == {}
