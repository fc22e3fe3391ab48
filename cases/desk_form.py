"""What stands in the desk's form while it is typed: texts by field, and how each came there.

    {"values": {field: text}, "marks": {field: {"by": mark, "places": [[turn, first, last], …]}}, "original": number,
     "reading": stamp}

`reading` is the recognition that the places belong to; `cases.desk_reading` keeps beside each mark what was read there.

Nothing is refused while it is typed, so that nothing is lost; what a browser sends is cut down to this shape. Others
read it over a clerk's shoulder: card numbers and passwords are covered before it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from cases.sheet import FIELDS, LONGEST_LINE, LONGEST_TEXT, UNPRINTABLE
from transcribe.draft.result import Evidence
from transcribe.masking import masked_text
from transcribe.turns import Turn

MOST_PLACES = 8
LONGEST_STAMP = 40


class Mark(StrEnum):
    """How a field's value came to stand there."""

    ACCEPTED = "accepted"
    """The draft's value, looked at."""
    ALTERNATIVE = "alternative"
    """One of the draft's other values."""
    PICKED = "picked"
    """Words that were taken from the turns."""
    CLERK = "clerk"
    """Typed by a person."""
    CLEARED = "cleared"


def kept(sent: Mapping[str, Any]) -> dict[str, Any]:
    """What of `sent` is stored; unknown fields, marks and places go, and a text far longer than a sheet's is cut."""
    values = _mapping(sent.get("values"))
    texts = {
        name: masked_text(UNPRINTABLE.sub("", values[name])[: 2 * LONGEST_TEXT])
        for name in FIELDS
        if isinstance(values.get(name), str)
    }
    marks = {
        name: {"by": mark["by"], "places": _places(mark.get("places"))}
        for name, mark in _mapping(sent.get("marks")).items()
        if name in FIELDS and isinstance(mark, Mapping) and mark.get("by") in set(Mark)
    }
    original, reading = sent.get("original"), sent.get("reading")
    return {
        "values": texts,
        "marks": marks,
        "original": UNPRINTABLE.sub("", original)[:LONGEST_LINE] if isinstance(original, str) else "",
        "reading": UNPRINTABLE.sub("", reading)[:LONGEST_STAMP] if isinstance(reading, str) else "",
    }


def place(turns: Sequence[Turn], turn: int, first: int, last: int) -> Evidence | None:
    """The words of one place in the turns, read there and not believed; None where there is no such place."""
    if not 0 <= turn < len(turns) or not 0 <= first < last <= len(turns[turn].text):
        return None
    start, end = turns[turn].seconds_of(first, last)
    return Evidence(start, end, turns[turn].text[first:last], turn, first, last)


def _places(sent: Any) -> list[list[int]]:
    if not isinstance(sent, list):
        return []
    sound = [
        place
        for place in sent
        if isinstance(place, list)
        and len(place) == 3
        and all(type(each) is int and 0 <= each < 10**6 for each in place)
    ]
    return [list(place) for place in sound[:MOST_PLACES]]


def _mapping(sent: Any) -> Mapping[str, Any]:
    return sent if isinstance(sent, Mapping) else {}
