"""Misheard words of the lexicon are suggested, everyday words are left alone."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.draft.lexicon import lexicon
from transcribe.lexicon.repair import Suggestion, suggest
from transcribe.lexicon.words import LexiconWord, WordKind, read_pinyin, starter_words
from transcribe.turns import Turn

WORDS = starter_words()


def heard(text: str, words: tuple[LexiconWord, ...] = WORDS) -> list[tuple[str, str]]:
    found = suggest([Turn("caller", 0.0, 5.0, text)], words)
    assert all(text[each.first : each.last] == each.heard for each in found)
    return [(each.heard, each.meant) for each in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你们的财灵业务又扣钱", ("财灵", "彩铃")),
        ("一支付里的钱不见了", ("一支付", "翼支付")),
        ("帮我查一下生讯费", ("生讯", "声讯")),
        ("机顶合坏了", ("机顶合", "机顶盒")),
        ("广猫不亮了", ("广猫", "光猫")),
        ("我家宽 待断了", ("宽 待", "宽带")),
    ],
)
def test_a_misheard_word_is_suggested_with_what_was_heard(text: str, expected: tuple[str, str]) -> None:
    assert heard(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "彩铃费扣了我三十块", "还有以及其他的", "我们要过户", "可以及时处理吗", "我在这里已经等了很久", "他的态度不好",
        "宽带上面有问题", "请问您的地址在哪里", "一二三四五六七八", "", "好的，谢谢",
    ],
)  # fmt: skip
def test_everyday_words_and_words_as_written_are_left_alone(text: str) -> None:
    assert heard(text) == []


def test_near_sounds_count_and_other_sounds_do_not() -> None:
    words = (LexiconWord("南苑路", WordKind.STREET, ("nan", "yuan", "lu")),)
    assert heard("我住兰苑路", words) == [("兰苑路", "南苑路")]
    assert heard("我住北苑路", words) == []


def test_the_reading_that_was_typed_counts() -> None:
    typed = (LexiconWord("长乐坊", WordKind.STREET, ("zhang", "le", "fang")),)
    assert heard("我在章乐芳那里", typed) == [("章乐芳", "长乐坊")]
    assert heard("我在常乐芳那里", typed) == []


def test_of_two_words_that_sound_alike_the_weightier_is_suggested() -> None:
    light = LexiconWord("翼享卡", WordKind.PRODUCT, ("yi", "xiang", "ka"), 1.0)
    heavy = LexiconWord("易享卡", WordKind.PRODUCT, ("yi", "xiang", "ka"), 4.0)
    assert heard("我办的意想咖", (light, heavy))[0][1] == "易享卡"
    assert heard("我办的意想咖", (heavy, light))[0][1] == "易享卡"


@given(st.lists(st.sampled_from(sorted(lexicon().common)), max_size=12))
def test_a_row_of_everyday_words_keeps_every_one_that_is_a_word(words: list[str]) -> None:
    """Whatever is suggested there, it takes the place of no such word."""
    text = "，".join(words)
    assert [one for one in heard(text) if one[0] in lexicon().common] == []


@given(st.text("财灵彩铃宽待带机顶合盒，。一支付移以及 的了", max_size=40))
def test_suggestions_are_in_order_apart_and_inside_the_text(text: str) -> None:
    found = suggest([Turn("caller", 0.0, 5.0, text)], WORDS)
    assert all(0 <= each.first < each.last <= len(text) for each in found)
    assert all(one.last <= other.first for one, other in pairwise(found))
    assert all(Suggestion.from_json(each.to_json()).meant == each.meant for each in found)


def test_the_program_brings_words_with_one_syllable_for_each_character() -> None:
    assert WORDS
    for each in WORDS:
        assert len(each.pinyin) == len(each.word) >= 2
        assert read_pinyin(each.word) == each.pinyin, each.word
