"""What a command takes, decided from the scene alone: whom to ring, which channels go where, or why not.

A plan's actions may name a seat that must be claimed first (`Plan.claim`): `{epoch}` in their headers stands for the
number of that claim, or of a call that needs none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from acd.calls import CallFacts, CallState
from acd.commands import NO_CALL, CommandKind, Target, TargetKind, target_of
from acd.errors import CommandRefused
from acd.events import OUTSIDE
from acd.oncall.scene import Scene, leg_of
from acd.resync import LiveChannel
from acd.seats import Seat, SeatState
from acd.words import Level

OWN_SEAT = "That is your own seat."
NO_SUCH_SEAT = "There is no such seat."
SEAT_NOT_READY = "This seat is not free now; the caller stays with you."
NOBODY_THERE = "Nobody of that kind is at work now; the caller stays with you."
NOBODY_FREE = "Nobody of that kind is free now; the caller stays with you."
NO_OUTBOUND = "Calls to the public network are not set up here. Tell the operator."
NOT_ALLOWED = "This number may not be dialled from here."
NOT_CONSULTING = "You are not consulting anybody now."
CONSULTING = "You are consulting somebody. Take the caller back or join first."
NOT_ANSWERED = "The one you consult has not answered yet."
SEAT_BUSY = "Your seat has a call."
OWN_NOT_THERE = "Your telephone is not registered or you are signed out."

EPOCH = "{epoch}"
_AT_WORK = frozenset(SeatState) - {SeatState.OFFLINE}


@dataclass(frozen=True, slots=True)
class Act:
    """One AMI action."""

    name: str
    headers: Mapping[str, str]
    variables: Mapping[str, str] | None = None
    optional: bool = False
    """That Asterisk refuses it is no failure of the command."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A seat that is to be claimed before anything is sent, for this call."""

    seat: str
    call: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, in this order: reserve, claim, act."""

    acts: tuple[Act, ...]
    claim: Claim | None = None
    reserve: str = ""
    """A seat that is to be kept for the caller until it is rung."""
    needs_epoch: bool = False
    """`{epoch}` is wanted, though no seat is claimed."""
    dial: str = ""
    """Number to be dialled once the seat has picked up."""


def decide(scene: Scene) -> Plan:
    """The plan of a command; raises CommandRefused with the sentence that the agent reads."""
    match scene.command.kind:
        case CommandKind.HANG_UP:
            return _hang_up(scene)
        case CommandKind.TRANSFER:
            return _transfer(scene)
        case CommandKind.CONSULT:
            return _consult(scene)
        case CommandKind.CONSULT_BACK:
            return _back(scene)
        case CommandKind.CONSULT_JOIN:
            return _join(scene)
        case CommandKind.CONSULT_LEAVE:
            return _leave(scene)
        case CommandKind.REATTACH:
            return _reattach(scene)
        case CommandKind.DIAL_OUT:
            return _dial_out(scene)
        case CommandKind.PAUSE:
            return _pause(scene)
        case CommandKind.UNPAUSE:
            return _unpause(scene)


def _hang_up(scene: Scene) -> Plan:
    """The seat's channel alone: the caller is thanked by the dialplan, as after any hang-up."""
    if scene.leg is None:
        raise CommandRefused(NO_CALL)
    return Plan((Act("Hangup", {"Channel": scene.leg.name, "Cause": "16"}),))


def _transfer(scene: Scene) -> Plan:
    facts, customer = _call(scene)
    if _aside(scene):
        raise CommandRefused(CONSULTING)
    target = target_of(CommandKind.TRANSFER, scene.command.argument)
    match target.kind:
        case TargetKind.SEAT:
            seat = _free_seat(scene, target.value)
            return Plan((_hand(facts, customer, f"seat*{seat.extension}"),), reserve=seat.extension)
        case TargetKind.SERVICE:
            return Plan((_hand(facts, customer, f"service*{target.value}"),))
        case TargetKind.LEVEL | TargetKind.MANAGER:
            wanted = _level(target)
            if not any(seat.level is wanted and seat.state in _AT_WORK for seat in _others(scene)):
                raise CommandRefused(NOBODY_THERE)
            to = "manager" if target.kind is TargetKind.MANAGER else f"level*{target.value}"
            return Plan((_hand(facts, customer, to),))
        case TargetKind.NUMBER:
            _demand_dialling(scene, target.value)
            return Plan((_hand(facts, customer, f"number*{target.value}*{EPOCH}"),), needs_epoch=True)


def _consult(scene: Scene) -> Plan:
    facts, customer = _call(scene)
    if _aside(scene):
        raise CommandRefused(CONSULTING)
    leg = _leg(scene)
    if leg.variables.get("HL_OF") != facts.uid:
        raise CommandRefused(NO_CALL)
    target = target_of(CommandKind.CONSULT, scene.command.argument)
    uid = consult_uid(facts.uid, scene.command.id)
    claim: Claim | None = None
    match target.kind:
        case TargetKind.SEAT:
            claim = Claim(_free_seat(scene, target.value).extension, uid)
        case TargetKind.NUMBER:
            _demand_dialling(scene, target.value)
        case _:
            wanted = _level(target)
            free = [seat for seat in _others(scene) if seat.level is wanted and seat.can_ring]
            if not free:
                raise CommandRefused(NOBODY_FREE)
            claim = Claim(min(free, key=_idle_longest).extension, uid)
    asked = claim.seat if claim is not None else OUTSIDE
    digits = "" if claim is not None else target.value
    exten = f"{asked}*{EPOCH}*{scene.command.id}*{digits}"
    act = _both(customer, ("acd-aside", "s"), leg, ("acd-consult", exten))
    return Plan((act,), claim=claim, needs_epoch=True)


def _back(scene: Scene) -> Plan:
    _call(scene)
    if not _aside(scene):
        raise CommandRefused(NOT_CONSULTING)
    return Plan((_go(_leg(scene), "acd-meeting", "back"),))


def _join(scene: Scene) -> Plan:
    _call(scene)
    if not _aside(scene):
        raise CommandRefused(NOT_CONSULTING)
    return Plan((_both(_leg(scene), ("acd-meeting", "join"), _asked(scene), ("acd-meeting", "joined")),))


def _leave(scene: Scene) -> Plan:
    """From a consult: the caller goes to the one who was asked. From a call of three: this seat hangs up."""
    facts, _ = _call(scene)
    leg = _leg(scene)
    if _aside(scene):
        return Plan((_both(leg, ("acd-meeting", "leave"), _asked(scene), ("acd-meeting", "took")),))
    if len(facts.open_talks) < 2:
        raise CommandRefused(NOT_CONSULTING)
    others = [talk.seat for talk in facts.open_talks if talk.seat != scene.seat.extension]
    stays = [channel for seat in others if (channel := leg_of(scene.channels, seat)) is not None]
    # the consult is over: who stays with the caller is in the caller's recording
    silence = tuple(Act("StopMixMonitor", {"Channel": channel.name}, optional=True) for channel in stays)
    return Plan((Act("Hangup", {"Channel": leg.name, "Cause": "16"}), *silence))


def _reattach(scene: Scene) -> Plan:
    facts, customer = _call(scene)
    return Plan((_go(customer, "acd-handed", f"{_last(facts)}*again"),))


def _dial_out(scene: Scene) -> Plan:
    number, order = str(scene.command.argument.get("number", "")), str(scene.command.argument.get("order", ""))
    _demand_dialling(scene, number)
    seat = scene.seat
    if seat.call_uid is not None or seat.state is SeatState.OFFLINE or not seat.reachable:
        raise CommandRefused(SEAT_BUSY if seat.call_uid is not None else OWN_NOT_THERE)
    uid = scene.new_uid
    ring = Act(
        "Originate",
        {
            "Channel": f"PJSIP/{seat.extension}", "ChannelId": agent_channel(uid), "Context": "acd-outgoing",
            "Exten": "s", "Priority": "1", "Timeout": "20000", "Async": "true", "CallerID": f"{number} <{number}>",
        },
        {
            "HL_OF": uid, "HL_OWN": seat.extension, "HL_OWN_EPOCH": EPOCH, "HL_NUMBER": number,
            "HL_ORDER": "".join(c for c in order if c.isascii() and (c.isalnum() or c == "-")),
        },
    )  # fmt: skip
    return Plan((ring,), claim=Claim(seat.extension, uid, own=True), dial=number)


def _pause(scene: Scene) -> Plan:
    """The caller's file falls silent first, then those of supervisors who hear the call."""
    facts, customer = _call(scene)
    if _aside(scene):
        raise CommandRefused(CONSULTING)
    return Plan(
        tuple(
            mute(channel, silent=True, optional=channel is not customer) for channel in taped(scene.channels, facts.uid)
        )
    )


def _unpause(scene: Scene) -> Plan:
    facts, _ = _call(scene)
    return Plan(tuple(mute(channel, silent=False, optional=True) for channel in taped(scene.channels, facts.uid)))


def mute(channel: LiveChannel, *, silent: bool, optional: bool) -> Act:
    """Silence what MixMonitor writes of a channel, in both directions and in step with time, or end that."""
    headers = {"Channel": channel.name, "Direction": "both", "State": "1" if silent else "0"}
    return Act("MixMonitorMute", headers, optional=optional)


def taped(channels: Iterable[LiveChannel], call: str) -> tuple[LiveChannel, ...]:
    """Channels in whose recording a call is heard: the customer's first, then those of supervisors who listen."""
    there = tuple(channels)
    own = [channel for channel in there if channel.uniqueid == call]
    return (*own, *(channel for channel in there if channel.variables.get("HL_SPY_CALL") == call))


# ---- pieces ----------------------------------------------------------------------------------------------------


def consult_uid(call: str, command: int) -> str:
    """The consult's own name; the dialplan makes the same one (acd-consult)."""
    return f"{call}-c{command}"


def outgoing_uid(node: str, command: int) -> str:
    """The name of an outgoing call and of its customer's channel.

    Asterisk refuses a name that another channel's begins with (AST main/channel.c `does_id_conflict`), so that neither
    this nor the agent's may be the beginning of any other.
    """
    return f"{node}-out{command}-c"


def agent_channel(call: str) -> str:
    """The name of the agent's channel in an outgoing call."""
    return f"{call.removesuffix('-c')}-a"


def _call(scene: Scene) -> tuple[CallFacts, LiveChannel]:
    """The customer's call, where this seat talks in it."""
    facts, customer = scene.call, scene.customer
    if facts is None or customer is None or facts.state is not CallState.TALKING:
        raise CommandRefused(NO_CALL)
    if scene.command.kind is not CommandKind.REATTACH and not _talks(facts, scene.seat.extension):
        raise CommandRefused(NO_CALL)
    return facts, customer


def _talks(facts: CallFacts, extension: str) -> bool:
    return any(talk.seat == extension for talk in facts.open_talks)


def _demand_dialling(scene: Scene, number: str) -> None:
    if not scene.outbound:
        raise CommandRefused(NO_OUTBOUND)
    if not scene.may_dial(number):
        raise CommandRefused(NOT_ALLOWED)


def _leg(scene: Scene) -> LiveChannel:
    if scene.leg is None:
        raise CommandRefused(NO_CALL)
    return scene.leg


def _aside(scene: Scene) -> bool:
    """Whether the caller waits while this seat asks somebody aside."""
    return scene.customer is not None and scene.customer.variables.get("HL_STATE") == "aside"


def _asked(scene: Scene) -> LiveChannel:
    """The channel of the one who is consulted, once it has answered."""
    consult = _leg(scene).variables.get("HL_ASIDE", "")
    for channel in scene.channels:
        if channel.variables.get("HL_ASIDE") == consult and channel is not scene.leg and channel.state == "Up":
            return channel
    raise CommandRefused(NOT_ANSWERED)


def _others(scene: Scene) -> list[Seat]:
    return [seat for seat in scene.seats.values() if seat.extension != scene.seat.extension]


def _free_seat(scene: Scene, extension: str) -> Seat:
    if extension == scene.seat.extension:
        raise CommandRefused(OWN_SEAT)
    seat = scene.seats.get(extension)
    if seat is None or seat.level is Level.SUPERVISOR:
        raise CommandRefused(NO_SUCH_SEAT)
    if not seat.can_ring:
        raise CommandRefused(SEAT_NOT_READY)
    return seat


def _level(target: Target) -> Level:
    return Level.MANAGER if target.kind is TargetKind.MANAGER else Level(target.value)


def _idle_longest(seat: Seat) -> tuple[float, str]:
    return (seat.idle_since.timestamp() if seat.idle_since is not None else 0.0, seat.extension)


def _last(facts: CallFacts) -> str:
    """The last talk, whose end is told when the caller moves on, as acd-handed reads it."""
    last = max(facts.talks, key=lambda talk: talk.epoch)
    return f"{last.seat}*{last.epoch}"


def _hand(facts: CallFacts, customer: LiveChannel, to: str) -> Act:
    return _go(customer, "acd-handed", f"{_last(facts)}*handed*{to}")


def _go(channel: LiveChannel, context: str, exten: str) -> Act:
    return Act("Redirect", {"Channel": channel.name, "Context": context, "Exten": exten, "Priority": "1"})


def _both(one: LiveChannel, to: tuple[str, str], other: LiveChannel, other_to: tuple[str, str]) -> Act:
    """Two who are bridged go their ways in one action, so that neither is hung up for the other's leaving."""
    return Act(
        "Redirect",
        {
            "Channel": one.name, "Context": to[0], "Exten": to[1], "Priority": "1", "ExtraChannel": other.name,
            "ExtraContext": other_to[0], "ExtraExten": other_to[1], "ExtraPriority": "1",
        },
    )  # fmt: skip
