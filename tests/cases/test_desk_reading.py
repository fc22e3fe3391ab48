"""A form that was begun over one recognition, put over the next: nothing the clerk did is lost or points elsewhere."""

from __future__ import annotations

from typing import Any

from cases.desk_reading import Reading, evidence_of, over
from transcribe.turns import Turn

FIRST = {"start": 10.0, "end": 12.0, "text": "三十块", "turn": 1, "first": 3, "last": 6}
MARKS = {
    "amount": {"by": "picked", "places": [[1, 3, 6]], "evidence": [FIRST]},
    "place": {"by": "clerk", "places": []},
    "nature": {"by": "cleared", "places": []},
}
TYPED = {
    "values": {"amount": "30", "place": "城东", "nature": "", "request": "退钱"},
    "marks": MARKS,
    "original": "TS20261122-0001",
    "reading": "one",
}


def reading(*turns: tuple[float, float, str]) -> Reading:
    return Reading("two", {}, tuple(Turn("caller", *turn) for turn in turns))


def amount(typed: Any) -> tuple[Any, Any]:
    mark = typed["marks"]["amount"]
    return mark["places"], mark["evidence"][0]


def test_over_the_same_reading_it_is_as_it_was() -> None:
    assert over(TYPED, Reading("one", {}, ())) is TYPED
    assert over({}, Reading("one", {}, ())) == {}


def test_what_the_clerk_touched_stays_and_the_rest_follows_the_new_words() -> None:
    found = over(TYPED, reading((0, 3, "你好")))
    assert found["values"] == {"amount": "30", "place": "城东", "nature": ""}
    assert (found["original"], found["reading"]) == (TYPED["original"], "two")
    assert set(found["marks"]) == set(MARKS)


def test_picked_words_are_found_where_they_stand_now() -> None:
    places, evidence = amount(over(TYPED, reading((0, 3, "你好"), (4, 9, "三十块"), (9.5, 13, "要三十块"))))
    assert places == [[2, 1, 4]]  # not those that sound alike at another second
    assert (evidence["start"], evidence["end"], evidence["turn"]) == (10.0, 12.0, 2)


def test_words_that_nobody_says_any_more_keep_their_seconds_and_no_place() -> None:
    places, evidence = amount(over(TYPED, reading((0, 3, "你好"), (9.5, 13, "我要三时快"))))
    assert places == []
    assert evidence == FIRST | {"turn": -1, "first": 0, "last": 0}
    assert evidence_of(over(TYPED, reading())) == {"amount": [evidence]}


def test_a_letters_words_have_no_seconds_and_are_found_by_themselves() -> None:
    mark = {"by": "picked", "places": [[0, 0, 2]], "evidence": [FIRST | {"start": 0, "end": 0, "text": "赔偿"}]}
    found = over({**TYPED, "marks": {"amount": mark}}, reading((0, 0, "我要求"), (0, 0, "请赔偿")))
    assert amount(found)[0] == [[1, 1, 3]]
