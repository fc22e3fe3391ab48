"""Calls of two channels put together from the demo's speech, always the same ones: what the other benches listen to.

    .venv/bin/python bench/calls.py FOLDER [--seconds 3600] [--noise DB] [--leak DB] [--one-channel]

Caller on the left and seat on the right take turns at 8 kHz, with the pauses of a talk (somebody speaks for about half
of the time), now and then both at once, and a search in between while nobody speaks. Beside each call lies its truth,
`[{"speaker", "text", "start", "end"}]`, as `bench/cer.py` reads it. `--noise` adds noise of a room, so many decibels
under the speech; `--leak` lets each voice into the other's channel, 0.12 s later; `--one-channel` mixes both.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
import yaml

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parent.parent))

RATE = 8000
DEMO = HERE.parent.parent / "hotline" / "demo"
SPOKEN = 0.52
"""Share of a call in which somebody speaks, at which the pauses aim."""

Sound = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Line:
    speaker: str
    text: str
    sound: Sound


@dataclass(frozen=True)
class Call:
    sound: Sound
    """(frames, 2) at 8 kHz."""
    truth: list[dict[str, Any]]
    spoken: float
    """Seconds in which somebody speaks."""


def calls(seconds: float, seed: int = 7) -> Iterator[Call]:
    """Calls until they are `seconds` long together."""
    cast = yaml.safe_load((DEMO / "cast.yaml").read_text("utf-8"))
    callers, seats = ([_lines(each, role) for each in cast[role + "s"]] for role in ("caller", "seat"))
    callers = [lines for lines in callers if lines]
    random = np.random.default_rng(seed)
    total = 0.0
    while total < seconds:
        made = _call(callers[random.integers(len(callers))], seats[random.integers(len(seats))], random)
        total += len(made.sound) / RATE
        yield made


def _lines(person: dict[str, Any], role: str) -> list[Line]:
    return [Line(role, line["text"], _load(DEMO / "speech" / line["file"])) for line in person.get("lines", ())]


def _load(path: Path) -> Sound:
    samples, rate = soundfile.read(path, dtype="float32")
    return np.asarray(soxr.resample(samples, rate, RATE), np.float32)


def _call(caller: list[Line], seat: list[Line], random: np.random.Generator) -> Call:
    order = [line for pair in zip(seat, caller, strict=False) for line in pair]
    order += seat[len(caller) :] or caller[len(seat) :]
    at, truth, placed = 1.0 + random.random(), [], []
    for index, line in enumerate(order):
        length = len(line.sound) / RATE
        placed.append((at, line))
        truth.append({"speaker": line.speaker, "text": line.text, "start": round(at, 2), "end": round(at + length, 2)})
        pause = float(random.gamma(2.0, 0.5))
        if random.random() < 0.12 and index + 1 < len(order):
            pause = -0.6  # the other one begins before the end
        at += length + pause
    spoken = sum(entry["end"] - entry["start"] for entry in truth)
    search = max(0.0, spoken / SPOKEN - at - 1.0)
    sound = np.zeros((round((at + search + 1.0) * RATE), 2), np.float32)
    half = len(placed) // 2  # the seat looks something up
    for index, (start, line) in enumerate(placed):
        later = start + (search if index >= half else 0.0)
        truth[index]["start"], truth[index]["end"] = later, later + len(line.sound) / RATE
        first = round(later * RATE)
        sound[first : first + len(line.sound), 0 if line.speaker == "caller" else 1] += line.sound
    return Call(sound, truth, spoken)


def noisy(sound: Sound, decibels: float, random: np.random.Generator) -> Sound:
    """With noise of a room (pink, one of its own on each channel) so far under the speech."""
    out = sound.copy()
    for channel in range(sound.shape[1]):
        speech = sound[np.abs(sound[:, channel]) > 1e-3, channel]
        level = float(np.sqrt(np.mean(np.square(speech)))) if len(speech) else 0.05
        spectrum = np.fft.rfft(random.normal(size=len(sound)))
        spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
        noise = np.fft.irfft(spectrum, len(sound))
        noise *= level * 10 ** (-decibels / 20) / np.sqrt(np.mean(np.square(noise)))
        out[:, channel] += noise.astype(np.float32)
    return out


def leaking(sound: Sound, decibels: float, delay: float = 0.12) -> Sound:
    """With each side's voice in the other's channel, so much weaker and `delay` seconds later."""
    shift = round(delay * RATE)
    late = np.zeros_like(sound)
    late[shift:] = sound[:-shift] if shift else sound
    return np.asarray(sound + late[:, ::-1] * 10 ** (decibels / 20), np.float32)


def write(folder: Path, options: argparse.Namespace) -> tuple[int, float, float]:
    """The calls as A-law WAV with their truth; how many, seconds, and share in which somebody speaks."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(11)
    count, seconds, spoken = 0, 0.0, 0.0
    for count, call in enumerate(calls(options.seconds, options.seed), start=1):
        sound, truth = call.sound, call.truth
        if options.leak is not None:
            sound = leaking(sound, options.leak, options.delay)
        if options.one_channel:
            sound = sound.sum(axis=1, keepdims=True)
        if options.noise is not None:
            sound = noisy(sound, options.noise, random)
        path = folder / f"call-{count:03d}.wav"
        soundfile.write(path, np.clip(sound, -1, 1), RATE, subtype=options.law.upper())
        path.with_suffix(".json").write_text(json.dumps(truth, ensure_ascii=False), "utf-8")
        seconds += len(sound) / RATE
        spoken += call.spoken
    return count, seconds, spoken / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description="Calls of two channels from the demo's speech.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--noise", type=float, help="decibels between speech and noise")
    parser.add_argument("--leak", type=float, help="decibels of the leak, such as -12")
    parser.add_argument("--delay", type=float, default=0.12, help="seconds by which the leak is late")
    parser.add_argument("--one-channel", action="store_true")
    parser.add_argument("--law", choices=["alaw", "ulaw"], default="alaw")
    count, seconds, share = write(parser.parse_args().folder, parser.parse_args())
    print(f"{count} calls, {seconds:.0f} s, somebody speaks {share:.0%} of the time")


if __name__ == "__main__":
    main()
