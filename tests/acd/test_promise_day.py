"""The figures of a day, counted by hand and from the time lines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
from hypothesis import given
from sqlalchemy import text

from acd import desk, promise_day, record
from acd.calls import CallFacts, facts_of
from acd.events import CallEvent, Kind
from acd.promise import Cause
from acd.promise_day import CallerWait, End, IdleHistory, IdleSpell, by_part, figures_of, late, wait_of
from acd.words import CustomerClass, Level, Service
from hotline.database import Database

NINE = datetime(2026, 3, 15, 9, 0, tzinfo=UTC)
LIMIT = 15.0
ORDINARY = CustomerClass.ORDINARY


def at(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def call(uid: str, *told: CallEvent) -> CallFacts:
    return facts_of(uid, told)


def event(uid: str, kind: Kind, seconds: float, *ring: Any, detail: str = "") -> CallEvent:
    """`ring`: seat and epoch."""
    seat, epoch = ring or ("", 0)
    service = Service.COMPLAINT if kind is Kind.QUEUED else None
    return CallEvent(uid, kind, at(seconds), seat=seat, epoch=epoch, service=service, detail=detail)


def spell(extension: str, since: float, until: float | None, **other: object) -> IdleSpell:
    values: dict[str, object] = {
        "level": Level.JUNIOR, "services": frozenset(Service), "classes": frozenset(), "since": at(since),
        "until": None if until is None else at(until),
    } | other  # fmt: skip
    return IdleSpell(extension, **values)  # type: ignore[arg-type]


def answered(uid: str, entered: float, queued: float, picked_up: float, seat: str = "8001") -> list[CallEvent]:
    return [
        event(uid, Kind.ENTERED, entered), event(uid, Kind.QUEUED, queued),
        event(uid, Kind.RINGING, picked_up - 1, seat, 1), event(uid, Kind.ANSWERED, picked_up, seat, 1),
        event(uid, Kind.ENDED, picked_up + 60),
    ]  # fmt: skip


DAY = [
    *answered("prompt", 0, 3, 10),
    *answered("slow-menu", 100, 112, 118),
    *answered("nobody-idle", 200, 203, 240),
    event("gave-up", Kind.ENTERED, 300), event("gave-up", Kind.QUEUED, 303), event("gave-up", Kind.ENDED, 309),
    event("left-late", Kind.ENTERED, 400), event("left-late", Kind.QUEUED, 403), event("left-late", Kind.ENDED, 450),
    event("message", Kind.ENTERED, 500), event("message", Kind.QUEUED, 502), event("message", Kind.VOICEMAIL, 505),
    event("message", Kind.ENDED, 520),
    event("menu-only", Kind.ENTERED, 600), event("menu-only", Kind.ENDED, 610),
    event("ignored", Kind.ENTERED, 700), event("ignored", Kind.QUEUED, 702),
    event("ignored", Kind.RINGING, 703, "8001", 7), event("ignored", Kind.RETURNED, 718, "8001", 7, detail="NOANSWER"),
    event("ignored", Kind.RINGING, 719, "8002", 8), event("ignored", Kind.ANSWERED, 722, "8002", 8),
    event("ignored", Kind.ENDED, 800),
    event("waits", Kind.ENTERED, 3_700), event("waits", Kind.QUEUED, 3_703),
]  # fmt: skip
"""A day of the hand: eight callers ask for a person."""
IDLE = [spell("8001", -50, 9), spell("8001", 117, 117), spell("8001", 239.5, 239.5), spell("8001", 690, 703)]


def waits_of(events: list[CallEvent], idle: list[IdleSpell], now: float) -> dict[str, CallerWait]:
    told: dict[str, list[CallEvent]] = {}
    for one in events:
        told.setdefault(one.call, []).append(one)
    history = IdleHistory(idle)
    found = (wait_of(facts_of(uid, events), ORDINARY, history, LIMIT, at(now)) for uid, events in told.items())
    return {wait.uid: wait for wait in found if wait is not None}


def test_a_day_made_by_hand_has_the_figures_counted_by_hand() -> None:
    waits = waits_of(DAY, IDLE, 3_706)
    figures = figures_of(waits.values(), LIMIT)
    assert (figures.asked, figures.waiting, figures.voicemail, figures.callback) == (8, 1, 1, 0)
    assert (figures.all.kept, figures.all.answered) == (1, 4)
    assert (figures.seat_was_idle.kept, figures.seat_was_idle.answered) == (1, 2), "prompt; ignored"
    assert (figures.none_was_idle.kept, figures.none_was_idle.answered) == (0, 2), "slow-menu, nobody-idle"
    assert (figures.gave_up_in_time, figures.gave_up_late) == (1, 1)
    assert [(wait.uid, wait.cause) for wait in late(waits.values())] == [
        ("left-late", Cause.NO_IDLE_SEAT),
        ("nobody-idle", Cause.NO_IDLE_SEAT),
        ("ignored", Cause.RING_UNANSWERED),
        ("slow-menu", Cause.MENU),
    ]
    assert figures.menu_seconds == 3


def test_the_clock_starts_at_entry_not_in_the_line() -> None:
    wait = waits_of(answered("a", 0, 12, 16), [], 100)["a"]
    assert (wait.seconds, wait.menu_seconds, wait.cause) == (16, 12, Cause.MENU)


def test_parts_of_the_day_add_up_to_the_day() -> None:
    waits = list(waits_of(DAY, IDLE, 3_706).values())
    parts = by_part(waits, lambda moment: moment.replace(minute=0, second=0, microsecond=0), LIMIT)
    assert list(parts) == [NINE, NINE + timedelta(hours=1)]
    assert sum(part.asked for part in parts.values()) == figures_of(waits, LIMIT).asked


def test_only_a_seat_that_could_have_taken_this_caller_counts_as_idle() -> None:
    facts = call("a", *answered("a", 0, 2, 40))

    def idle(*spells: IdleSpell) -> bool:
        wait = wait_of(facts, ORDINARY, IdleHistory(spells), LIMIT, at(100))
        assert wait is not None
        return wait.seat_was_idle

    assert idle(spell("8001", 5, None))
    assert idle(spell("8001", -100, 0)), "still at the moment of entry"
    assert not idle(spell("8001", 15.1, None)), "only after the promise was broken"
    assert not idle(spell("8001", -100, -0.1))
    assert not idle(spell("8001", 5, 6, services=frozenset({Service.REPORT})))
    assert not idle(spell("8001", 5, 6, classes=frozenset({CustomerClass.KEY_ACCOUNT})))
    assert not idle(spell("8201", 5, 6, level=Level.CLERK))
    assert not idle(spell("8901", 5, 6, level=Level.SUPERVISOR))
    assert idle(spell("8001", 1, 2), spell("8001", 3, 4, services=frozenset()))


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 40), st.integers(0, 40), st.booleans()), min_size=1, max_size=12
    )
)
def test_every_caller_is_counted_once_and_a_kept_promise_is_no_breach(
    days: list[tuple[int, int, int, bool]],
) -> None:
    events: list[CallEvent] = []
    for number, (entered, menu, waited, picked_up) in enumerate(days):
        uid, queued = f"c{number}", entered + menu
        events += [event(uid, Kind.ENTERED, entered), event(uid, Kind.QUEUED, queued)]
        if picked_up:
            events.append(event(uid, Kind.ANSWERED, queued + waited, "8001", number + 1))
        events.append(event(uid, Kind.ENDED, queued + waited + 1))
    waits = list(waits_of(events, [], 1_000).values())
    figures = figures_of(waits, LIMIT)
    answers, gone = figures.all.answered, figures.gave_up_in_time + figures.gave_up_late
    assert figures.asked == len(days) == answers + gone
    assert figures.seat_was_idle.answered + figures.none_was_idle.answered == answers
    for wait in waits:
        assert (wait.cause is None) == (wait.seconds <= LIMIT)
        assert wait.end is not End.ANSWERED or wait.seconds > LIMIT or wait.seat_was_idle


async def test_the_database_gives_the_same_day_and_knows_who_was_idle(database: Database) -> None:
    told: dict[str, set[CallEvent]] = {}
    for one in DAY:
        told.setdefault(one.call, set()).add(one)
    async with database.transaction() as session:
        await record.write(
            session, [record.Pending(uid, events) for uid, events in told.items()], promise=LIMIT, now=at(3_706)
        )
        await desk.add_seat(session, "8001", name="a", level=Level.JUNIOR, now=at(-60))
        for state, moment in (("ready", -50), ("ringing", 9), ("talking", 10), ("ready", 239.5), ("ringing", 239.5)):
            await session.execute(
                text("UPDATE seats SET state = :state, state_since = :at, reachable = true"),
                {"state": state, "at": at(moment)},
            )
        waits = await promise_day.read_waits(session, NINE, at(3_600), limit=LIMIT, now=at(3_706))
    by_hand = waits_of(DAY, IDLE, 3_706)
    assert [wait.uid for wait in waits] == [uid for uid in by_hand if uid != "waits"]
    assert [wait.seconds for wait in waits] == [wait.seconds for uid, wait in by_hand.items() if uid != "waits"]
    assert {wait.uid for wait in waits if wait.seat_was_idle} == {"prompt"}
