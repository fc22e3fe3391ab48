"""What libsndfile does not know, decoded by FFmpeg: AMR, AAC in MP4, WMA, MP3 or ADPCM inside a WAV.

FFmpeg opens nothing but the file it was given: only containers of one file are allowed, and no protocol at all, so
that a play list or a reference inside a file leads nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import av
import numpy as np
from av.error import FFmpegError

from recordings.sound_files import Claimed, Samples, SoundUnusable

_CONTAINERS = "wav,w64,aiff,au,caf,mov,mp4,m4a,3gp,amr,amrnb,amrwb,asf,aac,ac3,mp3,ogg,flac,matroska,webm"
_FAILED = (FFmpegError, OSError, ValueError, OverflowError, MemoryError)
"""What FFmpeg makes of bytes that lie: errors of its own, of reading outside the file, of numbers too large."""
_MOST_DAMAGED = 50
"""Packets that cannot be decoded, after which the file is taken to break off."""


@contextmanager
def open_with_ffmpeg(file: BinaryIO, name: str, reason: str) -> Iterator[FfmpegSound]:
    """A decoder of the file's only sound; SoundUnusable where there is none, with libsndfile's `reason`."""
    options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "none"}
    try:
        container = av.open(file, mode="r", container_options=options, metadata_errors="replace")
    except _FAILED as error:
        raise SoundUnusable(
            f"{name} is not audio that can be read ({reason}); give a WAV, FLAC, Ogg, MP3 or other sound file"
        ) from error
    with container:
        if any(not _is_cover(stream) for stream in container.streams.video):
            raise SoundUnusable(f"{name} is a video; give its sound alone")
        if not container.streams.audio or container.streams.audio[0].codec_context is None:
            raise SoundUnusable(f"{name} holds no sound; give a WAV, FLAC, Ogg, MP3 or other sound file")
        yield FfmpegSound(container, container.streams.audio[0])


def _is_cover(stream: Any) -> bool:
    """Whether a "video" is the picture of an album."""
    return bool(stream.disposition & type(stream.disposition).attached_pic)


class FfmpegSound:
    """A `Decoder` over FFmpeg's first audio stream."""

    def __init__(self, container: Any, stream: Any) -> None:
        coded = stream.codec_context
        # Of a stream that FFmpeg could make nothing of, neither is known.
        self.claimed = Claimed(int(coded.sample_rate or 0), int(coded.channels or 0), 0)
        self.kind = f"{container.format.name.split(',')[0]} {coded.name}".upper()
        self._layout = "mono" if self.claimed.channels == 1 else "stereo"
        self._blocks = self._decoded(container, stream)
        self._kept: Samples = np.zeros((0, max(1, self.claimed.channels)), np.float32)
        self._broken = False

    def block(self, size: int, got: int) -> tuple[Samples, bool]:
        parts = [self._kept]
        held = len(self._kept)
        while held < size:
            part = next(self._blocks, None)
            if part is None:
                break
            parts.append(part)
            held += len(part)
        whole = np.concatenate(parts)
        self._kept = whole[size:]
        return whole[:size], self._broken and held < size

    def _decoded(self, container: Any, stream: Any) -> Iterator[Samples]:
        resampler = av.AudioResampler(format="flt", layout=self._layout, rate=self.claimed.rate)
        damaged = 0
        try:
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except FFmpegError:
                    damaged += 1
                    if damaged > _MOST_DAMAGED:
                        break
                    continue
                for frame in frames:
                    yield from self._samples(resampler.resample(frame))
            yield from self._samples(resampler.resample(None))
        except _FAILED:
            damaged += 1  # the stream changed in the middle, or its end is missing
        self._broken = damaged > 0

    def _samples(self, frames: Any) -> Iterator[Samples]:
        for frame in frames:
            yield np.asarray(frame.to_ndarray(), np.float32).reshape(-1, self.claimed.channels)
