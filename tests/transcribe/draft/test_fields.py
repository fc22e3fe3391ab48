"""What single fields promise: the calling number, consent, promises, the outcome, places and shops, causes."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.transcribe.draft.draft_evaluation import corrupt, load
from transcribe.draft import CallContext, Kind, extract
from transcribe.draft.check import check_evidence
from transcribe.draft.normalise import LONGEST_LINE, normalise
from transcribe.draft.result import Cause, CauseDetail, Consent, DraftResult, NumberCheck, Outcome, Report, Tag
from transcribe.turns import Turn, Word

CALLED = CallContext("13770412856", datetime(2026, 11, 18, 10, tzinfo=ZoneInfo("Asia/Shanghai")))
SPEAKERS = {"c": "caller", "s": "seat"}


def said(*lines: str, call: CallContext = CALLED) -> DraftResult:
    return extract([Turn(SPEAKERS[line[0]], 5.0 * at, 5.0 * at + 4, line[3:]) for at, line in enumerate(lines)], call)


@pytest.mark.parametrize(
    "name", ["cases.yaml", "holdout.yaml", "second.yaml", "third.yaml", "heard.yaml", "fourth.yaml"]
)
def test_every_value_is_borne_out_by_words_that_were_said(name: str) -> None:
    wrong = [
        (case.id, each)
        for case in load(name)
        for heard in (case, corrupt(case, 7))
        for each in check_evidence(extract(heard.turns, CALLED), heard.turns)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "words", ["就打这个号吧。", "就是我现在打的这个手机。", "本机。", "跟来电号码一样。", "用我打进来这个号联系。"]
)
def test_this_number_is_the_calling_number_with_that_sentence_as_evidence(words: str) -> None:
    draft = said("c: 宽带断了。", "s: 请问您的联系电话？", f"c: {words}")
    assert (draft.phone, draft.number_check) == ("13770412856", NumberCheck.SAME)
    assert {each.turn for each in draft.evidence["phone"]} == {2}


@pytest.mark.parametrize("words", ["别打这个，打我爱人的。", "这个手机没信号打不通。"])
def test_this_number_is_not_taken_where_the_caller_says_not_to(words: str) -> None:
    assert said("c: 宽带断了。", "s: 请问您的联系电话？", f"c: {words}").phone is None


def test_number_one_digit_off_the_calling_number_is_shown_beside_it() -> None:
    draft = said("s: 您的电话？", "c: 一三七七零四一二八五七。")
    assert (draft.phone, draft.number_check) == ("13770412857", NumberCheck.DIFFERENT)
    (other,) = draft.alternatives["phone"]
    assert other.value == "13770412856"
    assert other.reason


def test_number_that_lost_a_digit_is_completed_by_the_calling_number() -> None:
    draft = said("s: 您的电话？", "c: 一三七七零四一二八五。")
    assert draft.phone == "13770412856"
    assert draft.confidence["phone"] < 0.8


def test_number_heard_in_other_words_is_read_by_its_sound() -> None:
    draft = said("s: 请问您的手机号。", "c: 要把六物要救零二把三七。", call=CallContext())
    assert draft.phone == "18651902837"


def test_landline_without_its_area_code_is_the_same_number() -> None:
    call = CallContext("02584416023", CALLED.called_at)
    assert said("c: 我家座机是八四四一六零二三，没声音。", call=call).number_check is NumberCheck.SAME


def test_reported_number_is_not_the_contact() -> None:
    draft = said(
        "c: 我要举报，有个号码零二零六六七七八八九九天天打骚扰电话。",
        "s: 您的联系电话？",
        "c: 幺三八，幺二三四，五六七八。",
    )
    assert (draft.reported, draft.phone) == ("02066778899", "13812345678")
    assert draft.report is Report.HARASSMENT


@pytest.mark.parametrize(
    ("question", "answer", "consent"),
    [
        ("现在帮您取消彩铃，您同意吗？", "同意，取消吧。", Consent.GIVEN),
        ("给您开通国际漫游，可以吗？", "可以的。", Consent.GIVEN),
        ("您要不要把流量包退订掉？", "退掉退掉。", Consent.GIVEN),
        ("这次通话录音作为凭证，您同意吗？", "没意见。", Consent.GIVEN),
        ("续约两年，您同意吗？", "不同意，我不续。", Consent.REFUSED),
        ("给您升级到千兆，加二十块，好不好？", "先不升。", Consent.REFUSED),
        ("给您改成八十九的套餐，行吗？", "我考虑一下。", None),
        ("给您改成八十九的套餐，行吗？", "等我问问我老公。", None),
        ("我给您登记一下，可以吗？", "可以。", None),
        ("您的地址是幸福路吗？", "对。", None),
        ("请问还有其他问题吗？", "没有了，好的。", None),
    ],
)
def test_consent_is_an_answer_to_a_question_for_it(question: str, answer: str, consent: Consent | None) -> None:
    draft = said("c: 套餐的事。", f"s: {question}", f"c: {answer}")
    assert draft.consent is consent
    if consent:
        assert {each.turn for each in draft.evidence["consent"]} == {1, 2}


def test_consent_that_nobody_asked_for_is_none() -> None:
    assert said("s: 您好。", "c: 我同意，可以，好的，你们开通吧。").consent is None


@pytest.mark.parametrize(
    ("words", "promised"),
    [
        ("我们会在二十四小时内给您回复。", "我们会在二十四小时内给您回复"),
        ("好的，师傅明天上午九点之前一定到您家。", "师傅明天上午九点之前一定到您家"),
        ("您放心，三天之内上门。", "三天之内上门"),
        ("如果有端口，三天内给您装。", None),
        ("不能保证今天修好。", None),
        ("一般三到五个工作日装好。", None),
        ("您明天可以去营业厅办理。", None),
        ("昨天已经派人上门了。", None),
        ("我们会尽快处理。", None),
    ],
)
def test_promise_is_what_the_seat_says_it_will_do_and_when(words: str, promised: str | None) -> None:
    assert said("c: 宽带断了，没人来修。", f"s: {words}").promised == ((promised,) if promised else ())


def test_callers_words_are_no_promise() -> None:
    assert said("c: 你们说二十四小时内给我回复，也没有。").promised == ()


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        (["c: 彩铃给我取消，扣了我五块钱。", "s: 已经帮您取消了。"], Outcome.SOLVED),
        (["c: 宽带断了没人修。", "s: 我马上派师傅上门。"], Outcome.DISPATCHED),
        (["c: 我要投诉，没人管。", "s: 我给您转接值班经理。"], Outcome.ESCALATED),
        (["c: 我要投诉乱扣费。", "s: 系统显示是您开通的。", "c: 那算了，我不投诉了。"], Outcome.WITHDRAWN),
        (["c: 多扣了我八十块。", "s: 按规定不能退。", "c: 这个处理我不接受。"], Outcome.NOT_ACCEPTED),
        (["c: 宽带断一天，赔我十万。", "s: 您的索赔过高，无法满足。"], Outcome.EXCESSIVE_CLAIM),
        (["c: 请问移机要几天？", "s: 城区十五天以内。"], Outcome.ANSWERED),
        (["c: 建议多设几个窗口。", "s: 感谢您的建议。"], Outcome.RECORDED),
        (["c: 我要投诉乱扣费，扣了我五块钱。"], None),
    ],
)
def test_outcome_is_what_the_talk_ends_with(lines: list[str], outcome: Outcome | None) -> None:
    assert said(*lines).outcome is outcome


@pytest.mark.parametrize(
    "lines",
    [
        ["s: 您好，请问有什么可以帮您？", "c: 喂，打错了，不好意思。"],
        ["s: 您好，请问有什么可以帮您？"],
        ["c: 喂，喂，听得到吗？"],
        ["c: 我打电话来谢谢你们，昨天修宽带的师傅特别好。", "s: 不客气。"],
        ["c: 请问一百兆的宽带一年多少钱？", "s: 七百二十元。", "c: 好的谢谢。"],
        ["c: 啦啦啦啦，哈哈哈。", "s: 请您不要占用线路。"],
        ["c: 你们周六周日营业厅开门不？几点关门？", "s: 周末九点到五点。"],
        ["c: 我上次报修已经修好了，就是跟你们说一声，不用再派人来了。", "s: 谢谢您告知。"],
        ["c: 我在外面出差，手机欠费停机了，怎么才能马上开机？", "s: 充值以后自动复机。"],
        ["c: 停电了是不是宽带也上不了网了？", "s: 光猫没电就上不了。"],
        ["c: 提前取消合约的话违约金怎么算？我还有三个月。", "s: 按剩余月份的百分之三十。"],
        ["c: 喂，王经理在吗？我找一下王经理。", "s: 您好，这里是投诉热线。", "c: 哦不好意思。"],
    ],
)
def test_call_without_a_complaint_makes_none(lines: list[str]) -> None:
    draft = said(*lines)
    assert draft.kind is Kind.ENQUIRY
    assert (draft.nature, draft.cause, draft.cause_detail, draft.tags, draft.amount) == (None, None, None, (), None)
    assert (draft.what_happened, draft.phone, draft.consent, draft.promised) == (None, None, None, ())


def test_place_and_shop_are_told_apart() -> None:
    draft = said("c: 我住城东阳光花园三号楼，昨天去解放路营业厅交费，排队排了两个小时。")
    assert (draft.place, draft.shop) == ("城东阳光花园三号楼", "解放路营业厅")


def test_shop_is_told_by_what_it_stands_beside() -> None:
    draft = said("c: 我在汽车站旁边的代理点办的卡，名字给我登记错了。")
    assert draft.shop == "汽车站旁边的代理点"
    assert draft.place is None
    assert (draft.cause, draft.cause_detail) == (Cause.PARTNER, CauseDetail.PARTNER_ERROR)
    assert Tag.AGENT_CHANNEL in draft.tags


def test_centres_own_shop_is_known_by_its_sound() -> None:
    turns = [Turn("caller", 0, 5, "我在迈高乔营业厅办的，名字给我登记错了。"), Turn("caller", 6, 9, "就是麦高桥那个。")]
    own = (("迈皋桥营业厅", "shop"), ("迈皋桥大街", "street"))
    assert extract(turns, CALLED).shop == "迈高乔营业厅"
    draft = extract(turns, CALLED, own)
    assert [each.value for each in draft.alternatives["shop"]] == ["迈皋桥营业厅"]
    written = extract([Turn("caller", 0, 5, "我在迈皋桥营业厅办的，名字登记错了。")], CALLED, own)
    assert (written.shop, written.place) == ("迈皋桥营业厅", None)
    assert written.confidence["shop"] > 0.9
    assert check_evidence(draft, turns) == []


def test_sums_beside_the_one_in_dispute_are_alternatives() -> None:
    draft = said("c: 我办的是五十八块的套餐，每个月扣我六十九块，三个月二百零七块，把二百零七块退给我。")
    assert draft.amount == "207"
    assert {each.value for each in draft.alternatives["amount"]} == {"58", "69"}


def test_key_account_is_known_from_the_call_or_said_by_the_caller() -> None:
    known = CallContext("13770412856", CALLED.called_at, None, "key_account")
    assert said("c: 宽带断了。", call=known).key_account
    assert said("c: 我是你们的大客户，专线断了。").key_account
    assert not said("c: 我又不是大客户，宽带断了没人管。").key_account


def test_words_times_are_the_evidences_seconds() -> None:
    words = tuple(Word(10 + 0.4 * at, 10.4 + 0.4 * at, each) for at, each in enumerate("我要投诉，彩铃乱扣费"))
    draft = extract([Turn("caller", 10.0, 14.0, "我要投诉，彩铃乱扣费", words)])
    (business,) = draft.evidence["business"]
    assert business.text == "彩铃"
    assert business.start == pytest.approx(11.9, abs=0.11)
    assert business.end == pytest.approx(12.9, abs=0.11)


@pytest.mark.parametrize("piece", ["路号码", "我要投诉宽带断了", "1", "如果同意吗", "😀"])
def test_long_letter_is_read_in_pieces_of_bounded_length(piece: str) -> None:
    """No rule sees more than such a piece at once, so that time grows with the length alone."""
    letter = [Turn("caller", 0, 0, piece * (8_000 // len(piece)))]
    assert all(len(line.text) <= LONGEST_LINE for line in normalise(letter))
    assert check_evidence(extract(letter, CALLED), letter) == []
