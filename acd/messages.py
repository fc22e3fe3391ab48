"""What the shift leader tells seats in a few words, and the receipts that come back (D81).

A receipt row is made for every seat that a message goes to, when it is sent: who has not read it is known, and a seat
that is logged out finds it later. Seats are told by `pg_notify('seat_news', '<extension>:message')`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from acd.errors import AcdError
from acd.message_models import MessageRow, ReceiptRow
from acd.models import Seat
from acd.words import Level

LONGEST = 300
LONGEST_ANSWER = 120
KEPT_IN_VIEW = timedelta(hours=12)
"""A message that was read stays in the seat's view for a shift."""


class Audience(StrEnum):
    SEAT = "seat"
    LEVEL = "level"
    SKILL = "skill"
    ALL = "all"


class Fault(StrEnum):
    EMPTY = "empty"
    TOO_LONG = "too_long"
    NOBODY = "nobody"
    GONE = "gone"


class MessageError(AcdError):
    """A message that cannot be sent, read or answered; `fault` says why."""

    code = "message"

    def __init__(self, fault: Fault) -> None:
        super().__init__(_SENTENCES[fault])
        self.fault = fault


_SENTENCES = {
    Fault.EMPTY: "the message has no words; write what the seats should know",
    Fault.TOO_LONG: f"a message has at most {LONGEST} characters and an answer {LONGEST_ANSWER}; shorten it",
    Fault.NOBODY: "no seat is meant by this; choose another seat, level or skill",
    Fault.GONE: "this message did not go to this seat",
}


@dataclass(frozen=True, slots=True)
class Receipt:
    seat: str
    read_at: datetime | None
    reader: str | None
    answer: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as its sender sees it."""

    id: int
    sent_at: datetime
    audience: str
    target: str
    text: str
    urgent: bool
    receipts: tuple[Receipt, ...]
    """By seat."""

    @property
    def read(self) -> int:
        return sum(1 for receipt in self.receipts if receipt.read_at is not None)


@dataclass(frozen=True, slots=True)
class Received:
    """A message as a seat sees it."""

    id: int
    sent_at: datetime
    sender_name: str
    text: str
    urgent: bool
    read_at: datetime | None
    answer: str | None


async def send(
    session: AsyncSession,
    *,
    sender: str,
    sender_name: str,
    audience: Audience,
    target: str = "",
    words: str,
    urgent: bool = False,
    now: datetime,
) -> Sent:
    """Send to every seat that is meant, those that are logged out included. Raises MessageError."""
    said = _words(words, LONGEST)
    seats = meant(audience, target, (await session.scalars(select(Seat).order_by(Seat.extension))).all())
    if not seats:
        raise MessageError(Fault.NOBODY)
    target = "" if audience is Audience.ALL else target
    row = MessageRow(
        sent_at=now, sender=sender, sender_name=sender_name, audience=audience.value, target=target, text=said,
        urgent=urgent,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    receipts = [ReceiptRow(message_id=row.id, seat=seat) for seat in seats]
    session.add_all(receipts)
    await session.flush()
    for seat in seats if audience is not Audience.ALL else ["*"]:
        await _tell(session, seat)
    return _sent(row, receipts)


def meant(audience: Audience, target: str, seats: Iterable[Seat]) -> list[str]:
    """Extensions that a message goes to; a supervisor's telephone has no page and is left out."""
    manned = [seat for seat in seats if seat.level != Level.SUPERVISOR]
    match audience:
        case Audience.ALL:
            return [seat.extension for seat in manned]
        case Audience.SEAT:
            return [seat.extension for seat in manned if seat.extension == target]
        case Audience.LEVEL:
            return [seat.extension for seat in manned if seat.level == target]
        case Audience.SKILL:
            return [seat.extension for seat in manned if target in seat.skills]


async def inbox(session: AsyncSession, seat: str, now: datetime) -> list[Received]:
    """What a seat has to read, and what it read during this shift; unread first, each newest first."""
    query = (
        select(MessageRow, ReceiptRow)
        .join(ReceiptRow, ReceiptRow.message_id == MessageRow.id)
        .where(
            ReceiptRow.seat == seat,
            ReceiptRow.read_at.is_(None) | (ReceiptRow.read_at > now - KEPT_IN_VIEW),
        )
        .order_by(ReceiptRow.read_at.is_not(None), MessageRow.urgent.desc(), MessageRow.id.desc())
        .limit(50)
    )
    return [
        Received(row.id, row.sent_at, row.sender_name, row.text, row.urgent, receipt.read_at, receipt.answer)
        for row, receipt in (await session.execute(query)).all()
    ]


async def sent(session: AsyncSession, sender: str, *, limit: int = 30) -> list[Sent]:
    """The latest messages of one sender with their receipts, newest first."""
    query = select(MessageRow).where(MessageRow.sender == sender).order_by(MessageRow.id.desc()).limit(limit)
    rows = (await session.scalars(query.execution_options(populate_existing=True))).all()
    wanted = select(ReceiptRow).where(ReceiptRow.message_id.in_([row.id for row in rows])).order_by(ReceiptRow.seat)
    receipts = (await session.scalars(wanted.execution_options(populate_existing=True))).all()
    return [_sent(row, [one for one in receipts if one.message_id == row.id]) for row in rows]


async def read(session: AsyncSession, message: int, *, seat: str, reader: str, now: datetime) -> bool:
    """Mark as read; False where it was already. Raises MessageError for a message that did not go to this seat."""
    receipt = await _receipt(session, message, seat)
    if receipt.read_at is not None:
        return False
    receipt.read_at, receipt.reader = now, reader
    await session.flush()
    await _tell(session, seat)
    return True


async def answer(session: AsyncSession, message: int, *, seat: str, reader: str, words: str, now: datetime) -> None:
    """Answer in a few words, which also says that it was read; a second answer takes the first one's place."""
    said = _words(words, LONGEST_ANSWER)
    receipt = await _receipt(session, message, seat)
    if receipt.read_at is None:
        receipt.read_at, receipt.reader = now, reader
    receipt.answer, receipt.answered_at = said, now
    await session.flush()
    await _tell(session, seat)


async def _receipt(session: AsyncSession, message: int, seat: str) -> ReceiptRow:
    query = select(ReceiptRow).where(ReceiptRow.message_id == message, ReceiptRow.seat == seat).with_for_update()
    receipt = (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()
    if receipt is None:
        raise MessageError(Fault.GONE)
    return receipt


async def _tell(session: AsyncSession, seat: str) -> None:
    await session.execute(select(func.pg_notify("seat_news", f"{seat}:message")))


def _words(words: str, longest: int) -> str:
    said = " ".join(words.replace("\0", "").split())
    if not said:
        raise MessageError(Fault.EMPTY)
    if len(said) > longest:
        raise MessageError(Fault.TOO_LONG)
    return said


def _sent(row: MessageRow, receipts: Iterable[ReceiptRow]) -> Sent:
    return Sent(
        row.id, row.sent_at, row.audience, row.target, row.text, row.urgent,
        tuple(Receipt(one.seat, one.read_at, one.reader, one.answer, one.answered_at) for one in receipts),
    )  # fmt: skip
