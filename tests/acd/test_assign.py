"""Who gets which seat, against an obviously right scan."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from acd.assign import IdleSeat, Matcher, Offer, Rules, WaitingCaller, assign
from acd.words import CustomerClass, Level, Service, usual

RULES = Rules(
    ageing_seconds=60.0, senior_only_seconds=10.0, manager_only_seconds=6.0, any_seat_seconds=5.0, skill_wanted=2
)
ALL = usual(Service)


def scan(waiting: list[WaitingCaller], seats: list[IdleSeat], now: float) -> list[Offer]:
    """The rules written down without any index: owners first, then the best caller with the best seat for it."""

    def place(caller: WaitingCaller) -> tuple[float, str]:
        return caller.queued_at - caller.priority * RULES.ageing_seconds, caller.uid

    def held(caller: WaitingCaller) -> bool:
        return bool(caller.owner) and caller.owner not in caller.tried and now < caller.owner_until

    def waited(caller: WaitingCaller, seconds: float) -> bool:
        return now >= caller.queued_at + seconds

    def levels(caller: WaitingCaller) -> tuple[Level, ...]:
        anybody = waited(caller, RULES.senior_only_seconds)
        if caller.manager:
            if not waited(caller, RULES.manager_only_seconds):
                return (Level.MANAGER,)
            return (Level.MANAGER, Level.SENIOR) + ((Level.JUNIOR, Level.CLERK) if anybody else ())
        if caller.senior:
            return (Level.SENIOR, Level.JUNIOR, Level.CLERK) if anybody else (Level.SENIOR,)
        return (Level.JUNIOR, Level.CLERK, Level.SENIOR)

    def good(seat: IdleSeat, caller: WaitingCaller) -> bool:
        for_class = not seat.classes or caller.customer_class in seat.classes
        return for_class and seat.skills[caller.service] >= RULES.skill_wanted

    left, made = [seat for seat in seats if seat.level is not Level.SUPERVISOR], []
    for caller in sorted(filter(held, waiting), key=place):
        own = [seat for seat in left if seat.extension == caller.owner]
        if own:
            left.remove(own[0])
            made.append(Offer(caller.uid, caller.owner))
    for caller in sorted(waiting, key=place):
        if held(caller):
            continue
        wide = waited(caller, RULES.any_seat_seconds)
        order = levels(caller)
        fitting = [
            seat for seat in left
            if caller.service in seat.skills and seat.level in order and (wide or good(seat, caller))
        ]  # fmt: skip
        if fitting:
            best = min(
                fitting,
                key=lambda seat: (
                    seat.extension in caller.tried,
                    not good(seat, caller),
                    order.index(seat.level),
                    -seat.skills[caller.service],
                    seat.idle_since,
                    seat.extension,
                ),
            )
            left.remove(best)
            made.append(Offer(caller.uid, best.extension))
    return made


extensions = st.integers(8000, 8012).map(str)
moments = st.integers(0, 40).map(float)
callers = st.builds(
    WaitingCaller,
    uid=st.integers(0, 15).map(lambda n: f"n1-{n}"),
    service=st.sampled_from(Service),
    queued_at=moments,
    priority=st.integers(0, 3),
    senior=st.booleans(),
    tried=st.frozensets(extensions, max_size=3),
    manager=st.booleans(),
    customer_class=st.sampled_from(CustomerClass),
    owner=st.just("") | extensions,
    owner_until=moments,
)
idle_seats = st.builds(
    IdleSeat,
    extension=extensions,
    level=st.sampled_from(Level),
    skills=st.dictionaries(st.sampled_from(Service), st.integers(1, 5), min_size=1),
    idle_since=moments,
    classes=st.just(frozenset()) | st.frozensets(st.sampled_from(CustomerClass), max_size=2),
)


@given(
    st.lists(callers, max_size=12, unique_by=lambda caller: caller.uid),
    st.lists(idle_seats, max_size=12, unique_by=lambda seat: seat.extension),
    st.integers(0, 60).map(float),
)
def test_offers_are_those_of_the_obvious_scan(waiting: list[WaitingCaller], seats: list[IdleSeat], now: float) -> None:
    offers = assign(waiting, seats, now, RULES)
    assert sorted(offers) == sorted(scan(waiting, seats, now))
    assert len({offer.uid for offer in offers}) == len(offers) == len({offer.extension for offer in offers})


class Floor(RuleBasedStateMachine):
    """Callers and seats come, change and go in any order; at every moment the index offers what the scan offers."""

    def __init__(self) -> None:
        super().__init__()
        self.matcher = Matcher(RULES)
        self.now = 0.0
        self.waiting: dict[str, WaitingCaller] = {}
        self.seats: dict[str, IdleSeat] = {}

    @rule(caller=callers)
    def queues(self, caller: WaitingCaller) -> None:
        self.waiting[caller.uid] = caller
        self.matcher.add_caller(caller)

    @rule(seat=idle_seats)
    def becomes_idle(self, seat: IdleSeat) -> None:
        self.seats.pop(seat.extension, None)
        if seat.level is not Level.SUPERVISOR:
            self.seats[seat.extension] = seat
        self.matcher.add_seat(seat)

    @rule(number=st.integers(0, 15))
    def hangs_up(self, number: int) -> None:
        self.waiting.pop(f"n1-{number}", None)
        self.matcher.remove_caller(f"n1-{number}")

    @rule(extension=extensions)
    def goes_on_break(self, extension: str) -> None:
        self.seats.pop(extension, None)
        self.matcher.remove_seat(extension)

    @rule(seconds=st.integers(0, 15))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def offers(self) -> None:
        expected = scan(list(self.waiting.values()), list(self.seats.values()), self.now)
        made = self.matcher.offers(self.now)
        assert sorted(made) == sorted(expected)
        for offer in made:
            del self.waiting[offer.uid], self.seats[offer.extension]

    @invariant()
    def counts_agree(self) -> None:
        assert (self.matcher.waiting, self.matcher.idle) == (len(self.waiting), len(self.seats))


TestFloor = Floor.TestCase
TestFloor.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def caller(uid: str, queued_at: float, **other: object) -> WaitingCaller:
    return replace(WaitingCaller(uid, Service.COMPLAINT, queued_at), **other)  # type: ignore[arg-type]


def seat(extension: str, level: Level = Level.JUNIOR, idle_since: float = 0.0) -> IdleSeat:
    return IdleSeat(extension, level, ALL, idle_since)


def test_the_longest_wait_comes_first_and_gets_the_seat_that_is_idle_longest() -> None:
    offers = assign(
        [caller("late", 5), caller("early", 1)], [seat("8001", idle_since=3), seat("8002", idle_since=2)], 9
    )
    assert offers == [Offer("early", "8002"), Offer("late", "8001")]


def test_a_head_start_comes_before_a_longer_wait() -> None:
    assert assign([caller("a", 0), caller("b", 50, priority=1)], [seat("8001")], 60, RULES) == [Offer("b", "8001")]


def test_a_starved_low_priority_is_still_served() -> None:
    fresh = [caller(f"important-{n}", 200.0 + n, priority=2) for n in range(5)]
    assert assign([*fresh, caller("starved", 0)], [seat("8001")], 210, RULES) == [Offer("starved", "8001")]


def test_a_key_account_waits_for_a_senior_and_an_ordinary_caller_takes_the_junior() -> None:
    waiting = [caller("key", 0, priority=2, senior=True), caller("other", 1)]
    assert assign(waiting, [seat("8001")], 2, RULES) == [Offer("other", "8001")]
    assert assign(waiting, [seat("8001"), seat("8101", Level.SENIOR)], 2, RULES) == [
        Offer("key", "8101"),
        Offer("other", "8001"),
    ]


def test_a_key_account_is_not_stranded_where_no_senior_is_idle() -> None:
    matcher = Matcher(RULES)
    matcher.add_caller(caller("key", 0, senior=True))
    matcher.add_seat(seat("8001"))
    assert matcher.offers(9.9) == []
    assert matcher.next_change() == 10.0
    assert matcher.offers(10.0) == [Offer("key", "8001")]


def test_after_that_wait_a_senior_is_still_preferred() -> None:
    seats = [seat("8001"), seat("8101", Level.SENIOR, idle_since=30)]
    assert assign([caller("key", 0, senior=True)], seats, 40, RULES) == [Offer("key", "8101")]


def test_clerks_overflow_for_juniors_and_seniors_are_spared() -> None:
    seats = [seat("8101", Level.SENIOR), seat("8201", Level.CLERK, 1), seat("8001", Level.JUNIOR, 2)]
    waiting = [caller("a", 0), caller("b", 1), caller("c", 2)]
    assert [offer.extension for offer in assign(waiting, seats, 3)] == ["8001", "8201", "8101"]


def test_a_seat_that_was_rung_in_vain_is_the_last_choice_but_a_choice() -> None:
    tried = caller("a", 0, tried=frozenset({"8001"}))
    assert assign([tried], [seat("8001"), seat("8101", Level.SENIOR, 50)], 60) == [Offer("a", "8101")]
    assert assign([tried], [seat("8001")], 60) == [Offer("a", "8001")]


def test_a_seat_is_offered_only_what_it_can_answer() -> None:
    reports_only = IdleSeat("8001", Level.JUNIOR, {Service.REPORT: 5}, 0.0)
    assert assign([caller("a", 0)], [reports_only], 1) == []


def test_the_index_does_not_grow_with_what_has_left() -> None:
    matcher = Matcher(RULES)
    for turn in range(5_000):
        matcher.add_seat(seat("8001", idle_since=float(turn)))
        matcher.remove_seat("8001")
        matcher.add_caller(caller("a", float(turn)))
        matcher.remove_caller("a")
    orders = [*matcher._seats.values(), *(line.callers for line in matcher._lines.values())]
    assert max(len(order.entries) for order in orders) < 200
    assert len(matcher._fresh) < 200
