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
    NOTICED = "noticed"
    """The caller was told that the call is recorded, and stayed: `detail` is the prompt, after the menus' version."""
    MENU = "menu"
    """The caller chose in a menu: `detail` is `main:1`, or `main:none` and `main:wrong` where the tries ran out."""
    QUEUED = "queued"
    RINGING = "ringing"
    REFUSED = "refused"
    """The dialplan did not ring: `detail` is `stale` (an older epoch) or `busy` (the seat has a call)."""
    ANSWERED = "answered"
    RETURNED = "returned"
    """Rung in vain: `detail` is Dial's status, NOANSWER, BUSY, CHANUNAVAIL or CONGESTION."""
    TALKED = "talked"
    """The seat hung up first."""
    SURVEY = "survey"
    """The caller's mark for the talk (D47, D134): `detail` is `4 of 5`."""
    VOICEMAIL = "voicemail"
    MESSAGE = "message"
    CALLBACK = "callback"
    """The caller asked to be called back instead of waiting; `detail` is the number to call."""
    FALLBACK = "fallback"
    """The heartbeat stopped: the fallback queue serves the caller."""
    FALLBACK_ANSWERED = "fallback_answered"
    HANDED = "handed"
    """The seat hands the caller on, who waits again; `detail` is where to: `seat 8002`, `level senior`, `manager`, …"""
    REATTACHED = "reattached"
    """The seat's telephone was lost and came back: the caller waits a moment, the same seat is rung again."""
    LOST = "lost"
    """The seat's telephone fell silent or vanished without hanging up: the caller waits again, in front."""
    LEFT = "left"
    """The seat leaves; whoever else is in the call stays with the caller."""
    JOINED = "joined"
    """A consulted seat now talks to the caller too; `epoch` is that of its ring."""
    CALLED_BACK = "called_back"
    """A customer who asked for it was called and has answered; `detail` is the uid of the call that asked."""
    CONSULTING = "consulting"
    """The seat asks somebody aside, the caller hears music; `epoch` names the consult, `detail` the seat asked."""
    CONSULT_OVER = "consult_over"
    """`detail`: `back` with the caller, or why nobody was there to ask."""
    CONSULTED = "consulted"
    """Begins the time line of a consult; `detail` is the uid of the customer's call."""
    PLACED = "placed"
    """Begins the time line of an outgoing call (D40): the agent has picked up, the customer is rung."""
    SPIED = "spied"
    """A supervisor begins to hear the call, or changes how; `detail` is `whisper 8801 <the supervisor's channel>`."""
    UNSPIED = "unspied"
    ENDED = "ended"
    HELD = "held"
    """Written by the controller, as is `resumed`: the seat's telephone has put the caller on hold."""
    RESUMED = "resumed"
    PAUSED = "paused"
    """Written by the controller, as is `unpaused`: the recording falls silent, for a card number or a password."""
    UNPAUSED = "unpaused"
    """`detail` is what ended the pause: `agent`, `limit`, or the milestone after which somebody else would speak."""
    INTERRUPTED = "interrupted"
    """Written by the controller: for a while nobody could assign this waiting caller; `detail` says why."""


OF_A_RING = frozenset({Kind.RINGING, Kind.REFUSED, Kind.ANSWERED, Kind.RETURNED, Kind.JOINED})
"""Steps of one attempt to ring a seat."""
OVER = frozenset({Kind.HANDED, Kind.REATTACHED, Kind.LOST, Kind.LEFT, Kind.TALKED})
"""Ends of one seat's talk with the caller."""
MONITORED = frozenset({Kind.SPIED, Kind.UNSPIED})
"""What nobody on the call is to notice: kept in a table of its own, shown to those who may listen."""
PAUSES = frozenset({Kind.PAUSED, Kind.UNPAUSED})
OUTSIDE = "0"
"""Stands where a seat would for somebody at a number of the public network; no extension begins with 0."""


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One milestone.

    `at` is Asterisk's clock. `epoch` names the ring attempt that `OF_A_RING` and `OVER` belong to, and a consult; 0
    where there is none, as in a talk that the fallback queue began.
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
