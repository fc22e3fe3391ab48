"""The clerks' work list: what waits, whose it is, how sure its draft is, and which of it is the most urgent (D28)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from acd import ledger
from acd.ledger import CallView
from cases import desk, text_entries
from cases.desk_rows import DRAFT, TEXT, ItemView
from cases.desk_states import ItemState, works_from_the_pile
from cases.text_entries import EntryView
from console.drafts.form import LOW_CONFIDENCE, sureness
from hotline.accounts import Subject
from hotline.roles import Action
from transcribe import waiting
from transcribe.waiting import FIRST_WORDS, WaitingDraft

SHOWN = 500
"""Pieces of work on one list; whoever has more works from the top, which is due first."""
REQUIRED = ("kind", "business")
"""Every sheet says these."""
REQUIRED_OF_COMPLAINTS = (*REQUIRED, "nature")
IMPORTED = "imp_"
"""What the uid of an imported call begins with, as `recordings.importing` makes it."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the clerk looks for; empty means all."""

    whose: str = ""
    """`mine`, `free` or `others`."""
    source: str = ""
    """`call`, `voicemail`, `import` or `text`."""
    kind: str = ""
    business: str = ""
    sure: str = ""
    """`low`: only those whose weakest required field is below the mark."""
    urgent: bool = False
    key: bool = False

    @property
    def any(self) -> bool:
        return bool(self.whose or self.source or self.kind or self.business or self.sure or self.urgent or self.key)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose a piece of work is."""

    state: ItemState
    whose: str
    """`mine`, `free` or `others`."""
    who: str
    """Name of who has it or for whom it waits."""
    for_role: str
    note: str


@dataclass(frozen=True, slots=True)
class Line:
    """One piece of work on the list."""

    ref: str
    source: str
    kind: str
    business: str
    urgent: bool
    key_account: bool
    received_at: datetime
    due_at: datetime
    seconds: float | None
    """Length of the recording; None of a text."""
    confidence: float | None
    """Of the weakest required field; None where nothing was drafted."""
    words: str
    standing: Standing

    @property
    def path(self) -> str:
        return path_of(self.ref)

    @property
    def sure(self) -> str:
        return sureness(self.confidence)


@dataclass(frozen=True, slots=True)
class Worklist:
    lines: tuple[Line, ...]
    """Those that the filters let through, the one due first on top."""
    total: int
    mine: int
    free: int
    others: int
    amber: int
    red: int

    @property
    def digest(self) -> str:
        """Changes when anything on the list does: who looks again and has seen it gets nothing."""
        seen = hashlib.sha256(repr((self.lines, self.total, self.mine, self.free, self.amber, self.red)).encode())
        return seen.hexdigest()[:16]


def path_of(ref: str) -> str:
    """The page of a piece of work."""
    if ref.startswith(TEXT):
        return f"/texts/{ref.removeprefix(TEXT)}"
    return f"/drafts/{ref.removeprefix(DRAFT)}"


async def worklist(
    session: AsyncSession, subject: Subject, filters: Filters, now: datetime, amber_minutes: float
) -> Worklist:
    """All that waits and that this person may see."""
    lines = await _lines(session, subject, now, words=True)
    left = [(line.due_at - now).total_seconds() for line in lines]
    whose = [line.standing.whose for line in lines]
    return Worklist(
        tuple(line for line in lines if _lets_through(filters, line)),
        len(lines),
        whose.count("mine"),
        whose.count("free"),
        whose.count("others"),
        sum(1 for each in left if 0 <= each < amber_minutes * 60),
        sum(1 for each in left if each < 0),
    )


async def next_refs(session: AsyncSession, subject: Subject, now: datetime, *, after: str = "") -> list[str]:
    """What this person could take now, the best first: what was handed to them, then urgent or key account, then what
    is due first. What they have put aside is not among them, nor `after`, which was just left."""
    can = []
    for line in await _lines(session, subject, now, words=False):
        handed = line.standing.state is ItemState.HANDED_ON and line.standing.whose == "mine"
        if (
            line.ref != after
            and (handed or (line.standing.whose == "free" and works_from_the_pile(subject)))
            and subject.may(desk.action_of(line.ref))
        ):
            can.append((not handed, not (line.urgent or line.key_account), line.due_at, line.ref))
    return [ref for *_, ref in sorted(can)]


def weakest(kind: str, confidence: Mapping[str, float]) -> float | None:
    """Confidence of the required field that is least sure."""
    required = REQUIRED_OF_COMPLAINTS if kind == "complaint" else REQUIRED
    known = [confidence[name] for name in required if name in confidence]
    return min(known) if known else None


async def _lines(session: AsyncSession, subject: Subject, now: datetime, *, words: bool) -> list[Line]:
    lines: list[Line] = []
    if subject.may(Action.DRAFT_VIEW):
        drafts = await waiting.list_waiting(session, limit=SHOWN)
        uids = [draft.call_uid for draft in drafts]
        items = await desk.standing_of(session, [DRAFT + uid for uid in uids], now)
        calls = await ledger.calls_of(session, uids)
        said = await waiting.first_words(session, uids) if words else {}
        lines += [
            _draft_line(
                draft,
                said.get(draft.call_uid, ""),
                calls.get(draft.call_uid),
                _standing(items.get(DRAFT + draft.call_uid), subject),
            )
            for draft in drafts
        ]
    if subject.may(Action.TEXT_VIEW):
        texts = await desk.open_texts(session, now, limit=SHOWN)
        entries = await text_entries.of_ids(session, [int(item.ref.removeprefix(TEXT)) for item in texts])
        lines += [_text_line(item, entries.get(int(item.ref.removeprefix(TEXT))), subject) for item in texts]
    return sorted(lines, key=lambda line: (line.due_at, line.ref))[:SHOWN]


def _draft_line(draft: WaitingDraft, words: str, call: CallView | None, standing: Standing) -> Line:
    return Line(
        ref=DRAFT + draft.call_uid,
        source=_source(draft.call_uid, call),
        kind=draft.kind,
        business=draft.business,
        urgent=draft.urgent,
        key_account=draft.key_account or (call is not None and call.customer_class == "key_account"),
        received_at=call.ended_at if call is not None and call.ended_at is not None else draft.created_at,
        due_at=draft.due_at,
        seconds=draft.seconds,
        confidence=weakest(draft.kind, draft.confidence),
        words=words,
        standing=standing,
    )


def _text_line(item: ItemView, entry: EntryView | None, subject: Subject) -> Line:
    draft: Mapping[str, Any] = (entry.draft if entry is not None else None) or {}
    words = entry.turns if entry is not None else ()
    kind = str(draft.get("kind") or "")
    return Line(
        ref=item.ref,
        source="text",
        kind=kind,
        business=str(draft.get("business") or ""),
        urgent=bool(draft.get("urgent")),
        key_account=bool(draft.get("key_account")),
        received_at=item.received_at,
        due_at=item.due_at,
        seconds=None,
        confidence=weakest(kind, draft.get("confidence") or {}),
        words=words[0].text[:FIRST_WORDS] if words else "",
        standing=_standing(item, subject),
    )


def _standing(item: ItemView | None, subject: Subject) -> Standing:
    """Whose it is; what the desk has not seen yet is free."""
    if item is None:
        return Standing(ItemState.WAITING, "free", "", "", "")
    mine = item.is_mine(subject)
    free = item.state is ItemState.WAITING
    who = item.owner_name or item.for_name
    return Standing(
        item.state, "mine" if mine else "free" if free else "others", who, item.for_role or "", item.note
    )  # fmt: skip


def _source(uid: str, call: CallView | None) -> str:
    if uid.startswith(IMPORTED):
        return "import"
    return "voicemail" if call is not None and call.outcome == "voicemail" else "call"


def _lets_through(filters: Filters, line: Line) -> bool:
    return (
        filters.whose in ("", line.standing.whose)
        and filters.source in ("", line.source)
        and filters.kind in ("", line.kind)
        and filters.business in ("", line.business)
        and (filters.sure != "low" or (line.confidence is not None and line.confidence < LOW_CONFIDENCE))
        and (line.urgent or not filters.urgent)
        and (line.key_account or not filters.key)
    )
