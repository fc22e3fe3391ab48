"""Sound files of any origin → 16 kHz samples, block by block; nothing a file says of itself is believed.

A file is taken for what its bytes are, whatever its name: libsndfile reads it first, files without a header
(`.gsm`, `.ulaw`, `.alaw`, `.sln`) are known by their ending and looked at, and FFmpeg is asked about the rest. Memory
is that of one block; length, channels and rate have limits, so that time and disk have them too.
"""

from __future__ import annotations

import io
import math
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Protocol

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from recordings.errors import RecordingError
from recordings.wav_headers import data_chunk, mended

RATE = 16_000
"""Samples per second that recordings are kept at and every model takes."""
LONGEST_HOURS = 12.0

Samples = npt.NDArray[np.float32]

_BLOCK_SECONDS = 20.0
_BLOCK_FRAMES = 1 << 20
_STEP_FRAMES = 1024
_LOWEST_RATE, _HIGHEST_RATE = 4_000, 384_000
_HEAD = 1 << 16
_NO_PROMISE = 1 << 61
"""Frames that libsndfile names where it cannot tell the length."""
_SHORTEST = 0.05
"""Seconds below which there is nothing to hear."""
_KNOWN = frozenset({"WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC", "OGG", "MP3", "VOC", "NIST"})
"""What archives are made of. libsndfile's rarer formats are recognised by next to nothing and read by old code."""
_NO_HEADER = {
    ".gsm": ("GSM610", 8_000),
    ".ulaw": ("ULAW", 8_000),
    ".ul": ("ULAW", 8_000),
    ".alaw": ("ALAW", 8_000),
    ".al": ("ALAW", 8_000),
    ".sln": ("PCM_16", 8_000),
    ".sln16": ("PCM_16", 16_000),
}
_GSM_FRAME, _GSM_MARK = 33, 0xD
_PAGE = re.compile(rb"OggS\0(.)", re.DOTALL)
_BEGINS = 2
"""In a page's flags: it is a stream's first one."""
_FOREIGN = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"%PDF",
    b"PK\3\4",
    b"\x7fELF",
    b"MZ",
    b"\x1f\x8b",
    b"Rar!",
    b"{\\rtf",
)


class SoundUnusable(RecordingError):
    """The file is no sound that can be taken; the sentence says why and what to give instead."""

    code: ClassVar[str] = "sound_unusable"


@dataclass(frozen=True, slots=True)
class Claimed:
    """What the file's header says."""

    rate: int
    channels: int
    frames: int


class Decoder(Protocol):
    """One open file behind a library."""

    claimed: Claimed
    kind: str

    def block(self, size: int, got: int) -> tuple[Samples, bool]:
        """The next frames (n, channels), none at the end, and whether decoding stopped there at damage."""
        ...


class Sound:
    """An open sound file: read `blocks()` once, then `seconds` and `warnings` are complete."""

    def __init__(
        self, name: str, decoder: Decoder, promised: int, longest_hours: float, told: float | None = None
    ) -> None:
        self.name = name
        self.rate = decoder.claimed.rate
        self.channels = decoder.claimed.channels
        self.kind = decoder.kind
        """Container and coding as the library names them, such as `WAV ULAW`."""
        self.seconds = 0.0
        """Of the readable audio, by the file's own rate."""
        self.warnings: tuple[str, ...] = ()
        self._decoder = decoder
        self._promised = promised
        self._longest = longest_hours
        self._told = told

    def blocks(self) -> Iterator[Samples]:
        """Samples of shape (frames, channels) at 16 kHz, finite, nominally in -1…1.

        Raises SoundUnusable where the file goes on for longer than it may, or ends before it has begun.
        """
        resampler = (
            None
            if self.rate == RATE
            else soxr.ResampleStream(self.rate, RATE, self.channels, dtype="float32", quality="HQ")
        )
        size = min(math.ceil(self.rate * _BLOCK_SECONDS), _BLOCK_FRAMES)
        most = round(self._longest * 3600 * self.rate)
        got = invalid = 0
        broken = False
        while not broken:
            block, broken = self._decoder.block(size, got)
            if len(block) == 0:
                break
            got += len(block)
            if got > most:
                raise SoundUnusable(too_long(self.name, self._longest))
            finite = np.isfinite(block)
            if not finite.all():
                invalid += int(np.count_nonzero(~finite))
                block = np.where(finite, block, np.float32(0))
            yield _resampled(resampler, block, last=False)
        yield _resampled(resampler, np.zeros((0, self.channels), np.float32), last=True)
        self.seconds = got / self.rate
        self.warnings = self._warned(got, broken, invalid)
        if self.seconds < _SHORTEST:
            raise SoundUnusable(f"{self.name} holds no sound; its header is there but the samples are not")

    def _warned(self, got: int, broken: bool, invalid: int) -> tuple[str, ...]:
        warnings = []
        if self._told is not None:
            warnings.append(f"its header ends it after {self._told:.1f} seconds; what follows was read too")
        missing = max(0.0, (self._promised - got) / self.rate) if self._promised < _NO_PROMISE else 0.0
        if broken or missing > 0.1:
            read = got / self.rate
            of_all = f" of {read + missing:.1f}" if missing > 0.1 else ""
            warnings.append(f"the file breaks off; {read:.1f}{of_all} seconds could be read")
        if invalid:
            warnings.append(f"{invalid} samples were not numbers and were taken as silence")
        return tuple(warnings)


@contextmanager
def open_sound(
    source: Path | BinaryIO, *, longest_hours: float = LONGEST_HOURS, follow_links: bool = True
) -> Iterator[Sound]:
    """A sound file, or a file object that can seek, for as long as the block runs.

    Raises SoundUnusable for what cannot be used: no such file, no ordinary file, empty, not audio, a video, more than
    two channels, a sample rate that no recording has, more hours than `longest_hours`.
    """
    if isinstance(source, Path):
        with open_file(source, follow_links=follow_links) as file, _opened(file, source.name, longest_hours) as sound:
            yield sound
    else:
        with _opened(source, "", longest_hours) as sound:
            yield sound


def open_file(path: Path, *, follow_links: bool) -> io.FileIO:
    """An ordinary file, opened without ever waiting; SoundUnusable for a folder, device, pipe or empty file."""
    shown = printable(str(path))
    try:
        # Looked at before it is opened: opening a device can have effects, and a pipe would be waited for.
        _demand_ordinary(path.stat() if follow_links else path.lstat(), shown)
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if follow_links else os.O_NOFOLLOW)
        file = os.fdopen(os.open(path, flags), "rb", buffering=0)  # unbuffered: libsndfile shares its position
    except FileNotFoundError as error:
        raise SoundUnusable(f"there is no file {shown}") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its name holds a zero byte"
        raise SoundUnusable(f"{shown} cannot be read: {reason}") from error
    try:
        _demand_ordinary(os.fstat(file.fileno()), shown)
        _demand_content(file, path)
    except BaseException:
        file.close()
        raise
    return file


def printable(name: str) -> str:
    """A file's name for people: line ends, escape codes and undecodable bytes are written out, the rest is as it is."""
    return "".join(
        character if character.isprintable() and unicodedata.category(character) != "Cf" else ascii(character)[1:-1]
        for character in name
    )


def too_long(name: str, hours: float) -> str:
    return f"{name} lasts longer than {hours:g} hours; cut it, or raise `recordings.longest_hours`"


def _demand_content(file: io.FileIO, path: Path) -> None:
    if os.fstat(file.fileno()).st_size == 0:
        raise SoundUnusable(f"{printable(path.name)} is empty (0 bytes); nothing was recorded into it")


def _demand_ordinary(found: os.stat_result, shown: str) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise SoundUnusable(f"{shown} is a folder; give one sound file")
    if stat.S_ISLNK(found.st_mode):
        raise SoundUnusable(f"{shown} is a link; give the file itself")
    if not stat.S_ISREG(found.st_mode):
        raise SoundUnusable(f"{shown} is a device or a pipe; give an ordinary file")


@contextmanager
def _opened(file: BinaryIO | io.FileIO, name: str, longest_hours: float) -> Iterator[Sound]:
    shown = printable(name) or "the sound"
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    suffix = Path(name).suffix.lower()
    whole = mended(file, head)
    sound_file, reason = None, "a chained Ogg file"
    if not (head.startswith(b"OggS") and _is_chained(file)):  # libsndfile ends with the first of several streams
        file.seek(0)
        sound_file, reason = _libsndfile(whole or file)
    if sound_file is not None and suffix in _NO_HEADER and sound_file.format == "MP3" and head[:3] != b"ID3":
        sound_file.close()  # silence in µ-law, FF FF FF …, looks like the beginning of an MP3
        sound_file = None
    if sound_file is None and suffix in _NO_HEADER:
        _demand_headerless(shown, suffix, head)
        subtype, rate = _NO_HEADER[suffix]
        file.seek(0)
        sound_file, reason = _libsndfile(file, format="RAW", subtype=subtype, samplerate=rate, channels=1)
    if sound_file is not None:
        with sound_file:
            yield _sound(
                shown, _Libsndfile(sound_file, whole or file), head, longest_hours, behind_its_end=whole is not None
            )
        return
    # Loaded only where it is needed: FFmpeg is large, and old telephone formats are rare.
    from recordings.ffmpeg_sound import open_with_ffmpeg  # noqa: PLC0415

    file.seek(0)
    with open_with_ffmpeg(file, shown, reason) as decoder:
        yield _sound(shown, decoder, head, longest_hours)


def _libsndfile(file: BinaryIO | io.FileIO, **how: Any) -> tuple[Any, str]:
    """The open file, or None and why libsndfile does not take it."""
    try:
        opened = _reader(file, **how)
    except (soundfile.LibsndfileError, TypeError) as error:
        reason = str(getattr(error, "error_string", error)).rstrip(". ")
        # libsndfile says so of bytes that it can make nothing of.
        return None, "its format is not known" if "does not exist" in reason else reason
    if (opened.format not in _KNOWN and not how) or (opened.format == "FLAC" and opened.frames >= _NO_PROMISE):
        opened.close()
        return None, f"a {opened.format} file"  # of a FLAC that was streamed libsndfile does not find the end
    return opened, ""


def _reader(file: BinaryIO | io.FileIO, **how: Any) -> Any:
    # Its own reading of a descriptor is many times quicker than calling back into Python for each read.
    source = file.fileno() if isinstance(file, io.FileIO) else file
    return soundfile.SoundFile(source, closefd=False, **how)


def _demand_headerless(name: str, suffix: str, head: bytes) -> None:
    """A file without a header can be anything: at least it must not plainly be something else."""
    if suffix == ".gsm":
        marks = [head[at] >> 4 == _GSM_MARK for at in range(0, len(head) - _GSM_FRAME + 1, _GSM_FRAME)]
        foreign = not marks or sum(marks) < 0.9 * len(marks)
    else:
        text = sum(32 <= byte < 127 or byte in b"\r\n\t" for byte in head[:4096])
        foreign = head.startswith(_FOREIGN) or text > 0.98 * min(len(head), 4096)
    if foreign:
        raise SoundUnusable(f"{name} is not what its ending says; give a WAV, FLAC, Ogg, MP3 or other sound file")


def _is_chained(file: BinaryIO | io.FileIO) -> bool:
    """Whether an Ogg file goes on with another stream after its own: recordings that were appended to each other."""
    begun = False
    rest = b""
    file.seek(0)
    while piece := file.read(_HEAD):
        for page in _PAGE.finditer(rest + piece):
            begins = bool(page[1][0] & _BEGINS)
            if begins and begun:
                return True
            begun = begun or not begins
        rest = (rest + piece)[-5:]
    return False


def _sound(name: str, decoder: Decoder, head: bytes, longest_hours: float, *, behind_its_end: bool = False) -> Sound:
    claimed = decoder.claimed
    if not 1 <= claimed.channels <= 2:
        raise SoundUnusable(
            f"{name} has {claimed.channels} channels; give one channel, or two (left caller, right seat)"
        )
    if not _LOWEST_RATE <= claimed.rate <= _HIGHEST_RATE:
        raise SoundUnusable(
            f"{name} says {claimed.rate} samples per second; "
            f"speech is recorded at {_LOWEST_RATE} to {_HIGHEST_RATE}, so the header is wrong"
        )
    chunk = data_chunk(head)
    promised = chunk.frames if chunk is not None else 0
    told = promised / claimed.rate if behind_its_end else None
    return Sound(name, decoder, max(claimed.frames, promised), longest_hours, told)


class _Libsndfile:
    def __init__(self, sound: Any, source: BinaryIO | io.FileIO) -> None:
        self._source = source
        self.claimed = Claimed(sound.samplerate, sound.channels, sound.frames)
        self.kind = f"{sound.format} {sound.subtype}"
        self._sound = sound

    def block(self, size: int, got: int) -> tuple[Samples, bool]:
        """A read that runs into damage gives nothing at all, so what it would have given is read in small steps."""
        try:
            return self._sound.read(size, dtype="float32", always_2d=True), False
        except soundfile.LibsndfileError:
            pass
        steps: list[Samples] = []
        try:
            self._go_to(got)
            while sum(map(len, steps)) < size and len(
                step := self._sound.read(_STEP_FRAMES, dtype="float32", always_2d=True)
            ):
                steps.append(step)
        except soundfile.LibsndfileError:
            pass
        return np.concatenate(steps) if steps else np.zeros((0, self.claimed.channels), np.float32), True

    def _go_to(self, frame: int) -> None:
        """Seek; a FLAC that promises more than there is can only be read again from its beginning."""
        try:
            self._sound.seek(frame)
        except soundfile.LibsndfileError:
            self._source.seek(0)
            self._sound = _reader(self._source)
            left = frame
            while left and (read := len(self._sound.read(min(left, _STEP_FRAMES), dtype="float32"))):
                left -= read


def _resampled(resampler: Any, block: Samples, last: bool) -> Samples:
    if resampler is None:
        return block
    out: Samples = resampler.resample_chunk(block, last=last)
    return out.reshape(-1, block.shape[1])
