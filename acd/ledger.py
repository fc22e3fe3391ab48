"""The ledger of calls, as the rooms above read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from acd.calls import CallState, Direction, Outcome, facts_of, pause_spans
from acd.clock_jumps import Jump, elapsed, jumps_between
from acd.events import MONITORED, PAUSES, CallEvent, Kind
from acd.models import Breach, Call
from acd.models import CallEvent as EventRow
from acd.talks import Talk

_ANSWERED_BY = ("answered", "fallback_answered", "joined")


@dataclass(frozen=True, slots=True)
class CallView:
    """One call. Times are aware UTC, by the node's clock."""

    uid: str
    caller: str
    """Sanitised number, empty when withheld."""
    service: str | None
    customer_class: str
    entered_at: datetime
    queued_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    seat: str | None
    """The seat that answered first; `talks` has who came after."""
    outcome: str | None
    """`answered`, `voicemail`, `callback`, `abandoned` or `fallback` once the call has ended."""
    ring_attempts: int
    state: str
    waited_seconds: float | None = None
    """From entering the queue to a person, the message box or the end; None while waiting, or never queued."""
    wait_over_at: datetime | None = None
    dialled: str = ""
    direction: str = "in"
    """`in` (a caller), `out` (an agent calls a customer, D40) or `consult` (an agent asks another seat)."""
    about: str | None = None
    """Of a consult the uid of the customer's call; of an outgoing call the order that it is about."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One milestone (D126). `detail` is a word such as NOANSWER; `epoch` names the ring attempt, 0 for none."""

    at: datetime
    kind: str
    seat: str
    epoch: int
    detail: str


@dataclass(frozen=True, slots=True)
class BreachView:
    call_uid: str
    cause: str
    waited_seconds: float
    limit_seconds: float
    noted_at: datetime


async def get_call(session: AsyncSession, uid: str) -> CallView | None:
    row = await session.get(Call, uid, populate_existing=True)
    if row is None:
        return None
    return (await views_of(session, [row]))[0]


async def calls_between(
    session: AsyncSession, start: datetime, end: datetime, *, directions: Sequence[Direction] = (Direction.IN,)
) -> list[CallView]:
    """Calls that entered in `[start, end)`, oldest first; callers' calls where nothing else is asked for."""
    wanted = [direction.value for direction in directions]
    query = select(Call).where(Call.entered_at >= start, Call.entered_at < end, Call.direction.in_(wanted))
    query = query.order_by(Call.entered_at, Call.uid)
    return await views_of(session, (await session.scalars(query)).all())


async def calls_of(session: AsyncSession, uids: Sequence[str]) -> dict[str, CallView]:
    """Those of these calls that are known, by uid."""
    found = await views_of(session, (await session.scalars(select(Call).where(Call.uid.in_(uids)))).all())
    return {call.uid: call for call in found}


async def calls_ended_between(session: AsyncSession, start: datetime, end: datetime) -> list[CallView]:
    """Calls of every direction that ended in `[start, end)`, oldest first."""
    query = select(Call).where(Call.ended_at >= start, Call.ended_at < end).order_by(Call.ended_at, Call.uid)
    return await views_of(session, (await session.scalars(query)).all())


async def calls_of_number(session: AsyncSession, numbers: Sequence[str], *, limit: int) -> list[CallView]:
    """The last calls from any of these spellings of a number, newest first."""
    query = select(Call).where(Call.caller.in_(numbers)).order_by(Call.entered_at.desc(), Call.uid).limit(limit)
    return await views_of(session, (await session.scalars(query)).all())


async def last_answered_by(session: AsyncSession, seat: str) -> str | None:
    """The call that this seat answered last, whoever has it now."""
    query = select(EventRow.call_uid).where(EventRow.seat == seat, EventRow.kind.in_(_ANSWERED_BY))
    return await session.scalar(query.order_by(EventRow.at.desc()).limit(1))


async def consults_of(session: AsyncSession, uid: str) -> list[CallView]:
    """The consultations about a call, first to last."""
    query = select(Call).where(Call.about == uid, Call.direction == "consult").order_by(Call.entered_at, Call.uid)
    return await views_of(session, (await session.scalars(query)).all())


async def timeline(session: AsyncSession, uid: str) -> list[TimelineEntry]:
    """The call's milestones in order of time; who listened is told by `acd.monitoring` to those who may know."""
    query = (
        select(EventRow)
        .where(EventRow.call_uid == uid, EventRow.kind.not_in([kind.value for kind in MONITORED]))
        .order_by(EventRow.at, EventRow.id)
    )
    return [
        TimelineEntry(row.at, row.kind, row.seat, int(row.detail.get("epoch", 0)), str(row.detail.get("detail", "")))
        for row in (await session.scalars(query)).all()
    ]


async def pauses(session: AsyncSession, uid: str) -> tuple[tuple[datetime, datetime | None], ...]:
    """From when to when the call's recording is silent because the agent asked for it; None while that goes on."""
    wanted = [kind.value for kind in PAUSES]
    rows = (await session.scalars(select(EventRow).where(EventRow.call_uid == uid, EventRow.kind.in_(wanted)))).all()
    return pause_spans((row.at, Kind(row.kind)) for row in rows)


async def talks(session: AsyncSession, uid: str) -> tuple[Talk, ...]:
    """Who talked to the customer, one after the other or together: seat, from, to, and why it ended."""
    rows = (await session.scalars(select(EventRow).where(EventRow.call_uid == uid))).all()
    events = (
        CallEvent(
            uid, Kind(row.kind), row.at, row.seat, int(row.detail.get("epoch", 0)),
            detail=str(row.detail.get("detail", "")),
        )
        for row in rows
    )  # fmt: skip
    return facts_of(uid, events).talks


async def breaches_between(session: AsyncSession, start: datetime, end: datetime) -> list[BreachView]:
    """Breaches of the 15 seconds noted in `[start, end)`."""
    query = select(Breach).where(Breach.noted_at >= start, Breach.noted_at < end).order_by(Breach.noted_at)
    return [
        BreachView(row.call_uid, row.cause, row.waited_seconds, row.limit_seconds, row.noted_at)
        for row in (await session.scalars(query)).all()
    ]


async def adopt_call(
    session: AsyncSession,
    uid: str,
    *,
    entered_at: datetime,
    ended_at: datetime,
    caller: str = "",
    outcome: Outcome = Outcome.ABANDONED,
    answered_at: datetime | None = None,
    seat: str | None = None,
    service: str | None = None,
) -> bool:
    """Make a row for an ended call that only its recording tells of; False where the call is known already."""
    statement = (
        insert(Call)
        .values(
            uid=uid, caller=caller, dialled="", customer_class="ordinary", state=CallState.ENDED.value,
            outcome=outcome.value, entered_at=entered_at, ended_at=ended_at, ring_attempts=0, priority=0,
            node=node_of(uid), answered_at=answered_at, seat=seat, service=service,
        )
        .on_conflict_do_nothing()
        .returning(Call.uid)
    )  # fmt: skip
    return (await session.execute(statement)).first() is not None


def node_of(uid: str) -> str:
    """The node's name in front of its Uniqueids (`n1-1732212345.7`), empty where there is none."""
    name, dash, _ = uid.partition("-")
    return name if dash else ""


async def views_of(session: AsyncSession, rows: Sequence[Call]) -> list[CallView]:
    uids = [row.uid for row in rows]
    query = (
        select(EventRow.call_uid, func.min(EventRow.at))
        .where(EventRow.call_uid.in_(uids), EventRow.kind.in_(("voicemail", "message", "callback")))
        .group_by(EventRow.call_uid)
    )
    boxed: dict[str, datetime] = {}
    if uids:
        for uid, at in await session.execute(query):
            boxed[uid] = at
    entries = [row.entered_at for row in rows]
    jumps = await jumps_between(session, min(entries), max(entries)) if entries else ()
    return [_view(row, boxed.get(row.uid), jumps) for row in rows]


def _view(row: Call, boxed_at: datetime | None, jumps: Sequence[Jump]) -> CallView:
    ends = [moment for moment in (row.answered_at, boxed_at, row.ended_at) if moment is not None]
    over = min(ends, default=None)
    waited = elapsed(row.queued_at, over, jumps) if row.queued_at is not None and over is not None else None
    return CallView(
        uid=row.uid,
        caller=row.caller,
        service=row.service,
        customer_class=row.customer_class,
        entered_at=row.entered_at,
        queued_at=row.queued_at,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        seat=row.seat,
        outcome=row.outcome,
        ring_attempts=row.ring_attempts,
        state=row.state,
        waited_seconds=waited,
        wait_over_at=over,
        dialled=row.dialled,
        direction=row.direction,
        about=row.about,
    )
