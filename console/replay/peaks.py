"""Peaks of a recording: what a waveform needs, without sending the sound."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

BUCKETS = 1200
"""About one per pixel of the player."""
QUIETEST_FULL_SCALE = 0.05
"""A call quieter than this is not drawn as if it were loud."""
REMEMBERED = 128


@dataclass(frozen=True)
class Peaks:
    """`channels` × up to `BUCKETS` values 0…1, scaled to the loudest of the call."""

    seconds: float
    channels: tuple[tuple[float, ...], ...]


class PeaksCache:
    """The last calls' peaks by the SHA-256 of the file: a list of drafts is gone through to and fro."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Peaks] = OrderedDict()

    def get(self, sha256: str) -> Peaks | None:
        if sha256 in self._known:
            self._known.move_to_end(sha256)
        return self._known.get(sha256)

    def put(self, sha256: str, peaks: Peaks) -> None:
        self._known[sha256] = peaks
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


def read_peaks(path: Path, buckets: int = BUCKETS) -> Peaks:
    """Peaks of a sound file, read in blocks so that an hour of speech costs no more memory than a minute."""
    with soundfile.SoundFile(path) as file:
        frames, rate, channels = file.frames, file.samplerate, file.channels
        size = max(1, -(-frames // buckets))
        rows = [
            np.abs(block).max(axis=0) if len(block) else np.zeros(channels, np.float32)
            for block in file.blocks(size, dtype="float32", always_2d=True)
        ]
    table = np.array(rows, dtype=np.float32).reshape(-1, channels)
    loudest = max(QUIETEST_FULL_SCALE, float(table.max(initial=0.0)))
    scaled = np.round((table / loudest).astype(np.float64), 3)
    return Peaks(frames / rate, tuple(tuple(float(v) for v in scaled[:, channel]) for channel in range(channels)))
