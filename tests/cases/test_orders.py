"""Orders on a real database: numbers, owners, clocks, and what the audit knows of them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from cases import desk, orders
from cases.clocks import Standing
from cases.desk_errors import NotForYou
from cases.errors import NotOwner, OrderClosed, OrderMissing, WrongField
from cases.orders import OrderView
from cases.states import OrderState
from hotline import audit
from hotline.accounts import Subject
from hotline.database import Database
from hotline.models import AuditEntry
from hotline.roles import Action, Denied, Role, allows
from hotline.settings import Settings
from recordings import holds
from tests.cases.conftest import ENDED, NOW, AddDraft, AddPerson
from tests.cases.test_sheet import DRAFT, EMPTY
from transcribe import drafts
from transcribe.drafts import DraftDecided, DraftMissing, DraftState


async def confirm(
    database: Database, subject: Subject, uid: str, corrections: dict[str, Any] | None = None, *,
    now: datetime = NOW, original: str | None = None,
) -> OrderView:  # fmt: skip
    async with database.transaction() as session:
        return await orders.confirm(
            session, call_uid=uid, corrections=corrections or {}, subject=subject, now=now, settings=Settings(),
            original=original,
        )  # fmt: skip


async def audited(database: Database) -> list[AuditEntry]:
    async with database.transaction() as session:
        assert (await audit.verify(session)).sound
        return list(await session.scalars(select(AuditEntry).order_by(AuditEntry.seq)))


async def state_of(database: Database, uid: str) -> DraftState:
    async with database.transaction() as session:
        draft = await drafts.get(session, uid)
    assert draft is not None
    return draft.state


async def test_a_confirmed_draft_is_an_order_with_number_owner_and_clocks(
    database: Database, clerk: Subject, add_draft: AddDraft
) -> None:
    order = await confirm(database, clerk, await add_draft())
    assert order.number == "TS20261121-0001"
    assert (order.kind, order.business, order.nature, order.urgent) == ("complaint", "mobile", "tariff", False)
    assert (order.owner_id, order.owner_name, order.state) == (clerk.user_id, "Wu", OrderState.OPEN)
    assert order.fields == DRAFT | EMPTY
    assert order.received_at == ENDED
    assert (order.entry.due_at, order.entry.standing) == (ENDED + timedelta(hours=2), Standing.MET)
    assert (order.answer.due_at, order.answer.standing) == (ENDED + timedelta(hours=48), Standing.RUNNING)
    assert order.answer.seconds == 47 * 3600
    assert await state_of(database, "n1-1.1") is DraftState.CONFIRMED


async def test_what_was_corrected_and_what_speaks_for_the_rest_is_kept_and_audited(
    database: Database, clerk: Subject, add_draft: AddDraft
) -> None:
    order = await confirm(database, clerk, await add_draft(), {"amount": "35.50", "urgent": True})
    assert order.corrected == ("urgent", "amount")
    assert order.urgent
    assert order.fields["evidence"] == {"business": [{"start": 1.0, "end": 2.5, "text": "手机"}]}
    (entry,) = await audited(database)
    assert (entry.actor, entry.action, entry.subject) == ("wu", "draft.confirm", "order:TS20261121-0001")
    assert entry.detail == {
        "call": "n1-1.1", "kind": "complaint", "corrected": ["urgent", "amount"],
        "evidence": {"business": [[1.0, 2.5]]},
    }  # fmt: skip


async def test_a_sheet_keyed_too_late_says_so(database: Database, clerk: Subject, add_draft: AddDraft) -> None:
    order = await confirm(database, clerk, await add_draft(), now=ENDED + timedelta(hours=2, seconds=1))
    assert order.entry.standing is Standing.MISSED


async def test_twenty_clerks_at_once_get_twenty_numbers_in_a_row(
    database: Database, add_person: AddPerson, add_draft: AddDraft
) -> None:
    people = [await add_person(f"clerk{number}") for number in range(20)]
    uids = [await add_draft(f"n1-{number}.1") for number in range(20)]
    made = await asyncio.gather(*(confirm(database, who, uid) for who, uid in zip(people, uids, strict=True)))
    assert sorted(order.number for order in made) == [f"TS20261121-{number:04d}" for number in range(1, 21)]
    assert len(await audited(database)) == 20


async def test_a_number_is_given_back_when_the_order_is_not_made(
    database: Database, clerk: Subject, add_draft: AddDraft
) -> None:
    uid = await add_draft()
    with pytest.raises(RuntimeError, match="power cut"):
        async with database.transaction() as session:
            await orders.confirm(session, call_uid=uid, corrections={}, subject=clerk, now=NOW, settings=Settings())
            raise RuntimeError("power cut")
    assert await state_of(database, uid) is DraftState.PENDING
    assert (await confirm(database, clerk, uid)).number == "TS20261121-0001"


async def test_each_kind_and_each_local_day_has_its_own_series(
    database: Database, clerk: Subject, add_draft: AddDraft
) -> None:
    late = NOW.replace(hour=15, minute=59)  # 23:59 in Shanghai
    numbers = [
        (await confirm(database, clerk, await add_draft(f"n1-{index}.1", kind=kind), now=now)).number
        for index, (kind, now) in enumerate(
            [
                ("complaint", NOW), ("suggestion", NOW), ("complaint", late),
                ("complaint", late + timedelta(minutes=2)), ("report", NOW), ("enquiry", NOW),
            ]
        )
    ]  # fmt: skip
    assert numbers == [
        "TS20261121-0001", "JY20261121-0001", "TS20261121-0002", "TS20261122-0001", "JB20261121-0001",
        "ZX20261121-0001",
    ]  # fmt: skip


async def test_an_enquiry_answered_on_the_call_is_closed_at_once_and_one_left_as_a_message_is_owed(
    database: Database, clerk: Subject, add_draft: AddDraft
) -> None:
    told = await confirm(database, clerk, await add_draft("n1-1.1", kind="enquiry"))
    assert (told.state, told.closed_at, told.answer.standing) == (OrderState.CLOSED, ENDED, Standing.MET)
    owed = await confirm(database, clerk, await add_draft("n1-2.1", kind="enquiry", answered=False))
    assert (owed.state, owed.closed_at) == (OrderState.OPEN, None)


async def test_a_draft_is_confirmed_once_however_many_try(
    database: Database, clerk: Subject, add_draft: AddDraft
) -> None:
    uid = await add_draft()
    done = await asyncio.gather(*(confirm(database, clerk, uid) for _ in range(5)), return_exceptions=True)
    assert [type(each).__name__ for each in done if isinstance(each, BaseException)] == ["DraftDecided"] * 4
    with pytest.raises(DraftDecided, match="confirmed"):
        await confirm(database, clerk, uid)


@pytest.mark.parametrize(
    ("corrections", "error"), [({"business": "telegraph"}, WrongField), ({"colour": "red"}, WrongField)]
)
async def test_a_wrong_correction_names_the_field_and_changes_nothing(
    corrections: dict[str, Any], error: type[Exception], database: Database, clerk: Subject, add_draft: AddDraft
) -> None:
    uid = await add_draft()
    with pytest.raises(error, match=next(iter(corrections))):
        await confirm(database, clerk, uid, corrections)
    assert await state_of(database, uid) is DraftState.PENDING
    assert await audited(database) == []


async def test_a_call_without_a_draft_makes_no_order(database: Database, clerk: Subject) -> None:
    with pytest.raises(DraftMissing):
        await confirm(database, clerk, "n1-9.9")


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_decides_drafts_exactly_when_the_table_says_so(
    role: Role, database: Database, add_person: AddPerson, add_draft: AddDraft
) -> None:
    subject = await add_person("x", role)
    uid, other = await add_draft("n1-1.1"), await add_draft("n1-2.1")
    if allows(role, Action.DRAFT_CONFIRM):
        if role is Role.SENIOR:  # what was handed on, and nothing else (D29)
            with pytest.raises(NotForYou):
                await confirm(database, subject, uid)
            leader = await add_person("leader", Role.SHIFT_LEADER)
            async with database.transaction() as session:
                await desk.hand_on(
                    session, f"draft:{uid}", reason="疑难", subject=leader, now=NOW, role=Role.SENIOR
                )  # fmt: skip
        await confirm(database, subject, uid)
        return
    with pytest.raises(Denied):
        await confirm(database, subject, uid)
    with pytest.raises(Denied):
        async with database.transaction() as session:
            await orders.discard(session, call_uid=other, reason="空号", subject=subject, now=NOW)
    assert await state_of(database, uid) is DraftState.PENDING


async def test_a_discarded_draft_keeps_its_reason_and_makes_no_order(
    database: Database, clerk: Subject, add_draft: AddDraft
) -> None:
    uid = await add_draft()
    async with database.transaction() as session:
        with pytest.raises(WrongField, match="reason"):
            await orders.discard(session, call_uid=uid, reason="  ", subject=clerk, now=NOW)
        await orders.discard(session, call_uid=uid, reason=" 打错电话 ", subject=clerk, now=NOW)
    assert await state_of(database, uid) is DraftState.DISCARDED
    (entry,) = await audited(database)
    assert (entry.action, entry.subject, entry.detail) == ("draft.discard", f"call:{uid}", {"reason": "打错电话"})
    with pytest.raises(DraftDecided):
        await confirm(database, clerk, uid)


async def test_only_the_owner_closes_an_order_and_only_once(
    database: Database, clerk: Subject, add_person: AddPerson, add_draft: AddDraft
) -> None:
    order = await confirm(database, clerk, await add_draft())
    other = await add_person("zhao")
    later = NOW + timedelta(hours=3)
    async with database.transaction() as session:
        with pytest.raises(NotOwner):
            await orders.close(session, order.number, reply="已退费", subject=other, now=later)
        with pytest.raises(WrongField, match="reply"):
            await orders.close(session, order.number, reply="", subject=clerk, now=later)
        closed = await orders.close(session, order.number, reply="已退费", subject=clerk, now=later)
    assert (closed.state, closed.reply, closed.closed_at) == (OrderState.CLOSED, "已退费", later)
    assert closed.answer.standing is Standing.MET
    async with database.transaction() as session:
        with pytest.raises(OrderClosed):
            await orders.close(session, order.number, reply="又", subject=clerk, now=later)
        with pytest.raises(OrderMissing):
            await orders.close(session, "TS20261121-9999", reply="x", subject=clerk, now=later)
    assert [entry.action for entry in await audited(database)] == ["draft.confirm", "order.close"]


async def test_a_supplement_points_at_its_original_and_stays_with_who_was_asked_first(
    database: Database, clerk: Subject, add_person: AddPerson, add_draft: AddDraft
) -> None:
    first = await confirm(database, clerk, await add_draft("n1-1.1"))
    other = await add_person("zhao")
    uid = await add_draft("n1-2.1")
    with pytest.raises(WrongField, match="original"):
        await confirm(database, other, uid, original="TS20200101-0001")
    supplement = await confirm(database, other, uid, original=first.number)
    assert (supplement.original, supplement.owner_id) == (first.number, clerk.user_id)


async def test_the_list_begins_with_what_is_due_first(
    database: Database, clerk: Subject, add_person: AddPerson, add_draft: AddDraft
) -> None:
    first = await confirm(database, clerk, await add_draft("n1-1.1"))
    zhao = await add_person("zhao")
    second = await confirm(database, zhao, await add_draft("n1-2.1"))
    async with database.transaction() as session:
        await orders.close(session, first.number, reply="已答复", subject=clerk, now=NOW)
        everything = await orders.list_orders(session, NOW + timedelta(hours=50))
        still_open = await orders.list_orders(session, NOW, state=OrderState.OPEN)
        of_zhao = await orders.list_orders(session, NOW, owner_id=zhao.user_id)
        of_call = await orders.list_orders(session, NOW, call_uid="n1-1.1")
    assert [order.number for order in everything] == [second.number, first.number]
    assert [order.answer.standing for order in everything] == [Standing.OVERDUE, Standing.MET]
    assert [order.number for order in still_open] == [order.number for order in of_zhao] == [second.number]
    assert [order.number for order in of_call] == [first.number]


async def test_an_open_order_holds_the_recordings_of_its_call_and_of_the_one_it_supplements(
    database: Database, clerk: Subject, add_draft: AddDraft
) -> None:
    async def held(uid: str) -> list[str]:
        async with database.transaction() as session:
            return [each.said for each in await holds.open_holds(session, [uid])]

    first = await confirm(database, clerk, await add_draft("n1-1.1"))
    second = await confirm(database, clerk, await add_draft("n1-2.1"), original=first.number)
    assert await held("n1-1.1") == [f"case {first.number}", f"case {second.number}"]
    assert await held("n1-2.1") == [f"case {second.number}"]
    async with database.transaction() as session:
        await orders.close(session, first.number, reply="已处理", subject=clerk, now=NOW)
    assert await held("n1-1.1") == [f"case {second.number}"]
    async with database.transaction() as session:
        await orders.close(session, second.number, reply="已处理", subject=clerk, now=NOW)
        told = await holds.kinds(session, ["n1-1.1", "n1-2.1"])
    assert await held("n1-1.1") == await held("n1-2.1") == []
    assert told == {"n1-1.1": ("complaint", "mobile"), "n1-2.1": ("complaint", "mobile")}
