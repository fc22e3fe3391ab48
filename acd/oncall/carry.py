"""Carrying commands out: the scene is asked for, the decision is made, its actions are sent, the outcome is written."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from acd import commands
from acd.commands import NO_CALL, CommandView
from acd.duty import Duty
from acd.errors import CommandRefused, NotLeadingError
from acd.oncall.decide import decide
from acd.oncall.scene import Scene, leg_of
from acd.ports import ActionRefused, LinkError
from acd.resync import snapshot

LATE = timedelta(seconds=10)
"""A command that waited longer for a controller is not carried out any more."""
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


async def _try(duty: Duty, command: CommandView) -> str | None:
    """None where it was done, else the sentence for the agent."""
    if command.asked_at is not None and duty.clock.now() - command.asked_at > LATE:
        return TOO_LATE
    try:
        plan = decide(await _scene(duty, command))
        for act in plan.acts:
            await duty.link.action(act.name, act.headers)
    except CommandRefused as refused:
        return str(refused)
    except (ActionRefused, NotLeadingError, LinkError) as error:
        _log.warning("acd.command_failed", id=command.id, code=error.code)
        return ASTERISK_REFUSED
    return None


async def _scene(duty: Duty, command: CommandView) -> Scene:
    board = duty.board
    seat = board.seats.get(command.seat)
    if seat is None:
        raise CommandRefused(NO_CALL)
    live = board.calls.get(command.call_uid)
    channels = (await snapshot(duty.link, duty.clock)).channels
    return Scene(
        command=command,
        seat=seat,
        call=live.facts if live is not None else None,
        customer=next((each for each in channels if each.uniqueid == command.call_uid), None),
        leg=leg_of(channels, command.seat),
        channels=channels,
        seats=board.seats,
        outbound=False,
    )
