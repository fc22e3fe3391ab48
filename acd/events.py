"""What happens to a call, as the dialplan tells it.

The dialplan tells every milestone twice with the same facts: as an AMI `UserEvent` (at once) and as a line of the
node's CEL journal (durable at `kill -9`). Both become a `CallEvent`; applied in any order and any number of times
they lead to the same state (`acd.calls`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from acd.words import Service


class Kind(StrEnum):
    """Milestones of a call."""

    ENTERED = "entered"
    QUEUED = "queued"
    RINGING = "ringing"
    REFUSED = "refused"
    """The dialplan did not ring: `detail` is `stale` (an older epoch) or `busy` (the seat has a call)."""
    ANSWERED = "answered"
    RETURNED = "returned"
    """Rung in vain: `detail` is Dial's status, NOANSWER, BUSY, CHANUNAVAIL or CONGESTION."""
    TALKED = "talked"
    """The seat hung up first."""
    VOICEMAIL = "voicemail"
    MESSAGE = "message"
    CALLBACK = "callback"
    """The caller asked to be called back instead of waiting; `detail` is the number to call."""
    FALLBACK = "fallback"
    """The heartbeat stopped: the fallback queue serves the caller."""
    FALLBACK_ANSWERED = "fallback_answered"
    ENDED = "ended"
    INTERRUPTED = "interrupted"
    """Written by the controller: for a while nobody could assign this waiting caller; `detail` says why."""


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One milestone.

    `at` is Asterisk's clock. `epoch` names the ring attempt that `ringing`, `refused`, `answered` and `returned`
    belong to; 0 where there is none.
    """

    call: str
    kind: Kind
    at: datetime
    seat: str = ""
    epoch: int = 0
    service: Service | None = None
    caller: str = ""
    dialled: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SeatContact:
    """A seat's SIP contact came or went."""

    seat: str
    reachable: bool


FloorEvent = CallEvent | SeatContact
