"""What an agent asks for during a call: hand on, consult, hang up, dial out. Asked here, carried out in `acd.oncall`.

A command is a row and a NOTIFY; the controller that leads carries it out once and writes the outcome into the row. A
row that nobody could carry out in time is refused by whoever leads next: an agent's click must not take effect
minutes later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from acd.command_models import CallCommand
from acd.errors import CommandRefused
from acd.models import Call, Seat
from acd.words import Level, Service

CHANNEL = "acd_commands"
"""NOTIFY channel; the payload is the command's id."""


class CommandKind(StrEnum):
    TRANSFER = "transfer"
    CONSULT = "consult"
    CONSULT_JOIN = "consult_join"
    CONSULT_LEAVE = "consult_leave"
    CONSULT_BACK = "consult_back"
    REATTACH = "reattach"
    HANG_UP = "hang_up"
    DIAL_OUT = "dial_out"
    PAUSE = "pause"
    """Nothing is recorded, while the caller says a card number or a password."""
    UNPAUSE = "unpause"


class TargetKind(StrEnum):
    """Whom a caller can be handed to, or an agent can consult."""

    SEAT = "seat"
    SERVICE = "service"
    LEVEL = "level"
    MANAGER = "manager"
    NUMBER = "number"


class CommandState(StrEnum):
    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Target:
    """`value` is an extension, a service, a level or digits; empty for the manager hotline."""

    kind: TargetKind
    value: str = ""

    def __repr__(self) -> str:
        """Without an outside number: reprs reach logs."""
        return f"Target({self.kind.value}{'' if self.kind is TargetKind.NUMBER else ' ' + self.value})"


@dataclass(frozen=True, slots=True)
class CommandView:
    id: int
    call_uid: str
    seat: str
    kind: CommandKind
    state: CommandState
    problem: str | None = None
    """Why it was refused: a sentence for the agent, also a key of the console's catalogue."""
    argument: Mapping[str, Any] = field(default_factory=dict, repr=False)
    asked_at: datetime | None = None


CONSULTED = frozenset({TargetKind.SEAT, TargetKind.LEVEL, TargetKind.MANAGER, TargetKind.NUMBER})
_DIGITS = frozenset("0123456789")
_TO = frozenset({CommandKind.TRANSFER, CommandKind.CONSULT})

NO_CALL = "Your seat has no call that this could be done with."
NO_TARGET = "Say where to: a seat, a service, a level, the manager hotline or a number."
NO_NUMBER = "Give the number to dial, digits only."


def target_of(kind: CommandKind, argument: Mapping[str, Any]) -> Target:
    """Read `{to: {kind: value}}`; raises CommandRefused for anything but exactly one known target."""
    to = argument.get("to")
    if not isinstance(to, Mapping) or len(to) != 1:
        raise CommandRefused(NO_TARGET)
    (name, value), *_ = to.items()
    try:
        target = Target(TargetKind(name), "" if name == TargetKind.MANAGER else str(value))
    except ValueError:
        raise CommandRefused(NO_TARGET) from None
    if kind is CommandKind.CONSULT and target.kind not in CONSULTED:
        raise CommandRefused(NO_TARGET)
    match target.kind:
        case TargetKind.SERVICE if target.value not in set(Service):
            raise CommandRefused(NO_TARGET)
        case TargetKind.LEVEL if target.value not in {Level.JUNIOR, Level.SENIOR}:
            raise CommandRefused(NO_TARGET)
        case TargetKind.SEAT | TargetKind.NUMBER if not target.value or set(target.value) - _DIGITS:
            raise CommandRefused(NO_TARGET)
        case _:
            return target


async def ask(
    session: AsyncSession, *, seat: str, kind: CommandKind, argument: Mapping[str, Any], by: str, now: datetime
) -> int:
    """Write the wish of the agent at `seat` down and tell the controller; returns its id.

    `argument`: `{"to": {"seat": "8002"}}` for transfer and consult (or `service`, `level`, `number`, `manager`),
    `{"number": …, "order": …}` for dial_out, else empty. Raises CommandRefused where no controller need be asked.
    """
    row = (await session.scalars(select(Seat).where(Seat.extension == seat))).one_or_none()
    if row is None:
        raise CommandRefused(NO_CALL)
    call = row.call_uid or ""
    kept: dict[str, Any] = {}
    if kind is CommandKind.DIAL_OUT:
        number = str(argument.get("number", ""))
        if not number or len(number) > 20 or set(number) - _DIGITS:
            raise CommandRefused(NO_NUMBER)
        kept, call = {"number": number, "order": str(argument.get("order", ""))[:40]}, ""
    elif not call:
        raise CommandRefused(NO_CALL)
    if kind in _TO:
        target = target_of(kind, argument)
        kept = {"to": {target.kind.value: target.value}}
    command = CallCommand(
        call_uid=call, seat=seat, kind=kind.value, argument=kept, asked_by=by, asked_at=now,
        state=CommandState.ASKED.value,
    )  # fmt: skip
    session.add(command)
    await session.flush()
    await session.execute(text("SELECT pg_notify(:channel, :id)"), {"channel": CHANNEL, "id": str(command.id)})
    return command.id


async def outcome(session: AsyncSession, command: int) -> CommandView:
    """How a command stands; CommandRefused where there is none with this id."""
    row = await session.get(CallCommand, command, populate_existing=True)
    if row is None:
        raise CommandRefused(NO_CALL)
    return _view(row)


async def open_commands(session: AsyncSession) -> list[CommandView]:
    """What was asked and not carried out yet, oldest first."""
    query = select(CallCommand).where(CallCommand.state == CommandState.ASKED.value).order_by(CallCommand.id)
    return [_view(row) for row in (await session.scalars(query)).all()]


async def settle(session: AsyncSession, command: int, problem: str | None, now: datetime) -> None:
    """Write the outcome: done, or refused for `problem`; tells the seat's page."""
    row = await session.get(CallCommand, command, with_for_update=True)
    if row is None or row.state != CommandState.ASKED.value:
        return
    row.state = (CommandState.DONE if problem is None else CommandState.REFUSED).value
    row.problem, row.done_at = problem, now
    await session.flush()
    await session.execute(text("SELECT pg_notify('seat_news', :news)"), {"news": f"{row.seat}:command"})


async def call_of(session: AsyncSession, seat: str) -> Call | None:
    """The customer's call that the seat works on: its own, or the one it is consulted about."""
    row = await session.get(Seat, seat, populate_existing=True)
    if row is None or row.call_uid is None:
        return None
    call = await session.get(Call, row.call_uid, populate_existing=True)
    if call is not None and call.direction == "consult" and call.about:
        return await session.get(Call, call.about, populate_existing=True)
    return call


async def consulting(session: AsyncSession, seat: str) -> bool:
    """Whether a consultation about the seat's call is going on."""
    own = select(Seat.call_uid).where(Seat.extension == seat).scalar_subquery()
    query = select(Call.uid).where(Call.about == own, Call.direction == "consult", Call.ended_at.is_(None))
    return (await session.scalars(query.limit(1))).first() is not None


def _view(row: CallCommand) -> CommandView:
    return CommandView(
        row.id, row.call_uid, row.seat, CommandKind(row.kind), CommandState(row.state), row.problem, row.argument,
        row.asked_at,
    )  # fmt: skip
