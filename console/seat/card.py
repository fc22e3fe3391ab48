"""The caller's card: all that an agent should know of who is ringing, read in one transaction.

It is about the call that is at the seat now; in wrap-up about the one that has just ended. Of a consultation it shows
the customer's call that is asked about.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from acd import callback_desk, ledger
from acd.callbacks import Callback
from acd.customers import CustomerView, customer_of
from acd.floor import SeatView, seat_at
from acd.ledger import CallView
from cases import orders, registrations
from cases.orders import OrderView
from cases.registrations import RegistrationView
from cases.states import OrderState
from console.seat.numbers import Number, number_of
from hotline.accounts import Subject
from transcribe import drafts

HISTORY = 8
"""Earlier calls on the card; who has more of them is a matter for the manager hotline, not for this list."""


@dataclass(frozen=True, slots=True)
class MenuStep:
    """One choice in the voice menus: which menu, and the key, or `none` or `wrong` where the tries ran out."""

    menu: str
    key: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier call of this number; `kind` is its order's, else its draft's, None where nobody has read it yet."""

    call: CallView
    kind: str | None
    order: str | None


@dataclass(frozen=True, slots=True)
class Card:
    call: CallView
    state: str
    """The seat's state: ringing, talking or wrap_up."""
    number: Number
    customer: CustomerView | None
    menu: tuple[MenuStep, ...]
    waiting_since: datetime
    waited: float | None
    """Seconds, None while the caller still waits."""
    consulted: bool
    open: tuple[OrderView, ...]
    earlier: tuple[Earlier, ...]
    called_back: Callback | None
    """What the customer asked for, where we have called."""
    notes: tuple[RegistrationView, ...]
    """What other seats that had this call have noted."""

    @property
    def repeated(self) -> bool:
        """Whether there is an open case already: the call is about it, or the caller comes back (D16, D84)."""
        return bool(self.open)

    @property
    def overdue(self) -> bool:
        return any(order.answer.seconds < 0 for order in self.open)


@dataclass(frozen=True, slots=True)
class AtSeat:
    """A seat and the call on its page."""

    seat: SeatView
    call: CallView | None
    consulted: bool = False
    """Another agent has this call and asks here."""


async def at_seat(session: AsyncSession, subject: Subject, now: datetime) -> AtSeat | None:
    """What is at this person's seat; None where the person has none."""
    seat = await seat_at(session, subject.seat, now) if subject.seat else None
    if seat is None:
        return None
    uid = seat.call_uid
    if uid is None and seat.state == "wrap_up":
        uid = await ledger.last_answered_by(session, seat.extension)
    call = await ledger.get_call(session, uid) if uid else None
    if call is None and uid and (callback := await callback_desk.of_attempt(session, uid)) is not None:
        call = await ledger.get_call(session, callback.call_uid)  # the customer has not answered yet
    if call is not None and call.direction == "consult" and call.about:
        return AtSeat(seat, await ledger.get_call(session, call.about), consulted=True)
    return AtSeat(seat, call)


async def card_of(session: AsyncSession, here: AtSeat, subject: Subject, now: datetime) -> Card | None:
    """The card of the call at a seat, and the audit row that it was shown; None while there is no call."""
    call, seat = here.call, here.seat
    if call is None:
        return None
    called_back = await callback_desk.of_attempt(session, seat.call_uid or call.uid)
    number = number_of(called_back.number if called_back else call.caller)
    # who is called back has chosen in the call in which that was asked for
    timeline = await ledger.timeline(session, called_back.call_uid if called_back else call.uid)
    menu = [entry.detail.partition(":") for entry in timeline if entry.kind == "menu"]
    notes = [each for each in await registrations.of_call(session, call.uid) if each.seat != seat.extension]
    await registrations.card_shown(session, call_uid=call.uid, seat=seat.extension, subject=subject, now=now)
    return Card(
        call=call,
        state=seat.state,
        number=number,
        customer=await customer_of(session, number.plain) if number.plain else None,
        menu=tuple(MenuStep(name, key) for name, _, key in menu),
        waiting_since=call.queued_at or call.entered_at,
        waited=call.waited_seconds,
        consulted=here.consulted,
        called_back=called_back,
        open=await _open_orders(session, number, now),
        earlier=await _earlier(session, call, number, now),
        notes=tuple(each for each in notes if each.fields),
    )


async def _open_orders(session: AsyncSession, number: Number, now: datetime) -> tuple[OrderView, ...]:
    """Open cases of this number, by the contact number on the sheet and by the calls they came from."""
    found: dict[str, OrderView] = {}
    if number.plain:
        for order in await orders.list_orders(session, now, state=OrderState.OPEN, phone=number.plain, limit=HISTORY):
            found[order.number] = order
        calls = await ledger.calls_of_number(session, number.spellings, limit=HISTORY + 1)
        for order in await orders.list_orders(
            session, now, state=OrderState.OPEN, call_uids=[each.uid for each in calls], limit=HISTORY
        ):
            found[order.number] = order
    return tuple(sorted(found.values(), key=lambda order: order.answer.due_at))


async def _earlier(session: AsyncSession, call: CallView, number: Number, now: datetime) -> tuple[Earlier, ...]:
    if not number.plain:
        return ()
    calls = await ledger.calls_of_number(session, number.spellings, limit=HISTORY + 1)
    calls = [each for each in calls if each.uid != call.uid][:HISTORY]
    uids = [each.uid for each in calls]
    kinds = await drafts.kinds_of(session, uids)
    made = {order.call_uid: order for order in await orders.list_orders(session, now, call_uids=uids)}
    return tuple(
        Earlier(
            each,
            made[each.uid].kind if each.uid in made else kinds.get(each.uid, (None, None))[0],
            made[each.uid].number if each.uid in made else None,
        )
        for each in calls
    )
