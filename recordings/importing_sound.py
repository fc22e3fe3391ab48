"""One archived sound file → the store's FLAC, in a process that may only take so much (`hotline.bounded`)."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import soundfile

from recordings.encode import Encoded, Level, no_space, seal
from recordings.errors import DiskFull, RecordingError
from recordings.legs import SAMPLE_RATE
from recordings.sound_files import SoundUnusable, open_file, open_sound, printable

_CHUNK = 1 << 20


class SourceChanged(RecordingError):
    """The file was written to while it was read."""

    code: ClassVar[str] = "source_changed"


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was when its content was hashed; `changed_at` in seconds since 1970."""

    path: Path
    sha256: str
    bytes: int
    changed_at: float
    mark: tuple[int, int, int, int]
    """Device, inode, size and nanosecond of the last change."""


@dataclass(frozen=True, slots=True)
class Converted:
    """The FLAC that was made, and what it was made from."""

    encoded: Encoded
    channels: int
    source_rate: int
    source_kind: str
    warnings: tuple[str, ...]


def fingerprint(path: Path) -> Source:
    """SHA-256 of an ordinary file; SoundUnusable for a folder, link, device, pipe, an empty file, one on a bad disk."""
    with open_file(path, follow_links=False) as file:
        found = os.fstat(file.fileno())
        hashed = hashlib.sha256()
        read = 0
        try:
            while chunk := file.read(_CHUNK):
                hashed.update(chunk)
                read += len(chunk)
        except OSError as error:
            raise SoundUnusable(f"{printable(path.name)} cannot be read: {error.strerror}") from error
        if _mark(os.fstat(file.fileno())) != _mark(found) or read != found.st_size:
            raise SourceChanged("it is being written to; import it when it is finished")
    return Source(path, hashed.hexdigest(), read, found.st_mtime, _mark(found))


def convert(source: Source, target: Path, longest_hours: float, swap: bool) -> Converted:
    """Write `source` as FLAC of 16 kHz and 16 bits to the new file `target` and flush it to the disk.

    One channel stays one; of two the left is the caller, where `swap` exchanges them. Raises SoundUnusable,
    SourceChanged, DiskFull; `target` is removed then.
    """
    try:
        return _convert(source, target, longest_hours, swap)
    except BaseException as error:
        full = no_space(error, target.parent)  # asked before the half-made file gives its room back
        target.unlink(missing_ok=True)
        if full:
            raise DiskFull(f"no room to write {target.parent}; free some space, and run the import again") from error
        if isinstance(error, soundfile.LibsndfileError | OSError):
            raise RecordingError(f"cannot write into {target.parent}: {error}") from error
        raise


def _convert(source: Source, target: Path, longest_hours: float, swap: bool) -> Converted:
    frames = 0
    with open_sound(source.path, longest_hours=longest_hours, follow_links=False) as sound:
        levels = [Level() for _ in range(sound.channels)]
        descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with (
            os.fdopen(descriptor, "r+b") as file,
            soundfile.SoundFile(
                file.fileno(), "w", samplerate=SAMPLE_RATE, channels=sound.channels, format="FLAC", subtype="PCM_16",
                closefd=False,
            ) as out,
        ):  # fmt: skip
            for block in sound.blocks():
                samples = (np.clip(block, -1.0, 1.0) * 32767.0).astype(np.int16)
                if swap and sound.channels == 2:
                    samples = np.ascontiguousarray(samples[:, ::-1])
                for channel, level in enumerate(levels):
                    level.feed(samples[:, channel])
                out.write(samples)
                frames += len(samples)
    if _mark(source.path.lstat()) != source.mark:
        raise SourceChanged("it changed while it was imported; run the import again")
    written = soundfile.info(target).frames
    if written != frames:  # libsndfile reports a full disk only sometimes
        raise OSError(f"{target.name} holds {written} of {frames} frames")
    sha256, size = seal(target)
    seconds = frames / SAMPLE_RATE
    caller, seat = levels[0].rms, levels[-1].rms
    encoded = Encoded(target, sha256, size, seconds, seconds, seconds, caller, seat)
    return Converted(encoded, sound.channels, sound.rate, sound.kind, sound.warnings)


def _mark(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
