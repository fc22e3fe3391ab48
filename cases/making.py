"""The one place where an order comes from, whoever asks: a clerk with a draft, or an agent with a registration."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from acd.customers import case_opened
from acd.ledger import CallView
from cases import repeats
from cases.clocks import reply_due
from cases.errors import WrongField
from cases.models import Order
from cases.numbers import next_number
from cases.sheet import Sheet
from cases.states import OrderState
from hotline.accounts import Subject
from hotline.settings import Settings
from recordings import holds
from recordings.holds import HoldReason
from transcribe.draft import Kind


async def make_order(
    session: AsyncSession,
    sheet: Sheet,
    *,
    call_uid: str | None,
    call: CallView | None,
    received_at: datetime,
    entry_due_at: datetime,
    subject: Subject,
    original: Order | None,
    now: datetime,
    settings: Settings,
    source: str | None = None,
) -> Order:
    """Write the order of a call, or of another `source` such as `text:17`, with its number, owner and clocks.

    An enquiry that somebody answered is closed at once, since the answer was given in the call (D3). The order that
    it supplements gives it its owner (D16, D85), else who makes it owns it.
    """
    closed = sheet.kind is Kind.ENQUIRY and call is not None and call.answered_at is not None
    order = Order(
        number=await next_number(session, sheet.kind, now, settings.zone),
        kind=sheet.kind.value,
        source=source or f"call:{call_uid}",
        call_uid=call_uid,
        original=original.number if original is not None else None,
        business=sheet.business.value,
        nature=sheet.nature.value if sheet.nature is not None else None,
        urgent=sheet.urgent,
        fields=sheet.fields,
        corrected=list(sheet.corrected),
        owner_id=original.owner_id if original is not None else subject.user_id,
        state=(OrderState.CLOSED if closed else OrderState.OPEN).value,
        received_at=received_at,
        created_at=now,
        entry_due_at=entry_due_at,
        reply_due_at=reply_due(received_at, settings.reply_due_hours),
        closed_at=received_at if closed else None,
    )
    session.add(order)
    await session.flush()
    if call_uid is not None:
        await holds.tell_kind(session, call_uid, order.kind, order.business)
    if not closed:
        for held in {call_uid, original.call_uid if original is not None else None} - {None}:
            await holds.hold(session, str(held), HoldReason.CASE, order.number, now)
    await repeats.remember(session, order, call.caller if call is not None else "")
    if not closed:
        # asking again starts no new clock: a repeated case has the limit of the first one (D15, D84)
        await case_opened(
            session,
            order.number,
            [call.caller if call is not None else "", str(sheet.fields.get("phone") or "")],
            owner_id=order.owner_id,
            complaint=sheet.kind is Kind.COMPLAINT,
            repeated=original is not None,
            opened_at=received_at,
            due_at=original.reply_due_at if original is not None else order.reply_due_at,
        )
    return order


async def original_order(session: AsyncSession, number: str | None) -> Order | None:
    """The order that a new one supplements; WrongField where the number names none."""
    if number is None:
        return None
    found = await session.get(Order, number)
    if found is None:
        raise WrongField("original", "there is no order of this number")
    return found
