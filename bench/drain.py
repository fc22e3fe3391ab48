"""How quickly callers ring a seat while a backlog of recordings is recognised: the queue drains, the calls go first.

    .venv/bin/python bench/drain.py [--workers 8] [--files 24] [--rate 5] [--calls 100]

`bench/ring_latency.py` runs twice on its real Asterisk, controller and PostgreSQL: alone, and while `--workers`
processes such as the worker keeps (nice 10, batch scheduling) recognise `--files` calls of `bench/calls.py` each.
Prints both p99 from a caller's INVITE to the seat's, and how long the backlog took.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]

from calls import main as make_calls  # noqa: E402 - beside this file

from hotline.heavy import HeavyWork  # noqa: E402
from hotline.settings import load_settings  # noqa: E402
from transcribe.jobs import Request, recognise  # noqa: E402

_ROW = re.compile(r"^\s*[\d.]+\s+(\d+)\s+(\d+)ms\s+(\d+)ms", re.MULTILINE)


async def latency(rate: float, calls: int) -> tuple[int, int, int]:
    """Calls, and the median and p99 in milliseconds."""
    command = [str(HERE.parent / "ring_latency.py"), "--rates", str(rate), "--calls", str(calls)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    printed, _ = await process.communicate()
    row = _ROW.search(printed.decode())
    if row is None:
        raise SystemExit(f"bench/ring_latency.py gave no figures:\n{printed.decode()[-2000:]}")
    rung, median, highest = row.groups()
    return int(rung), int(median), int(highest)


async def backlog(paths: list[Path], workers: int) -> float:
    """Recognise every file `workers` at a time; seconds until the last is done."""
    settings = load_settings().model_copy(update={"recogniser": "whisper"})
    heavy = HeavyWork(workers)
    began = time.perf_counter()
    try:
        await asyncio.gather(*(heavy.run(recognise, path, settings, Request(0.0)) for path in paths))
    finally:
        heavy.close()
    return time.perf_counter() - began


async def run(options: argparse.Namespace, made: list[Path]) -> None:
    paths = [made[index % len(made)] for index in range(options.workers * options.files)]
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    alone = await latency(options.rate, options.calls)
    print(f"alone:      {alone[0]} calls, p50 {alone[1]} ms, p99 {alone[2]} ms", flush=True)
    draining = asyncio.create_task(backlog(paths, options.workers))
    meanwhile = await latency(options.rate, options.calls)
    left = "" if draining.done() else ", the backlog still running"
    print(f"meanwhile:  {meanwhile[0]} calls, p50 {meanwhile[1]} ms, p99 {meanwhile[2]} ms{left}", flush=True)
    seconds = await draining
    print(f"backlog:    {len(paths)} calls by {options.workers} processes in {seconds:.0f} s, none failed")


def main() -> None:
    parser = argparse.ArgumentParser(description="Routing beside a backlog of recordings.")
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--files", type=int, default=24, help="recordings for each of them")
    parser.add_argument("--rate", type=float, default=5.0, help="calls a second")
    parser.add_argument("--calls", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.argv = ["calls.py", folder, "--seconds", "600"]
        make_calls()
        asyncio.run(run(options, sorted(Path(folder).glob("*.wav"))))


if __name__ == "__main__":
    main()
