"""Handlers of the order list."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from acd import survey
from cases import orders
from cases.states import OrderState
from console.access import require
from console.state import console_of
from console.texts.words import REPLIES
from hotline.accounts import Subject
from hotline.roles import Action

router = APIRouter(prefix="/orders")
SHOWN = 500


@router.get("")
async def order_list(
    request: Request, subject: Annotated[Subject, require(Action.ORDER_VIEW)], state: str = "open", mine: bool = False
) -> Response:
    """Orders by the clock of the reply (D86), the one due first on top."""
    console = console_of(request)
    now = console.now()
    chosen = next((each for each in OrderState if each.value == state), None)
    async with console.database.transaction() as session:
        found = await orders.list_orders(
            session, now, state=chosen, owner_id=subject.user_id if mine else None, limit=SHOWN
        )
        marks = await survey.answers_of(session, [order.call_uid for order in found])
    return console.pages.page(
        request,
        "orders/list.html",
        orders=found,
        marks=marks,
        replies=REPLIES,
        state=chosen.value if chosen else "",
        states=list(OrderState),
        mine=mine,
        now=now,
        calls=subject.seat is not None and bool(console.settings.asterisk.outbound),
    )
