"""Transcripts and drafts in the database, as the rooms above read and move them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from acd.clerks import work_came, work_done
from recordings import holds
from recordings.holds import HoldReason
from transcribe.errors import TranscribeError
from transcribe.masking import Veil
from transcribe.models import Draft, RegisteredCall, Transcript
from transcribe.sensitive import SensitiveSpan, find_sensitive
from transcribe.turns import State, Transcription, Turn


class DraftState(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    DISCARDED = "discarded"
    REGISTERED = "registered"
    """The agent made the sheet while the caller spoke; the draft is kept to compare it with."""


TRANSITIONS: Mapping[DraftState, frozenset[DraftState]] = {
    DraftState.PENDING: frozenset({DraftState.CONFIRMED, DraftState.DISCARDED, DraftState.REGISTERED}),
    DraftState.CONFIRMED: frozenset(),
    DraftState.DISCARDED: frozenset({DraftState.PENDING}),
    DraftState.REGISTERED: frozenset(),
}
"""A discarded draft can be taken up again; a confirmed one has become an order."""


_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('draft/' || :call, 0))")
"""A draft that is being saved does not see a registration that is not committed, nor the other way round."""


class DraftMissing(TranscribeError):
    code: ClassVar[str] = "draft_missing"


class DraftDecided(TranscribeError):
    """Somebody has confirmed or discarded the draft already."""

    code: ClassVar[str] = "draft_decided"


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft with the turns it was read out of. `fields` is what `hotline transcribe --json` prints as `draft`."""

    call_uid: str
    kind: str
    business: str
    nature: str | None
    urgent: bool
    fields: dict[str, Any]
    state: DraftState
    created_at: datetime
    due_at: datetime
    """When the clerk must have keyed it (D28)."""
    turns: tuple[Turn, ...]
    talk_over: tuple[tuple[float, float], ...]
    seconds: float
    """Length of the recording."""
    engine: str
    read_at: datetime
    """When turns and fields were read; recognised again it is another moment."""
    unheard: tuple[tuple[float, float], ...] = ()
    """Seconds of speech on which the recogniser failed: only who listens knows what was said."""
    reason: str | None = None
    """Why nothing was recognised, of a recording that was set aside."""
    warnings: tuple[str, ...] = ()
    sure_of_speakers: float = 1.0
    """0…1: how surely `caller` and `seat` are told apart; 1 on two channels."""
    sensitive: tuple[SensitiveSpan, ...] = ()
    """Where spoken card numbers and passwords are, whether they are covered in this view or not."""


@dataclass(frozen=True, slots=True)
class TranscriptView:
    call_uid: str
    engine: str
    seconds: float
    turns: tuple[Turn, ...]
    talk_over: tuple[tuple[float, float], ...]
    created_at: datetime
    state: State = State.HEARD
    unheard: tuple[tuple[float, float], ...] = ()
    reason: str | None = None
    warnings: tuple[str, ...] = ()
    sure_of_speakers: float = 1.0
    sensitive: tuple[SensitiveSpan, ...] = ()


async def save(
    session: AsyncSession,
    call_uid: str,
    heard: Transcription,
    draft: Mapping[str, Any] | None,
    *,
    now: datetime,
    due_at: datetime,
) -> None:
    """Store what was heard and, unless None, the draft read out of it.

    Done again, it replaces the transcript and a draft that is still pending; one that a person has decided stays.
    """
    transcript: dict[str, Any] = {
        "engine": heard.engine,
        "seconds": heard.seconds,
        "turns": [turn.to_json(with_words=True) for turn in heard.turns],
        "talk_over": [[round(start, 2), round(end, 2)] for start, end in heard.talk_over],
        "state": heard.state.value,
        "unheard": [[round(start, 2), round(end, 2)] for start, end in heard.unheard],
        "reason": heard.reason,
        "warnings": list(heard.warnings),
        "sure_of_speakers": round(heard.sure_of_speakers, 2),
        "created_at": now,
        "sensitive": [span.to_json() for span in find_sensitive(heard.turns)],
    }
    written = insert(Transcript).values(call_uid=call_uid, **transcript)
    await session.execute(written.on_conflict_do_update(index_elements=["call_uid"], set_=transcript))
    if draft is None:
        return
    values: dict[str, Any] = {
        "kind": draft["kind"],
        "business": draft["business"],
        "nature": draft["nature"],
        "urgent": draft["urgent"],
        "fields": dict(draft),
    }
    await session.execute(_ALONE, {"call": call_uid})
    done = await session.get(RegisteredCall, call_uid, populate_existing=True) is not None
    state = DraftState.REGISTERED if done else DraftState.PENDING
    drafted = insert(Draft).values(call_uid=call_uid, state=state.value, created_at=now, due_at=due_at, **values)
    still_open = Draft.state == DraftState.PENDING.value
    written_down = await session.execute(
        drafted.on_conflict_do_update(index_elements=["call_uid"], set_=values, where=still_open).returning(
            Draft.due_at
        )
    )
    entered_until = written_down.scalars().first()
    if entered_until is not None and not done:
        await _waits(session, call_uid, entered_until, now)


async def registered(session: AsyncSession, call_uid: str, now: datetime) -> None:
    """The agent has made the sheet of this call: its draft, there or still to come, asks nothing of a clerk.

    One that a clerk has decided stays as it is. Who saves, confirms or discards this call's draft waits for the commit.
    """
    await session.execute(_ALONE, {"call": call_uid})
    await session.execute(insert(RegisteredCall).values(call_uid=call_uid, at=now).on_conflict_do_nothing())
    pending = update(Draft).where(Draft.call_uid == call_uid, Draft.state == DraftState.PENDING.value)
    await session.execute(pending.values(state=DraftState.REGISTERED.value))
    await _waits_no_more(session, call_uid, now)


async def get(session: AsyncSession, call_uid: str, *, lock: bool = False, clear: bool = False) -> DraftView | None:
    """The draft of one call, None where there is none; with `lock`, nobody else can decide it until the commit.

    Sensitive digits are covered in turns, fields and evidence, unless `clear` is asked for by a caller who has checked
    `Action.SENSITIVE_VIEW`.
    """
    query = _joined().where(Draft.call_uid == call_uid)
    if lock:
        query = query.with_for_update(of=Draft)
    row = (await session.execute(query)).one_or_none()
    return _view(*row, clear=clear) if row else None


async def list_pending(session: AsyncSession, *, limit: int = 200) -> list[DraftView]:
    """Drafts that wait for a clerk, the one due first at the front; sensitive digits are covered."""
    query = _joined().where(Draft.state == DraftState.PENDING.value).order_by(Draft.due_at, Draft.call_uid).limit(limit)
    return [_view(*row) for row in await session.execute(query)]


async def count_pending(session: AsyncSession, *, due_before: datetime | None = None) -> int:
    """How many drafts wait, or how many of them are due before a moment."""
    query = select(func.count()).select_from(Draft).where(Draft.state == DraftState.PENDING.value)
    if due_before is not None:
        query = query.where(Draft.due_at < due_before)
    return int((await session.execute(query)).scalar_one())


async def undecided(session: AsyncSession, call_uids: Iterable[str]) -> int:
    """How many of these calls still wait for a clerk: their draft is pending, or not written yet."""
    uids = list(call_uids)
    query = select(func.count()).select_from(Draft).where(Draft.call_uid.in_(uids))
    decided = (await session.execute(query.where(Draft.state != DraftState.PENDING.value))).scalar_one()
    return len(uids) - int(decided)


async def business_of(session: AsyncSession, call_uids: Iterable[str]) -> dict[str, str]:
    """Business type (D4) of calls by their drafts; calls without a draft are left out."""
    query = select(Draft.call_uid, Draft.business).where(Draft.call_uid.in_(list(call_uids)))
    return {row.call_uid: row.business for row in await session.execute(query)}


async def kinds_of(session: AsyncSession, call_uids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Kind and business type (D4) of calls by their drafts; calls without a draft are left out."""
    query = select(Draft.call_uid, Draft.kind, Draft.business).where(Draft.call_uid.in_(list(call_uids)))
    return {uid: (kind, business) for uid, kind, business in await session.execute(query)}


async def read_at(session: AsyncSession, call_uid: str) -> tuple[datetime, str | None] | None:
    """When the call was recognised last, and why nothing of it is known if that is so; None where it never was."""
    query = select(Transcript.created_at, Transcript.reason).where(Transcript.call_uid == call_uid)
    row = (await session.execute(query)).one_or_none()
    return (row.created_at, row.reason) if row is not None else None


async def transcript_of(session: AsyncSession, call_uid: str, *, clear: bool = False) -> TranscriptView | None:
    """What was said in one call, None where it has not been recognised; `clear` as for `get`."""
    row = await session.scalar(select(Transcript).where(Transcript.call_uid == call_uid))
    return transcript_view(row, clear=clear) if row is not None else None


def transcript_view(row: Transcript, *, clear: bool = False) -> TranscriptView:
    """A row as a reader may see it; `clear` as for `get`."""
    turns, sensitive, veil = _said(row)
    return TranscriptView(
        row.call_uid, row.engine, row.seconds, turns if clear else veil.masked_turns(), _spans(row.talk_over),
        row.created_at, State(row.state), _spans(row.unheard), row.reason, tuple(row.warnings), row.sure_of_speakers,
        sensitive,
    )  # fmt: skip


async def without_transcript(session: AsyncSession, call_uids: Iterable[str]) -> list[str]:
    """Those of the calls that were neither recognised nor set aside, in their order."""
    uids = list(call_uids)
    known = set(await session.scalars(select(Transcript.call_uid).where(Transcript.call_uid.in_(uids))))
    return [uid for uid in uids if uid not in known]


async def set_state(session: AsyncSession, call_uid: str, state: DraftState, now: datetime) -> DraftView:
    """Decide a draft; two people deciding at once, the second is told.

    Raises DraftMissing, or DraftDecided where the step is not one of `TRANSITIONS`.
    """
    row = await session.scalar(select(Draft).where(Draft.call_uid == call_uid).with_for_update())
    if row is None:
        raise DraftMissing(f"call {call_uid} has no draft; its recording may not have been recognised yet")
    if state not in TRANSITIONS[DraftState(row.state)]:
        raise DraftDecided(f"the draft of call {call_uid} is {row.state} and cannot become {state}; reload the list")
    row.state = state.value
    await session.flush()
    if state is DraftState.PENDING:
        await _waits(session, call_uid, row.due_at, now)
    else:
        await _waits_no_more(session, call_uid, now)
    found = await get(session, call_uid)
    assert found is not None
    return found


async def _waits(session: AsyncSession, call_uid: str, due_at: datetime, now: datetime) -> None:
    """A clerk has it before them: seats are counted by it, and the sound is kept until it is done."""
    await work_came(session, f"draft:{call_uid}", due_at)
    await holds.hold(session, call_uid, HoldReason.WORK, f"draft:{call_uid}", now)


async def _waits_no_more(session: AsyncSession, call_uid: str, now: datetime) -> None:
    await work_done(session, f"draft:{call_uid}")
    await holds.release(session, HoldReason.WORK, f"draft:{call_uid}", now)


def _joined() -> Any:
    return select(Draft, Transcript).join(Transcript, Transcript.call_uid == Draft.call_uid)


def _view(draft: Draft, transcript: Transcript, *, clear: bool = False) -> DraftView:
    turns, sensitive, veil = _said(transcript)
    return DraftView(
        call_uid=draft.call_uid,
        kind=draft.kind,
        business=draft.business,
        nature=draft.nature,
        urgent=draft.urgent,
        fields=draft.fields if clear else veil.fields(draft.fields),
        state=DraftState(draft.state),
        created_at=draft.created_at,
        due_at=draft.due_at,
        turns=turns if clear else veil.masked_turns(),
        talk_over=_spans(transcript.talk_over),
        seconds=transcript.seconds,
        engine=transcript.engine,
        read_at=transcript.created_at,
        unheard=_spans(transcript.unheard),
        reason=transcript.reason,
        warnings=tuple(transcript.warnings),
        sure_of_speakers=transcript.sure_of_speakers,
        sensitive=sensitive,
    )


def _said(row: Transcript) -> tuple[tuple[Turn, ...], tuple[SensitiveSpan, ...], Veil]:
    """The turns as they were said, what of them is sensitive, and the veil over both."""
    turns = tuple(Turn.from_json(turn) for turn in row.turns)
    # a transcript from before anybody looked is looked through now
    noted = find_sensitive(turns) if row.sensitive is None else map(SensitiveSpan.from_json, row.sensitive)
    veil = Veil.over(turns, noted)
    return turns, veil.spans, veil


def _spans(stored: list[Any]) -> tuple[tuple[float, float], ...]:
    return tuple((float(start), float(end)) for start, end in stored)
