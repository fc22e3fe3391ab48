"""Moments the caller names, as calendar days told from the day of the call."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcribe.draft import CallContext, extract
from transcribe.draft.days import tell_days
from transcribe.draft.moments import moments_in
from transcribe.draft.normalise import normalise
from transcribe.turns import Turn

WEDNESDAY = date(2026, 11, 18)
DATES = st.dates(date(2005, 1, 1), date(2039, 12, 31))
NUMERALS = "零一二三四五六七八九十"


def spoken(number: int) -> str:
    tens, ones = divmod(number, 10)
    return ("十" if tens == 1 else NUMERALS[tens] + "十" if tens else "") + (NUMERALS[ones] if ones or not tens else "")


def days(text: str, today: date = WEDNESDAY) -> list[tuple[str, str]]:
    """The first reading of every moment in `text`, as first and last day."""
    (line,) = normalise([Turn("caller", 0, 5, text)])
    told = [tell_days(each, line, line.text[each.start : each.end], today) for each in moments_in(0, line.text)]
    return [(each.spans[0][0].isoformat(), each.spans[0][1].isoformat()) for each in told if each]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("上周五开始断的", "2026-11-13", "2026-11-13"),
        ("上上周就报修了", "2026-11-02", "2026-11-08"),
        ("上周末来过", "2026-11-14", "2026-11-15"),
        ("本月十五号办的", "2026-11-15", "2026-11-15"),
        ("大前天扣的", "2026-11-15", "2026-11-15"),
        ("昨天晚上八点断的", "2026-11-17", "2026-11-17"),
        ("上个月底到期的", "2026-10-21", "2026-10-31"),
        ("去年三月开的户", "2025-03-01", "2025-03-31"),
        ("国庆节那天没信号", "2026-10-01", "2026-10-01"),
        ("国庆期间没信号", "2026-10-01", "2026-10-07"),
        ("中秋节装的", "2026-09-25", "2026-09-25"),
        ("大年初三停的机", "2026-02-19", "2026-02-19"),
        ("三号到五号一直断", "2026-11-03", "2026-11-05"),
        ("三到五号一直断", "2026-11-03", "2026-11-05"),
        ("从上周五到今天都没网", "2026-11-13", "2026-11-18"),
        ("去年十月到今年三月都扣了", "2025-10-01", "2026-03-31"),
        ("半个月前报修的", "2026-11-03", "2026-11-03"),
        ("这两天老断", "2026-11-17", "2026-11-18"),
        ("两三天前报的", "2026-11-15", "2026-11-16"),
        ("2026年11月3日交的", "2026-11-03", "2026-11-03"),
        ("十二月二十号扣的", "2025-12-20", "2025-12-20"),
        ("十二月二十号要来装", "2026-12-20", "2026-12-20"),
        ("二十五号要来装", "2026-11-25", "2026-11-25"),
        ("二十五号办的", "2026-10-25", "2026-10-25"),
        ("二月二十九号办的", "2024-02-29", "2024-02-29"),
    ],
)
def test_moment_means_its_days(text: str, first: str, last: str) -> None:
    assert days(text) == [(first, last)]


@pytest.mark.parametrize(
    ("text", "today", "first"),
    [
        ("十五号扣的", date(2026, 11, 10), "2026-10-15"),
        ("三十一号扣的", date(2026, 3, 5), "2026-01-31"),
        ("昨天扣的", date(2026, 1, 1), "2025-12-31"),
        ("上个月三十一号办的", date(2026, 12, 10), None),
        ("前天办的", date(2028, 3, 1), "2028-02-28"),
        ("上周日来的", date(2026, 11, 16), "2026-11-15"),
        ("周三来的", date(2026, 11, 18), "2026-11-18"),
        ("除夕那天断的", date(2026, 3, 1), "2026-02-16"),
    ],
)
def test_borders_of_months_years_and_weeks(text: str, today: date, first: str | None) -> None:
    assert [each[0] for each in days(text, today)] == ([first] if first else [])


def test_day_agreed_on_comes_after_the_day_of_the_agreement() -> None:
    assert days("我上周三约的装宽带，说好礼拜六上午来，结果白等了一天") == [
        ("2026-11-11", "2026-11-11"),
        ("2026-11-14", "2026-11-14"),
    ]


@pytest.mark.parametrize(
    "text",
    ["工号十五号", "五一路八十八号", "一百二十八号文件", "每个月五号扣费", "一月五块钱", "等了三十天", "三号窗口"],
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert days(text) == []


def test_both_readings_of_an_open_day_are_told() -> None:
    called = CallContext("", datetime(2026, 11, 18, 9, tzinfo=ZoneInfo("Asia/Shanghai")))
    draft = extract([Turn("caller", 0, 5, "宽带断了，二十号的时候。")], called)
    assert [each.first for each in draft.days] == ["2026-10-20"]
    assert [each.value for each in draft.alternatives["days"]] == ["二十号的时候: 2026-11-20/2026-11-20"]


def test_without_the_calls_date_no_day_is_told() -> None:
    draft = extract([Turn("caller", 0, 5, "上周五宽带就断了。")])
    assert draft.dates == ("上周五",)
    assert draft.days == ()


@given(DATES, st.integers(1, 12), st.integers(1, 31))
@settings(max_examples=150, deadline=None)
def test_month_and_day_of_a_complaint_are_the_latest_up_to_the_call(today: date, month: int, day: int) -> None:
    found = days(f"{spoken(month)}月{spoken(day)}号扣的", today)
    if day > monthrange(2024, month)[1]:
        assert found == []
        return
    ((first, last),) = found
    told = date.fromisoformat(first)
    assert first == last
    assert (told.month, told.day) == (month, day)
    assert told <= today
    later = [
        date(year, month, day) for year in range(told.year + 1, today.year + 1) if day <= monthrange(year, month)[1]
    ]
    assert all(each > today for each in later)


@given(DATES, st.integers(0, 6), st.sampled_from(["上上", "上", "这", "下"]))
@settings(max_examples=100, deadline=None)
def test_weeks_begin_on_monday(today: date, weekday: int, which: str) -> None:
    ((first, _),) = days(f"{which}周{'一二三四五六日'[weekday]}", today)
    monday = today - timedelta(today.weekday())
    weeks = {"上上": -2, "上": -1, "这": 0, "下": 1}[which]
    assert date.fromisoformat(first) == monday + timedelta(weeks=weeks, days=weekday)


PIECES = st.sampled_from(
    [
        "上周五", "上个月", "十五号", "到", "三号", "去年", "国庆", "那天", "前天", "半个月前", "年底", "一月", "31号",
        "二月", "九百年前", "2026-13-45", "每月", "的", "要", "了", "下下周日", "大年初八", "期间", "最近九十天",
        "零号",
    ]
)  # fmt: skip


@given(DATES, st.lists(PIECES, min_size=1, max_size=8).map("".join))
@settings(max_examples=200, deadline=None)
def test_any_wording_gives_days_that_are(today: date, text: str) -> None:
    for first, last in days(text, today):
        assert date.fromisoformat(first) <= date.fromisoformat(last)
