"""What a command takes, decided from the scene alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from acd.commands import NO_CALL, CommandKind
from acd.errors import CommandRefused
from acd.oncall.scene import Scene


@dataclass(frozen=True, slots=True)
class Act:
    """One AMI action."""

    name: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, in this order."""

    acts: tuple[Act, ...]


def decide(scene: Scene) -> Plan:
    """The plan of a command; raises CommandRefused with the sentence that the agent reads."""
    match scene.command.kind:
        case CommandKind.HANG_UP:
            return _hang_up(scene)
        case _:
            raise CommandRefused(NO_CALL)


def _hang_up(scene: Scene) -> Plan:
    """The seat's channel alone: the caller is thanked by the dialplan, as after any hang-up."""
    if scene.leg is None:
        raise CommandRefused(NO_CALL)
    return Plan((Act("Hangup", {"Channel": scene.leg.name, "Cause": "16"}),))
