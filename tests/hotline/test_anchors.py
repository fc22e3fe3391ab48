from __future__ import annotations

from pathlib import Path

import pytest

from hotline import anchors
from hotline.audit import Anchor, AuditError

FIRST, SECOND = Anchor(3, "a" * 64), Anchor(9, "b" * 64)


def test_anchors_come_back_in_order_and_the_same_one_is_kept_once(tmp_path: Path) -> None:
    file = tmp_path / "kept" / "anchors.jsonl"
    for anchor in (FIRST, FIRST, SECOND):
        anchors.append(file, anchor)
    assert anchors.read(file) == (FIRST, SECOND)


def test_a_line_the_machine_stopped_in_the_middle_of_is_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "anchors.jsonl"
    anchors.append(file, FIRST)
    with file.open("a") as handle:
        handle.write('{"seq": 5, "dig')
    assert anchors.read(file) == (FIRST,)
    anchors.append(file, SECOND)
    assert anchors.read(file) == (FIRST, SECOND)


def test_a_spoilt_file_and_a_missing_one_are_told(tmp_path: Path) -> None:
    file = tmp_path / "anchors.jsonl"
    file.write_text('{"seq": 5}\n{"seq": 6, "digest": "x"}\n')
    with pytest.raises(AuditError, match="line 1"):
        anchors.read(file)
    assert anchors.read(tmp_path / "none") == ()
    with pytest.raises(AuditError, match="none"):
        anchors.read(tmp_path / "none", must_exist=True)
