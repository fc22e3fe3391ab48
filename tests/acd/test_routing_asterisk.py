"""Who rings, on a real Asterisk: the owner of the case, the manager hotline, and nobody who does not pick up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from acd import desk
from acd.customers import case_opened
from acd.words import Level
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.demo.softphone import Softphone
from hotline.models import User
from tests.acd.floor_rig import Floor, first_to_ring, open_floor, until

pytestmark = pytest.mark.asterisk
SEATS = {"8001": Level.JUNIOR, "8002": Level.JUNIOR, "8101": Level.SENIOR, "8901": Level.MANAGER}
ASKED_BEFORE, PAST_LIMIT = "13800000001", "13800000002"


async def a_case(database: Database, number: str, *, owner: UUID, due_in: timedelta) -> None:
    now = SystemClock().now()
    async with database.transaction() as session:
        await case_opened(
            session, f"TS-{number}", [f"+86{number}"], owner_id=owner, complaint=True, repeated=False,
            opened_at=now - timedelta(days=3), due_at=now + due_in,
        )  # fmt: skip


async def person(database: Database, seat: str) -> UUID:
    """Somebody who works at this seat."""
    known = uuid4()
    async with database.transaction() as session:
        session.add(
            User(
                id=known, login=f"agent-{seat}", name=seat, role="junior", password_hash="-", seat=seat,
                created_at=SystemClock().now(),
            )
        )  # fmt: skip
    return known


async def test_owner_manager_hotline_and_a_seat_that_does_not_answer(tmp_path: Path, database: Database) -> None:
    async with open_floor(
        tmp_path, database, SEATS, manager_only_seconds=5, senior_only_seconds=40, ring_seconds=3, wrap_up_seconds=7,
        owner_wait_seconds=12, ring_penalty_seconds=0.5,
    ) as stage:  # fmt: skip
        owner = await person(database, "8002")
        await a_case(database, ASKED_BEFORE, owner=owner, due_in=timedelta(hours=20))
        await a_case(database, PAST_LIMIT, owner=owner, due_in=-timedelta(hours=1))
        await stage.controller()
        phones = {name: await stage.seat(name) for name in SEATS}
        await stage.reachable(*SEATS)
        await the_owner_is_asked_first_also_in_wrap_up(stage, phones)
        await a_complaint_past_its_limit_reaches_the_manager_hotline_then_a_senior(stage, phones)
        await two_rings_in_vain_make_a_seat_not_answering(stage, phones["8001"])


async def the_owner_is_asked_first_also_in_wrap_up(stage: Floor, phones: Mapping[str, Softphone]) -> None:
    """8001 has been idle longer than 8002, and stays idle (D85)."""
    caller = await stage.caller(ASKED_BEFORE)
    assert await first_to_ring(phones) == "8002"
    await phones["8002"].tell("answer")
    await stage.seat_is("8002", "talking")
    await caller.tell("hangup")
    await stage.seat_is("8002", "wrap_up")
    again = await stage.caller(ASKED_BEFORE)
    call = await stage.call_is("waiting")
    assert await stage.seat_state("8001") == "ready"
    await phones["8002"].wait_for("incoming", timeout=20)
    await stage.call_is("ringing")
    assert [entry for entry in await stage.timeline(call.uid) if "ringing" in entry] == ["ringing 8002"]
    await again.tell("hangup")
    await stage.call_is("ended")
    await stage.seat_is("8002", "ready")


async def a_complaint_past_its_limit_reaches_the_manager_hotline_then_a_senior(
    stage: Floor, phones: Mapping[str, Softphone]
) -> None:
    """The owner and the other junior are idle all the time (D15, D84)."""
    caller = await stage.caller(PAST_LIMIT)
    assert await first_to_ring(phones) == "8901"
    await phones["8101"].wait_for("incoming", timeout=20)
    await phones["8101"].tell("answer")
    call = await stage.call_is("talking")
    rings = [entry for entry in await stage.timeline(call.uid) if "ringing" in entry]
    assert (rings[0], rings[-1]) == ("ringing 8901", "ringing 8101")
    assert {"ringing 8001", "ringing 8002"}.isdisjoint(rings)
    await caller.tell("hangup")
    await stage.call_is("ended")


async def two_rings_in_vain_make_a_seat_not_answering(stage: Floor, phone: Softphone) -> None:
    async with stage.database.transaction() as session:
        for extension in ("8002", "8101", "8901"):
            if await stage.seat_state(extension) in {"ready", "wrap_up", "not_answering"}:
                await desk.take_break(session, extension, "meal", stage.clock.now())
    caller = await stage.caller()
    await stage.seat_is("8001", "not_answering", seconds=40)
    call = await stage.call_is("waiting")
    assert (await stage.timeline(call.uid)).count("returned 8001") == 2
    async with stage.database.transaction() as session:
        await desk.ready(session, "8001", stage.clock.now())

    async def rung_again() -> bool:
        return (await stage.timeline(call.uid)).count("ringing 8001") == 3

    await until(rung_again, 15, "8001 rings again")
    await phone.tell("answer")
    talking = await stage.call_is("talking")
    assert talking.seat == "8001"
    await caller.tell("hangup")
    await stage.call_is("ended")
