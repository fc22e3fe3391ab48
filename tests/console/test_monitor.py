"""The page for listening in: who may do what there, and what it says of one's own telephone."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import text

from acd import record
from acd.events import CallEvent, Kind
from acd.record import Pending
from hotline.roles import Role
from tests.console import seed
from tests.console.conftest import House, csrf_in


async def with_phones(house: House) -> None:
    now = datetime.now(UTC)
    async with house.database.transaction() as session:
        await seed.floor(session, now)
        for extension, role in (("8801", Role.SHIFT_LEADER), ("8802", Role.INSPECTOR)):
            session.add(seed.seat(extension, role, "supervisor", "offline", now))
            await session.execute(
                text("UPDATE users SET seat = :seat WHERE login = :login"), {"seat": extension, "login": role.value}
            )


async def test_each_way_has_its_right_and_a_click_writes_what_the_controller_is_to_do(house: House) -> None:
    await with_phones(house)
    leader, inspector = await house.client(Role.SHIFT_LEADER), await house.client(Role.INSPECTOR)
    page = (await leader.get("/monitor")).text
    assert page.count('hx-post="/monitor/seats/8001/') == 3
    assert "8003" not in page, "a seat that does not talk cannot be listened to"
    assert "139••••78" in page
    seen = (await inspector.get("/monitor")).text
    assert 'hx-post="/monitor/seats/8001/listen"' in seen
    assert "/monitor/seats/8001/whisper" not in seen
    refused = await inspector.post("/monitor/seats/8001/barge", data={"csrf": csrf_in(seen)})
    assert refused.status_code == 403
    answer = await leader.post("/monitor/seats/8001/whisper", data={"csrf": csrf_in(page)})
    assert 'data-standing="asked"' in answer.text
    assert "/monitor/seats/" not in answer.text, "one listening at a time"
    query = "SELECT id, call_uid, seat, phone, wanted, listener FROM monitorings"
    async with house.database.transaction() as session:
        (row,) = (await session.execute(text(query))).all()
        event = CallEvent(row.call_uid, Kind.SPIED, datetime.now(UTC), "8001", detail=f"whisper 8801 {row.id}")
        await record.write(session, [Pending(row.call_uid, {event})], promise=15, now=datetime.now(UTC))
    assert tuple(row)[1:] == ("n1-100.1", "8001", "8801", "whisper", "shift_leader")
    own = (await leader.get("/monitor/talks")).text
    assert 'data-standing="on" data-mode="whisper"' in own
    await leader.post("/monitor/own/barge", data={"csrf": csrf_in(page)})
    async with house.database.transaction() as session:
        assert (await session.scalar(text("SELECT wanted FROM monitorings"))) == "barge"
    trail = (await (await house.client(Role.MANAGER)).get("/audit")).text
    assert "对座席耳语" in trail


async def test_somebody_without_a_telephone_for_it_is_told_so(house: House) -> None:
    async with house.database.transaction() as session:
        await seed.floor(session, datetime.now(UTC))
    manager = await house.client(Role.MANAGER)
    page = (await manager.get("/monitor")).text
    assert "没有旁听话机" in page
    assert "/monitor/seats/" not in page
    answer = await manager.post("/monitor/seats/8001/listen", data={"csrf": csrf_in(page)})
    assert "没有旁听话机" in answer.text
