"""What Whisper makes up in silence is left out; what a caller says is kept, even where it sounds like it."""

from __future__ import annotations

import pytest

from transcribe.guards import is_silence, without_inventions
from transcribe.turns import Word


def heard(text: str, confidence: float) -> list[Word]:
    return [Word(index * 0.2, index * 0.2 + 0.2, letter, confidence) for index, letter in enumerate(text)]


def kept(text: str, confidence: float, no_speech: float = 0.0) -> str:
    return "".join(word.text for word in without_inventions(heard(text, confidence), no_speech))


@pytest.mark.parametrize(
    "text",
    [
        "字幕由Amara.org社区提供",
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
        "請不吝點贊 訂閱 轉發",
        "谢谢大家收看",
        "作曲 李宗盛",
        "优优独播剧场——YoYo Television Series Exclusive",
    ],
)
def test_subtitle_credits_that_it_is_unsure_of_are_left_out(text: str) -> None:
    assert kept(text, 0.5) == ""
    assert kept(text, 0.9, no_speech=0.5) == ""


@pytest.mark.parametrize(
    "text",
    ["我看电影的时候字幕加载不出来，宽带太慢了。", "谢谢您的收听，没有别的问题了。", "我要投诉你们的宽带。"],
)
def test_what_was_clearly_heard_is_kept(text: str) -> None:
    assert kept(text, 0.9, no_speech=0.02) == text


def test_a_credit_after_a_sentence_takes_only_itself_along() -> None:
    words = heard("我要退费。", 0.9) + heard("请不吝点赞订阅", 0.4)
    assert "".join(word.text for word in without_inventions(words)) == "我要退费。"


def test_unlikely_words_over_likely_silence_are_silence() -> None:
    assert is_silence(no_speech=0.55, logprob=-1.1)
    assert not is_silence(no_speech=0.05, logprob=-1.1)
    assert not is_silence(no_speech=0.9, logprob=-0.3)


def test_a_loop_is_left_out_and_a_number_with_repeats_is_kept() -> None:
    assert kept("好的" * 12, 0.8) == ""
    assert kept("8888888888888888", 0.8) == "8888888888888888"
    assert kept("喂喂喂喂喂，你好", 0.8) == "喂喂喂喂喂，你好"


def test_a_short_loop_is_left_out_where_the_recogniser_is_unsure_or_the_window_likely_silent() -> None:
    assert without_inventions(heard("轻轻轻轻轻轻轻。", 0.7), no_speech=0.8) == []
    assert without_inventions(heard("轻轻轻轻轻轻轻。", 0.3)) == []
    assert without_inventions(heard("喂喂喂喂喂。", 0.8), no_speech=0.1) != []


def test_punctuation_alone_is_nothing() -> None:
    assert kept(" 。…", 0.9) == ""


def test_the_word_list_of_the_prompt_is_no_speech_but_its_single_words_are() -> None:
    words = ("宽带", "彩铃", "声讯", "移机", "工号", "固话", "天翼高清")
    assert without_inventions(heard("彩铃、声讯、移机。", 0.9), echo=words) == []
    for said in ("宽带。", "我要移机。", "彩铃、宽带都没开过。", "天翼高清。"):
        assert "".join(word.text for word in without_inventions(heard(said, 0.9), echo=words)) == said
    assert without_inventions(heard("天翼高清。", 0.9), no_speech=0.5, echo=words) == []
    assert without_inventions(heard("固话、天翼高清。", 0.9), echo=words) == []


def test_a_sentence_said_round_and_round_is_kept_once_and_a_number_whole() -> None:
    greeting = "您好，请问有什么可以帮您？"
    assert kept("我要退费。" + greeting * 6, 0.95) == "我要退费。" + greeting
    assert kept(greeting * 2, 0.95) == greeting * 2
    number = "我的电话卡打不通，卡号是" + "八" * 16
    assert kept(number, 0.95) == number


def test_what_is_only_guessed_is_left_out() -> None:
    assert kept("合。", 0.15) == ""
    words = heard("我要退费。", 0.9) + heard("录。", 0.1)
    assert "".join(word.text for word in without_inventions(words)) == "我要退费。"
    assert kept("您好，请讲。", 0.4) == "您好，请讲。"
