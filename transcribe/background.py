"""A person on the line told from what sounds behind them: other voices, a street, a room.

Where a channel is never quiet, its loudness falls into two heaps, of frames in which the person speaks and of those in
which only the background does. Speech that does not stand out from the lower heap is somebody else's: babble behind a
caller is speech to the network that finds speech. A channel whose pauses are quiet is left as it is, so that a quiet
voice on a quiet line is heard.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, sosfilt

from transcribe.audio import RATE, Pcm
from transcribe.regions import Span, bridged

Levels = npt.NDArray[np.float64]
"""Decibels of full scale in each frame, within a telephone's band, averaged over `_SMOOTH` frames."""
_FRAME = 0.02
_SMOOTH = 15
_BAND = (300.0, 3400.0)
"""Hertz: the rumble of a street lies below and takes no word away."""
_BLOCK = 60.0
_QUIET = -60.0
"""Decibels of full scale: pauses below it are a quiet line."""
_CLEAR = 30.0
"""Decibels between speech and the pauses' quietest from which on nothing is asked of a voice."""
_APART = 4.0
"""Decibels between the two heaps at least: babble alone makes less, and so does a person who never pauses."""
_BEGIN, _GO_ON = 0.5, 0.3
"""Share of the way from the background's level to the person's at which speech begins, and below which it ends."""
_ENOUGH = 6.0
"""Decibels over the background that are enough however loud the person is elsewhere: somebody quieter may take over."""
_MARGIN = 0.15
_PAUSE = 0.5
_LEAST = 0.4
"""Seconds kept around what stands out, of a pause within it, and of what is worth hearing."""


def in_front(pcm: Pcm, channel: int, regions: list[Span], start: float = 0.0) -> list[Span]:
    """Regions of a channel less what is only its background; `start` is the second from which on it is a person's."""
    background = Background.of(pcm, channel, start)
    return regions if background is None else background.standing_out(regions)


@dataclass(frozen=True, slots=True)
class Background:
    """How loud one channel is from `start` on, and where its two heaps lie."""

    start: float
    levels: Levels
    noise: float
    person: float

    @classmethod
    def of(cls, pcm: Pcm, channel: int, start: float = 0.0) -> Background | None:
        """None where the channel is quiet in its pauses, or where nobody stands out."""
        levels = _levels(pcm, channel, start)
        if not len(levels):
            return None
        quietest, loudest = np.percentile(levels, (3, 95))
        if quietest < _QUIET or loudest - quietest > _CLEAR:
            return None
        noise, person = _heaps(levels)
        return cls(start, levels, noise, person) if person - noise >= _APART else None

    def standing_out(self, regions: list[Span]) -> list[Span]:
        """What of the regions is louder than the background."""
        way = self.person - self.noise
        begins = self.levels >= self.noise + min(_ENOUGH, _BEGIN * way)
        goes_on = self.levels >= self.noise + min(_ENOUGH, _GO_ON * way)
        kept: list[Span] = []
        for first, last in regions:
            at, end = self._index(first), self._index(last)
            edges = np.flatnonzero(np.diff(np.concatenate([[False], goes_on[at:end], [False]]).astype(np.int8)))
            found = [
                (self.start + (at + rise) * _FRAME, self.start + (at + fall) * _FRAME)
                for rise, fall in edges.reshape(-1, 2).tolist()
                if begins[at + rise : at + fall].any()
            ]
            near = bridged([(max(first, a - _MARGIN), min(last, b + _MARGIN)) for a, b in found], _PAUSE)
            kept += [span for span in near if span[1] - span[0] >= _LEAST]
        return kept

    def _index(self, second: float) -> int:
        return min(len(self.levels), max(0, round((second - self.start) / _FRAME)))


def _levels(pcm: Pcm, channel: int, start: float) -> Levels:
    band = butter(4, _BAND, "bandpass", fs=RATE, output="sos")
    state = np.zeros((len(band), 2))
    size = round(_FRAME * RATE)
    energies = []
    for at in np.arange(start, pcm.seconds, _BLOCK).tolist():
        samples = pcm.read(channel, at, at + _BLOCK)
        if len(samples) < size:
            break
        passed, state = sosfilt(band, samples, zi=state)
        energies.append(np.square(passed[: len(passed) // size * size].reshape(-1, size)).mean(axis=1))
    if not energies:
        return np.zeros(0)
    energy = np.concatenate(energies)
    around = np.ones(_SMOOTH)
    counted = np.convolve(np.ones(len(energy)), around, "same")[: len(energy)]
    return np.asarray(10 * np.log10(np.convolve(energy, around, "same")[: len(energy)] / counted + 1e-10))


def _heaps(levels: Levels) -> tuple[float, float]:
    """Means of the lower and of the upper heap: two means, found in turns."""
    low, high = (float(level) for level in np.percentile(levels, (10, 90)))
    for _ in range(20):
        lower = levels < (low + high) / 2
        if lower.all() or not lower.any():
            break
        low, high = float(levels[lower].mean()), float(levels[~lower].mean())
    return low, high
