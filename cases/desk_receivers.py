"""Whom work can be handed to, and which senior is the right one (D25, D29, D32)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from acd.floor import seat_at
from cases.desk_errors import HandedBadly
from cases.desk_models import DeskItem
from cases.desk_states import ItemState
from hotline import accounts
from hotline.roles import Action, Role, allows

ENTERING = (Role.RECORDING_CLERK, Role.TEXT_CLERK, Role.SENIOR)
"""Roles whose people enter things."""
SERVICE_OF_KIND = {"complaint": "complaint", "suggestion": "suggestion", "enquiry": "standards", "report": "report"}
"""The service whose skill a seat needs for a kind of case."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """One person whom an item can be handed to."""

    user_id: UUID
    name: str
    role: Role
    skill: int
    """1 to 5 for this kind of case at the person's seat; 0 where it is not known."""
    waiting: int
    """What was handed to this person already and is not done."""


async def receivers(session: AsyncSession, action: Action, kind: str, *, but: UUID, now: datetime) -> list[Receiver]:
    """People who may do `action`, the right senior first: the most skilled in the kind, then the least busy."""
    busy = await _waiting(session)
    found = []
    for user in await accounts.list_users(session):
        role = Role(user.role)
        if user.disabled or user.id == but or role not in ENTERING or not allows(role, action):
            continue
        seat = await seat_at(session, user.seat, now) if user.seat is not None else None
        skill = seat.skills.get(SERVICE_OF_KIND.get(kind, kind), 0) if seat is not None else 0
        found.append(Receiver(user.id, user.name, role, skill, busy.get(user.id, 0)))
    return in_order(found)


def in_order(found: Sequence[Receiver]) -> list[Receiver]:
    return sorted(found, key=lambda each: (each.role is not Role.SENIOR, -each.skill, each.waiting, each.name))


async def demand_receiver(session: AsyncSession, action: Action, to: UUID | None, role: Role | None) -> None:
    """Raise HandedBadly unless exactly one of both is named and enters such things."""
    if (to is None) == (role is None):
        raise HandedBadly("name one person, or the seniors as such")
    if role is not None:
        if role is not Role.SENIOR:
            raise HandedBadly("only the seniors can be handed work as such; name a person otherwise")
        return
    for user in await accounts.list_users(session):
        if user.id == to and not user.disabled and Role(user.role) in ENTERING and allows(Role(user.role), action):
            return
    raise HandedBadly("this person does not enter such things; choose one of the list")


async def _waiting(session: AsyncSession) -> dict[UUID, int]:
    query = select(DeskItem.for_id, func.count()).where(
        DeskItem.for_id.is_not(None), DeskItem.state != ItemState.DONE.value
    )
    return {person: count for person, count in await session.execute(query.group_by(DeskItem.for_id)) if person}
