"""Who listened to whom: the same from whatever order it is heard in, each change in the audit once, counted for D65."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from acd import ledger, monitoring, record
from acd.eavesdrop import LATE, act_of
from acd.errors import MonitoringRefused
from acd.events import CallEvent, Kind
from acd.models import Seat
from acd.monitoring import Heard, Mode, MonitoringView, Span, Standing, heard_of, join
from acd.monitoring_models import Monitoring
from acd.record import Pending
from acd.words import Level
from hotline import accounts
from hotline.database import Database
from hotline.roles import Role

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
CALL, LEG = "n1-1763431200.7", "n1-1763431300.9"


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def spied(seconds: float, mode: str = "listen", *, kind: Kind = Kind.SPIED, leg: str = LEG) -> CallEvent:
    return CallEvent(CALL, kind, at(seconds), seat="8001", detail=f"{mode} 8801 {leg}")


def blank() -> MonitoringView:
    return MonitoringView(LEG, CALL, "8001", "boss", "8801", None, None, (), None, None, None)


@given(
    st.lists(
        st.builds(
            lambda mode, second, over: Heard(LEG, mode, "8801", at(second), over),
            st.sampled_from(Mode),
            st.integers(0, 9),
            st.booleans(),
        ),
        min_size=1,
    ),
    st.data(),
)
def test_any_order_and_any_repetition_lead_to_the_same_listening(heard: list[Heard], data: st.DataObject) -> None:
    def outcome(order: list[Heard]) -> tuple[object, ...]:
        view = blank()
        for each in order:
            view = join(view, each)
        return view.spans, view.ended_at, view.mode, view.voice_since

    shuffled = data.draw(st.permutations(heard)) + data.draw(st.lists(st.sampled_from(heard)))
    assert outcome(heard) == outcome(shuffled)
    assert all(one.at <= other.at for one, other in pairwise(outcome(heard)[0]))  # type: ignore[var-annotated, arg-type]


@pytest.mark.parametrize("detail", ["", "listen", "shout 8801 n1-1.1", "listen 8801 n1-1.1 x", "listen 88o1 n1-1.1"])
def test_what_the_dialplan_never_writes_is_not_believed(detail: str) -> None:
    assert heard_of(CallEvent(CALL, Kind.SPIED, NOW, detail=detail)) is None


def test_a_telephone_is_rung_for_a_fresh_click_only_and_changed_or_hung_up_afterwards() -> None:
    def row(**values: object) -> Monitoring:
        known: dict[str, object] = {
            "id": LEG,
            "call_uid": CALL,
            "seat": "8001",
            "phone": "8801",
            "role": "inspector",
            "started_at": None,
        }
        return Monitoring(**known | {"wanted": "whisper", "asked_at": NOW} | values)

    ring = act_of(row(), at(1))
    assert ring is not None
    assert (ring.name, ring.headers["Channel"], ring.headers["Exten"]) == ("Originate", "PJSIP/8801", "2*8001")
    assert (ring.headers["ChannelId"], ring.variables) == (LEG, {"HL_SPY_WANTED": CALL, "HL_SPY_ONLY": "1"})
    speaker = act_of(row(role="shift_leader"), at(1))
    assert speaker is not None
    assert speaker.variables == {"HL_SPY_WANTED": CALL}
    assert act_of(row(), NOW + LATE + timedelta(seconds=1)) is None
    change = act_of(row(started_at=NOW, wanted="barge"), at(3600))
    assert change is not None
    assert (change.name, change.headers["Channel"], change.headers["Exten"]) == ("Redirect", LEG, "3")
    leave = act_of(row(started_at=NOW, wanted="leave"), at(3600))
    assert leave is not None
    assert (leave.name, leave.headers["Channel"]) == ("Hangup", LEG)


async def write(database: Database, *events: CallEvent) -> None:
    async with database.transaction() as session:
        await record.write(session, [Pending(CALL, set(events))], promise=15, now=at(900))


async def rows(database: Database, query: str) -> list[tuple[object, ...]]:
    async with database.transaction() as session:
        return [tuple(row) for row in await session.execute(text(query))]


AUDITED = "SELECT actor, role, action, subject FROM audit ORDER BY seq"


async def with_boss(database: Database, *, reachable: bool = True, talking: bool = True) -> None:
    async with database.transaction() as session:
        common = {"skills": {}, "sip_secret": "-", "state_since": NOW, "epoch": 0}
        state = {"state": "talking", "call_uid": CALL} if talking else {"state": "ready"}
        session.add(Seat(extension="8001", name="a", level=Level.JUNIOR, reachable=True, **common, **state))
        session.add(
            Seat(extension="8801", name="b", level=Level.SUPERVISOR, reachable=reachable, state="offline", **common)
        )
        await accounts.create_user(
            session, login="boss", name="马超", role=Role.SHIFT_LEADER, password="long enough", now=NOW, seat="8801"
        )


async def test_a_listening_that_was_dialled_is_told_by_the_journal_alone(database: Database) -> None:
    """In the name of whose telephone it is; told twice it is one row and one audit entry for each change."""
    await with_boss(database)
    story = [spied(10), spied(20, "whisper"), spied(30, "barge"), spied(40, "barge", kind=Kind.UNSPIED)]
    await write(database, *story)
    await write(database, *reversed(story))
    async with database.transaction() as session:
        (found,) = await monitoring.of_call(session, CALL)
        assert await ledger.timeline(session, CALL) == []
        week = await monitoring.heard_between(session, at(0), at(100))
    assert (found.listener, found.seat, found.phone, found.id) == ("boss", "8001", "8801", LEG)
    assert [span.mode for span in found.spans] == [Mode.LISTEN, Mode.WHISPER, Mode.BARGE]
    assert (found.started_at, found.voice_since, found.ended_at) == (at(10), at(20), at(40))
    assert found.standing(at(50)) is Standing.OVER
    assert week == {"8001": frozenset({CALL})}
    audited = await rows(database, AUDITED)
    assert audited == [
        ("boss", "shift_leader", action, f"call:{CALL}")
        for action in ("call.listen", "call.whisper", "call.barge", "call.listen_over")
    ]
    jobs = await rows(database, "SELECT args->>'call_uid' FROM procrastinate_jobs WHERE task_name LIKE '%finalise'")
    assert jobs == [(LEG,)]


async def test_a_listening_that_was_never_heard_by_anybody_leaves_no_recording_to_make(database: Database) -> None:
    await with_boss(database)
    await write(database, spied(10), spied(40, kind=Kind.UNSPIED))
    assert await rows(database, "SELECT count(*) FROM procrastinate_jobs") == [(0,)]


async def test_the_seats_page_is_not_told_that_somebody_begins_to_listen(database: Database) -> None:
    await with_boss(database)
    heard: list[str] = []
    async with database.engine.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        await raw.set_autocommit(True)
        await raw.execute("LISTEN seat_news")
        await write(database, spied(10))
        await write(database, CallEvent(CALL, Kind.ANSWERED, at(5), "8001", 3))
        async for notify in raw.notifies(timeout=10, stop_after=1):
            heard.append(notify.payload)
    assert heard == ["8001:call"]
    assert (await rows(database, "SELECT count(*) FROM call_events"))[0] == (2,)


async def test_it_is_asked_for_from_a_connected_telephone_of_that_level_while_the_seat_talks(
    database: Database,
) -> None:
    await with_boss(database)

    async def ask(seat: str, phone: str) -> str:
        async with database.transaction() as session:
            return await monitoring.ask(
                session, seat=seat, mode=Mode.LISTEN, listener="boss", role="shift_leader", phone=phone, now=NOW
            )

    for seat, phone, reason in (
        ("8001", "8001", "no_phone"),
        ("8001", "", "no_phone"),
        ("8801", "8801", "not_talking"),
    ):
        with pytest.raises(MonitoringRefused, match=reason):
            await ask(seat, phone)
    listening = await ask("8001", "8801")
    async with database.transaction() as session:
        await session.execute(text("UPDATE seats SET reachable = false WHERE extension = '8801'"))
    with pytest.raises(MonitoringRefused, match="phone_away"):
        await ask("8001", "8801")
    async with database.transaction() as session:
        own = await monitoring.latest_of(session, "boss")
        assert own is not None
        assert (own.id, own.standing(at(1)), own.standing(at(60))) == (listening, Standing.ASKED, Standing.UNANSWERED)
        with pytest.raises(MonitoringRefused, match="over"):
            await monitoring.change(session, listening, Mode.BARGE, listener="somebody else")
    assert await rows(database, AUDITED) == []


def test_the_span_that_counts_for_the_recording_is_the_first_that_could_be_heard() -> None:
    view = join(
        join(blank(), Heard(LEG, Mode.BARGE, "8801", at(5), False)), Heard(LEG, Mode.LISTEN, "8801", at(1), False)
    )
    assert view.spans == (Span(Mode.LISTEN, at(1)), Span(Mode.BARGE, at(5)))
    assert view.voice_since == at(5)
