"""Numbers as one writes them, beside words that stay as they were said."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.masking import HIDDEN
from transcribe.normal import kept_pieces, parts, pieces_of, pieces_of_turns, read_back, written
from transcribe.turns import Turn

NAMES = "零一二三四五六七八九"


def below_ten_thousand(number: int) -> str:
    """As it is said; 15 as 十五."""
    said, gap = "", False
    for size, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, size)
        if digit:
            said += ("零" if gap and said else "") + NAMES[digit] + unit
        gap = not digit
    return said.removeprefix("一") if said.startswith("一十") else said


def spoken(number: int) -> str:
    if number < 10_000:
        return below_ten_thousand(number) or "零"
    high, low = divmod(number, 10_000)
    return (
        below_ten_thousand(high)
        + "万"
        + ("零" if 0 < low < 1000 else "")
        + ((("一" if low < 20 and low >= 10 else "") + below_ten_thousand(low)) if low else "")
    )


def digit_by_digit(digits: str) -> str:
    return "".join(NAMES[int(each)] for each in digits)


@pytest.mark.parametrize(
    ("said", "as_written"),
    [
        ("我的电话是一三九零零一二三四五六", "我的电话是139 0012 3456"),
        ("一三九，零零一二，三四五六。", "139 0012 3456。"),
        ("零二零八八八八六六六六", "020-88886666"),
        ("三十五块五", "35.50元"),
        ("三十五块零五分", "35.05元"),
        ("两毛五", "0.25元"),
        ("长途三毛一分钟", "长途0.30元一分钟"),
        ("一百多块钱", "100多元"),
        ("三月十五号", "3月15日"),
        ("二零二六年三月十五日", "2026年3月15日"),
        ("本月十五号", "本月15日"),
        ("百分之五", "5%"),
        ("百分之零点五", "0.5%"),
        ("三百兆", "300M"),
        ("十个G", "10G"),
        ("一点半", "1:30"),
        ("下午三点二十", "下午3:20"),
        ("一点五", "1.5"),
        ("两百五", "250"),
        ("一百一", "110"),
        ("三万二", "32000"),
        ("一千零五", "1005"),
        ("幺洞拐", "107"),
        ("建设路十八号三栋二单元五零一", "建设路18号3栋2单元501"),
        ("订单号T S二零二六一一二一零零零一", "订单号TS20261121-0001"),
        ("卡号六二二二零二零零零零零零一二三四", "卡号6222 0200 0000 1234"),
        ("四十八小时内", "48小时内"),
        ("十分钟", "10分钟"),
    ],
)  # fmt: skip
def test_a_number_is_written_as_one_writes_it(said: str, as_written: str) -> None:
    assert written(said) == as_written


@pytest.mark.parametrize(
    "said",
    [
        "九五折", "我等一下", "一起来", "万一不行", "三方通话", "四川", "十分满意", "五五开", "千万别", "上百块",
        "三四百块钱", "等了两三天", "十几块", "一块来吧", "快一点", "这一点不好", "一点一点来", "第三次", "一个月",
        "七七八八", "二六九一十八", "十一假期", "十万火急", "三四五天", "五分钟", "10G",
        "138 0012 3456", "2026年11月", "",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_number_stays(said: str) -> None:
    assert written(said) == said


@given(st.integers(10, 99_999_999))
def test_a_written_number_reads_back_as_the_number_that_was_said(number: int) -> None:
    pieces = pieces_of(f"一共{spoken(number)}次")
    assert [read_back(piece) for piece in pieces] == [Decimal(number)]


@given(st.integers(1, 9999), st.integers(0, 99))
def test_written_money_reads_back_as_the_sum_that_was_said(yuan: int, fen: int) -> None:
    jiao, rest = divmod(fen, 10)
    tail = (f"{NAMES[jiao]}毛" if jiao else "零" if rest else "") + (f"{NAMES[rest]}分" if rest else "")
    pieces = pieces_of(f"扣了我{spoken(yuan)}块{tail}钱")
    assert [read_back(piece) for piece in pieces] == [Decimal(yuan) + Decimal(fen) / 100]


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["", "，", "、", " "]))
def test_a_telephone_number_is_read_whole_whatever_the_pauses(digits: str, pause: str) -> None:
    groups = pause.join(digit_by_digit(group) for group in (digits[:3], digits[3:7], digits[7:]))
    (piece,) = pieces_of(f"电话是{groups}。")
    assert read_back(piece) == digits


@given(st.integers(1, 12), st.integers(1, 31))
def test_a_date_reads_back_as_its_month_and_day(month: int, day: int) -> None:
    (piece,) = pieces_of(f"{spoken(month)}月{spoken(day)}号办的")
    assert read_back(piece) == (month, day)


@given(
    st.text(
        "零〇一二两三四五六七八九十百千万幺点块元毛分月号日年半刻兆G个几多第，。0123456789折下起百分之我的", max_size=60
    )
)
def test_the_map_goes_forward_covers_the_text_and_leads_back(text: str) -> None:
    pieces = pieces_of(text)
    told = parts(text, pieces)
    assert "".join(part.said for part in told) == text
    assert [part.first for part in told] == [0, *(part.last for part in told[:-1])][: len(told)]
    assert all(text[part.first : part.last] == part.said for part in told)
    assert "".join(part.text for part in told) == written(text)
    assert all(piece.first < piece.last for piece in pieces)


@given(st.text(max_size=80))
def test_any_text_is_taken(text: str) -> None:
    assert "".join(part.said for part in parts(text, pieces_of(text))) == text


def test_a_long_row_of_numerals_takes_no_longer_than_any_text() -> None:
    assert len(pieces_of("一二三十百千万点" * 3_000)) < 10_000


def test_a_piece_over_covered_digits_is_kept_back() -> None:
    text = "卡号六二二二零二零零零零零零一二三四，一共三十块钱"
    turn = Turn("caller", 0.0, 5.0, text)
    covered = Turn("caller", 0.0, 5.0, text[:2] + HIDDEN * 16 + text[18:])
    kept = kept_pieces(pieces_of_turns([turn]), [covered])
    assert [piece.text for piece in kept] == ["30元"]
    assert written(covered.text, kept) == f"卡号{HIDDEN * 16}，一共30元"
