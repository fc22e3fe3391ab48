"""How quickly callers ring a seat while a backlog of recordings is recognised: the queue drains, the calls go first.

    .venv/bin/python bench/drain.py [--workers 8] [--files 4] [--rate 5] [--calls 100]

`bench/ring_latency.py` runs twice on its real Asterisk, controller and PostgreSQL: alone, and while `--workers`
processes such as the worker keeps recognise `--files` calls of `bench/calls.py` each. Prints both p99 from a caller's
INVITE to the seat's, how the kernel ranks the processes of the recognition beside Asterisk's and PostgreSQL's (class,
niceness, niceness of the session), and how long the backlog took. Three to four minutes on two idle cores.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]

from hotline.heavy import HeavyWork  # noqa: E402 - beside this file

_ROW = re.compile(r"^\s*[\d.]+\s+(\d+)\s+(\d+)ms\s+(\d+)ms", re.MULTILINE)
_CLASSES = {os.SCHED_OTHER: "normal", os.SCHED_BATCH: "batch", os.SCHED_IDLE: "idle"}


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


def ranks() -> Iterator[str]:
    """One line for each kind of process under this one: how the kernel ranks it."""
    me = psutil.Process()
    kinds: dict[tuple[str, str, int, str], int] = {}
    for process in me.children(recursive=True):
        try:
            name = "recognition" if process.ppid() == me.pid and "spawn_main" in " ".join(process.cmdline()) else ""
            name = name or process.name()
            kind = _CLASSES.get(os.sched_getscheduler(process.pid), "other")
            session = Path(f"/proc/{process.pid}/autogroup")
            group = session.read_text().split()[-1] if session.exists() else "-"
            rank = (name, kind, process.nice(), group)
        except (psutil.NoSuchProcess, ProcessLookupError, OSError):
            continue  # it ended meanwhile
        kinds[rank] = kinds.get(rank, 0) + 1
    for (name, kind, nice, group), count in sorted(kinds.items()):
        if name == "recognition" or name.startswith(("asterisk", "postgres")):
            yield f"  {count:3d} {name:<12} class {kind:<7} nice {nice:3d}  session's nice {group}"


async def backlog(paths: list[Path], workers: int, done: list[float]) -> None:
    """Recognise every file `workers` at a time; seconds at which each was done.

    What recognition needs is imported here, as the processes import this file before they stand back.
    """
    from hotline.settings import load_settings
    from transcribe.jobs import Request, recognise

    settings = load_settings().model_copy(update={"recogniser": "whisper"})
    heavy = HeavyWork(workers)
    began = time.perf_counter()

    async def one(path: Path) -> None:
        await heavy.run(recognise, path, settings, Request(0.0))
        done.append(time.perf_counter() - began)

    try:
        await asyncio.gather(*(one(path) for path in paths))
    finally:
        heavy.close()


async def run(options: argparse.Namespace, made: list[Path]) -> None:
    paths = [made[index % len(made)] for index in range(options.workers * options.files)]
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    alone = await latency(options.rate, options.calls)
    print(f"alone:      {alone[0]} calls, p50 {alone[1]} ms, p99 {alone[2]} ms", flush=True)
    done: list[float] = []
    draining = asyncio.create_task(backlog(paths, options.workers, done))
    looking = asyncio.create_task(look())
    meanwhile = await latency(options.rate, options.calls)
    left = len(paths) - len(done)
    print(await looking)
    print(f"meanwhile:  {meanwhile[0]} calls, p50 {meanwhile[1]} ms, p99 {meanwhile[2]} ms; {left} recordings left")
    await draining
    print(f"backlog:    {len(done)} recordings by {options.workers} processes in {max(done):.0f} s, none failed")


async def look() -> str:
    """How the processes are ranked once all are up."""
    await asyncio.sleep(20.0)
    return "\n".join(ranks())


def main() -> None:
    parser = argparse.ArgumentParser(description="Routing beside a backlog of recordings.")
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--files", type=int, default=4, help="recordings for each of them")
    parser.add_argument("--rate", type=float, default=5.0, help="calls a second")
    parser.add_argument("--calls", type=int, default=100)
    options = parser.parse_args()
    from calls import main as make_calls

    with tempfile.TemporaryDirectory() as folder:
        sys.argv = ["calls.py", folder, "--seconds", "600"]
        make_calls()
        asyncio.run(run(options, sorted(Path(folder).glob("*.wav"))))


if __name__ == "__main__":
    main()
