"""Any audio file that libsndfile reads → 16 kHz samples that can be read anywhere, in bounded memory.

A file is decoded once, in blocks, into 16-bit samples: in memory while they are few, in an unnamed temporary file
after that. Six hours of two channels take 1.4 GB of temporary disk and a few MB of memory.
"""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from transcribe.errors import AudioError

RATE = 16_000
"""Samples per second that every model here takes."""

Samples = npt.NDArray[np.float32]

_BLOCK_SECONDS = 20.0
_STEP_FRAMES = 1024
_IN_MEMORY = 64 << 20
"""Bytes of decoded samples kept in memory: 17 minutes of two channels."""
_LOWEST_RATE, _HIGHEST_RATE = 4_000, 384_000
_HEAD = 1 << 16
_COMPARED_SECONDS = 30
_A_STEP = 2 / 32768
_NO_PROMISE = 1 << 61
"""Frames that libsndfile names where it cannot tell the length."""
_SHORTEST = 0.05
"""Seconds below which there is nothing to recognise."""


@dataclass(frozen=True, slots=True)
class _Claimed:
    """What the file's header says."""

    rate: int
    channels: int
    frames: int


class Pcm:
    """Decoded audio of one file: `channels` (1 or 2) at 16 kHz. Close it when done."""

    def __init__(self, channels: int, warnings: tuple[str, ...] = ()) -> None:
        self.channels = channels
        self.frames = 0
        self.warnings = warnings
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed by close()

    @property
    def seconds(self) -> float:
        return self.frames / RATE

    def append(self, block: Samples) -> None:
        """Add samples of shape (frames, channels) in -1…1; what lies outside is clipped."""
        self._file.seek(0, 2)
        self._file.write((np.clip(block, -1.0, 1.0) * 32767.0).astype("<i2").tobytes())
        self.frames += len(block)

    def read(self, channel: int, start: float, end: float) -> Samples:
        """Samples of one channel between two seconds, cut at the file's ends; float32 in -1…1."""
        first = max(0, round(start * RATE))
        last = min(self.frames, round(end * RATE))
        if last <= first:
            return np.zeros(0, np.float32)
        width = 2 * self.channels
        self._file.seek(first * width)
        frames = np.frombuffer(self._file.read((last - first) * width), "<i2").reshape(-1, self.channels)
        return frames[:, channel].astype(np.float32) / 32768.0

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


def decode(source: Path | BinaryIO) -> Pcm:
    """Decode a whole file, or a file object that can seek, resampled to 16 kHz.

    A file that breaks off is decoded as far as it goes and says so in `warnings`. Raises AudioError for what cannot be
    used: no such file, empty, not audio, no samples, more than two channels, a sample rate that no recording has.
    """
    name = source.name if isinstance(source, Path) else "the sound"
    if isinstance(source, Path):
        _check_file(source)
    head = _head(source)
    try:
        with soundfile.SoundFile(source) as sound:
            claimed = _Claimed(sound.samplerate, sound.channels, sound.frames)
            _check_header(name, claimed)
            return _decode_open(name, sound, claimed, _wav_frames(head))
    except soundfile.LibsndfileError as error:
        reason = str(error.error_string).rstrip(". ")
        raise AudioError(
            f"{name} is not audio that can be read ({reason}); give a WAV, FLAC, Ogg, MP3 or other sound file"
        ) from error


def _check_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise AudioError(f"{path} is a folder; give one sound file")
        if path.stat().st_size == 0:
            raise AudioError(f"{path.name} is empty (0 bytes); nothing was recorded into it")
        with path.open("rb"):
            pass
    except FileNotFoundError as error:
        raise AudioError(f"there is no file {path}") from error
    except OSError as error:
        raise AudioError(f"{path} cannot be read: {error.strerror}") from error


def _head(source: Path | BinaryIO) -> bytes:
    if isinstance(source, Path):
        with source.open("rb") as file:
            return file.read(_HEAD)
    head = source.read(_HEAD)
    source.seek(0)
    return head


def _check_header(name: str, claimed: _Claimed) -> None:
    if claimed.channels > 2:
        raise AudioError(f"{name} has {claimed.channels} channels; give one channel, or two (left caller, right seat)")
    if not _LOWEST_RATE <= claimed.rate <= _HIGHEST_RATE:
        raise AudioError(
            f"{name} says {claimed.rate} samples per second; "
            f"speech is recorded at {_LOWEST_RATE} to {_HIGHEST_RATE}, so the header is wrong"
        )


def _decode_open(name: str, sound: Any, claimed: _Claimed, wav_frames: int) -> Pcm:
    pcm = Pcm(claimed.channels)
    try:
        got, broken, invalid = _copy(sound, claimed, pcm)
        pcm.warnings = _warnings(claimed, max(claimed.frames, wav_frames), got, broken, invalid)
    except OSError as error:
        pcm.close()
        raise AudioError(
            f"cannot keep the decoded audio in {tempfile.gettempdir()}: {error.strerror}; free some space there"
        ) from error
    except BaseException:
        pcm.close()
        raise
    if pcm.seconds < _SHORTEST:
        pcm.close()
        raise AudioError(f"{name} holds no sound; its header is there but the samples are not")
    return pcm


def _warnings(claimed: _Claimed, promised: int, got: int, broken: bool, invalid: int) -> tuple[str, ...]:
    warnings = []
    missing = max(0.0, (promised - got) / claimed.rate) if promised < _NO_PROMISE else 0.0
    if broken or missing > 0.1:
        read = got / claimed.rate
        of_all = f" of {read + missing:.1f}" if missing > 0.1 else ""
        warnings.append(f"the file breaks off; {read:.1f}{of_all} seconds could be read")
    if invalid:
        warnings.append(f"{invalid} samples were not numbers and were taken as silence")
    return tuple(warnings)


def _copy(sound: Any, claimed: _Claimed, pcm: Pcm) -> tuple[int, bool, int]:
    """Frames read, whether decoding stopped at damage, and how many samples were not finite."""
    resampler = (
        None
        if claimed.rate == RATE
        else soxr.ResampleStream(claimed.rate, RATE, claimed.channels, dtype="float32", quality="HQ")
    )
    got = invalid = 0
    broken = False
    while not broken:
        block, broken = _block(sound, math.ceil(claimed.rate * _BLOCK_SECONDS), got)
        if len(block) == 0:
            break
        got += len(block)
        finite = np.isfinite(block)
        if not finite.all():
            invalid += int(np.count_nonzero(~finite))
            block = np.where(finite, block, np.float32(0))
        pcm.append(_resample(resampler, block, last=False))
    pcm.append(_resample(resampler, np.zeros((0, claimed.channels), np.float32), last=True))
    return got, broken, invalid


def _block(sound: Any, size: int, got: int) -> tuple[Samples, bool]:
    """The next frames, `size` unless the file ends, and whether it ended at damage.

    A read that runs into damage gives nothing at all, so what it would have given is then read in small steps.
    """
    try:
        return sound.read(size, dtype="float32", always_2d=True), False
    except soundfile.LibsndfileError:
        pass
    steps: list[Samples] = []
    try:
        sound.seek(got)
        while len(step := sound.read(_STEP_FRAMES, dtype="float32", always_2d=True)):
            steps.append(step)
    except soundfile.LibsndfileError:
        return _stacked(steps, sound), True
    return _stacked(steps, sound), True


def _stacked(steps: list[Samples], sound: Any) -> Samples:
    return np.concatenate(steps) if steps else np.zeros((0, sound.channels), np.float32)


def _resample(resampler: Any, block: Samples, last: bool) -> Samples:
    if resampler is None:
        return block
    out: Samples = resampler.resample_chunk(block, last=last)
    return out.reshape(-1, block.shape[1])


def _wav_frames(head: bytes) -> int:
    """Frames that a WAV's data chunk promises, 0 for what is no WAV.

    libsndfile quietly shortens a WAV whose data chunk is longer than the file, so that chunk's own size is read here.
    A writer that was killed leaves 0 or the largest number there: such a size promises nothing.
    """
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return 0
    at, width = 12, 0
    while at + 8 <= len(head):
        name, size = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
        if name == b"fmt ":
            width = int.from_bytes(head[at + 20 : at + 22], "little")
        if name == b"data":
            return size // width if width and size < 0x7FFFFFFF else 0
        at += 8 + size + (size & 1)
    return 0
