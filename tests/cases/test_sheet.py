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


def test_a_draft_confirmed_as_it_is_keeps_everything() -> None:
    sheet = correct(DRAFT, {})
    assert sheet.corrected == ()
    assert sheet.fields == DRAFT


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
        st.sampled_from([*DRAFT, "other"]),
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
        assert sheet.fields[name] != DRAFT[name]
