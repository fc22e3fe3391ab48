"""What sealing costs: an hour-long call put, read whole, and its first bytes after a seek, against the same unsealed.

    .venv/bin/python bench/sealed.py [--minutes 60] [--runs 9]

Noise at speech's rate in FLAC is stored in a folder once as it is and once sealed, over a PostgreSQL that flushes to
disk. Runs alternate between the two, so that a busy machine slows both; the median of each and their ratio are
printed. A seek is read by a store that has opened nothing before: its header, the day's key and one segment.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import soundfile
from sqlalchemy import create_engine

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hotline.database import Database
from hotline.embedded import EmbeddedPostgres
from hotline.migrations.rooms import metadata
from hotline.schema import create_all
from hotline.settings import Settings
from recordings.objects import Objects, open_store
from recordings.sealed import open_objects

RATE = 16_000
PART = 64 * 1024


def sound(path: Path, minutes: float) -> None:
    """Two channels of noise that rises and falls as speech does: FLAC makes about half of it."""
    random = np.random.default_rng(1)
    with soundfile.SoundFile(path, "w", RATE, 2, format="FLAC", subtype="PCM_16") as out:
        for second in range(round(minutes * 60)):
            loud = 0.05 + 0.05 * np.sin(second)
            out.write((random.standard_normal((RATE, 2)) * loud).astype(np.float32))


async def seconds(work: Callable[[], Awaitable[object]]) -> float:
    begun = time.perf_counter()
    await work()
    return time.perf_counter() - begun


async def whole(objects: Objects, key: str, size: int) -> None:
    got = 0
    async for part in objects.read(key, 0, size):
        got += len(part)
    assert got == size


async def measure(folder: Path, url: str, minutes: float, runs: int) -> None:
    settings, database = Settings(data=folder / "data"), Database(url)
    source = folder / "call.flac"
    sound(source, minutes)
    size = source.stat().st_size
    sealed, plain = open_objects(settings, database), open_store(settings)
    await sealed.keys.current()
    stores: dict[str, Callable[[], Objects]] = {
        "unsealed": lambda: plain, "sealed": lambda: open_objects(settings, database),
    }  # fmt: skip
    took: dict[str, dict[str, list[float]]] = {}
    for run in range(runs):
        for name, opened in stores.items():
            key, at = f"bench/{name}-{run}", int(size * 2 / 3)
            row = took.setdefault(name, {"put": [], "read whole": [], "first 64 kB after a seek": []})
            row["put"].append(await seconds(lambda o=opened, k=key: o().put(k, source)))
            row["read whole"].append(await seconds(lambda o=opened, k=key: whole(o(), k, size)))
            seek = await seconds(lambda o=opened, k=key, a=at: _part(o(), k, a))
            row["first 64 kB after a seek"].append(seek)
            await opened().delete(key)
    print(f"{minutes:.0f} minutes of two channels, {size / 1e6:.1f} MB of FLAC, {runs} runs, {os.cpu_count()} cores")
    print(f"{'':26} {'unsealed':>11} {'sealed':>11} {'ratio':>7}")
    for what in took["sealed"]:
        before, after = (statistics.median(took[name][what]) * 1000 for name in ("unsealed", "sealed"))
        print(f"{what:26} {before:8.1f} ms {after:8.1f} ms {after / before:7.1f}")
    await database.close()


async def _part(objects: Objects, key: str, at: int) -> None:
    async for _ in objects.read(key, at, PART):
        return


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minutes", type=float, default=60)
    arguments.add_argument("--runs", type=int, default=9)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "postgres") as server:
        url = server.url("postgres")
        engine = create_engine(url)
        with engine.begin() as connection:
            create_all(connection)
        engine.dispose()
        assert metadata.tables
        asyncio.run(measure(Path(folder), url, chosen.minutes, chosen.runs))


if __name__ == "__main__":
    main()
