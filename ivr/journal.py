"""The node's journal: what its calls went through, written by Asterisk itself, readable after any crash.

Each line has six columns, all quoted: time (epoch seconds with microseconds), event, uniqueid, linkedid, channel,
extra.
The milestones that the dialplan tells are the events `HL_<kind>`; their extra is a JSON object (AST main/cel.c) whose
`extra` is `call|at|service|caller|seat|epoch|detail`, the same facts as in the AMI event `Hotline`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

_COLUMNS = 6
_FACTS = 7


@dataclass(frozen=True)
class Entry:
    """One event. `kind` is empty for Asterisk's own CHAN_START, HANGUP and CHAN_END."""

    at: datetime
    event: str
    uniqueid: str
    linkedid: str
    channel: str
    kind: str = ""
    call: str = ""
    service: str = ""
    caller: str = ""
    seat: str = ""
    epoch: str = ""
    detail: str = ""


def read_journal(source: Path, *, offset: int = 0) -> Iterator[Entry]:
    """Entries from byte `offset` on; a last line that a crash cut short is left out, as is any that is not ours.

    A file that is not there yet has no entries.
    """
    if not source.exists():
        return
    with source.open("rb") as file:
        file.seek(offset)
        for line in file:
            entry = parse_line(line.decode("utf-8", "replace")) if line.endswith(b"\n") else None
            if entry is not None:
                yield entry


def parse_line(line: str) -> Entry | None:
    """The entry of one line, or None where it has not the journal's shape."""
    try:
        (columns,) = csv.reader(io.StringIO(line), strict=True)
        if len(columns) != _COLUMNS:
            return None
        time, event, uniqueid, linkedid, channel, extra = columns
        if not event.startswith("HL_"):
            return Entry(_moment(time), event, uniqueid, linkedid, channel)
        facts = str(json.loads(extra)["extra"]).split("|")
        if len(facts) != _FACTS:
            return None
        call, at, service, caller, seat, epoch, detail = facts
        kind = event.removeprefix("HL_")
        return Entry(_moment(at), event, uniqueid, linkedid, channel, kind, call, service, caller, seat, epoch, detail)
    except (csv.Error, ValueError, TypeError, KeyError, InvalidOperation, OverflowError, OSError):
        return None


def _moment(epoch: str) -> datetime:
    seconds = Decimal(epoch)
    whole = int(seconds)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=int((seconds - whole) * 1_000_000))
