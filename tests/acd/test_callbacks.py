"""A call-back's own rules: its states, when it is due, what may be dialled."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import given

from acd.callbacks import (
    OPEN,
    TRANSITIONS,
    Callback,
    CallbackEvent,
    CallbackState,
    CallNow,
    Cancelled,
    Dialled,
    Ended,
    Missed,
    Policy,
    Reached,
    TakenUp,
    TimePassed,
    is_callback,
    is_due,
    next_change,
    step,
)
from acd.words import CustomerClass, Service
from hotline.settings import AsteriskSettings, Settings

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 16, 2, 0, tzinfo=UTC)
"""A Monday, ten o'clock in Shanghai."""
POLICY = Policy("n1", tuple(AsteriskSettings().may_dial), SHANGHAI, 25, (5.0, 30.0), time(8), time(21), 24.0)


def asked(number: str = "13900001111") -> Callback:
    return Callback(
        7, "n1-1773626400.1", number, Service.COMPLAINT, CustomerClass.ORDINARY, START, 0, START,
        CallbackState.WAITING, 0, START,
    )  # fmt: skip


def after(*events: CallbackEvent, callback: Callback | None = None, minutes: float = 0.0) -> Callback:
    one = callback or asked()
    for event in events:
        one = step(one, event, START + timedelta(minutes=minutes), POLICY)
    return one


EVENTS = st.sampled_from(
    [
        TakenUp(), Dialled("8001", 5), Reached("n1-cb7-1"), Missed("busy"), Ended("8001", True), Ended("", False),
        TimePassed(), CallNow("leader"), Cancelled("leader"),
    ]
)  # fmt: skip


@given(st.lists(st.tuples(EVENTS, st.integers(0, 4000)), max_size=20))
def test_every_step_is_in_the_table_and_what_is_over_stays_over(told: list[tuple[CallbackEvent, int]]) -> None:
    one, minute = asked(), 0
    for event, minutes in told:
        minute += minutes
        before = one
        one = step(one, event, START + timedelta(minutes=minute), POLICY)
        assert one.state is before.state or one.state in TRANSITIONS[before.state]
        assert before.state in OPEN or one is before
        assert (one.queued_at, one.call_uid, one.number) == (before.queued_at, before.call_uid, before.number)
        assert one.attempts <= len(POLICY.retry_minutes) + 1
        assert one.history[: len(before.history)] == before.history


def test_attempts_are_spaced_as_set_and_then_given_up() -> None:
    one, pauses = after(TakenUp()), []
    while one.state is CallbackState.WAITING:
        one = after(Dialled("8001", 1), Missed("no_answer"), callback=one)
        pauses.append((one.next_at - START).total_seconds() / 60)
    assert one.state is CallbackState.GIVEN_UP
    assert pauses[:2] == [5, 30]
    assert one.attempts == 3


def test_a_customer_who_hangs_up_before_a_seat_answers_is_tried_again_one_who_was_served_is_not() -> None:
    connected = after(TakenUp(), Dialled("8001", 1), Reached("n1-cb7-1"))
    assert after(Ended("", False), callback=connected).state is CallbackState.WAITING
    assert after(Ended("8001", True), callback=connected).state is CallbackState.DONE


def test_it_is_not_due_outside_hours_during_a_pause_or_after_it_expired() -> None:
    one = after(TakenUp())
    assert is_due(one, START, POLICY)
    assert not is_due(asked(), START, POLICY), "nobody has looked at the number yet"
    night = START.replace(hour=14)  # 22:00
    assert not is_due(one, night, POLICY)
    assert next_change([one], night, POLICY) == START + timedelta(hours=22)  # 08:00 the next day
    missed = after(Dialled("8001", 1), Missed("busy"), callback=one)
    assert not is_due(missed, START + timedelta(minutes=4), POLICY)
    assert is_due(missed, START + timedelta(minutes=5), POLICY)
    assert is_due(after(CallNow("leader"), callback=missed), START, POLICY)
    assert one.expires_at is not None
    assert not is_due(one, one.expires_at, POLICY)
    assert step(one, TimePassed(), one.expires_at, POLICY).state is CallbackState.EXPIRED


def test_it_expires_at_the_end_of_the_next_workday_at_the_earliest() -> None:
    def expiry(day: int, hour: int) -> datetime:
        return POLICY.expiry(datetime(2026, 3, day, hour, tzinfo=SHANGHAI)).astimezone(SHANGHAI)

    assert expiry(16, 10) == datetime(2026, 3, 17, 21, tzinfo=SHANGHAI)
    assert expiry(16, 22) == datetime(2026, 3, 17, 22, tzinfo=SHANGHAI)
    assert expiry(20, 22) == datetime(2026, 3, 23, 21, tzinfo=SHANGHAI), "asked on a Friday night"


@pytest.mark.parametrize("number", ["13900001111", "02112345678", "075512345678", "62345678"])
def test_mobiles_and_landlines_may_be_called(number: str) -> None:
    assert after(TakenUp(), callback=asked(number)).state is CallbackState.WAITING


@pytest.mark.parametrize(
    "number",
    ["110", "119", "120", "12315", "10086", "95588", "0085212345678", "16812345", "4008001234", "", "1390000111",
     "139000011112", "13900001111\n", "13900001111@evil", "1390000111a", "١٣٩٠٠٠٠١١١١"],
)  # fmt: skip
def test_emergency_short_foreign_and_premium_numbers_and_nonsense_may_not(number: str) -> None:
    assert after(TakenUp(), callback=asked(number)).state is CallbackState.GIVEN_UP


def test_the_name_of_an_attempt_is_known_again() -> None:
    assert asked().attempt_uid("n1", 2) == "n1-cb7-2"
    assert is_callback("n1-cb7-2")
    assert not is_callback("n1-1773626400.1")
    assert not is_callback("n1-cb7-2;drop")


def test_the_hours_of_the_settings_are_read() -> None:
    policy = Policy.of(Settings(acd=Settings().acd.model_copy(update={"callback_hours": "00:00-24:00"})))
    assert policy.within_hours(START.replace(hour=15, minute=59))
    assert policy.within_hours(START.replace(hour=16))
