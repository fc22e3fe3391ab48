"""On the draft's page: earlier orders of the same matter with their reasons, to be picked as the original."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from cases import orders
from hotline.accounts import Subject
from hotline.models import AuditEntry, User
from hotline.roles import Role
from tests.console import seed
from tests.console.conftest import House


async def _told_twice(house: House) -> str:
    """An order made of a draft, and a pending draft about the same thing; the order's number."""
    now = datetime.now(UTC)
    async with house.database.transaction() as session:
        for index in (1, 2):
            entered = now - timedelta(hours=4 - index)
            session.add(seed.ended(f"n1-9.{index}", entered, waited=4, talked=60))
            await seed.draft(session, f"n1-9.{index}", entered, now + timedelta(hours=1))
        clerk = await session.scalar(select(User).where(User.login == Role.RECORDING_CLERK))
        assert clerk is not None
        subject = Subject(clerk.id, clerk.login, clerk.name, Role.RECORDING_CLERK, clerk.seat)
        made = await orders.confirm(
            session, call_uid="n1-9.1", corrections={}, subject=subject, now=now, settings=house.settings
        )
    return made.number


async def test_an_earlier_order_is_offered_with_its_reasons_and_who_looked_is_kept(house: House) -> None:
    number = await _told_twice(house)
    clerk = await house.client(Role.RECORDING_CLERK)
    shown = await clerk.get("/drafts/n1-9.2/repeats")
    assert shown.status_code == 200
    assert f'name="original" value="{number}"' in shown.text
    for reason in ("说法相近", "业务相同", "很可能是同一件事"):
        assert reason in shown.text
    picked = await clerk.get("/drafts/n1-9.2/repeats", params={"picked": number})
    assert f'value="{number}" checked' in picked.text
    async with house.database.transaction() as session:
        rows = (await session.scalars(select(AuditEntry).where(AuditEntry.action == "repeats.view"))).all()
    assert [row.subject for row in rows] == ["call:n1-9.2"] * 2
    assert rows[0].detail == {"orders": [number]}


async def test_a_matter_of_its_own_says_so(house: House) -> None:
    now = datetime.now(UTC)
    async with house.database.transaction() as session:
        session.add(seed.ended("n1-9.1", now - timedelta(hours=1), waited=4, talked=60))
        await seed.draft(session, "n1-9.1", now, now + timedelta(hours=1))
    clerk = await house.client(Role.RECORDING_CLERK)
    assert "没有找到说法相近的旧单" in (await clerk.get("/drafts/n1-9.1/repeats")).text
