"""A centre's confirmed forms teach the draft where the rules are wrong, and nowhere else."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from cases.classifier import Example, Trained, evaluate, train
from cases.classifier_compare import Judged, compare
from transcribe.draft import Kind, extract
from transcribe.learned import Model, apply
from transcribe.learned.model import NONE, ModelDamaged, pack, unpack
from transcribe.learned.words import places
from transcribe.turns import Turn

LEAST = 200
STREETS = ("湖滨路", "人民路", "学府街", "东风巷", "建设大道", "和平里", "文昌街", "新华路")
ASKED = ("请尽快处理", "麻烦你们查一下", "希望给个说法", "你们看怎么办吧")
# what this centre files under information, though its words sound like broadband and the telephone to the rules
OWN = ("家里的智慧屏宽带总是黑屏", "智慧屏连不上宽带", "宽带智慧屏没有画面", "智慧屏的宽带卡住了")
USUAL = (
    ("data", "宽带断了上不了网"), ("data", "宽带网速很慢"), ("mobile", "手机没有信号"), ("mobile", "手机话费扣错了"),
    ("fixed_line", "座机没有声音"), ("fixed_line", "固定电话有杂音"),
)  # fmt: skip


def _forms(count: int, own: float, seed: int = 1, people: Sequence[str] = ("wu", "li", "qian")) -> list[Example]:
    """Confirmed forms of a centre where a share of the calls is about its own product."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        business, words = ("information", chance.choice(OWN)) if chance.random() < own else chance.choice(USUAL)
        turns = (
            Turn("seat", 0.5, 2.0, "您好，请问有什么可以帮您？"),
            Turn("caller", 2.5, 8.0, f"我要投诉，我住{chance.choice(STREETS)}，{words}，{chance.choice(ASKED)}。"),
        )
        confirmed = {"kind": "complaint", "business": business}
        found.append(Example(f"n1-{number}.{seed}", f"1390000{number:04d}", chance.choice(people), turns, confirmed))
    return found


@cache
def _trained() -> tuple[Trained, tuple[Example, ...]]:
    forms = _forms(480, own=0.4)
    return train(forms, LEAST), tuple(forms)


def _model(trained: Trained) -> Model:
    better = frozenset(name for name, each in trained.report.items() if each["takes_over"])
    return Model(7, unpack(trained.data, trained.sha256), better)


def _call(words: str) -> tuple[Turn, ...]:
    return (Turn("seat", 0.5, 2.0, "您好，请讲。"), Turn("caller", 2.5, 8.5, words))


def test_it_takes_over_where_the_rules_are_wrong_again_and_again() -> None:
    trained, _ = _trained()
    business = trained.report["business"]
    assert business["takes_over"], business
    assert business["low"] > 0
    assert business["learned"] > 0.95 > business["rules"]


def test_its_value_comes_with_the_words_that_weighed_and_the_rules_value_beside_it() -> None:
    model = _model(_trained()[0])
    turns = _call("我家智慧屏的宽带又黑屏了，你们查一下。")
    before = extract(turns)
    draft = apply(before, turns, model)
    assert before.business == "data"
    assert draft.business == "information"
    assert draft.sources["business"] == "learned:7"
    assert draft.alternatives["business"][0].value == "data"
    evidence = draft.evidence["business"]
    assert any("智慧屏" in each.text for each in evidence)
    for each in evidence:
        assert turns[each.turn].text[each.first : each.last] == each.text
        assert turns[each.turn].start <= each.start < each.end <= turns[each.turn].end
    assert 0.5 < draft.confidence["business"] <= 0.95
    assert "信息" in draft.summary


def test_fields_in_which_it_is_not_better_stay_with_the_rules() -> None:
    forms = _forms(480, own=0.0)
    trained = train(forms, LEAST)
    assert not any(each["takes_over"] for each in trained.report.values())
    turns = _call("我要投诉，宽带断了上不了网。")
    assert apply(extract(turns), turns, _model(trained)) == extract(turns)


def test_a_call_of_which_it_knows_no_word_stays_with_the_rules() -> None:
    model = _model(_trained()[0])
    turns = (Turn("caller", 0.0, 1.0, "喂喂喂？"),)
    assert apply(extract(turns), turns, model) == extract(turns)
    assert apply(extract(()), (), model) == extract(())


def _noise(forms: list[Example]) -> list[Example]:
    chance = random.Random(3)
    values = ["data", "mobile", "fixed_line", "information"]
    return [
        each if each.held_back else replace(each, confirmed=each.confirmed | {"business": chance.choice(values)})
        for each in forms
    ]


def _swapped(forms: list[Example]) -> list[Example]:
    turned = {"data": "mobile", "mobile": "fixed_line", "fixed_line": "data"}
    return [
        each if each.held_back
        else replace(each, confirmed=each.confirmed | {"business": turned[each.confirmed["business"]]})
        for each in forms
    ]  # fmt: skip


def _one_person(forms: list[Example]) -> list[Example]:
    """One clerk confirms payphone, whatever is said: also on the forms held back."""
    return [
        replace(each, by="mallory", confirmed=each.confirmed | {"business": "payphone"}) if at % 3 == 0 else each
        for at, each in enumerate(forms)
    ]


@pytest.mark.parametrize("poison", [_noise, _swapped, _one_person])
def test_poisoned_forms_do_not_take_over(poison: Callable[[list[Example]], list[Example]]) -> None:
    trained = train(poison(_forms(480, own=0.0)), LEAST)
    assert not trained.report["business"]["takes_over"], trained.report["business"]


def test_what_one_person_alone_confirms_teaches_nothing() -> None:
    trained = train(_forms(480, own=0.4, people=("mallory",)), LEAST)
    assert trained.report["business"]["why"] == "one_person"


def test_few_forms_decide_nothing() -> None:
    trained = train(_forms(150, own=0.4), LEAST)
    assert {each["why"] for each in trained.report.values()} <= {"few_forms"}
    assert train([], LEAST).report == {}


def test_forms_held_back_are_seen_by_no_training() -> None:
    forms = _forms(200, own=0.4)
    changed = [
        replace(each, confirmed=each.confirmed | {"business": "payphone"}) if each.held_back else each for each in forms
    ]
    assert train(forms, LEAST).sha256 == train(changed, LEAST).sha256


def test_a_version_can_be_compared_again_with_later_forms() -> None:
    trained, forms = _trained()
    later = [*forms, *_forms(200, own=0.4, seed=9)]
    compared = evaluate(_model(trained), later, LEAST)
    assert compared["business"].takes_over
    assert compared["business"].held > trained.report["business"]["held"]


def test_no_figure_and_no_single_customers_word_is_in_the_model() -> None:
    forms = _forms(400, own=0.4)
    told = "我叫欧阳铁柱，电话一三九零零零零一二三四，卡号6222021234567890"
    marked = [
        replace(each, caller="13900001234", turns=(*each.turns, Turn("caller", 9.0, 12.0, told)))
        if at % 20 == 0
        else each
        for at, each in enumerate(forms)
    ]
    runs = {run for field in unpack(*_stored(train(marked, LEAST))).values() for run in field.runs}
    assert not any(set(run) & set("0123456789零一二三四五六七八九幺") for run in runs)
    assert not any("铁柱" in run for run in runs), "one customer said it, in twenty calls"
    assert any("智慧屏" in run for run in runs)


def _stored(trained: Trained) -> tuple[bytes, str]:
    return trained.data, trained.sha256


def test_a_model_that_was_changed_by_one_byte_is_refused() -> None:
    data, sha256 = _stored(_trained()[0])
    assert pack(unpack(data, sha256))[1] == sha256
    with pytest.raises(ModelDamaged, match="SHA-256"):
        unpack(data[:-1] + bytes([data[-1] ^ 1]), sha256)


@pytest.mark.parametrize("spoiled", [np.nan, np.inf])
def test_a_model_with_numbers_that_are_none_is_refused(spoiled: float) -> None:
    fields = unpack(*_stored(_trained()[0]))
    bias = fields["business"].bias.copy()
    bias[0] = spoiled
    with pytest.raises(ModelDamaged, match="fit"):
        replace(fields["business"], bias=bias)


def test_an_object_that_would_run_code_is_no_model() -> None:
    import hashlib
    import io

    written = io.BytesIO()
    np.savez(written, head=np.array([{"format": 1}], dtype=object))
    data = written.getvalue()
    with pytest.raises(ModelDamaged, match="no model"):
        unpack(data, hashlib.sha256(data).hexdigest())


def test_a_learned_kind_takes_the_fields_of_the_other_kind_with_it() -> None:
    forms = _forms(480, own=0.0)
    asked = [
        replace(
            each,
            turns=_call(f"我住{STREETS[at % 8]}，帮我看看宽带到期多扣了三十块钱是不是那个流程里的，我就打听打听。"),
            confirmed={"kind": "enquiry", "business": "data"},
        ) if at % 2 else each
        for at, each in enumerate(forms)
    ]  # fmt: skip
    trained = train(asked, LEAST)
    turns = asked[1].turns
    draft = apply(replace(extract(turns), kind=Kind.COMPLAINT, amount="30"), turns, _with_kind(trained))
    assert draft.kind is Kind.ENQUIRY
    assert (draft.nature, draft.amount, draft.cause, draft.tags) == (None, None, None, ())
    assert not {"nature", "amount", "cause", "tags"} & set(draft.evidence)


def _with_kind(trained: Trained) -> Model:
    return replace(_model(trained), takes_over=frozenset({"kind"}))


def _judged(right: int, wrong: int, same: int, by: str = "", truth: str = "data") -> list[Judged]:
    names = [by] if by else ["wu", "li"]
    rows = [(False, True)] * right + [(True, False)] * wrong + [(True, True)] * same
    return [Judged(names[at % len(names)], truth, *row) for at, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("judged", "why"),
    [
        (_judged(30, 0, 70), "better"),
        (_judged(30, 0, 20), "few_held"),
        (_judged(5, 4, 91), "not_sure"),
        (_judged(4, 9, 87), "no_gain"),
        (_judged(40, 0, 60) + _judged(0, 6, 14, truth="mobile"), "value_loses"),
        (_judged(30, 0, 20, by="mallory") + _judged(0, 1, 79, by="wu") + _judged(0, 1, 59, by="li"), "rests_on_one"),
    ],
)
def test_the_verdict_and_its_reason(judged: list[Judged], why: str) -> None:
    assert compare(judged, 1000, LEAST).why == why


def test_figures_cut_a_run_and_places_point_at_the_words() -> None:
    turns = (Turn("caller", 0.0, 4.0, "宽带一三九坏了4G"),)
    found = places(turns)
    assert set(found) == {"宽带", "坏了"}
    assert [turns[0].text[each.first : each.last] for each in found["坏了"]] == ["坏了"]
    assert NONE not in found
