"""`hotline transcribe` beside the bare recogniser on the same file: seconds per second of audio, and peak memory.

    .venv/bin/python bench/transcribe.py FILE [--runs 3]

Each runs in a process of its own, in turns, models loaded before the clock starts, on the same threads and beam. The
bare run is faster-whisper as its documentation shows it, word times included, over each channel of the file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parent.parent))


def ours(path: Path) -> Callable[[], int]:
    from hotline.settings import load_settings
    from transcribe.engines import load_engines
    from transcribe.pipeline import transcribe_file

    settings = load_settings().model_copy(update={"recogniser": "whisper"})
    load_engines(settings)
    return lambda: sum(len(turn.text) for turn in transcribe_file(path, settings).turns)


def bare(path: Path) -> Callable[[], int]:
    import soundfile
    import soxr
    from faster_whisper import WhisperModel

    from hotline.settings import load_settings
    from transcribe.engines import THREADS

    folder = load_settings().models_dir / "whisper-base"
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=THREADS)

    def run() -> int:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        heard = 0
        for channel in range(samples.shape[1]):
            mono = soxr.resample(samples[:, channel], rate, 16_000)
            segments, _ = model.transcribe(mono, language="zh", beam_size=5, word_timestamps=True)
            heard += sum(len(segment.text) for segment in segments)
        return heard

    return run


def measure(which: str, path: Path) -> None:
    run = {"ours": ours, "bare": bare}[which](path)
    loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    heard = run()
    result = {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "characters": heard,
        "loaded_mb": loaded / 1024,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(result))


def main() -> None:
    parser = argparse.ArgumentParser(description="Transcription beside the bare recogniser.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=["ours", "bare"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        measure(options.only, options.file)
        return
    import soundfile

    info = soundfile.info(options.file)
    results: dict[str, list[dict[str, float]]] = {"bare": [], "ours": []}
    for _ in range(options.runs):
        for which, runs in results.items():
            command = [sys.executable, str(HERE), str(options.file), "--only", which]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            runs.append(json.loads(done.stdout.splitlines()[-1]))
    load = os.getloadavg()[0]
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}")
    print(
        f"file: {info.duration:.1f} s, {info.channels} channel(s), {info.samplerate} Hz; {options.runs} runs, medians"
    )
    middle = {
        which: {key: statistics.median(run[key] for run in runs) for key in runs[0]} for which, runs in results.items()
    }
    for which, values in middle.items():
        print(
            f"{which}: {values['wall'] / info.duration:.3f} s per second of audio ({values['cpu'] / info.duration:.3f} "
            f"of CPU), {values['characters']:.0f} characters, peak {values['peak_mb']:.0f} MB"
        )
    ratio = {key: middle["ours"][key] / middle["bare"][key] for key in ("wall", "cpu", "peak_mb")}
    print(f"ours / bare: {ratio['wall']:.2f} of the time, {ratio['cpu']:.2f} of CPU, {ratio['peak_mb']:.2f} of memory")


if __name__ == "__main__":
    main()
