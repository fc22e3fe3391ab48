"""What became of each call of the run, gathered from the rooms and written as table and JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from acd import ledger
from acd.ledger import CallView
from hotline.clock import Clock
from hotline.database import Database
from hotline.demo.cast import CallerPart
from hotline.demo.invariants import Moment, double_rings, stranded
from recordings import problems, store
from recordings.store import RecordingView
from transcribe import drafts
from transcribe.drafts import DraftView, TranscriptView


@dataclass(frozen=True)
class CallFacts:
    call: CallView
    recording: RecordingView | None
    transcript: TranscriptView | None
    draft: DraftView | None


@dataclass
class RunFacts:
    calls: list[CallFacts]
    moments: list[Moment]
    unsound: set[str]
    """Calls with an open recording problem."""
    dialled: list[str]
    failures: list[str] = field(default_factory=list)

    def invariants(self) -> dict[str, int]:
        latest = {fact.call.caller: fact.call.outcome for fact in self.calls}
        return {
            "stranded": len(stranded(self.dialled, latest)),
            "double_ring": len(double_rings(self.moments)),
            "unrecorded": sum(fact.recording is None or fact.call.uid in self.unsound for fact in self.calls),
        }


async def gather(database: Database, start: datetime, end: datetime, callers: Sequence[CallerPart]) -> RunFacts:
    """Everything the rooms know about the calls that entered in `[start, end)`."""
    async with database.transaction() as session:
        calls = await ledger.calls_between(session, start, end)
        recordings = await store.of_calls(session, [call.uid for call in calls])
        unsound = {problem.call_uid for problem in await problems.list_open(session)}
        found, moments = [], []
        for call in calls:
            transcript = await drafts.transcript_of(session, call.uid)
            draft = await drafts.get(session, call.uid)
            found.append(CallFacts(call, recordings.get(call.uid), transcript, draft))
            line = await ledger.timeline(session, call.uid)
            moments += [Moment(call.uid, entry.at, entry.kind, entry.seat) for entry in line]
    return RunFacts(found, moments, unsound, [caller.number for caller in callers])


async def settle(
    database: Database,
    clock: Clock,
    start: datetime,
    *,
    callers: Sequence[CallerPart],
    say: Callable[[str], None],
    patience: float,
) -> RunFacts:
    """Wait until every call has ended and was recorded and transcribed, at most `patience` seconds."""
    said = ""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        facts = await gather(database, start, clock.now(), callers)
        ended = sum(fact.call.ended_at is not None for fact in facts.calls)
        recorded = sum(fact.recording is not None for fact in facts.calls)
        transcribed = sum(fact.transcript is not None for fact in facts.calls)
        count = f"结束 ended {ended} · 录音 recorded {recorded} · 转写 transcribed {transcribed} / {len(callers)}"
        if count != said:
            say(count)
            said = count
        if transcribed >= len(callers) or asyncio.get_running_loop().time() > deadline:
            return facts
        await asyncio.sleep(1)


def as_json(facts: RunFacts, sampled: Mapping[str, bool]) -> dict[str, Any]:
    """The report that `hotline demo --report FILE` writes."""
    return {
        "calls": [_call_json(fact, sampled.get(fact.call.uid, False)) for fact in facts.calls],
        "invariants": facts.invariants(),
        "failures": facts.failures,
    }


def _call_json(fact: CallFacts, sampled: bool) -> dict[str, Any]:
    call, recording = fact.call, fact.recording
    return {
        "id": call.uid,
        "caller": call.caller,
        "service": call.service,
        "entered_at": call.entered_at.isoformat(),
        "answered_at": call.answered_at.isoformat() if call.answered_at else None,
        "waited_seconds": None if call.waited_seconds is None else round(call.waited_seconds, 3),
        "outcome": call.outcome,
        "seat": call.seat,
        "ring_attempts": call.ring_attempts,
        "recording": None
        if recording is None
        else {
            "seconds": round(recording.seconds, 3),
            "sha256": recording.sha256,
            "caller_rms": recording.caller_rms,
            "seat_rms": recording.seat_rms,
        },
        "turns": [turn.to_json() for turn in fact.transcript.turns] if fact.transcript else [],
        "draft": fact.draft.fields if fact.draft else None,
        "sampled": sampled,
    }
