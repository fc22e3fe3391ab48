"""Who was late: planned shifts against the times that a seat was logged in."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import given

from acd.roster import Attendance, Shift, Standing, Stretch, attend, day_of, shift_of
from acd.roster_book import Fault, Plan, faults
from acd.roster_csv import Mistake, Wrong, parse

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
SHIFT = Shift(START, START + timedelta(hours=8), 30)
OVER = START + timedelta(hours=12)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def here(since: float, until: float | None, state: str = "ready", reason: str | None = None) -> Stretch:
    return Stretch(state, at(since), None if until is None else at(until), reason)


def gone(since: float, until: float | None) -> Stretch:
    return here(since, until, "offline")


def kept(*stretches: Stretch, now: datetime = OVER, grace: float = 0) -> Attendance:
    return attend(SHIFT, stretches, now, timedelta(minutes=grace))


def test_who_sits_down_before_the_shift_is_on_time() -> None:
    found = kept(gone(-600, -10), here(-10, 480))
    assert (found.standing, found.late, found.early, found.came_at) == (Standing.DONE, 0, 0, at(-10))


def test_who_comes_seven_minutes_after_the_begin_is_seven_minutes_late() -> None:
    found = kept(gone(-600, 7), here(7, 500))
    assert (found.late, found.early, found.came_at) == (7 * 60, 0, at(7))


def test_the_grace_forgives_a_minute_and_no_more() -> None:
    assert kept(here(1, 480), grace=1).late == 0
    assert kept(here(1.02, 480), grace=1).late == pytest.approx(61.2)


def test_who_goes_before_the_end_is_told_once_the_shift_is_over() -> None:
    early = (here(0, 400), gone(400, None))
    assert kept(*early).early == 80 * 60
    assert kept(*early).went_at == at(400)
    during = kept(*early, now=at(420))
    assert (during.standing, during.early) == (Standing.AWAY, 0)


def test_who_never_came_is_missing_and_then_absent() -> None:
    nobody = gone(-600, None)
    assert kept(nobody, now=at(-1)).standing is Standing.PLANNED
    missing = kept(nobody, now=at(20))
    assert (missing.standing, missing.late) == (Standing.MISSING, 20 * 60)
    absent = kept(nobody)
    assert (absent.standing, absent.late) == (Standing.ABSENT, 8 * 3600)


def test_who_waits_for_the_shift_to_begin_is_here() -> None:
    assert kept(here(-15, None, "break", ""), now=at(-5)).standing is Standing.HERE


def test_a_log_out_in_between_is_a_gap_and_not_an_early_end() -> None:
    found = kept(here(0, 100), gone(100, 130), here(130, 480))
    assert (found.late, found.early, found.gaps, found.present) == (0, 0, 30 * 60, 450 * 60)


def test_yesterdays_log_in_at_the_same_seat_is_no_presence_today() -> None:
    assert kept(here(-900, -300), gone(-300, None)).standing is Standing.ABSENT


def test_a_day_is_summed_by_what_was_done() -> None:
    day = day_of(
        [here(0, 5, "break", ""), here(5, 60), here(60, 61, "ringing"), here(61, 71, "talking"),
         here(71, 73, "wrap_up"), here(73, 93, "break", "meal"), here(93, None)],
        START, at(100),
    )  # fmt: skip
    assert (day.unready, day.ready, day.ringing, day.talking, day.wrap_up) == (300, 62 * 60, 60, 600, 120)
    assert day.breaks == {"meal": 1200}
    assert day.on_break == 1200


# ---- the centre's wall clock ---------------------------------------------------------------------


def test_a_night_shift_ends_on_the_next_day() -> None:
    night = shift_of(date(2026, 11, 23), time(22), time(6), 30, SHANGHAI)
    assert night.start == datetime(2026, 11, 23, 14, tzinfo=UTC)
    assert night.end == datetime(2026, 11, 23, 22, tzinfo=UTC)
    late = attend(night, [Stretch("ready", night.start + timedelta(minutes=12), None)], night.end)
    assert late.late == 12 * 60


def test_a_shift_from_eight_to_eight_is_a_whole_turn_of_the_clock() -> None:
    assert shift_of(date(2026, 11, 23), time(8), time(8), 0, SHANGHAI).end - datetime(
        2026, 11, 23, tzinfo=UTC
    ) == timedelta(hours=24)


def test_a_night_when_the_clock_is_put_back_is_an_hour_longer() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    long = shift_of(date(2026, 10, 24), time(22), time(6), 0, berlin)
    short = shift_of(date(2026, 3, 28), time(22), time(6), 0, berlin)
    assert (long.end - long.start, short.end - short.start) == (timedelta(hours=9), timedelta(hours=7))


@given(
    st.dates(date(2000, 1, 1), date(2040, 1, 1)),
    st.times(),
    st.times(),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_every_shift_ends_after_it_begins(day: date, begins: time, ends: time, zone: str) -> None:
    shift = shift_of(day, begins, ends, 0, ZoneInfo(zone))
    assert timedelta(0) < shift.end - shift.start <= timedelta(hours=25)


# ---- whatever the history ------------------------------------------------------------------------

MINUTES = st.integers(-700, 700)
HISTORY = st.lists(st.tuples(MINUTES, MINUTES, st.sampled_from(["ready", "talking", "offline", "break"])), max_size=8)


def history(raw: list[tuple[int, int, str]]) -> list[Stretch]:
    return [here(min(a, b), max(a, b), state) for a, b, state in raw if a != b]


@given(HISTORY)
def test_late_gaps_early_and_presence_fill_the_shift(raw: list[tuple[int, int, str]]) -> None:
    found = kept(*history(raw))
    if found.standing is Standing.ABSENT:
        assert found.late == 8 * 3600
        assert found.present == 0
    else:
        assert found.late + found.gaps + found.early + found.present == pytest.approx(8 * 3600)


@given(HISTORY, MINUTES, st.integers(1, 300))
def test_more_presence_makes_nobody_later_and_absence_less(
    raw: list[tuple[int, int, str]], since: int, minutes: int
) -> None:
    before = kept(*history(raw))
    after = kept(*history(raw), here(since, since + minutes))
    assert after.late <= before.late
    assert after.present >= before.present
    assert not (before.standing is Standing.DONE and after.standing is Standing.ABSENT)


@given(HISTORY, st.integers(-600, 600), st.randoms(use_true_random=False))
def test_a_stretch_cut_in_two_and_told_in_any_order_is_the_same(
    raw: list[tuple[int, int, str]], cut: int, order: object
) -> None:
    whole = history(raw)
    parts = [
        piece
        for one in whole
        for piece in (
            [Stretch(one.state, one.since, at(cut)), Stretch(one.state, at(cut), one.until)]
            if one.until is not None and one.since < at(cut) < one.until
            else [one]
        )
    ]
    order.shuffle(parts)  # type: ignore[attr-defined]
    assert kept(*parts) == kept(*whole)


@given(HISTORY, st.integers(-700, 700))
def test_while_the_shift_lasts_nobody_is_done_or_absent(raw: list[tuple[int, int, str]], now: int) -> None:
    standing = kept(*history(raw), now=at(now)).standing
    assert (standing in {Standing.DONE, Standing.ABSENT}) is (now >= 480)


# ---- plans ---------------------------------------------------------------------------------------

DAY = date(2026, 11, 23)


def plan(person: str = "lina", seat: str = "8001", begins: int = 8, ends: int = 16, day: date = DAY) -> Plan:
    return Plan(day, person, seat, time(begins), time(ends), 30)


def test_plans_that_cannot_be_kept_are_refused() -> None:
    assert faults(plan(), [], SHANGHAI) is None
    assert faults(plan(person="", seat=""), [], SHANGHAI) is Fault.NOBODY
    assert faults(plan(begins=8, ends=7), [], SHANGHAI) is Fault.TOO_LONG
    assert faults(Plan(DAY, "lina", "", time(8), time(9), 60), [], SHANGHAI) is Fault.BREAK
    assert faults(plan(), [plan(seat="8002", begins=15, ends=20)], SHANGHAI) is Fault.CLASH
    assert faults(plan(), [plan(person="zhangwei", begins=15, ends=20)], SHANGHAI) is Fault.CLASH
    assert faults(plan(), [plan(begins=16, ends=20)], SHANGHAI) is None
    night = plan(begins=22, ends=6, day=DAY - timedelta(days=1))
    assert faults(plan(begins=5, ends=12), [night], SHANGHAI) is Fault.CLASH


def test_a_file_is_read_in_either_language_and_any_order_of_columns() -> None:
    words = (
        "\ufeff人员,日期,座席,上班,下班,休息分钟\n李娜,2026/11/23,8001,8:00,16:00,45\n\n,2026-11-24,8002,22:00,06:00,\n"
    )
    lines, mistakes = parse(words, people={"李娜": "lina"}, seats={"8001", "8002"})
    assert mistakes == []
    assert [(line.line, line.plan) for line in lines] == [
        (2, Plan(DAY, "lina", "8001", time(8), time(16), 45)),
        (4, Plan(date(2026, 11, 24), "", "8002", time(22), time(6), 0)),
    ]


def test_every_mistake_of_a_file_is_told_with_its_line() -> None:
    words = (
        "day,person,seat,begins,ends,break_minutes\n"
        "2026-02-30,lina,8001,08:00,16:00,30\n"
        "2026-11-23,nobody,8001,25:00,16:00,30\n"
        "2026-11-23,lina,8001,08:00\n"
        "2026-11-23,lina,9999,08:00,16:00,half\n"
    )
    lines, mistakes = parse(words, people={"lina": "lina"}, seats={"8001"})
    assert lines == []
    assert mistakes == [
        Mistake(2, Wrong.DAY, "2026-02-30"),
        Mistake(3, Wrong.TIME, "25:00"),
        Mistake(3, Wrong.PERSON, "nobody"),
        Mistake(4, Wrong.COLUMNS, "4"),
        Mistake(5, Wrong.SEAT, "9999"),
        Mistake(5, Wrong.MINUTES, "half"),
    ]


def test_a_file_without_its_header_is_refused_whole() -> None:
    assert parse("2026-11-23,lina,8001,08:00,16:00,30\n", people={}, seats={})[1][0].wrong is Wrong.HEADER
    assert parse("", people={}, seats={})[1][0].wrong is Wrong.HEADER


@given(st.text(max_size=200))
def test_no_file_breaks_the_reader(words: str) -> None:
    lines, mistakes = parse("day,person,seat,begins,ends,break_minutes\n" + words, people={}, seats={"8001"})
    assert all(line.plan.person == "" for line in lines)
    assert all(mistake.line >= 1 for mistake in mistakes)
