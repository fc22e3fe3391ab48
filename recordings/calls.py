"""What was recorded, as this room reads it: calls from the ledger, and the voices of supervisors beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from acd import ledger, monitoring
from acd.calls import Outcome
from recordings.findings import CallFacts, Limits
from recordings.store import RecordingView

UID_MARK = "imp_"
"""Begins the uid of an imported call; no node's name can, as names have no underscore."""


async def get(session: AsyncSession, uid: str) -> CallFacts | None:
    found = await ledger.get_call(session, uid)
    if found is not None:
        return _facts(found)
    listening = await monitoring.get(session, uid)
    return _voice(listening) if listening is not None else None


@dataclass(frozen=True, slots=True)
class Known:
    """What decides how long a recording is kept; `about` names the call or the order that it belongs to."""

    direction: str | None
    outcome: str | None
    customer_class: str
    about: tuple[str, ...]
    voice: bool


async def known(session: AsyncSession, uid: str) -> Known:
    listening = await monitoring.get(session, uid)
    if listening is not None:
        return Known(None, None, "ordinary", (listening.call_uid,), voice=True)
    call = await ledger.get_call(session, uid)
    if call is None:
        return Known(None, None, "ordinary", (), voice=False)
    about = (call.about,) if call.about else ()
    return Known(call.direction, call.outcome, call.customer_class, about, voice=False)


async def about(session: AsyncSession, uid: str) -> tuple[str, ...]:
    """The call or order that what was recorded belongs to."""
    return (await known(session, uid)).about


async def voice_of(session: AsyncSession, uid: str) -> str | None:
    """The call beside which this is a supervisor's voice; None of what is a call itself."""
    listening = await monitoring.get(session, uid)
    return listening.call_uid if listening is not None else None


async def voices_beside(session: AsyncSession, call_uid: str) -> list[str]:
    """Supervisors' voices beside a call, recorded or not."""
    return [listening.id for listening in await monitoring.of_call(session, call_uid)]


async def recorded_beside(session: AsyncSession, call_uid: str) -> list[str]:
    """What may have been recorded beside a call: supervisors' voices, and what its agents asked other seats aside."""
    consults = [consult.uid for consult in await ledger.consults_of(session, call_uid)]
    return [*await voices_beside(session, call_uid), *consults]


async def ended_between(session: AsyncSession, start: datetime, end: datetime) -> list[CallFacts]:
    """What ended in `[start, end)`."""
    ended = [_facts(call) for call in await ledger.calls_ended_between(session, start, end)]
    return ended + [_voice(listening) for listening in await monitoring.legs_between(session, start, end)]


async def pauses(session: AsyncSession, uid: str) -> list[tuple[float, float]]:
    """Seconds of the recording that are silent on purpose: the agent paused it for a card number or a password.

    A supervisor's voice is silent where the call is. A pause that had no end lasts until the recording's.
    """
    listening = await monitoring.get(session, uid)
    of = listening.call_uid if listening is not None else uid
    facts = await get(session, uid)
    if facts is None:
        return []
    spans = []
    for start, end in await ledger.pauses(session, of):
        until = end or facts.ended_at
        last = (until - facts.entered_at).total_seconds() if until is not None else float("inf")
        if last > 0:
            spans.append((max(0.0, (start - facts.entered_at).total_seconds()), last))
    return spans


async def with_pauses(session: AsyncSession, facts: CallFacts, recording: RecordingView, limits: Limits) -> CallFacts:
    """`facts` with the seconds that were muted on purpose, asked only where a side of the recording is silent."""
    if min(recording.caller_rms, recording.seat_rms) >= limits.silent_rms:
        return facts
    spans = await pauses(session, facts.uid)
    return replace(facts, paused_seconds=sum(max(0.0, min(end, recording.seconds) - start) for start, end in spans))


async def adopt(session: AsyncSession, uid: str, entered_at: datetime, ended_at: datetime) -> CallFacts:
    """Make the ledger know a call of which only the recording is left."""
    await ledger.adopt_call(session, uid, entered_at=entered_at, ended_at=ended_at)
    found = await get(session, uid)
    assert found is not None
    return found


def is_imported(uid: str) -> bool:
    """Whether this call was recorded elsewhere and its recording imported."""
    return uid.startswith(UID_MARK)


async def adopt_imported(
    session: AsyncSession, uid: str, started_at: datetime, ended_at: datetime, *, caller: str, seat: str | None,
    service: str | None,
) -> None:  # fmt: skip
    """Make the ledger know the call of an imported recording: a caller's, in which somebody answered at once.

    It never stood in the queue, so that it counts in nobody's waiting times.
    """
    await ledger.adopt_call(
        session, uid, entered_at=started_at, ended_at=ended_at, answered_at=started_at, caller=caller, seat=seat,
        service=service, outcome=Outcome.ANSWERED,
    )  # fmt: skip


def _facts(call: ledger.CallView) -> CallFacts:
    # a call that we make is recorded from its answer on; before that nobody speaks, and where nobody answers nothing is
    began = call.entered_at if call.direction == "in" else call.answered_at or call.ended_at or call.entered_at
    return CallFacts(call.uid, began, call.answered_at, call.ended_at, call.outcome)


def _voice(listening: monitoring.MonitoringView) -> CallFacts:
    """Recorded from the first moment that the supervisor could be heard; silence is no defect of it."""
    begun = listening.voice_since or listening.started_at or listening.asked_at
    assert begun is not None  # a row is made by one or the other
    return CallFacts(listening.id, begun, None, listening.ended_at)
