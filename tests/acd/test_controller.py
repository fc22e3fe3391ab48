"""What the controller does with what it hears, on a played Asterisk and a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from prometheus_client import generate_latest

from acd import customers, desk, figures
from acd.words import CustomerClass, Level
from hotline.database import Database
from tests.acd.pipe import Pipe
from tests.acd.play import Play, playing


@pytest.fixture
async def play(database: Database) -> AsyncIterator[Play]:
    async with playing(database, "8001", "8002") as play:
        yield play


async def test_a_caller_is_given_one_seat_by_one_redirect(play: Play) -> None:
    play.queue("n1-1.1")
    call, seat, epoch = await play.rung(1)
    assert call == "n1-1.1"
    assert (
        await play.one("SELECT state || call_uid || epoch FROM seats WHERE extension = :e", e=seat)
        == f"ringingn1-1.1{epoch}"
    )
    play.queue("n1-1.1")
    play.tell("ringing", "n1-1.1", seat=seat, epoch=epoch)
    play.tell("ringing", "n1-1.1", seat=seat, epoch=epoch)
    await asyncio.sleep(0.3)
    assert len(play.rings()) == 1


async def test_two_callers_get_two_seats_and_the_third_waits_for_the_next(play: Play) -> None:
    for number in (1, 2, 3):
        play.queue(f"n1-1.{number}")
    await play.rung(2)
    await asyncio.sleep(0.2)
    assert {seat for _, seat, _ in play.rings()} == {"8001", "8002"}
    call, seat, epoch = play.rings()[0]
    play.tell("answered", call, seat=seat, epoch=epoch)
    play.tell("ended", call)
    assert (await play.rung(3))[:2] == ("n1-1.3", seat), "after the wrap-up"


async def test_an_unanswered_ring_goes_to_the_other_seat_and_the_first_rests(play: Play) -> None:
    play.queue("n1-1.1")
    call, first, epoch = await play.rung(1)
    play.tell("ringing", call, seat=first, epoch=epoch)
    play.tell("returned", call, seat=first, epoch=epoch, Detail="NOANSWER")
    _, second, _ = await play.rung(2)
    assert second != first
    play.queue("n1-1.2")
    await asyncio.sleep(0.2)
    assert len(play.rings()) == 2, "the first seat rests"
    assert (await play.rung(3))[:2] == ("n1-1.2", first)


async def test_the_only_seat_is_rung_again_after_its_rest(database: Database) -> None:
    async with playing(database, "8001", misses_before_away=4) as play:
        play.queue("n1-1.1")
        for attempt in (1, 2, 3):
            call, seat, epoch = await play.rung(attempt)
            play.tell("ringing", call, seat=seat, epoch=epoch)
            play.tell("returned", call, seat=seat, epoch=epoch, Detail="NOANSWER")


async def test_a_seat_that_lets_two_calls_ring_out_is_not_answering_until_ready_is_pressed(database: Database) -> None:
    async with playing(database, "8001") as play:
        play.queue("n1-1.1")
        for attempt in (1, 2):
            call, seat, epoch = await play.rung(attempt)
            play.tell("ringing", call, seat=seat, epoch=epoch)
            play.tell("returned", call, seat=seat, epoch=epoch, Detail="NOANSWER")
        await play.seat_is("8001", "not_answering")
        assert await play.one("SELECT misses FROM seats") == 2
        async with database.transaction() as session:
            await desk.ready(session, "8001", play.clock.now())
        await play.rung(3)
        assert await play.one("SELECT misses FROM seats") == 0


async def test_a_redirect_that_is_refused_gives_the_seat_back_at_once(play: Play) -> None:
    play.link.refusals["Redirect"] = "Channel does not exist"
    play.queue("n1-1.1")
    _, seat, _ = await play.rung(1)
    await play.seat_is(seat, "ready")
    del play.link.refusals["Redirect"]
    play.tell("ended", "n1-1.1")
    play.queue("n1-1.2")
    assert (await play.rung(2, 3))[0] == "n1-1.2"


async def test_a_caller_whose_redirect_failed_is_offered_again_if_still_there(play: Play) -> None:
    play.link.refusals["Redirect"] = "Redirect failed"
    play.queue("n1-1.1")
    await play.rung(1)
    del play.link.refusals["Redirect"]
    assert (await play.rung(2))[0] == "n1-1.1"


async def test_a_redirect_without_an_answer_is_left_to_its_lease(database: Database) -> None:
    async with playing(database, "8001", lease_seconds=1, ring_seconds=2) as play:
        play.controller.duty.lease = 1.0
        play.link.silent.add("Redirect")
        play.queue("n1-1.1")
        _, seat, epoch = await play.rung(1)
        await asyncio.sleep(0.4)
        await play.seat_is(seat, "ringing", 0.5)
        play.link.silent.clear()
        call, seat, later = await play.rung(2, 6)
        assert (call, seat) == ("n1-1.1", "8001")
        assert later > epoch


async def test_a_caller_who_gives_up_while_a_seat_rings_frees_it(play: Play) -> None:
    play.queue("n1-1.1")
    call, seat, epoch = await play.rung(1)
    play.tell("ringing", call, seat=seat, epoch=epoch)
    play.tell("ended", call)
    await play.seat_is(seat, "ready")
    await play.becomes("SELECT outcome FROM calls", "abandoned")


async def test_a_hangup_ends_a_call_whose_end_was_not_told(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acd.hearing.HANGUP_GRACE_SECONDS", 0.1)
    play.queue("n1-1.1")
    call, seat, epoch = await play.rung(1)
    play.tell("answered", call, seat=seat, epoch=epoch)
    play.link.emit("Hangup", {"Uniqueid": "n1-1.1"})
    await play.becomes("SELECT outcome FROM calls", "answered")


async def test_a_telephone_that_cannot_be_rung_is_passed_over_until_it_is_seen_again(play: Play) -> None:
    play.queue("n1-1.1")
    call, seat, epoch = await play.rung(1)
    play.tell("returned", call, seat=seat, epoch=epoch, Detail="CHANUNAVAIL")
    await play.rung(2)
    await play.becomes(f"SELECT reachable FROM seats WHERE extension = '{seat}'", wanted=False)
    play.link.emit("DeviceStateChange", {"Device": f"PJSIP/{seat}", "State": "NOT_INUSE"})
    await play.becomes(f"SELECT reachable FROM seats WHERE extension = '{seat}'", wanted=True)


async def test_nonsense_changes_nothing_and_the_next_caller_is_served(play: Play) -> None:
    hostile: tuple[dict[str, str], ...] = (
        {}, {"Kind": "queued"}, {"At": "-1"}, {"Call": "x" * 999}, {"Kind": "rejoiced"}, {"Caller": "张三"},
        {"Seat": "'; DROP TABLE seats"}, {"At": "9" * 30},
    )  # fmt: skip
    for fields in hostile:
        play.link.emit("UserEvent", {"UserEvent": "Hotline"} | fields)
    play.tell("ringing", "n1-9.9", seat="9999", epoch=7)
    play.tell("answered", "n1-9.9", seat="9999", epoch=7)
    play.link.emit("DeviceStateChange", {"Device": "PJSIP/9999"})
    play.link.emit("Hangup", {})
    play.queue("n1-1.1")
    await play.rung(1)


async def test_a_seat_that_becomes_ready_is_rung_at_once(database: Database) -> None:
    async with playing(database) as play:
        play.queue("n1-1.1")
        await play.becomes("SELECT state FROM calls", "waiting")
        await play.ready("8005")
        play.link.emit("DeviceStateChange", {"Device": "PJSIP/8005", "State": "NOT_INUSE"})
        assert (await play.rung(1))[1] == "8005"


async def test_a_seat_on_break_is_not_rung(play: Play) -> None:
    async with play.database.transaction() as session:
        for extension in ("8001", "8002"):
            await desk.take_break(session, extension, "lunch", play.clock.now())
    play.queue("n1-1.1")
    await asyncio.sleep(0.4)
    assert play.rings() == []
    async with play.database.transaction() as session:
        await desk.ready(session, "8002", play.clock.now())
    assert (await play.rung(1))[1] == "8002"


async def test_a_key_account_waits_for_the_senior_then_takes_a_junior(database: Database) -> None:
    async with database.transaction() as session:
        await customers.add_customer(session, "13900001111", "大客户", CustomerClass.KEY_ACCOUNT)
    async with playing(database, "8001", senior_only_seconds=1.0) as play:
        play.queue("n1-1.1")
        await asyncio.sleep(0.5)
        assert play.rings() == []
        assert (await play.rung(1))[1] == "8001"
        await play.becomes("SELECT customer_class FROM calls", "key_account")


async def test_a_key_account_goes_to_the_senior_while_a_junior_is_idle(database: Database) -> None:
    async with database.transaction() as session:
        await customers.add_customer(session, "+86 139-0000-1111", "大客户", CustomerClass.KEY_ACCOUNT)
    async with playing(database, "8001") as play:
        await play.ready("8101", level=Level.SENIOR)
        play.link.emit("DeviceStateChange", {"Device": "PJSIP/8101", "State": "NOT_INUSE"})
        await play.becomes("SELECT reachable FROM seats WHERE extension = '8101'", wanted=True)
        play.queue("n1-1.1")
        assert (await play.rung(1))[1] == "8101"


async def test_a_refused_ring_is_tried_elsewhere_and_does_not_spin(play: Play) -> None:
    play.queue("n1-1.1")
    call, seat, epoch = await play.rung(1)
    play.tell("refused", call, seat=seat, epoch=epoch, Detail="busy")
    call, other, epoch = await play.rung(2)
    assert other != seat
    play.tell("refused", call, seat=other, epoch=epoch, Detail="busy")
    await asyncio.sleep(0.3)
    assert len(play.rings()) == 2


async def test_nobody_is_rung_while_the_link_is_down_and_the_queue_is_kept(play: Play) -> None:
    play.queue("n1-1.1", ago=3)
    call, seat, epoch = await play.rung(1)
    play.tell("returned", call, seat=seat, epoch=epoch, Detail="NOANSWER")
    _, other, epoch = await play.rung(2)
    play.link.go_down()
    at = f"{play.clock.now().timestamp() - 3:.3f}"
    play.channels({"Uniqueid": "n1-1.1", "HL_STATE": "waiting", "HL_ENTERED": at, "HL_QUEUED": at})
    play.link.come_up()
    call, again, later = await play.rung(3)
    assert call == "n1-1.1"
    assert later > epoch
    assert await play.one("SELECT count(*) FROM seats WHERE state = 'ringing'") == 1
    assert again in {seat, other}


async def test_a_caller_who_came_while_the_link_was_down_is_served(play: Play) -> None:
    play.link.go_down()
    at = f"{play.clock.now().timestamp() - 4:.3f}"
    play.channels(
        {"Uniqueid": "n1-7.1", "HL_STATE": "waiting", "HL_SERVICE": "report", "HL_ENTERED": at, "HL_QUEUED": at},
        {"Uniqueid": "n1-7.2", "HL_STATE": "fallback", "HL_ENTERED": at, "HL_QUEUED": at},
        {"Uniqueid": "n1-7.3", "HL_STATE": "talking", "HL_QUEUED": at, "HL_SEAT": "8002", "HL_EPOCH": "1"},
    )  # fmt: skip
    play.link.come_up()
    assert (await play.rung(1))[:2] == ("n1-7.1", "8001")
    await play.seat_is("8002", "talking")
    await asyncio.sleep(0.2)
    assert len(play.rings()) == 1, "callers in the fallback queue and callers who talk are left alone"
    call = await play.call("n1-7.1")
    assert call is not None
    assert (call.service, call.caller) == ("report", "13900001111")


async def test_a_call_that_is_gone_is_ended_and_its_seat_set_right(play: Play) -> None:
    play.queue("n1-1.1")
    call, seat, epoch = await play.rung(1)
    play.tell("answered", call, seat=seat, epoch=epoch)
    await play.seat_is(seat, "talking")
    play.link.go_down()
    play.link.come_up(restarted=True, booted="2026-11-21 09:00:00")
    await play.becomes("SELECT outcome FROM calls", "answered")
    await play.seat_is(seat, "ready")
    await play.becomes("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'recordings.finalise'", 1)


async def test_the_heart_beats_with_a_rising_number_only_while_the_controller_acts(database: Database) -> None:
    async with playing(database, "8001", up=False) as play:
        await asyncio.sleep(0.5)
        assert beats(play) == []
        play.link.come_up()
        await asyncio.wait_for(play.controller.acting.wait(), 5)
        await asyncio.sleep(0.7)
        numbers = beats(play)
        assert len(numbers) >= 2
        assert numbers == sorted(set(numbers))


async def test_without_a_database_the_heart_stops_nobody_is_claimed_and_all_is_written_later(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acd.controller.GRACE_SECONDS", 1.0)
    async with Pipe(database.url) as pipe, playing(database, "8001", "8002", url=pipe.url) as play:
        play.queue("n1-1.1")
        call, seat, epoch = await play.rung(1)
        play.tell("answered", call, seat=seat, epoch=epoch)
        await play.seat_is(seat, "talking")
        pipe.cut()
        play.queue("n1-1.2")
        await asyncio.sleep(1.8)
        assert len(play.rings()) == 1
        stopped = len(beats(play))
        play.tell("ended", call)
        play.tell("fallback", "n1-1.2")
        await asyncio.sleep(0.8)
        assert len(beats(play)) == stopped
        at = f"{play.clock.now().timestamp() - 3:.3f}"
        play.channels({"Uniqueid": "n1-1.2", "HL_STATE": "fallback", "HL_ENTERED": at, "HL_QUEUED": at})
        pipe.mend()
        await play.becomes("SELECT outcome FROM calls WHERE uid = 'n1-1.1'", "answered", 10)
        await play.becomes("SELECT state FROM calls WHERE uid = 'n1-1.2'", "fallback", 10)
        await play.seat_is(seat, "ready", 10)
        play.queue("n1-1.3")
        await play.rung(2, 10)
        assert len(beats(play)) > stopped


async def test_a_caller_and_an_end_that_were_never_told_are_noticed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acd.controller.LOOK_SECONDS", 0.4)
    async with playing(database, "8001") as play:
        play.queue("n1-1.1", ago=9)
        await play.rung(1)
        at = f"{play.clock.now().timestamp() - 5:.3f}"
        play.channels({"Uniqueid": "n1-1.2", "HL_STATE": "waiting", "HL_ENTERED": at, "HL_QUEUED": at})
        await play.becomes("SELECT outcome FROM calls WHERE uid = 'n1-1.1'", "abandoned")
        assert (await play.rung(2))[0] == "n1-1.2"


async def test_a_seat_left_with_a_call_that_nobody_knows_is_set_right(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acd.controller.LOOK_SECONDS", 0.3)
    async with playing(database, "8001") as play:
        await play.one(
            "UPDATE seats SET state = 'talking', call_uid = 'n1-0.0', idle_since = NULL,"
            " state_since = now() - interval '9 s' RETURNING pg_notify('acd_seats', '8001')"
        )
        await play.seat_is("8001", "ready")


async def test_a_call_that_has_only_just_begun_is_not_missed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acd.controller.LOOK_SECONDS", 0.1)
    async with playing(database, "8001") as play:
        play.queue("n1-1.1")
        await play.rung(1)
        await asyncio.sleep(0.6)
        await play.seat_is("8001", "ringing")


def beats(play: Play) -> list[int]:
    return [int(sent.headers["Value"]) for sent in play.link.actions("Setvar") if sent.headers["Variable"] == "ACD_HB"]


async def test_figures_are_served(play: Play) -> None:
    waits = figures.WAIT._sum.get()
    play.queue("n1-1.1", ago=4)
    call, seat, epoch = await play.rung(1)
    play.link.emit("UserEvent", {"UserEvent": "Hotline"})
    play.tell("answered", call, seat=seat, epoch=epoch)
    await play.seat_is(seat, "talking")
    text = generate_latest().decode()
    assert "hotline_acd_acts 1.0" in text
    assert "hotline_acd_idle 1.0" in text
    assert 'hotline_acd_events_refused_total{code="unknown_kind"}' in text
    assert figures.WAIT._sum.get() - waits == pytest.approx(4, abs=1)
