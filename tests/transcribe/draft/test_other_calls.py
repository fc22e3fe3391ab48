"""Calls that nobody wrote down: addresses, numbers, promises and answers made of parts, in any of their frames."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcribe.draft import CallContext, extract
from transcribe.draft.check import check_evidence
from transcribe.draft.result import Consent, DraftResult
from transcribe.turns import Turn

CALLED = CallContext("13770412856", datetime(2026, 11, 18, 10, tzinfo=ZoneInfo("Asia/Shanghai")))
SPEAKERS = {"c": "caller", "s": "seat"}
TROUBLE = "c: 我家宽带断了，一直没人来修，我要投诉。"

NAMES = (
    "和平", "开元", "成都", "建设", "中山北", "会展", "上海", "幸福", "望江西", "来凤", "翠竹", "人民", "丁家桥",
    "百家湖", "长江", "解放", "文化", "新华", "滨河", "团结", "向阳", "对山", "里仁", "花园口", "有恒",
)  # fmt: skip
ROADS = st.builds("".join, st.tuples(st.sampled_from(NAMES), st.sampled_from(["路", "街", "大道", "巷"])))
ESTATES = st.builds(
    "".join, st.tuples(st.sampled_from(NAMES), st.sampled_from(["小区", "花园", "新村", "家园", "公寓", "大厦"]))
)
VILLAGES = st.sampled_from(["柳河镇大王庄三组", "清水乡赵家湾村二组", "石桥村五组", "桃源镇卫生院", "高家屯"])
HOUSES = st.sampled_from(["12号", "十六号", "三栋二单元401", "6幢", "五号楼", "一百二十弄六号四零二室", "八号院", ""])
DISTRICTS = st.sampled_from(["", "", "江宁区", "鼓楼区", "雨花台区", "浦东新区", "朝阳区"])
ADDRESSES = st.one_of(
    st.builds("".join, st.tuples(DISTRICTS, ROADS, HOUSES)),
    st.builds("".join, st.tuples(DISTRICTS, ESTATES, HOUSES)),
    VILLAGES,
)
UNASKED = st.sampled_from(
    [
        "我住{}，宽带断了三天，我要投诉。", "我家在{}，宽带断了没人修，投诉你们。",
        "我搬到{}了，宽带没人来移，我要投诉。", "喂，你好，{}这边宽带断了，没人修，投诉。",
        "我是{}的，网断了，一直没人来修，我要投诉。",
        "地址是{}，宽带断了没人来，我要投诉。", "宽带断了没人修，我要投诉，我住在{}。",
    ]
)  # fmt: skip
ASKED = st.sampled_from(
    ["{}。", "在{}。", "我住{}。", "就在{}。", "嗯，{}。", "是{}。", "我家在{}，你们快点。", "地址是{}。"]
)
QUESTIONS = st.sampled_from(["您的地址是？", "请问您住哪里？", "在什么位置？", "您在哪个小区？", "安装地址报一下。"])


def said(*lines: str) -> tuple[DraftResult, list[Turn]]:
    turns = [Turn(SPEAKERS[line[0]], 5.0 * at, 5.0 * at + 4, line[3:]) for at, line in enumerate(lines)]
    return extract(turns, CALLED), turns


@given(ADDRESSES, UNASKED)
@settings(max_examples=50, deadline=None)
def test_address_comes_out_whole_wherever_it_stands_in_a_sentence(address: str, frame: str) -> None:
    draft, turns = said(f"c: {frame.format(address)}")
    assert draft.place == address
    assert check_evidence(draft, turns) == []


@given(ADDRESSES, QUESTIONS, ASKED)
@settings(max_examples=50, deadline=None)
def test_address_that_was_asked_for_comes_out_whole(address: str, question: str, frame: str) -> None:
    draft, _ = said(TROUBLE, f"s: {question}", f"c: {frame.format(address)}")
    assert draft.place == address


@given(st.one_of(ROADS, ESTATES, st.sampled_from(["明发滨江", "翡翠湾"])), HOUSES.filter(bool), QUESTIONS)
@settings(max_examples=40, deadline=None)
def test_pause_before_the_house_cuts_no_address_in_two(name: str, house: str, question: str) -> None:
    draft, _ = said(TROUBLE, f"s: {question}", f"c: {name}，{house}。")
    assert draft.place == f"{name}，{house}"


def test_day_behind_an_estate_is_no_house() -> None:
    draft, _ = said("c: 我住幸福小区，十二号报的修，一直没人来，我要投诉。")
    assert draft.place == "幸福小区"


@pytest.mark.parametrize("name", ["新街口", "五道口", "夫子庙", "翡翠湾", "仙林", "德基", "大学城北"])
@pytest.mark.parametrize("frame", ["{}。", "在{}。", "就在{}那边。", "嗯，{}附近。", "我在{}这边。"])
def test_name_without_an_ending_is_a_place_where_one_was_asked_for(name: str, frame: str) -> None:
    assert said(TROUBLE, "s: 您在哪个位置？", f"c: {frame.format(name)}")[0].place == name


@pytest.mark.parametrize(
    ("heard", "meant"),
    [("六盒区", "六合区"), ("古罗区", "鼓楼区"), ("将领区", "江宁区")],
)
def test_district_heard_as_other_words_is_read_by_its_sound_beside_what_was_heard(heard: str, meant: str) -> None:
    draft, turns = said(TROUBLE, "s: 您的地址是？", f"c: {heard}建设路12号。")
    assert draft.place == f"{meant}建设路12号"
    assert [each.text for each in draft.evidence["place"]] == [f"{heard}建设路12号"]
    assert draft.alternatives["place"][0].value == f"{heard}建设路12号"
    assert check_evidence(draft, turns) == []


@pytest.mark.parametrize(
    "words",
    [
        "不知道。",
        "你们查一下。",
        "什么？",
        "我问的是话费。",
        "这个小区信号不好。",
        "我们单位。",
        "没有，谢谢。",
        "你们不是有记录吗？",
    ],
)
def test_answer_that_names_no_place_is_none(words: str) -> None:
    assert said(TROUBLE, "s: 您的地址是？", f"c: {words}")[0].place is None


def test_street_that_every_town_has_is_read_by_its_sound() -> None:
    draft, turns = said(TROUBLE, "s: 您的地址是？", "c: 何平路12号。")
    assert (draft.place, draft.evidence["place"][0].text) == ("和平路12号", "何平路12号")
    assert check_evidence(draft, turns) == []


@pytest.mark.parametrize(
    "words", ["今天给您退了。", "下个月一号按新的收。", "您这个是今天开通的。", "送您一个月流量。"]
)
def test_what_is_done_already_or_a_rule_is_no_promise(words: str) -> None:
    assert said(TROUBLE, f"s: {words}")[0].promised == ()


DIGITS = st.text("0123456789", min_size=8, max_size=8)
NUMBERS = st.builds("1{}{}".format, st.sampled_from(["38", "39", "86", "77", "51", "33", "80", "99"]), DIGITS)
SPLITS = st.sampled_from([(3, 4, 4), (3, 8), (11,), (4, 3, 4), (3, 3, 3, 2), (3, 2, 2, 2, 2), (5, 6), (3, 4, 2, 2)])
BETWEEN = st.sampled_from(["，", "、", "，嗯，", "，然后，", "。"])


def spoken(digits: str, *, counted: bool = False) -> str:
    names = "零幺二三四五六七八九"
    if counted and len(digits) == 2 and digits[0] == digits[1]:
        return f"两个{names[int(digits[0])]}"
    return "".join(names[int(each)] for each in digits)


def groups(number: str, split: tuple[int, ...]) -> list[str]:
    return [number[sum(split[:at]) : sum(split[: at + 1])] for at in range(len(split))]


@given(NUMBERS, SPLITS, BETWEEN, st.booleans())
@settings(max_examples=50, deadline=None)
def test_number_said_in_any_groups_is_one_number(
    number: str, split: tuple[int, ...], between: str, counted: bool
) -> None:
    read = between.join(spoken(each, counted=counted) for each in groups(number, split))
    assert said(TROUBLE, "s: 请问您的联系电话？", f"c: {read}。")[0].phone == number
    turns = [line for each in groups(number, split) for line in (f"c: {spoken(each)}，", f"s: {spoken(each)}。")]
    assert said(TROUBLE, "s: 请问您的联系电话？", *turns)[0].phone == number


@given(NUMBERS, st.integers(4, 9), st.sampled_from(["不对", "错了", "哦不对不对", "说错了"]))
@settings(max_examples=40, deadline=None)
def test_number_that_was_put_right_is_the_last_one(number: str, place: int, slip: str) -> None:
    wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
    again = f"{spoken(wrong)}，{slip}，是{spoken(number)}"
    assert said(TROUBLE, "s: 您的电话？", f"c: {again}。")[0].phone == number
    lost = number[:place] + number[place + 1 :]
    heard = (f"c: {spoken(lost)}。", f"s: {spoken(number)}，对吗？", "c: 对的。")
    assert said(TROUBLE, "s: 您的电话？", *heard)[0].phone == number


@pytest.mark.parametrize(
    "time", ["二十四小时内", "三天之内", "明天上午", "今天下午三点之前", "周五之前", "下班前", "不出两天"]
)
@pytest.mark.parametrize(
    "deed", ["我们给您回复", "师傅到您家", "把钱退到您账户", "给您恢复", "让他把钱补给您", "给结论", "他们到楼里测"]
)
@pytest.mark.parametrize("frame", ["{}。", "好的，{}。", "您反映的问题，{}。", "{}，打哪个电话？"])
def test_deed_with_its_time_is_a_promise(time: str, deed: str, frame: str) -> None:
    (promised,) = said(TROUBLE, f"s: {frame.format(time + deed)}")[0].promised
    assert time in promised


@pytest.mark.parametrize(
    "question",
    [
        "给您把频道退订，您同意吗？",
        "十元返到您话费里，可以吗？",
        "我帮您关掉，您看怎么样？",
        "给您改成小套餐，好不好？",
    ],
)
@pytest.mark.parametrize(
    ("answer", "consent"),
    [
        ("要得。", Consent.GIVEN), ("行行行。", Consent.GIVEN), ("可以，别的不要动。", Consent.GIVEN),
        ("妥了。", Consent.GIVEN),
        ("免了吧。", Consent.REFUSED), ("不行，凭什么。", Consent.REFUSED), ("我不稀罕。", Consent.REFUSED),
        ("我回家商量商量。", None), ("那要收多少钱？", None),
    ],
)  # fmt: skip
def test_answer_in_anybodys_words_is_consent_or_none(question: str, answer: str, consent: Consent | None) -> None:
    assert said("c: 我这个套餐乱扣费。", f"s: {question}", f"c: {answer}")[0].consent is consent


@pytest.mark.parametrize(
    "spoken_sum", [("三十块", "30"), ("两百三", "230"), ("八十六块五", "86.50"), ("99元", "99"), ("一百二十九", "129")]
)
@pytest.mark.parametrize(
    "frame",
    [
        "你们硬是收了我{}，退给我。",
        "这笔{}我不认。",
        "多交了{}，退给我。",
        "停机了还划走我{}，不合理。",
        "说好送话费，{}一分没返给我。",
    ],
)
def test_sum_in_dispute_needs_no_unit(spoken_sum: tuple[str, str], frame: str) -> None:
    words, yuan = spoken_sum
    assert said(f"c: 我要投诉乱扣费。{frame.format(words)}")[0].amount == yuan


@pytest.mark.parametrize("name", ["中山二路", "城市花园", "四牌楼", "五一广场", "三元里大道", "六合路", "铁路新村"])
def test_name_that_holds_a_numeral_or_an_everyday_word_is_a_place(name: str) -> None:
    assert said(TROUBLE, "s: 您的地址是？", f"c: {name}。")[0].place == name


@given(ADDRESSES)
@settings(max_examples=20, deadline=None)
def test_address_over_two_turns_or_read_out_by_the_seat_is_one(address: str) -> None:
    draft, turns = said(TROUBLE, "s: 您的地址是？", "c: 江宁区。", "s: 嗯。", f"c: {address}。")
    assert draft.place == f"江宁区{address}"
    assert {each.turn for each in draft.evidence["place"]} == {2, 4}
    assert check_evidence(draft, turns) == []
    draft, turns = said(TROUBLE, f"s: 地址还是{address}吗？", "c: 对。")
    assert (draft.place, check_evidence(draft, turns)) == (address, [])
    assert said(TROUBLE, f"s: 地址还是{address}吗？", "c: 不是。")[0].place is None


@pytest.mark.parametrize(
    ("words", "shop"),
    [
        ("万达那家营业厅", "万达那家营业厅"), ("邮局隔壁你们自营厅", "邮局隔壁你们自营厅"),
        ("学府路店", "学府路店"), ("浦口校园听", "浦口校园厅"),
    ],
)  # fmt: skip
def test_shop_goes_by_what_it_is_called_there(words: str, shop: str) -> None:
    assert said(f"c: 我去{words}办的卡，名字给我登记错了，我要投诉。")[0].shop == shop


@given(NUMBERS, st.integers(4, 6))
@settings(max_examples=20, deadline=None)
def test_group_said_anew_replaces_the_one_before_it(number: str, place: int) -> None:
    first, second, third = groups(number, (3, 4, 4))
    wrong = second[: place - 3] + str((int(second[place - 3]) + 1) % 10) + second[place - 2 :]
    again = f"{spoken(first)}，{spoken(wrong)}，不对，{spoken(second)}，{spoken(third)}"
    assert said(TROUBLE, "s: 您的电话？", f"c: {again}。")[0].phone == number


def test_calling_number_makes_up_for_digits_that_were_lost_or_moved() -> None:
    draft, _ = said(TROUBLE, "s: 您的电话？", "c: 幺三七七零二八五。")
    assert (draft.phone, draft.number_check) == (CALLED.caller, "same")
    draft, _ = said(TROUBLE, "s: 您的电话？", "c: 幺三七零四幺二八五六零。")
    assert draft.phone == CALLED.caller
    assert [each.value for each in draft.alternatives["phone"]] == ["13704128560"]
    draft, _ = said(TROUBLE, "s: 您的电话？", "c: 幺三七七零四幺三九二七。")
    assert draft.phone == "13770413927"


@pytest.mark.parametrize(
    ("question", "answer", "consent"),
    [
        ("给您把频道退订，您统一马", "统一，退。", Consent.GIVEN),
        ("给您把频道退订，您同意吗？", "部同意。", Consent.REFUSED),
        ("给您把频道退订，可以吗？", "型。", Consent.GIVEN),
        ("给您把频道退订，可以吗？", "刻意刻意。", Consent.GIVEN),
        ("现在帮您取消台零。", "同意，赶紧的。", Consent.GIVEN),
        ("给您把频道退订，可以吗？", "我不能接受。", Consent.REFUSED),
        ("给您把频道退订，可以吗？", "这怎么行。", Consent.REFUSED),
        ("给您把频道锁上，好吧？", "锁锁锁，这钱我是不认的。", Consent.GIVEN),
        ("给您把频道退订，可以吗？", "那得看收不收钱。", None),
        ("您当时同意开通了吗？", "没有，我不同意。", None),
        ("我们尽快给您答复，好吗？", "好的。", None),
    ],
)
def test_answer_is_read_by_its_sound_and_by_its_question(question: str, answer: str, consent: Consent | None) -> None:
    draft, turns = said("c: 我这个频道乱扣费，我要投诉。", f"s: {question}", f"c: {answer}")
    assert (draft.consent, check_evidence(draft, turns)) == (consent, [])


def test_what_is_said_while_the_seat_asks_for_something_else_answers_no_earlier_question() -> None:
    lines = (
        "c: 我要投诉乱扣费。",
        "s: 给您换小套餐，行吗？",
        "c: 我跟我爱人商量商量再说。",
        "s: 回您手机？",
        "c: 不，座机。",
    )
    assert said(*lines)[0].consent is None


@pytest.mark.parametrize(
    ("words", "promised"),
    [
        ("三天类给您打负。", True), ("师傅今晚八点以前倒。", True), ("我们会在48小时内给移植电。", True),
        ("明天我们会给您办好的。", True), ("师傅马上就到，二十分钟。", True), ("本周内给您换新的。", True),
        ("有结果一定通知您。", False), ("晚上用户集中，我派人看看。", False), ("没有办法保证今天修好。", False),
        ("优惠从下个月一号开始。", False), ("正常请况四十八小时内修复。", False),
    ],
)  # fmt: skip
def test_promise_is_read_by_its_grammar_and_its_sound(words: str, promised: bool) -> None:
    draft, turns = said(TROUBLE, f"s: {words}", "c: 哦。")
    assert (bool(draft.promised), check_evidence(draft, turns)) == (promised, [])


@pytest.mark.parametrize(
    ("words", "yuan"),
    [
        ("信息费一百三十二，我不认，退给我。", "132"),
        ("发一条扣我两毛，十二条，两块四。", "2.40"),
        ("滞纳金七块二毛五，凭什么。", "7.25"),
        ("账单一共十七行，我看不懂。", None),
        ("杆子在第二块地里，少收两百斤。", None),
    ],
)
def test_sum_is_told_from_what_else_is_counted(words: str, yuan: str | None) -> None:
    assert said(f"c: 我要投诉。{words}")[0].amount == yuan


def test_half_that_the_seat_offers_is_not_the_sum() -> None:
    lines = ("c: 信息费一百三十二块，我要投诉。", "s: 给您减免一半，六十六块，您同意吗？", "c: 不同意。")
    assert said(*lines)[0].amount == "132"
