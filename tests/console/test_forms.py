"""What people type: the draft's sheet and the score card, read field by field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.errors import WrongField
from cases.sheet import correct
from console.drafts import form
from console.replay.evidence import Evidence, parts
from console.samples import card
from qa.errors import BadScore
from qa.score import total
from qa.template import template
from tests.console.seed import draft_json
from transcribe.turns import Turn


def typed(**values: str) -> dict[str, str]:
    """The form as the browser sends it when nothing is touched, with `values` typed over."""
    return {name: row.value for name, row in form.rows(draft_json(), (), {}).items()} | values


def test_a_form_sent_back_untouched_corrects_nothing() -> None:
    read = form.read(typed())
    assert read.problems == {}
    assert form.corrections(draft_json(), read.values) == {}


def test_only_what_was_changed_is_a_correction() -> None:
    read = form.read(typed(phone="13700009999", urgent="", dates="上个月；昨天"))
    assert form.corrections(draft_json(), read.values) == {
        "phone": "13700009999",
        "urgent": False,
        "dates": ["上个月", "昨天"],
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [("phone", "12"), ("phone", "１３９１２３４５６７８"), ("amount", "三十"), ("amount", "1.234"), ("kind", ""),
     ("kind", "rumour"), ("summary", "  "), ("summary", "长" * 2001), ("place", "长" * 201)],
)  # fmt: skip
def test_what_cannot_be_kept_is_said_beside_its_field(field: str, value: str) -> None:
    assert set(form.read(typed(**{field: value})).problems) == {field}


@given(st.fixed_dictionaries({name: st.text(max_size=30) for name in ("phone", "amount", "place", "dates", "request")}))
def test_what_the_form_lets_through_the_order_takes(values: dict[str, str]) -> None:
    read = form.read(typed(**values))
    if read.problems:
        return
    try:
        correct(draft_json(), form.corrections(draft_json(), read.values))
    except WrongField as error:
        assert "cannot be printed" in str(error)  # noqa: PT017 - the one refusal that is left to the room


def test_a_low_confidence_asks_for_a_second_look_and_an_absent_field_does_not() -> None:
    rows = form.rows(draft_json(), (), {})
    assert rows["urgent"].sure == "low"
    assert rows["phone"].sure != "low"
    assert rows["place"].confidence is None


def test_evidence_is_marked_in_its_own_turn_only() -> None:
    turn = Turn("caller", 9.6, 15.0, "每个月多扣了三十块钱，三十块钱不少")
    assert parts(turn, [Evidence(9.6, 15.0, "三十块钱"), Evidence(30.0, 33.0, "不少")]) == [
        ("每个月多扣了", False),
        ("三十块钱", True),
        ("，三十块钱不少", False),
    ]


@given(st.text(max_size=40), st.lists(st.text(max_size=6), max_size=5))
def test_marking_never_changes_the_words(text: str, quoted: list[str]) -> None:
    turn = Turn("caller", 0, 5, text)
    assert "".join(piece for piece, _ in parts(turn, [Evidence(0, 5, words) for words in quoted])) == text


CODES = list(template().items)


@given(
    st.dictionaries(
        st.sampled_from([f"{part}-{code}" for code in CODES for part in ("points", "found", "second", "remark")]),
        st.one_of(st.integers(-5, 40).map(str), st.text(max_size=8)),
    )
)
def test_a_card_that_is_read_without_a_problem_can_be_written(sent: dict[str, str]) -> None:
    read = card.read(template(), sent, 60.0)
    if read.problems:
        return
    try:
        total(read.findings, template(), seconds=60.0)
    except BadScore as error:
        pytest.fail(str(error))


def test_a_remark_without_points_and_a_second_outside_the_call_are_refused() -> None:
    sent: dict[str, Any] = {"remark-attitude": "语气生硬", "points-shirking": "3", "second-shirking": "61"}
    assert set(card.read(template(), sent, 60.0).problems) == {"attitude", "shirking"}
    assert card.read(template(), {"points-shirking": "16"}, 60.0).problems.keys() == {"shirking"}


def test_what_was_typed_is_shown_again_as_it_was() -> None:
    rows = card.typed(template(), {"points-attitude": "x", "remark-attitude": "<b>"}, {"attitude": "problem"})
    assert (rows["attitude"].points, rows["attitude"].remark, rows["attitude"].problem) == ("x", "<b>", "problem")
