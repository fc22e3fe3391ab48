"""Listening to calls as they go on: who hears whom, in which way, and what is kept of it (D65, D66).

In: a supervisor's choice on the page (`ask`, `change`), and what the dialplan tells of every listening, however it was
begun (`note`). Out: a row for each listening, an audit entry for its beginning, each change and its end, and a word to
the controller, which rings the supervisor's telephone (`acd.eavesdrop`). Rooms above count (`heard_between`) and find
the supervisor's voice (`legs_between`).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from acd.errors import MonitoringRefused
from acd.events import MONITORED, CallEvent, Kind
from acd.ledger import node_of
from acd.models import Seat
from acd.monitoring_models import Monitoring
from acd.seats import SeatState
from acd.words import Level
from hotline import accounts, audit
from hotline.roles import Action, Role, allows

CHANNEL = "acd_monitorings"
"""NOTIFY channel; the payload is the listening's id."""
ANSWER_SECONDS = 25
"""How long the supervisor's telephone rings."""
LEAVE = "leave"
OVER = "call.listen_over"
"""The audit's word for an end."""
_DETAIL = re.compile(r"(listen|whisper|barge) ([0-9]{1,8}) ([A-Za-z0-9._-]{1,48})", re.ASCII)
_TELL = text("SELECT pg_notify(:channel, :id)")


class Mode(StrEnum):
    """Who hears the supervisor: nobody, the seat alone, everybody."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"

    @property
    def key(self) -> str:
        """The key on the telephone, and the extension in the dialplan."""
        return str(list(Mode).index(self) + 1)


class Standing(StrEnum):
    ASKED = "asked"
    ON = "on"
    OVER = "over"
    UNANSWERED = "unanswered"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Span:
    """In this way from this moment on."""

    mode: Mode
    at: datetime


@dataclass(frozen=True, slots=True)
class MonitoringView:
    """One listening as screens and the other rooms see it."""

    id: str
    call_uid: str
    seat: str
    listener: str
    phone: str
    asked_at: datetime | None
    wanted: str | None
    spans: tuple[Span, ...]
    started_at: datetime | None
    ended_at: datetime | None
    problem: str | None

    @property
    def mode(self) -> Mode | None:
        """How it goes on, or went on last."""
        return self.spans[-1].mode if self.spans else None

    @property
    def voice_since(self) -> datetime | None:
        """When the supervisor could first be heard: the recording of that voice begins here."""
        return next((span.at for span in self.spans if span.mode is not Mode.LISTEN), None)

    def standing(self, now: datetime) -> Standing:
        if self.problem is not None:
            return Standing.REFUSED
        if self.ended_at is not None:
            return Standing.OVER
        if self.started_at is not None:
            return Standing.ON
        rung_until = (self.asked_at or now) + timedelta(seconds=ANSWER_SECONDS + 5)
        return Standing.UNANSWERED if now > rung_until or self.wanted == LEAVE else Standing.ASKED


@dataclass(frozen=True, slots=True)
class Heard:
    """What one `spied` or `unspied` says."""

    leg: str
    mode: Mode
    phone: str
    at: datetime
    over: bool


def heard_of(event: CallEvent) -> Heard | None:
    """None for an event that is none of ours, or whose detail is not as the dialplan writes it."""
    found = _DETAIL.fullmatch(event.detail)
    if event.kind not in MONITORED or found is None:
        return None
    return Heard(found[3], Mode(found[1]), found[2], event.at, event.kind is Kind.UNSPIED)


def join(view: MonitoringView, heard: Heard) -> MonitoringView:
    """Take in what was heard; in any order and any number of times the outcome is the same.

    An end that is heard alone also says that there was a beginning, whose time is then the end's.
    """
    if heard.over:
        ended = min(filter(None, (view.ended_at, heard.at)))
        return replace(view, ended_at=ended, started_at=view.started_at or heard.at)
    spans = tuple(sorted({*view.spans, Span(heard.mode, heard.at)}, key=lambda span: (span.at, span.mode)))
    return replace(view, spans=spans, started_at=spans[0].at)


# ---- from the page ------------------------------------------------------------------------------------------------


async def ask(
    session: AsyncSession, *, seat: str, mode: Mode, listener: str, role: str, phone: str, now: datetime
) -> str:
    """Have `phone` rung and, on answer, hear the call at `seat`; returns the listening's id.

    Raises MonitoringRefused: no telephone of level supervisor, it is not connected, or the seat is not talking.
    """
    own = await session.get(Seat, phone, populate_existing=True)
    if own is None or own.level != Level.SUPERVISOR:
        raise MonitoringRefused("no_phone")
    if not own.reachable:
        raise MonitoringRefused("phone_away")
    target = await session.get(Seat, seat, populate_existing=True)
    if target is None or target.state != SeatState.TALKING or target.call_uid is None:
        raise MonitoringRefused("not_talking")
    leg = f"{node_of(target.call_uid) or 'spy'}-spy-{int(now.timestamp())}.{10**9 + secrets.randbelow(10**9)}"
    session.add(
        Monitoring(
            id=leg, call_uid=target.call_uid, seat=seat, listener=listener, role=role, phone=phone, asked_at=now,
            wanted=mode.value, spans=[],
        )
    )  # fmt: skip
    await session.flush()
    await session.execute(_TELL, {"channel": CHANNEL, "id": leg})
    return leg


async def change(session: AsyncSession, listening: str, wanted: Mode | None, *, listener: str) -> None:
    """Go on in another way, or leave (None). Raises MonitoringRefused where it is not this person's, or is over."""
    row = await session.get(Monitoring, listening, with_for_update=True, populate_existing=True)
    if row is None or row.listener != listener or row.ended_at is not None or row.problem is not None:
        raise MonitoringRefused("over")
    row.wanted = wanted.value if wanted is not None else LEAVE
    await session.flush()
    await session.execute(_TELL, {"channel": CHANNEL, "id": listening})


async def latest_of(session: AsyncSession, listener: str) -> MonitoringView | None:
    """The listening that this person began last."""
    query = select(Monitoring).where(Monitoring.listener == listener)
    newest = query.order_by(func.coalesce(Monitoring.asked_at, Monitoring.started_at).desc()).limit(1)
    row = (await session.scalars(newest.execution_options(populate_existing=True))).first()
    return _view(row) if row is not None else None


# ---- what the dialplan tells --------------------------------------------------------------------------------------


async def note(session: AsyncSession, events: Iterable[CallEvent], now: datetime) -> list[str]:
    """Keep what `events` tell of listenings; returns those whose recording of the supervisor's voice is complete."""
    complete: list[str] = []
    for event in sorted((each for each in events if each.kind in MONITORED), key=lambda each: each.at):
        heard = heard_of(event)
        if heard is None:
            continue
        row = await _row(session, event, heard)
        before = _view(row)
        after = join(before, heard)
        if after == before:
            continue
        row.spans = [[span.mode.value, span.at.isoformat()] for span in after.spans]
        row.started_at, row.ended_at = after.started_at, after.ended_at
        await session.flush()
        await _audit(session, row, heard, now)
        if after.ended_at is not None and after.voice_since is not None:
            complete.append(row.id)
    return complete


async def _row(session: AsyncSession, event: CallEvent, heard: Heard) -> Monitoring:
    """The listening's row, locked; one that was dialled is made now, in the name of whose telephone it is."""
    row = await session.get(Monitoring, heard.leg, with_for_update=True, populate_existing=True)
    if row is not None:
        return row
    person = await accounts.person_at(session, heard.phone)
    made = insert(Monitoring).values(
        id=heard.leg, call_uid=event.call, seat=event.seat, phone=heard.phone, spans=[],
        listener=person.login if person is not None else "", role=person.role if person is not None else "",
    )  # fmt: skip
    await session.execute(made.on_conflict_do_nothing())
    row = await session.get(Monitoring, heard.leg, with_for_update=True, populate_existing=True)
    assert row is not None
    return row


async def _audit(session: AsyncSession, row: Monitoring, heard: Heard, now: datetime) -> None:
    detail: dict[str, Any] = {"seat": row.seat, "phone": row.phone, "listening": row.id, "at": heard.at.isoformat()}
    await audit.record(
        session,
        actor=row.listener or f"phone:{row.phone}",
        role=row.role or "phone",
        action=OVER if heard.over else f"call.{heard.mode}",
        subject=f"call:{row.call_uid}",
        detail=detail,
        now=now,
    )


# ---- whose telephone may do what ----------------------------------------------------------------------------------


def may_speak(role: str) -> bool:
    """Whether this role may be heard on a call of others, and not only hear it."""
    return role in set(Role) and allows(Role(role), Action.CALL_WHISPER) and allows(Role(role), Action.CALL_BARGE)


async def telephones(session: AsyncSession) -> dict[str, str]:
    """What each telephone of level supervisor may do, by its user: `listen` or `speak`; nobody's does neither."""
    query = select(Seat.extension).where(Seat.level == Level.SUPERVISOR.value)
    found: dict[str, str] = {}
    for extension in await session.scalars(query):
        person = await accounts.person_at(session, extension)
        if person is not None and allows(Role(person.role), Action.CALL_LISTEN):
            found[extension] = "speak" if may_speak(person.role) else "listen"
    return found


# ---- for the rooms above ------------------------------------------------------------------------------------------


async def heard_between(session: AsyncSession, start: datetime, end: datetime) -> dict[str, frozenset[str]]:
    """Calls of each seat that somebody listened to live, of listenings that began in `[start, end)` (D65)."""
    query = select(Monitoring.seat, Monitoring.call_uid).where(
        Monitoring.started_at >= start, Monitoring.started_at < end
    )
    found: dict[str, set[str]] = {}
    for seat, call in await session.execute(query):
        found.setdefault(seat, set()).add(call)
    return {seat: frozenset(calls) for seat, calls in found.items()}


async def get(session: AsyncSession, listening: str) -> MonitoringView | None:
    row = await session.get(Monitoring, listening, populate_existing=True)
    return _view(row) if row is not None else None


async def of_call(session: AsyncSession, call_uid: str) -> list[MonitoringView]:
    """Who listened to a call, first to last."""
    query = select(Monitoring).where(Monitoring.call_uid == call_uid, Monitoring.started_at.is_not(None))
    rows = await session.scalars(query.order_by(Monitoring.started_at).execution_options(populate_existing=True))
    return [_view(row) for row in rows]


async def legs_between(session: AsyncSession, start: datetime, end: datetime) -> list[MonitoringView]:
    """Listenings with a recording of the supervisor's voice that ended in `[start, end)`."""
    query = select(Monitoring).where(Monitoring.ended_at >= start, Monitoring.ended_at < end)
    rows = await session.scalars(query.execution_options(populate_existing=True))
    return [view for view in map(_view, rows) if view.voice_since is not None]


def _view(row: Monitoring) -> MonitoringView:
    return MonitoringView(
        id=row.id,
        call_uid=row.call_uid,
        seat=row.seat,
        listener=row.listener,
        phone=row.phone,
        asked_at=row.asked_at,
        wanted=row.wanted,
        spans=tuple(Span(Mode(mode), datetime.fromisoformat(at)) for mode, at in row.spans),
        started_at=row.started_at,
        ended_at=row.ended_at,
        problem=row.problem,
    )
