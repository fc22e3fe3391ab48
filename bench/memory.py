"""Memory of one process of recognition over many files: whether it is flat.

    .venv/bin/python bench/memory.py [--files 1000] [--step 100]

Short recordings of two channels, cut out of the demo's speech, go through one process such as the worker keeps (never
replaced here); its resident memory is printed at every step, and at the end that of the first tenth (but for the file
that loads the models) beside that of the last. Ten minutes on two idle cores.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import soundfile

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]

from calls import RATE, calls  # noqa: E402 - beside this file

from hotline.heavy import HeavyWork  # noqa: E402
from hotline.settings import load_settings  # noqa: E402
from transcribe.jobs import Request, recognise  # noqa: E402

SECONDS = 3.0


def recordings(folder: Path) -> list[Path]:
    """Twenty files of three seconds in which somebody speaks."""
    paths = []
    for number, call in enumerate(calls(600.0)):
        start = round(call.truth[number % len(call.truth)]["start"] * RATE)
        path = folder / f"{number:02d}.wav"
        soundfile.write(path, np.clip(call.sound[start : start + round(SECONDS * RATE)], -1, 1), RATE, subtype="ALAW")
        paths.append(path)
    return paths[:20]


async def run(files: int, step: int) -> None:
    settings = load_settings().model_copy(update={"recogniser": "whisper"})
    heavy = HeavyWork(most_runs=files + 10, most_megabytes=100_000)
    began = time.perf_counter()
    used: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        paths = recordings(Path(folder))
        try:
            pid = await heavy.run(os.getpid)
            for number in range(1, files + 1):
                await heavy.run(recognise, paths[number % len(paths)], settings, Request(0.0))
                used.append(psutil.Process(pid).memory_info().rss / 1e6)
                if number == 1 or number % step == 0:
                    print(f"{number:5d} files {used[-1]:7.0f} MB  {time.perf_counter() - began:6.0f} s", flush=True)
        finally:
            heavy.close()
    tenth = max(1, files // 10)
    first, last = used[1 : tenth + 1] or used, used[-tenth:]
    print(f"first {len(first)} files {statistics.mean(first):.0f} MB, last {len(last)} {statistics.mean(last):.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description="Memory of one process of recognition over many files.")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--step", type=int, default=100)
    options = parser.parse_args()
    asyncio.run(run(options.files, options.step))


if __name__ == "__main__":
    main()
