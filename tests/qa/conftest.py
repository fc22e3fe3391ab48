"""A ledger to fill for the inspection room's tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from acd.models import Call
from hotline.accounts import Subject
from hotline.database import Database
from hotline.roles import Role
from hotline.settings import Settings
from transcribe.models import Draft

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DAY = "2026-11-20"
AddCalls = Callable[..., Awaitable[list[str]]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data")


@pytest.fixture
def add_calls(database: Database) -> AddCalls:
    """Put `count` finished calls into the ledger; returns their uids."""

    async def add(
        count: int,
        *,
        prefix: str,
        business: str | None = "mobile",
        at: datetime = datetime(2026, 11, 20, 2, 0, tzinfo=UTC),
        seat: str | None = "8001",
        service: str = "complaint",
        outcome: str = "answered",
    ) -> list[str]:
        uids = [f"n1-{prefix}.{number}" for number in range(count)]
        async with database.transaction() as session:
            for uid in uids:
                session.add(
                    Call(
                        uid=uid, caller="", dialled="", service=service, customer_class="ordinary", state="ended",
                        outcome=outcome, entered_at=at, queued_at=at, answered_at=at, seat=seat,
                        ended_at=at + timedelta(minutes=2), ring_attempts=1, priority=0, node="n1",
                    )
                )  # fmt: skip
                if business is not None:
                    session.add(
                        Draft(
                            call_uid=uid, kind="complaint", business=business, nature=None, urgent=False, fields={},
                            created_at=at, due_at=at + timedelta(hours=2),
                        )
                    )  # fmt: skip
        return uids

    return add


@pytest.fixture
def inspector() -> Subject:
    return Subject(uuid4(), "zhijian", "质检员", Role.INSPECTOR, None)
