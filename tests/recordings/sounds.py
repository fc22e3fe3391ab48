"""Raw legs as Asterisk writes them, for tests."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from recordings.legs import CALLER_SUFFIX, SAMPLE_RATE, SEAT_SUFFIX

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
"""When the recordings' tests take place."""


def tone(seconds: float, hertz: float = 440.0, level: float = 0.3) -> bytes:
    """A sine as 16-bit samples; `level` is its peak, so that its rms is level / sqrt(2)."""
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (np.sin(2 * np.pi * hertz * at) * level * 32767).astype("<i2").tobytes()


def quiet(seconds: float) -> bytes:
    return bytes(2 * round(seconds * SAMPLE_RATE))


def leave(spool: Path, uid: str, caller: bytes | None, seat: bytes | None) -> tuple[Path, Path]:
    """Write the legs of a call into the spool, last touched ten seconds before NOW; None leaves one out."""
    spool.mkdir(parents=True, exist_ok=True)
    paths = spool / f"{uid}{CALLER_SUFFIX}", spool / f"{uid}{SEAT_SUFFIX}"
    for path, data in zip(paths, (caller, seat), strict=True):
        if data is not None:
            path.write_bytes(data)
            os.utime(path, (NOW.timestamp() - 10, NOW.timestamp() - 10))
    return paths
