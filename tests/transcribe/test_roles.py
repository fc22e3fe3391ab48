"""On one channel the one who talks like a seat is the seat; where that is not plain the speakers keep their numbers."""

from __future__ import annotations

from transcribe.roles import named
from transcribe.turns import Turn


def call(*said: tuple[int, str]) -> list[Turn]:
    return [Turn(f"speaker{who}", 5.0 * at, 5.0 * at + 4, text) for at, (who, text) in enumerate(said)]


def test_who_greets_and_asks_for_the_number_is_the_seat() -> None:
    turns, sure = named(
        call(
            (1, "您好，很高兴为您服务，请问有什么可以帮您？"),
            (2, "你好，我要投诉，我家的宽带断网三天了。"),
            (1, "请问您的联系电话是多少？"),
            (2, "一三八零零一二三四五六。"),
        )
    )
    assert [turn.speaker for turn in turns] == ["seat", "caller", "seat", "caller"]
    assert sure > 0.7


def test_the_caller_may_speak_first() -> None:
    turns, _ = named(call((1, "喂，你们的宽带又断了，我要投诉。"), (2, "非常抱歉，请您留一个联系电话。"), (1, "好。")))
    assert [turn.speaker for turn in turns] == ["caller", "seat", "caller"]


def test_two_who_both_talk_like_callers_keep_their_numbers() -> None:
    turns, sure = named(call((1, "我家的宽带断了。"), (2, "我的电话也不通。"), (1, "你们什么时候来？")))
    assert {turn.speaker for turn in turns} == {"speaker1", "speaker2"}
    assert sure == 0.0


def test_a_third_voice_keeps_its_number() -> None:
    turns, _ = named(
        call(
            (1, "您好，很高兴为您服务，请问有什么可以帮您？"),
            (2, "我要投诉，我的手机被乱扣费，每个月都扣。"),
            (3, "妈妈。"),
            (1, "请您留一个联系电话。"),
        )
    )
    assert [turn.speaker for turn in turns] == ["seat", "caller", "speaker3", "seat"]


def test_one_voice_alone_stays_numbered() -> None:
    assert named(call((1, "您好，请问有什么可以帮您？")))[0][0].speaker == "speaker1"
