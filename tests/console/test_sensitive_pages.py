"""Distinctive digits are said in a call; then every route is fetched as every role that need not see them."""

from __future__ import annotations

import hashlib
import io
import json
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import soundfile
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cases import orders, registrations
from hotline.accounts import Subject
from hotline.models import AuditEntry, User
from hotline.roles import Action, Role, allows
from recordings import marks, peaks, renditions, store
from tests.console import seed
from tests.console.conftest import House, csrf_in
from tests.console.test_access import ROUTES, Declared, head_of_stream
from transcribe import drafts
from transcribe.draft import extract
from transcribe.look_through import note_numbers, silenced
from transcribe.turns import Transcription, Turn

UID = "n1-700.1"
ORDERED = "n1-700.2"
REGISTERED = "n1-700.3"
CARD, CITIZEN, CODE = "6225887193846275905", "510784196807191008", "738294"
NUMERALS = dict(zip("零一二三四五六七八九", "0123456789", strict=True)) | {"幺": "1", "〇": "0", "拐": "7", "洞": "0"}
NO_NUMBER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{32,}\b|nonce-[\w-]+|\b1\d{12}\b")
"""Ids, tokens and moments of a page: long enough to hold any six digits by chance."""
MASKED = [role for role in Role if not allows(role, Action.SENSITIVE_VIEW)]


def numerals(digits: str) -> str:
    return "".join("零一二三四五六七八九"[int(each)] for each in digits)


LINES = (
    ("seat", "您好，请问有什么可以帮您？"),
    ("caller", f"我要投诉，宽带多扣了三十块，请退到我卡里，卡号{numerals(CARD[:6])}，"),
    ("seat", "嗯"),
    ("caller", f"{numerals(CARD[6:14])}，呃，{numerals(CARD[14:])}。"),
    ("seat", f"重复一遍，{CARD}，对吗？请再报一下身份证号。"),
    ("caller", f"{numerals(CITIZEN[:6])}，{CITIZEN[6:14]}，{numerals(CITIZEN[14:])}。"),
    ("seat", f"{CITIZEN[:14]}，{numerals(CITIZEN[14:])}。请说一下短信验证码。"),
    ("caller", f"{numerals(CODE)}。我的电话是幺三九幺二三四五六七八。"),
    ("seat", f"好的，{CODE}，卡尾号{CARD[-4:]}，四十八小时内给您答复，工号八零零一。"),
)
TURNS = tuple(Turn(speaker, 5.0 * at, 5.0 * at + 4.5, text) for at, (speaker, text) in enumerate(LINES))


def leaks(body: str) -> set[str]:
    """Six digits in a row, or more, of what was said that can be read in a page, however they are written."""
    read = unicodedata.normalize("NFKC", re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), body))
    read = NO_NUMBER.sub("", read)
    digits = "".join(NUMERALS.get(each, each) for each in read)
    closed = re.sub(r"(?<=\d)[\s，。、嗯呃]{1,3}(?=\d)", "", digits)
    return {
        number[at : at + 6]
        for number in (CARD, CITIZEN, CODE)
        for at in range(len(number) - 5)
        if number[at : at + 6] in digits or number[at : at + 6] in closed
    }


async def plant(house: House, folder: Path) -> None:
    now = datetime.now(UTC) - timedelta(minutes=40)
    flac = folder / "call.flac"
    seed.speech(flac, 46)
    objects = house.app.state.console.objects
    heard = Transcription(46.0, TURNS, engine="test")
    found = extract(TURNS).to_json()
    told = f"客户要求退到{CARD}，身份证{CITIZEN}，验证码{CODE}"
    found |= {
        "phone": CARD[:12],
        "summary": told,
        "what_happened": LINES[3][1],
        "request": told,
        "promised": [LINES[8][1]],
        "alternatives": {
            "phone": [{"value": CITIZEN, "confidence": 0.3, "evidence": found["evidence"].get("phone", [])}]
        },
    }
    for uid in (UID, ORDERED):
        async with house.database.transaction() as session:
            session.add(seed.ended(uid, now, waited=2, talked=44))
            await seed.recording(session, objects, uid, now, flac)
            await drafts.save(session, uid, heard, found, now=now, due_at=now + timedelta(hours=2))
            await note_numbers(session, house.settings, uid, TURNS)
            recording = await store.get(session, uid)
        assert recording is not None
        check = await renditions.make(objects, recording, silenced(heard, recording.seconds))
        async with house.database.transaction() as session:
            await renditions.note(session, uid, check, now)
            await peaks.save(session, uid, recording.sha256, peaks.read_peaks(flac))
    async with house.database.transaction() as session:
        clerk = await session.scalar(select(User).where(User.login == Role.RECORDING_CLERK))
        assert clerk is not None
        subject = Subject(clerk.id, clerk.login, clerk.name, Role.RECORDING_CLERK, clerk.seat)
        await marks.add(session, subject, UID, 20.0, "报卡号", now=now)
        await orders.confirm(
            session, call_uid=ORDERED, corrections={}, subject=subject, now=now, settings=house.settings
        )
    async with house.database.transaction() as session:
        await seed.samples(session, now, house.settings)
    await type_them_everywhere(house, told)


async def type_them_everywhere(house: House, told: str) -> None:
    """Staff write the digits wherever the console takes words that others read."""
    async with house.database.transaction() as session:
        now = datetime.now(UTC)
        session.add(seed.seat("8001", "李娜", "junior", "ready", now, idle_since=now))
        session.add(seed.ended(REGISTERED, now - timedelta(minutes=5), waited=2, talked=44))
    junior, clerk, text_clerk, leader, manager = [
        await house.client(role)
        for role in (
            Role.JUNIOR, Role.RECORDING_CLERK, Role.TEXT_CLERK, Role.SHIFT_LEADER, Role.DATA_MANAGER,
        )
    ]  # fmt: skip

    async def typed(client: httpx.AsyncClient, path: str, **words: str) -> None:
        token = csrf_in((await client.get("/nowhere", headers={"accept": "text/html"})).text)
        answer = await client.post(path, data=words | {"csrf": token})
        assert answer.status_code in {200, 303}, (path, answer.status_code, answer.text[:300])

    async def sent(client: httpx.AsyncClient, path: str, body: dict[str, object]) -> None:
        token = csrf_in((await client.get("/nowhere", headers={"accept": "text/html"})).text)
        answer = await client.post(path, json=body, headers={"x-csrf-token": token, "accept": "application/json"})
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])

    await typed(leader, "/messages", to="all:", words=told[:90])
    await typed(leader, "/notices", title=CARD, words=told, valid_from="2026-01-01T08:00")
    await typed(manager, "/lexicon/begin", note=told)
    form = {"kind": "complaint", "business": "data", "nature": "tariff", "what_happened": told, "promised": told,
            "place": CARD, "phone": "13812345678"}  # fmt: skip
    async with house.database.transaction() as session:
        agent = await subject_of(session, Role.JUNIOR)
        await registrations.open_for(
            session, call_uid=REGISTERED, seat=str(agent.seat), phone="13812345678", subject=agent, now=now
        )
    await typed(junior, f"/seat/registrations/{REGISTERED}/save", seat="8001", version="0", **form)
    await typed(junior, f"/seat/registrations/{REGISTERED}/submit", seat="8001", version="1", **form)
    received = datetime.now(UTC).astimezone(house.settings.zone) - timedelta(minutes=30)
    await typed(
        text_clerk, "/texts", channel="letter", received_at=received.strftime("%Y-%m-%dT%H:%M"), sender=f"卡号{CARD}",
        contact=CARD, reply_channel="letter", reply_to=f"账户{CARD}", words=f"宽带多扣了三十块。\n{told}。",
    )  # fmt: skip
    values = {"values": {"kind": "complaint", "business": "data", "summary": told, "what_happened": told}, "version": 0}
    await sent(text_clerk, "/desk/text:1/save", values)
    await sent(text_clerk, "/desk/text:1/hand", {"to": "senior", "reason": told})
    await typed(clerk, f"/desk/draft:{UID}/take")
    await sent(clerk, f"/desk/draft:{UID}/save", values)
    await sent(clerk, f"/desk/draft:{UID}/hold", {"reason": told})


async def subject_of(session: AsyncSession, role: Role) -> Subject:
    person = await session.scalar(select(User).where(User.login == role))
    assert person is not None
    return Subject(person.id, person.login, person.name, role, person.seat)


def addresses(page: str) -> set[str]:
    """What a page leads to or fetches."""
    found = re.findall(r'(?:href|src|hx-get|data-audio|data-peaks)="(/[^"#]*)"', page)
    return {each.replace("&amp;", "&") for each in found if not each.startswith(("/static", "/logout"))}


async def fetched(client: httpx.AsyncClient) -> dict[str, httpx.Response]:
    """Every route that can be read, with the planted calls in its path, and whatever their pages lead to."""
    ways = [route for route in ROUTES if route.method == "GET"]
    start = {
        re.sub(r"\{\w+\}", "1", route.path.replace("{call_uid}", uid).replace("{ref}", f"draft:{uid}"))
        for route in ways
        for uid in (UID, ORDERED, REGISTERED)
        if not route.path.endswith("/stream")
    }
    streams = [route for route in ways if route.path.endswith("/stream")]
    start |= {"/recordings?words=卡号", f"/recordings?words={CARD[:6]}", f"/recordings?number={CARD[:5]}"}
    answers: dict[str, httpx.Response] = {}
    waiting = sorted(start)
    while waiting and len(answers) < 140:
        address = waiting.pop(0)
        if address in answers:
            continue
        answers[address] = await client.get(address, headers={"accept": "text/html,application/json"})
        if "html" in answers[address].headers.get("content-type", ""):
            waiting += sorted(addresses(answers[address].text) - set(answers))
    for route in streams:
        answers[route.path] = await head_of_stream(client, Declared("GET", route.path, route.guard).address)
    return answers


async def test_who_need_not_see_them_finds_no_sensitive_digit_anywhere(house: House, tmp_path: Path) -> None:
    await plant(house, tmp_path)
    for role in MASKED:
        await look_for_them(await house.client(role), role)


async def look_for_them(client: httpx.AsyncClient, role: Role) -> None:
    answers = await fetched(client)
    seen = 0
    for address, answer in answers.items():
        kind = answer.headers.get("content-type", "")
        if kind.startswith("audio/"):
            assert quiet_where_digits_are(answer.content), address
            continue
        assert answer.status_code != 500, (role, address)  # a page that fails hides what it would have shown
        seen += answer.status_code == 200
        asked = answer.url.query.decode()
        typed = "words" in asked or "number" in asked
        body = answer.text.replace(CARD[:6], "").replace(CARD[:5], "") if typed else answer.text
        assert not leaks(body), (role, address)
    assert seen >= 2
    if allows(role, Action.RECORDING_REPLAY):
        assert answers[f"/recordings/{UID}/audio"].status_code == 200
        assert "＊＊＊" in answers[f"/recordings/{UID}"].text
        page = answers[f"/recordings?words={CARD[:6]}"].text
        assert UID not in page, "what is covered can be guessed by searching for it"


def quiet_where_digits_are(flac: bytes) -> bool:
    samples, rate = soundfile.read(io.BytesIO(flac), dtype="float32", always_2d=True)
    answer = [turn for turn in TURNS if turn.speaker == "caller"][1]
    return bool(np.abs(samples[int(answer.start * rate) : int(answer.end * rate)]).max() < 0.03)


async def test_who_may_see_them_asks_for_them_and_that_is_written_down(house: House, tmp_path: Path) -> None:
    await plant(house, tmp_path)
    manager = await house.client(Role.MANAGER)
    assert not leaks((await manager.get(f"/recordings/{UID}")).text)
    assert leaks((await manager.get(f"/recordings/{UID}?clear=1")).text)
    sound = await manager.get(f"/recordings/{UID}/audio?clear=1")
    async with house.database.transaction() as session:
        recording = await store.get(session, UID)
    assert recording is not None
    assert hashlib.sha256(sound.content).hexdigest() == recording.sha256
    token = csrf_in((await manager.get("/recordings")).text)
    for typed, expected in ((CARD, True), (f"{CARD[:4]} {CARD[4:]}", True), (CITIZEN, True), ("6" * 16, False)):
        page = (await manager.post("/recordings/by-card", data={"csrf": token, "digits": typed})).text
        assert (UID in page) is expected, typed
        assert typed not in page
    clerk = await house.client(Role.RECORDING_CLERK)
    assert (await clerk.get(f"/recordings/{UID}?clear=1")).status_code == 403
    assert (await clerk.get(f"/recordings/{UID}/audio?clear=1")).status_code == 403
    async with house.database.transaction() as session:
        rows = list(await session.scalars(select(AuditEntry).where(AuditEntry.action == "sensitive.view")))
        everything = list(await session.scalars(select(AuditEntry)))
    assert [row.subject for row in rows] == [f"call:{UID}"] * 2 + ["recordings"] * 4
    assert not any(leaks(json.dumps(row.detail, ensure_ascii=False)) for row in everything)
