"""The masked rendition of a recording: the same call with the stretches silenced in which sensitive digits are said.

Made after recognition, by whoever knows the seconds (`transcribe`). A soft tone says that something was taken out. Both
channels are covered, because the seat may be heard on the caller's line. The recording itself is never changed.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from recordings import stored
from recordings.encode import seal
from recordings.models import Recording
from recordings.objects import EXTENSION, Objects, keep
from recordings.private import plain_folder
from recordings.replay_models import RecordingCheck, RecordingMark, RecordingPeaks
from recordings.spans import Span, from_json, merged, to_json
from recordings.store import RecordingView, local_file

FOLDER = "masked"
"""Beside the days of the recordings, so that no search for lost recordings takes one for a call."""
MARKS = ("masked", "by-ear")
TONE_HZ = 440.0
TONE_LEVEL = 0.02
_RAMP = 0.02
"""Seconds in which the tone comes and goes."""
_MOST_RANGES = 2000
_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class ByEar:
    """The rendition in which the stretches are heard that the recogniser failed on, and the numbers that were found are
    not; `key` None where nothing is silenced in it and it is the recording itself."""

    ranges: tuple[Span, ...]
    key: str | None = None
    sha256: str | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A recording that was looked through; `key` None where there was nothing to silence."""

    source_sha256: str
    ranges: tuple[Span, ...]
    key: str | None = None
    sha256: str | None = None
    bytes: int | None = None
    by_ear: ByEar | None = None
    """For who must key in what the recogniser failed on; None where there is nothing of the kind."""


async def get(session: AsyncSession, recording: RecordingView) -> Check | None:
    """The check of exactly these bytes; None where nobody has looked through them yet."""
    row = await session.get(RecordingCheck, recording.call_uid, populate_existing=True)
    if row is None or row.source_sha256 != recording.sha256:
        return None
    by_ear = None
    if row.by_ear_ranges is not None:
        by_ear = ByEar(tuple(from_json(row.by_ear_ranges)), row.by_ear_key, row.by_ear_sha256, row.by_ear_bytes)
    return Check(row.source_sha256, tuple(from_json(row.ranges)), row.object_key, row.sha256, row.bytes, by_ear)


async def make(
    objects: Objects, recording: RecordingView, ranges: Iterable[Span], by_ear: Iterable[Span] | None = None
) -> Check:
    """Silence `ranges` (seconds) and store what comes of it; nothing is stored where there are none.

    With `by_ear`, those of them that are silenced also for who keys in by ear, a second rendition is made. Done again
    with the same ranges it finds the same objects. Raises what `store.local_file` and `objects.keep` do.
    """
    found = _kept(ranges, recording)
    key, sha256, size = await _stored(objects, recording, found, MARKS[0])
    ear = None
    if by_ear is not None:
        fewer = _kept(by_ear, recording)
        ear = ByEar(fewer, *await _stored(objects, recording, fewer, MARKS[1]))
    return Check(recording.sha256, found, key, sha256, size, ear)


def _kept(ranges: Iterable[Span], recording: RecordingView) -> tuple[Span, ...]:
    # to the hundredth, as it is kept: a copy that was taken out is held against the original by these seconds
    return tuple(from_json(to_json(merged(ranges, limit=recording.seconds, most=_MOST_RANGES))))


async def _stored(
    objects: Objects, recording: RecordingView, found: tuple[Span, ...], mark: str
) -> tuple[str, str, int] | tuple[None, None, None]:
    """Key, SHA-256 and length of the recording with `found` silenced."""
    if not found:
        return None, None, None
    with plain_folder(objects.work()) as folder:
        target = folder / f"{mark}{EXTENSION}"
        async with local_file(objects, recording) as path:
            await asyncio.to_thread(silence, path, target, found)
        sha256, size = await asyncio.to_thread(seal, target)
        stem = f"{beside(recording.object_key)}{mark}"
        key = await keep(objects, target, f"{stem}{EXTENSION}", f"{stem}-{sha256[:12]}{EXTENSION}", sha256)
    return key, sha256, size


async def note(session: AsyncSession, call_uid: str, check: Check, now: datetime) -> list[str]:
    """Make this the check that counts; keys of the renditions that it replaces, to be deleted after the commit."""
    before = await session.get(RecordingCheck, call_uid, with_for_update=True, populate_existing=True)
    ear = check.by_ear or ByEar(())
    now_used = {check.key, ear.key}
    old = [key for key in _keys(before) if key not in now_used]
    former = [key for key in (*(before.former if before is not None else ()), *old) if key not in now_used]
    row = {
        "checked_at": now, "source_sha256": check.source_sha256, "ranges": to_json(check.ranges),
        "object_key": check.key, "sha256": check.sha256, "bytes": check.bytes, "former": former,
        "by_ear_ranges": to_json(ear.ranges) if check.by_ear is not None else None, "by_ear_key": ear.key,
        "by_ear_sha256": ear.sha256, "by_ear_bytes": ear.bytes,
    }  # fmt: skip
    statement = insert(RecordingCheck).values(call_uid=call_uid, **row)
    await session.execute(statement.on_conflict_do_update(index_elements=["call_uid"], set_=row))
    return old


def beside(object_key: str) -> str:
    """How the keys of all renditions of the recording under `object_key` begin."""
    return f"{FOLDER}/{object_key.removesuffix(EXTENSION)}~"


async def keys_of(session: AsyncSession, call_uid: str, object_key: str) -> set[str]:
    """Every key under which something made of this call's recording may lie, for an erasure.

    Whoever is killed between the store and the check's row leaves a rendition that no check names.
    """
    row = await session.get(RecordingCheck, call_uid, populate_existing=True)
    named = [] if row is None else [*_keys(row), *row.former]
    usual = [f"{beside(object_key)}{mark}{EXTENSION}" for mark in MARKS]
    return {*named, *usual, *await stored.beginning(session, beside(object_key))}


def _keys(row: RecordingCheck | None) -> list[str]:
    return [] if row is None else [key for key in (row.object_key, row.by_ear_key) if key is not None]


async def forget(session: AsyncSession, call_uid: str) -> None:
    """Delete what is known beside a recording that is being erased: check, waveform, marks."""
    for table in (RecordingCheck, RecordingPeaks, RecordingMark):
        await session.execute(delete(table).where(table.call_uid == call_uid))


async def unchecked(session: AsyncSession, call_uids: Sequence[str]) -> set[str]:
    """Which of these calls have a recording that nobody has looked through."""
    rows = await session.scalars(
        select(Recording.call_uid)
        .outerjoin(
            RecordingCheck,
            (RecordingCheck.call_uid == Recording.call_uid) & (RecordingCheck.source_sha256 == Recording.sha256),
        )
        .where(Recording.call_uid.in_(call_uids), RecordingCheck.call_uid.is_(None))
    )
    return set(rows)


def silence(source: Path, target: Path, ranges: Sequence[Span]) -> None:
    """Write `source` to the new FLAC file `target` with a soft tone instead of what is heard in `ranges`."""
    with soundfile.SoundFile(source) as file:
        rate = file.samplerate
        with soundfile.SoundFile(
            target, "x", samplerate=rate, channels=file.channels, format="FLAC", subtype="PCM_16"
        ) as out:
            at = 0
            while len(block := file.read(_BLOCK, dtype="int16", always_2d=True)):
                for start, end in ranges:
                    first, last = math.floor(start * rate), math.ceil(end * rate)
                    low, high = max(first, at), min(last, at + len(block))
                    if low < high:
                        block[low - at : high - at] = _tone(low, high, first, last, rate)[:, None]
                out.write(block)
                at += len(block)


def _tone(low: int, high: int, first: int, last: int, rate: int) -> npt.NDArray[np.int16]:
    """Samples `low` to `high` of the tone that stands for `first` to `last`."""
    at = np.arange(low, high)
    edge = np.minimum(at - first, last - 1 - at) / (_RAMP * rate)
    wave = np.sin(2 * np.pi * TONE_HZ * at / rate) * np.clip(edge, 0, 1) * TONE_LEVEL
    return np.round(wave * 32767).astype(np.int16)
