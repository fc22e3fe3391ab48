"""Words become turns: cut at pauses, in order, with the seconds of every part of their text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from transcribe.turns import LONG, PAUSE, Turn, Word, assemble, in_order


def said(text: str, start: float, step: float = 0.2) -> list[Word]:
    return [Word(start + index * step, start + (index + 1) * step, letter) for index, letter in enumerate(text)]


def test_a_pause_ends_a_turn() -> None:
    turns = assemble("caller", said("我要投诉。", 1.0) + said("宽带断了。", 2.01 + PAUSE))
    assert [turn.text for turn in turns] == ["我要投诉。", "宽带断了。"]
    assert (turns[0].start, round(turns[0].end, 6)) == (1.0, 2.0)


def test_a_breath_inside_a_number_does_not() -> None:
    turns = assemble("caller", said("一三八零零", 1.0) + said("一二三四五六", 2.0 + PAUSE - 0.2))
    assert [turn.text for turn in turns] == ["一三八零零一二三四五六"]


def test_a_long_turn_ends_with_a_sentence() -> None:
    long = "话" * int(LONG / 0.2) + "。"
    turns = assemble("caller", said(long + "后来又断了", 0.0))
    assert [turn.text for turn in turns] == [long, "后来又断了"]


def test_nothing_but_punctuation_is_no_turn() -> None:
    assert assemble("seat", [Word(0.0, 0.1, "。"), Word(0.1, 0.2, " ，")]) == []


def test_turns_of_both_sides_are_in_order_of_start() -> None:
    left, right = Turn("caller", 3.0, 4.0, "好"), Turn("seat", 1.0, 5.0, "您好")
    assert in_order([left, right]) == (right, left)


def test_part_of_a_text_has_the_seconds_of_its_words() -> None:
    (turn,) = assemble("caller", said("我的电话是一二三", 10.0))
    start, end = turn.seconds_of(5, 8)
    assert (round(start, 6), round(end, 6)) == (11.0, 11.6)


def test_a_space_before_the_first_word_does_not_shift_seconds() -> None:
    (turn,) = assemble("caller", [Word(0.0, 0.5, " ok"), Word(0.5, 1.0, "好")])
    assert turn.text == "ok好"
    assert turn.seconds_of(2, 3) == (0.5, 1.0)


@given(st.text("我要投诉宽带，。12", min_size=1, max_size=40), st.floats(0.0, 1e5))
def test_a_turn_read_back_says_the_same(text: str, start: float) -> None:
    for turn in assemble("caller", said(text, start)):
        back = Turn.from_json(turn.to_json())
        assert back.text == turn.text
        first, last = back.seconds_of(0, len(back.text))
        assert abs(first - turn.start) < 0.02
        assert abs(last - turn.end) < 0.02


def test_a_turn_has_some_length_even_where_its_only_word_has_none() -> None:
    (turn,) = assemble("caller", [Word(3.0, 3.0, "喂")])
    assert turn.end > turn.start
