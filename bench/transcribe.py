"""`hotline transcribe` beside bare faster-whisper and whisperX on the same calls: seconds per second, and peak memory.

    .venv/bin/python bench/transcribe.py [FILE|FOLDER] [--seconds 3600] [--runs 1] [--without-whisperx]

Without a file it makes `--seconds` of two-channel calls first (`bench/calls.py`). Each runs in a process of its own, in
turns, models loaded before the clock starts, with the same weights, threads and beam. The bare run is faster-whisper as
its documentation shows it, word times included, over each channel. whisperX runs over each channel too, with its own
voice detector and batches of 8, and without its alignment, whose model no package registry carries; its environment is
made below `data/bench/` on first use, out of this one's torch and pyannote.
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
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve()
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT))

MEASURED = ("wall", "cpu", "peak_mb")


def ours(paths: list[Path]) -> Callable[[], int]:
    from hotline.settings import load_settings
    from transcribe.engines import load_engines
    from transcribe.pipeline import transcribe_file

    settings = load_settings().model_copy(update={"recogniser": "whisper"})
    load_engines(settings)
    return lambda: sum(len(turn.text) for path in paths for turn in transcribe_file(path, settings).turns)


def bare(paths: list[Path]) -> Callable[[], int]:
    from faster_whisper import WhisperModel

    from hotline.settings import load_settings
    from transcribe.engines import THREADS

    folder = load_settings().models_dir / "whisper-base"
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=THREADS)

    def run() -> int:
        heard = 0
        for mono in channels(paths):
            segments, _ = model.transcribe(mono, language="zh", beam_size=5, word_timestamps=True)
            heard += sum(len(segment.text) for segment in segments)
        return heard

    return run


def whisperx(paths: list[Path]) -> Callable[[], int]:
    from transcribe.export import _let_torchaudio_import

    _let_torchaudio_import()
    import torch
    import whisperx as package

    from hotline.settings import load_settings
    from transcribe.engines import THREADS

    torch.set_num_threads(THREADS)
    folder = load_settings().models_dir / "whisper-base"
    model = package.load_model(str(folder), "cpu", compute_type="int8", language="zh", threads=THREADS)

    def run() -> int:
        heard = 0
        for mono in channels(paths):
            result = model.transcribe(mono, batch_size=8, language="zh")
            heard += sum(len(segment["text"]) for segment in result["segments"])
        return heard

    return run


def channels(paths: list[Path]):  # type: ignore[no-untyped-def] # an iterator of float32 arrays at 16 kHz
    import soundfile
    import soxr

    for path in paths:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        for channel in range(samples.shape[1]):
            yield soxr.resample(samples[:, channel], rate, 16_000)


RUNS = {"ours": ours, "bare": bare, "whisperx": whisperx}


def measure(which: str, paths: list[Path]) -> None:
    run = RUNS[which](paths)
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


def whisperx_python() -> Path:
    """The Python of an environment that has whisperX, made on first use.

    whisperX pins a torch whose wheels bring several GB of CUDA; it runs with the one that is here.
    """
    folder = ROOT / "data" / "bench" / "whisperx"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        site = next((folder / "lib").glob("python3*")) / "site-packages"
        here = next((ROOT / ".venv" / "lib").glob("python3*")) / "site-packages"
        (site / "base.pth").write_text(f"{here}\n", "utf-8")
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--no-deps", "whisperx==3.8.6"], check=True)
        wanted = ["nltk", "omegaconf", "pandas", "transformers>=4.48,<5", "huggingface-hub<1"]
        subprocess.run([*pip, *wanted], check=True, stderr=subprocess.DEVNULL)
        (folder / "complete").touch()
    return python


def sounds(place: Path) -> list[Path]:
    return sorted(each for each in place.iterdir() if each.suffix in {".wav", ".flac"}) if place.is_dir() else [place]


def main() -> None:
    parser = argparse.ArgumentParser(description="Transcription beside the bare recogniser and whisperX.")
    parser.add_argument("place", type=Path, nargs="?")
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--without-whisperx", action="store_true")
    parser.add_argument("--only", choices=list(RUNS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        measure(options.only, sounds(options.place))
        return
    with tempfile.TemporaryDirectory() as made:
        place = options.place or Path(made)
        if options.place is None:
            command = [sys.executable, str(HERE.parent / "calls.py"), made, "--seconds", str(options.seconds)]
            subprocess.run(command, check=True)
        compare(place, options.runs, [] if options.without_whisperx else ["whisperx"])


def compare(place: Path, runs: int, also: list[str]) -> None:
    import soundfile

    infos = [soundfile.info(path) for path in sounds(place)]
    seconds = sum(info.duration for info in infos)
    pythons = {"bare": sys.executable, "ours": sys.executable}
    pythons |= {which: str(whisperx_python()) for which in also}
    results: dict[str, list[dict[str, float]]] = {which: [] for which in pythons}
    for _ in range(runs):
        for which, each in results.items():
            command = [pythons[which], str(HERE), str(place), "--only", which]
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"{which} failed:\n{done.stderr[-2000:]}")
            each.append(json.loads(done.stdout.splitlines()[-1]))
    load = os.getloadavg()[0]
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}")
    print(f"{len(infos)} files, {seconds:.0f} s, {infos[0].channels} channel(s), {infos[0].samplerate} Hz; {runs} runs")
    middle = {
        which: {key: statistics.median(run[key] for run in each) for key in each[0]} for which, each in results.items()
    }
    for which, values in middle.items():
        print(
            f"{which}: {values['wall']:.1f} s, {values['wall'] / seconds:.3f} s per second of calls "
            f"({values['cpu'] / seconds:.3f} of CPU), {values['characters']:.0f} characters, "
            f"peak {values['peak_mb']:.0f} MB"
        )
    for other in (which for which in middle if which != "ours"):
        wall, cpu, memory = (middle["ours"][key] / middle[other][key] for key in MEASURED)
        print(f"ours / {other}: {wall:.2f} of the time, {cpu:.2f} of CPU, {memory:.2f} of memory")


if __name__ == "__main__":
    main()
