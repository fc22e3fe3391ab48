"""Spoken card numbers and passwords: found however they are said, and nothing else taken for one."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcribe.look_through import numbers_of, silenced
from transcribe.masking import HIDDEN, Veil, masked_text
from transcribe.sensitive import SensitiveKind, find_sensitive, luhn, secrets_in
from transcribe.turns import Transcription, Turn, Word

NUMERALS = "零一二三四五六七八九"
ID = "44010619900307883X"
CARD = "6222020200012345678"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def said(*lines: str) -> tuple[Turn, ...]:
    """`c:…` is the caller's, `s:…` the seat's; a sentence every three seconds and a half."""
    speakers = {"c": "caller", "s": "seat"}
    return tuple(Turn(speakers[line[0]], 3.5 * at, 3.5 * at + 3, line[2:]) for at, line in enumerate(lines))


def covered(*lines: str) -> list[str]:
    turns = said(*lines)
    return [turn.text for turn in Veil.over(turns, find_sensitive(turns)).masked_turns()]


@pytest.mark.parametrize(
    "lines",
    [
        ("s:请问您的身份证号是多少", "c:四四零一零六，", "s:嗯", "c:一九九零零三零七", "s:好的", "c:八八三叉"),
        ("s:身份证号？", "c:嗯，四四零一零六，不对，四四零一零五，呃，一九九零", "c:零三零七八八三X"),
        ("c:我的身份证四四零一零六七五零三零七八八三",),
        ("c:" + ID,),
        ("c:卡号是六二二二零二零二零零零一二三四五六七八",),
        ("c:六二二二", "s:六二二二", "c:零二零二", "s:零二零二", "c:零零零幺", "s:零零零幺", "c:二三四五", "s:好的"),
        ("s:麻烦报一下银行卡后四位", "c:五六七八"),
        ("s:麻烦报一下银行卡后四位", "c:要三吧我"),
        ("c:我卡里", "c:６２２２ ０２０２ ０００１ ２３４５ ６７８"),
        ("s:请说一下短信验证码", "c:呃，三八二九一六"),
        ("c:验证码发到我手机上了，是四八三六",),
        ("s:请问您的服务密码", "c:六个八"),
        ("c:密码是abc123",),
        ("c:蜜码是洞拐洞拐",),
        ("c:九五二七三八是我的密码",),
        ("s:卡背面的三位数是多少", "c:四二七"),
        ("s:短信上有六个数字，念给我听", "c:七三八二九四"),
        ("s:密码是多少", "c:嗯，一二三四五"),
        ("s:密码是什么", "c:名字的拼音zhangsan加一二三"),
        ("c:卡號⑥②②②⓪②⓪②⓪⓪⓪①②③④⑤⑥⑦⑧",),
        ("c:卡號陸貳貳貳零貳零貳零零零壹貳叁肆伍陸柒捌",),
        ("c:就是尾号五六七八的工行卡",),
        ("s:护照号码多少", "c:E二三四五六七八九"),
        ("s:身份证号？", "c:四四零一零六，一九九零年三月七号的，八八三叉"),
        ("c:前面是六二二二零二，中间是零二零零零一，后面是二三四五六七八",),
        ("c:钱退到六二二二零二零二零零零一，我再看看啊字好小",),
        ("c:卡号六二二五点八八零一点二三四五点六七八九",),
        ("c:燕政码是四八三六二七",),
        ("s:验真码说一下", "c:四八三六二七"),
        ("c:我的卡耗六二二五八八",),
        ("s:请报一下升份正", "c:四四零一零六"),
        ("s:短信里的数字念一下", "c:八三六一二四"),
        ("s:您刚收到的六位数", "c:四八三六二七"),
        ("c:收到一条短信说是四八三六二七，让我别告诉别人",),
        ("c:我的SIM卡PIN是一二三四",),
        ("c:PUK码一二三四五六七八",),
        ("s:卡片背面签名栏的三个数字", "c:四二七"),
        ("s:身份证后四位", "c:八八三艾克斯"),
    ],
)
def test_a_number_is_covered_however_it_is_said(lines: tuple[str, ...]) -> None:
    text = "".join(covered(*lines))
    digits = [each for each in text if each.isdigit() or each in NUMERALS + "幺叉拐洞"]
    assert HIDDEN in text
    assert len(digits) <= 2, text  # 一下, 四位


@pytest.mark.parametrize(
    "lines",
    [
        ("c:卡号six two two five eight eight zero one two three four five six seven eight",),
        ("s:Your card number please", "c:Six two two five, double eight zero one", "c:two three four five"),
        ("s:verification code", "c:eight three six, one two four"),
    ],
)
def test_digits_said_in_english_are_covered(lines: tuple[str, ...]) -> None:
    text = "".join(covered(*lines)).lower()
    assert HIDDEN in text
    assert not [word for word in ("two", "five", "double", "three", "one") if word in text]


@pytest.mark.parametrize(
    "line",
    [
        "c:我的联系电话是幺三八幺二三四五六七八",
        "c:号码13812345678，另外一个13987654321",
        "c:010 8888 6666，宽带账号是02088886666",
        "s:本月消费128元，工号8001为您服务，您的投诉单号是2026112200012345",
        "c:2026年11月20号交了三千五百块钱，打了四次一零零八六",
        "s:订单号TS20261122-00012345，48小时内答复",
        "c:我忘记密码了，密码输错三次，联系我138 1234 5678",
        "s:请您在电话上输入密码，不要告诉我，六位数",
        "c:密码上个月二十号改过，扣了我一百二十八块",
        "s:改密码您拨打10086，或者打12315",
        "c:座机62251234，前面加区号010",
        "c:I have one phone and two lines, call me at one three eight one two three four five six seven eight",
        "c:短信说我用了五百兆，还发来一个链接，三点四十五分收到的",
        "c:办的身份证要年底到期，套餐是去年三月份办的",
    ],
)
def test_what_anybody_may_know_stays(line: str) -> None:
    assert covered(line) == [line[2:]]


def test_what_the_seat_reads_back_is_covered_and_its_own_numbers_are_not() -> None:
    caller, seat = covered(
        "c:卡号六二二二零二零二零零零一二三四五六七八",
        "s:尾号5678，三天内退给您，电话13912345678，工单号是20261122000123",
    )
    assert seat == "尾号＊＊＊＊，三天内退给您，电话13912345678，工单号是20261122000123"
    assert NUMERALS[6] not in caller


def test_the_kinds_are_told_apart() -> None:
    turns = said("s:身份证号？", "c:" + ID, "s:卡号？", "c:" + CARD, "s:验证码？", "c:四八三六")
    kinds = [secret.kind for secret in secrets_in(turns)]
    assert kinds == [SensitiveKind.ID_CARD, SensitiveKind.BANK_CARD, SensitiveKind.PASSWORD]


def test_a_call_as_a_recogniser_wrote_it_down_is_covered_and_its_other_numbers_stay() -> None:
    heard = covered(
        "s:您好八零零一号为您服务，请问有什么可以帮您。",
        "c:宽带多口了三十块钱，请把钱退到我的银行卡礼。",
        "s:好得请报一下您的银行卡号。",
        "c:6122-0236-0201-5879-346。",
        "s:我重复一电，6二零二三六零二零一五八七九三四六对马。",
        "s:为了何时身份，请再说一下身份正号码。",
        "c:NZ40-106-1990-307-883-1。",
        "s:好得请留一个联系电话，",
        "c:腰声8-00-13-8576。",
        "s:请说一下刚才收到的短信验证码。",
        "c:7-3829-4。",
        "s:好的卡尾号九三四六三十元会在四十八小时内退晚。",
    )
    for line in (3, 4, 6, 10):
        assert not [each for each in heard[line].removeprefix("我重复一电") if each.isdigit() or each in NUMERALS]
    assert heard[8] == "腰声8-00-13-8576。"
    assert heard[0].startswith("您好八零零一号")
    assert heard[11] == "好的卡尾号＊＊＊＊三十元会在四十八小时内退晚。"


def a_card(seed: int, length: int) -> str:
    body = "62" + "".join(random.Random(seed).choices("0123456789", k=length - 3))
    return next(body + last for last in "0123456789" if luhn(body + last))


def an_id(seed: int) -> str:
    picked = random.Random(seed)
    day = f"{picked.randint(1950, 2007)}{picked.randint(1, 12):02}{picked.randint(1, 28):02}"
    body = f"{picked.choice(['110101', '440106', '510104'])}{day}{picked.randint(0, 999):03}"
    return body + "10X98765432"[sum(int(each) * by for each, by in zip(body, _WEIGHTS, strict=True)) % 11]


def spoken(digits: str, how: int) -> str:
    if how == 0:
        return digits
    words = {str(at): each for at, each in enumerate(NUMERALS)} | {"X": "叉"}
    words |= {"1": "幺", "7": "拐"} if how == 2 else {}
    return "".join(words[each] for each in digits)


@settings(max_examples=120)
@given(
    st.integers(0, 10_000),
    st.sampled_from(["id", 16, 17, 19]),
    st.lists(st.integers(2, 8), min_size=1, max_size=8),
    st.integers(0, 2),
    st.lists(st.sampled_from(["，", " ", "嗯，", "呃", "。", ""]), min_size=8, max_size=8),
    st.booleans(),
)
def test_no_group_of_a_card_number_is_left_however_it_is_cut(  # noqa: PLR0917 - hypothesis draws them
    seed: int, what: Any, groups: list[int], how: int, between: list[str], over_turns: bool
) -> None:
    number = an_id(seed) if what == "id" else a_card(seed, what)
    parts, at = [], 0
    for size in groups:
        parts.append(number[at : at + size])
        at += size
    parts = [part for part in [*parts, number[at:]] if part]
    texts = [spoken(part, how) + gap for part, gap in zip(parts, [*between, *between], strict=False)]
    lines = [f"c:{text}" for text in texts] if over_turns else ["c:" + "".join(texts)]
    shown = "".join(covered("s:请报一下您的证件号码" if what == "id" else "s:请报一下卡号", *lines)[1:])
    assert not [each for each in shown if each.isdigit() or each in NUMERALS + "幺拐叉X"], shown


@settings(max_examples=80)
@given(
    st.text(st.sampled_from("我的卡号密码身份证是一二三四五六七八九0123456789，。 abX元年"), max_size=80),
    st.text(max_size=40),
)
def test_masking_keeps_every_length_and_nothing_else_changes(one: str, other: str) -> None:
    words = tuple(Word(at * 0.1, at * 0.1 + 0.1, each) for at, each in enumerate(one))
    turns = (Turn("caller", 0, 8, one, words), Turn("seat", 8, 9, other))
    spans = find_sensitive(turns)
    assert list(spans) == sorted(spans, key=lambda span: (span.turn, span.first))
    masked = Veil.over(turns, spans).masked_turns()
    for before, after in zip(turns, masked, strict=True):
        assert len(before.text) == len(after.text)
        assert all(new in (old, HIDDEN) for old, new in zip(before.text, after.text, strict=True))
    assert "".join(word.text for word in masked[0].words) == masked[0].text


def test_a_draft_repeats_no_covered_digit() -> None:
    turns = said("s:身份证号？", "c:四四零一零六一九九零零三零七八八三X", "c:电话13912345678")
    veil = Veil.over(turns, find_sensitive(turns))
    one = {"start": 3.5, "end": 6.5, "text": "四四零一零六", "turn": 1, "first": 0, "last": 6}
    fields = veil.fields(
        {
            "summary": f"客户身份证{ID}，电话13912345678", "phone": "440106199", "amount": "30",
            "evidence": {"phone": [one]}, "urgent": True,
            "alternatives": {"phone": [{"value": "13912345678", "confidence": 0.4, "evidence": [one]}]},
        }
    )  # fmt: skip
    assert fields["summary"] == f"客户身份证{HIDDEN * 18}，电话13912345678"
    assert (fields["phone"], fields["amount"], fields["urgent"]) == (None, "30", True)
    assert fields["evidence"]["phone"][0]["text"] == HIDDEN * 6
    assert fields["alternatives"]["phone"][0]["value"] == "13912345678"


def test_a_typed_note_is_covered_by_its_shape() -> None:
    assert masked_text(f"他的卡 {CARD} 要退") == f"他的卡 {HIDDEN * 19} 要退"
    assert masked_text("回电13912345678") == "回电13912345678"


def test_a_number_is_indexed_as_it_was_meant_and_a_password_never() -> None:
    turns = said("s:卡号？", "c:六二二二零二，不对，六二二二零二零二零零零一二三四五六七八", "s:密码？", "c:738291")
    card, password = secrets_in(turns)
    assert list(numbers_of(password)) == []
    whole = secrets_in(said("c:卡号" + CARD))[0]
    assert CARD in numbers_of(whole)
    assert card.digits.endswith(CARD)


def test_the_silence_covers_the_whole_answer_and_what_nobody_recognised() -> None:
    turns = said("s:卡号？", "c:" + CARD + "。")
    heard = Transcription(20.0, turns, unheard=((12.0, 13.0),))
    spans = silenced(heard, 30.0)
    assert spans[0][0] <= 3.2
    assert spans[0][1] >= 6.8
    assert spans[1:] == [(12.0, 13.0), (20.0, 30.0)]
