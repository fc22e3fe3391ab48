"""Notices of new business and the proof that each agent read each version (D8, D57), on a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from acd import notices
from acd.notices import Fault, NoticeError, Wording
from hotline.database import Database
from hotline.models import User
from hotline.roles import Role

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
WORDING = Wording("5G 畅享套餐上线", "月租 128 元,含 30 GB。", NOW)


@pytest.fixture
async def house(database: Database) -> Database:
    async with database.transaction() as session:
        for login, role, seat, disabled in (
            ("lina", Role.JUNIOR, "8001", False),
            ("wangqiang", Role.SENIOR, "8003", False),
            ("left", Role.JUNIOR, None, True),
            ("leader", Role.SHIFT_LEADER, None, False),
        ):
            session.add(
                User(
                    login=login,
                    name=login,
                    role=role,
                    seat=seat,
                    disabled=disabled,
                    password_hash="-",
                    created_at=NOW,
                )
            )
    return database


async def test_the_writer_sees_who_has_and_who_has_not_confirmed(house: Database) -> None:
    async with house.transaction() as session:
        notice = await notices.write(session, WORDING, by="leader", now=NOW)
        assert await notices.confirm(session, notice.id, 1, person="lina", seat="8001", now=TOMORROW)
        assert not await notices.confirm(session, notice.id, 1, person="lina", seat="8001", now=TOMORROW)
        (seen,) = await notices.overview(session)
    assert [(one.login, one.confirmed_at) for one in seen.people] == [("wangqiang", None), ("lina", TOMORROW)]
    assert seen.confirmed == 1


async def test_changed_words_are_a_new_version_that_is_confirmed_anew(house: Database) -> None:
    async with house.transaction() as session:
        notice = await notices.write(session, WORDING, by="leader", now=NOW)
        await notices.confirm(session, notice.id, 1, person="lina", seat="8001", now=NOW)
        assert await notices.unconfirmed(session, "lina", NOW) == []
        changed = Wording(WORDING.title, "月租 118 元。", NOW)
        assert (await notices.revise(session, notice.id, changed, by="leader", now=TOMORROW)).version == 2
        (mine,) = await notices.for_person(session, "lina")
        assert (mine.notice.text, mine.confirmed_at, mine.before) == ("月租 118 元。", None, 1)
        with pytest.raises(NoticeError) as refused:
            await notices.confirm(session, notice.id, 1, person="wangqiang", seat="8003", now=TOMORROW)
        assert refused.value.fault is Fault.OLD_VERSION
        await notices.confirm(session, notice.id, 2, person="lina", seat="8001", now=TOMORROW)
        proofs = await notices.proofs(session, notice.id)
    assert [(one.version, one.login, one.seat, one.at) for one in proofs] == [
        (1, "lina", "8001", NOW),
        (2, "lina", "8001", TOMORROW),
    ]


async def test_a_notice_is_shown_at_once_and_in_force_from_its_date(house: Database) -> None:
    async with house.transaction() as session:
        await notices.write(session, Wording("后天上线", "…", TOMORROW), by="leader", now=NOW)
        assert len(await notices.for_person(session, "lina")) == 1
        assert await notices.unconfirmed(session, "lina", NOW) == []
        assert len(await notices.unconfirmed(session, "lina", TOMORROW)) == 1


async def test_a_withdrawn_notice_asks_nobody_any_more(house: Database) -> None:
    async with house.transaction() as session:
        notice = await notices.write(session, WORDING, by="leader", now=NOW)
        await notices.withdraw(session, notice.id, now=TOMORROW)
        assert await notices.for_person(session, "lina") == []
        assert await notices.overview(session) == []
        with pytest.raises(NoticeError) as refused:
            await notices.confirm(session, notice.id, 1, person="lina", seat="8001", now=TOMORROW)
        assert refused.value.fault is Fault.GONE


async def test_a_notice_without_words_or_without_a_change_is_refused(house: Database) -> None:
    async with house.transaction() as session:
        for wording, fault in (
            (Wording(" ", "text", NOW), Fault.EMPTY),
            (Wording("title", "\0", NOW), Fault.EMPTY),
            (Wording("长" * 81, "text", NOW), Fault.TOO_LONG),
        ):
            with pytest.raises(NoticeError) as refused:
                await notices.write(session, wording, by="leader", now=NOW)
            assert refused.value.fault is fault
        notice = await notices.write(session, WORDING, by="leader", now=NOW)
        with pytest.raises(NoticeError) as refused:
            await notices.revise(session, notice.id, WORDING, by="leader", now=TOMORROW)
        assert refused.value.fault is Fault.UNCHANGED
