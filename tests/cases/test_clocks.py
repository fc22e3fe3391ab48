"""The clocks of an order, to the second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.clocks import Standing, deadline, reply_due
from cases.errors import OrderClosed
from cases.states import TRANSITIONS, OrderState, step

RECEIVED = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
DUE = RECEIVED + timedelta(hours=48)


def test_a_reply_is_due_48_hours_after_the_receipt() -> None:
    assert reply_due(RECEIVED, 48.0) == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "standing"),
    [
        (0, Standing.RUNNING),
        (39.99, Standing.RUNNING),
        (40, Standing.DUE_SOON),
        (48, Standing.DUE_SOON),
        (48.001, Standing.OVERDUE),
        (1000, Standing.OVERDUE),
    ],
)
def test_an_open_clock_runs_warns_and_is_overdue(hours: float, standing: Standing) -> None:
    found = deadline(RECEIVED, DUE, None, RECEIVED + timedelta(hours=hours))
    assert found.standing is standing
    assert found.seconds == pytest.approx((48 - hours) * 3600)


@given(st.floats(0, 100), st.floats(0, 1000))
def test_what_is_done_stands_as_it_was_when_it_was_done(done: float, later: float) -> None:
    done_at = RECEIVED + timedelta(hours=done)
    found = deadline(RECEIVED, DUE, done_at, done_at + timedelta(hours=later))
    assert found.standing is (Standing.MET if done_at <= DUE else Standing.MISSED)
    assert found == deadline(RECEIVED, DUE, done_at, done_at)


@pytest.mark.parametrize("now", list(OrderState))
@pytest.mark.parametrize("then", list(OrderState))
def test_an_order_steps_only_where_the_table_leads(now: OrderState, then: OrderState) -> None:
    if (now, then) == (OrderState.OPEN, OrderState.CLOSED):
        assert step("TS20261121-0001", now, then) is OrderState.CLOSED
    else:
        with pytest.raises(OrderClosed, match="TS20261121-0001"):
            step("TS20261121-0001", now, then)


def test_every_state_but_the_last_leads_somewhere() -> None:
    assert [state for state in OrderState if not TRANSITIONS[state]] == [OrderState.CLOSED]
