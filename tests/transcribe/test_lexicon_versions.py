"""The lexicon goes live after a measurement, or with a reason, and comes back; every step is in the audit."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hotline.accounts import Subject
from hotline.database import Database
from hotline.models import AuditEntry
from hotline.roles import Denied, Role
from transcribe import drafts
from transcribe.lexicon import active_words, measurements, notes, proposals, references, table, versions
from transcribe.lexicon.errors import AlreadyOpen, Fault, NothingBefore, NotMeasured, NotOpen, WrongWord
from transcribe.lexicon.models import SuggestionVerdict
from transcribe.lexicon.notes import SuggestionGone
from transcribe.lexicon.proposals import ProposalDecided
from transcribe.lexicon.references import WrongReference
from transcribe.lexicon.states import TRANSITIONS, State
from transcribe.lexicon.words import LexiconWord, WordKind, starter_words, words_of
from transcribe.turns import Transcription, Turn

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
UID = "n1-7.7"
PLAN = LexiconWord("畅越套餐", WordKind.TARIFF, ("chang", "yue", "tao", "can"), 2.0, "新套餐")
TURN = Turn("caller", 1.0, 5.0, "我的唱月套餐多扣了三十块钱")


def person(role: Role) -> Subject:
    return Subject(uuid4(), role.value, role.value, role, None)


MANAGER, CLERK = person(Role.DATA_MANAGER), person(Role.RECORDING_CLERK)


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    async with database.transaction() as session:
        yield session


async def heard(session: AsyncSession) -> None:
    await drafts.save(session, UID, Transcription(6.0, (TURN,), engine="test"), None, now=NOW, due_at=NOW)
    await notes.mark(session, UID, [TURN])


async def meant(session: AsyncSession) -> list[str]:
    beside = await notes.notes_of(session, UID, [TURN])
    return [offer.suggestion.meant for note in beside.values() for offer in note.offers]


async def live_version(session: AsyncSession, *words: LexiconWord, reason: str = "") -> int:
    opened = await versions.begin(session, note="", subject=MANAGER, now=NOW)
    await versions.put(session, opened.number, words, subject=MANAGER, now=NOW)
    if not reason:
        changed = (await versions.get(session, opened.number)).changed
        assert await versions.measured(session, opened.number, changed)
    await versions.go_live(session, opened.number, reason=reason, subject=MANAGER, now=NOW)
    return opened.number


async def test_while_no_version_is_live_the_programs_words_are(session: AsyncSession) -> None:
    assert await active_words(session) == starter_words()
    with pytest.raises(NothingBefore):
        await versions.roll_back(session, reason="", subject=MANAGER, now=NOW)


async def test_a_word_goes_live_is_suggested_and_rolled_back(session: AsyncSession) -> None:
    await heard(session)
    assert await meant(session) == []
    number = await live_version(session, PLAN)
    assert PLAN in await active_words(session)
    assert await notes.suggest_again(session, since=NOW) is None
    assert await meant(session) == ["畅越套餐"]
    assert await versions.roll_back(session, reason="wrong", subject=MANAGER, now=NOW) is None
    assert await active_words(session) == starter_words()
    await notes.suggest_again(session, since=NOW)
    assert await meant(session) == []
    assert (await versions.get(session, number)).state is State.ROLLED_BACK
    actions = list(await session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)))
    assert actions == ["lexicon.begin", "lexicon.put", "lexicon.live", "lexicon.rollback"]


async def test_a_roll_back_brings_the_version_before(session: AsyncSession) -> None:
    first = await live_version(session, PLAN)
    await live_version(session, LexiconWord("沃享卡", WordKind.PRODUCT, ("wo", "xiang", "ka")))
    back = await versions.roll_back(session, reason="", subject=MANAGER, now=NOW)
    assert back is not None
    assert (back.number, back.state) == (first, State.LIVE)
    assert {"畅越套餐"} <= {each.word for each in await active_words(session)}
    assert "沃享卡" not in {each.word for each in await active_words(session)}


async def test_without_a_measurement_it_goes_live_with_a_reason_only(session: AsyncSession) -> None:
    opened = await versions.begin(session, note="", subject=MANAGER, now=NOW)
    with pytest.raises(NotMeasured):
        await versions.go_live(session, opened.number, reason="", subject=MANAGER, now=NOW)
    await versions.go_live(session, opened.number, reason="明天上线", subject=MANAGER, now=NOW)
    assert (await versions.get(session, opened.number)).override == "明天上线"


async def test_a_change_after_the_measurement_asks_for_another(session: AsyncSession) -> None:
    opened = await versions.begin(session, note="", subject=MANAGER, now=NOW)
    assert await versions.measured(session, opened.number, 0)
    await versions.put(session, opened.number, [PLAN], subject=MANAGER, now=NOW)
    assert (await versions.get(session, opened.number)).state is State.DRAFT
    assert not await versions.measured(session, opened.number, 0)
    with pytest.raises(NotMeasured):
        await versions.go_live(session, opened.number, reason="", subject=MANAGER, now=NOW)


async def test_one_version_is_open_at_a_time_and_a_closed_one_is_not_changed(session: AsyncSession) -> None:
    opened = await versions.begin(session, note="", subject=MANAGER, now=NOW)
    with pytest.raises(AlreadyOpen):
        await versions.begin(session, note="", subject=MANAGER, now=NOW)
    await versions.give_up(session, opened.number, subject=MANAGER, now=NOW)
    with pytest.raises(NotOpen):
        await versions.put(session, opened.number, [PLAN], subject=MANAGER, now=NOW)
    with pytest.raises(NotOpen):
        await measurements.ask(session, opened.number, anew=0, subject=MANAGER, now=NOW)


async def test_only_the_data_manager_changes_it_and_clerks_propose(session: AsyncSession) -> None:
    with pytest.raises(Denied):
        await versions.begin(session, note="", subject=CLERK, now=NOW)
    for _ in range(2):
        await proposals.propose(session, word="畅越套餐", kind="tariff", note="", call_uid=UID, subject=CLERK, now=NOW)
    (waiting,) = await proposals.waiting(session)
    opened = await versions.begin(session, note="", subject=MANAGER, now=NOW)
    await proposals.decide(session, waiting.id, version=opened.number, subject=MANAGER, now=NOW)
    assert await proposals.waiting(session) == []
    with pytest.raises(ProposalDecided):
        await proposals.decide(session, waiting.id, version=None, subject=MANAGER, now=NOW)
    assert "畅越套餐" in {each.word for each in await words_of(session, opened.number)}


async def test_what_a_person_makes_of_a_suggestion_is_counted_and_the_words_stay(session: AsyncSession) -> None:
    await live_version(session, PLAN)
    await heard(session)
    (note,) = (await notes.notes_of(session, UID, [TURN])).values()
    (offer,) = note.offers
    assert note.written == "我的唱月套餐多扣了30元"
    first = offer.suggestion.first
    for accepted in (False, True):
        await notes.judge(
            session, UID, turn=0, first=first, meant="畅越套餐", accepted=accepted, subject=CLERK, now=NOW
        )
    assert await notes.feedback(session) == {"畅越套餐": (1, 0)}
    assert len(list(await session.scalars(select(SuggestionVerdict)))) == 1
    transcript = await drafts.transcript_of(session, UID)
    assert transcript is not None
    assert transcript.turns[0].text == TURN.text
    with pytest.raises(SuggestionGone):
        await notes.judge(session, UID, turn=0, first=first, meant="彩铃", accepted=True, subject=CLERK, now=NOW)
    with pytest.raises(Denied):
        await notes.judge(
            session, UID, turn=0, first=first, meant="畅越套餐", accepted=True, subject=person(Role.JUNIOR), now=NOW
        )


async def test_a_reference_fits_its_transcript(session: AsyncSession) -> None:
    await heard(session)
    assert await references.to_type(session, since=NOW, until=datetime.max.replace(tzinfo=UTC)) == [UID]
    with pytest.raises(WrongReference):
        await references.save(session, UID, ["one", "too many"], subject=CLERK, now=NOW)
    await references.save(session, UID, [" 我的畅越套餐多扣了三十块钱 "], subject=CLERK, now=NOW)
    kept = await references.get(session, UID)
    assert kept is not None
    assert [turn.text for turn in kept.turns] == ["我的畅越套餐多扣了三十块钱"]
    assert await references.to_type(session, since=NOW, until=datetime.max.replace(tzinfo=UTC)) == []
    with pytest.raises(Denied):
        await references.save(session, UID, ["x"], subject=MANAGER, now=NOW)


def test_the_table_of_steps_names_every_state() -> None:
    assert set(TRANSITIONS) == set(State)
    assert not TRANSITIONS[State.ROLLED_BACK] | TRANSITIONS[State.GIVEN_UP]


WORDS = st.builds(
    LexiconWord,
    word=st.text("移机彩铃宽带套餐", min_size=2, max_size=6),
    kind=st.sampled_from(WordKind),
    pinyin=st.just(()),
    weight=st.integers(0, 10).map(lambda half: half / 2),
    note=st.text("备注,\"'；。 x", max_size=20).map(str.strip),
)


@given(st.lists(WORDS, max_size=8, unique_by=lambda each: each.word))
def test_a_table_that_was_written_is_read_back_as_it_was(words: list[LexiconWord]) -> None:
    known = [replace(each, pinyin=tuple("x" for _ in each.word)) for each in words]
    assert list(table.read_csv("\ufeff" + table.write_csv(known))) == known


@given(st.text(max_size=200))
def test_any_table_is_taken_or_refused_with_its_lines(text: str) -> None:
    with contextlib.suppress(WrongWord):
        words = table.read_csv(text)
        assert all(each == table.check(dict(zip(table.COLUMNS, cells(each), strict=True))) for each in words)


def cells(each: LexiconWord) -> tuple[str, ...]:
    return each.word, each.kind.value, " ".join(each.pinyin), f"{each.weight:g}", each.note


def test_a_faulty_line_is_named_and_nothing_is_taken() -> None:
    lines = (
        "word,kind,pinyin,weight,note", "彩铃,product,,2,", "移,other,,1,", "王五,person,,1,", "套餐,tariff,tao,1,",
        "彩铃,product,,1,", "宽带,product,,9,", "固话,product,,1,=1+1",
    )  # fmt: skip
    text = "\n".join(lines)
    with pytest.raises(WrongWord) as caught:
        table.read_csv(text)
    assert [(each.line, each.fault) for each in caught.value.faults] == [
        (3, Fault.WORD), (4, Fault.KIND), (5, Fault.PINYIN), (6, Fault.TWICE), (7, Fault.WEIGHT), (8, Fault.NOTE),
    ]  # fmt: skip
    with pytest.raises(WrongWord, match="header"):
        table.read_csv("a,b\n1,2\n")
