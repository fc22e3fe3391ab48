"""The controller calls back: one customer per claimed seat, once per attempt, whatever dies in between."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from acd import callback_desk, desk
from acd.callback_desk import CallbackError, Obstacle
from acd.callbacks import CallbackState, Policy
from acd.models import Call
from acd.words import Level
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.settings import Settings
from tests.acd.floor_rig import until
from tests.acd.play import Play, playing

POLICY = Policy.of(
    Settings(acd=Settings().acd.model_copy(update={"callback_hours": "00:00-24:00", "callback_retry_minutes": [60.0]}))
)


async def asked(
    database: Database, number: str = "13900001111", *, ago: float = 60, state: str = "waiting", attempts: int = 0,
    seat: str | None = None, epoch: int = 0,
) -> int:  # fmt: skip
    """Somebody who has hung up to be called back; gives the id."""
    now = SystemClock().now()
    async with database.transaction() as session:
        found = await session.execute(
            text(
                "INSERT INTO callbacks (call_uid, number, service, customer_class, queued_at, priority, asked_at,"
                " state, attempts, next_at, epoch, seat, history) VALUES (:uid, :number, 'complaint', 'ordinary', :at,"
                " 0, :at, :state, :attempts, :at, :epoch, :seat, '[]') RETURNING id"
            ),
            {
                "uid": f"n1-17.{number}", "number": number, "at": now - timedelta(seconds=ago), "state": state,
                "attempts": attempts, "seat": seat, "epoch": epoch,
            },
        )  # fmt: skip
        await session.execute(text("SELECT pg_notify('callbacks', '')"))
        return int(found.scalar_one())


def dialled(play: Play) -> list[str]:
    return [sent.headers["ChannelId"] for sent in play.link.actions("Originate")]


async def dials(play: Play, count: int) -> None:
    async def enough() -> bool:
        return len(dialled(play)) >= count

    await until(enough, 10, f"{count} dialled; there are {dialled(play)}")


async def hold_seat(database: Database, extension: str, uid: str, epoch: int) -> None:
    """As a controller leaves it that is killed after its claim."""
    now = SystemClock().now()
    async with database.transaction() as session:
        await desk.add_seat(session, extension, name=extension, level=Level.JUNIOR, now=now)
        await session.execute(
            text(
                "UPDATE seats SET state = 'ringing', state_since = :now, reachable = true, epoch = :epoch,"
                " call_uid = :uid, lease_until = :until WHERE extension = :extension"
            ),
            {"now": now, "until": now + timedelta(seconds=60), "epoch": epoch, "uid": uid, "extension": extension},
        )


async def test_no_more_customers_are_rung_than_seats_are_free_each_for_a_seat_of_its_own(database: Database) -> None:
    ids = [await asked(database, f"1390000111{n}", ago=60 - n) for n in range(4)]
    async with playing(database, "8001", "8002", callbacks=POLICY) as play:
        await dials(play, 2)
        assert dialled(play) == [f"n1-cb{ids[0]}-1", f"n1-cb{ids[1]}-1"]
        sent = play.link.actions("Originate")
        assert [one.headers["Channel"] for one in sent] == [f"PJSIP/1390000111{n}@trunk-out" for n in range(2)]
        assert len({one.variables["CB_RING"].split("*")[0] for one in sent}) == 2
        play.link.emit("Hangup", {"Uniqueid": f"n1-cb{ids[0]}-1", "Cause": "17"})
        await dials(play, 3)
        assert dialled(play)[2] == f"n1-cb{ids[2]}-1"
        assert await play.one("SELECT count(*) FROM seats WHERE state = 'ringing'") == 2
        await play.becomes(f"SELECT state FROM callbacks WHERE id = {ids[0]}", "waiting")
        assert await play.one(f"SELECT history->-1->>'what' FROM callbacks WHERE id = {ids[0]}") == "busy"


async def test_who_asks_is_written_down_once_and_called_when_a_seat_is_free(database: Database) -> None:
    async with playing(database, callbacks=POLICY) as play:
        play.queue("n1-1.1", ago=10)
        play.tell("callback", "n1-1.1", Detail="13900002222")
        play.tell("callback", "n1-1.1", Detail="13900002222", ago=0.5)
        play.tell("ended", "n1-1.1")
        await play.becomes("SELECT outcome FROM calls", "callback")
        assert await play.one("SELECT count(*) FROM callbacks") == 1
        assert await play.one("SELECT queued_at = (SELECT queued_at FROM calls) FROM callbacks")
        play.registered("8001")
        await play.ready("8001")
        play.link.emit("DeviceStateChange", {"Device": "PJSIP/8001", "State": "NOT_INUSE"})
        await dials(play, 1)
        await play.becomes("SELECT state FROM callbacks", "dialling")


@pytest.mark.parametrize("number", ["110", "12345", "0085212345678", "${EXTEN}", "1390000111"])
async def test_a_number_that_may_not_be_called_is_not(database: Database, number: str) -> None:
    await asked(database, number)
    async with playing(database, "8001", callbacks=POLICY) as play:
        await play.becomes("SELECT state FROM callbacks", "given_up")
        assert dialled(play) == []


async def test_killed_between_claim_and_dial_the_customer_is_rung_once(database: Database) -> None:
    number = await asked(database)
    await hold_seat(database, "8001", f"n1-cb{number}-1", 3)
    async with playing(database, callbacks=POLICY, there=["8001"]) as play:
        await dials(play, 1)
        assert dialled(play) == [f"n1-cb{number}-1"]


async def test_an_attempt_that_nobody_knows_the_end_of_counts_as_made(database: Database) -> None:
    """Whether its Originate was sent is not known: the customer's telephone may be ringing."""
    number = await asked(database, state="dialling", attempts=1, seat="8001", epoch=3)
    await hold_seat(database, "8001", f"n1-cb{number}-1", 3)
    async with playing(database, callbacks=POLICY) as play:
        await play.becomes("SELECT state FROM callbacks", "waiting")
        await play.seat_is("8001", "ready")
        assert dialled(play) == []
        assert await play.one("SELECT next_at > now() + interval '59 minutes' FROM callbacks")


async def test_a_customer_who_is_still_being_rung_keeps_a_seat_under_the_new_term(database: Database) -> None:
    number = await asked(database, state="dialling", attempts=1, seat="8001", epoch=3)
    uid = f"n1-cb{number}-1"
    await hold_seat(database, "8001", uid, 3)
    async with playing(database, callbacks=POLICY, channels=[{"Uniqueid": uid}], there=["8001"]) as play:

        async def kept() -> bool:
            return any(sent.headers.get("Variable") == "CB_RING" for sent in play.link.actions("Setvar"))

        await until(kept, 10, "the seat is kept")
        (told,) = [sent for sent in play.link.actions("Setvar") if sent.headers["Variable"] == "CB_RING"]
        seat, epoch, _ = told.headers["Value"].split("*")
        assert (told.headers["Channel"], seat) == (uid, "8001")
        assert int(epoch) > 10_000
        assert await play.one("SELECT state FROM seats") == "ringing"
        assert dialled(play) == []
        play.tell("entered", uid)
        await play.becomes("SELECT state FROM callbacks", "connected")
        play.tell("queued", uid)
        play.tell("ringing", uid, seat="8001", epoch=epoch)
        play.tell("answered", uid, seat="8001", epoch=epoch)
        await play.seat_is("8001", "talking")
        assert play.rings() == [], "rung by the dialplan, not redirected"
        play.tell("ended", uid)
        await play.becomes("SELECT state FROM callbacks", "done")


async def test_a_seat_that_fails_leaves_the_customer_at_the_head_of_the_line(database: Database) -> None:
    number = await asked(database, ago=600)
    uid = f"n1-cb{number}-1"
    async with playing(database, "8001", callbacks=POLICY, ring_penalty_seconds=0.1) as play:
        await dials(play, 1)
        play.queue("n1-2.2", ago=60)
        epoch = play.link.actions("Originate")[0].variables["CB_RING"].split("*")[1]
        play.tell("entered", uid)
        play.tell("queued", uid)
        play.tell("ringing", uid, seat="8001", epoch=epoch)
        play.tell("returned", uid, seat="8001", epoch=epoch, Detail="NOANSWER")
        assert (await play.rung(1))[0] == uid, "before a live caller who came later"


async def test_the_shift_leader_cancels_or_ends_a_pause_and_is_told_what_is_in_the_way(database: Database) -> None:
    number = await asked(database)
    now = SystemClock().now()

    async def view(at: datetime = now) -> Obstacle | None:
        async with database.transaction() as session:
            return (await callback_desk.listed(session, at, POLICY))[0].obstacle

    assert await view() is Obstacle.NO_SEAT
    async with database.transaction() as session:
        await session.execute(text("UPDATE callbacks SET next_at = now() + interval '1 hour'"))
    assert await view() is Obstacle.PAUSE
    async with database.transaction() as session:
        after = await callback_desk.call_now(session, number, by="leader", now=now, policy=POLICY)
    assert (after.callback.next_at, after.obstacle) == (now, Obstacle.NO_SEAT)
    async with database.transaction() as session:
        cancelled = await callback_desk.cancel(session, number, by="leader", now=now, policy=POLICY)
    assert (cancelled.state, cancelled.history[-1].detail) == (CallbackState.CANCELLED, "leader")
    async with database.transaction() as session:
        with pytest.raises(CallbackError, match="cancelled now"):
            await callback_desk.cancel(session, number, by="leader", now=now, policy=POLICY)


async def test_waiting_callers_are_told_their_place_and_only_what_has_changed(database: Database) -> None:
    await asked(database, ago=30)
    async with playing(database, callbacks=POLICY, announce_seconds=10) as play:
        play.queue("n1-1.1", ago=40)
        play.queue("n1-2.2", ago=20)

        async def told() -> bool:
            return len(places(play)) >= 2

        await until(told, 10, "two places")
        assert places(play) == {"n1-1.1": "1", "n1-2.2": "3"}, "who waits to be called back is in line too"
        estimates = [sent for sent in play.link.actions("Setvar") if sent.headers["Variable"] == "HL_ESTIMATE"]
        assert {sent.headers["Value"] for sent in estimates} == {""}, "no seat, no handling time: nothing is known"
        assert len(estimates) == 2


async def test_the_estimate_goes_by_recent_handling_times_and_the_seats_that_are_staffed(database: Database) -> None:
    answered = SystemClock().now() - timedelta(minutes=8)
    async with database.transaction() as session:
        for seconds in (100, 140):
            session.add(
                Call(
                    uid=f"n1-0.{seconds}", caller="", state="ended", outcome="answered", entered_at=answered,
                    queued_at=answered, answered_at=answered, ended_at=answered + timedelta(seconds=seconds),
                )
            )  # fmt: skip
    async with playing(database, "8001", announce_seconds=10) as play:
        play.queue("n1-1.1", ago=40)
        await play.rung(1)
        play.queue("n1-2.2", ago=20)

        async def told() -> bool:
            return bool(places(play))

        await until(told, 10, "a place")
        await until(lambda: _estimated(play), 10, "an estimate")
        assert places(play) == {"n1-2.2": "2"}, "a seat rings for the first"
        estimates = [sent for sent in play.link.actions("Setvar") if sent.headers["Variable"] == "HL_ESTIMATE"]
        assert [sent.headers["Value"] for sent in estimates] == ["5"]  # 2 x (120 s + wrap-up) at one seat, rounded up


async def _estimated(play: Play) -> bool:
    return any(sent.headers["Variable"] == "HL_ESTIMATE" for sent in play.link.actions("Setvar"))


def places(play: Play) -> dict[str, str]:
    return {
        sent.headers["Channel"]: sent.headers["Value"]
        for sent in play.link.actions("Setvar")
        if sent.headers["Variable"] == "HL_PLACE"
    }
