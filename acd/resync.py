"""What is true in Asterisk right now, asked after every LinkUp because events are lost while the link is down.

`Status` tells each channel with its bridge and our own variables in one list, so `BridgeList` would add nothing: two
channels with one bridge id talk to each other. `DeviceStateList` tells which seats are registered and needs
no more than `write=reporting` (the PJSIPShow… actions want `system`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from acd.ports import AmiEvent, Link
from hotline.clock import Clock, SystemClock

VARIABLES = (
    "HL_STATE",
    "HL_SERVICE",
    "HL_QUEUED",
    "HL_ENTERED",
    "HL_SEAT",
    "HL_EPOCH",
    "HL_TRY",
    "HL_LEG",
    "HL_OF",
    "HL_ASIDE",
    "HL_SPY_CALL",
)
"""What the dialplan keeps on a caller's channel; HL_OF and HL_ASIDE on a seat's: the call it is in, its consult;
HL_SPY_CALL on a supervisor's: the call that is heard."""
_UNREACHABLE = frozenset({"UNAVAILABLE", "INVALID", "UNKNOWN"})


@dataclass(frozen=True, slots=True)
class LiveChannel:
    """A channel that exists. `variables` holds those of HL_* that are set; `bridge` is empty outside a bridge."""

    uniqueid: str
    name: str
    linkedid: str
    caller: str
    bridge: str
    state: str
    """Asterisk's ChannelStateDesc: Ring, Ringing, Up, …"""
    context: str
    exten: str
    seconds: int
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FloorSnapshot:
    """Channels and registered seats at one moment; `taken_at` is our clock when the first question was asked."""

    channels: tuple[LiveChannel, ...]
    seats_registered: frozenset[str]
    seats_busy: frozenset[str]
    """Registered seats that have a call or are ringing."""
    taken_at: datetime


async def snapshot(link: Link, clock: Clock | None = None) -> FloorSnapshot:
    """Ask Asterisk what there is; raises as `Link.action_list` does.

    Events that arrive meanwhile may already be in the answer: apply them again, they must be idempotent.
    """
    taken_at = (clock or SystemClock()).now()
    statuses = await link.action_list("Status", {"Variables": ",".join(VARIABLES)}, "StatusComplete")
    devices = await link.action_list("DeviceStateList", {}, "DeviceStateListComplete")
    seats = {
        device["Device"].removeprefix("PJSIP/"): device["State"].upper()
        for device in devices
        if device["Device"].startswith("PJSIP/")
    }
    registered = frozenset(seat for seat, state in seats.items() if state not in _UNREACHABLE)
    return FloorSnapshot(
        channels=tuple(live_channel(status) for status in statuses if status.name == "Status" and status["Uniqueid"]),
        seats_registered=registered,
        seats_busy=frozenset(seat for seat in registered if seats[seat] != "NOT_INUSE"),
        taken_at=taken_at,
    )


def live_channel(status: AmiEvent) -> LiveChannel:
    """Read one `Status` event."""
    variables = dict(line.partition("=")[::2] for line in status.every("Variable"))
    seconds = status["Seconds"]
    return LiveChannel(
        uniqueid=status["Uniqueid"],
        name=status["Channel"],
        linkedid=status["Linkedid"],
        caller="" if status["CallerIDNum"] == "<unknown>" else status["CallerIDNum"],
        bridge=status["BridgeID"],
        state=status["ChannelStateDesc"],
        context=status["Context"],
        exten=status["Exten"],
        seconds=int(seconds) if seconds.isdecimal() else 0,
        # Asterisk prints a variable that is not set as "(null)" (AST main/manager.c:3681 `generate_status`).
        variables={name: value for name, value in variables.items() if value not in ("", "(null)")},
    )
