"""What Whisper makes up in silence is left out; what a caller says is kept, even where it sounds like it."""

from __future__ import annotations

import pytest

from transcribe.guards import is_invented


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
def test_subtitle_credits_in_silence_are_left_out(text: str) -> None:
    assert is_invented(text, no_speech=0.5, logprob=-0.7, compression=0.9)


@pytest.mark.parametrize(
    "text",
    ["我看电影的时候字幕加载不出来，宽带太慢了。", "谢谢您的收听，没有别的问题了。", "我要投诉你们的宽带。"],
)
def test_what_was_clearly_heard_is_kept(text: str) -> None:
    assert not is_invented(text, no_speech=0.02, logprob=-0.2, compression=0.9)


def test_unlikely_words_over_likely_silence_are_left_out() -> None:
    assert is_invented("我设计", no_speech=0.55, logprob=-1.1, compression=1.3)
    assert not is_invented("我设计", no_speech=0.05, logprob=-1.1, compression=1.3)


def test_a_loop_is_left_out_and_a_number_with_repeats_is_kept() -> None:
    assert is_invented("好的好的好的好的好的好的好的好的好的好的", 0.1, -0.3, 1.0)
    assert not is_invented("8888888888888888", 0.1, -0.3, 2.0)
    assert not is_invented("喂喂喂喂喂", 0.1, -0.3, 1.0)


def test_nothing_said_is_nothing() -> None:
    assert is_invented(" 。…", 0.0, 0.0, 0.5)
