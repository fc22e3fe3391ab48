"""What a draft must hold whatever was said, and what single rules promise."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcribe.draft import Business, Kind, Nature, extract
from transcribe.draft.result import DraftResult
from transcribe.turns import Turn

FIELDS = {
    "kind", "business", "nature", "phone", "amount", "urgent", "request", "summary", "evidence", "confidence",
    "dates", "place", "what_happened", "category", "report", "reported", "cause", "cause_detail", "tags", "outcome",
    "shop", "promised", "consent", "days", "key_account", "number_check", "alternatives", "sources",
}  # fmt: skip
PIECES = st.sampled_from(
    [
        "我要投诉", "彩铃", "财灵", "以及", "三十块五", "5元", "一三八一二三四五六七八", "13812345678", "0512", "不对",
        "号码是", "，", "。", "、", "？", "1,299", "两百多块", "么八五", "四个零", "上个月十五号", "幸福小区3号楼",
        "马上", "不急", "请问", "退给我", "建议", "ＱＱ币", "168", "零", "点", "几", "\u3000", "\n", "𠮷", "😀", "é",
        "功耗", "10000号", "乱扣費", "這", "．５", "①",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.lists(PIECES, max_size=30).map("".join), st.text(max_size=60))


@st.composite
def turns(draw: st.DrawFn) -> list[Turn]:
    speakers = draw(st.sampled_from([("caller", "seat"), ("speaker1", "speaker2"), ("speaker1",), ("seat",)]))
    marks = sorted(draw(st.lists(st.floats(0, 600), min_size=2, max_size=8)))
    return [Turn(draw(st.sampled_from(speakers)), start, end, draw(TEXTS)) for start, end in pairwise(marks)]


@given(turns())
@settings(max_examples=300, deadline=None)
def test_any_call_gives_a_whole_draft_whose_evidence_lies_in_its_turns(call: list[Turn]) -> None:
    draft = extract(call)
    told = json.loads(json.dumps(draft.to_json(), ensure_ascii=False))
    assert set(told) == FIELDS
    assert all(0 <= value <= 1 for value in draft.confidence.values())
    assert draft.phone is None or draft.phone.isdecimal()
    assert draft.amount is None or float(draft.amount) > 0
    assert draft.summary
    for found in draft.evidence.values():
        for each in found:
            assert each.text
            assert any(turn.start <= each.start <= each.end <= turn.end and each.text in turn.text for turn in call), (
                each
            )


@given(turns())
@settings(max_examples=50, deadline=None)
def test_same_call_gives_the_same_draft(call: list[Turn]) -> None:
    assert extract(call) == extract(list(call))


def test_empty_call_gives_an_empty_draft_of_low_confidence() -> None:
    draft = extract([])
    assert (draft.kind, draft.business) == (Kind.ENQUIRY, Business.OTHER)
    assert (draft.phone, draft.amount, draft.request, draft.nature, draft.urgent) == (None, None, None, None, False)
    assert max(value for name, value in draft.confidence.items() if name != "urgent") == 0


def said(*lines: str) -> DraftResult:
    """A draft of lines as `c: …` and `s: …`, five seconds each."""
    speakers = {"c": "caller", "s": "seat", "1": "speaker1", "2": "speaker2"}
    return extract([Turn(speakers[line[0]], 5.0 * at, 5.0 * at + 4, line[3:]) for at, line in enumerate(lines)])


@pytest.mark.parametrize(
    ("heard", "field", "value"),
    [
        ("我没有开通过财灵，你们扣我钱。", "business", Business.INFORMATION),
        ("固定电话上有一笔升讯费我没打过。", "business", Business.INFORMATION),
        ("我家宽带申请以及一个月了还没来人。", "nature", Nature.INSTALL_MOVE),
        ("我要投诉一个客服，功耗8023，对我爱答不理。", "nature", Nature.SERVICE_QUALITY),
        ("我家的固定电话10月20号申请了一机，还没有人来一机。", "nature", Nature.INSTALL_MOVE),
        ("我家的固定电话10月20号申请了一机，还没有人来一机。", "business", Business.FIXED_LINE),
        ("我家宽代坏了。", "business", Business.DATA),
        ("手机自费不对，多收了我的钱。", "nature", Nature.TARIFF),
        ("顾话打不出去。", "business", Business.FIXED_LINE),
        ("我要头诉你们的手机信号。", "kind", Kind.COMPLAINT),
        ("你们的光毛老是死机，换一个。", "business", Business.DATA),
        ("工用电话坏了。", "business", Business.PAYPHONE),
    ],
)
def test_misheard_term_loses_no_field(heard: str, field: str, value: object) -> None:
    assert getattr(said(f"c: {heard}"), field) is value


@pytest.mark.parametrize(
    "ordinary",
    [
        "这个问题可以及时解决以及以后怎么办。",
        "这台机器的功耗很低。",
        "我自费去旅游花费不少。",
        "请把它的型号告诉我，我在专家那里看过。",
        "他在音乐学院学习古典音乐。",
    ],
)
def test_everyday_words_are_not_read_as_terms(ordinary: str) -> None:
    draft = said(f"c: {ordinary}")
    assert draft.business is Business.OTHER
    assert draft.confidence["nature"] < 0.5


@pytest.mark.parametrize(
    ("lines", "phone"),
    [
        (["c: 一三八，一二三四，五六七八。"], "13812345678"),
        (["c: 幺三八 幺二三四 五六七八"], "13812345678"),
        (["c: 我的电话138-1234-5678。"], "13812345678"),
        (["c: 加八六一三八一二三四五六七八"], "13812345678"),
        (["c: 我手机一三八一二三四五六七八，我工号8023。"], "13812345678"),
        (["c: 一三八一二三四", "s: 嗯", "c: 五六七八"], "13812345678"),
        (["c: 号码是13812345679，不对，是13812345678。"], "13812345678"),
        (["c: 电话是一三八一二三四我六七八。", "s: 13812345678，对吗？", "c: 对。"], "13812345678"),
        (["s: 您的联系电话？", "c: 要八要，零零零零，要二三四。"], "18100001234"),
        (["c: 我的电话一七三一二三四零零零零零。"], "17312340000"),
        (["c: 最后一位是7，我的号码是715861234567"], "15861234567"),
        (["c: 我电话以三六一二三四就把其六。"], "13612349876"),
        (["c: 我要三百二十块退给我。"], None),
        (["c: 零二五八三四五六七八九"], "02583456789"),
        (["s: 您的电话？", "c: 八三四五六七八九。"], "83456789"),
        (["c: 我家座机83456789坏了，打我手机13812345678。"], "13812345678"),
        (["c: 有个号码02083456789天天骚扰我，我的电话13812345678。"], "13812345678"),
        (["c: 我打了10000号三次。"], None),
        (["c: 订单号20261120001534。"], None),
        (["c: 身份证号是320102199001011234。"], None),
        (["c: 工号是80238023，态度差。"], None),
        (["c: 我等了一二三四五天。"], None),
        (["c: 宽带一百兆，一年七百二十元。"], None),
    ],
)
def test_contact_number_is_found_however_it_is_said(lines: list[str], phone: str | None) -> None:
    assert said(*lines).phone == phone


def test_number_that_the_seat_confirms_is_surer() -> None:
    alone = said("s: 您的电话？", "c: 一三八一二三四五六七八。")
    confirmed = said("s: 您的电话？", "c: 一三八一二三四五六七八。", "s: 13812345678，好的。")
    assert alone.phone == confirmed.phone == "13812345678"
    assert confirmed.confidence["phone"] > alone.confidence["phone"]


def test_seat_supplies_the_number_that_the_callers_turn_lost() -> None:
    draft = said("s: 您的电话？", "c: 一三八一二三四五六七。", "s: 13812345678，对吧？", "c: 对。")
    assert draft.phone == "13812345678"
    assert draft.confidence["phone"] < 0.8


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("多扣了我三十块五。", "30.50"),
        ("多扣了我5元钱。", "5"),
        ("扣了一百二十八块八毛。", "128.80"),
        ("被扣了两百多块。", "200"),
        ("多收了我１，２９９元。", "1299"),
        ("少了三十快钱。", "30"),
        ("退给我两块五。", "2.50"),
        ("每条一毛，你们多收我八毛。", "0.80"),
        ("我办的是58元的套餐，你们多收了30元。", "30"),
        ("多扣三十块，不对，是三十五块。", "35"),
        ("三个月的彩铃费一共十五元，请取消，八十五元退给我。", "15"),
        ("我用的是九十九元的套餐。", None),
        ("一块儿去的，一块处理。", None),
        ("等了三十分钟。", None),
    ],
)
def test_sum_in_dispute_is_told_from_other_sums(text: str, amount: str | None) -> None:
    assert said(f"c: {text}").amount == amount


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (["c: 我不是投诉，我就是建议手机套餐多一点选择。"], Kind.SUGGESTION),
        (["c: 请问你们为什么乱扣我的钱，必须退给我。"], Kind.COMPLAINT),
        (["s: 您好，请问有什么可以帮您？", "c: 宽带断了没人来修。"], Kind.COMPLAINT),
        (["c: 咨询一下投诉之后几天有答复？"], Kind.ENQUIRY),
        (["1: 您好，请问有什么可以帮您？感谢您的建议。", "2: 手机没信号，老是断线。"], Kind.COMPLAINT),
        (["c: 我要举报诈骗短信。"], Kind.REPORT),
    ],
)
def test_kind_follows_the_callers_words(lines: list[str], kind: Kind) -> None:
    assert said(*lines).kind is kind


@pytest.mark.parametrize(
    ("text", "urgent"),
    [
        ("宽带断了，生意都没法做了，请马上派人来修。", True),
        ("我妈一个人在家，座机打不通，很急。", True),
        ("请加急处理。", True),
        ("请佳级处理，很着急。", True),
        ("宽带坏了，不着急，有空来看看。", False),
        ("请尽快修一下。", False),
        ("没有什么紧急的事。", False),
    ],
)
def test_urgency_is_what_cannot_wait(text: str, urgent: bool) -> None:
    assert said(f"c: {text}").urgent is urgent


def test_haste_of_the_seat_is_not_the_callers() -> None:
    assert not said("c: 我查一下话费。", "s: 我马上为您加急处理，请您不要着急。").urgent


def test_evidence_points_at_the_verbatim_words_and_their_seconds() -> None:
    draft = extract([Turn("caller", 10.0, 20.0, "你好，我没有开通財靈，你們每個月扣我五塊錢，請退給我。")])
    (amount,) = draft.evidence["amount"]
    assert amount.text == "五塊錢"
    assert 15.0 < amount.start < amount.end < 19.5
    assert any(each.text == "財靈" for each in draft.evidence["business"])


def test_request_dates_place_and_summary_are_the_callers_words() -> None:
    draft = said("c: 我住在幸福路阳光小区，上个月十五号申请的宽带，到现在没装，请你们尽快派人来安装。")
    assert "派人来安装" in (draft.request or "")
    assert "上个月十五号" in draft.dates
    assert "幸福路阳光小区" in (draft.place or "")
    assert draft.what_happened
    assert "投诉" in draft.summary
    assert "宽带" in draft.summary
