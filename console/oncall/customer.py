"""Calling the customer of an order with its answer (D40): the agent's own seat rings first, then the customer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from acd import commands, ledger
from acd.commands import CommandKind
from acd.customers import plain_number
from acd.errors import CommandRefused
from cases import orders
from cases.errors import OrderMissing
from console.access import require
from console.errors import ConsoleError, Missing
from console.oncall.routes import NO_SEAT, settled
from console.state import console_of
from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action

router = APIRouter(prefix="/orders")


class NotCalled(ConsoleError):
    """The customer cannot be called now; the text says why."""

    code = "not_called"
    status = 409


@router.post("/{number}/call")
async def call_customer(
    request: Request, number: str, subject: Annotated[Subject, require(Action.SEAT_SELF)]
) -> Response:
    """Ring the agent's seat, then the number that the order names, else the one that the caller had.

    The number itself is not on the page of orders, which many people see.
    """
    if subject.seat is None:
        raise NotCalled(NO_SEAT)
    console = console_of(request)
    now = console.now()
    try:
        async with console.database.transaction() as session:
            order = await orders.get_order(session, number, now)
            call = await ledger.get_call(session, order.call_uid)
            to = plain_number(str(order.fields.get("phone") or (call.caller if call is not None else "")))
            asked = await commands.ask(
                session, seat=subject.seat, kind=CommandKind.DIAL_OUT, argument={"number": to, "order": number},
                by=subject.login, now=now,
            )  # fmt: skip
            await audit.record(
                session, actor=subject.login, role=subject.role, action="call.dial_out", subject=f"order:{number}",
                detail={"command": asked}, now=now,
            )  # fmt: skip
    except OrderMissing:
        raise Missing from None
    except CommandRefused as refused:
        raise NotCalled(str(refused)) from None
    outcome = await settled(request, asked)
    if outcome.problem:
        raise NotCalled(outcome.problem)
    return RedirectResponse("/seat", 303)
