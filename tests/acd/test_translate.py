"""Asterisk's words become typed events; what cannot be believed is refused with a code."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from acd.errors import EventRefusedError
from acd.events import CallEvent, Kind, SeatContact
from acd.journal import parse, read_journal
from acd.ports import AmiEvent
from acd.translate import translate
from acd.words import Service

FACTS = {
    "UserEvent": "Hotline", "Kind": "ringing", "Call": "n1-1773565200.7", "At": "1773565200.125",
    "Service": "complaint", "Caller": "+8613900001111", "Seat": "8001", "Epoch": "42", "Detail": "1",
}  # fmt: skip


def told(**changed: str | None) -> CallEvent | SeatContact | None:
    fields = {name: value for name, value in (FACTS | changed).items() if value is not None}
    return translate(AmiEvent("UserEvent", fields))


def test_a_milestone() -> None:
    assert told() == CallEvent(
        "n1-1773565200.7", Kind.RINGING, datetime(2026, 3, 15, 9, 0, 0, 125_000, UTC), "8001", 42, Service.COMPLAINT,
        "+8613900001111", "", "1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("Kind", None, "unknown_kind"), ("Kind", "rejoiced", "unknown_kind"), ("Kind", "interrupted", "unknown_kind"),
        ("Call", None, "bad_call"), ("Call", "a b", "bad_call"), ("Call", "n1-1\r\nX: y", "bad_call"),
        ("Call", "x" * 65, "bad_call"), ("At", None, "bad_time"), ("At", "nan", "bad_time"), ("At", "-5", "bad_time"),
        ("At", "1e99", "bad_time"), ("At", "99999999999", "bad_time"), ("At", "100000000", "bad_time"),
        ("At", "١٧٧٣٥٦٥٢٠٠", "bad_time"), ("Seat", None, "bad_seat"), ("Seat", "8001*9", "bad_seat"),
        ("Epoch", None, "bad_epoch"), ("Epoch", "-1", "bad_epoch"), ("Epoch", "9" * 19, "bad_epoch"),
        ("Caller", "张三", "bad_caller"), ("Caller", "1" * 21, "bad_caller"), ("Detail", "${x}", "bad_detail"),
        ("Detail", "x" * 65, "bad_detail"),
    ],
)  # fmt: skip
def test_what_cannot_be_believed_is_refused(field: str, value: str | None, code: str) -> None:
    with pytest.raises(EventRefusedError) as refused:
        told(**{field: value})
    assert refused.value.reason == code


def test_a_service_this_version_does_not_know_does_not_cost_the_call() -> None:
    event = told(Kind="queued", Service="astrology", Seat="", Epoch="")
    assert isinstance(event, CallEvent)
    assert (event.kind, event.service, event.epoch) == (Kind.QUEUED, None, 0)


def test_contacts_of_seats_and_of_nobody_else() -> None:
    def device(name: str, state: str) -> object:
        return translate(AmiEvent("DeviceStateChange", {"Device": name, "State": state}))

    assert device("PJSIP/8001", "NOT_INUSE") == SeatContact("8001", reachable=True)
    assert device("PJSIP/8001", "UNAVAILABLE") == SeatContact("8001", reachable=False)
    assert device("PJSIP/trunk", "NOT_INUSE") is None
    assert device("Queue:fallback", "NOT_INUSE") is None
    assert translate(AmiEvent("UserEvent", FACTS | {"UserEvent": "Other"})) is None


@given(st.dictionaries(st.sampled_from([*FACTS, "Dialled"]), st.text(max_size=30)))
def test_any_text_is_an_event_or_refused(fields: dict[str, str]) -> None:
    try:
        event = translate(AmiEvent("UserEvent", FACTS | fields | {"UserEvent": "Hotline"}))
    except EventRefusedError:
        return
    assert isinstance(event, CallEvent)
    assert event.caller.isascii()
    assert all(character in "0123456789+*#" for character in event.caller)


def line(kind: str, call: str, at: str, ring: str = "|") -> str:
    """`ring` is `seat|epoch`."""
    extra = json.dumps({"extra": f"{call}|{at}|complaint|13900001111|{ring}|1"}).replace('"', '""')
    return f'"{at}000","HL_{kind}","{call}","{call}","PJSIP/trunk-1","{extra}"'


def test_journal_and_events_tell_the_same() -> None:
    (event,) = parse([line("ringing", FACTS["Call"], FACTS["At"], "8001|42")]).events
    assert event == told(Caller="13900001111")


def test_a_journal_with_broken_lines_gives_the_others(tmp_path: Path) -> None:
    good = line("entered", "n1-1.1", "1773565200.000")
    path = tmp_path / "hotline.csv"
    lines = [
        good,
        "nonsense",
        '"1773565200.1","HL_que',
        line("queued", "n1-1.1", "7"),
        '"1773565207.5","CHAN_END","n1-1.1","n1-1.1","c",""',
    ]
    path.write_text("\n".join(lines))
    journal = read_journal(path)
    assert [event.kind for event in journal.events] == [Kind.ENTERED]
    assert dict(journal.refused) == {"bad_line": 2, "bad_time": 1}
    assert journal.last_seen["n1-1.1"] == datetime(2026, 3, 15, 9, 0, 7, 500_000, UTC)


def test_only_the_end_of_a_long_journal_is_read(tmp_path: Path) -> None:
    path = tmp_path / "hotline.csv"
    path.write_text("\n".join(line("entered", f"n1-1.{number}", "1773565200.000") for number in range(500)) + "\n")
    calls = [event.call for event in read_journal(path, tail=2_000).events]
    assert calls[-1] == "n1-1.499"
    assert 0 < len(calls) < 30


def test_a_journal_is_read_on_from_where_it_was_read_and_anew_when_rotated(tmp_path: Path) -> None:
    path = tmp_path / "hotline.csv"
    lines = [line("entered", f"n1-1.{number}", "1773565200.000") + "\n" for number in range(3)]
    path.write_text(lines[0] + lines[1][:50])
    first = read_journal(path)
    assert ([event.call for event in first.events], first.end) == (["n1-1.0"], len(lines[0]))
    path.write_text("".join(lines))
    assert [event.call for event in read_journal(path, start=first.end).events] == ["n1-1.1", "n1-1.2"]
    path.write_text(lines[2])
    assert [event.call for event in read_journal(path, start=10_000).events] == ["n1-1.2"]


def test_a_node_without_a_journal_has_nothing_to_tell(tmp_path: Path) -> None:
    assert read_journal(None).events == read_journal(tmp_path / "none").events == ()
