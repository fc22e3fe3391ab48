"""Keeps, call by call, how agents' forms differ from what was said (D68), and adds it up by agent.

A form is compared once it was handed in and the call was read; handed in or read again, it is compared again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from acd import ledger
from cases.compare import Difference, Verdict, compare
from cases.difference_models import FormDifference
from cases.registration_models import Registration
from cases.registrations import RegistrationState, RegistrationView, of_call
from hotline.models import User
from transcribe import drafts

FEW = 5
"""Forms of one agent below which a share says too little."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One form beside the draft of its call."""

    form: RegistrationView
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """One agent's forms of a stretch of time."""

    agent_id: UUID
    name: str
    forms: int
    differing: int
    """Forms with at least one field that says something else than the call."""
    missing: int
    """Forms with at least one field that the call says and the form does not."""
    fields: tuple[tuple[str, int], ...]
    """Field → forms in which it differs or is missing, the most frequent first."""

    @property
    def too_few(self) -> bool:
        return self.forms < FEW


async def compared(session: AsyncSession, call_uid: str, zone: ZoneInfo) -> tuple[Compared, ...]:
    """The forms of a call that were handed in, each beside the draft; empty where there is no draft.

    Sensitive digits are masked in the draft's side.
    """
    draft = await drafts.get(session, call_uid)
    if draft is None:
        return ()
    call = await ledger.get_call(session, call_uid)
    called_at = call.entered_at.astimezone(zone) if call is not None else None
    forms = [form for form in await of_call(session, call_uid) if form.state is RegistrationState.SUBMITTED]
    return tuple(Compared(form, compare(draft.fields, form.fields, called_at)) for form in forms)


async def keep(session: AsyncSession, call_uid: str, *, zone: ZoneInfo, now: datetime) -> tuple[Compared, ...]:
    """Compare a call's forms and keep the outcome; done again, the later outcome stands."""
    found = await compared(session, call_uid, zone)
    for each in found:
        counted = [one for one in each.differences if one.counted]
        values = {
            "agent_id": each.form.agent_id,
            "registered_at": each.form.saved_at,
            "fields": {one.field: one.verdict.value if one.counted else "unsure" for one in each.differences
                       if one.counted or one.verdict is not Verdict.SAME},
            "differing": sum(one.verdict is Verdict.DIFFERENT for one in counted),
            "missing": sum(one.verdict is Verdict.ONLY_DRAFT for one in counted),
            "compared_at": now,
        }  # fmt: skip
        made = insert(FormDifference).values(call_uid=call_uid, seat=each.form.seat, **values)
        await session.execute(made.on_conflict_do_update(index_elements=["call_uid", "seat"], set_=values))
    return found


async def keep_missing(session: AsyncSession, *, zone: ZoneInfo, now: datetime, days: int = 3, limit: int = 200) -> int:
    """Compare the forms of the last days that were not compared yet and whose call was read; how many calls."""
    query = (
        select(Registration.call_uid)
        .outerjoin(
            FormDifference,
            (FormDifference.call_uid == Registration.call_uid) & (FormDifference.seat == Registration.seat),
        )
        .where(
            Registration.state == RegistrationState.SUBMITTED.value,
            Registration.saved_at >= now - timedelta(days=days),
            FormDifference.call_uid.is_(None),
        )
        .distinct()
        .limit(limit)
    )
    uids = list(await session.scalars(query))
    return sum([bool(await keep(session, uid, zone=zone, now=now)) for uid in uids])


async def by_agent(session: AsyncSession, *, since: datetime, until: datetime) -> list[AgentFigures]:
    """Figures of every agent with a form handed in in `[since, until)`, most forms first."""
    query = (
        select(FormDifference, User.name)
        .join(User, User.id == FormDifference.agent_id)
        .where(FormDifference.registered_at >= since, FormDifference.registered_at < until)
    )
    rows: dict[tuple[UUID, str], list[FormDifference]] = {}
    for row, name in await session.execute(query):
        rows.setdefault((row.agent_id, name), []).append(row)
    figures = [_figures(agent_id, name, own) for (agent_id, name), own in rows.items()]
    return sorted(figures, key=lambda each: (-each.forms, each.name))


def _figures(agent_id: UUID, name: str, rows: Sequence[FormDifference]) -> AgentFigures:
    findings = {Verdict.DIFFERENT.value, Verdict.ONLY_DRAFT.value}
    fields = Counter(field for row in rows for field, verdict in row.fields.items() if verdict in findings)
    return AgentFigures(
        agent_id,
        name,
        len(rows),
        sum(row.differing > 0 for row in rows),
        sum(row.missing > 0 for row in rows),
        tuple(fields.most_common()),
    )
