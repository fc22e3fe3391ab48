"""What a command is decided on: the agent's seat, the customer's call, and the channels that are theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from acd.calls import CallFacts
from acd.commands import CommandView
from acd.resync import LiveChannel
from acd.seats import Seat


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything at the moment of the command; `customer` and `leg` are None where there is no such channel."""

    command: CommandView
    seat: Seat
    call: CallFacts | None
    """The customer's call, also where the seat is only consulted about it."""
    customer: LiveChannel | None
    leg: LiveChannel | None
    """The agent's own channel."""
    channels: tuple[LiveChannel, ...]
    seats: Mapping[str, Seat]
    outbound: bool
    """Whether calls to the public network can be made."""
    may_dial: Callable[[str], bool]
    """Whether a number may be called from here; False for all where none can be."""
    new_uid: str
    """Name of the call that this command makes, should it make one."""


def leg_of(channels: Iterable[LiveChannel], extension: str) -> LiveChannel | None:
    """The seat's channel that talks; else the one that rings."""
    own = [channel for channel in channels if channel.name.startswith(f"PJSIP/{extension}-")]
    return next((channel for channel in own if channel.state == "Up"), own[0] if own else None)
