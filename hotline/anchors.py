"""Heads of the audit chain kept in a file, outside the database, so that a tail cut off inside it shows."""

from __future__ import annotations

import json
import os
from pathlib import Path

from hotline.audit import Anchor, AuditError
from hotline.settings import Settings


def path(settings: Settings) -> Path:
    """The worker's file: one JSON line per anchor. Copy it to another machine to make it worth more."""
    return settings.instance_dir / "audit-anchors.jsonl"


def append(file: Path, anchor: Anchor) -> None:
    """Add an anchor durably, unless it is the last one already."""
    known = read(file)
    if known and known[-1] == anchor:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+b") as handle:
        handle.seek(0)
        whole = handle.read().rpartition(b"\n")[0:2]
        handle.truncate(sum(map(len, whole)))  # a line the machine stopped in the middle of
        handle.write(json.dumps({"seq": anchor.seq, "digest": anchor.digest}).encode() + b"\n")
        handle.flush()
        os.fsync(handle.fileno())


def read(file: Path, *, must_exist: bool = False) -> tuple[Anchor, ...]:
    """The anchors of a file; AuditError where a line is none."""
    if not file.exists() and not must_exist:
        return ()
    try:
        lines = [line for line in file.read_text("utf-8").splitlines() if line.strip()]
    except OSError as error:
        raise AuditError(f"cannot read the anchors in {file}: {error.strerror}") from error
    found = []
    for number, line in enumerate(lines, 1):
        try:
            values = json.loads(line)
            found.append(Anchor(int(values["seq"]), str(values["digest"])))
        except (ValueError, KeyError, TypeError) as error:
            if number == len(lines):
                continue  # the machine stopped while it was written
            raise AuditError(f"{file}, line {number}: no anchor") from error
    return tuple(found)
