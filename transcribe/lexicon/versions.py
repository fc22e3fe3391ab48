"""How a lexicon is changed, goes live and comes back.

    draft ──measure──▶ measured ──▶ live ──another goes live──▶ past ──roll back──▶ live
      └────── override with a reason ──┘  └──roll back──▶ rolled back

One version is open at a time, and one is live; while none is, the words that come with the program are. Every step is
an audit row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from hotline import audit
from hotline.accounts import Subject
from hotline.jobs import defer
from hotline.roles import Action
from transcribe.lexicon.errors import (
    AlreadyOpen,
    Fault,
    FaultyLine,
    NoSuchVersion,
    NothingBefore,
    NotMeasured,
    NotOpen,
    WrongWord,
)
from transcribe.lexicon.models import LexiconVersion, Word
from transcribe.lexicon.states import OPEN, TRANSITIONS, State
from transcribe.lexicon.table import MOST_WORDS
from transcribe.lexicon.words import LexiconWord, starter_words, words_of

SUGGEST_AGAIN = "transcribe.suggest_again"
"""Task that gives stored transcripts the suggestions of what is live now."""
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('lexicon', 0))")
"""Who changes the lexicon waits for who is changing it."""


@dataclass(frozen=True, slots=True)
class VersionView:
    number: int
    state: State
    based_on: int | None
    note: str
    changed: int
    author: str
    created_at: datetime
    live_at: datetime | None
    live_by: str | None
    override: str | None
    ended_at: datetime | None
    words: int


@dataclass(frozen=True, slots=True)
class Change:
    """How two lists of words differ."""

    added: tuple[LexiconWord, ...]
    removed: tuple[LexiconWord, ...]
    altered: tuple[LexiconWord, ...]

    @property
    def any(self) -> bool:
        return bool(self.added or self.removed or self.altered)


def difference(before: Iterable[LexiconWord], after: Iterable[LexiconWord]) -> Change:
    """What came, went and changed from `before` to `after`."""
    old, new = {each.word: each for each in before}, {each.word: each for each in after}
    return Change(
        tuple(each for word, each in new.items() if word not in old),
        tuple(each for word, each in old.items() if word not in new),
        tuple(each for word, each in new.items() if word in old and old[word] != each),
    )


async def history(session: AsyncSession, *, limit: int = 50) -> list[VersionView]:
    """The versions, the newest first."""
    rows = await session.scalars(select(LexiconVersion).order_by(LexiconVersion.number.desc()).limit(limit))
    return [await _view(session, row) for row in rows]


async def get(session: AsyncSession, number: int) -> VersionView:
    """NoSuchVersion where there is none."""
    return await _view(session, await _row(session, number))


async def in_state(session: AsyncSession, *states: State) -> VersionView | None:
    """The version in one of these states, where each of them has one at most."""
    wanted = [state.value for state in states]
    row = await session.scalar(select(LexiconVersion).where(LexiconVersion.state.in_(wanted)))
    return None if row is None else await _view(session, row)


async def before_live(session: AsyncSession) -> VersionView | None:
    """What a roll-back brings: the version that was live before this one, None for the words of the program."""
    row = await _last_past(session)
    return None if row is None else await _view(session, row)


async def begin(session: AsyncSession, *, note: str, subject: Subject, now: datetime) -> VersionView:
    """Open a version with the words that are live; AlreadyOpen where one is open."""
    subject.demand(Action.LEXICON_MANAGE)
    await session.execute(_ALONE)
    if await in_state(session, *OPEN) is not None:
        raise AlreadyOpen("a version is being worked on already; finish that one or give it up first")
    live = await in_state(session, State.LIVE)
    number = int((await session.execute(select(func.coalesce(func.max(LexiconVersion.number), 0) + 1))).scalar_one())
    row = LexiconVersion(
        number=number, state=State.DRAFT.value, based_on=live.number if live else None, note=note, changed=0,
        author=subject.login, created_at=now,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    words = starter_words() if live is None else await words_of(session, live.number)
    for each in words:
        session.add(_stored(number, each, subject.login, now))
    await session.flush()
    await _note(session, subject, "lexicon.begin", number, now, based_on=row.based_on)
    return await _view(session, row)


async def put(
    session: AsyncSession, number: int, words: Iterable[LexiconWord], *, subject: Subject, now: datetime
) -> None:
    """Put words in, or in the place of those that are written alike; the version is a draft again.

    Raises NoSuchVersion, NotOpen, and WrongWord where there would be too many.
    """
    given = {each.word: each for each in words}
    row = await _open(session, number, subject)
    await session.execute(delete(Word).where(Word.version == number, Word.word.in_(list(given))))
    for each in given.values():
        session.add(_stored(number, each, subject.login, now))
    await session.flush()
    if (await _view(session, row)).words > MOST_WORDS:
        raise WrongWord([FaultyLine(1, "", Fault.TOO_MANY)])
    await _changed(session, row)
    await _note(session, subject, "lexicon.put", number, now, words=len(given), first=next(iter(given), ""))


async def remove(session: AsyncSession, number: int, word: str, *, subject: Subject, now: datetime) -> None:
    """Take a word out; one that is not there stays out. Raises NoSuchVersion and NotOpen."""
    row = await _open(session, number, subject)
    await session.execute(delete(Word).where(Word.version == number, Word.word == word))
    await _changed(session, row)
    await _note(session, subject, "lexicon.remove", number, now, word=word[:20])


async def measured(session: AsyncSession, number: int, changed: int) -> bool:
    """A measurement of the version as it was after so many changes is there; says whether it still is that version."""
    await session.execute(_ALONE)
    row = await _row(session, number)
    if row.changed != changed or row.state not in {State.DRAFT.value, State.MEASURED.value}:
        return False
    row.state = State.MEASURED.value
    await session.flush()
    return True


async def go_live(session: AsyncSession, number: int, *, reason: str, subject: Subject, now: datetime) -> VersionView:
    """Make an open version the live one; the live one so far is past.

    Without a measurement that speaks for it a `reason` is needed: NotMeasured where there is none. Stored transcripts
    get the suggestions of the new words by a job of the same transaction.
    """
    row = await _open(session, number, subject)
    if row.state != State.MEASURED.value and not reason:
        raise NotMeasured("no measurement since the last change speaks for this version; measure it, or give a reason")
    live = await session.scalar(select(LexiconVersion).where(LexiconVersion.state == State.LIVE.value))
    if live is not None:
        _step(live, State.PAST)
        live.ended_at = now
        await session.flush()  # one live version at a time, also between two statements
    _step(row, State.LIVE)
    row.live_at, row.live_by, row.override = now, subject.login, reason or None
    await session.flush()
    await defer(session, SUGGEST_AGAIN, queueing_lock=SUGGEST_AGAIN)
    await _note(session, subject, "lexicon.live", number, now, override=reason or None)
    return await _view(session, row)


async def roll_back(session: AsyncSession, *, reason: str, subject: Subject, now: datetime) -> VersionView | None:
    """End the live version; the one before it is live again, or, where None is returned, the words of the program.

    NothingBefore where no version is live.
    """
    subject.demand(Action.LEXICON_MANAGE)
    await session.execute(_ALONE)
    live = await session.scalar(select(LexiconVersion).where(LexiconVersion.state == State.LIVE.value))
    if live is None:
        raise NothingBefore("no version is live; the words that come with the program are in use")
    back = await _last_past(session)
    _step(live, State.ROLLED_BACK)
    live.ended_at = now
    await session.flush()
    if back is not None:
        _step(back, State.LIVE)
        back.ended_at = None
    await session.flush()
    await defer(session, SUGGEST_AGAIN, queueing_lock=SUGGEST_AGAIN)
    detail: dict[str, object] = {"to": back.number if back else None, "reason": reason}
    await _note(session, subject, "lexicon.rollback", live.number, now, **detail)
    return None if back is None else await _view(session, back)


async def give_up(session: AsyncSession, number: int, *, subject: Subject, now: datetime) -> None:
    """End an open version that shall never go live."""
    row = await _open(session, number, subject)
    _step(row, State.GIVEN_UP)
    row.ended_at = now
    await session.flush()
    await _note(session, subject, "lexicon.give_up", number, now)


async def _row(session: AsyncSession, number: int) -> LexiconVersion:
    row = await session.get(LexiconVersion, number, populate_existing=True)
    if row is None:
        raise NoSuchVersion(f"there is no version {number} of the lexicon")
    return row


async def _open(session: AsyncSession, number: int, subject: Subject) -> LexiconVersion:
    subject.demand(Action.LEXICON_MANAGE)
    await session.execute(_ALONE)
    row = await _row(session, number)
    if State(row.state) not in OPEN:
        raise NotOpen(f"version {number} is {row.state} and is not changed any more; begin a new one")
    return row


async def _last_past(session: AsyncSession) -> LexiconVersion | None:
    past = select(LexiconVersion).where(LexiconVersion.state == State.PAST.value)
    found: LexiconVersion | None = await session.scalar(past.order_by(LexiconVersion.live_at.desc()).limit(1))
    return found


async def _changed(session: AsyncSession, row: LexiconVersion) -> None:
    row.changed += 1
    if row.state == State.MEASURED.value:
        _step(row, State.DRAFT)
    await session.flush()


def _step(row: LexiconVersion, then: State) -> None:
    if then not in TRANSITIONS[State(row.state)]:
        raise NotOpen(f"version {row.number} is {row.state} and cannot become {then.value}")
    row.state = then.value


def _stored(number: int, word: LexiconWord, author: str, now: datetime) -> Word:
    return Word(
        version=number, word=word.word, kind=word.kind.value, pinyin=" ".join(word.pinyin), weight=word.weight,
        note=word.note, author=author, at=now,
    )  # fmt: skip


async def _note(
    session: AsyncSession, subject: Subject, action: str, number: int, now: datetime, **detail: object
) -> None:
    await audit.record(
        session, actor=subject.login, role=subject.role.value, action=action, subject=f"lexicon:{number}",
        detail=detail, now=now,
    )  # fmt: skip


async def _view(session: AsyncSession, row: LexiconVersion) -> VersionView:
    count = await session.scalar(select(func.count()).select_from(Word).where(Word.version == row.number))
    return VersionView(
        row.number, State(row.state), row.based_on, row.note, row.changed, row.author, row.created_at, row.live_at,
        row.live_by, row.override, row.ended_at, int(count or 0),
    )  # fmt: skip
