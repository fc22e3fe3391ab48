"""A copy of a recording, whole or some seconds of it, that leaves the house with a certificate (D123).

Sensitive digits stay silenced in it unless they are asked for by somebody who may hear them. The audit row comes first;
the certificate names it, and is signed with a key of the installation, so that it can be checked without us.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import soundfile
from sqlalchemy.ext.asyncio import AsyncSession

from hotline import audit
from hotline.accounts import Subject
from hotline.database import Database
from hotline.roles import Action
from hotline.settings import Settings
from recordings import renditions, store
from recordings.clip_certificates import Statement, signed, write_files
from recordings.encode import no_space, seal
from recordings.errors import DiskFull, NoRecording, NotChecked, RecordingError
from recordings.objects import Objects
from recordings.private import opened_copy, plain_folder
from recordings.spans import Span
from recordings.store import RecordingView

LONGEST_REASON = 200
_BLOCK = 1 << 16


class BadClip(RecordingError):
    """The seconds are not in the recording, or no reason was given."""

    code = "bad_clip"


class Form(StrEnum):
    FLAC = "flac"
    WAV = "wav"


@dataclass(frozen=True, slots=True)
class By:
    """Who takes the copy out: a person of the console, or whoever sits at the server's shell."""

    actor: str
    role: str

    @classmethod
    def person(cls, subject: Subject, *, clear: bool) -> By:
        """Raises Denied where the role may not export, or not with sensitive digits in it."""
        subject.demand(Action.RECORDING_EXPORT)
        if clear:
            subject.demand(Action.SENSITIVE_VIEW)
        return cls(subject.login, subject.role.value)


@dataclass(frozen=True, slots=True)
class Wish:
    """`start` and `end` in seconds; None is the recording's own beginning and end."""

    call_uid: str
    reason: str
    start: float | None = None
    end: float | None = None
    form: Form = Form.FLAC
    clear: bool = False


@dataclass(frozen=True, slots=True)
class Clip:
    """The files that were written: the sound, its certificate as JSON and as a page to read."""

    sound: Path
    certificate: Path
    page: Path
    statement: Statement


async def export(
    database: Database, objects: Objects, settings: Settings, by: By, wish: Wish, *, folder: Path, now: datetime
) -> Clip:
    """Write a clip and its certificate into `folder`; audited before they are there.

    Raises NoRecording, NotChecked, BadClip, DiskFull, and what reading the store raises.
    """
    reason = " ".join(wish.reason.split())
    if not reason or len(reason) > LONGEST_REASON:
        raise BadClip(f"say why and for whom, in up to {LONGEST_REASON} characters")
    async with database.transaction() as session:
        recording, key, silenced = await _source(session, wish)
    start, end = _bounds(wish, recording)
    sound = folder / f"{recording.call_uid}_{start:.2f}-{end:.2f}.{wish.form}"
    with plain_folder(objects.work()) as made:  # nothing is in `folder` that the audit does not know of
        clip = made / sound.name
        async with opened_copy(objects, key, ".flac") as source:
            whole = wish.form is Form.FLAC and (start, end) == (0.0, recording.seconds)
            how = (shutil.copyfile, source, clip) if whole else (cut, source, clip, start, end)
            await asyncio.to_thread(_written, *how)
        sha256, size = await asyncio.to_thread(seal, clip)
        samples = await asyncio.to_thread(samples_sha256, clip)
        facts = {
            "clip": {"file": sound.name, "sha256": sha256, "bytes": size, "samples_sha256": samples},
            "call": recording.call_uid,
            "original": {"sha256": recording.sha256, "bytes": recording.bytes, "seconds": round(recording.seconds, 3)},
            "from": start,
            "to": end,
            "silenced": [[low, high] for low, high in silenced],
            "reason": reason,
        }
        async with database.transaction() as session:
            entry = await audit.record(
                session, actor=by.actor, role=by.role, action=Action.RECORDING_EXPORT.value,
                subject=f"call:{recording.call_uid}", detail=facts, now=now,
            )  # fmt: skip
            row = {"seq": entry.seq, "digest": entry.digest}
        await asyncio.to_thread(_written, _hand_over, clip, sound)
    statement = Statement(
        facts | {"recorded_at": recording.started_at.isoformat(), "exported_at": now.isoformat(),
                 "exported_by": by.actor, "role": by.role, "audit": row}
    )  # fmt: skip
    certificate, page = write_files(signed(settings, statement), sound)
    return Clip(sound, certificate, page, statement)


def _written(write: Callable[..., object], source: Path, target: Path, *how: float) -> None:
    """`write`, with what the disk says in this room's words."""
    try:
        write(source, target, *how)
    except (OSError, soundfile.LibsndfileError) as error:
        if no_space(error, target.parent):
            raise DiskFull(f"no room to write the copy into {target.parent}; free some space") from error
        raise RecordingError(f"cannot write the copy into {target.parent}: {error}") from error


def _hand_over(clip: Path, sound: Path) -> None:
    """Put the clip where it was asked for, whole or not at all and for its owner, instead of one taken before."""
    half = sound.with_name(f".{sound.name}.part")
    half.unlink(missing_ok=True)
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out, clip.open("rb") as file:
            shutil.copyfileobj(file, out, _BLOCK)
        half.replace(sound)
    finally:
        half.unlink(missing_ok=True)


async def _source(session: AsyncSession, wish: Wish) -> tuple[RecordingView, str, tuple[Span, ...]]:
    """The recording, the object that is copied from, and the seconds that are silenced in it."""
    recording = await store.get(session, wish.call_uid)
    if recording is None:
        raise NoRecording("this call has no stored recording; `hotline recordings reconcile` says why")
    if wish.clear:
        return recording, recording.object_key, ()
    check = await renditions.get(session, recording)
    if check is None:
        raise NotChecked("this recording is being checked for card numbers; export it when it is transcribed")
    return recording, check.key or recording.object_key, check.ranges


def _bounds(wish: Wish, recording: RecordingView) -> Span:
    start = 0.0 if wish.start is None else round(float(wish.start), 2)
    end = recording.seconds if wish.end is None else round(float(wish.end), 2)
    if not 0 <= start < end <= recording.seconds + 0.01:
        raise BadClip(
            f"the recording lasts {recording.seconds:.1f} s; take seconds within it, the first before the last"
        )
    return start, min(end, recording.seconds)


def cut(source: Path, target: Path, start: float, end: float) -> None:
    """Write seconds `start` to `end` of a FLAC file to a new file, FLAC or WAV by its name."""
    with soundfile.SoundFile(source) as file:
        rate = file.samplerate
        left = min(round(end * rate), file.frames) - round(start * rate)
        file.seek(round(start * rate))
        with soundfile.SoundFile(target, "x", samplerate=rate, channels=file.channels, subtype="PCM_16") as out:
            while left > 0 and len(block := file.read(min(_BLOCK, left), dtype="int16", always_2d=True)):
                out.write(block)
                left -= len(block)


def samples_sha256(path: Path) -> str:
    """SHA-256 of the samples as 16-bit little-endian integers: the same for a FLAC and a WAV of the same sound."""
    hashed = hashlib.sha256()
    with soundfile.SoundFile(path) as file:
        for block in file.blocks(_BLOCK, dtype="int16", always_2d=True):
            hashed.update(block.astype("<i2").tobytes())
    return hashed.hexdigest()
