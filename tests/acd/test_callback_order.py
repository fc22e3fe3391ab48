"""Who asked to be called back stands in line exactly where they would stand had they waited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import given

from acd.assign import Rules
from acd.board import Board, LiveCall
from acd.calls import CallFacts
from acd.events import CallEvent, Kind
from acd.seats import Seat, SeatState
from acd.words import CustomerClass, Level, Service

START = datetime(2026, 3, 16, 2, 0, tzinfo=UTC)
LATER = (START + timedelta(hours=1)).timestamp()
"""Everybody has waited long enough for any level."""


@dataclass(frozen=True)
class Customer:
    uid: str
    queued: int
    service: Service
    customer_class: CustomerClass
    gone: bool
    """Has hung up to be called back."""

    @property
    def queued_at(self) -> datetime:
        return START + timedelta(seconds=self.queued)


customers = st.lists(
    st.tuples(
        st.integers(0, 600), st.sampled_from([Service.COMPLAINT, Service.REPORT]), st.sampled_from(list(CustomerClass)),
        st.booleans(),
    ),
    max_size=12, unique_by=lambda one: one[0],
).map(lambda found: [Customer(f"n1-{n}", *one) for n, one in enumerate(found)])  # fmt: skip
seats = st.lists(
    st.tuples(
        st.sampled_from([Level.JUNIOR, Level.SENIOR]),
        st.sampled_from([{Service.COMPLAINT}, {Service.REPORT}, {Service.COMPLAINT, Service.REPORT}]),
    ),
    max_size=8,
)


def board_with(line: list[Customer], *, all_live: bool) -> Board:
    board = Board(Rules(), important_priority=2)
    for one in line:
        if one.gone and not all_live:
            facts = CallFacts(one.uid, service=one.service, first={Kind.QUEUED: one.queued_at})
            board.put_callback(one.uid, LiveCall(facts, one.customer_class))
        else:
            board.hear(CallEvent(one.uid, Kind.QUEUED, one.queued_at, service=one.service))
            board.calls[one.uid].customer_class = one.customer_class
            board.index_call(one.uid)
    return board


def free(board: Board, number: int, level: Level, skills: set[Service]) -> None:
    board.put_seat(
        Seat(
            f"80{number:02}", level, dict.fromkeys(skills, 3), SeatState.READY, START, reachable=True, idle_since=START
        )
    )


def offers(board: Board) -> list[tuple[str, str]]:
    """(customer, seat) of each offer; who is dialled no longer waits to be."""
    made = board.offers(LATER)
    for offer in made:
        board.drop_callback(offer.uid)
    return [(offer.uid, offer.extension) for offer in made]


@given(customers, seats)
def test_they_are_served_in_the_order_of_those_who_wait_on_the_line(
    line: list[Customer], freed: list[tuple[Level, set[Service]]]
) -> None:
    mixed, live = board_with(line, all_live=False), board_with(line, all_live=True)
    for number, (level, skills) in enumerate(freed):
        free(mixed, number, level, skills)
        free(live, number, level, skills)
        assert offers(mixed) == offers(live)


@given(customers, seats)
def test_the_next_seat_goes_to_the_first_in_line_who_can_take_it_and_to_nobody_else(
    line: list[Customer], freed: list[tuple[Level, set[Service]]]
) -> None:
    board, left = board_with(line, all_live=False), list(line)

    def place(one: Customer) -> float:
        return one.queued - (120 if one.customer_class.needs_senior else 0)

    for number, (level, skills) in enumerate(freed):
        free(board, number, level, skills)
        fitting = sorted((one for one in left if one.service in skills), key=lambda one: (place(one), one.uid))
        assert offers(board) == [(one.uid, f"80{number:02}") for one in fitting[:1]]
        for one in fitting[:1]:
            left.remove(one)


def test_nobody_is_called_back_past_an_earlier_caller_whom_a_seat_is_only_rung_for() -> None:
    early = Customer("n1-1", 0, Service.COMPLAINT, CustomerClass.ORDINARY, gone=False)
    asked = Customer("n1-2", 5, Service.COMPLAINT, CustomerClass.ORDINARY, gone=True)
    board = board_with([early, asked], all_live=False)
    free(board, 1, Level.JUNIOR, {Service.COMPLAINT})
    (offer,) = board.offers(LATER)
    assert offer.uid == early.uid
    board.hear(CallEvent(early.uid, Kind.RINGING, START, "8001", 1))
    free(board, 2, Level.JUNIOR, {Service.COMPLAINT})
    assert board.offers(LATER) == []
    board.hear(CallEvent(early.uid, Kind.RETURNED, START, "8001", 1, detail="NOANSWER"))
    assert [each.uid for each in board.offers(LATER)] == [early.uid], "the seat that is free goes to who was first"
    board.hear(CallEvent(early.uid, Kind.RINGING, START, "8002", 2))
    board.hear(CallEvent(early.uid, Kind.ANSWERED, START, "8002", 2))
    free(board, 3, Level.JUNIOR, {Service.COMPLAINT})
    assert [each.uid for each in board.offers(LATER)] == [asked.uid]


def test_who_comes_later_is_served_while_an_earlier_caller_keeps_a_call_back_waiting() -> None:
    line = [
        Customer("n1-1", 0, Service.COMPLAINT, CustomerClass.ORDINARY, gone=False),
        Customer("n1-2", 5, Service.COMPLAINT, CustomerClass.ORDINARY, gone=True),
        Customer("n1-3", 9, Service.COMPLAINT, CustomerClass.ORDINARY, gone=False),
    ]
    board = board_with(line, all_live=False)
    board.calls["n1-1"].held = True
    board.index_call("n1-1")
    free(board, 1, Level.JUNIOR, {Service.COMPLAINT})
    assert [each.uid for each in board.offers(LATER)] == ["n1-3"]
