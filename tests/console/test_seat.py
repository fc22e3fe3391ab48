"""The agent's page: its frame, its stream, and what the floor tells it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from acd import claims, desk
from acd.events import CallEvent, Kind
from acd.record import Pending, write
from console.seat.stream import TOPICS, SeatHub, stream
from hotline.database import Database
from hotline.embedded import libpq_url
from hotline.roles import Role
from tests.console import seed
from tests.console.conftest import House, csrf_in, until

WAIT = 20.0


async def allowed() -> bool:
    return True


async def topics(events: AsyncIterator[str], wanted: str) -> None:
    """Read events until `wanted` is told."""
    async with asyncio.timeout(WAIT):
        async for event in events:
            if event.startswith(f"event: {wanted}\n"):
                return
    raise AssertionError(f"the stream ended without {wanted}")


async def opened(hub: SeatHub, extension: str) -> AsyncIterator[str]:
    """A stream that has told everything it tells at its beginning."""
    events = stream(hub, extension, allowed)
    for _ in range(1 + len(TOPICS)):
        await anext(events)
    return events


async def with_floor(house: House) -> None:
    async with house.database.transaction() as session:
        await seed.floor(session, datetime.now(UTC))


async def test_an_agent_lands_on_the_page_of_the_own_seat(house: House) -> None:
    await with_floor(house)
    client = await house.client(Role.JUNIOR)
    assert (await client.get("/")).headers["location"] == "/seat"
    page = await client.get("/seat")
    assert page.status_code == 200
    assert 'data-extension="8001"' in page.text
    for region in ("phone", "calls", "own", "caller", "messages"):
        assert f'<section id="{region}"' in page.text


async def test_a_person_without_a_seat_is_told_whom_to_ask(house: House) -> None:
    client = await house.client(Role.TEXT_CLERK)
    assert "没有分配座席" in (await client.get("/seat")).text
    assert (await client.get("/seat/stream")).status_code == 404


async def test_a_button_pressed_on_the_page_answers_with_the_buttons_and_loads_no_page(house: House) -> None:
    await with_floor(house)
    client = await house.client(Role.SENIOR)
    token = csrf_in((await client.get("/seat")).text)
    headers = {"hx-request": "true", "x-csrf-token": token}
    answer = await client.post("/floor/seat/break", data={"reason": "meal"}, headers=headers)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'data-state="break/meal' in answer.text


async def test_a_claim_tells_the_page_of_that_seat_and_no_other(house: House) -> None:
    await with_floor(house)
    hub = house.app.state.console.seat_hub
    await until(lambda: hub.listening)
    mine, other = await opened(hub, "8003"), await opened(hub, "8002")
    now = datetime.now(UTC)
    async with await psycopg.AsyncConnection.connect(libpq_url(house.database.url), autocommit=True) as connection:
        assert await claims.claim(connection, "n1-100.3", "8003", now=now, lease=10) is not None
    await topics(mine, "call")
    async with house.database.transaction() as session:
        await desk.take_break(session, "8002", "rest", now)
    assert (await anext(other)).startswith("event: seat\n")


async def test_what_is_learnt_of_a_call_tells_the_page_of_the_seat_that_has_it(house: House) -> None:
    await with_floor(house)
    hub = house.app.state.console.seat_hub
    await until(lambda: hub.listening)
    events = await opened(hub, "8001")
    now = datetime.now(UTC)
    async with house.database.transaction() as session:
        told = CallEvent(call="n1-100.1", kind=Kind.ENTERED, at=now - timedelta(seconds=110), caller="13912345678")
        await write(session, [Pending("n1-100.1", {told})], promise=15, now=now)
    await topics(events, "call")


async def test_news_for_all_reach_every_page_and_nonsense_reaches_none(house: House) -> None:
    hub = SeatHub(house.database)
    with hub.listener("8001") as first, hub.listener("8002") as second:
        assert first.take() == second.take() == list(TOPICS)
        for payload in ("*:notice", "8001:notice", "8001:rumour", "", "8003:call", "8001:call:call"):
            hub.tell(payload)
        assert (first.take(), second.take()) == (["notice"], ["notice"])
    assert repr(hub) == "<SeatHub 0 pages, not listening>"


async def test_the_stream_ends_when_the_session_does(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused() -> bool:
        return False

    monkeypatch.setattr("console.seat.stream.KEEP_ALIVE_SECONDS", 0.05)
    async with asyncio.timeout(WAIT):
        said = [one async for one in stream(SeatHub(database), "8001", refused)]
    assert said[-1].startswith("event: over\n")
