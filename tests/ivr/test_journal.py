"""The journal is read whatever a crash has done to its end, and believed only in its own shape."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ivr.journal import parse_line, read_journal

CALL = "t1-1795294649.0"


def line(event: str, extra: str) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(
        ["1795294657.177359", event, CALL, CALL, "PJSIP/trunk-00000000", extra]
    )
    return out.getvalue()


def milestone(kind: str = "queued", facts: str = f"{CALL}|1795294657.177|complaint|139|||") -> str:
    return line(f"HL_{kind}", json.dumps({"extra": facts}))


def test_a_milestone_carries_its_facts_and_asterisks_own_time() -> None:
    entry = parse_line(milestone("ringing", f"{CALL}|1795294657.177|complaint|139|8001|5|1"))
    assert entry is not None
    assert (entry.kind, entry.call, entry.service, entry.caller) == ("ringing", CALL, "complaint", "139")
    assert (entry.seat, entry.epoch, entry.detail) == ("8001", "5", "1")
    assert entry.at.isoformat() == "2026-11-21T20:57:37.177000+00:00"


def test_asterisks_own_events_have_no_kind() -> None:
    entry = parse_line(line("HANGUP", '{"hangupcause":16}'))
    assert entry is not None
    assert (entry.event, entry.kind, entry.uniqueid) == ("HANGUP", "", CALL)


def test_a_last_line_cut_short_and_foreign_lines_are_left_out(tmp_path: Path) -> None:
    journal = tmp_path / "hotline.csv"
    whole = milestone() + "rubbish\n" + '"1","2"\n' + milestone("ended")
    journal.write_text(whole + milestone("queued")[:-9], "utf-8")
    assert [entry.kind for entry in read_journal(journal)] == ["queued", "ended"]
    journal.write_text(whole + milestone("queued").rstrip("\n"), "utf-8")
    assert [entry.kind for entry in read_journal(journal)] == ["queued", "ended"], "its end may be missing too"


def test_reading_goes_on_from_an_offset(tmp_path: Path) -> None:
    journal = tmp_path / "hotline.csv"
    journal.write_text(milestone(), "utf-8")
    offset = journal.stat().st_size
    with journal.open("a", encoding="utf-8") as file:
        file.write(milestone("ended"))
    assert [entry.kind for entry in read_journal(journal, offset=offset)] == ["ended"]


def test_a_journal_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    assert list(read_journal(tmp_path / "none.csv")) == []


@given(st.text())
def test_no_line_breaks_the_reader(text: str) -> None:
    parse_line(text)
    parse_line(line("HL_queued", text))
    parse_line(milestone("queued", text))
