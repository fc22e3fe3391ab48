"""What a clerk may put on the standard sheet, and what becomes of the draft's evidence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.errors import WrongField
from cases.sheet import correct

DRAFT: dict[str, Any] = {
    "kind": "complaint", "business": "mobile", "nature": "tariff", "phone": "13800000000", "amount": "30",
    "urgent": False, "request": "退费", "summary": "被扣了三十元", "dates": ["上个月"],
    "place": None, "what_happened": "多扣费",
    "evidence": {
        "business": [{"start": 1.0, "end": 2.5, "text": "手机"}],
        "amount": [{"start": 5.0, "end": 6.0, "text": "三十块"}],
    },
    "confidence": {"business": 0.9, "amount": 0.8, "place": 0.0},
}  # fmt: skip
EMPTY: dict[str, Any] = {
    "category": None, "report": None, "reported": None, "cause": None, "cause_detail": None, "tags": [],
    "outcome": None, "shop": None, "promised": [], "consent": None, "days": [], "key_account": False,
    "number_check": None,
}  # fmt: skip
"""What a draft of before these were known says of them."""


def test_a_draft_confirmed_as_it_is_keeps_everything() -> None:
    sheet = correct(DRAFT, {})
    assert sheet.corrected == ()
    assert sheet.fields == DRAFT | EMPTY


def test_the_further_fields_are_checked_and_keep_their_evidence() -> None:
    day = {"text": "上个月", "from": "2026-10-01", "to": "2026-10-31"}
    more = {
        "cause": "tariff", "cause_detail": "bill_unclear", "tags": ["charge_leakage"], "outcome": "dispatched",
        "shop": "城东营业厅", "promised": ["明天一定办好"], "consent": "given", "days": [day], "key_account": True,
        "number_check": "different",
    }  # fmt: skip
    said = {"consent": [{"start": 7.0, "end": 8.0, "text": "同意"}]}
    sheet = correct(DRAFT | more | {"evidence": DRAFT["evidence"] | said}, {"cause": "marketing"})
    assert sheet.corrected == ("cause",)
    assert sheet.fields == DRAFT | EMPTY | more | {
        "cause": "marketing", "evidence": DRAFT["evidence"] | said,
    }  # fmt: skip


def test_a_case_of_another_kind_has_other_fields() -> None:
    draft = DRAFT | {"category": None, "cause": "tariff", "tags": ["charge_leakage"]}
    draft |= {"evidence": DRAFT["evidence"] | {"cause": [{"start": 1.0, "end": 2.0, "text": "多扣"}]}}
    sheet = correct(draft, {"kind": "suggestion", "category": "operation_service"})
    assert (sheet.nature, sheet.fields["cause"], sheet.fields["tags"], sheet.fields["amount"]) == (None, None, [], None)
    assert sheet.fields["category"] == "operation_service"
    assert set(sheet.fields["evidence"]) == {"business"}
    assert sheet.corrected == ("kind", "category")


def test_words_that_were_picked_from_the_turns_are_the_new_evidence() -> None:
    told = [{"start": 9.0, "end": 10.0, "text": "三十五块五", "turn": 0, "first": 2, "last": 7}]
    sheet = correct(DRAFT, {"amount": "35.50", "place": "城东"}, {"amount": told, "owner": told, "request": []})
    assert sheet.fields["evidence"] == DRAFT["evidence"] | {"amount": told}
    assert "amount" not in sheet.fields["confidence"]


def test_days_whose_words_were_corrected_go_with_them() -> None:
    days = [{"text": "上个月", "from": "2026-10-01", "to": "2026-10-31"},
            {"text": "昨天", "from": "2026-11-20", "to": "2026-11-20"}]  # fmt: skip
    sheet = correct(DRAFT | {"dates": ["上个月", "昨天"], "days": days}, {"dates": ["昨天"]})
    assert (sheet.fields["days"], sheet.corrected) == ([days[1]], ("dates",))


def test_a_corrected_field_loses_its_evidence_and_the_others_keep_theirs() -> None:
    sheet = correct(DRAFT, {"amount": "35.50", "nature": "service_quality"})
    assert sheet.corrected == ("nature", "amount")
    assert (sheet.nature, sheet.fields["amount"]) == ("service_quality", "35.50")
    assert sheet.fields["evidence"] == {"business": DRAFT["evidence"]["business"]}
    assert sheet.fields["confidence"] == {"business": 0.9, "place": 0.0}
    assert DRAFT["amount"] == "30"


def test_saying_what_the_draft_says_is_no_correction() -> None:
    assert correct(DRAFT, {"amount": " 30 ", "dates": ["上个月"], "place": "", "urgent": False}).corrected == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "praise"), ("kind", None), ("kind", ["complaint"]),
        ("business", "telegraph"), ("business", ""),
        ("nature", "bad luck"), ("nature", 7),
        ("urgent", "yes"), ("urgent", None), ("urgent", 1),
        ("phone", "12"), ("phone", "138-0000-0000"), ("phone", "１３８００００００００"), ("phone", 13800000000),
        ("amount", "thirty"), ("amount", "-5"), ("amount", "1e9"), ("amount", "30.123"), ("amount", 30),
        ("dates", "yesterday"), ("dates", ["x"] * 21), ("dates", [""]), ("dates", [3]),
        ("summary", "  "), ("summary", None), ("summary", "x" * 2001),
        ("request", "a\0b"), ("place", "\ud800"),
        ("cause", "weather"), ("tags", "charge_leakage"), ("tags", ["x"]), ("consent", True), ("promised", [""]),
        ("days", [{"text": "昨天", "from": "2026-11-20", "to": "2026-11-19"}]), ("days", ["昨天"]),
        ("days", [{"text": "昨天", "from": "yesterday", "to": "2026-11-19"}]), ("key_account", "yes"),
        ("owner", "me"), ("evidence", {}), ("", "x"),
    ],
)  # fmt: skip
def test_a_value_that_a_sheet_cannot_have_is_refused_and_the_field_is_named(field: str, value: object) -> None:
    with pytest.raises(WrongField) as refused:
        correct(DRAFT, {field: value})
    assert refused.value.field == field
    assert str(refused.value).startswith(f"{field}: ")


def test_a_draft_that_is_no_sheet_must_be_corrected_before_it_is_confirmed() -> None:
    with pytest.raises(WrongField, match="summary"):
        correct(DRAFT | {"summary": ""}, {})
    assert correct(DRAFT | {"summary": ""}, {"summary": "补记"}).corrected == ("summary",)


@given(
    st.dictionaries(
        st.sampled_from([*DRAFT, *EMPTY, "other"]),
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=30), st.lists(st.text(max_size=5))),
        max_size=4,
    )
)
def test_whatever_is_sent_makes_a_sheet_or_names_a_field_that_was_sent(corrections: dict[str, Any]) -> None:
    refused: str | None = None
    try:
        sheet = correct(DRAFT, corrections)
    except WrongField as error:
        refused = error.field
    if refused is not None:
        assert refused in corrections
        return
    assert set(sheet.corrected) <= set(corrections)
    assert not set(sheet.corrected) & set(sheet.fields["evidence"])
    for name in sheet.corrected:
        assert sheet.fields[name] != (DRAFT | EMPTY)[name]
