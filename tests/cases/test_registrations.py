"""Registrations during the call (D10): kept as typed, never overwritten unseen, one order for each call."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from acd.models import Call
from acd.routing_models import ClerkWork
from cases import orders, registrations
from cases.errors import WrongField
from cases.models import Order
from cases.registration_form import BESIDE, NAMES, Problem, kept, problems, sheet_of
from cases.registrations import (
    TRANSITIONS,
    Incomplete,
    NotYours,
    Reason,
    RegistrationClosed,
    RegistrationMissing,
    RegistrationState,
    Stale,
    step,
)
from hotline.accounts import Subject
from hotline.database import Database
from hotline.models import AuditEntry
from hotline.roles import Denied, Role
from hotline.settings import Settings
from tests.cases.conftest import NOW, AddPerson
from tests.cases.test_sheet import DRAFT
from transcribe import drafts
from transcribe.drafts import DraftDecided, DraftState
from transcribe.turns import Transcription, Turn

UID = "n1-1.1"
SEAT = "8001"
FULL = {
    "kind": "complaint", "business": "mobile", "nature": "tariff", "phone": "13912345678",
    "what_happened": "每月多扣三十元彩铃费", "request": "退费", "promised": "已告知48小时内答复", "consent": "agreed",
    "cause": "content", "informed_limit": "1",
}  # fmt: skip


@pytest.fixture
async def agent(add_person: AddPerson) -> Subject:
    return await add_person("li", Role.JUNIOR)


@pytest.fixture
async def talking(database: Database, agent: Subject) -> None:
    """A call that the agent has answered a minute ago, and its registration."""
    began = NOW - timedelta(seconds=70)
    async with database.transaction() as session:
        session.add(
            Call(
                uid=UID, caller="13912345678", state="talking", entered_at=began, queued_at=began,
                answered_at=NOW - timedelta(seconds=60), seat=SEAT,
            )
        )  # fmt: skip
        await registrations.open_for(session, call_uid=UID, seat=SEAT, phone="13912345678", subject=agent, now=NOW)


async def save(database: Database, agent: Subject, version: int, seat: str = SEAT, **typed: str) -> Any:
    async with database.transaction() as session:
        return await registrations.save(
            session, call_uid=UID, seat=seat, typed=typed, version=version, subject=agent, now=NOW
        )


async def submit(database: Database, agent: Subject, seat: str = SEAT) -> Any:
    async with database.transaction() as session:
        return await registrations.submit(session, call_uid=UID, seat=seat, subject=agent, now=NOW, settings=Settings())


async def count(database: Database, table: Any, *where: Any) -> int:
    async with database.transaction() as session:
        return int((await session.execute(select(func.count()).select_from(table).where(*where))).scalar_one())


async def recognised(database: Database) -> None:
    heard = Transcription(60.0, (Turn("caller", 1.0, 2.5, "我的手机"),), engine="test")
    async with database.transaction() as session:
        await drafts.save(session, UID, heard, DRAFT, now=NOW, due_at=NOW + timedelta(hours=2))


async def draft_state(database: Database) -> DraftState:
    async with database.transaction() as session:
        draft = await drafts.get(session, UID)
    assert draft is not None
    return draft.state


@given(st.sampled_from(list(RegistrationState)), st.sampled_from(list(RegistrationState)))
def test_only_what_is_open_can_be_closed_and_nothing_opens_again(now: Any, then: Any) -> None:
    if now is RegistrationState.OPEN and then is not RegistrationState.OPEN:
        assert step(now, then) is then
        return
    with pytest.raises(RegistrationClosed):
        step(now, then)


def test_every_state_has_its_row_of_transitions() -> None:
    assert set(TRANSITIONS) == set(RegistrationState)


@given(st.dictionaries(st.sampled_from([*NAMES, "owner_id", "state", "__class__"]), st.text(max_size=60)))
def test_a_form_without_problems_is_a_sheet_and_what_is_kept_is_only_the_form(typed: dict[str, str]) -> None:
    fields = kept(typed)
    assert set(fields) <= set(NAMES)
    assert kept(fields) == fields
    if not problems(fields):
        sheet = sheet_of(fields)
        assert sheet.corrected == ()
        assert set(sheet.fields["registered"]) <= set(BESIDE)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"kind": ""}, {"kind": Problem.MISSING}), ({"business": "cable"}, {"business": Problem.NOT_IN_LIST}),
        ({"what_happened": "  "}, {"what_happened": Problem.MISSING}),
        ({"phone": "12"}, {"phone": Problem.NOT_A_NUMBER}),
        ({"amount": "三十"}, {"amount": Problem.NOT_AN_AMOUNT}),
        ({"request": "长" * 2001}, {"request": Problem.TOO_LONG}),
        ({"kind": "suggestion", "nature": ""}, {"category": Problem.MISSING}),
        ({"nature": ""}, {"nature": Problem.MISSING}),
        ({"kind": "enquiry", "nature": ""}, {}), ({"cause": ""}, {}),
    ],
)  # fmt: skip
def test_what_keeps_a_form_from_being_an_order_is_named_by_field(changed: dict[str, str], problem: Any) -> None:
    assert problems(FULL | changed) == problem


def test_a_field_that_must_be_there_is_refused_by_the_sheet_too() -> None:
    with pytest.raises(WrongField):
        sheet_of({"kind": "complaint"})


@pytest.mark.usefixtures("talking")
async def test_what_is_typed_stays_and_an_older_window_is_told(database: Database, agent: Subject) -> None:
    first = await save(database, agent, 0, phone="13912345678", what_happened="每月")
    assert first.version == 1
    again = await save(database, agent, 0, phone="13912345678", what_happened="每月")
    assert again.version == 1, "the answer was lost and the same is sent again"
    with pytest.raises(Stale) as told:
        await save(database, agent, 0, what_happened="另一窗口")
    assert told.value.current.fields["what_happened"] == "每月"
    async with database.transaction() as session:
        assert (await registrations.get(session, UID, SEAT)).fields["what_happened"] == "每月"
        begun = await registrations.list_open(session, agent.user_id)
    assert [view.call_uid for view in begun] == [UID]


@pytest.mark.usefixtures("talking")
async def test_hostile_text_is_kept_as_text(database: Database, agent: Subject) -> None:
    view = await save(database, agent, 0, what_happened="<script>\x00\ud800'; DROP TABLE orders;--", state="submitted")
    assert view.fields == {"what_happened": "<script>'; DROP TABLE orders;--"}


@pytest.mark.usefixtures("talking")
async def test_an_order_is_made_once_however_often_it_is_handed_in(database: Database, agent: Subject) -> None:
    await save(database, agent, 0, **FULL)
    made = await asyncio.gather(*(submit(database, agent) for _ in range(4)))
    assert len({view.order_number for view in made}) == 1
    async with database.transaction() as session:
        (order,) = await orders.list_orders(session, NOW, call_uid=UID)
    assert order.number.startswith("TS")
    assert order.owner_name == "Li"
    assert order.fields["phone"] == "13912345678"
    assert order.fields["registered"]["promised"] == "已告知48小时内答复"
    assert order.fields["summary"].startswith("客户投诉（移动·资费）")
    assert order.answer.due_at - order.received_at == timedelta(hours=48)
    assert order.entry.due_at - order.received_at == timedelta(hours=2)
    assert await count(database, AuditEntry, AuditEntry.action == "registration.submit") == 1
    with pytest.raises(RegistrationClosed):
        await save(database, agent, 1, what_happened="later")


@pytest.mark.usefixtures("talking")
async def test_what_is_wrong_is_said_and_nothing_is_lost(database: Database, agent: Subject) -> None:
    await save(database, agent, 0, **(FULL | {"nature": "", "original": "TS19990101-0001"}))
    with pytest.raises(Incomplete) as told:
        await submit(database, agent)
    assert told.value.found == {"nature": Problem.MISSING}
    await save(database, agent, 1, **(FULL | {"original": "TS19990101-0001"}))
    with pytest.raises(Incomplete) as told:
        await submit(database, agent)
    assert told.value.found == {"original": Problem.NO_SUCH_ORDER}
    async with database.transaction() as session:
        view = await registrations.get(session, UID, SEAT)
    assert (view.state, view.fields["original"]) == (RegistrationState.OPEN, "TS19990101-0001")
    assert await count(database, Order) == 0


@pytest.mark.usefixtures("talking")
async def test_a_draft_that_comes_later_asks_nothing_of_the_clerk(
    database: Database, agent: Subject, clerk: Subject, settings: Settings
) -> None:
    await save(database, agent, 0, **FULL)
    await submit(database, agent)
    await recognised(database)
    assert await draft_state(database) is DraftState.REGISTERED
    async with database.transaction() as session:
        assert await drafts.count_pending(session) == 0
    assert await count(database, ClerkWork) == 0, "no clerk is kept from taking calls by it"
    with pytest.raises(DraftDecided):
        async with database.transaction() as session:
            await orders.confirm(session, call_uid=UID, corrections={}, subject=clerk, now=NOW, settings=settings)
    assert await count(database, Order) == 1


@pytest.mark.usefixtures("talking")
async def test_a_draft_that_was_there_before_leaves_the_clerks_list(database: Database, agent: Subject) -> None:
    await recognised(database)
    assert await count(database, ClerkWork) == 1
    await save(database, agent, 0, **FULL)
    await submit(database, agent)
    assert await draft_state(database) is DraftState.REGISTERED
    assert await count(database, ClerkWork) == 0


@pytest.mark.usefixtures("talking")
async def test_where_the_clerk_was_quicker_the_notes_are_tied_to_that_order(
    database: Database, agent: Subject, clerk: Subject, settings: Settings
) -> None:
    await recognised(database)
    async with database.transaction() as session:
        order = await orders.confirm(session, call_uid=UID, corrections={}, subject=clerk, now=NOW, settings=settings)
    await save(database, agent, 0, **FULL)
    assert (await submit(database, agent)).order_number == order.number
    assert await count(database, Order) == 1
    assert await draft_state(database) is DraftState.CONFIRMED


@pytest.mark.usefixtures("talking")
async def test_a_call_that_was_handed_on_has_notes_of_both_seats_and_one_order(
    database: Database, agent: Subject, add_person: AddPerson
) -> None:
    senior = await add_person("wang", Role.SENIOR)
    await save(database, agent, 0, **FULL)
    async with database.transaction() as session:
        await registrations.open_for(session, call_uid=UID, seat="8003", phone="", subject=senior, now=NOW)
    await save(database, senior, 0, seat="8003", **(FULL | {"what_happened": "已核实"}))
    assert (await submit(database, agent)).order_number == (await submit(database, senior, "8003")).order_number
    assert await count(database, Order) == 1
    async with database.transaction() as session:
        assert {view.seat for view in await registrations.of_call(session, UID)} == {SEAT, "8003"}


@pytest.mark.usefixtures("talking")
async def test_a_look_up_ends_without_an_order_and_a_call_handed_on_is_left_to_the_next(
    database: Database, agent: Subject
) -> None:
    async with database.transaction() as session:
        view = await registrations.discard(
            session, call_uid=UID, seat=SEAT, reason=Reason.HANDED_ON, subject=agent, now=NOW
        )
    assert view.state is RegistrationState.DISCARDED
    await recognised(database)
    assert await draft_state(database) is DraftState.PENDING
    async with database.transaction() as session:
        await registrations.open_for(session, call_uid=UID, seat="8009", phone="", subject=agent, now=NOW)
        await registrations.discard(session, call_uid=UID, seat="8009", reason=Reason.LOOK_UP, subject=agent, now=NOW)
    assert await draft_state(database) is DraftState.REGISTERED
    assert await count(database, Order) == 0
    with pytest.raises(RegistrationClosed):
        await submit(database, agent)


@pytest.mark.usefixtures("talking")
async def test_only_who_took_the_call_writes(database: Database, add_person: AddPerson, agent: Subject) -> None:
    other = await add_person("zhao", Role.JUNIOR)
    with pytest.raises(NotYours):
        await save(database, other, 0, what_happened="x")
    with pytest.raises(RegistrationMissing):
        await save(database, agent, 0, seat="8002", what_happened="x")
    inspector = await add_person("zheng", Role.INSPECTOR)
    with pytest.raises(Denied):
        await save(database, inspector, 0, what_happened="x")


async def test_a_card_is_written_into_the_audit_once_for_each_person(database: Database, agent: Subject) -> None:
    for _ in range(3):
        async with database.transaction() as session:
            await registrations.card_shown(session, call_uid=UID, seat=SEAT, subject=agent, now=NOW)
    assert await count(database, AuditEntry, AuditEntry.action == "caller.view") == 1
