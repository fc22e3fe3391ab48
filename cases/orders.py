"""From a draft to an order: confirm or correct it, discard it, list what is owed, close it.

Every kind of draft has a way on, so that a clerk never stands before one that cannot be finished:

- complaint and suggestion: an open order with its owner and its clocks;
- report of bad information (举报, D93): the same in a series of its own, so that it does not count as a complaint;
- enquiry (咨询): closed at once where somebody answered the call, since the answer was given there (D3); open where
  the caller could only leave a message and is owed one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from acd import customers, ledger
from acd.ledger import CallView
from cases import corrections as corrections_kept
from cases import desk
from cases.clocks import Deadline, deadline
from cases.errors import NotOwner, OrderMissing
from cases.making import make_order, original_order
from cases.models import Order
from cases.sheet import LONGEST_LINE, correct, text
from cases.states import OrderState, step
from hotline import audit
from hotline.accounts import Subject
from hotline.models import User
from hotline.roles import Action
from hotline.settings import Settings
from recordings import holds
from recordings.holds import HoldReason
from transcribe import drafts
from transcribe.draft.codes import NumberCheck
from transcribe.drafts import DraftMissing, DraftState


@dataclass(frozen=True, slots=True)
class OrderView:
    """One order as it stands at the moment it was read; times aware."""

    number: str
    kind: str
    source: str
    """`call:<uid>` or `text:<id>`."""
    call_uid: str
    """Empty where the order was made from a text."""
    original: str | None
    business: str
    nature: str | None
    urgent: bool
    fields: Mapping[str, Any]
    corrected: tuple[str, ...]
    owner_id: UUID
    owner_name: str
    state: OrderState
    received_at: datetime
    created_at: datetime
    closed_at: datetime | None
    reply: str | None
    entry: Deadline
    """The clerk's clock (D28), done when the order was made."""
    answer: Deadline
    """The customer's clock (D86), done when the order was closed."""


async def confirm(
    session: AsyncSession,
    *,
    call_uid: str,
    corrections: Mapping[str, Any],
    subject: Subject,
    now: datetime,
    settings: Settings,
    original: str | None = None,
    picked: Mapping[str, list[Any]] | None = None,
) -> OrderView:
    """Make the order of a pending draft; `corrections` maps names of fields to what they should be, and `picked` those
    whose words the clerk took from the turns to their evidence.

    `original` is the number of the order that this one supplements (D16): its owner gets the new one too (D85),
    else the clerk who confirms owns it. Raises Denied, DraftMissing, DraftDecided where somebody was quicker,
    TakenByOther or NotForYou where somebody else has it on the desk, WrongField naming the field; nothing is changed
    then.
    """
    subject.demand(Action.DRAFT_CONFIRM)
    draft = await drafts.get(session, call_uid, lock=True)
    if draft is None:
        raise DraftMissing(f"call {call_uid} has no draft; its recording may not have been recognised yet")
    call = await ledger.get_call(session, call_uid)
    sheet = correct(draft.fields, _with_number_check(corrections, call), picked)
    supplemented = await original_order(session, original)
    await drafts.set_state(session, call_uid, DraftState.CONFIRMED, now)
    received_at = call.ended_at if call is not None and call.ended_at is not None else draft.created_at
    await desk.draft_done(
        session, call_uid, received_at=received_at, due_at=draft.due_at, subject=subject, now=now
    )  # fmt: skip
    await corrections_kept.keep(
        session, call_uid, draft.fields, sheet.fields, engine=draft.engine, by=subject.login, now=now
    )  # fmt: skip
    order = await make_order(
        session, sheet, call_uid=call_uid, call=call, subject=subject, original=supplemented, now=now,
        received_at=received_at, entry_due_at=draft.due_at, settings=settings,
    )  # fmt: skip
    evidence = {
        name: [[each["start"], each["end"]] for each in found] for name, found in sheet.fields["evidence"].items()
    }
    detail = {"call": call_uid, "kind": sheet.kind.value, "corrected": list(sheet.corrected), "evidence": evidence}
    await audit.record(
        session, actor=subject.login, role=subject.role.value, action=Action.DRAFT_CONFIRM.value,
        subject=f"order:{order.number}", detail=detail, now=now,
    )  # fmt: skip
    return await get_order(session, order.number, now)


def _with_number_check(corrections: Mapping[str, Any], call: CallView | None) -> Mapping[str, Any]:
    """A corrected contact number is compared with the calling number anew."""
    phone = corrections.get("phone")
    if "phone" not in corrections or "number_check" in corrections:
        return corrections
    if not phone or call is None or not call.caller:
        return {**corrections, "number_check": None}
    same = str(phone).removeprefix("+86").lstrip("+") == call.caller.removeprefix("+86").lstrip("+")
    return {**corrections, "number_check": NumberCheck.SAME if same else NumberCheck.DIFFERENT}


async def discard(session: AsyncSession, *, call_uid: str, reason: str, subject: Subject, now: datetime) -> None:
    """Make no order of a draft and keep why, in the audit. Raises as `confirm` does."""
    subject.demand(Action.DRAFT_CONFIRM)
    why = text("reason", reason, LONGEST_LINE)
    draft = await drafts.set_state(session, call_uid, DraftState.DISCARDED, now)
    await desk.draft_done(
        session, call_uid, received_at=draft.created_at, due_at=draft.due_at, subject=subject, now=now
    )  # fmt: skip
    await corrections_kept.keep(
        session, call_uid, draft.fields, None, engine=draft.engine, by=subject.login, now=now
    )  # fmt: skip
    await audit.record(
        session, actor=subject.login, role=subject.role.value, action="draft.discard", subject=f"call:{call_uid}",
        detail={"reason": why}, now=now,
    )  # fmt: skip


async def close(session: AsyncSession, number: str, *, reply: str, subject: Subject, now: datetime) -> OrderView:
    """Note what the customer was told and end the order; only its owner can (D85).

    Raises Denied, OrderMissing, NotOwner, OrderClosed, WrongField.
    """
    subject.demand(Action.DRAFT_CONFIRM)
    said = text("reply", reply)
    order = await session.get(Order, number, with_for_update=True, populate_existing=True)
    if order is None:
        raise OrderMissing(f"there is no order {number[:40]!r}")
    if order.owner_id != subject.user_id:
        raise NotOwner(f"order {number} belongs to who was asked first; ask its owner to close it")
    order.state = step(number, OrderState(order.state), OrderState.CLOSED).value
    order.closed_at, order.reply = now, said
    await session.flush()
    await customers.case_closed(session, number)
    await holds.release(session, HoldReason.CASE, number, now)
    await audit.record(
        session, actor=subject.login, role=subject.role.value, action="order.close", subject=f"order:{number}",
        detail={}, now=now,
    )  # fmt: skip
    return await get_order(session, number, now)


async def get_order(session: AsyncSession, number: str, now: datetime) -> OrderView:
    """One order with its clocks at `now`; OrderMissing where no order has the number."""
    row = (await session.execute(_joined().where(Order.number == number))).one_or_none()
    if row is None:
        raise OrderMissing(f"there is no order {number[:40]!r}")
    return _view(row[0], row[1], now)


async def list_orders(
    session: AsyncSession,
    now: datetime,
    *,
    state: OrderState | None = None,
    owner_id: UUID | None = None,
    call_uid: str | None = None,
    call_uids: Sequence[str] | None = None,
    phone: str | None = None,
    limit: int = 200,
) -> list[OrderView]:
    """Orders with their clocks at `now`: the open ones first, of those the one whose reply is due first.

    `phone` is the contact number on the sheet.
    """
    query = _joined().order_by(Order.closed_at.desc().nulls_first(), Order.reply_due_at, Order.number).limit(limit)
    if state is not None:
        query = query.where(Order.state == state.value)
    if owner_id is not None:
        query = query.where(Order.owner_id == owner_id)
    if call_uid is not None:
        query = query.where(Order.call_uid == call_uid)
    if call_uids is not None:
        query = query.where(Order.call_uid.in_(call_uids))
    if phone is not None:
        query = query.where(Order.fields["phone"].as_string() == phone)
    return [_view(order, owner, now) for order, owner in await session.execute(query)]


def _joined() -> Select[Order, str]:
    return select(Order, User.name).join(User, User.id == Order.owner_id)


def _view(order: Order, owner_name: str, now: datetime) -> OrderView:
    return OrderView(
        number=order.number,
        kind=order.kind,
        source=order.source,
        call_uid=order.call_uid or "",
        original=order.original,
        business=order.business,
        nature=order.nature,
        urgent=order.urgent,
        fields=order.fields,
        corrected=tuple(order.corrected),
        owner_id=order.owner_id,
        owner_name=owner_name,
        state=OrderState(order.state),
        received_at=order.received_at,
        created_at=order.created_at,
        closed_at=order.closed_at,
        reply=order.reply,
        entry=deadline(order.received_at, order.entry_due_at, order.created_at, now),
        answer=deadline(order.received_at, order.reply_due_at, order.closed_at, now),
    )
