"""One side's voice leaking into the other side's channel: a loud earpiece, a hybrid's echo.

A leak is the other channel's sound again, later by up to half a second, weaker, and coloured by its way. Where both
channels have speech, the way is estimated (delay, then a short filter by least squares) and what it predicts is taken
off: stretches of which nothing is left were the leak alone. A region loses just those; what the person says before,
after and over the leak stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import decimate, fftconvolve

from transcribe.audio import RATE, Pcm, Samples
from transcribe.regions import Span, bridged, common

_RATE = RATE // 2
"""A telephone's band is enough here."""
_MOST_DELAY = 0.5
_TAPS = 160
"""20 ms of colouring around the delay."""
_BLOCK = 8.0
"""Seconds over which the way is taken for constant."""
_FRAME = 0.05
_WEAKER = 4.0
"""Decibels by which a leak lies under what it is a leak of, at least; -6 dB and the hiss of both lines."""
_EXPLAINED = 0.45
"""Share of a frame's energy that is left once the prediction is taken off, at most, where it is a leak."""
_PROMINENT = 9.0
"""Times its spread over all delays that the likeness at the best one is, at least; by chance it is four or five."""
_LEAST_FRAMES = 8
"""Frames out of which the way can be found."""
_QUIET = 12.0
"""Decibels under a block's mean at which a frame is a pause, which neither side owns."""
_BREATH = 0.3
"""Seconds of leak that are cut out of a region at least, and of one's own speech that are worth keeping."""
_EDGE = 0.1
_MOSTLY = 0.3
"""Share of leaks in a stretch of leaks and pauses."""

Signal = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def without_leakage(pcm: Pcm, left: list[Span], right: list[Span]) -> tuple[list[Span], list[Span]]:
    """The regions of both channels less what is only the other channel's leak."""
    return _own(pcm, 0, left, right), _own(pcm, 1, right, left)


def _own(pcm: Pcm, channel: int, regions: list[Span], others: list[Span]) -> list[Span]:
    """What of a channel's regions its own speaker says; a region without a leak in it stays as it is.

    The way does not change within a call, so where one's own voice hides the delay, that of other blocks is taken.
    """
    late = bridged([(start, end + _MOST_DELAY) for start, end in others], 0.0)
    found: list[tuple[_Frames, _Block]] = []
    kept: list[_Frames] = []
    for region in regions:
        frames = _Frames.of(region)
        kept.append(frames)
        found += [(frames, _Block.of(pcm, channel, *span)) for span in _blocks(common([region], late))]
    delays = [block.delay for _, block in found if block.delay is not None]
    if delays:
        usual = int(np.median(delays))
        for frames, block in found:
            frames.hear(pcm, channel, block, usual if block.delay is None else block.delay)
    return [span for frames in kept for span in (frames.own() if frames.has_leak() else [frames.region])]


def _blocks(spans: list[Span]) -> list[Span]:
    blocks = []
    for start, end in spans:
        parts = max(1, int(np.ceil((end - start) / _BLOCK)))
        step = (end - start) / parts
        blocks += [(start + index * step, start + (index + 1) * step) for index in range(parts)]
    return [(start, end) for start, end in blocks if end - start >= 4 * _FRAME]


@dataclass(frozen=True, slots=True)
class _Block:
    """A stretch in which the other side speaks too, and by how many samples this channel follows the other."""

    span: Span
    delay: int | None

    @classmethod
    def of(cls, pcm: Pcm, channel: int, start: float, end: float) -> _Block:
        return cls((start, end), _delay(*_both(pcm, channel, start, end)))


@dataclass(frozen=True, slots=True)
class _Frames:
    """Frames of 50 ms of one region: which are leak alone, and which are a pause."""

    region: Span
    leak: Flags
    pause: Flags

    @classmethod
    def of(cls, region: Span) -> _Frames:
        count = int(np.ceil((region[1] - region[0]) / _FRAME))
        return cls(region, np.zeros(count, np.bool_), np.zeros(count, np.bool_))

    def hear(self, pcm: Pcm, channel: int, block: _Block, delay: int) -> None:
        """Look for the other channel in one block of the region."""
        start, end = block.span
        here, there = _both(pcm, channel, start, end)
        lead = len(there) - len(here)
        source = np.concatenate([there[lead - delay :], np.zeros(_TAPS)])[: len(here)]
        own, other = _energy(here), _energy(source)
        pause = own < max(float(own.mean()), 1e-12) * 10 ** (-_QUIET / 10)
        # A frame's source lies around it: echoes smear.
        weaker = (own * 10 ** (_WEAKER / 10) <= _widest(other)) & ~pause
        leak = weaker & (_left_over(here, source, weaker, own / other) <= _EXPLAINED * own)
        first = round((start - self.region[0]) / _FRAME)
        size = min(len(leak), len(self.leak) - first)
        self.leak[first : first + size] |= leak[:size]
        self.pause[first : first + size] |= pause[:size]

    def has_leak(self) -> bool:
        return any(end - start >= _BREATH for start, end in self._spans(self._filled()))

    def own(self) -> list[Span]:
        """The region without its leaks: stretches in which the speaker is heard for a breath at least."""
        begin, finish = self.region
        leaks = self._filled()
        mine = bridged(self._spans(~leaks & ~self.pause), 2 * _BREATH)
        kept = []
        for start, end in mine:
            first, last = self._index(start), self._index(end)
            heard = float((~leaks & ~self.pause)[first:last].sum()) * _FRAME
            if heard >= _BREATH:
                kept.append((max(begin, start - _EDGE), min(finish, end + _EDGE)))
        return bridged(kept, 0.0)

    def _filled(self) -> Flags:
        """Leaks, the pauses inside them included, without what is too short to be told from chance."""
        filled = np.zeros_like(self.leak)
        for start, end in bridged(self._spans(self.leak | self.pause), 2 * _FRAME):
            first, last = self._index(start), self._index(end)
            if self.leak[first:last].sum() > max(1.0, _MOSTLY * (last - first)):
                filled[first:last] = True
        return filled

    def _spans(self, flags: Flags) -> list[Span]:
        edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
        begin, finish = self.region
        return [
            (begin + float(first) * _FRAME, min(finish, begin + float(last) * _FRAME))
            for first, last in zip(edges[::2], edges[1::2], strict=True)
        ]

    def _index(self, second: float) -> int:
        return min(len(self.leak), round((second - self.region[0]) / _FRAME))


def _both(pcm: Pcm, channel: int, start: float, end: float) -> tuple[Signal, Signal]:
    """One channel from `start` to `end`, and the other from so much earlier as an echo can be late."""
    there = _narrow(_read(pcm, 1 - channel, start - _MOST_DELAY, end))
    return _narrow(_read(pcm, channel, start, end)), there


def _read(pcm: Pcm, channel: int, start: float, end: float) -> Samples:
    """Samples from `start` on, which may lie before the file."""
    before = np.zeros(round(max(0.0, -start) * RATE), np.float32)
    return np.concatenate([before, pcm.read(channel, max(0.0, start), end)])


def _narrow(samples: Samples) -> Signal:
    return np.asarray(decimate(samples.astype(np.float64), 2, ftype="fir") if len(samples) else samples, np.float64)


def _delay(here: Signal, there: Signal) -> int | None:
    """Samples by which `here` follows `there`, None where it does not.

    `there` begins earlier by what it is longer. All frequencies count alike, so that one's own voice hides no leak.
    """
    lead = len(there) - len(here)
    if lead <= 0 or not here.any() or not there.any():
        return None
    size = 1 << int(np.ceil(np.log2(len(there) + len(here))))
    cross = np.fft.rfft(there, size) * np.conj(np.fft.rfft(here, size))
    cross /= np.abs(cross) + 1e-3 * float(np.abs(cross).mean()) + 1e-12
    likeness = np.abs(np.fft.irfft(cross, size)[: lead + 1])
    best = int(likeness.argmax())
    return lead - best if likeness[best] >= _PROMINENT * float(likeness.std() + 1e-12) else None


def _left_over(here: Signal, source: Signal, weaker: Flags, ratio: Signal) -> Signal:
    """Energy of each frame once what a short filter makes of `source` is taken off.

    The filter is found on the frames in which this channel is weakest beside the other, most likely leak alone, and
    once more on those that it explained.
    """
    middle = _TAPS // 2
    shifted = np.concatenate([source[middle:], np.zeros(middle)])
    chosen = weaker & (ratio <= np.median(ratio[weaker])) if weaker.any() else weaker
    left = _energy(here)
    for _ in range(2):
        if chosen.sum() < _LEAST_FRAMES:
            return _energy(here)
        taps = _filter(here, shifted, chosen)
        left = _energy(here - fftconvolve(shifted, taps)[: len(here)])
        chosen = weaker & (left <= _EXPLAINED * _energy(here))
    return left


def _filter(here: Signal, source: Signal, chosen: Flags) -> Signal:
    """`_TAPS` of the filter that makes `here` out of `source` with the least squares over the chosen frames."""
    length = round(_FRAME * _RATE)
    rows = np.lib.stride_tricks.sliding_window_view(np.concatenate([np.zeros(_TAPS - 1), source]), _TAPS)[:, ::-1]
    normal, right = np.zeros((_TAPS, _TAPS)), np.zeros(_TAPS)
    for frame in np.flatnonzero(chosen):
        block = np.ascontiguousarray(rows[frame * length : (frame + 1) * length])
        normal += block.T @ block
        right += block.T @ here[frame * length : frame * length + len(block)]
    normal += np.eye(_TAPS) * (1e-4 * float(np.trace(normal)) / _TAPS + 1e-9)
    return np.asarray(np.linalg.solve(normal, right))


def _energy(signal: Signal) -> Signal:
    length = round(_FRAME * _RATE)
    count = int(np.ceil(len(signal) / length))
    padded = np.zeros(count * length)
    padded[: len(signal)] = signal
    return np.asarray(np.square(padded.reshape(count, length)).mean(axis=1) + 1e-12)


def _widest(energy: Signal) -> Signal:
    """Each frame's greatest neighbour, itself included."""
    around = np.concatenate([energy[:1], energy, energy[-1:]])
    return np.asarray(np.maximum(np.maximum(around[:-2], around[1:-1]), around[2:]))
