"""The lexicon's pages without a browser: tables in and out, who may what, and no digits for who may not see them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from hotline.roles import Role
from tests.console import seed
from tests.console.conftest import House, csrf_in
from transcribe.lexicon import notes, versions
from transcribe.lexicon.states import State
from transcribe.lexicon.words import words_of
from transcribe.turns import Turn

UID = "n1-800.1"
CARD = "六二二二零二零零零零零零一二三四五六七"
TURNS = (
    ("seat", 1.0, 3.0, "请报一下您的银行卡号。"),
    ("caller", 4.0, 12.0, f"我的银行卡号是{CARD}。"),
    ("caller", 13.0, 16.0, "你们的财灵扣了我三十块钱。"),
)
TABLE = "word,kind,pinyin,weight,note\n畅越套餐,tariff,,2,新\n新街口营业厅,shop,,1,\n"


async def token(client: httpx.AsyncClient) -> str:
    return csrf_in((await client.get("/lexicon")).text)


async def send(
    client: httpx.AsyncClient, path: str, data: dict[str, str], table: bytes | None = None
) -> httpx.Response:
    files = {"file": ("words.csv", table, "text/csv")} if table is not None else None
    return await client.post(path, data=data | {"csrf": await token(client)}, files=files)


@pytest.fixture
async def opened(house: House) -> tuple[httpx.AsyncClient, int]:
    """The data manager with an open version."""
    client = await house.client(Role.DATA_MANAGER)
    assert (await send(client, "/lexicon/begin", {"note": "试"})).status_code == 303
    async with house.database.transaction() as session:
        version = await versions.in_state(session, State.DRAFT)
    assert version is not None
    return client, version.number


async def test_a_table_goes_in_and_comes_out_as_it_was(house: House, opened: tuple[httpx.AsyncClient, int]) -> None:
    client, number = opened
    answer = await send(client, f"/lexicon/{number}/import", {}, TABLE.encode())
    assert (answer.status_code, answer.headers["location"]) == (303, "/lexicon?took=2")
    told = await client.get(f"/lexicon/words.csv?version={number}")
    assert told.headers["content-type"].startswith("text/csv")
    assert "畅越套餐,tariff,chang yue tao can,2,新" in told.text
    assert (await send(client, f"/lexicon/{number}/import", {}, told.content)).status_code == 303
    async with house.database.transaction() as session:
        assert {"畅越套餐", "新街口营业厅"} <= {each.word for each in await words_of(session, number)}


@pytest.mark.parametrize(
    "table",
    [
        b"word,kind\n\xff\xfe,product\n",
        b"word,kind\n<script>alert(1)</script>,product\n",
        "word,kind,pinyin,weight,note\n畅越套餐,tariff,,1,=cmd\n".encode(),
        "word,kind\n畅越套餐,person\n".encode(),
        b"",
        b'word,kind\n"' + b"x" * 180_000,
    ],
)
async def test_a_table_with_a_wrong_line_puts_nothing_in(
    house: House, opened: tuple[httpx.AsyncClient, int], table: bytes
) -> None:
    client, number = opened
    async with house.database.transaction() as session:
        before = await words_of(session, number)
    answer = await send(client, f"/lexicon/{number}/import", {}, table)
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    async with house.database.transaction() as session:
        assert await words_of(session, number) == before


async def test_a_wrong_word_is_told_with_what_was_typed(opened: tuple[httpx.AsyncClient, int]) -> None:
    client, number = opened
    answer = await send(client, f"/lexicon/{number}/words", {"word": "移", "kind": "other", "note": "一个字"})
    assert answer.status_code == 422
    assert "一个字" in answer.text
    assert (await send(client, f"/lexicon/{number}/live", {})).status_code == 409
    assert (await send(client, "/lexicon/rollback", {})).status_code == 409


async def test_a_clerk_proposes_and_changes_nothing(house: House) -> None:
    clerk = await house.client(Role.RECORDING_CLERK)
    answer = await send(clerk, "/lexicon/propose", {"word": "畅越套餐", "kind": "tariff", "call": UID})
    assert answer.status_code == 200
    assert (await send(clerk, "/lexicon/begin", {})).status_code == 403
    manager = await house.client(Role.DATA_MANAGER)
    assert "畅越套餐" in (await manager.get("/lexicon")).text


@pytest.mark.parametrize("role", [Role.RECORDING_CLERK, Role.INSPECTOR, Role.SHIFT_LEADER])
async def test_what_stands_beside_a_transcript_shows_no_covered_digit(house: House, role: Role) -> None:
    now = datetime.now(UTC)
    turns = [Turn(*turn) for turn in TURNS]
    async with house.database.transaction() as session:
        await seed.draft(session, UID, now, now + timedelta(hours=2), TURNS)
        await notes.mark(session, UID, turns)
    client = await house.client(role)
    beside = await client.get(f"/lexicon/beside/{UID}")
    assert beside.status_code == 200
    assert "30元" in beside.text
    assert "彩铃" in beside.text
    pages = [beside.text]
    if role is not Role.SHIFT_LEADER:
        pages.append((await client.get(f"/figures/references/{UID}")).text)
        assert "＊" in pages[-1]
    for page in pages:
        for covered in (CARD, CARD[:6], "6222", "0200", "622202"):
            assert covered not in page


async def test_nothing_stands_beside_a_call_that_was_not_recognised(house: House) -> None:
    client = await house.client(Role.INSPECTOR)
    assert (await client.get("/lexicon/beside/n1-1.999")).status_code == 204
