"""Every call without a sound recording is named, and no call that has one is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.findings import CallFacts, Finding, Limits, Problem, reconcile
from recordings.store import RecordingView

START = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
LIMITS = Limits(tolerance_seconds=2.0, silent_rms=0.001)


def call(uid: str = "c", seconds: float = 60, answered: float | None = 10, outcome: str = "answered") -> CallFacts:
    at = None if answered is None else START + timedelta(seconds=answered)
    return CallFacts(uid, START, at, START + timedelta(seconds=seconds), outcome)


def recording(uid: str = "c", seconds: float = 60) -> RecordingView:
    return RecordingView(
        call_uid=uid, object_key=f"2026/11/21/{uid}.flac", sha256="0" * 64, bytes=1000, seconds=seconds,
        sample_rate=16_000, caller_seconds=seconds, seat_seconds=seconds, caller_rms=0.1, seat_rms=0.1,
        started_at=START, finalised_at=START, recovered=False,
    )  # fmt: skip


def found(
    calls: list[CallFacts],
    recordings: list[RecordingView],
    reasons: dict[str, str] | None = None,
    stored: dict[str, int] | None = None,
) -> list[tuple[str, str]]:
    said = reconcile(calls, recordings, reasons=reasons or {}, stored=stored, limits=LIMITS)
    return [(finding.call_uid, finding.problem.value) for finding in said]


def test_a_call_with_a_sound_recording_is_not_named() -> None:
    assert found([call()], [recording()], stored={"2026/11/21/c.flac": 1000}) == []


def test_a_call_without_a_recording_is_missing_and_the_reason_is_told() -> None:
    assert found([call()], []) == [("c", "missing")]
    (finding,) = reconcile([call()], [], reasons={"c": "the disk is full"}, stored=None, limits=LIMITS)
    assert finding == Finding("c", Problem.MISSING, "the call lasted 60.0 s; the disk is full")


def test_a_call_that_goes_on_or_that_nobody_heard_needs_no_recording() -> None:
    assert found([replace(call(), ended_at=None)], []) == []
    assert found([call(seconds=0.9, answered=None, outcome="abandoned")], []) == []
    assert found([call(seconds=1.0, answered=None, outcome="abandoned")], []) == [("c", "missing")]


@pytest.mark.parametrize(("seconds", "expected"), [(58.0, []), (57.9, [("c", "short")]), (61.0, [])])
def test_a_recording_shorter_than_its_call_is_named(seconds: float, expected: list[tuple[str, str]]) -> None:
    assert found([call()], [recording(seconds=seconds)]) == expected


def test_legs_of_different_length_are_named() -> None:
    assert found([call()], [replace(recording(), seat_seconds=0.0)]) == [("c", "legs_differ")]
    assert found([call()], [replace(recording(), seat_seconds=59.6)]) == []


def test_a_silent_side_is_named_where_somebody_should_have_spoken() -> None:
    mute = replace(recording(), caller_rms=0.0, seat_rms=0.0)
    assert found([call()], [mute]) == [("c", "caller_silent"), ("c", "seat_silent")]
    assert found([call(answered=None, outcome="voicemail")], [mute]) == [("c", "caller_silent")]
    assert found([call(answered=None, outcome="abandoned")], [mute]) == []  # who waits says nothing
    assert found([call(answered=58)], [replace(mute, caller_rms=0.1)]) == []  # two seconds of talk may be silent


def test_a_stored_file_that_is_gone_or_cut_is_unreadable() -> None:
    assert found([call()], [recording()], stored={}) == [("c", "unreadable")]
    assert found([call()], [recording()], stored={"2026/11/21/c.flac": 999}) == [("c", "unreadable")]


def test_a_recording_without_a_call_is_named() -> None:
    assert found([], [recording("x")], stored={"2026/11/21/x.flac": 1000}) == [("x", "no_call")]


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(st.booleans(), st.booleans(), st.booleans())))
def test_each_call_is_named_exactly_when_something_is_wrong_with_it(state: dict[str, tuple[bool, bool, bool]]) -> None:
    """For any mixture of calls that are known, recorded, and whose file is there."""
    calls = [call(uid) for uid, (known, _, _) in state.items() if known]
    recordings = [recording(uid) for uid, (_, recorded, _) in state.items() if recorded]
    stored = {f"2026/11/21/{uid}.flac": 1000 for uid, (_, _, there) in state.items() if there}
    expected = set()
    for uid, (known, recorded, there) in state.items():
        if known and not recorded:
            expected.add((uid, "missing"))
        if recorded and not known:
            expected.add((uid, "no_call"))
        if recorded and not there:
            expected.add((uid, "unreadable"))
    said = found(calls, recordings, stored=stored)
    assert set(said) == expected
    assert len(said) == len(expected)
