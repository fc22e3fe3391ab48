"""What can go wrong with an order, each with a code and a sentence for the person at the desk."""

from __future__ import annotations

from hotline.errors import HotlineError


class CaseError(HotlineError):
    """Root of the room's errors."""

    code = "case"


class WrongField(CaseError):
    """A field of the sheet that cannot be what the clerk sent; `field` names it."""

    code = "wrong_field"

    def __init__(self, field: str, must: str) -> None:
        super().__init__(f"{field}: {must}")
        self.field = field


class OrderMissing(CaseError):
    """No order has this number."""

    code = "order_missing"


class OrderClosed(CaseError):
    """The step is not one that the order's state allows."""

    code = "order_closed"


class NotOwner(CaseError):
    """Somebody else owns the order (D85)."""

    code = "not_owner"
