"""One side's voice leaking into the other side's channel: a loud earpiece, a hybrid's echo.

A leak is the other channel's sound again, later by up to a quarter of a second and much weaker.
"""

from __future__ import annotations

import numpy as np

from transcribe.audio import RATE, Pcm, Samples
from transcribe.regions import Span, common

_WEAKER = 6.0
"""Decibels by which a leak lies under what it is a leak of, at least."""
_COVERED = 0.7
"""Share of a region in which the other side speaks too, at least."""
_ALIKE = 0.5
"""Correlation of the two sides' sound at the best delay, at least; two people talking at once stay under 0.2."""
_MOST_DELAY = 0.25
_LONGEST = 8.0


def without_leakage(pcm: Pcm, left: list[Span], right: list[Span]) -> tuple[list[Span], list[Span]]:
    """The regions of both channels less those that are only the other channel's leak."""
    kept_left = [region for region in left if not _is_leak(pcm, region, 0, right)]
    kept_right = [region for region in right if not _is_leak(pcm, region, 1, left)]
    return kept_left, kept_right


def _is_leak(pcm: Pcm, region: Span, channel: int, others: list[Span]) -> bool:
    start, end = region
    both = sum(last - first for first, last in common([region], others))
    if both < _COVERED * (end - start) or end - start < 0.1:
        return False
    end = min(end, start + _LONGEST)
    here = pcm.read(channel, start, end)
    there = pcm.read(1 - channel, start - _MOST_DELAY, end)
    if _level(there) - _level(here) < _WEAKER:
        return False
    return _likeness(here, there) >= _ALIKE


def _level(samples: Samples) -> float:
    return 10.0 * float(np.log10(np.mean(np.square(samples), dtype=np.float64) + 1e-12))


def _likeness(here: Samples, there: Samples) -> float:
    """Greatest normalised correlation of `here` with `there` delayed by 0 to `_MOST_DELAY` seconds."""
    size = 1 << int(np.ceil(np.log2(len(here) + len(there))))
    product = np.fft.rfft(there, size) * np.conj(np.fft.rfft(here, size))
    delays = max(1, len(there) - len(here) + 1)
    correlation = np.abs(np.fft.irfft(product, size)[: min(delays, round(_MOST_DELAY * RATE) + 1)])
    energy = np.concatenate([[0.0], np.cumsum(np.square(there, dtype=np.float64))])
    window = energy[len(here) : len(here) + len(correlation)] - energy[: len(correlation)]
    scale = np.sqrt(np.maximum(window, 1e-12) * max(float(np.sum(np.square(here, dtype=np.float64))), 1e-12))
    return float((correlation / scale).max())
