"""What is known of a call beside what was said in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CallContext:
    """`called_at` is aware and in the centre's zone: 昨天 is told from it. `caller` is empty where it was withheld."""

    caller: str = ""
    called_at: datetime | None = None
    service: str | None = None
    """What the caller chose in the menu (D1): complaint, suggestion, standards."""
    customer_class: str | None = None
    """How the customer is known: key_account, important, leased_line, or an ordinary class (D18)."""
