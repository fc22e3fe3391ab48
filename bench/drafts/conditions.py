"""What a telephone network and a caller's street do to a clean call; each follows from the call's name alone."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

Sound = NDArray[np.float32]
"""`(frames, 2)` at 8 kHz: caller left, seat right."""
RATE = 8000
PACKET = RATE // 50
"""20 ms, as RTP carries telephone speech."""
NOISES = ("babble", "pink", "street")


def read(path: Path) -> Sound:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate != RATE:  # Opus may come back at its own rate
        import soxr

        samples = np.asarray(soxr.resample(samples, rate, RATE), np.float32)
    return np.asarray(samples, np.float32)


def noisy(sound: Sound, name: str, decibels: float, others: Sequence[Path]) -> Sound:
    """Noise on both legs, so many dB under the speech of that leg; which noise, the call's name says."""
    chance = _chance(name, "noise")
    kind = NOISES[int(chance.integers(len(NOISES)))]  # as `noise_of` says
    out = sound.copy()
    for side in (0, 1):
        noise = _noise(kind, len(sound), chance, others)
        wanted = _level(sound[:, side]) / 10 ** (decibels / 20)
        out[:, side] += noise * (wanted / max(float(np.sqrt(np.mean(noise**2))), 1e-9))
    return np.clip(out, -1, 1)


def noise_of(name: str) -> str:
    """Which noise a call has wherever it has any."""
    return NOISES[int(_chance(name, "noise").integers(len(NOISES)))]


def _level(speech: Sound) -> float:
    """Root mean square of the packets in which somebody speaks."""
    packets = speech[: len(speech) // PACKET * PACKET].reshape(-1, PACKET)
    loud = np.sqrt(np.mean(packets**2, axis=1))
    return float(np.sqrt(np.mean(loud[loud > 0.05 * loud.max()] ** 2)))


def companded(sound: Sound, law: str) -> Sound:
    """Through G.711: `ULAW` or `ALAW`."""
    there = io.BytesIO()
    soundfile.write(there, sound, RATE, format="WAV", subtype=law)
    there.seek(0)
    return np.asarray(soundfile.read(there, dtype="float32", always_2d=True)[0], np.float32)


def lossy(sound: Sound, name: str, share: float, burst: float) -> Sound:
    """Packets of 20 ms lost on each leg by itself, on average `burst` in a row, so that `share` of them is missing.

    What is lost is concealed as G.711's appendix does at its simplest: the last packet again, each time fainter.
    """
    chance = _chance(name, f"loss {share} {burst}")
    out = sound.copy()
    ends = 1 / burst
    begins = ends * share / (1 - share)
    for side in (0, 1):
        lost, fade = False, 1.0
        for at in range(PACKET, len(out) - PACKET, PACKET):
            lost = bool(chance.random() < (1 - ends if lost else begins))
            fade = fade * 0.6 if lost else 1.0
            if lost:
                out[at : at + PACKET, side] = out[at - PACKET : at, side] * fade
    return out


def _noise(kind: str, length: int, chance: np.random.Generator, others: Sequence[Path]) -> Sound:
    match kind:
        case "babble":
            return sum((_voice(others, length, chance) for _ in range(6)), np.zeros(length, np.float32))
        case "pink":
            return _shaped(length, chance, lambda hertz: 1 / np.sqrt(np.maximum(hertz, 20)))
        case _:
            hum = _shaped(length, chance, lambda hertz: 1 / np.maximum(hertz, 60))
            passing = 1 + 2 * np.abs(np.sin(np.arange(length) / RATE * np.pi / chance.uniform(3, 6))) ** 4
            return np.asarray(hum * passing, np.float32)


def _voice(others: Sequence[Path], length: int, chance: np.random.Generator) -> Sound:
    """A stretch of another call, both legs in one, from anywhere."""
    sound = read(others[int(chance.integers(len(others)))]).sum(axis=1)
    return np.asarray(np.resize(np.roll(sound, int(chance.integers(len(sound)))), length), np.float32)


def _shaped(length: int, chance: np.random.Generator, gain: Callable[[NDArray[np.float64]], object]) -> Sound:
    spectrum = np.fft.rfft(chance.normal(0, 1, length))
    return np.asarray(np.fft.irfft(spectrum * gain(np.fft.rfftfreq(length, 1 / RATE)), length), np.float32)


def _chance(name: str, salt: str) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha256(f"{name} {salt}".encode()).digest()[:8], "big"))


Change = Callable[[Sound, str, Sequence[Path]], Sound]
CONDITIONS: Mapping[str, Change] = {
    "clean": lambda sound, name, others: sound,
    "noise-20": lambda sound, name, others: noisy(sound, name, 20, others),
    "noise-10": lambda sound, name, others: noisy(sound, name, 10, others),
    "noise-5": lambda sound, name, others: noisy(sound, name, 5, others),
    "ulaw": lambda sound, name, others: companded(sound, "ULAW"),
    "alaw": lambda sound, name, others: companded(sound, "ALAW"),
    "loss-3": lambda sound, name, others: lossy(sound, name, 0.03, 1.0),
    "loss-5-bursts": lambda sound, name, others: lossy(sound, name, 0.05, 4.0),
    "mono": lambda sound, name, others: sound.mean(axis=1, keepdims=True),
}
"""`mono` is one channel with both voices; all others keep the two legs."""
