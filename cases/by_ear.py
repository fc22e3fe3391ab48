"""Who must key a call in by ear: they hear what the recogniser failed on, which nobody has looked through for digits.

A call that could not be recognised is still a call that becomes a sheet (D28), and only somebody who listens can make
it. That is the one who has taken it, as long as it is theirs and not put aside, and nobody else of their role.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases import desk
from cases.desk_rows import DRAFT
from cases.desk_states import ItemState
from hotline.accounts import Subject
from hotline.roles import Action
from transcribe import waiting
from transcribe.drafts import DraftState
from transcribe.turns import State


async def keyed_in_by_ear(session: AsyncSession, call_uid: str, *, subject: Subject, now: datetime) -> bool:
    """Whether this person has this call before them to key it in, and all or part of it was not recognised."""
    if not subject.may(Action.RECORDING_BY_EAR):
        return False
    draft = await waiting.facts_of(session, call_uid)
    if draft is None or draft.state is not DraftState.PENDING or draft.heard is State.HEARD:
        return False
    item = await desk.get(session, DRAFT + call_uid, now)
    return item is not None and item.state is ItemState.TAKEN and item.owner_id == subject.user_id
