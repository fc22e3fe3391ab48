"""The desk's rows: read, locked, stepped. `cases.desk` says when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from acd import ledger
from cases.desk_errors import ItemMissing, ItemOver, NotOnYourDesk, TakenByOther
from cases.desk_models import DeskItem, DeskMove
from cases.desk_states import TRANSITIONS, Claim, ItemState, is_for, standing
from hotline.accounts import Subject
from hotline.models import User
from hotline.roles import Role
from hotline.settings import Settings
from transcribe import waiting
from transcribe.drafts import DraftState

LONGEST_PAUSE = 60.0
"""Seconds between two signs of work that still count as work: listening and thinking, not a meal."""
DRAFT = "draft:"
TEXT = "text:"


@dataclass(frozen=True, slots=True)
class ItemView:
    """One piece of work as it stands at the moment it was read."""

    ref: str
    received_at: datetime
    due_at: datetime
    state: ItemState
    """With leases that are over taken into account."""
    owner_id: UUID | None
    owner_name: str
    for_id: UUID | None
    for_name: str
    for_role: str | None
    taken_at: datetime | None
    lease_until: datetime | None
    worked_seconds: float
    typed: Mapping[str, Any]
    version: int
    saved_at: datetime | None
    saved_by: UUID | None
    note: str

    @property
    def claim(self) -> Claim:
        return Claim(self.state, self.owner_id, self.for_id, self.for_role, self.lease_until)

    def is_mine(self, subject: Subject) -> bool:
        """On this person's desk, put aside by them, or handed to them (or their role)."""
        match self.state:
            case ItemState.TAKEN | ItemState.HELD:
                return self.owner_id == subject.user_id
            case ItemState.HANDED_ON:
                return is_for(self.claim, subject)
            case _:
                return False


def claim_of(row: DeskItem) -> Claim:
    return Claim(ItemState(row.state), row.owner_id, row.for_id, row.for_role, row.lease_until)


async def ensure(session: AsyncSession, ref: str, received_at: datetime, due_at: datetime) -> None:
    """Make the row of a piece of work that the desk has not seen."""
    made = insert(DeskItem).values(
        ref=ref, received_at=received_at, due_at=due_at, state=ItemState.WAITING.value, worked_seconds=0.0, typed={},
        version=0,
    )  # fmt: skip
    await session.execute(made.on_conflict_do_nothing(index_elements=["ref"]))


async def locked(session: AsyncSession, ref: str) -> DeskItem | None:
    return await session.get(DeskItem, ref, with_for_update=True, populate_existing=True)


async def known(session: AsyncSession, ref: str) -> DeskItem:
    """The row, locked; of a draft that nobody has touched, made now. Raises ItemMissing, ItemOver.

    A draft's own state says whether it is still to be entered: an agent may have registered the call meanwhile.
    """
    if ref.startswith(DRAFT):
        uid = ref.removeprefix(DRAFT)
        facts = await waiting.facts_of(session, uid)
        if facts is None:
            raise ItemMissing(f"call {uid[:80]!r} has no draft; its recording may not have been recognised yet")
        if facts.state is not DraftState.PENDING:
            raise ItemOver(f"the draft of call {uid[:80]!r} is {facts.state.value} already")
        call = await ledger.get_call(session, uid)
        ended = call.ended_at if call is not None else None
        await ensure(session, ref, ended or facts.created_at, facts.due_at)
    row = await locked(session, ref)
    if row is None:
        raise ItemMissing(f"nothing on the desk is called {ref[:80]!r}")
    return row


async def mine(session: AsyncSession, ref: str, subject: Subject, now: datetime) -> DeskItem:
    """The row, locked, where this person has it and has not lost it. Raises NotOnYourDesk, TakenByOther, ItemOver.

    A lease that is over while nobody else has taken the item is no loss: its owner goes on.
    """
    row = await known(session, ref)
    if row.state == ItemState.DONE.value:
        raise ItemOver(f"{ref} was entered or given up already")
    if row.state in {ItemState.TAKEN.value, ItemState.HELD.value}:
        if row.owner_id == subject.user_id:
            return row
        if standing(claim_of(row), now) in {ItemState.TAKEN, ItemState.HELD}:
            raise await taken_by(session, row)
    raise NotOnYourDesk(f"{ref} is not on your desk any more; take it again")


async def step(
    session: AsyncSession,
    row: DeskItem,
    then: ItemState,
    actor: Subject | None,
    now: datetime,
    *,
    owner: UUID | None = None,
    for_id: UUID | None = None,
    for_role: Role | None = None,
    reason: str | None = None,
) -> None:
    """Move a locked row to another state and write down from whom to whom; to whom it was handed stays until it is
    handed again or given back to all."""
    before = ItemState(row.state)
    if before is ItemState.TAKEN and actor is not None and actor.user_id == row.owner_id:
        credit(row, now)
    assert then in TRANSITIONS[before], (before, then)
    if then is ItemState.HANDED_ON and (for_id is not None or for_role is not None):
        row.for_id, row.for_role = for_id, for_role.value if for_role is not None else None
    elif then is ItemState.WAITING:
        row.for_id = row.for_role = None
    session.add(
        DeskMove(
            ref=row.ref, at=now, actor_id=actor.user_id if actor is not None else None, before=before.value,
            after=then.value, owner_id=owner, for_id=row.for_id, for_role=row.for_role, had_id=row.owner_id,
            had_seconds=_had_seconds(row, before, now), worked_seconds=row.worked_seconds, reason=reason,
        )
    )  # fmt: skip
    row.state, row.note = then.value, reason
    row.owner_id, row.worked_seconds = owner, 0.0
    row.taken_at = now if then is ItemState.TAKEN else None
    row.lease_until = row.beat_at = None


def _had_seconds(row: DeskItem, before: ItemState, now: datetime) -> float:
    """How long it lay open: to now, or to when its page was heard of last where the lease had run out."""
    if row.taken_at is None or before is not ItemState.TAKEN:
        return 0.0
    last = now if row.lease_until is None or now < row.lease_until else row.beat_at or row.taken_at
    return max(0.0, (last - row.taken_at).total_seconds())


def credit(row: DeskItem, now: datetime) -> None:
    """The time since the page was heard of last was work; after a long silence at most `LONGEST_PAUSE` of it."""
    if row.beat_at is not None:
        row.worked_seconds += max(0.0, min((now - row.beat_at).total_seconds(), LONGEST_PAUSE))


def heard_of(row: DeskItem, now: datetime, settings: Settings) -> None:
    """The owner's page is open: its lease begins anew."""
    row.beat_at = now
    row.lease_until = now + timedelta(seconds=settings.desk_lease_seconds)


async def taken_by(session: AsyncSession, row: DeskItem) -> TakenByOther:
    name = await session.scalar(select(User.name).where(User.id == row.owner_id))
    return TakenByOther(row.ref, name or "", row.taken_at)


async def views(session: AsyncSession, rows: Sequence[DeskItem], now: datetime) -> dict[str, ItemView]:
    """Rows with the names of their people."""
    people = {user for row in rows for user in (row.owner_id, row.for_id) if user is not None}
    names: dict[UUID | None, str] = {}
    if people:
        found = await session.execute(select(User.id, User.name).where(User.id.in_(people)))
        names.update({row.id: row.name for row in found})
    return {row.ref: _view(row, names, now) for row in rows}


async def view(session: AsyncSession, row: DeskItem, now: datetime) -> ItemView:
    return (await views(session, [row], now))[row.ref]


def _view(row: DeskItem, names: Mapping[UUID | None, str], now: datetime) -> ItemView:
    state = standing(claim_of(row), now)
    owned = state in {ItemState.TAKEN, ItemState.HELD}
    return ItemView(
        ref=row.ref,
        received_at=row.received_at,
        due_at=row.due_at,
        state=state,
        owner_id=row.owner_id if owned else None,
        owner_name=names.get(row.owner_id, "") if owned else "",
        for_id=row.for_id,
        for_name=names.get(row.for_id, ""),
        for_role=row.for_role,
        taken_at=row.taken_at,
        lease_until=row.lease_until,
        worked_seconds=row.worked_seconds,
        typed=row.typed,
        version=row.version,
        saved_at=row.saved_at,
        saved_by=row.saved_by,
        note=row.note or "",
    )
