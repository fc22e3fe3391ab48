"""Letters, faxes, e-mails and visitors' texts: received, keyed into the standard sheet within two hours, filed.

    open ──make──▶ ordered      the order names the channel by which the customer wants the answer (D24)
      └──discard─▶ discarded    no order, with the reason

The clock starts with the receipt (D19-D21), which may be earlier than the entry. Whose it is, and what stands in its
form, is the desk's (`cases.desk`, reference `text:<id>`); whoever cannot solve it hands it on there (D25). The paper
goes to the data manager, who notes where it lies (D23, D59, D61).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from cases import corrections, desk, orders
from cases.desk_rows import TEXT
from cases.errors import CaseError, WrongField
from cases.making import make_order, original_order
from cases.orders import OrderView
from cases.sheet import LONGEST_LINE, UNPRINTABLE, correct, text
from cases.text_entry_models import TextEntry
from hotline import audit
from hotline.accounts import Subject
from hotline.models import User
from hotline.roles import Action
from hotline.settings import Settings
from transcribe.draft import extract
from transcribe.draft.context import CallContext
from transcribe.masking import Veil
from transcribe.sensitive import find_sensitive
from transcribe.turns import CALLER, Turn

LONGEST_WORDS = 20_000
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
ENGINE = "text"
"""What the corrections of a text's draft name where those of a call name the recogniser."""
_AHEAD = timedelta(minutes=2)
_ENDS = ("。", "！", "？", "；", "：", ".", "!", "?", ":", ";")
_DIGITS = re.compile(r"[0-9+ ()-]{5,30}", re.ASCII)


class Channel(StrEnum):
    """How it came (D19, D22, D98)."""

    LETTER = "letter"
    FAX = "fax"
    EMAIL = "email"
    WALK_IN = "walk_in"
    DEPARTMENT = "department"
    """Another department's text."""
    WEB = "web"
    SMS = "sms"


class Reply(StrEnum):
    """How the customer wants the answer (D24)."""

    PHONE = "phone"
    LETTER = "letter"
    FAX = "fax"
    EMAIL = "email"
    SMS = "sms"
    VISIT = "visit"
    DEPARTMENT = "department"
    """Through the department that sent it."""
    NONE = "none"
    """None is wanted."""


class TextState(StrEnum):
    OPEN = "open"
    ORDERED = "ordered"
    DISCARDED = "discarded"


TRANSITIONS: Mapping[TextState, frozenset[TextState]] = {
    TextState.OPEN: frozenset({TextState.ORDERED, TextState.DISCARDED}),
    TextState.ORDERED: frozenset(),
    TextState.DISCARDED: frozenset(),
}


class TextMissing(CaseError):
    """There is no such entry."""

    code = "text_missing"


class TextClosed(CaseError):
    """Its order was made, or it was discarded."""

    code = "text_closed"


@dataclass(frozen=True, slots=True)
class Head:
    """What is noted of a text beside its words; `received_at` aware."""

    channel: Channel
    received_at: datetime
    sender: str = ""
    contact: str = ""
    reply_channel: Reply = Reply.NONE
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry as it stands at the moment it was read."""

    id: int
    head: Head
    due_at: datetime
    words: str
    draft: Mapping[str, Any] | None
    state: TextState
    order_number: str | None
    reason: str | None
    created_at: datetime
    created_by: str
    closed_at: datetime | None
    filed_at: datetime | None
    shelf: str | None
    erased_at: datetime | None

    @property
    def ref(self) -> str:
        return ref_of(self.id)

    @property
    def turns(self) -> tuple[Turn, ...]:
        return turns_of(self.words)


def ref_of(entry_id: int) -> str:
    """The entry's reference on the desk, in the audit and on its order."""
    return f"{TEXT}{entry_id}"


def turns_of(words: str) -> tuple[Turn, ...]:
    """The words as turns of the caller's, a paragraph each, that take no time: evidence points at characters.

    A line that breaks off in the middle of a sentence, as mail programs wrap them, goes on in the next one.
    """
    paragraphs: list[str] = []
    for line in words.splitlines():
        goes_on = paragraphs and paragraphs[-1] and line.strip() and not paragraphs[-1].rstrip().endswith(_ENDS)
        if goes_on:
            paragraphs[-1] += f"\n{line}"
        else:
            paragraphs.append(line.rstrip())
    return tuple(Turn(CALLER, 0.0, 0.0, text) for text in paragraphs if text.strip())


def proposal(words: str, head: Head, zone: ZoneInfo) -> dict[str, Any] | None:
    """The draft that the words give, None where there are none; numbers of cards and passwords are covered in it."""
    turns = turns_of(words)
    if not turns:
        return None
    number = re.sub(r"[ ()-]", "", head.contact) if _DIGITS.fullmatch(head.contact) else ""
    found = extract(turns, CallContext(number, head.received_at.astimezone(zone))).to_json()
    found["number_check"] = None  # nobody called
    for about in ("evidence", "confidence"):
        found[about].pop("number_check", None)
    return Veil.over(turns, find_sensitive(turns)).fields(found)


async def receive(
    session: AsyncSession, head: Head, words: str, *, subject: Subject, now: datetime, settings: Settings
) -> EntryView:
    """Put a text before the clerks, on the desk of who enters it. Raises Denied, WrongField."""
    subject.demand(Action.TEXT_WRITE)
    checked, kept = _checked(head, now), _words(words)
    row = TextEntry(
        channel=checked.channel.value, received_at=checked.received_at,
        due_at=checked.received_at + timedelta(hours=settings.texts.due_hours), sender=checked.sender,
        contact=checked.contact, reply_channel=checked.reply_channel.value, reply_to=checked.reply_to, words=kept,
        draft=proposal(kept, checked, settings.zone), state=TextState.OPEN.value, created_at=now,
        created_by=subject.user_id,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await desk.item_came(session, ref_of(row.id), received_at=row.received_at, due_at=row.due_at)
    detail = {"channel": row.channel, "received_at": row.received_at.isoformat()}
    await note(session, subject, row.id, "text.receive", detail=detail, now=now)
    return await get(session, row.id)


async def amend(
    session: AsyncSession, entry_id: int, head: Head, words: str, *, subject: Subject, now: datetime, settings: Settings
) -> EntryView:
    """Correct what was noted of an open entry, or give its words; the draft is read anew where the words changed.

    How and when it came stays as it was noted, since the limit hangs on it. Raises Denied, TextMissing, TextClosed,
    WrongField, and what the desk raises where it is not this person's.
    """
    row = await _open(session, entry_id, subject, now, settings)
    known = _head(row)
    checked, kept = _checked(replace(head, channel=known.channel, received_at=known.received_at), now), _words(words)
    names = ("sender", "contact", "reply_channel", "reply_to")
    changed = [name for name in names if getattr(known, name) != getattr(checked, name)]
    if kept != row.words or "contact" in changed:
        row.draft = proposal(kept, checked, settings.zone)
        changed += ["words"] if kept != row.words else []
    row.words, row.sender, row.contact, row.reply_to = kept, checked.sender, checked.contact, checked.reply_to
    row.reply_channel = checked.reply_channel.value
    await session.flush()
    if changed:
        await note(session, subject, row.id, "text.amend", detail={"changed": changed}, now=now)
    return await get(session, entry_id)


async def make(
    session: AsyncSession,
    entry_id: int,
    values: Mapping[str, Any],
    *,
    original: str | None,
    picked: Mapping[str, list[Any]] | None = None,
    subject: Subject,
    now: datetime,
    settings: Settings,
) -> OrderView:
    """Make the entry's order; `values` are those of the sheet, `original` the order that it supplements (D16).

    Raises Denied, TextMissing, TextClosed, TakenByOther, NotForYou, WrongField; nothing is changed then.
    """
    row = await _open(session, entry_id, subject, now, settings)
    draft = row.draft or {}
    sheet = correct(draft, values, picked)
    head = _head(row)
    sheet = replace(sheet, fields={**sheet.fields, "reply": {"by": head.reply_channel.value, "to": head.reply_to}})
    supplemented = await original_order(session, original)
    await desk.item_done(session, ref_of(entry_id), now, subject=subject)
    order = await make_order(
        session, sheet, call_uid=None, call=None, source=ref_of(entry_id), received_at=row.received_at,
        entry_due_at=row.due_at, subject=subject, original=supplemented, now=now, settings=settings,
    )  # fmt: skip
    if row.draft is not None:
        await corrections.keep(
            session, ref_of(entry_id), draft, sheet.fields, engine=ENGINE, by=subject.login, now=now
        )  # fmt: skip
    _close(row, TextState.ORDERED, subject, now)
    row.order_number = order.number
    await session.flush()
    detail = {"order": order.number, "kind": sheet.kind.value, "corrected": list(sheet.corrected)}
    await note(session, subject, entry_id, "text.order", detail=detail, now=now)
    return await orders.get_order(session, order.number, now)


async def discard(
    session: AsyncSession, entry_id: int, *, reason: str, subject: Subject, now: datetime, settings: Settings
) -> EntryView:
    """End it without an order, with the reason; the original goes on file all the same. Raises as `make` does."""
    why = text("reason", reason, LONGEST_LINE)
    row = await _open(session, entry_id, subject, now, settings)
    await desk.item_done(session, ref_of(entry_id), now, subject=subject)
    _close(row, TextState.DISCARDED, subject, now)
    row.reason = why
    await session.flush()
    await note(session, subject, entry_id, "text.discard", detail={"reason": why}, now=now)
    return await get(session, entry_id)


async def file_original(
    session: AsyncSession, entry_id: int, shelf: str, *, subject: Subject, now: datetime
) -> EntryView:
    """The data manager has put the original away at `shelf` (D23, D61). Raises Denied, TextMissing, WrongField."""
    subject.demand(Action.TEXT_ORIGINAL)
    where = text("shelf", shelf, LONGEST_LINE)
    row = await _row(session, entry_id)
    row.filed_at, row.filed_by, row.shelf = now, subject.user_id, where
    await session.flush()
    await note(session, subject, entry_id, "text.file", detail={"shelf": where}, now=now)
    return await get(session, entry_id)


async def view(session: AsyncSession, entry_id: int, *, subject: Subject, now: datetime) -> EntryView:
    """The entry for somebody who reads it, which is an audit row. Raises Denied, TextMissing."""
    subject.demand(Action.TEXT_VIEW)
    found = await get(session, entry_id)
    await note(session, subject, entry_id, Action.TEXT_VIEW.value, detail={}, now=now)
    return found


async def get(session: AsyncSession, entry_id: int) -> EntryView:
    """TextMissing where there is none."""
    found = (await session.execute(_joined().where(TextEntry.id == entry_id))).one_or_none()
    if found is None:
        raise TextMissing(f"there is no text {entry_id}")
    return _view(*found)


async def of_ids(session: AsyncSession, ids: Iterable[int]) -> dict[int, EntryView]:
    """Those of `ids` that there are, for lists."""
    rows = await session.execute(_joined().where(TextEntry.id.in_(list(ids))))
    return {row[0].id: _view(*row) for row in rows}


async def originals(session: AsyncSession, *, filed: bool, limit: int = 200) -> Sequence[EntryView]:
    """What is still to be filed, the oldest first; or what was filed, the latest first."""
    query = _joined().limit(limit)
    if filed:
        query = query.where(TextEntry.filed_at.is_not(None)).order_by(TextEntry.filed_at.desc(), TextEntry.id)
    else:
        query = query.where(TextEntry.filed_at.is_(None)).order_by(TextEntry.received_at, TextEntry.id)
    return [_view(*row) for row in await session.execute(query)]


async def closed_since(session: AsyncSession, since: datetime, *, limit: int = 100) -> Sequence[EntryView]:
    """What was entered or discarded since a moment, the latest first."""
    query = _joined().where(TextEntry.closed_at >= since).order_by(TextEntry.closed_at.desc()).limit(limit)
    return [_view(*row) for row in await session.execute(query)]


async def note(
    session: AsyncSession, subject: Subject, entry_id: int, action: str, *, detail: Mapping[str, Any], now: datetime
) -> None:
    """Write into the audit what somebody did to an entry or saw of it."""
    await audit.record(
        session, actor=subject.login, role=subject.role.value, action=action, subject=ref_of(entry_id),
        detail=dict(detail), now=now,
    )  # fmt: skip


def _checked(head: Head, now: datetime) -> Head:
    if head.received_at > now + _AHEAD:
        raise WrongField("received_at", "lies in the future; give the moment at which it reached the centre")
    if head.received_at < EARLIEST:
        raise WrongField("received_at", "lies too far back; check the year")
    sender, contact, reply_to = (
        _line(name, getattr(head, name)) for name in ("sender", "contact", "reply_to")
    )  # fmt: skip
    if head.reply_channel not in {Reply.NONE, Reply.VISIT, Reply.DEPARTMENT} and not reply_to:
        if not contact:
            raise WrongField("reply_to", "must say where the answer goes")
        reply_to = contact
    return replace(head, sender=sender, contact=contact, reply_to=reply_to)


def _line(name: str, value: str) -> str:
    return text(name, value, LONGEST_LINE) if value.strip() else ""


def _words(words: str) -> str:
    plain = words.replace("\r\n", "\n").strip()
    if len(plain) > LONGEST_WORDS:
        raise WrongField("words", f"has {len(plain)} characters; keep it under {LONGEST_WORDS}")
    if UNPRINTABLE.search(plain):
        raise WrongField("words", "has characters that cannot be printed; type it again")
    return plain


async def _row(session: AsyncSession, entry_id: int) -> TextEntry:
    row = await session.get(TextEntry, entry_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise TextMissing(f"there is no text {entry_id}")
    return row


async def _open(session: AsyncSession, entry_id: int, subject: Subject, now: datetime, settings: Settings) -> TextEntry:
    """The row, locked, on this person's desk; who has it not yet takes it."""
    subject.demand(Action.TEXT_WRITE)
    row = await _row(session, entry_id)
    if row.state != TextState.OPEN.value:
        raise TextClosed(f"text {entry_id} is {row.state} already; nothing more can be changed")
    await desk.take(session, ref_of(entry_id), subject=subject, now=now, settings=settings)
    return row


def _close(row: TextEntry, then: TextState, subject: Subject, now: datetime) -> None:
    if then not in TRANSITIONS[TextState(row.state)]:
        raise TextClosed(f"text {row.id} is {row.state} already and cannot become {then.value}")
    row.state, row.closed_at, row.closed_by = then.value, now, subject.user_id


def _joined() -> Select[TextEntry, str]:
    return select(TextEntry, User.name).join(User, User.id == TextEntry.created_by)


def _head(row: TextEntry) -> Head:
    return Head(
        Channel(row.channel), row.received_at, row.sender, row.contact, Reply(row.reply_channel), row.reply_to
    )  # fmt: skip


def _view(row: TextEntry, created_by: str) -> EntryView:
    return EntryView(
        id=row.id,
        head=_head(row),
        due_at=row.due_at,
        words=row.words,
        draft=row.draft,
        state=TextState(row.state),
        order_number=row.order_number,
        reason=row.reason,
        created_at=row.created_at,
        created_by=created_by,
        closed_at=row.closed_at,
        filed_at=row.filed_at,
        shelf=row.shelf,
        erased_at=row.erased_at,
    )
