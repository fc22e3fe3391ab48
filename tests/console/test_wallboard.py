"""The wallboard: what it counts, when it raises an alarm, what it never shows."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given
from sqlalchemy import text

from acd import today
from acd.floor import FloorView, SeatView, WaitingView
from acd.today import HALF_HOUR, Slot, Total
from console.floor.stream import stream
from console.wallboard.alarms import Alarm, Health, Limits, Weight, alarms
from console.wallboard.curve import HEIGHT, WIDTH, curve
from console.wallboard.wall import MOST_TILES, Wall, counts, seat_tiles
from hotline import health
from hotline.clock import SystemClock
from hotline.roles import Role
from hotline.settings import Settings, WallboardSettings
from recordings.findings import Problem
from tests.console import seed
from tests.console.conftest import House
from transcribe import drafts, given_up
from transcribe.draft import extract
from transcribe.drafts import DraftState
from transcribe.given_up import GivenUp
from transcribe.turns import Transcription

NOW = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 22, 16, tzinfo=UTC)
"""In Shanghai."""
WELL = Health(leads=True, linked=True, worker=True, disk="ok", free_mb=9000, recordings={})
CALM = Total(100, 100, 95, 100, 0, 0)
LIMITS = Limits(WallboardSettings(), {"meal": 20.0})


def waiting(seconds: float) -> WaitingView:
    return WaitingView("n1-1.1", "13912345678", "complaint", "ordinary", "waiting", seconds)


def seat(extension: str = "8001", state: str = "ready", seconds: float = 10, **other: object) -> SeatView:
    known: dict[str, object] = {"reachable": True, "level": "junior", "break_reason": None} | other
    values = {"name": "李娜", "skills": {"complaint": 3}, "call_uid": None, "wrap_up_until": None} | known
    wanted = {name: value for name, value in values.items() if name in SeatView.__dataclass_fields__}
    return SeatView(extension=extension, state=state, seconds=seconds, **wanted)  # type: ignore[arg-type]


def floor(*waits: float, seats: tuple[SeatView, ...] = (seat(),)) -> FloorView:
    return FloorView(tuple(waiting(one) for one in sorted(waits, reverse=True)), seats, "controller", NOW)


def raised(view: FloorView, *, lately: Total = CALM, machines: Health = WELL) -> dict[str, Alarm]:
    return {alarm.key: alarm for alarm in alarms(view, lately, machines, LIMITS)}


# ---- alarms ---------------------------------------------------------------------------------------------------------


def test_a_calm_floor_raises_nothing() -> None:
    assert raised(floor(3, 14)) == {}


@pytest.mark.parametrize(("waits", "key"), [((1,) * 5, "waiting"), ((30.5,), "wait")])
def test_many_who_wait_and_one_who_waits_long_are_alarms(waits: tuple[float, ...], key: str) -> None:
    assert raised(floor(*waits))[key].weight is Weight.BAD
    assert key not in raised(floor(*waits[2:], 29.9))


def test_a_low_share_is_an_alarm_once_enough_callers_were_decided() -> None:
    assert raised(floor(), lately=Total(20, 15, 15, 20, 5, 0))["level"].values == {"share": 75}
    assert raised(floor(), lately=Total(9, 0, 0, 9, 9, 0)) == {}


def test_callers_without_any_seat_that_could_ring_are_an_alarm() -> None:
    for state, expected in (("talking", True), ("ringing", False), ("ready", False)):
        assert ("nobody_ready" in raised(floor(4, seats=(seat(state=state),)))) is expected
    assert "nobody_ready" in raised(floor(4, seats=(seat(reachable=False),)))


def test_a_break_past_the_limit_of_its_reason_names_the_seat() -> None:
    def resting(seconds: float, reason: str) -> dict[str, Alarm]:
        return raised(floor(seats=(seat("8004", "break", seconds, break_reason=reason),)))

    assert resting(20 * 60 + 1, "meal")["breaks"].values == {"seats": "8004"}
    assert resting(20 * 60 - 1, "meal") == {}
    assert resting(9 * 3600, "paperwork") == {}, "a reason without a limit"


def test_a_seat_that_rings_in_vain_is_an_alarm() -> None:
    assert raised(floor(seats=(seat("8002", "not_answering"),)))["away"].values == {"seats": "8002"}


@pytest.mark.parametrize(
    ("machines", "key", "weight"),
    [
        (Health(False, False, True, "ok", 9000, {}), "controller", Weight.BAD),
        (Health(True, False, True, "ok", 9000, {}), "link", Weight.BAD),
        (Health(True, True, False, "ok", 9000, {}), "worker", Weight.WARN),
        (Health(True, True, True, "full", 20, {}), "disk_full", Weight.BAD),
        (Health(True, True, True, "low", 1000, {}), "disk_low", Weight.WARN),
        (Health(True, True, True, "ok", 9000, {Problem.SHORT: 3}), "recordings_short", Weight.WARN),
        (Health(True, True, True, "ok", 9000, {Problem.UNREADABLE: 1}), "recordings_unreadable", Weight.BAD),
        (Health(True, True, True, "ok", 9000, {}, GivenUp(1, "it never ended")), "given_up", Weight.WARN),
    ],
)
def test_what_is_wrong_with_the_machines_is_one_alarm_each(machines: Health, key: str, weight: Weight) -> None:
    found = raised(floor(), machines=machines)
    assert list(found) == [key]
    assert found[key].weight is weight


def test_every_problem_of_a_recording_is_an_alarm_with_its_reason_and_its_number() -> None:
    found = raised(floor(), machines=replace(WELL, recordings=dict.fromkeys(Problem, 2)))
    assert len(found) == len(Problem)
    assert len({alarm.text for alarm in found.values()}) == len(Problem)
    assert all(alarm.values == {"count": 2} for alarm in found.values())


async def test_a_call_that_could_not_be_recognised_is_told_with_the_reason_until_a_clerk_has_decided_it(
    house: House,
) -> None:
    now = datetime.now(UTC)
    why = "its recognition was begun several times and never ended; listen to the call"
    async with house.database.transaction() as session:
        for uid, reason in (("n1-700.1", why), ("n1-700.2", None), ("n1-700.3", why)):
            heard = Transcription(9.0, (), reason=reason)
            await drafts.save(session, uid, heard, extract(()).to_json(), now=now, due_at=now + timedelta(hours=2))
    async with house.database.transaction() as session:
        assert await given_up.waiting(session, now - timedelta(days=1)) == GivenUp(2, why)
        assert await given_up.waiting(session, now + timedelta(seconds=1)) == GivenUp()
        await drafts.set_state(session, "n1-700.1", DraftState.DISCARDED, now=now)
    wall = Wall(house.database, SystemClock(), house.app.state.console.pages, house.settings)
    assert "1 条录音无法识别，请人工听取：its recognition was begun" in await wall.render()


# ---- figures --------------------------------------------------------------------------------------------------------


def test_the_level_counts_those_who_hung_up_and_not_yet_those_who_can_still_be_answered_in_time() -> None:
    counted = today.total([Slot(NOW, 10, 7, 6, 9, 2, 0)])
    assert counted.level == pytest.approx(6 / 9)
    assert counted.abandoned_share == pytest.approx(0.2)
    assert today.total([]).level is None


async def test_half_hours_are_counted_in_the_database_as_the_calls_say(house: House) -> None:
    def entered(minutes: float) -> datetime:
        return MIDNIGHT + timedelta(minutes=minutes)

    now = entered(95)
    async with house.database.transaction() as session:
        session.add_all(
            [
                seed.ended("a", entered(1), waited=15.0, talked=60),
                seed.ended("b", entered(29.9), waited=15.1, talked=60),
                seed.call("out", entered(2), direction="out"),
                seed.call("c", entered(31), state="ended", outcome="abandoned", ended_at=entered(31.1)),
                seed.call("d", entered(40), state="ended", outcome="voicemail", ended_at=entered(45)),
                seed.call("e", entered(41), state="ended", outcome="abandoned", queued_at=None, ended_at=entered(42)),
                seed.call("f", entered(94.9), state="waiting"),
                seed.call("g", entered(94), state="waiting"),
                seed.call("yesterday", MIDNIGHT - timedelta(minutes=1), state="waiting"),
            ]
        )
    async with house.database.transaction() as session:
        slots = await today.slots(session, MIDNIGHT, MIDNIGHT, promise=15.0, now=now)
        boxed = await today.boxed(session, MIDNIGHT)
    assert slots == [
        Slot(MIDNIGHT, 2, 2, 1, 2, 0, 0),
        Slot(entered(30), 2, 0, 0, 2, 1, 1),
        Slot(entered(90), 2, 0, 0, 1, 0, 0),
    ]
    assert boxed == ["d"]
    assert today.half_hour(now, MIDNIGHT) == entered(90)


SLOTS = st.lists(
    st.builds(
        lambda number, answered, late, lost: Slot(
            MIDNIGHT + HALF_HOUR * number, answered + late + lost, answered + late, answered,
            answered + late + lost, lost, 0,
        ),
        st.integers(0, 47), st.integers(0, 500), st.integers(0, 500), st.integers(0, 500),
    ),
    max_size=48,
)  # fmt: skip


@given(SLOTS)
def test_the_curve_stays_within_its_frame(slots: list[Slot]) -> None:
    drawn = curve(slots, MIDNIGHT, MIDNIGHT + timedelta(days=1), NOW, 0.8)
    for bar in drawn.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert bar.y >= -0.1
        assert bar.y + bar.height <= HEIGHT + 0.1
        assert bar.lost <= bar.height + 0.1
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in drawn.dots)
    assert drawn.top >= max((slot.entered for slot in slots), default=0)


def test_a_day_of_twenty_five_hours_has_fifty_half_hours() -> None:
    last = MIDNIGHT + timedelta(hours=24.5)
    drawn = curve([Slot(last, 1, 1, 1, 1, 0, 0)], MIDNIGHT, MIDNIGHT + timedelta(hours=25), NOW, 0.8)
    assert drawn.bars[0].x + drawn.bars[0].width <= WIDTH
    assert drawn.hours[-1][1] == 24


# ---- seats ----------------------------------------------------------------------------------------------------------


def test_seats_that_need_a_look_come_first_and_supervisors_are_no_seats(settings: Settings) -> None:
    view = floor(
        seats=(
            seat("8001"),
            seat("8002", reachable=False),
            seat("8003", "break", 3600, break_reason="meal"),
            seat("8004", "offline"),
            seat("8099", level="supervisor"),
        )
    )
    tiles = seat_tiles(view, settings, NOW)
    assert [(tile.extension, tile.wrong) for tile in tiles] == [("8002", "phone"), ("8003", "break"), ("8001", "")]
    assert counts(view) == {"ready": 2, "ringing": 0, "talking": 0, "wrap_up": 0, "break": 1}


# ---- the page -------------------------------------------------------------------------------------------------------


async def test_the_wall_shows_the_floor_and_nothing_personal(house: House) -> None:
    async with house.database.transaction() as session:
        await seed.floor(session, datetime.now(UTC))
    page = (await (await house.client(Role.JUNIOR)).get("/wallboard")).text
    assert page.count('<li class="wait"') == 3
    assert 'data-wrong="phone"' in page
    assert "调度中断" in page
    assert not re.search(r"1391234|…\d", page), "digits of a number"
    assert not any(name in page for name in seed.NAMES.values())


async def test_last_digits_are_shown_where_the_centre_wants_them(house: House) -> None:
    house.settings.wallboard.digits = 3
    async with house.database.transaction() as session:
        await seed.floor(session, datetime.now(UTC))
    page = (await (await house.client(Role.SHIFT_LEADER)).get("/wallboard")).text
    assert "…111" in page
    assert "1111" not in page


async def test_the_machines_are_well_while_they_say_so(house: House) -> None:
    wall = house.app.state.console.wall
    now = datetime.now(UTC)
    async with house.database.transaction() as session:
        for part in (health.LINK, "worker"):
            await health.beat(session, part, now, now)
    found = (await wall.values())["slow"].health
    assert (found.linked, found.worker, found.leads) == (True, True, False)


async def test_a_change_reaches_every_wall_through_one_rendering(house: House) -> None:
    console = house.app.state.console
    rendered = 0
    render = console.wall.render

    async def counted() -> str:
        nonlocal rendered
        rendered += 1
        return str(await render())

    console.hub._faces = dict(console.hub._faces) | {"wall": counted}

    async def allowed() -> bool:
        return True

    walls = [stream(console.hub, allowed, "wall") for _ in range(20)]
    for wall in walls:
        await anext(wall)
        assert b"event: wall" in await anext(wall)
    before = rendered
    async with house.database.transaction() as session:
        session.add(seed.seat("8123", "x", "junior", "ready", datetime.now(UTC)))
        await session.flush()
        await session.execute(text("SELECT pg_notify('floor', '')"))
    for wall in walls:
        while b"8123" not in (board := await anext(wall)):
            assert board
    assert rendered - before <= 3
    for wall in walls:
        await wall.aclose()


async def test_more_seats_than_find_room_are_said(house: House) -> None:
    async with house.database.transaction() as session:
        for number in range(MOST_TILES + 7):
            session.add(seed.seat(str(8100 + number), "x", "junior", "ready", datetime.now(UTC)))
    page = (await (await house.client(Role.MANAGER)).get("/wallboard")).text
    assert '<li class="more">+ 7</li>' in page
