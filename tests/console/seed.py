"""A floor with people at work, calls of today and one real recording: what the console's tests look at."""

from __future__ import annotations

import hashlib
import math
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import soundfile
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from acd.models import Breach, Call, Seat
from cases import orders
from hotline.accounts import Subject
from hotline.clock import local_day
from hotline.database import Database
from hotline.models import User
from hotline.passwords import hash_password
from hotline.roles import Role
from hotline.settings import Settings
from qa import draws
from recordings import renditions, store
from recordings.models import Recording
from recordings.objects import Objects
from recordings.renditions import Check
from transcribe import drafts
from transcribe.turns import Transcription, Turn

PASSWORD = "correct horse battery"
NAMES = {
    Role.JUNIOR: "李娜", Role.SENIOR: "王强", Role.TEXT_CLERK: "赵敏", Role.RECORDING_CLERK: "陈静",
    Role.SURVEYOR: "周涛", Role.DATA_MANAGER: "吴芳", Role.INSPECTOR: "郑洁", Role.STATISTICIAN: "孙丽",
    Role.SHIFT_LEADER: "马超", Role.MANAGER: "胡军", Role.ADMINISTRATOR: "林峰",
}  # fmt: skip
SEAT_OF = {Role.JUNIOR: "8001", Role.SENIOR: "8003", Role.RECORDING_CLERK: "8004"}


async def people(session: AsyncSession, now: datetime) -> None:
    """One person for each role, the log-in is the role's name; the password is hashed once, for speed."""
    digest = await hash_password(PASSWORD)
    for role, name in NAMES.items():
        session.add(
            User(
                login=role.value,
                name=name,
                role=role.value,
                seat=SEAT_OF.get(role),
                created_at=now,
                password_hash=digest,
            )
        )


def seat(extension: str, name: str, level: str, state: str, since: datetime, **values: object) -> Seat:
    skills = {"complaint": 3, "suggestion": 3}
    known: dict[str, object] = {"skills": skills, "sip_secret": "-", "reachable": True, "epoch": 0}
    return Seat(extension=extension, name=name, level=level, state=state, state_since=since, **(known | values))


def call(uid: str, entered_at: datetime, **values: object) -> Call:
    known: dict[str, object] = {
        "caller": "13912345678",
        "service": "complaint",
        "state": "waiting",
        "queued_at": entered_at,
    }
    return Call(uid=uid, entered_at=entered_at, **(known | values))


def ended(
    uid: str, entered_at: datetime, *, waited: float, talked: float, seat: str = "8001", **values: object
) -> Call:
    """A call that a seat answered after `waited` seconds."""
    answered = entered_at + timedelta(seconds=waited)
    return call(
        uid, entered_at, state="ended", outcome="answered", seat=seat, answered_at=answered,
        ended_at=answered + timedelta(seconds=talked), ring_attempts=1, **values,
    )  # fmt: skip


async def floor(session: AsyncSession, now: datetime) -> None:
    """Three callers wait (one past the promise), one seat rings, one talks; a day of calls lies behind."""
    ago = lambda seconds: now - timedelta(seconds=seconds)  # noqa: E731
    session.add_all(
        [
            seat("8001", "李娜", "junior", "talking", ago(95), call_uid="n1-100.1"),
            seat("8002", "张伟", "junior", "ringing", ago(3), call_uid="n1-100.2", epoch=7),
            seat("8003", "王强", "senior", "ready", ago(41), idle_since=ago(41)),
            seat("8004", "陈静", "clerk", "break", ago(610), break_reason="meal"),
            seat("8005", "刘洋", "junior", "wrap_up", ago(12)),
            seat("8006", "黄磊", "junior", "offline", ago(7200), reachable=False),
            seat("8007", "徐静", "senior", "ready", ago(5), reachable=False),
            call("n1-100.1", ago(110), state="talking", seat="8001", answered_at=ago(95)),
            call("n1-100.2", ago(11), state="ringing", caller="13700001111", customer_class="key_account"),
            call("n1-100.3", ago(19), caller="", service="suggestion"),
            call("n1-100.4", ago(4), caller="02088886666", service="standards"),
        ]
    )
    for index in range(40):
        waited = 4.0 if index % 8 else 21.0
        uid = f"n1-90.{index}"
        entered = ago(300 + 60 * index)
        if index % 10 == 9:
            session.add(call(uid, entered, state="ended", outcome="abandoned", ended_at=entered + timedelta(seconds=9)))
            continue
        session.add(ended(uid, entered, waited=waited, talked=80))
        if waited > 15:
            cause = "ring_unanswered" if index else "no_idle_seat"
            session.add(
                Breach(call_uid=uid, cause=cause, waited_seconds=waited, limit_seconds=15, noted_at=entered, detail={})
            )


def speech(path: Path, seconds: float, *, rate: int = 16000) -> None:
    """A stereo FLAC of two voices that take turns: tones that rise and fall like syllables."""
    at = np.arange(int(seconds * rate)) / rate
    syllables = np.abs(np.sin(2 * math.pi * 2.7 * at)) * (0.6 + 0.4 * np.sin(2 * math.pi * 0.31 * at))
    voices = [np.sin(2 * math.pi * pitch * at) * syllables * 0.4 for pitch in (210, 130)]
    caller_speaks = np.sin(2 * math.pi * at / 9) > -0.2
    table = np.stack([voices[0] * caller_speaks, voices[1] * ~caller_speaks], axis=1)
    soundfile.write(path, table.astype(np.float32), rate, format="FLAC", subtype="PCM_16")


async def recording(session: AsyncSession, objects: Objects, uid: str, started_at: datetime, path: Path) -> None:
    """Store the FLAC at `path` as the recording of call `uid`, looked through without a finding."""
    key = f"test/{uid}.flac"
    await objects.put(key, path)
    data = path.read_bytes()
    info = soundfile.info(path)
    seconds = info.frames / info.samplerate
    session.add(
        Recording(
            call_uid=uid, object_key=key, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data),
            seconds=seconds, sample_rate=info.samplerate, caller_rms=0.1, seat_rms=0.1,
            caller_seconds=seconds, seat_seconds=seconds,
            started_at=started_at, finalised_at=started_at + timedelta(minutes=5),
        )
    )  # fmt: skip
    await session.flush()
    kept = await store.get(session, uid)
    assert kept is not None
    await renditions.note(session, uid, Check(kept.sha256, ()), started_at)


def said(turn: int, words: str) -> dict[str, object]:
    """Words of one of `TURNS` as evidence, with their seconds by their share of the turn."""
    _, start, end, text = TURNS[turn]
    first = text.index(words)
    last = first + len(words)
    second = [round(start + (end - start) * at / len(text), 2) for at in (first, last)]
    return {"start": second[0], "end": second[1], "text": words, "turn": turn, "first": first, "last": last}


def draft_json(**values: object) -> dict[str, object]:
    """A draft as `hotline transcribe --json` prints it."""
    return {
        "kind": "complaint",
        "business": "information",
        "nature": "tariff",
        "phone": "13912345678",
        "amount": "30",
        "urgent": True,
        "request": "要求退还费用并取消彩铃业务",
        "summary": "客户投诉未经同意被开通彩铃业务，每月扣费30元，要求退费并取消。",
        "dates": ["上个月"],
        "place": None,
        "what_happened": "上个月起话费里每月多了三十块钱彩铃费，从来没有开通过",
        "cause": "marketing",
        "cause_detail": "forced_value_added",
        "tags": ["charge_leakage"],
        "outcome": "dispatched",
        "promised": ["四十八小时内给您答复"],
        "number_check": "same",
        "key_account": True,
        "evidence": {
            "kind": [said(1, "我要投诉")],
            "business": [said(2, "彩铃费")],
            "nature": [said(2, "每个月多扣了三十块钱")],
            "phone": [said(6, "幺三九幺二三四五六七八")],
            "amount": [said(2, "三十块钱")],
            "urgent": [said(8, "今天必须给我解决")],
            "request": [said(4, "把钱退给我"), said(4, "取消")],
            "dates": [said(2, "上个月")],
            "what_happened": [said(2, "上个月开始，我的话费里每个月多扣了三十块钱")],
            "cause": [said(2, "说是什么彩铃费"), said(4, "从来没有")],
            "cause_detail": [said(4, "从来没有")],
            "tags": [said(2, "每个月多扣了三十块钱")],
            "outcome": [said(7, "我已经登记")],
            "promised": [said(7, "四十八小时内给您答复")],
        },
        "alternatives": {
            "business": [{"value": "mobile", "confidence": 0.44, "evidence": [said(2, "我的话费")]}],
            "amount": [{"value": "13", "confidence": 0.2, "evidence": [said(2, "三十块钱")]}],
            "cause": [{"value": "tariff", "confidence": 0.52, "evidence": [said(1, "乱收费")]}],
        },
        "confidence": {
            "kind": 0.98, "business": 0.91, "nature": 0.84, "phone": 0.95, "amount": 0.9, "urgent": 0.55,
            "request": 0.78, "dates": 0.7, "place": 0.0, "what_happened": 0.66, "cause": 0.71, "cause_detail": 0.68,
            "tags": 0.62, "outcome": 0.83, "promised": 0.88,
        },
    } | values  # fmt: skip


TURNS = (
    ("seat", 2.0, 5.6, "您好，这里是投诉热线，工号八零零一，请问有什么可以帮您？"),
    ("caller", 6.0, 9.4, "你好，我要投诉你们乱收费。"),
    ("caller", 9.6, 15.0, "上个月开始，我的话费里每个月多扣了三十块钱，说是什么彩铃费。"),
    ("seat", 15.4, 18.6, "请问您本人开通过彩铃业务吗？"),
    ("caller", 19.0, 24.0, "从来没有！请把钱退给我，马上取消。"),
    ("seat", 24.4, 26.6, "请留一个联系电话。"),
    ("caller", 27.0, 33.0, "幺三九幺二三四五六七八。"),
    ("seat", 33.6, 37.4, "好的，我已经登记，四十八小时内给您答复。"),
    ("caller", 38.0, 42.0, "今天必须给我解决，不然我去工信部申诉。"),
)


async def draft(
    session: AsyncSession, uid: str, now: datetime, due_at: datetime, turns: object = TURNS, **values: object
) -> None:
    """A transcript and the draft read out of it."""
    assert isinstance(turns, tuple)
    heard = Transcription(45.0, tuple(Turn(*turn) for turn in turns), engine="test")
    await drafts.save(session, uid, heard, draft_json(**values), now=now, due_at=due_at)


async def many_drafts(session: AsyncSession, now: datetime, count: int, first: int = 0) -> None:
    """A clerk's morning: drafts of every kind, the first overdue."""
    kinds = ("complaint", "suggestion", "enquiry", "report")
    businesses = ("mobile", "data", "fixed_line", "information", "payphone", "phone_card", "other")
    natures = ("tariff", "service_quality", "fault_repair", None, "install_move")
    words = (
        "宽带从昨天晚上就断了，报修电话打了三次都没人来。",
        "我建议你们营业厅周末也开门。",
        "我想问一下移机要多久。",
    )
    for index in range(first, count):
        entered = now - timedelta(minutes=100 - index / 3)
        uid = f"n1-200.{index}"
        session.add(ended(uid, entered, waited=4, talked=60))
        await draft(
            session, uid, entered, entered + timedelta(minutes=95 + index),
            turns=(("seat", 1.0, 3.0, "您好，请问有什么可以帮您？"), ("caller", 3.2, 8.0, words[index % 3])),
            kind=kinds[index % 4], business=businesses[index % 7], nature=natures[index % 5], urgent=index % 9 == 4,
            evidence={}, alternatives={}, key_account=index % 13 == 6, cause=None, cause_detail=None, tags=[],
            outcome=None, promised=[], confidence={"kind": 0.95 - index % 5 / 12, "business": 0.93 - index % 7 / 16},
        )  # fmt: skip


async def some_orders(session: AsyncSession, now: datetime, settings: Settings) -> None:
    """The recording clerk has confirmed a dozen drafts."""
    clerk = await session.scalar(select(User).where(User.login == Role.RECORDING_CLERK))
    assert clerk is not None
    subject = Subject(clerk.id, clerk.login, clerk.name, Role.RECORDING_CLERK, clerk.seat)
    for index in range(2, 26, 2):
        await orders.confirm(
            session, call_uid=f"n1-200.{index}", corrections={}, subject=subject, now=now, settings=settings
        )


async def samples(session: AsyncSession, now: datetime, settings: Settings) -> None:
    """Draw today, the recorded call among the drawn."""
    await draws.draw_day(
        session, local_day(now, settings.zone), settings=settings.model_copy(update={"qa_rate": 0.9}),
        actor="system", now=now, seed=2026,
    )  # fmt: skip


async def everything(
    database: Database, objects: Objects, settings: Settings, now: datetime, folder: Path, *, pending: int = 200
) -> None:
    """All that the pages can show."""
    flac = folder / "call.flac"
    speech(flac, 45)
    async with database.transaction() as session:
        await floor(session, now)
        session.add(ended("n1-300.1", now - timedelta(minutes=70), waited=6, talked=39, customer_class="key_account"))
        await recording(session, objects, "n1-300.1", now - timedelta(minutes=70), flac)
        await draft(session, "n1-300.1", now - timedelta(minutes=69), now - timedelta(minutes=10))
        await many_drafts(session, now, pending)
    async with database.transaction() as session:
        await some_orders(session, now, settings)
    async with database.transaction() as session:
        await samples(session, now, settings)
