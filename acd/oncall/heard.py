"""What Asterisk says of a seat's telephone during a call, beside what the dialplan tells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from acd.calls import CallFacts
from acd.events import CallEvent, Kind
from acd.ports import AmiEvent
from acd.seats import Seat, SeatState

_HOLDS = {"Hold": Kind.HELD, "Unhold": Kind.RESUMED}


def held(event: AmiEvent, seats: Mapping[str, Seat], calls: Mapping[str, CallFacts], now: datetime) -> CallEvent | None:
    """A seat's telephone has put its call on hold or taken it back; None for any other event or telephone.

    Asterisk dates no AMI event, so that `now` is the controller's clock.
    """
    kind = _HOLDS.get(event.name)
    name, _, _ = event["Channel"].removeprefix("PJSIP/").partition("-")
    seat = seats.get(name)
    if kind is None or seat is None or seat.state is not SeatState.TALKING:
        return None
    facts = calls.get(seat.call_uid or "")
    if facts is None:
        return None
    return CallEvent(facts.uid, kind, now, name)
