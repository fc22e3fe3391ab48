"""Handlers of the audit page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import require
from console.state import console_of
from hotline import audit
from hotline.accounts import Subject
from hotline.audit import AuditReport
from hotline.models import AuditEntry
from hotline.roles import Action

router = APIRouter(prefix="/audit")
ENTRIES = 200


@router.get("")
async def audit_page(request: Request, subject: Annotated[Subject, require(Action.AUDIT_VIEW)]) -> Response:
    return await _page(request, None)


@router.post("/verify")
async def verify(request: Request, subject: Annotated[Subject, require(Action.AUDIT_VIEW)]) -> Response:
    """Read the whole chain and say what was found; that somebody looked is an entry too."""
    console = console_of(request)
    async with console.database.transaction() as session:
        report = await audit.verify(session)
        await audit.record(
            session,
            actor=subject.login,
            role=subject.role,
            action="audit.verify",
            subject="audit",
            detail={"checked": report.checked, "problems": len(report.problems)},
            now=console.now(),
        )
    return await _page(request, report)


async def _page(request: Request, report: AuditReport | None) -> Response:
    console = console_of(request)
    async with console.database.transaction() as session:
        entries = await last_entries(session, ENTRIES)
    return console.pages.page(request, "audit/page.html", entries=entries, report=report)


async def last_entries(session: AsyncSession, count: int) -> list[AuditEntry]:
    """The newest entries of the chain, newest first."""
    return list(await session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(count)))
