"""Any sound file → 16 kHz samples that can be read anywhere, in bounded memory.

A file is decoded once, in blocks (`recordings.sound_files`), into 16-bit samples: in memory while they are few, in an
unnamed temporary file after that. Six hours of two channels take 1.4 GB of temporary disk and a few MB of memory;
silence takes none, as its zeros are left out of the file.
"""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np

from recordings.sound_files import LONGEST_HOURS, RATE, Samples, SoundUnusable, open_sound
from transcribe.errors import AudioError

__all__ = ["RATE", "Pcm", "Samples", "decode"]

_IN_MEMORY = 64 << 20
"""Bytes of decoded samples kept in memory: 17 minutes of two channels."""
_COMPARED_SECONDS = 30
_A_STEP = 2 / 32768


class Pcm:
    """Decoded audio of one file: `channels` (1 or 2) at 16 kHz. Close it when done."""

    def __init__(self, channels: int, warnings: tuple[str, ...] = ()) -> None:
        self.channels = channels
        self.frames = 0
        self.warnings = warnings
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed by close()
        self._written = 0

    @property
    def seconds(self) -> float:
        return self.frames / RATE

    def append(self, block: Samples) -> None:
        """Add samples of shape (frames, channels) in -1…1; what lies outside is clipped."""
        samples = (np.clip(block, -1.0, 1.0) * 32767.0).astype("<i2")
        if samples.any():
            at = self.frames * 2 * self.channels
            if at + samples.nbytes > _IN_MEMORY:
                self._file.rollover()  # type: ignore[attr-defined] # before the seek: memory would be filled up to it
            self._file.seek(at)  # past silence this leaves a hole, which a file system keeps for nothing
            self._file.write(samples.tobytes())
            self._written = self.frames + len(block)
        self.frames += len(block)

    def read(self, channel: int, start: float, end: float) -> Samples:
        """Samples of one channel between two seconds, cut at the file's ends; float32 in -1…1."""
        first = max(0, round(start * RATE))
        last = min(self.frames, round(end * RATE))
        if last <= first:
            return np.zeros(0, np.float32)
        samples = np.zeros(last - first, np.float32)
        there = min(last, self._written) - first
        if there > 0:
            width = 2 * self.channels
            self._file.seek(first * width)
            frames = np.frombuffer(self._file.read(there * width), "<i2").reshape(-1, self.channels)
            samples[:there] = frames[:, channel].astype(np.float32) / 32768.0
        return samples

    def is_doubled(self) -> bool:
        """Whether both channels carry one and the same sound, as a one-channel recording saved as two does."""
        if self.channels != 2:
            return False
        heard = False
        for second in range(0, math.ceil(self.seconds), _COMPARED_SECONDS):
            left, right = (self.read(channel, second, second + _COMPARED_SECONDS) for channel in (0, 1))
            loudest = float(np.abs(left).max(initial=0.0))
            if float(np.abs(left - right).max(initial=0.0)) > 0.02 * loudest + _A_STEP:
                return False
            heard = heard or loudest > 10 * _A_STEP
        return heard

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Pcm:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def decode(source: Path | BinaryIO, longest_hours: float = LONGEST_HOURS) -> Pcm:
    """Decode a whole file, or a file object that can seek, resampled to 16 kHz.

    A file that breaks off is decoded as far as it goes and says so in `warnings`. Raises AudioError for what cannot be
    used: no such file, no ordinary file, empty, not audio, a video, no samples, more than two channels, a sample rate
    that no recording has, more hours than `longest_hours`.
    """
    try:
        with open_sound(source, longest_hours=longest_hours) as sound:
            pcm = Pcm(sound.channels)
            try:
                for block in sound.blocks():
                    pcm.append(block)
            except OSError as error:
                pcm.close()
                raise AudioError(
                    f"cannot keep the decoded audio in {tempfile.gettempdir()}: {error.strerror}; free some space there"
                ) from error
            except BaseException:
                pcm.close()
                raise
            pcm.warnings = sound.warnings
            return pcm
    except SoundUnusable as error:
        raise AudioError(str(error)) from error
