"""What must hold, judged from two sides: what SIP saw, and what the system has written down. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

ENDINGS = frozenset({"answered", "fallback", "voicemail", "abandoned", "callback"})
"""How a call may end: a fallback is answered too, by whichever seat Asterisk chose without the controller."""
WAIT_TOLERANCE = 1.0
LEG_TOLERANCE = 0.06
"""Two legs of one recording may differ by what lay in one write."""


class Invariant(StrEnum):
    ACCOUNTED = "accounted"
    """Every INVITE that was accepted is one call in the ledger with one of the endings."""
    NOT_STRANDED = "not stranded"
    """Nobody waited until patience ran out while there were seats."""
    ONE_CALL = "one call a seat"
    TWO_LEGS = "two equal legs"
    """Every answered call has a recording with two legs of the same length."""
    TIMES = "waits to 1 s"
    """From INVITE to answer as the wire saw it and as the ledger says it."""


@dataclass(frozen=True, slots=True)
class Wire:
    """One INVITE as SIP saw it. Seconds of the wall clock."""

    number: str
    invited: float
    """When the server first answered to it."""
    accepted: bool
    gave_up: bool
    seat_answers: tuple[tuple[float, str], ...] = ()
    cut: bool = False
    """Asterisk itself ended: who was inside is dropped without a word, and no answer need follow."""


@dataclass(frozen=True, slots=True)
class Written:
    """One call as the ledger and the recordings have it."""

    uid: str
    caller: str
    outcome: str | None
    ended: bool
    waited: float | None
    """Seconds from entry to answer; None where nobody answered."""
    legs: tuple[float, float] | None
    """Seconds of the caller's and of the other raw leg; None without a recording."""


@dataclass
class Verdict:
    calls: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    broken: dict[Invariant, list[str]] = field(default_factory=lambda: {each: [] for each in Invariant})

    @property
    def good(self) -> bool:
        return not any(self.broken.values())


def judge(wires: Sequence[Wire], written: Sequence[Written], doubled: Mapping[str, int]) -> Verdict:
    """Hold what was written against the wire; `doubled` counts, per seat, rings at a seat that had a call."""
    verdict = Verdict(calls=len(wires))
    rows: dict[str, list[Written]] = {}
    for row in written:
        rows.setdefault(row.caller, []).append(row)
    for wire in wires:
        found = rows.get(wire.number, [])
        _judge_one(verdict, wire, found)
    for seat, times in doubled.items():
        if times:
            verdict.broken[Invariant.ONE_CALL].append(f"seat {seat}: rung {times} times while it had a call")
    return verdict


def _judge_one(verdict: Verdict, wire: Wire, found: list[Written]) -> None:
    broken = verdict.broken
    if not wire.accepted:
        verdict.outcomes["refused"] = verdict.outcomes.get("refused", 0) + 1
        if found and found[0].outcome not in ENDINGS:
            broken[Invariant.ACCOUNTED].append(f"{found[0].uid}: refused on the wire, {found[0].outcome} in the ledger")
        return
    if len(found) != 1:
        broken[Invariant.ACCOUNTED].append(f"the call at {wire.invited:.1f} has {len(found)} rows in the ledger")
        return
    row = found[0]
    verdict.outcomes[str(row.outcome)] = verdict.outcomes.get(str(row.outcome), 0) + 1
    if row.outcome not in ENDINGS or not row.ended:
        broken[Invariant.ACCOUNTED].append(f"{row.uid}: ends as {row.outcome}")
    if wire.gave_up and row.outcome == "abandoned" and not wire.cut:
        broken[Invariant.NOT_STRANDED].append(f"{row.uid}: waited until patience ran out")
    served = row.outcome in {"answered", "fallback"}
    if wire.seat_answers and not served and not wire.cut:
        broken[Invariant.ACCOUNTED].append(f"{row.uid}: a seat answered it, the ledger says {row.outcome}")
    if served:
        if row.legs is None:
            broken[Invariant.TWO_LEGS].append(f"{row.uid}: no recording")
        elif abs(row.legs[0] - row.legs[1]) > LEG_TOLERANCE or min(row.legs) <= 0:
            broken[Invariant.TWO_LEGS].append(f"{row.uid}: legs of {row.legs[0]:.2f} s and {row.legs[1]:.2f} s")
    if served and wire.seat_answers and row.waited is not None:
        seen = wire.seat_answers[0][0] - wire.invited
        if abs(seen - row.waited) > WAIT_TOLERANCE:
            broken[Invariant.TIMES].append(f"{row.uid}: {seen:.1f} s on the wire, {row.waited:.1f} s in the ledger")
    elif served and not wire.seat_answers and not wire.cut:
        broken[Invariant.TIMES].append(f"{row.uid}: answered in the ledger, by no seat on the wire")
