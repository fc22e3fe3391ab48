"""What an agent registers while the caller speaks (D10): opened with the answer, saved as it is typed, handed in once.

    open ──submit──▶ submitted   an order was made (or this call's order existed: the notes stay with it)
      └───discard──▶ discarded   no order, with the reason: a look-up was answered, nobody spoke, …

One call that was handed on has a registration for each seat and one order. Whoever saves is told when another window
has saved since; nothing is ever overwritten unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from acd import ledger
from cases import desk
from cases.errors import CaseError, WrongField
from cases.making import make_order, original_order
from cases.models import Order
from cases.registration_form import Problem, kept, problems, sheet_of
from cases.registration_models import CardView, Registration
from hotline import audit
from hotline.accounts import Subject
from hotline.models import User
from hotline.roles import Action
from hotline.settings import Settings
from transcribe import drafts


class RegistrationState(StrEnum):
    OPEN = "open"
    SUBMITTED = "submitted"
    DISCARDED = "discarded"


TRANSITIONS: Mapping[RegistrationState, frozenset[RegistrationState]] = {
    RegistrationState.OPEN: frozenset({RegistrationState.SUBMITTED, RegistrationState.DISCARDED}),
    RegistrationState.SUBMITTED: frozenset(),
    RegistrationState.DISCARDED: frozenset(),
}


class Reason(StrEnum):
    """Why no order was made."""

    LOOK_UP = "look_up"
    """A standard was looked up and told."""
    NOBODY = "nobody"
    WRONG_NUMBER = "wrong_number"
    HANDED_ON = "handed_on"
    """The next seat registers it (D12, D15)."""
    SETTLED = "settled"
    """Answered in the call, and the caller wants nothing noted."""


class RegistrationMissing(CaseError):
    """Nothing was registered of this call at this seat."""

    code = "registration_missing"


class RegistrationClosed(CaseError):
    """It was handed in or discarded before."""

    code = "registration_closed"


class NotYours(CaseError):
    """Somebody else took this call."""

    code = "registration_not_yours"


class Stale(CaseError):
    """Another window has saved since; `current` is what stands there now."""

    code = "registration_stale"

    def __init__(self, current: RegistrationView) -> None:
        super().__init__(f"the registration is at version {current.version} by now; look at it before you save")
        self.current = current


class Incomplete(CaseError):
    """Fields that must be mended before it can be handed in."""

    code = "registration_incomplete"

    def __init__(self, found: Mapping[str, Problem]) -> None:
        super().__init__(f"mend before handing in: {', '.join(found)}")
        self.found = found


@dataclass(frozen=True, slots=True)
class RegistrationView:
    """One seat's notes of one call."""

    call_uid: str
    seat: str
    agent_id: UUID
    agent_name: str
    state: RegistrationState
    fields: Mapping[str, str]
    version: int
    created_at: datetime
    saved_at: datetime
    order_number: str | None
    reason: str | None


def step(now: RegistrationState, then: RegistrationState) -> RegistrationState:
    """`then`, or RegistrationClosed where the table does not lead there."""
    if then not in TRANSITIONS[now]:
        raise RegistrationClosed(f"this registration is {now.value} already and cannot become {then.value}")
    return then


async def open_for(
    session: AsyncSession, *, call_uid: str, seat: str, phone: str, subject: Subject, now: datetime
) -> RegistrationView:
    """The registration of this call at this seat, made where there is none, with the caller's number filled in."""
    subject.demand(Action.REGISTRATION_WRITE)
    fields = kept({"phone": phone})
    made = insert(Registration).values(
        call_uid=call_uid, seat=seat, agent_id=subject.user_id, state=RegistrationState.OPEN.value, fields=fields,
        version=0, created_at=now, saved_at=now,
    )  # fmt: skip
    await session.execute(made.on_conflict_do_nothing())
    return await get(session, call_uid, seat)


async def get(session: AsyncSession, call_uid: str, seat: str) -> RegistrationView:
    """RegistrationMissing where the seat has noted nothing of the call."""
    found = [view for view in await of_call(session, call_uid) if view.seat == seat]
    if not found:
        raise RegistrationMissing(f"seat {seat} has no registration of call {call_uid[:80]!r}")
    return found[0]


async def of_call(session: AsyncSession, call_uid: str) -> list[RegistrationView]:
    """What every seat that had the call noted, in order of time."""
    query = select(Registration, User.name).join(User, User.id == Registration.agent_id)
    query = query.where(Registration.call_uid == call_uid).order_by(Registration.created_at, Registration.seat)
    return [_view(row, name) for row, name in await session.execute(query.execution_options(populate_existing=True))]


async def list_open(session: AsyncSession, agent_id: UUID, *, limit: int = 50) -> list[RegistrationView]:
    """What this person has not handed in yet, the newest first."""
    query = select(Registration, User.name).join(User, User.id == Registration.agent_id)
    query = query.where(Registration.agent_id == agent_id, Registration.state == RegistrationState.OPEN.value)
    return [
        _view(row, name)
        for row, name in await session.execute(query.order_by(Registration.created_at.desc()).limit(limit))
    ]


async def save(
    session: AsyncSession, *, call_uid: str, seat: str, typed: Mapping[str, str], version: int, subject: Subject,
    now: datetime,
) -> RegistrationView:  # fmt: skip
    """Keep what stands in the form; `version` is what the window had read.

    The same text again changes nothing, whatever the version, so a save whose answer was lost can be sent again.
    Raises Denied, RegistrationMissing, NotYours, RegistrationClosed, Stale.
    """
    row = await _own(session, call_uid, seat, subject)
    fields = kept(typed)
    if row.state != RegistrationState.OPEN.value:
        raise RegistrationClosed(f"this registration is {row.state} already; nothing more can be written")
    if fields != row.fields:
        if version != row.version:
            raise Stale(_view(row, subject.name))
        row.fields, row.version, row.saved_at = fields, row.version + 1, now
        await session.flush()
    return _view(row, subject.name)


async def submit(
    session: AsyncSession, *, call_uid: str, seat: str, subject: Subject, now: datetime, settings: Settings
) -> RegistrationView:
    """Make the call's order of what is kept; done twice, the first order stands and is given again.

    Where the call has its order already (another seat's, or the clerk's), the notes are tied to that one. Raises
    Denied, RegistrationMissing, NotYours, RegistrationClosed, Incomplete.
    """
    row = await _own(session, call_uid, seat, subject)
    if row.state == RegistrationState.SUBMITTED.value:
        return _view(row, subject.name)
    then = step(RegistrationState(row.state), RegistrationState.SUBMITTED)
    found = problems(row.fields)
    if found:
        raise Incomplete(found)
    await drafts.registered(session, call_uid, now)  # first: it makes others who decide about this call wait
    await desk.item_done(session, f"draft:{call_uid}", now)
    order = await session.scalar(select(Order).where(Order.call_uid == call_uid))
    if order is None:
        order = await _order(session, row, subject, now, settings)
    row.state, row.closed_at, row.order_number = then.value, now, order.number
    await session.flush()
    await _note(session, row, subject, now, {"call": call_uid, "kind": order.kind})
    return _view(row, subject.name)


async def discard(
    session: AsyncSession, *, call_uid: str, seat: str, reason: Reason, subject: Subject, now: datetime
) -> RegistrationView:
    """End it without an order. Raises as `submit` does."""
    row = await _own(session, call_uid, seat, subject)
    row.state = step(RegistrationState(row.state), RegistrationState.DISCARDED).value
    row.closed_at, row.reason = now, reason.value
    if reason is not Reason.HANDED_ON:
        await drafts.registered(session, call_uid, now)
        await desk.item_done(session, f"draft:{call_uid}", now)
    await session.flush()
    await _note(session, row, subject, now, {"call": call_uid, "reason": reason.value})
    return _view(row, subject.name)


async def card_shown(session: AsyncSession, *, call_uid: str, seat: str, subject: Subject, now: datetime) -> None:
    """Write into the audit that the caller's card was shown: once for each call, seat and person."""
    first = insert(CardView).values(call_uid=call_uid, seat=seat, person=subject.login, at=now)
    if (await session.execute(first.on_conflict_do_nothing().returning(CardView.call_uid))).first() is None:
        return
    await audit.record(
        session, actor=subject.login, role=subject.role.value, action="caller.view", subject=f"call:{call_uid}",
        detail={"seat": seat}, now=now,
    )  # fmt: skip


async def _own(session: AsyncSession, call_uid: str, seat: str, subject: Subject) -> Registration:
    subject.demand(Action.REGISTRATION_WRITE)
    row = await session.get(Registration, (call_uid, seat), with_for_update=True, populate_existing=True)
    if row is None:
        raise RegistrationMissing(f"seat {seat} has no registration of call {call_uid[:80]!r}")
    if row.agent_id != subject.user_id:
        raise NotYours("another person took this call; only who took it writes here")
    return row


async def _order(
    session: AsyncSession, row: Registration, subject: Subject, now: datetime, settings: Settings
) -> Order:
    call = await ledger.get_call(session, row.call_uid)
    received_at = call.ended_at if call is not None and call.ended_at is not None else now
    try:
        original = await original_order(session, row.fields.get("original", "").strip() or None)
        sheet = sheet_of(row.fields)
    except WrongField as error:
        raise Incomplete(
            {error.field: Problem.NO_SUCH_ORDER if error.field == "original" else Problem.MISSING}
        ) from None
    return await make_order(
        session, sheet, call_uid=row.call_uid, call=call, received_at=received_at, subject=subject, original=original,
        entry_due_at=received_at + timedelta(hours=settings.draft_due_hours), now=now, settings=settings,
    )  # fmt: skip


async def _note(
    session: AsyncSession, row: Registration, subject: Subject, now: datetime, detail: dict[str, object]
) -> None:
    subject_of = f"order:{row.order_number}" if row.order_number else f"call:{row.call_uid}"
    action = "registration.submit" if row.order_number else "registration.discard"
    await audit.record(
        session, actor=subject.login, role=subject.role.value, action=action, subject=subject_of, detail=detail, now=now
    )


def _view(row: Registration, agent_name: str) -> RegistrationView:
    return RegistrationView(
        call_uid=row.call_uid,
        seat=row.seat,
        agent_id=row.agent_id,
        agent_name=agent_name,
        state=RegistrationState(row.state),
        fields={str(name): str(text) for name, text in row.fields.items()},
        version=row.version,
        created_at=row.created_at,
        saved_at=row.saved_at,
        order_number=row.order_number,
        reason=row.reason,
    )
