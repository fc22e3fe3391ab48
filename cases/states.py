"""The life of an order as a table; later steps (dispatch, chase, return) go between the two."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from cases.errors import OrderClosed


class OrderState(StrEnum):
    OPEN = "open"
    """Its owner owes the customer a reply (D86)."""
    CLOSED = "closed"
    """The customer was answered; nothing is owed any more."""


TRANSITIONS: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.OPEN: frozenset({OrderState.CLOSED}),
    OrderState.CLOSED: frozenset(),
}


def step(number: str, now: OrderState, then: OrderState) -> OrderState:
    """`then`, or OrderClosed where the table does not lead there."""
    if then not in TRANSITIONS[now]:
        raise OrderClosed(f"order {number} is {now.value} and cannot become {then.value}; look at it again")
    return then
