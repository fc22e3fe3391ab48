"""What the node's own journal tells of calls: all that happened while no controller listened, durable at `kill -9`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import structlog

from acd.errors import EventRefusedError
from acd.events import CallEvent
from acd.translate import EARLIEST, LATEST, call_event
from ivr.journal import Entry, parse_line

TAIL_BYTES = 16 * 1024 * 1024
"""How much of the journal's end is read: some 5 000 calls."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Journal:
    events: tuple[CallEvent, ...] = ()
    """Milestones in the order they were written."""
    last_seen: Mapping[str, datetime] = field(default_factory=dict)
    """When a channel was last written about, by uniqueid."""
    refused: Mapping[str, int] = field(default_factory=dict)
    """Lines that could not be believed, by code."""
    end: int = 0
    """Where the next reading begins, in bytes."""


def read_journal(path: Path | None, *, start: int = 0, tail: int = TAIL_BYTES) -> Journal:
    """Read the journal from byte `start`, at most its last `tail` bytes; a node without one gives an empty journal.

    A journal that is shorter than `start` has been rotated and is read from its beginning.
    """
    if path is None:
        return Journal()
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            begin = start if start <= size else 0
            file.seek(max(begin, size - tail))
            if size - tail > begin:
                file.readline()  # the rest of a line that began before
            begin = file.tell()
            raw = file.read()
    except FileNotFoundError:
        return Journal()
    except OSError as error:
        _log.error("acd.journal.unreadable", path=str(path), error=error.strerror)
        return Journal()
    journal = parse(raw.decode("utf-8", "replace").split("\n"))
    return replace(journal, end=begin + raw.rfind(b"\n") + 1)


def parse(lines: Iterable[str]) -> Journal:
    """Milestones and last signs of life; a line that is cut short or says nonsense is counted and left out."""
    events: list[CallEvent] = []
    last_seen: dict[str, datetime] = {}
    refused: Counter[str] = Counter()
    for line in lines:
        if not line.strip():
            continue
        entry = parse_line(line)
        if entry is None:
            refused["bad_line"] += 1
            continue
        try:
            if entry.kind:
                events.append(_milestone(entry))
            elif EARLIEST <= entry.at <= LATEST:
                last_seen[entry.uniqueid] = entry.at
        except EventRefusedError as error:
            refused[error.reason] += 1
    if refused:
        _log.warning("acd.journal.refused", **refused)
    return Journal(tuple(events), last_seen, dict(refused))


def _milestone(entry: Entry) -> CallEvent:
    facts = {
        "Kind": entry.kind, "Call": entry.call, "At": f"{entry.at.timestamp():.6f}", "Service": entry.service,
        "Caller": entry.caller, "Seat": entry.seat, "Epoch": entry.epoch, "Detail": entry.detail,
    }  # fmt: skip
    return call_event(lambda name: facts.get(name, ""))
