"""What a waveform needs, made once for a stored recording: levels by bucket and channel, and where nobody speaks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from recordings.replay_models import RecordingPeaks
from recordings.spans import Span, from_json, merged, to_json

BUCKETS = 1600
"""More than one per pixel of the player."""
QUIETEST_FULL_SCALE = 0.05
"""A call quieter than this is not drawn as if it were loud."""
STEP = 0.25
"""Seconds in which silence is looked for."""
SPEECH = 0.012
"""Of full scale: below it a quarter of a second has no voice, on the quietest lines that were measured."""
SHORTEST_SILENCE = 1.5
_TOGETHER = 40
"""Steps that are read at once."""
_EDGE = 0.25
"""Seconds left of a silence at either end, so that no first syllable is cut."""


@dataclass(frozen=True, slots=True)
class Peaks:
    """Levels 0…255 per channel, scaled to the loudest of the call, and the silences of all channels in seconds."""

    seconds: float
    channels: tuple[bytes, ...]
    quiet: tuple[Span, ...]


def read_peaks(path: Path, buckets: int = BUCKETS) -> Peaks:
    """Peaks of a sound file, read in blocks so that an hour of speech costs no more memory than a minute."""
    with soundfile.SoundFile(path) as file:
        frames, rate, channels = file.frames, file.samplerate, file.channels
        step = max(1, round(STEP * rate))
        rows = [_loudest(block, step) for block in file.blocks(step * _TOGETHER, dtype="int16", always_2d=True)]
    table = np.concatenate([*rows, np.zeros((0, channels), np.float32)])
    seconds = frames / rate
    quiet = _quiet(table.max(axis=1, initial=0.0) < SPEECH, seconds)
    loudest = max(QUIETEST_FULL_SCALE, float(table.max(initial=0.0)))
    drawn = _fewer(table, buckets)
    levels = np.clip(np.round(drawn / loudest * 255), 0, 255).astype(np.uint8)
    return Peaks(seconds, tuple(levels[:, channel].tobytes() for channel in range(channels)), quiet)


def _loudest(block: npt.NDArray[np.int16], step: int) -> npt.NDArray[np.float32]:
    """The loudest of each `step` samples, 0…1 of full scale."""
    missing = -len(block) % step
    padded = np.pad(block, ((0, missing), (0, 0))) if missing else block
    levels = np.abs(padded.astype(np.int32)).reshape(-1, step, block.shape[1]).max(axis=1)
    loud: npt.NDArray[np.float32] = (levels / 32768).astype(np.float32)
    return loud


def _fewer(table: npt.NDArray[np.float32], buckets: int) -> npt.NDArray[np.float32]:
    """At most `buckets` rows, each the loudest of those that it stands for."""
    together = max(1, -(-len(table) // buckets))
    missing = -len(table) % together
    padded = np.pad(table, ((0, missing), (0, 0)))
    return padded.reshape(-1, together, table.shape[1]).max(axis=1) if len(table) else table


def _quiet(silent: npt.NDArray[np.bool_], seconds: float) -> tuple[Span, ...]:
    spans = merged(
        ((float(at) * STEP, float(at + 1) * STEP) for at in np.flatnonzero(silent)), limit=seconds, most=len(silent) + 1
    )
    long = [(start, end) for start, end in spans if end - start >= SHORTEST_SILENCE]
    return tuple((start + _EDGE, end - _EDGE) for start, end in long)


async def made_of(path: Path) -> Peaks:
    """Peaks of a file, read beside the event loop."""
    return await asyncio.to_thread(read_peaks, path)


async def save(session: AsyncSession, call_uid: str, sha256: str, peaks: Peaks) -> None:
    """Keep them for the recording with this SHA-256, instead of those of other bytes."""
    row = {
        "sha256": sha256, "seconds": peaks.seconds, "channels": len(peaks.channels),
        "levels": b"".join(peaks.channels), "quiet": to_json(peaks.quiet),
    }  # fmt: skip
    statement = insert(RecordingPeaks).values(call_uid=call_uid, **row)
    await session.execute(statement.on_conflict_do_update(index_elements=["call_uid"], set_=row))


async def get(session: AsyncSession, call_uid: str, sha256: str) -> Peaks | None:
    """Those of the recording with this SHA-256, None where nobody has made them."""
    row = await session.get(RecordingPeaks, call_uid, populate_existing=True)
    if row is None or row.sha256 != sha256:
        return None
    size = len(row.levels) // row.channels
    channels = tuple(row.levels[at * size : (at + 1) * size] for at in range(row.channels))
    return Peaks(row.seconds, channels, tuple(from_json(row.quiet)))
