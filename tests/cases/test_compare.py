"""An agent's form beside the draft of the call (D68): findings with their seconds, never a score."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.compare import FIELDS, INACCURATE, INCOMPLETE, SURE, Verdict, compare, proposals
from cases.likeness import kept, same
from cases.registration_form import CHOICES, Cause, Consent, Detail
from cases.registration_form import Category as FormCategory
from transcribe.draft.codes import Category, CauseDetail
from transcribe.draft.codes import Cause as DraftCause
from transcribe.draft.codes import Consent as DraftConsent

CALLED = datetime(2026, 11, 18, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
SAID = {"start": 9.6, "end": 12.0, "text": "三十块钱"}


def draft(**values: Any) -> dict[str, Any]:
    return {
        **values,
        "evidence": {name: [SAID] for name in values},
        "confidence": dict.fromkeys(values, 0.9),
    }


def verdicts(drafted: dict[str, Any], form: dict[str, str]) -> dict[str, Verdict]:
    return {each.field: each.verdict for each in compare(drafted, form, CALLED)}


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("amount", "35.50", "35.5"),
        ("amount", "35.50", "三十五块五"),
        ("phone", "13912345678", "+8613912345678"),
        ("phone", "02588886666", "88886666"),
        ("place", "建设路十八号三栋", "建设路18号3幢"),
        ("place", "南京市鼓楼区阳光小区", "阳光小区"),
        ("shop", "中山路电信营业厅", "中山路营业厅"),
        ("dates", ["三月十五号"], "3月15日"),
        ("what_happened", "每月多了三十块钱彩铃费", "每月多扣30元彩铃费，客户未开通"),
    ],
)
def test_the_same_written_otherwise_is_the_same(field: str, one: Any, other: str) -> None:
    assert same(field, one, other)
    assert same(field, other, one)


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("amount", "30", "35"),
        ("phone", "13912345678", "13912345679"),
        ("place", "阳光小区", "月光小区"),
        ("dates", ["三月十五号"], "3月16日"),
        ("what_happened", "宽带断了三天没人来修", "客户投诉营业员态度差"),
    ],
)
def test_something_else_is_different(field: str, one: Any, other: str) -> None:
    assert not same(field, one, other)


def test_each_field_is_same_different_or_on_one_side_only() -> None:
    found = verdicts(
        draft(kind="complaint", amount="30", phone="13912345678", request="退费"),
        {"kind": "complaint", "amount": "35", "phone": "13912345678", "place": "阳光小区"},
    )
    assert found == {
        "kind": Verdict.SAME, "amount": Verdict.DIFFERENT, "phone": Verdict.SAME, "request": Verdict.ONLY_DRAFT,
        "place": Verdict.ONLY_FORM,
    }  # fmt: skip


def test_days_that_the_agent_wrote_as_a_date_are_the_days_the_caller_named() -> None:
    drafted = draft(dates=["上周五"]) | {"days": [{"text": "上周五", "from": "2026-11-13", "to": "2026-11-13"}]}
    assert verdicts(drafted, {"dates": "11月13日"}) == {"dates": Verdict.SAME}
    assert verdicts(drafted, {"dates": "11月14日"}) == {"dates": Verdict.DIFFERENT}


def test_what_the_call_says_and_the_form_does_not_is_proposed_at_its_second() -> None:
    differences = compare(draft(amount="30", request="退费"), {"amount": "35"}, CALLED)
    told = {each.code: each for each in proposals(differences)}
    assert told[INCOMPLETE].fields == ("request",)
    assert told[INACCURATE].fields == ("amount",)
    assert told[INCOMPLETE].second == SAID["start"]


def test_an_unsure_value_or_one_without_evidence_is_shown_and_not_counted() -> None:
    unsure = draft(amount="30") | {"confidence": {"amount": SURE - 0.01}}
    without = draft(amount="30") | {"evidence": {}}
    for drafted in (unsure, without):
        (found,) = compare(drafted, {"amount": "35"}, CALLED)
        assert (found.verdict, found.counted) == (Verdict.DIFFERENT, False)
        assert proposals([found]) == ()


def test_what_only_the_form_says_is_no_finding() -> None:
    assert proposals(compare(draft(), {"place": "阳光小区", "amount": "30", "urgent": "1"}, CALLED)) == ()


@pytest.mark.parametrize(
    ("field", "form", "codes", "drafted"),
    [
        ("category", "category", FormCategory, {each.value for each in Category}),
        ("cause", "cause", Cause, {each.value for each in DraftCause}),
        ("cause_detail", "detail", Detail, {each.value for each in CauseDetail}),
        ("consent", "consent", Consent, {each.value for each in DraftConsent}),
    ],
)
def test_every_code_of_the_form_has_its_code_in_the_draft(field: str, form: str, codes: Any, drafted: set[str]) -> None:
    assert form in CHOICES
    for code in codes:
        differences = compare({}, {form: code.value}, CALLED)
        read = [each.registered for each in differences if each.field == field]
        assert set(read) <= drafted, code
        assert read or code is Consent.NOT_ASKED


VALUES = st.one_of(st.none(), st.text(max_size=20), st.lists(st.text(max_size=8), max_size=3), st.booleans())


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES), st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=20)))
def test_any_draft_and_any_form_are_compared(values: dict[str, Any], form: dict[str, str]) -> None:
    differences = compare(draft(**values), form)
    assert [each.field for each in differences] == [name for name in FIELDS if name in {d.field for d in differences}]
    assert {field for each in proposals(differences) for field in each.fields} <= {
        each.field for each in differences if each.counted
    }


@given(st.sampled_from(FIELDS), st.text(min_size=1, max_size=20))
def test_a_value_is_like_itself_and_kept_as_it_is(field: str, value: str) -> None:
    assert same(field, value, value) or field == "amount"
    assert kept(field, value, value) or field == "amount"
