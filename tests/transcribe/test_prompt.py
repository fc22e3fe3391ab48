"""What Whisper is told: the weightiest words that fit, and never more than it takes."""

from __future__ import annotations

from transcribe.prompt import DOMAIN_WORDS, MANNER, MOST_TOKENS, prompt_of


def count(text: str) -> int:
    return 2 * len(text)


def test_without_words_it_is_the_manner_and_the_business() -> None:
    prompt, listed = prompt_of((), count)
    assert prompt.startswith(MANNER)
    assert listed == DOMAIN_WORDS


def test_the_weightiest_words_are_taken_and_stand_nearest_to_the_sound() -> None:
    prompt, listed = prompt_of(("天翼", "翼支付", "小灵通"), count)
    assert prompt.endswith("小灵通、翼支付、天翼。")
    assert listed[-1] == "天翼"


def test_it_stays_within_its_tokens_and_drops_the_lightest() -> None:
    words = [f"产品{number}号" for number in range(400)]
    prompt, listed = prompt_of(words, count)
    assert count(prompt) <= MOST_TOKENS
    assert listed[-1] == "产品0号"
    assert "产品399号" not in listed


def test_words_twice_empty_or_as_long_as_a_sentence_are_left_out() -> None:
    _, listed = prompt_of(("宽带", " ", "天翼", "天翼", "这是一个很长很长很长很长很长很长的句子"), count)
    assert listed == (*DOMAIN_WORDS, "天翼")
