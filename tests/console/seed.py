"""A floor with people at work, calls of today and one real recording: what the console's tests look at."""

from __future__ import annotations

import hashlib
import math
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import soundfile
from sqlalchemy.ext.asyncio import AsyncSession

from acd.models import Breach, Call, Seat
from hotline.models import User
from hotline.passwords import hash_password
from hotline.roles import Role
from recordings.models import Recording
from recordings.objects import Objects

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
    known: dict[str, object] = {"skills": ["complaint", "suggestion"], "sip_secret": "-", "reachable": True, "epoch": 0}
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
    """Store the FLAC at `path` as the recording of call `uid`."""
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
