"""Legs in the spool: which belong to a call, and which nobody writes to any more."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.errors import HostileName
from recordings.legs import Holders, check_uid, find, finished, holders, scan, uid_started_at
from tests.recordings.sounds import leave, tone

UID = "n1-1763700000.7"
NOBODY = Holders(frozenset(), blind=False)


def test_both_legs_of_a_call_are_found_with_their_length(tmp_path: Path) -> None:
    leave(tmp_path, UID, tone(2), tone(1.5))
    legs = scan(tmp_path).calls[UID]
    assert [leg.seconds for leg in legs.present] == [2.0, 1.5]
    assert legs.seconds == 2.0
    assert find(tmp_path, UID) == legs


def test_a_spool_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert scan(tmp_path / "none").calls == {}
    assert find(tmp_path / "none", UID) is None


@pytest.mark.parametrize(
    "uid",
    [
        "",
        "..",
        "../etc/passwd",
        "a/b",
        "a\0b",
        "n1-1\r\nX",
        "${SHELL}",
        ".hidden",
        "a..b",
        "电话",
        "a" * 65,
        "a ",
        "-rf",
    ],
)
def test_a_name_that_asterisk_never_writes_is_refused(uid: str, tmp_path: Path) -> None:
    with pytest.raises(HostileName):
        check_uid(uid)
    with pytest.raises(HostileName):
        find(tmp_path, uid)


@given(st.text(max_size=80))
def test_whatever_passes_as_a_uid_stays_inside_its_folder(uid: str) -> None:
    try:
        check_uid(uid)
    except HostileName:
        return
    assert (Path("/spool") / f"{uid}.rx.sln16").parent == Path("/spool")
    assert ".." not in uid
    assert uid.isascii()


def test_strange_files_in_the_spool_are_refused_by_name_and_left_alone(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(tone(1))
    spool = tmp_path / "spool"
    leave(spool, UID, tone(1), tone(1))
    (spool / "n1-5.1.rx.sln16").symlink_to(secret)
    (spool / "n1-6.1.tx.sln16").mkdir()
    (spool / "..x.rx.sln16").write_bytes(b"x")
    (spool / "notes.txt").write_text("x")
    found = scan(spool)
    assert set(found.calls) == {UID}
    assert {name for name, _ in found.refused} == {
        "'n1-5.1.rx.sln16'", "'n1-6.1.tx.sln16'", "'..x.rx.sln16'", "'notes.txt'",
    }  # fmt: skip
    assert secret.exists()


def test_a_leg_that_another_process_writes_is_held_until_that_process_is_gone(tmp_path: Path) -> None:
    path, _ = leave(tmp_path, UID, tone(1), tone(1))
    script = "import sys; f = open(sys.argv[1], 'ab'); print(flush=True); sys.stdin.read()"
    writer = subprocess.Popen([sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert writer.stdout is not None
        writer.stdout.readline()
        legs = find(tmp_path, UID)
        assert legs is not None
        assert holders().holds(legs)
    finally:
        writer.kill()
        writer.wait()
        for pipe in (writer.stdin, writer.stdout):
            assert pipe is not None
            pipe.close()
    assert not holders().holds(legs)


@pytest.mark.parametrize(
    ("held", "blind", "ended", "quiet_seconds", "expected"),
    [
        (False, False, True, 0, True),  # the ordinary end of a call
        (False, False, False, 5, False),  # the ledger says it goes on
        (False, False, False, 21, True),  # Asterisk was killed: nobody will tell of the end
        (True, False, True, 100, False),  # still being written out
        (False, True, True, 2, False),  # Asterisk's open files cannot be seen: it may write out the last second
        (False, True, True, 3, True),
        (False, True, False, 19, False),
        (False, True, False, 21, True),
        (True, True, True, 100, False),
    ],
)
def test_legs_are_finished_when_nobody_can_write_to_them_again(
    tmp_path: Path, *, held: bool, blind: bool, ended: bool, quiet_seconds: int, expected: bool
) -> None:
    path, _ = leave(tmp_path, UID, tone(1), tone(1))
    legs = find(tmp_path, UID)
    assert legs is not None
    inode = path.stat()
    by = Holders(frozenset({(inode.st_dev, inode.st_ino)}) if held else frozenset(), blind=blind)
    now = legs.changed_at + timedelta(seconds=quiet_seconds)
    assert finished(legs, by, call_ended=ended, now=now, settle_seconds=20) is expected


def test_where_no_asterisk_can_be_looked_into_we_know_that_we_are_blind(tmp_path: Path) -> None:
    for number, name in ((1, "init"), (7, "python")):
        (tmp_path / str(number) / "fd").mkdir(parents=True)
        (tmp_path / str(number) / "comm").write_text(f"{name}\n")
    assert holders(tmp_path).blind
    (tmp_path / "9" / "fd").mkdir(parents=True)
    (tmp_path / "9" / "comm").write_text("asterisk\n")
    assert not holders(tmp_path).blind


def test_the_start_of_an_unknown_call_is_read_from_its_uid_or_from_its_last_write(tmp_path: Path) -> None:
    assert uid_started_at("n1-1763700000.7") == datetime.fromtimestamp(1763700000, UTC)
    assert uid_started_at("n1-odd") is None
    path, _ = leave(tmp_path, "odd", tone(2), None)
    os.utime(path, (1_000_000_010, 1_000_000_010))
    legs = find(tmp_path, "odd")
    assert legs is not None
    assert legs.started_at() == datetime.fromtimestamp(1_000_000_008, UTC)
