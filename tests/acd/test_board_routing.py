"""What the board lets the matcher choose from: owners who will be idle in time, clerks by rule, redeployed seats."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from acd.assign import Offer, Rules
from acd.board import Board
from acd.clerks import at_their_desks
from acd.customers import UNKNOWN, _Case, standing_of
from acd.events import CallEvent, Kind
from acd.seats import Seat, SeatState
from acd.words import CustomerClass, Level, Service, usual

NINE = datetime(2026, 3, 15, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def seat(extension: str, level: Level = Level.JUNIOR, *, idle: float = 0.0, **other: object) -> Seat:
    plain = Seat(extension, level, usual(Service), SeatState.READY, at(idle), reachable=True, idle_since=at(idle))
    return replace(plain, **other)  # type: ignore[arg-type]


def wraps_up(extension: str, until: float) -> Seat:
    return seat(extension, state=SeatState.WRAP_UP, idle_since=None, wrap_up_until=at(until))


def floor(*seats: Seat, owner_wait: float = 8.0, clerk_overflow: int = 2, work: int = 0) -> Board:
    board = Board(Rules(), 2, owner_wait=owner_wait, clerk_overflow=clerk_overflow)
    board.set_clerk_work(work)
    board.reset(seats, {})
    return board


def queues(board: Board, uid: str, when: float, *, owner: str = "", past_limit: bool = False) -> None:
    board.hear(CallEvent(uid, Kind.ENTERED, at(when)))
    board.hear(CallEvent(uid, Kind.QUEUED, at(when), service=Service.COMPLAINT))
    call = board.calls[uid]
    call.customer_class, call.owner, call.past_limit = CustomerClass.ORDINARY, owner, past_limit
    board.index_call(uid)


def offers(board: Board, when: float) -> list[Offer]:
    return board.offers(at(when).timestamp())


def test_the_owner_comes_first_though_another_is_idle_longer() -> None:
    board = floor(seat("8001", idle=-100), seat("8002"))
    queues(board, "a", 10, owner="8002")
    assert offers(board, 10) == [Offer("a", "8002")]


def test_an_owner_whose_wrap_up_ends_in_time_is_waited_for() -> None:
    board = floor(seat("8001"), wraps_up("8002", until=15))
    queues(board, "a", 10, owner="8002")
    assert offers(board, 10) == []
    assert board.next_change() == at(18).timestamp()
    board.put_seat(seat("8002", idle=15))
    assert offers(board, 15) == [Offer("a", "8002")]


@pytest.mark.parametrize(
    "owner",
    [
        wraps_up("8002", until=18.1),
        seat("8002", state=SeatState.TALKING, idle_since=None, call_uid="z"),
        seat("8002", state=SeatState.BREAK, idle_since=None),
        seat("8002", state=SeatState.NOT_ANSWERING, idle_since=None),
        seat("8002", state=SeatState.OFFLINE, idle_since=None),
        replace(wraps_up("8002", until=12), reachable=False),
        seat("8009"),
    ],
)
def test_an_owner_who_will_not_be_idle_in_time_is_not_waited_for(owner: Seat) -> None:
    board = floor(seat("8001"), owner)
    queues(board, "a", 10, owner="8002")
    assert offers(board, 10) == [Offer("a", "8001")]


def test_whoever_waits_for_the_owner_goes_to_anybody_when_the_owner_does_something_else() -> None:
    board = floor(seat("8001"), wraps_up("8002", until=15))
    queues(board, "a", 10, owner="8002")
    assert offers(board, 10) == []
    board.put_seat(seat("8002", state=SeatState.BREAK, idle_since=None))
    assert offers(board, 12) == [Offer("a", "8001")]


def test_the_owner_is_waited_for_no_longer_than_is_set() -> None:
    board = floor(seat("8001"), wraps_up("8002", until=17))
    queues(board, "a", 10, owner="8002")
    assert offers(board, 17.9) == []
    assert offers(board, 18) == [Offer("a", "8001")]


def test_an_owner_who_let_the_call_ring_out_is_not_asked_again() -> None:
    board = floor(seat("8001"), seat("8002"))
    queues(board, "a", 10, owner="8002")
    assert offers(board, 10) == [Offer("a", "8002")]
    board.hear(CallEvent("a", Kind.RINGING, at(10), seat="8002", epoch=1))
    board.hear(CallEvent("a", Kind.RETURNED, at(13), seat="8002", epoch=1, detail="NOANSWER"))
    board.put_seat(seat("8002", idle=13))
    assert offers(board, 13) == [Offer("a", "8001")]


def test_past_the_limit_the_manager_hotline_comes_before_the_owner() -> None:
    board = floor(seat("8002"), seat("8901", Level.MANAGER))
    queues(board, "a", 10, owner="8002", past_limit=True)
    assert offers(board, 10) == [Offer("a", "8901")]


def test_a_clerk_with_something_to_enter_takes_no_call_and_one_without_does() -> None:
    clerks = [seat("8301", Level.CLERK), seat("8302", Level.CLERK)]
    board = floor(*clerks, work=2)
    queues(board, "a", 10)
    assert offers(board, 10) == []
    board.set_clerk_work(1)
    assert offers(board, 11) == [Offer("a", "8302")]
    board.set_clerk_work(0)
    queues(board, "b", 12)
    assert offers(board, 12) == [Offer("b", "8301")]


def test_with_too_many_waiting_clerks_leave_their_work_only_for_those_beyond_the_number() -> None:
    board = floor(seat("8301", Level.CLERK, idle=1), seat("8302", Level.CLERK), work=5, clerk_overflow=2)
    for number in range(2):
        queues(board, f"a{number}", 10 + number)
    assert offers(board, 12) == []
    queues(board, "a2", 13)
    assert offers(board, 13) == [Offer("a0", "8302")], "one too many: one clerk, who was idle longest"
    assert offers(board, 14) == []


def test_a_seat_redeployed_as_senior_takes_the_seniors_callers() -> None:
    board = floor(seat("8001"))
    queues(board, "a", 10)
    board.calls["a"].customer_class = CustomerClass.KEY_ACCOUNT
    board.index_call("a")
    assert offers(board, 10) == []
    board.put_seat(seat("8001", Level.SENIOR))
    assert offers(board, 11) == [Offer("a", "8001")]


@given(st.sets(st.integers(8300, 8310).map(str)), st.integers(0, 12))
def test_as_many_clerks_stay_as_there_is_work(idle: set[str], pieces: int) -> None:
    entering = at_their_desks(idle, pieces)
    assert len(entering) == min(len(idle), pieces)
    assert entering <= idle
    assert at_their_desks(idle, pieces + 1) >= entering, "more work calls nobody away from it"


def test_a_standing_is_that_of_the_oldest_case_with_a_seat_and_of_any_complaint_past_its_limit() -> None:
    cases = [_Case("", False, False, at(-5)), _Case("8002", True, True, at(5)), _Case("8003", True, False, at(9))]
    standing = standing_of(CustomerClass.IMPORTANT, cases, NINE)
    assert (standing.owner, standing.past_limit, standing.due_at) == ("8002", False, at(-5)), (
        "an enquiry is no complaint"
    )
    assert standing.repeated
    assert standing_of(CustomerClass.ORDINARY, cases, at(5.1)).past_limit
    assert standing_of(CustomerClass.ORDINARY, [], NINE) == UNKNOWN
