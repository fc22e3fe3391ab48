"""Everybody presses at the same moment: one of them is heard, the others are told, and nothing is half done."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from cases import registrations
from cases.desk_models import DeskItem
from cases.models import Order
from console.access import SESSION_COOKIE
from hotline import accounts
from hotline.accounts import Subject
from hotline.models import User
from hotline.roles import Role
from tests.console import seed
from tests.console.conftest import House, csrf_in
from transcribe.models import Draft

DRAFTS = 8
SECOND = "second_clerk"
VALUES = {"kind": "complaint", "business": "information", "nature": "tariff", "summary": "客户投诉乱收费。"}
ENDED = {"confirmed", "discarded"}


@pytest.fixture
async def waiting(house: House) -> House:
    now = datetime.now(UTC)
    async with house.database.transaction() as session:
        await seed.many_drafts(session, now, DRAFTS)
        known = await session.scalar(select(User).where(User.login == Role.RECORDING_CLERK))
        assert known is not None
        session.add(User(login=SECOND, name="何平", role=known.role, created_at=now, password_hash=known.password_hash))
    return house


class Person:
    """One browser with its token; every request is sent at once, nothing of the answer is followed."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self.client = client
        self.token = token

    @classmethod
    async def of(cls, house: House, login: str) -> Person:
        client = await house.client(None)
        async with house.database.transaction() as session:
            _, cookie = await accounts.authenticate(session, login, seed.PASSWORD, datetime.now(UTC))
        client.cookies.set(SESSION_COOKIE, cookie)
        return cls(client, csrf_in((await client.get("/drafts")).text))

    async def does(self, path: str, **body: Any) -> httpx.Response:
        return await self.client.post(path, json=body, headers={"x-csrf-token": self.token})

    async def takes(self, uid: str) -> httpx.Response:
        return await self.client.post(f"/desk/draft:{uid}/take", data={"csrf": self.token})


async def standing(house: House, uid: str) -> tuple[str, str, str | None, int]:
    """State of the draft, state and owner of its piece of work, and how many orders it has."""
    async with house.database.transaction() as session:
        draft = await session.scalar(select(Draft).where(Draft.call_uid == uid))
        item = await session.scalar(select(DeskItem).where(DeskItem.ref == f"draft:{uid}"))
        orders = list(await session.scalars(select(Order.number).where(Order.call_uid == uid)))
        owner = await session.get(User, item.owner_id) if item is not None and item.owner_id is not None else None
        assert draft is not None
        return draft.state, item.state if item is not None else "", owner.login if owner else None, len(orders)


async def test_of_many_who_take_it_one_has_it_and_the_others_are_told_who(waiting: House) -> None:
    people = [await Person.of(waiting, login) for login in (Role.RECORDING_CLERK, SECOND) for _ in range(3)]
    for number in range(4):
        uid = f"n1-200.{number}"
        answers = await asyncio.gather(*(person.takes(uid) for person in people))
        assert {answer.status_code for answer in answers} == {303}
        _, state, owner, _ = await standing(waiting, uid)
        assert (state, owner is not None) == ("taken", True)
        told = [answer.headers["location"] for answer in answers]
        assert sum("taken=" in where for where in told) == 3, "the windows of who has it open it, the others are told"


async def test_of_saves_from_one_version_one_is_kept_and_the_others_are_shown_it(waiting: House) -> None:
    clerk = await Person.of(waiting, Role.RECORDING_CLERK)
    uid = "n1-200.0"
    await clerk.takes(uid)
    places = [f"和平路{number}号" for number in range(6)]
    answers = await asyncio.gather(
        *(clerk.does(f"/desk/draft:{uid}/save", values=VALUES | {"place": place}, version=0) for place in places)
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 5}
    [kept] = [place for place, answer in zip(places, answers, strict=True) if answer.status_code == 200]
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["typed"]["values"]["place"] == kept


async def test_confirmed_in_many_windows_at_once_it_is_one_order(waiting: House) -> None:
    clerk = await Person.of(waiting, Role.RECORDING_CLERK)
    for number in range(3):
        uid = f"n1-200.{number}"
        await clerk.takes(uid)
        sent = [clerk.does(f"/drafts/{uid}/confirm", values=VALUES, version=0) for _ in range(5)]
        answers = await asyncio.gather(*sent)
        codes = Counter(answer.status_code for answer in answers)
        assert (codes[200], codes[409]) == (1, 4), codes
        assert await standing(waiting, uid) == ("confirmed", "done", None, 1)


async def test_of_confirm_discard_hand_over_and_hold_at_once_one_end_counts(waiting: House) -> None:
    clerk, second = await Person.of(waiting, Role.RECORDING_CLERK), await Person.of(waiting, SECOND)
    for number in range(DRAFTS - 1):
        uid = f"n1-200.{number}"
        await clerk.takes(uid)
        answers = await asyncio.gather(
            clerk.does(f"/drafts/{uid}/confirm", values=VALUES, version=0),
            clerk.does(f"/drafts/{uid}/discard", reason="打错"),
            clerk.does(f"/desk/draft:{uid}/hand", to="senior", reason="请高级处理"),
            clerk.does(f"/desk/draft:{uid}/hold", reason="等回电"),
            clerk.does(f"/desk/draft:{uid}/save", values=VALUES | {"place": "城东"}, version=0),
            second.takes(uid),
        )
        assert all(answer.status_code in {200, 303, 409} for answer in answers), [a.status_code for a in answers]
        draft, item, _, orders = await standing(waiting, uid)
        assert orders == (draft == "confirmed")
        assert (item == "done") == (draft in ENDED)
        assert not (answers[0].status_code == 200 and answers[1].status_code == 200)
        assert (answers[0].status_code == 200) == (draft == "confirmed")


async def test_an_agent_and_a_clerk_at_once_make_one_order_of_a_call(waiting: House) -> None:
    clerk = await Person.of(waiting, Role.RECORDING_CLERK)
    now = datetime.now(UTC)
    async with waiting.database.transaction() as session:
        person = await session.scalar(select(User).where(User.login == Role.JUNIOR))
    assert person is not None
    agent = Subject(person.id, person.login, person.name, Role.JUNIOR, person.seat)
    form = {"kind": "complaint", "business": "data", "nature": "tariff", "what_happened": "多扣了三十元"}

    async def registers(uid: str) -> None:
        async with waiting.database.transaction() as session:
            await registrations.submit(
                session, call_uid=uid, seat="8001", subject=agent, now=now, settings=waiting.settings
            )

    for number in range(4):
        uid = f"n1-200.{number}"
        async with waiting.database.transaction() as session:
            await registrations.open_for(session, call_uid=uid, seat="8001", phone="", subject=agent, now=now)
            await registrations.save(
                session, call_uid=uid, seat="8001", typed=form, version=0, subject=agent, now=now
            )  # fmt: skip
        await clerk.takes(uid)
        answer, _ = await asyncio.gather(
            clerk.does(f"/drafts/{uid}/confirm", values=VALUES, version=0), registers(uid)
        )  # fmt: skip
        assert answer.status_code in {200, 409}, answer.text
        draft, item, _, orders = await standing(waiting, uid)
        assert (item, orders) == ("done", 1)
        assert draft == ("confirmed" if answer.status_code == 200 else "registered")
