"""People and drafts for the cases' tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from acd.models import Call
from hotline.accounts import Subject
from hotline.database import Database
from hotline.models import User
from hotline.roles import Role
from hotline.settings import Settings
from tests.cases.test_sheet import DRAFT
from transcribe import drafts
from transcribe.turns import Transcription, Turn

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ENDED = NOW - timedelta(hours=1)
AddPerson = Callable[..., Awaitable[Subject]]
AddDraft = Callable[..., Awaitable[str]]


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def add_person(database: Database) -> AddPerson:
    async def add(login: str = "wu", role: Role = Role.RECORDING_CLERK) -> Subject:
        subject = Subject(uuid4(), login, login.title(), role, None)
        async with database.transaction() as session:
            session.add(
                User(
                    id=subject.user_id, login=login, name=subject.name, role=role.value, password_hash="x", seat=None,
                    created_at=NOW,
                )
            )  # fmt: skip
        return subject

    return add


@pytest.fixture
async def clerk(add_person: AddPerson) -> Subject:
    return await add_person()


@pytest.fixture
def add_draft(database: Database) -> AddDraft:
    """A call that ended an hour before NOW and its pending draft."""

    async def add(uid: str = "n1-1.1", *, answered: bool = True, **changed: Any) -> str:
        started = ENDED - timedelta(seconds=60)
        heard = Transcription(60.0, (Turn("caller", 1.0, 2.5, "我的手机"),), engine="test")
        call = Call(
            uid=uid, caller="", state="ended", entered_at=started, queued_at=started,
            answered_at=started + timedelta(seconds=5) if answered else None, ended_at=ENDED,
            outcome="answered" if answered else "voicemail", seat="8001" if answered else None,
        )  # fmt: skip
        async with database.transaction() as session:
            session.add(call)
            due_at = ENDED + timedelta(hours=2)
            await drafts.save(session, uid, heard, DRAFT | changed, now=ENDED, due_at=due_at)
        return uid

    return add
