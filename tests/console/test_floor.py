"""The live floor: what it shows, who may press what, and one LISTEN for all viewers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.event import listen

from acd import desk
from acd.floor import snapshot
from acd.ledger import BreachView
from acd.today import Total
from console.floor.figures import figures
from console.floor.sessions import StreamSessions
from console.floor.stream import QUEUE, FloorHub, Viewer, event, stream
from hotline import accounts
from hotline.database import Database
from hotline.roles import Action, Role
from tests.console import seed
from tests.console.conftest import House, csrf_in, token_of, until

HUB = (
    "FROM pg_stat_activity WHERE application_name = 'hotline-console-floor' AND datname = current_database()"
    " AND query = 'LISTEN floor'"
)
"""The connections that listen to the floor."""
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


async def with_floor(house: House) -> None:
    async with house.database.transaction() as session:
        await seed.floor(session, datetime.now(UTC))


async def state_of(house: House, extension: str) -> str:
    async with house.database.transaction() as session:
        floor = await snapshot(session, datetime.now(UTC))
    return next(seat.state for seat in floor.seats if seat.extension == extension)


async def test_the_board_shows_waits_seats_and_figures_without_whole_numbers(house: House) -> None:
    await with_floor(house)
    page = (await (await house.client(Role.SHIFT_LEADER)).get("/floor")).text
    assert page.count('class="wait"') == 3
    assert page.count('data-level="late"') == 1
    assert "正在振铃 8002" in page
    assert "大客户" in page
    assert "86.5%" in page
    assert "振铃未接 4" in page
    assert "话机未注册" in page
    assert "13912345678" not in page
    assert "139••••78" in page


async def test_the_service_of_a_call_is_shown_though_the_ledger_learns_it_after_the_ring(house: House) -> None:
    await with_floor(house)
    board = house.app.state.console.board
    busy = text("SELECT call_uid FROM seats WHERE state = 'talking' LIMIT 1")
    change = text("UPDATE calls SET service = :service WHERE uid = :uid")
    async with house.database.transaction() as session:
        uid = (await session.execute(busy)).scalar_one()
        await session.execute(change, {"service": None, "uid": uid})
    assert any(seat.caller is not None and seat.service is None for seat in (await board.values())["seats"])
    async with house.database.transaction() as session:
        await session.execute(change, {"service": "complaint", "uid": uid})
    assert all(seat.service is not None for seat in (await board.values())["seats"] if seat.caller is not None)


async def test_an_agent_presses_the_buttons_of_the_own_seat(house: House) -> None:
    await with_floor(house)
    client = await house.client(Role.SENIOR)
    page = (await client.get("/floor")).text
    token = csrf_in(page)
    assert "签出座席" in page
    assert (await client.post("/floor/seat/break", data={"csrf": token, "reason": "meal"})).status_code == 303
    assert await state_of(house, "8003") == "break"
    assert (await client.post("/floor/seat/ready", data={"csrf": token})).status_code == 303
    assert await state_of(house, "8003") == "ready"
    assert (await client.post("/floor/seat/log-out", data={"csrf": token})).status_code == 303
    assert await state_of(house, "8003") == "offline"
    answer = await client.post("/floor/seat/ready", data={"csrf": token})
    assert answer.status_code == 303
    assert (await client.post("/floor/seat/break", data={"csrf": token, "reason": "golf"})).status_code == 422


async def test_what_does_not_fit_the_seat_is_said_and_changes_nothing(house: House) -> None:
    await with_floor(house)
    client = await house.client(Role.JUNIOR)
    token = csrf_in((await client.get("/floor")).text)
    answer = await client.post("/floor/seat/log-out", data={"csrf": token})
    assert answer.status_code == 409
    assert "座席当前状态不能这样操作" in answer.text
    assert await state_of(house, "8001") == "talking"


async def test_a_person_without_a_seat_is_told_whom_to_ask(house: House) -> None:
    client = await house.client(Role.TEXT_CLERK)
    token = csrf_in((await client.get("/floor")).text)
    answer = await client.post("/floor/seat/ready", data={"csrf": token})
    assert answer.status_code == 409
    assert "没有分配座席" in answer.text


async def test_the_shift_leader_signs_out_a_seat_that_was_left(house: House) -> None:
    await with_floor(house)
    client = await house.client(Role.SHIFT_LEADER)
    token = csrf_in((await client.get("/floor")).text)
    assert (await client.post("/floor/seats/8004/log-out", headers={"x-csrf-token": token})).status_code == 303
    assert await state_of(house, "8004") == "offline"


async def listeners(database: Database) -> int:
    async with database.transaction() as session:
        return int((await session.execute(text(f"SELECT count(*) {HUB}"))).scalar_one())


async def allowed() -> bool:
    return True


async def next_board(events: AsyncIterator[bytes]) -> str:
    async with asyncio.timeout(10):
        return (await anext(events)).decode()


async def test_one_listen_serves_all_viewers_and_a_change_reaches_each(house: House) -> None:
    await with_floor(house)
    hub = house.app.state.console.hub
    viewers = [stream(hub, allowed) for _ in range(20)]
    for viewer in viewers:
        assert await anext(viewer) == b"retry: 2000\n\n"
    first = await asyncio.gather(*(next_board(viewer) for viewer in viewers))
    assert all('data-seat="8003" data-own-state="ready' in board for board in first)
    assert await listeners(house.database) == 1
    async with house.database.transaction() as session:
        await desk.take_break(session, "8003", "rest", datetime.now(UTC))
    for viewer in viewers:
        board = await next_board(viewer)
        while 'data-own-state="break/rest' not in board:
            board = await next_board(viewer)
    assert hub.viewers == 20
    for viewer in viewers:
        await viewer.aclose()
    assert hub.viewers == 0


async def test_a_lost_listen_is_taken_up_again(house: House) -> None:
    hub = house.app.state.console.hub
    await until(lambda: hub.listening)
    async with house.database.transaction() as session:
        await session.execute(text(f"SELECT pg_terminate_backend(pid) {HUB}"))
    await until(lambda: not hub.listening)
    await until(lambda: hub.listening)


async def test_many_changes_at_once_are_few_boards(database: Database) -> None:
    rendered = 0

    async def render() -> str:
        nonlocal rendered
        rendered += 1
        return f"board {rendered}"

    hub = FloorHub(database, {"floor": render})
    running = asyncio.create_task(hub.run())
    events = stream(hub, allowed)
    await anext(events)
    await next_board(events)
    before = rendered
    async with database.transaction() as session:
        await session.execute(text("SELECT pg_notify('floor', n::text) FROM generate_series(1, 200) n"))
    await next_board(events)
    assert rendered - before <= 3
    await events.aclose()
    running.cancel()


@pytest.mark.parametrize("steps", range(4))
async def test_a_hub_that_is_ended_as_the_floor_changes_does_end(database: Database, steps: int) -> None:
    async def render() -> str:
        return "board"

    hub = FloorHub(database, {"floor": render})
    broadcasting = asyncio.create_task(hub._broadcast())
    await asyncio.sleep(0)
    hub._changed.set()
    for _ in range(steps):  # the change may have got any far when the end comes
        await asyncio.sleep(0)
    broadcasting.cancel()
    done, _ = await asyncio.wait({broadcasting}, timeout=5)
    assert done, "the end was forgotten, and the web process would wait for ever"


def test_a_slow_viewer_loses_old_boards_and_never_the_newest() -> None:
    viewer = Viewer()
    for number in range(10):
        viewer.offer(b"%d" % number)
    assert viewer.boards.qsize() == QUEUE
    assert viewer.dropped == 10 - QUEUE
    kept = [viewer.boards.get_nowait() for _ in range(QUEUE)]
    assert kept == [b"6", b"7", b"8", b"9"]


async def test_a_stream_ends_with_the_session(house: House, monkeypatch: object) -> None:
    async def refused() -> bool:
        return False

    from console.floor import stream as module

    module_keep = module.KEEP_ALIVE_SECONDS
    module.KEEP_ALIVE_SECONDS = 0.2
    try:
        said = [one async for one in stream(house.app.state.console.hub, refused)]
    finally:
        module.KEEP_ALIVE_SECONDS = module_keep
    assert said[-1] == event("over", "session ended").encode()


def test_an_event_of_several_lines_is_one_event() -> None:
    assert event("floor", "a\nb") == "event: floor\ndata: a\ndata: b\n\n"


def test_figures_give_the_share_of_the_answered_and_causes_by_frequency() -> None:
    breaches = [BreachView(str(number), cause, 16, 15, NOW) for number, cause in enumerate(("a", "b", "b"))]
    day = figures((9, 2), Total(7, 4, 2, 6, 1, 1), breaches)
    assert (day.calls, day.open, day.answered, day.kept, day.abandoned, day.voicemail) == (9, 2, 4, 2, 1, 1)
    assert day.share == 0.5
    assert day.breaches == (("b", 2), ("a", 1))
    assert figures((0, 0), Total(0, 0, 0, 0, 0, 0), []).share is None


async def test_the_sessions_of_all_streams_are_asked_for_in_one_statement(house: House) -> None:
    tokens = [await token_of(house.database, role) for role in (Role.SHIFT_LEADER, Role.JUNIOR, Role.SURVEYOR)]
    sessions = StreamSessions(house.database, house.app.state.console.clock)
    asked: list[str] = []
    engine = house.database.engine.sync_engine
    listen(engine, "before_cursor_execute", lambda *said: asked.append(str(said[2])))
    for token in tokens:
        await sessions.may(token, Action.FLOOR_VIEW)
    sessions._asked_at = -1e9
    before = len([one for one in asked if "login_sessions" in one])
    answers = await asyncio.gather(*(sessions.may(token, Action.FLOOR_VIEW) for token in tokens * 50))
    assert answers == [True, True, False] * 50
    assert len([one for one in asked if "login_sessions" in one]) == before + 1
    async with house.database.transaction() as session:
        await accounts.revoke(session, tokens[0], datetime.now(UTC))
    sessions._asked_at = -1e9
    assert not await sessions.may(tokens[0], Action.FLOOR_VIEW)
    assert not await sessions.may("nonsense", Action.FLOOR_VIEW)
