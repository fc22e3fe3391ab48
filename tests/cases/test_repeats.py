"""A complaint that was made before is found by number and by its words, with reasons; others are left alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, text

from cases import orders, repeats
from cases.repeat_grams import grams, likeness
from cases.repeat_models import RepeatKey
from cases.repeats import Asked, Repeat, Why
from hotline.accounts import Subject
from hotline.database import Database
from hotline.settings import Settings
from tests.cases.conftest import NOW, AddDraft

TOLD = {
    "business": "data", "nature": "fault_repair", "amount": None, "phone": None, "place": "湖南路二十八号",
    "what_happened": "家里宽带从周一开始老是掉线，一小时断五六次", "request": "派师傅来修",
}  # fmt: skip
AGAIN = {
    "kind": "complaint", "business": "data", "amount": None, "phone": None, "place": "胡南路28号",
    "what_happened": "宽带又老是吊线，一个小时断好几次", "request": "再派师父来修",
}  # fmt: skip
OTHER = {
    "kind": "complaint", "business": "mobile", "amount": "20", "phone": None, "place": None,
    "what_happened": "补卡收了工本费", "request": "退钱",
}  # fmt: skip


async def _order(
    database: Database, add_draft: AddDraft, clerk: Subject, settings: Settings, uid: str = "n1-1.1", **more: Any
) -> str:
    await add_draft(uid, **(TOLD | more))
    async with database.transaction() as session:
        made = await orders.confirm(session, call_uid=uid, corrections={}, subject=clerk, now=NOW, settings=settings)
    return made.number


async def _ask(database: Database, fields: dict[str, Any], caller: str = "", days: float = 12) -> list[Repeat]:
    async with database.transaction() as session:
        return await repeats.repeats_of(session, Asked(fields, caller, NOW + timedelta(days=days)), days=180)


async def test_the_same_matter_is_found_by_its_words_though_misheard_and_from_another_number(
    database: Database, add_draft: AddDraft, clerk: Subject, settings: Settings
) -> None:
    number = await _order(database, add_draft, clerk, settings)
    (found,) = await _ask(database, AGAIN, caller="18900000001")
    assert found.number == number
    assert found.likely
    assert {reason.why for reason in found.reasons} == {Why.WORDS, Why.PLACE, Why.BUSINESS}
    assert found.days_ago == 12


async def test_a_caller_with_another_matter_is_shown_as_perhaps_only(
    database: Database, add_draft: AddDraft, clerk: Subject, settings: Settings
) -> None:
    await _order(database, add_draft, clerk, settings, phone="13770001201")
    (found,) = await _ask(database, OTHER, caller="+8613770001201")
    assert [reason.why for reason in found.reasons] == [Why.CALLING_NUMBER]
    assert not found.likely
    (by_contact,) = await _ask(database, OTHER | {"phone": "13770001201"}, caller="02584410000")
    assert [reason.why for reason in by_contact.reasons] == [Why.CONTACT_NUMBER]


async def test_strangers_and_what_is_too_long_ago_are_left_alone(
    database: Database, add_draft: AddDraft, clerk: Subject, settings: Settings
) -> None:
    await _order(database, add_draft, clerk, settings)
    assert await _ask(database, OTHER, caller="18900000001") == []
    assert await _ask(database, AGAIN, days=400) == []
    assert await _ask(database, {"kind": "enquiry", "business": "other"}) == []


async def test_what_was_supplemented_already_leads_to_its_first_order(
    database: Database, add_draft: AddDraft, clerk: Subject, settings: Settings
) -> None:
    first = await _order(database, add_draft, clerk, settings)
    await add_draft("n1-2.2", **TOLD)
    async with database.transaction() as session:
        second = await orders.confirm(
            session, call_uid="n1-2.2", corrections={}, subject=clerk, now=NOW + timedelta(minutes=1),
            settings=settings, original=first,
        )  # fmt: skip
    assert second.original == first
    (found,) = await _ask(database, AGAIN)
    assert found.first == first
    assert found.times == 2


async def test_a_draft_does_not_repeat_itself(
    database: Database, add_draft: AddDraft, clerk: Subject, settings: Settings
) -> None:
    await _order(database, add_draft, clerk, settings)
    async with database.transaction() as session:
        asked = Asked(TOLD | {"kind": "complaint"}, "", NOW + timedelta(days=1), "call:n1-1.1")
        assert await repeats.repeats_of(session, asked, days=180) == []


async def test_orders_from_before_the_index_are_taken_up(
    database: Database, add_draft: AddDraft, clerk: Subject, settings: Settings
) -> None:
    number = await _order(database, add_draft, clerk, settings)
    async with database.transaction() as session:
        await session.execute(delete(RepeatKey))
    assert await _ask(database, AGAIN) == []
    async with database.transaction() as session:
        assert await repeats.catch_up(session) == 1
        assert await repeats.catch_up(session) == 0
    assert [each.number for each in await _ask(database, AGAIN)] == [number]


async def test_among_thousands_postgresqls_own_statistics_say_which_words_are_rare(
    database: Database, add_draft: AddDraft, clerk: Subject, settings: Settings
) -> None:
    number = await _order(database, add_draft, clerk, settings)
    common = sorted(grams("宽带老是掉线，请尽快派师傅来修"))
    async with database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO orders (number, kind, source, business, urgent, fields, corrected, owner_id, state, "
                "received_at, created_at, entry_due_at, reply_due_at) "
                "SELECT 'X' || n, 'complaint', 'call:x' || n, 'data', false, '{}', '[]', owner_id, 'closed', "
                "received_at, created_at, entry_due_at, reply_due_at FROM orders, generate_series(1, 3000) n"
            )
        )
        await session.execute(
            text(
                "INSERT INTO repeat_keys SELECT 'X' || n, received_at, ARRAY[]::text[], CAST(:grams AS int[]) "
                "FROM repeat_keys, generate_series(1, 3000) n"
            ),
            {"grams": common},
        )
        await session.execute(text("ANALYZE repeat_keys"))
    found = await _ask(database, AGAIN)
    assert found[0].number == number
    assert found[0].likely
    assert not any(each.likely for each in found[1:])


@pytest.mark.parametrize(("left", "right"), [("彩铃费", "财灵费"), ("湖南路28号", "胡兰路二八号"), ("移机", "一机")])
def test_words_that_sound_alike_are_alike(left: str, right: str) -> None:
    assert likeness(grams(left), grams(right), {}, 1.0) >= 0.5


def test_silence_is_like_nothing() -> None:
    assert likeness(grams(""), grams(""), {}, 1.0) == 0.0
    assert likeness(grams("宽带断了"), grams("。，！"), {}, 1.0) == 0.0
