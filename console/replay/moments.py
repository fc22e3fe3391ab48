"""Marks that nobody has to set: what the time line, the transcript and the draft say of a call, at its second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from acd.ledger import TimelineEntry
from console.errors import N_
from recordings.store import RecordingView
from transcribe.drafts import TranscriptView

NAMES: Mapping[str, str] = {
    "answered": N_("Answered"),
    "joined": N_("Another seat joins"),
    "handed": N_("Handed on"),
    "consulting": N_("Asks aside"),
    "consult_over": N_("Back from asking"),
    "held": N_("On hold"),
    "resumed": N_("Hold ends"),
    "paused": N_("Recording paused"),
    "unpaused": N_("Recording goes on"),
    "reattached": N_("Telephone lost"),
    "left": N_("A seat leaves"),
    "voicemail": N_("Message box"),
    "noticed": N_("Told of the recording"),
}
TALK_OVER = N_("Both speak")
SENSITIVE = N_("Card number or password")
CONSENT = N_("Consent")
PROMISE = N_("Promise")
UNHEARD = N_("Not recognised")
_LONG = 1.0
"""Seconds of talk-over that are worth a mark."""
_MOST = 60


@dataclass(frozen=True, slots=True)
class Moment:
    """One mark; `name` is a catalogue key, `detail` is shown as it is."""

    second: float
    end: float | None
    name: str
    kind: str
    detail: str = ""


def moments(
    recording: RecordingView,
    line: Iterable[TimelineEntry],
    heard: TranscriptView | None,
    draft: Mapping[str, Any] | None,
) -> list[Moment]:
    """In order of time; `draft` is its JSON, masked for this reader."""
    found = [
        Moment(recording.second_of(entry.at) or 0.0, None, NAMES[entry.kind], "event", entry.seat)
        for entry in line
        if entry.kind in NAMES
    ]
    if heard is not None:
        found += [Moment(*span, TALK_OVER, "over") for span in heard.talk_over if span[1] - span[0] >= _LONG]
        found += [Moment(*span, UNHEARD, "unheard") for span in heard.unheard]
        found += _sensitive(heard)
    evidence = draft.get("evidence", {}) if draft else {}
    for field, name in (("consent", CONSENT), ("promised", PROMISE)):
        found += [_said(each, name, field) for each in _rows(evidence.get(field))]
    return sorted(found, key=lambda each: each.second)[:_MOST]


def _sensitive(heard: TranscriptView) -> list[Moment]:
    """One for each number, not for each group of its digits."""
    found: list[Moment] = []
    for span in sorted(heard.sensitive, key=lambda each: each.start):
        if found and span.start - (found[-1].end or 0.0) < 5.0:
            found[-1] = Moment(found[-1].second, max(span.end, found[-1].end or 0.0), SENSITIVE, "sensitive")
        else:
            found.append(Moment(span.start, span.end, SENSITIVE, "sensitive"))
    return found


def _rows(value: object) -> Sequence[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, Sequence) else []


def _said(row: Mapping[str, Any], name: str, kind: str) -> Moment:
    return Moment(float(row["start"]), float(row["end"]), name, kind, str(row["text"]))
