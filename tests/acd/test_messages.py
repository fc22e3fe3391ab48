"""Messages of the shift leader and the receipts that come back, on a real PostgreSQL (D81)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from acd import desk, messages
from acd.messages import Audience, Fault, MessageError, Sent
from acd.words import Level, Service, usual
from hotline.database import Database
from hotline.embedded import libpq_url

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
async def seats(database: Database) -> Database:
    async with database.transaction() as session:
        for extension, level, skills in (
            ("8001", Level.JUNIOR, usual([Service.COMPLAINT])),
            ("8002", Level.JUNIOR, usual([Service.COMPLAINT, Service.REPORT])),
            ("8003", Level.SENIOR, usual([Service.REPORT])),
            ("8099", Level.SUPERVISOR, usual([Service.COMPLAINT])),
        ):
            await desk.add_seat(session, extension, name="-", level=level, skills=skills, now=NOW)
    return database


async def send(session: AsyncSession, audience: Audience, target: str = "", words: str = "宽带大面积故障") -> Sent:
    return await messages.send(
        session, sender="leader", sender_name="马超", audience=audience, target=target, words=words, now=NOW
    )


@pytest.mark.parametrize(
    ("audience", "target", "reached"),
    [
        (Audience.SEAT, "8002", ["8002"]),
        (Audience.LEVEL, "junior", ["8001", "8002"]),
        (Audience.SKILL, "report", ["8002", "8003"]),
        (Audience.ALL, "", ["8001", "8002", "8003"]),
    ],
)
async def test_a_message_reaches_the_seats_that_are_meant(
    seats: Database, audience: Audience, target: str, reached: list[str]
) -> None:
    async with seats.transaction() as session:
        sent = await send(session, audience, target)
        assert [receipt.seat for receipt in sent.receipts] == reached
        for extension in ("8001", "8002", "8003"):
            assert bool(await messages.inbox(session, extension, NOW)) is (extension in reached)


async def test_seats_are_told_once_the_message_is_written(seats: Database) -> None:
    async with await psycopg.AsyncConnection.connect(libpq_url(seats.url), autocommit=True) as listening:
        await listening.execute("LISTEN seat_news")
        async with seats.transaction() as session:
            await send(session, Audience.LEVEL, "junior")
            await send(session, Audience.ALL)
        told = [notified.payload async for notified in listening.notifies(timeout=10, stop_after=3)]
    assert [payload for payload in told if payload.endswith(":message")] == [
        "8001:message",
        "8002:message",
        "*:message",
    ]


async def test_a_receipt_says_who_read_it_and_when_and_the_answer_comes_back(seats: Database) -> None:
    async with seats.transaction() as session:
        sent = await send(session, Audience.LEVEL, "junior")
    async with seats.transaction() as session:
        assert await messages.read(session, sent.id, seat="8001", reader="lina", now=LATER)
        assert not await messages.read(session, sent.id, seat="8001", reader="other", now=LATER)
        await messages.answer(session, sent.id, seat="8002", reader="zhangwei", words=" 收到  ", now=LATER)
    async with seats.transaction() as session:
        (seen,) = await messages.sent(session, "leader")
        assert await messages.sent(session, "somebody else") == []
    first, second = seen.receipts
    assert (first.seat, first.reader, first.read_at, first.answer) == ("8001", "lina", LATER, None)
    assert (second.reader, second.answer, second.answered_at) == ("zhangwei", "收到", LATER)
    assert seen.read == 2


async def test_an_unread_message_waits_for_days_and_a_read_one_leaves_after_the_shift(seats: Database) -> None:
    async with seats.transaction() as session:
        sent = await send(session, Audience.SEAT, "8001")
        assert len(await messages.inbox(session, "8001", NOW + timedelta(days=3))) == 1
        await messages.read(session, sent.id, seat="8001", reader="lina", now=NOW)
        assert len(await messages.inbox(session, "8001", NOW + timedelta(hours=1))) == 1
        assert await messages.inbox(session, "8001", NOW + timedelta(hours=13)) == []


async def test_what_cannot_be_sent_read_or_answered_is_refused_with_a_reason(seats: Database) -> None:
    async with seats.transaction() as session:
        sent = await send(session, Audience.SEAT, "8001")
        for words, fault in (("  ", Fault.EMPTY), ("\0", Fault.EMPTY), ("长" * 301, Fault.TOO_LONG)):
            with pytest.raises(MessageError) as refused:
                await send(session, Audience.ALL, words=words)
            assert refused.value.fault is fault
        for audience, target in ((Audience.SEAT, "8099"), (Audience.SEAT, "9999"), (Audience.LEVEL, "clerk")):
            with pytest.raises(MessageError) as refused:
                await send(session, audience, target)
            assert refused.value.fault is Fault.NOBODY
        with pytest.raises(MessageError) as refused:
            await messages.read(session, sent.id, seat="8002", reader="zhangwei", now=NOW)
        assert refused.value.fault is Fault.GONE
