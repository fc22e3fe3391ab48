"""Kaldi's log-mel filter bank, as speaker networks are trained on it, without torch.

Same numbers as `torchaudio.compliance.kaldi.fbank(num_mel_bins=80, dither=0)`: frames of 25 ms every 10 ms, mean
removed, pre-emphasis 0.97, Povey window, 512-point power spectrum, 80 triangles from 20 Hz to 8 kHz.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from transcribe.audio import RATE, Samples

_LENGTH, _SHIFT, _FFT, _FILTERS = 400, 160, 512, 80
_FLOOR = float(np.finfo(np.float32).eps)


def log_mel(samples: Samples) -> npt.NDArray[np.float32]:
    """(frames, 80) log energies of mono samples, each filter's mean over time removed; needs at least 25 ms."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, _LENGTH)[::_SHIFT].astype(np.float32)
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    emphasised = (frames - np.float32(0.97) * before) * _povey()
    power = np.square(np.abs(np.fft.rfft(emphasised, _FFT, axis=1))).astype(np.float32)
    logs = np.log(np.maximum(power @ _triangles().T, _FLOOR))
    return np.asarray(logs - logs.mean(axis=0, keepdims=True), np.float32)


@cache
def _povey() -> npt.NDArray[np.float32]:
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_LENGTH) / (_LENGTH - 1))
    return np.asarray(hann**0.85, np.float32)


@cache
def _triangles() -> npt.NDArray[np.float32]:
    def mel(hertz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(1127.0 * np.log(1.0 + hertz / 700.0))

    low, high = mel(np.array([20.0, RATE / 2]))
    edges = np.linspace(low, high, _FILTERS + 2)
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    bins = mel(np.arange(_FFT // 2 + 1) * RATE / _FFT)[None, :]
    rising, falling = (bins - left) / (centre - left), (right - bins) / (right - centre)
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)), np.float32)
