"""The disk watch: an alarm before calls go unrecorded, and an installation that says it is not ready when they do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hotline.settings import RecordingSettings, Settings
from recordings.disk import FREE, STALLED, Level, assess, check, measure, readiness, stalled
from recordings.legs import holders, scan
from tests.recordings.sounds import leave, tone

LIMITS = RecordingSettings(low_free_mb=1000, full_free_mb=100)
MB = 1 << 20


@pytest.mark.parametrize(
    ("free", "level", "ready"),
    [(2000, Level.OK, True), (1000, Level.OK, True), (999, Level.LOW, True), (99, Level.FULL, False)],
)
def test_the_fullest_disk_decides(free: int, level: Level, ready: bool) -> None:
    report = assess({Path("/a"): 5000 * MB, Path("/b"): free * MB}, LIMITS)
    assert (report.level, report.ready, report.folder, report.free_mb) == (level, ready, Path("/b"), free)


def test_a_full_disk_makes_the_installation_not_ready_and_says_what_to_do(small_disk: Path) -> None:
    report = check((small_disk / "not" / "yet",), LIMITS)
    assert not report.ready
    assert "free some space" in report.message
    assert FREE.labels(str(small_disk / "not" / "yet"))._value.get() <= MB
    check_ = readiness(Settings(data=small_disk))
    assert (check_.name, check_.ok) == ("recordings_disk", False)
    assert "no longer recorded" in check_.detail


def test_a_live_call_whose_legs_do_not_grow_is_an_alarm(tmp_path: Path) -> None:
    stuck, _ = leave(tmp_path, "n1-1.1", tone(1), tone(1))
    growing, _ = leave(tmp_path, "n1-2.1", tone(1), tone(1))
    leave(tmp_path, "n1-3.1", tone(1), tone(1))  # finished: nobody holds it
    script = "import sys; files = [open(p, 'ab') for p in sys.argv[1:]]; print(flush=True); sys.stdin.read()"
    arguments = [sys.executable, "-c", script, str(stuck), str(growing)]
    writer = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert writer.stdout is not None
        writer.stdout.readline()
        before = scan(tmp_path)
        with growing.open("ab") as file:
            file.write(tone(0.1))
        found = stalled(before, scan(tmp_path), holders())
    finally:
        writer.kill()
        writer.communicate()
    assert found == ("n1-1.1",)
    measure(scan(tmp_path), found)
    assert STALLED._value.get() == 1


def test_the_spool_of_this_process_is_seen_through_other_names(tmp_path: Path) -> None:
    """A process in a chroot knows the file by another path: it is told by its inode."""
    path, _ = leave(tmp_path, "n1-1.1", tone(1), None)
    other = tmp_path / "other"
    os.link(path, other)
    legs = scan(tmp_path).calls["n1-1.1"]
    with other.open("rb"):
        assert holders().holds(legs)
    assert not holders().holds(legs)
