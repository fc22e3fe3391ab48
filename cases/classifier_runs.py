"""Training, comparing, going live and going back, each kept in the audit.

A version that was trained decides nothing until a person lets it; the weekly run only proposes one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncSession

from cases.classifier import Example, Trained, evaluate, train
from cases.classifier_compare import Compared
from cases.classifier_data import examples
from cases.errors import CaseError
from hotline import audit
from hotline.database import Database
from hotline.settings import Settings
from transcribe.learned import store
from transcribe.learned.store import VersionView

Work = Callable[[Sequence[Example], int], Awaitable[Trained]]
WEEKLY = "weekly"


class TooFewForms(CaseError):
    """Nothing can be learned yet."""

    code: ClassVar[str] = "too_few_forms"


@dataclass(frozen=True, slots=True)
class By:
    """Who does it, for the audit."""

    actor: str
    role: str


async def here(found: Sequence[Example], least_forms: int) -> Trained:
    """`train` in this process, in a thread; the worker gives it to its process for heavy work."""
    return await asyncio.to_thread(train, found, least_forms)


async def train_version(
    database: Database, settings: Settings, *, by: By, now: datetime, work: Work = here
) -> VersionView:
    """Learn from the forms of the last `learning.days` and keep the version, compared with the rules.

    Raises TooFewForms where no field shows two values often enough.
    """
    since = now - timedelta(days=settings.learning.days)
    async with database.transaction() as session:
        found = await examples(session, since=since, until=now)
    trained = await work(found, settings.learning.least_forms)
    if not trained.report:
        raise TooFewForms(
            f"{len(found)} confirmed forms with their calls show no field with two values often enough to learn from; "
            "try again when clerks have confirmed more"
        )
    async with database.transaction() as session:
        version = await store.add(
            session, data=trained.data, sha256=trained.sha256, report=trained.report, forms=trained.forms,
            since=since, until=now, why=by.actor, now=now,
        )  # fmt: skip
        detail = {"forms": version.forms, "sha256": version.sha256, "takes_over": sorted(version.takes_over)}
        await _note(session, by, "model.train", version.number, detail, now=now)
    return version


async def compare_version(database: Database, settings: Settings, number: int, now: datetime) -> dict[str, Compared]:
    """A version beside today's rules on held-back forms, those confirmed since included. Changes nothing."""
    async with database.transaction() as session:
        version = await store.get(session, number)
        model = await store.model_of(session, number)
        found = await examples(session, since=version.since, until=now)
    return await asyncio.to_thread(evaluate, model, found, settings.learning.least_forms)


async def put_live(session: AsyncSession, number: int, *, by: By, now: datetime) -> VersionView:
    """`store.go_live`, kept in the audit."""
    version = await store.go_live(session, number, by=by.actor, now=now)
    detail = {"takes_over": sorted(version.takes_over), "followed": version.followed}
    await _note(session, by, "model.live", number, detail, now=now)
    return version


async def put_back(session: AsyncSession, *, by: By, now: datetime) -> tuple[VersionView, VersionView | None]:
    """`store.roll_back`, kept in the audit."""
    left, came = await store.roll_back(session, by=by.actor, now=now)
    await _note(session, by, "model.rollback", left.number, {"live": came.number if came else None}, now=now)
    return left, came


async def _note(
    session: AsyncSession, by: By, action: str, number: int, detail: Mapping[str, object], *, now: datetime
) -> None:
    await audit.record(
        session, actor=by.actor, role=by.role, action=action, subject=f"model:{number}", detail=dict(detail), now=now
    )
