"""What is wrong with the recording of a call, as pure functions of what the ledger, the rows and the files say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from recordings.store import RecordingView

NOTHING_HEARD_SECONDS = 1.0
"""A caller gone within this was not heard: the call needs no recording."""
LEGS_DIFFER_SECONDS = 0.5
"""Asterisk writes both legs sample by sample (asterisk.md §3); a buffer's worth may be missing after a crash."""
SPOKEN_SECONDS = 3.0
"""A side that had less time than this to speak may well be silent."""
_NOTHING: Mapping[str, int] = MappingProxyType({})
_CALLER_SPEAKS = frozenset({"answered", "fallback", "voicemail"})


class Problem(StrEnum):
    MISSING = "missing"
    SHORT = "short"
    LEGS_DIFFER = "legs_differ"
    CALLER_SILENT = "caller_silent"
    SEAT_SILENT = "seat_silent"
    UNREADABLE = "unreadable"
    NO_CALL = "no_call"


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What the ledger knows of a call that recordings are held against; times aware."""

    uid: str
    entered_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str | None = None
    paused_seconds: float = 0.0
    """Muted on purpose; known of calls of which it matters."""

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.entered_at).total_seconds() if self.ended_at else 0.0

    @property
    def talked_seconds(self) -> float:
        return (self.ended_at - self.answered_at).total_seconds() if self.ended_at and self.answered_at else 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    tolerance_seconds: float
    silent_rms: float


@dataclass(frozen=True, slots=True)
class Finding:
    call_uid: str
    problem: Problem
    detail: str


def reconcile(
    calls: Iterable[CallFacts],
    recordings: Iterable[RecordingView],
    *,
    reasons: Mapping[str, str],
    stored: Mapping[str, int] | None,
    limits: Limits,
    expected: Mapping[str, int] = _NOTHING,
) -> tuple[Finding, ...]:
    """Every call whose recording is missing or not sound, and every recording without a call, in order of uid.

    `calls` are those looked at, `recordings` at least theirs; `reasons` says of calls why their legs were
    not finalised; `stored` is the store's list of sizes by key, None where it was not asked; `expected` says how long
    sealed objects must be, by key.
    """
    by_call = {recording.call_uid: recording for recording in recordings}
    found: list[Finding] = []
    for call in calls:
        recording = by_call.pop(call.uid, None)
        if recording is not None:
            found += _unsound(call, recording, stored, expected, limits)
        elif call.ended_at is not None and call.seconds >= NOTHING_HEARD_SECONDS:
            found.append(_missing(call, reasons.get(call.uid)))
    for recording in by_call.values():
        found.append(Finding(recording.call_uid, Problem.NO_CALL, f"{recording.object_key} belongs to no known call"))
        found += _unreadable(recording, stored, expected)
    return tuple(sorted(found, key=lambda finding: (finding.call_uid, finding.problem)))


def _missing(call: CallFacts, reason: str | None) -> Finding:
    said = reason or "no legs and no recording of it were found"
    return Finding(call.uid, Problem.MISSING, f"the call lasted {call.seconds:.1f} s; {said}")


def _unsound(
    call: CallFacts,
    recording: RecordingView,
    stored: Mapping[str, int] | None,
    expected: Mapping[str, int],
    limits: Limits,
) -> list[Finding]:
    found = _unreadable(recording, stored, expected)
    lacking = call.seconds - recording.seconds
    if lacking > limits.tolerance_seconds:
        found.append(Finding(call.uid, Problem.SHORT, f"{recording.seconds:.1f} s of a call of {call.seconds:.1f} s"))
    if abs(recording.caller_seconds - recording.seat_seconds) > LEGS_DIFFER_SECONDS:
        legs = f"caller's leg {recording.caller_seconds:.1f} s, seat's leg {recording.seat_seconds:.1f} s"
        found.append(Finding(call.uid, Problem.LEGS_DIFFER, legs))
    if (
        call.outcome in _CALLER_SPEAKS
        and recording.seconds - call.paused_seconds >= SPOKEN_SECONDS
        and recording.caller_rms < limits.silent_rms
    ):
        found.append(Finding(call.uid, Problem.CALLER_SILENT, f"level {recording.caller_rms:.5f} over the whole call"))
    if call.talked_seconds - call.paused_seconds >= SPOKEN_SECONDS and recording.seat_rms < limits.silent_rms:
        found.append(Finding(call.uid, Problem.SEAT_SILENT, f"level {recording.seat_rms:.5f} from the answer on"))
    return found


def _unreadable(
    recording: RecordingView, stored: Mapping[str, int] | None, expected: Mapping[str, int]
) -> list[Finding]:
    if stored is None:
        return []
    size = stored.get(recording.object_key)
    if size is None:
        return [Finding(recording.call_uid, Problem.UNREADABLE, f"{recording.object_key} is not in the store")]
    wanted = expected.get(recording.object_key, recording.bytes)
    if size != wanted:
        said = f"{recording.object_key} has {size} bytes and should have {wanted}; take it from a backup of the store"
        return [Finding(recording.call_uid, Problem.UNREADABLE, said)]
    return []
