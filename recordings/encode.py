"""Two raw legs to one stereo FLAC, block by block: a call of six hours takes no more memory than one of six seconds."""

from __future__ import annotations

import errno
import hashlib
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import soundfile

from recordings.errors import DiskFull, LegsMissing, RecordingError
from recordings.legs import SAMPLE_BYTES, SAMPLE_RATE, Leg, Legs

BLOCK_SAMPLES = 1 << 16
_FULL_SCALE = 32768.0
Samples = npt.NDArray[np.int16]
Muted = npt.NDArray[np.bool_]
Spans = Sequence[tuple[float, float]]
"""Stretches in seconds from the recording's start."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A finished FLAC file and what was measured on the way; levels are 0…1 of full scale."""

    path: Path
    sha256: str
    bytes: int
    seconds: float
    caller_seconds: float
    seat_seconds: float
    caller_rms: float
    seat_rms: float


class Level:
    """Root mean square of the samples fed so far, from sample number `start` on, without those muted on purpose."""

    def __init__(self, start: int = 0) -> None:
        self._skip = max(0, start)
        self._squares = 0.0
        self._count = 0

    def feed(self, block: Samples, muted: Muted | None = None) -> None:
        """Count a block; `muted` says of each sample whether it was silenced, None that none was."""
        skipped = min(self._skip, len(block))
        self._skip -= skipped
        counted = block[skipped:].astype(np.float64)
        self._squares += float(np.dot(counted, counted))
        self._count += len(counted) - (int(np.count_nonzero(muted[skipped:])) if muted is not None else 0)

    @property
    def rms(self) -> float:
        return float((self._squares / self._count) ** 0.5 / _FULL_SCALE) if self._count else 0.0


def encode(legs: Legs, target: Path, *, answered_second: float | None = None, muted: Spans = ()) -> Encoded:
    """Write `legs` as stereo FLAC (left caller, right seat) to the new file `target` and flush it to the disk.

    The shorter leg is padded with silence; half a sample at the end of a torn leg is dropped. `answered_second` is
    counted from the recording's start: before it the right channel is prompts and music, not the seat. In the `muted`
    stretches both channels are silenced, whatever the legs hold there, and they do not count in the levels.
    Raises LegsMissing where neither leg holds a sample, DiskFull where there is no room; `target` is removed then.
    """
    if legs.seconds == 0:
        raise LegsMissing(f"call {legs.uid}: the legs hold no sound")
    try:
        return _encode(legs, target, answered_second, muted)
    except BaseException as error:
        full = no_space(error, target.parent)  # asked before the half-made file gives its room back
        target.unlink(missing_ok=True)
        if full:
            raise DiskFull(
                f"call {legs.uid}: no room to write {target.parent}; free some space, the legs are kept"
            ) from error
        if isinstance(error, soundfile.LibsndfileError | OSError):
            raise RecordingError(f"call {legs.uid}: cannot encode into {target.parent}: {error}") from error
        raise


def _encode(legs: Legs, target: Path, answered_second: float | None, muted: Spans) -> Encoded:
    total = max(leg.size // SAMPLE_BYTES for leg in legs.present)
    from_answer = round((answered_second or 0) * SAMPLE_RATE)
    caller_level, seat_level = Level(), Level(from_answer if from_answer < total else 0)
    left_source, right_source = _open(legs.caller), _open(legs.seat)
    caller_samples = seat_samples = written = 0
    try:
        with soundfile.SoundFile(
            target, "x", samplerate=SAMPLE_RATE, channels=2, format="FLAC", subtype="PCM_16"
        ) as out:
            while written < total:
                size = min(BLOCK_SAMPLES, total - written)
                left, right = _read(left_source, size), _read(right_source, size)
                caller_samples, seat_samples = caller_samples + len(left), seat_samples + len(right)
                stereo = np.zeros((size, 2), dtype="<i2")
                stereo[: len(left), 0] = left
                stereo[: len(right), 1] = right
                silenced = _silenced(muted, written, size)
                if silenced is not None:
                    stereo[silenced] = 0
                caller_level.feed(stereo[:, 0], silenced)
                seat_level.feed(stereo[:, 1], silenced)
                out.write(stereo)
                written += size
    finally:
        for source in (left_source, right_source):
            if source is not None:
                source.close()
    sha256, size = seal(target)
    _check(target, total)
    return Encoded(
        target,
        sha256,
        size,
        total / SAMPLE_RATE,
        caller_samples / SAMPLE_RATE,
        seat_samples / SAMPLE_RATE,
        caller_level.rms,
        seat_level.rms,
    )


def measure(path: Path, *, answered_second: float | None = None) -> Encoded:
    """What `encode` would have said of a FLAC that is there already; the legs' own lengths are not known.

    Of one channel, as an import may have it, both levels are its own. Raises RecordingError where the file is no
    recording of ours.
    """
    try:
        with soundfile.SoundFile(path) as file:
            if (file.format, file.samplerate) != ("FLAC", SAMPLE_RATE) or file.channels not in {1, 2}:
                raise RecordingError(
                    f"{path.name} is {file.format} with {file.channels} channels at {file.samplerate} Hz"
                )
            total = file.frames
            from_answer = round((answered_second or 0) * SAMPLE_RATE)
            caller_level, seat_level = Level(), Level(from_answer if from_answer < total else 0)
            for block in file.blocks(BLOCK_SAMPLES, dtype="int16", always_2d=True):
                caller_level.feed(block[:, 0])
                seat_level.feed(block[:, -1])
    except soundfile.LibsndfileError as error:
        raise RecordingError(f"{path.name} cannot be read as sound: {error}") from error
    sha256, size = seal(path)
    seconds = total / SAMPLE_RATE
    return Encoded(path, sha256, size, seconds, seconds, seconds, caller_level.rms, seat_level.rms)


def _silenced(muted: Spans, begin: int, size: int) -> Muted | None:
    """Of the `size` samples from number `begin` on, those within a muted stretch; None where none is."""
    found: Muted | None = None
    for start, end in muted:
        first = max(0, math.floor(start * SAMPLE_RATE) - begin)
        last = size if math.isinf(end) else min(size, math.ceil(end * SAMPLE_RATE) - begin)
        if first < last:
            found = np.zeros(size, dtype=np.bool_) if found is None else found
            found[first:last] = True
    return found


def _open(leg: Leg | None) -> BinaryIO | None:
    if leg is None:
        return None
    return os.fdopen(os.open(leg.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")


def _read(source: BinaryIO | None, samples: int) -> Samples:
    data = source.read(samples * SAMPLE_BYTES) if source is not None else b""
    whole = len(data) - len(data) % SAMPLE_BYTES
    return np.frombuffer(data[:whole], dtype="<i2")


def seal(path: Path) -> tuple[str, int]:
    """Flush the file and its folder to the disk; its SHA-256 (hexadecimal) and its size in bytes."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    flush_folder(path.parent)
    return digest, size


def flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check(path: Path, frames: int) -> None:
    """libsndfile reports a full disk only sometimes: a file whose own header says less than was written is not kept."""
    found = soundfile.info(path)
    if found.frames != frames or found.channels != 2:
        raise OSError(f"{path.name} holds {found.frames} of {frames} frames")


def no_space(error: BaseException, folder: Path) -> bool:
    """Whether a failure to write into `folder` was for want of room."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    if not isinstance(error, soundfile.LibsndfileError | OSError):
        return False
    # libsndfile says "System error" and keeps the errno to itself.
    free = os.statvfs(folder)
    return free.f_bavail * free.f_frsize < 1 << 20
