"""`hotline demo --once --report` as a script runs it: ten calls, every one accounted for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hotline.demo.cast import Behaviour, load_cast
from hotline.processes.environment import for_child
from hotline.settings import Settings

pytestmark = [pytest.mark.asterisk, pytest.mark.speech]

CAST = {part.number: part for part in load_cast().callers}


@pytest.fixture(scope="module")
def report(own_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    target = tmp_path_factory.mktemp("report") / "report.json"
    command = [str(Path(sys.executable).parent / "hotline"), "demo", "--once", "--report", str(target)]
    done = subprocess.run(
        command, env=os.environ | for_child(own_settings), capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    loaded: dict[str, Any] = json.loads(target.read_text("utf-8"))
    return loaded


def calls(report: dict[str, Any], *behaviours: Behaviour) -> list[dict[str, Any]]:
    return [call for call in report["calls"] if CAST[call["caller"]].behaviour in behaviours]


def test_nobody_is_stranded_no_seat_rung_twice_no_call_unrecorded(report: dict[str, Any]) -> None:
    assert report["invariants"] == {"stranded": 0, "double_ring": 0, "unrecorded": 0}
    assert sorted(call["caller"] for call in report["calls"]) == sorted(CAST)


def test_every_call_ends_as_its_caller_meant_it(report: dict[str, Any]) -> None:
    wanted = {
        Behaviour.TALK: "answered",
        Behaviour.IGNORED_ONCE: "answered",
        Behaviour.HANG_UP_WAITING: "abandoned",
        Behaviour.LEAVE_MESSAGE: "voicemail",
    }
    for call in report["calls"]:
        assert call["outcome"] == wanted[CAST[call["caller"]].behaviour], call["caller"]
        assert call["service"] == CAST[call["caller"]].service


def test_a_call_not_picked_up_goes_to_the_next_seat(report: dict[str, Any]) -> None:
    (call,) = calls(report, Behaviour.IGNORED_ONCE)
    assert call["ring_attempts"] >= 2


def test_the_key_account_is_answered_by_the_senior_seat(report: dict[str, Any]) -> None:
    seniors = {part.seat for part in load_cast().seats if part.level == "senior"}
    (call,) = [call for call in report["calls"] if CAST[call["caller"]].customer_class == "key_account"]
    assert call["seat"] in seniors


def test_both_sides_of_every_talk_are_heard_in_its_recording(report: dict[str, Any]) -> None:
    for call in calls(report, Behaviour.TALK, Behaviour.IGNORED_ONCE):
        recording = call["recording"]
        assert recording["seconds"] > 15
        assert recording["caller_rms"] > 0.005
        assert recording["seat_rms"] > 0.005
        assert len(recording["sha256"]) == 64
        assert {turn["speaker"] for turn in call["turns"]} == {"caller", "seat"}


def test_what_was_said_becomes_a_draft_of_the_right_kind(report: dict[str, Any]) -> None:
    heard = calls(report, Behaviour.TALK, Behaviour.IGNORED_ONCE, Behaviour.LEAVE_MESSAGE)
    right = [call for call in heard if call["draft"]["kind"] == CAST[call["caller"]].truth["kind"]]
    assert len(right) >= len(heard) - 1


def test_every_field_of_a_draft_points_into_its_recording(report: dict[str, Any]) -> None:
    for call in report["calls"]:
        for places in (call["draft"] or {"evidence": {}})["evidence"].values():
            for place in places:
                assert 0 <= place["start"] <= place["end"] <= call["recording"]["seconds"] + 0.1


def test_somebody_is_drawn_for_inspection(report: dict[str, Any]) -> None:
    assert any(call["sampled"] for call in report["calls"])
