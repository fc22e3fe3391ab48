"""From Asterisk's words to the room's events; whatever cannot be believed is refused with a code, never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from acd.errors import EventRefusedError
from acd.events import OF_A_RING, OVER, PAUSES, CallEvent, Kind, SeatContact
from acd.ports import AmiEvent
from acd.words import Service

_UID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_SEAT = re.compile(r"[0-9]{1,16}", re.ASCII)
_EPOCH = re.compile(r"[0-9]{1,18}", re.ASCII)
_NUMBER = re.compile(r"[0-9+*#]{0,20}", re.ASCII)
_AT = re.compile(r"[0-9]{9,11}(\.[0-9]{1,6})?", re.ASCII)
_DETAIL = re.compile(r"[\w .:+-]{0,64}", re.ASCII)

EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

TOLD = frozenset(Kind) - PAUSES - {Kind.INTERRUPTED, Kind.HELD, Kind.RESUMED}
"""What the dialplan may say; the rest is the controller's own."""
_WITH_EPOCH = OF_A_RING | OVER | {Kind.CONSULTING, Kind.CONSULT_OVER, Kind.PLACED}
_UNREACHABLE = frozenset({"UNAVAILABLE", "INVALID", "UNKNOWN"})


def call_event(field: Callable[[str], str]) -> CallEvent:
    """A milestone from its facts, whichever way it was told.

    `field` gives the text of Kind, Call, At, Service, Caller, Seat, Epoch, Detail, empty where there is none.
    Raises EventRefusedError: `unknown_kind`, `bad_call`, `bad_time`, `bad_seat`, `bad_epoch`, `bad_caller`,
    `bad_detail`.
    """
    try:
        kind = Kind(field("Kind"))
    except ValueError:
        raise EventRefusedError("unknown_kind") from None
    if kind not in TOLD:
        raise EventRefusedError("unknown_kind")
    call = field("Call")
    if not _UID.fullmatch(call):
        raise EventRefusedError("bad_call")
    seat, epoch = field("Seat"), field("Epoch")
    needs_seat = kind in OF_A_RING or kind is Kind.FALLBACK_ANSWERED
    if not _SEAT.fullmatch(seat) if seat or needs_seat else False:
        raise EventRefusedError("bad_seat")
    if not _EPOCH.fullmatch(epoch) if epoch or kind in OF_A_RING else False:
        raise EventRefusedError("bad_epoch")
    caller, detail = field("Caller"), field("Detail")
    if not _NUMBER.fullmatch(caller):
        raise EventRefusedError("bad_caller")
    if not _DETAIL.fullmatch(detail):
        raise EventRefusedError("bad_detail")
    dialled = field("Dialled")
    return CallEvent(
        call=call,
        kind=kind,
        at=moment(field("At")),
        seat=seat,
        epoch=int(epoch) if epoch and kind in _WITH_EPOCH else 0,
        service=_service(field("Service")),
        caller=caller,
        dialled=dialled if _NUMBER.fullmatch(dialled) else "",
        detail=detail,
    )


def moment(text: str) -> datetime:
    """Seconds since 1970 with up to six decimals; refuses what no call of this system can have seen."""
    if not _AT.fullmatch(text):
        raise EventRefusedError("bad_time")
    at = datetime.fromtimestamp(float(text), UTC)
    if not EARLIEST <= at <= LATEST:
        raise EventRefusedError("bad_time")
    return at


def _service(text: str) -> Service | None:
    """The service chosen; None before the choice, and for a word this version does not know (the call still counts)."""
    try:
        return Service(text)
    except ValueError:
        return None


def translate(event: AmiEvent) -> CallEvent | SeatContact | None:
    """What an AMI event means for the floor, or None; raises EventRefusedError."""
    match event.name:
        case "UserEvent" if event["UserEvent"] == "Hotline":
            return call_event(event.get)
        case "DeviceStateChange" if event["Device"].startswith("PJSIP/"):
            seat = event["Device"].removeprefix("PJSIP/")
            if not _SEAT.fullmatch(seat):
                return None  # the trunk
            return SeatContact(seat, event["State"].upper() not in _UNREACHABLE)
        case "PeerStatus" if event["Peer"].startswith("PJSIP/"):
            seat = event["Peer"].removeprefix("PJSIP/")
            status = event["PeerStatus"]
            if not _SEAT.fullmatch(seat) or status not in {"Reachable", "Registered", "Unreachable", "Unregistered"}:
                return None
            return SeatContact(seat, status in {"Reachable", "Registered"})
        case _:
            return None
