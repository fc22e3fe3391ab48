"""From a caller's INVITE to the seat's ring and to its answer, with ever more registered seats, beside `Queue()`.

    .venv/bin/python bench/many_seats.py [--seats 20,200,1000] [--calls 60] [--rate 4]

As `ring_latency.py`, once for each number of seats: one real Asterisk, one PostgreSQL that flushes to disk, one
controller process; SIPp registers every seat (digest), answers its OPTIONS, rings 0.1 s and talks 0.2 s. Both paths
take half of each round in turns in the same run, so that both meet the same machine. `Queue()` has the same seats
as members. The answer is the moment at which SIPp has the acknowledgement of the seat's 200.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import socket
import statistics
import tempfile
from pathlib import Path

from pydantic import SecretStr
from ring_latency import (
    OURS,
    QUEUE,
    SECRET,
    Sipp,
    controller,
    free_port,
    moments,
    percentile,
    prepare,
    settings_for,
    with_peer,
)
from sqlalchemy import create_engine

from hotline.database import Database
from hotline.embedded import EmbeddedPostgres
from hotline.processes.asterisk import AsteriskNode
from hotline.schema import create_all
from hotline.settings import Settings
from ivr.node import SeatAccount

Figures = dict[str, tuple[list[float], list[float]]]
"""By path: seconds to the ring, seconds to the answer."""


async def all_reachable(node: AsteriskNode, count: int) -> None:
    async with asyncio.timeout(180):
        while (await node.command("pjsip show contacts")).count(" Avail ") < count:  # noqa: ASYNC110 - Asterisk tells nobody
            await asyncio.sleep(1)
    await asyncio.sleep(3)


async def measure(count: int, calls: int, rate: float, folder: Path) -> Figures:
    seats = [str(10_001 + number) for number in range(count)]
    with EmbeddedPostgres(folder / "postgres") as postgres:
        url = postgres.url()
        make_tables(url)
        database = Database(url)
        await prepare(database, seats)
        settings = settings_for(f"bench-seats-{count}-{os.getpid()}", url)
        accounts = [SeatAccount(seat, SecretStr(f"{SECRET}-{seat}")) for seat in seats]
        node = AsteriskNode(settings, accounts, die_with_parent=True)
        try:
            async with node:
                await with_peer(node, seats)
                sipp = Sipp(folder, f"127.0.0.1:{settings.asterisk.sip_port}")
                port = free_port(socket.SOCK_DGRAM)
                await sipp.register(seats, port)
                async with sipp.answering(port) as arrivals, controller(settings, folder):
                    await all_reachable(node, count)
                    return await rounds(sipp, arrivals, calls, rate)
        finally:
            await database.close()
            remove(node, settings)


def make_tables(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        create_all(connection)
    engine.dispose()


def remove(node: AsteriskNode, settings: Settings) -> None:
    shutil.rmtree(node.paths.base, ignore_errors=True)
    shutil.rmtree(settings.instance_dir, ignore_errors=True)


async def rounds(sipp: Sipp, arrivals: Path, calls: int, rate: float) -> Figures:
    found: Figures = {OURS: ([], []), QUEUE: ([], [])}
    for number, path in enumerate((OURS, QUEUE, QUEUE, OURS), 1):
        starts = moments(await sipp.call(path, f"13{number:02d}000", rate, calls // 2))
        await asyncio.sleep(2)
        rings, answers = moments(arrivals), moments(arrivals, answered=True)
        served = [caller for caller in starts if caller in rings and caller in answers]
        if len(served) < calls // 2:
            print(f"  {calls // 2 - len(served)} of {calls // 2} callers to {path} were not served")
        found[path][0].extend(rings[caller] - starts[caller] for caller in served)
        found[path][1].extend(answers[caller] - starts[caller] for caller in served)
    return found


def line(count: int, what: str, ours: list[float], peer: list[float]) -> str:
    mine = statistics.median(ours), percentile(ours, 0.99)
    theirs = statistics.median(peer), percentile(peer, 0.99)
    cells = " ".join(f"{value * 1000:>6.0f}ms" for value in (*mine, *theirs))
    ratios = " ".join(f"{their / my:>6.2f}" for my, their in zip(mine, theirs, strict=True))
    return f"{count:>6} {len(ours):>6}  {what:<7} {cells} {ratios}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seats", type=lambda text: [int(part) for part in text.split(",")], default=[20, 200, 1000])
    parser.add_argument("--calls", type=int, default=60, help="for each path and number of seats")
    parser.add_argument("--rate", type=float, default=4.0, help="calls per second")
    parser.add_argument("--keep", action="store_true", help="leave the logs of SIPp and the controller")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="many-seats-"))
    folder.chmod(0o755)  # PostgreSQL is no root
    try:
        print(
            f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the run; {arguments.rate:g} calls/s"
        )
        print("                        hotline           Queue()         ratio (above 1: the hotline is quicker)")
        print(" seats  calls  from entry  p50      p99      p50      p99     p50    p99")
        for count in arguments.seats:
            (folder / str(count)).mkdir()
            found = asyncio.run(measure(count, arguments.calls, arguments.rate, folder / str(count)))
            for index, what in enumerate(("ring", "answer")):
                print(line(count, what, found[OURS][index], found[QUEUE][index]), flush=True)
    finally:
        if arguments.keep:
            print(f"logs: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
