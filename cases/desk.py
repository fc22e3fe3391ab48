"""The clerks' desk: who has which piece of work, and what stands in its form (D19-D31).

A piece of work has a reference: `draft:<call uid>` or `text:<id>`. Taking is one locked row, so that of two clerks at
once one gets it and the other is told who has it. Who has it keeps it as long as the page is heard of; a closed browser
frees it after `desk_lease_seconds`, and whoever takes it next finds what was typed. Drafts come to the desk when they
are first touched: whether one is still to be entered is its own state, which an agent's registration may end.

`desk_states` decides, `desk_rows` reads and writes rows, `desk_receivers` knows whom work can be handed to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from acd.clerks import work_came, work_done
from cases import desk_rows as rows
from cases.desk_errors import ItemMissing, ItemOver, NotForYou, StaleItem
from cases.desk_models import DeskItem
from cases.desk_receivers import demand_receiver
from cases.desk_rows import DRAFT, TEXT, ItemView
from cases.desk_states import ItemState, Taking, taking
from cases.sheet import LONGEST_LINE, text
from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action, Role
from hotline.settings import Settings


def beat_seconds(settings: Settings) -> float:
    """How often a page says that it is open: four times in a lease at least, so that one lost word frees nothing."""
    return min(20.0, settings.desk_lease_seconds / 4)


async def item_came(session: AsyncSession, ref: str, *, received_at: datetime, due_at: datetime) -> None:
    """A piece of work is to be entered until `due_at`; told twice it is one."""
    await rows.ensure(session, ref, received_at, due_at)
    await work_came(session, ref, due_at)


async def item_done(session: AsyncSession, ref: str, now: datetime, *, subject: Subject | None = None) -> None:
    """It was entered or given up, by `subject` where a person did it; done twice it is done.

    What was typed goes, since the order has it. Raises TakenByOther or NotForYou where it is somebody else's.
    """
    row = await rows.locked(session, ref)
    if row is not None and row.state != ItemState.DONE.value:
        if subject is not None:
            await _demand_free_or_own(session, row, subject, now)
        await rows.step(session, row, ItemState.DONE, subject, now)
        row.closed_at, row.typed = now, {}
        await session.flush()
    await work_done(session, ref)


async def draft_done(
    session: AsyncSession, call_uid: str, *, received_at: datetime, due_at: datetime, subject: Subject, now: datetime
) -> None:
    """`item_done` of a draft that this person decides, also of one that nobody has taken before."""
    await rows.ensure(session, DRAFT + call_uid, received_at, due_at)
    await item_done(session, DRAFT + call_uid, now, subject=subject)


async def get(session: AsyncSession, ref: str, now: datetime) -> ItemView | None:
    """One item; None where nobody has touched it (a draft) or it never came."""
    return (await standing_of(session, [ref], now)).get(ref)


async def standing_of(session: AsyncSession, refs: Iterable[str], now: datetime) -> dict[str, ItemView]:
    """Those of `refs` that are known to the desk, in two queries."""
    query = select(DeskItem).where(DeskItem.ref.in_(list(refs))).execution_options(populate_existing=True)
    return await rows.views(session, list(await session.scalars(query)), now)


async def open_texts(session: AsyncSession, now: datetime, *, limit: int = 500) -> list[ItemView]:
    """Text entries that are still to be keyed, the one due first at the front."""
    query = select(DeskItem).where(DeskItem.ref.startswith(TEXT), DeskItem.state != ItemState.DONE.value)
    found = list(await session.scalars(query.order_by(DeskItem.due_at, DeskItem.ref).limit(limit)))
    return list((await rows.views(session, found, now)).values())


async def take(session: AsyncSession, ref: str, *, subject: Subject, now: datetime, settings: Settings) -> ItemView:
    """Put the item on this person's desk; who has it already keeps it.

    Raises Denied, ItemMissing, ItemOver, TakenByOther (who has it), NotForYou.
    """
    if not ref.startswith((DRAFT, TEXT)):
        raise ItemMissing(f"nothing on the desk is called {ref[:80]!r}")
    subject.demand(action_of(ref))
    row = await rows.known(session, ref)
    match taking(rows.claim_of(row), subject, now):
        case Taking.OVER:
            raise ItemOver(f"{ref} was entered or given up already")
        case Taking.TAKEN:
            raise await rows.taken_by(session, row)
        case Taking.NOT_FOR_YOU:
            raise NotForYou(f"{ref} waits for somebody else; the shift leader can give it to you")
        case Taking.GRANTED:
            await rows.step(session, row, ItemState.TAKEN, subject, now, owner=subject.user_id)
        case Taking.MINE_ALREADY:
            pass
    rows.heard_of(row, now, settings)
    await session.flush()
    return await rows.view(session, row, now)


async def beat(
    session: AsyncSession, ref: str, *, worked: bool, subject: Subject, now: datetime, settings: Settings
) -> ItemView:
    """The page is still open; `worked` says whether anything was typed or heard since the last word.

    Raises NotOnYourDesk, TakenByOther or ItemOver where it is no longer this person's.
    """
    row = await rows.mine(session, ref, subject, now)
    if row.state == ItemState.TAKEN.value:
        if worked:
            rows.credit(row, now)
        rows.heard_of(row, now, settings)
    await session.flush()
    return await rows.view(session, row, now)


async def save(
    session: AsyncSession, ref: str, *, typed: Mapping[str, Any], version: int, subject: Subject, now: datetime
) -> ItemView:
    """Keep what stands in the form; `version` is what the window had read.

    The same again changes nothing, whatever the version, so a save whose answer was lost can be sent again. Raises
    StaleItem with what stands there where another window has saved since, and what `beat` raises.
    """
    row = await rows.mine(session, ref, subject, now)
    if row.typed != typed:
        if row.version != version:
            raise StaleItem(await rows.view(session, row, now))
        row.typed, row.version = dict(typed), row.version + 1
        row.saved_at, row.saved_by = now, subject.user_id
        await session.flush()
    return await rows.view(session, row, now)


async def put_back(session: AsyncSession, ref: str, *, subject: Subject, now: datetime) -> None:
    """Leave it to others, with what was typed."""
    row = await rows.mine(session, ref, subject, now)
    handed = row.for_id is not None or row.for_role is not None
    await rows.step(session, row, ItemState.HANDED_ON if handed else ItemState.WAITING, subject, now)
    await session.flush()


async def hold(
    session: AsyncSession, ref: str, *, reason: str, subject: Subject, now: datetime, settings: Settings
) -> None:
    """Put it aside, with why; nobody else takes it for `desk_hold_minutes`. Its clock runs on (D28)."""
    why = text("reason", reason, LONGEST_LINE)
    row = await rows.mine(session, ref, subject, now)
    if row.state == ItemState.TAKEN.value:
        await rows.step(session, row, ItemState.HELD, subject, now, owner=subject.user_id, reason=why)
    row.note, row.lease_until = why, now + timedelta(minutes=settings.desk_hold_minutes)
    await session.flush()
    await _note(session, subject, ref, "desk.hold", detail={"reason": why}, now=now)


async def hand_on(
    session: AsyncSession,
    ref: str,
    *,
    reason: str,
    subject: Subject,
    now: datetime,
    to: UUID | None = None,
    role: Role | None = None,
) -> None:
    """Give it to one person or to a role (D25, D29): its owner does, or a leader whoever has it.

    Raises HandedBadly where that person or role enters no such things, WrongField without a reason, and what `take`
    raises.
    """
    why = text("reason", reason, LONGEST_LINE)
    leads = subject.may(Action.DESK_ASSIGN)
    row = await rows.known(session, ref) if leads else await rows.mine(session, ref, subject, now)
    if row.state == ItemState.DONE.value:
        raise ItemOver(f"{ref} was entered or given up already")
    await demand_receiver(session, action_of(ref), to, role)
    await rows.step(session, row, ItemState.HANDED_ON, subject, now, for_id=to, for_role=role, reason=why)
    await session.flush()
    detail = {"to": str(to) if to is not None else str(role), "reason": why}
    await _note(session, subject, ref, "desk.hand_on", detail=detail, now=now)


async def release(session: AsyncSession, ref: str, *, reason: str, subject: Subject, now: datetime) -> None:
    """A leader gives it back to all clerks, whoever has it. Raises Denied, ItemMissing, ItemOver, WrongField."""
    subject.demand(Action.DESK_ASSIGN)
    why = text("reason", reason, LONGEST_LINE)
    row = await rows.known(session, ref)
    if row.state in {ItemState.WAITING.value, ItemState.DONE.value}:
        return
    await rows.step(session, row, ItemState.WAITING, subject, now, reason=why)
    await session.flush()
    await _note(session, subject, ref, "desk.release", detail={"reason": why}, now=now)


def action_of(ref: str) -> Action:
    """What a person must be allowed to do to take such an item."""
    return Action.DRAFT_CONFIRM if ref.startswith(DRAFT) else Action.TEXT_WRITE


async def _demand_free_or_own(session: AsyncSession, row: DeskItem, subject: Subject, now: datetime) -> None:
    """Whoever ends an item must have it, or be one who could take it now."""
    if row.owner_id == subject.user_id:
        return
    match taking(rows.claim_of(row), subject, now):
        case Taking.TAKEN:
            raise await rows.taken_by(session, row)
        case Taking.NOT_FOR_YOU:
            raise NotForYou(f"{row.ref} waits for somebody else; the shift leader can give it to you")
        case _:
            pass


async def _note(
    session: AsyncSession, subject: Subject, ref: str, action: str, *, detail: Mapping[str, object], now: datetime
) -> None:
    about = f"call:{ref.removeprefix(DRAFT)}" if ref.startswith(DRAFT) else ref
    await audit.record(
        session, actor=subject.login, role=subject.role.value, action=action, subject=about, detail=dict(detail),
        now=now,
    )  # fmt: skip
