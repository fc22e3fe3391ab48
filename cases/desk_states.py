"""The life of an item on the desk as a table, and the pure questions about it: whose is it, and who may take it.

    waiting ──take──▶ taken ──────────▶ done
       ▲                │ ▲ │
       │  put back,     │ │ └─hand on─▶ handed_on ──take──▶ taken …
       └──lease over────┤ └──take────── held
                        └─put aside───▶ held

A lease that is over needs nobody to end it: what the table of the database calls `taken` then counts as free.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hotline.accounts import Subject
from hotline.roles import Action, Role


class ItemState(StrEnum):
    WAITING = "waiting"
    TAKEN = "taken"
    HELD = "held"
    """Put aside by its owner, who waits for something."""
    HANDED_ON = "handed_on"
    """Waits for one person or one role (D25, D29)."""
    DONE = "done"


_S = ItemState
TRANSITIONS: Mapping[ItemState, frozenset[ItemState]] = {
    _S.WAITING: frozenset({_S.TAKEN, _S.HANDED_ON, _S.DONE}),
    _S.TAKEN: frozenset({_S.TAKEN, _S.WAITING, _S.HELD, _S.HANDED_ON, _S.DONE}),
    _S.HELD: frozenset({_S.TAKEN, _S.WAITING, _S.HANDED_ON, _S.DONE}),
    _S.HANDED_ON: frozenset({_S.TAKEN, _S.WAITING, _S.HANDED_ON, _S.DONE}),
    _S.DONE: frozenset({_S.WAITING}),
}
"""What was discarded can come back; everything else that is done stays so."""


class Taking(StrEnum):
    """What becomes of somebody's wish to take an item."""

    GRANTED = "granted"
    MINE_ALREADY = "mine_already"
    TAKEN = "taken"
    """Another person has it."""
    NOT_FOR_YOU = "not_for_you"
    """It was handed to another person or role, or waits for clerks."""
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Claim:
    """What decides whose an item is."""

    state: ItemState
    owner_id: UUID | None = None
    for_id: UUID | None = None
    for_role: str | None = None
    lease_until: datetime | None = None


def standing(claim: Claim, now: datetime) -> ItemState:
    """The state that counts at `now`: a lease that is over leaves the item to those it was for."""
    if claim.state not in {_S.TAKEN, _S.HELD}:
        return claim.state
    if claim.lease_until is not None and now < claim.lease_until:
        return claim.state
    return _S.HANDED_ON if claim.for_id is not None or claim.for_role is not None else _S.WAITING


def taking(claim: Claim, subject: Subject, now: datetime) -> Taking:
    """Whether `subject` gets the item now. What was put aside stays its owner's until the lease is over."""
    match standing(claim, now):
        case _S.DONE:
            return Taking.OVER
        case _S.TAKEN | _S.HELD as state:
            if claim.owner_id != subject.user_id:
                return Taking.TAKEN
            return Taking.MINE_ALREADY if state is _S.TAKEN else Taking.GRANTED
        case _S.HANDED_ON:
            return Taking.GRANTED if is_for(claim, subject) else Taking.NOT_FOR_YOU
        case _S.WAITING:
            return Taking.GRANTED if works_from_the_pile(subject) else Taking.NOT_FOR_YOU


def is_for(claim: Claim, subject: Subject) -> bool:
    """Whether it was handed to this person, or to the role this person has."""
    if claim.for_id is not None:
        return claim.for_id == subject.user_id
    return claim.for_role == subject.role.value


def works_from_the_pile(subject: Subject) -> bool:
    """Clerks take what nobody has; a senior or manager only what was handed to them (D29, D33)."""
    return subject.may(Action.DESK_WORK) and subject.role in {Role.RECORDING_CLERK, Role.TEXT_CLERK}
