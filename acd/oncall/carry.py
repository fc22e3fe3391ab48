"""Carrying commands out: the scene is asked for, the decision is made, its actions are sent, the outcome is written."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from acd import claims, commands
from acd.commands import NO_CALL, CommandKind, CommandView
from acd.duty import Duty
from acd.errors import CommandRefused, NotLeadingError
from acd.events import CallEvent, Kind
from acd.oncall import pause
from acd.oncall.decide import EPOCH, NOBODY_FREE, Act, Plan, agent_channel, decide, outgoing_uid
from acd.oncall.scene import Scene, leg_of
from acd.ports import ActionRefused, LinkError
from acd.resync import snapshot
from acd.seats import RingOver
from acd.seatwork import reload, tell_seat

LATE = timedelta(seconds=10)
"""A command that waited longer for a controller is not carried out any more."""
RESERVED_SECONDS = 5.0
"""How long a seat is kept for a caller who is on the way to it."""
RING_MILLISECONDS = "45000"
"""Of a customer whom an agent calls."""
TOO_LATE = "The controller was away; nothing was done. Try again."
ASTERISK_REFUSED = "The telephone system could not do it, perhaps because the call has just changed. Try again."

_log = structlog.get_logger(__name__)


async def carry_out(duty: Duty) -> None:
    """Do all that was asked and is still open; left for the next look where the database is away."""
    if not duty.acts:
        return
    try:
        async with duty.database.transaction() as session:
            asked = await commands.open_commands(session)
        for command in asked:
            problem = await _try(duty, command)
            _log.info("acd.command", id=command.id, kind=command.kind.value, seat=command.seat, problem=problem)
            async with duty.database.transaction() as session:
                await commands.settle(session, command.id, problem, duty.clock.now())
    except (SQLAlchemyError, OSError) as error:
        _log.warning("acd.commands.database_away", error=type(error).__name__)


async def follow_outgoing(duty: Duty, event: CallEvent) -> None:
    """The agent has picked up to call a customer: ring the customer, whose channel has the call's name."""
    number = duty.outgoing.pop(event.call, None)
    if event.kind is not Kind.PLACED or number is None:
        return
    act = Act(
        "Originate",
        {
            "Channel": f"PJSIP/{number}@trunk-out", "ChannelId": event.call, "Context": "acd-outgoing-customer",
            "Exten": "s", "Priority": "1", "Timeout": RING_MILLISECONDS, "Async": "true",
        },
        {
            "HL_LEG": agent_channel(event.call), "HL_SEAT": event.seat, "HL_EPOCH": str(event.epoch),
            "HL_CALLER": number,
        },
    )  # fmt: skip
    try:
        await _send(duty, act, event.epoch)
    except LinkError as error:
        _log.warning("acd.outgoing_failed", call=event.call, code=error.code)
        await _hang_up_agent(duty, event.call)


async def originated(duty: Duty, uid: str, answered: bool) -> None:
    """What came of an Originate: an agent who did not pick up is free again, one whose customer did not is told."""
    if answered:
        return
    if uid in duty.board.calls:
        await _hang_up_agent(duty, uid)
        return
    call = next((each for each in duty.outgoing if agent_channel(each) == uid), "")
    duty.outgoing.pop(call, None)
    for extension, seat in list(duty.board.seats.items()):
        if seat.call_uid == call:
            await tell_seat(duty, extension, RingOver(call, seat.epoch))


async def _hang_up_agent(duty: Duty, call: str) -> None:
    try:
        await duty.link.action("Hangup", {"Channel": agent_channel(call), "Cause": "16"})
    except LinkError as error:
        _log.info("acd.outgoing_agent_gone", call=call, code=error.code)


async def _try(duty: Duty, command: CommandView) -> str | None:
    """None where it was done, else the sentence for the agent."""
    if command.asked_at is not None and duty.clock.now() - command.asked_at > LATE:
        return TOO_LATE
    try:
        scene = await _scene(duty, command)
        await _carry(duty, scene, decide(scene))
    except CommandRefused as refused:
        return str(refused)
    except (NotLeadingError, LinkError) as error:
        _log.warning("acd.command_failed", id=command.id, code=error.code)
        return ASTERISK_REFUSED
    return None


async def _carry(duty: Duty, scene: Scene, plan: Plan) -> None:
    term = duty.term
    if term is None:
        raise NotLeadingError("this controller does not lead")
    epoch = 0
    if plan.claim is not None:
        claim = plan.claim
        claimed = await term.run(
            lambda connection: claims.claim(
                connection, claim.call, claim.seat, now=duty.clock.now(), lease=duty.lease + 15.0, own=claim.own
            )
        )
        if claimed is None:
            await reload(duty, claim.seat)
            raise CommandRefused(NOBODY_FREE)
        duty.board.put_seat(claimed)
        epoch = claimed.epoch
    elif plan.needs_epoch:
        epoch = await term.run(claims.next_epoch)
    if plan.reserve:
        _reserve(duty, plan.reserve, scene.command.call_uid)
    if plan.dial and plan.claim is not None:
        duty.outgoing[plan.claim.call] = plan.dial
    try:
        for act in plan.acts:
            await _send(duty, act, epoch)
        _note(duty, scene)
    except LinkError:
        if plan.claim is not None:
            await tell_seat(duty, plan.claim.seat, RingOver(plan.claim.call, epoch))
        raise


def _note(duty: Duty, scene: Scene) -> None:
    """What Asterisk tells nobody: the recording has fallen silent, or goes on."""
    match scene.command.kind:
        case CommandKind.PAUSE if scene.call is not None:
            pause.begun(duty, scene.call.uid, scene.seat.extension)
        case CommandKind.UNPAUSE if scene.call is not None:
            pause.over(duty, scene.call.uid, scene.seat.extension, "agent")


async def _send(duty: Duty, act: Act, epoch: int) -> None:
    headers = {name: value.replace(EPOCH, str(epoch)) for name, value in act.headers.items()}
    variables = {name: value.replace(EPOCH, str(epoch)) for name, value in (act.variables or {}).items()}
    try:
        await duty.link.action(act.name, headers, variables=variables or None)
    except ActionRefused:
        if not act.optional:
            raise


def _reserve(duty: Duty, extension: str, uid: str) -> None:
    duty.board.reserve(extension, uid)

    async def over() -> None:
        duty.board.unreserve(extension, uid)

    duty.later(RESERVED_SECONDS, over)


async def _scene(duty: Duty, command: CommandView) -> Scene:
    board = duty.board
    seat = board.seats.get(command.seat)
    if seat is None:
        raise CommandRefused(NO_CALL)
    live = board.calls.get(command.call_uid)
    if live is not None and live.facts.about in board.calls:  # the seat is consulted about that call
        live = board.calls[live.facts.about]
    channels = (await snapshot(duty.link, duty.clock)).channels
    facts = live.facts if live is not None else None
    policy = duty.callbacks.policy
    node = policy.node if policy is not None else "n"
    return Scene(
        command=command,
        seat=seat,
        call=facts,
        customer=next((each for each in channels if facts is not None and each.uniqueid == facts.uid), None),
        leg=leg_of(channels, command.seat),
        channels=channels,
        seats=board.seats,
        outbound=policy is not None,
        may_dial=policy.may_call if policy is not None else _no_number,
        new_uid=outgoing_uid(node, command.id),
    )


def _no_number(number: str) -> bool:
    return False
