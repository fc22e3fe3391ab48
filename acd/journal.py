"""What the node's own journal tells of calls: all that happened while no controller listened, durable at `kill -9`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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


def read_journal(path: Path | None, *, tail: int = TAIL_BYTES) -> Journal:
    """Read the end of the journal; a node without one (it runs elsewhere, or is new) gives an empty journal."""
    if path is None:
        return Journal()
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - tail))
            if size > tail:
                file.readline()  # the rest of a line that began before
            raw = file.read()
    except FileNotFoundError:
        return Journal()
    except OSError as error:
        _log.error("acd.journal.unreadable", path=str(path), error=error.strerror)
        return Journal()
    return parse(raw.decode("utf-8", "replace").split("\n"))


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
