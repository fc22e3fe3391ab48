"""Calls per second and concurrent recorded calls that this machine bears, with the controller and without it.

    .venv/bin/python bench/capacity.py [--rates 10,20,30,40] [--concurrent 50,100,150] [--profile]

One real Asterisk, one PostgreSQL that flushes to disk; SIPp plays callers and seats. Both ways use the very same
dialplan (caller filtered, milestones told and journalled, recording started, answered, seat rung and fenced); without
the controller the dialplan itself takes the next seat in turn, for which no seat is ever busy. At each rate the two
take turns; a way is out when fewer than 99 of 100 callers are served, the 99th percentile from entry to ring is over a
second, or a call's two recorded legs are not whole and equal. One caller in four sends and hears speech; the others
send none (a caller without speech waits half a second in Answer(), with either way).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import pstats
import shutil
import socket
import statistics
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from many_seats import all_reachable, make_tables, remove
from pydantic import SecretStr
from ring_latency import (
    OURS,
    QUEUE,
    SECRET,
    Sipp,
    controller,
    dialplan,
    free_port,
    moments,
    percentile,
    prepare,
    settings_for,
    unasked,
)

from hotline.database import Database
from hotline.embedded import EmbeddedPostgres
from hotline.processes.asterisk import AsteriskNode
from hotline.settings import Settings
from ivr.node import SeatAccount

WITH, WITHOUT = "with controller", "without"
NUMBER = {WITH: OURS, WITHOUT: QUEUE}
SERVED, SLOWEST_RING = 0.99, 1.0
LEG_BYTES_PER_SECOND = 32_000
WHOLE = 0.9
"""Of the talk: where neither side sends anything, a late timer of a crowded machine leaves out silence."""
SEATS, OWN_SEATS = 10_001, 20_001
FIRST_EPOCH = 10**15


@dataclass(frozen=True)
class Load:
    rate: float
    talk: float
    calls: int


@dataclass(frozen=True)
class Round:
    """What came of one load; `cpu` is the share of one core that each program took."""

    served: float
    ring: float
    ring_p99: float
    whole: float
    cpu: dict[str, float]

    @property
    def borne(self) -> bool:
        return self.served >= SERVED and self.ring_p99 <= SLOWEST_RING and self.whole >= SERVED


@dataclass
class Stage:
    """Everything that runs, and what has been used up."""

    settings: Settings
    node: AsteriskNode
    sipp: Sipp
    port: int
    seats: int
    number: int = 0


def without_controller(rendered: str, seats: int) -> str:
    """Two ways in, as for the ring latency; the second one rings the next seat itself, through the same `acd-ring`.

    Its seats are its own, and its epochs above all of a controller's, so that neither way refuses the other's rings.
    """
    ways = dialplan(rendered)
    ours = ways.split(f"[bench-{OURS}]")[1].split(f"[bench-{QUEUE}]")[0]
    assert "UserEvent(" in ours
    told = ways.split(f"[bench-{QUEUE}]")[0]
    return (
        told
        + f"[bench-{QUEUE}]"
        + ours.replace("Goto(acd-hold,s,1)", "Goto(bench-next,s,1)")
        + "[bench-next]\nexten => s,1,Set(HL_STATE=waiting)\n"
        + " same => n,Set(GLOBAL(BENCH_NEXT)=$[0${GLOBAL(BENCH_NEXT)} + 1])\n"
        + f" same => n,Set(BENCH_SEAT=$[{OWN_SEATS} + ${{GLOBAL(BENCH_NEXT)}} % {seats}])\n"
        + f" same => n,Goto(acd-ring,${{BENCH_SEAT}}*$[{FIRST_EPOCH} + ${{GLOBAL(BENCH_NEXT)}}]*1,1)\n"
    )


@contextlib.asynccontextmanager
async def stage(seats: int, folder: Path) -> AsyncIterator[Stage]:
    """Asterisk, database and registered seats; nobody controls yet."""
    given = [str(SEATS + number) for number in range(seats)]
    every = given + [str(OWN_SEATS + number) for number in range(seats)]
    with EmbeddedPostgres(folder / "postgres") as postgres:
        make_tables(postgres.url())
        database = Database(postgres.url())
        await prepare(database, given)
        settings = settings_for(f"bench-capacity-{os.getpid()}", postgres.url())
        accounts = [SeatAccount(seat, SecretStr(f"{SECRET}-{seat}")) for seat in every]
        node = AsteriskNode(settings, accounts, die_with_parent=True)
        try:
            async with node:
                written = node.paths.etc / "extensions.conf"
                plain = unasked(written.read_text())
                written.write_text(plain + without_controller(plain, seats))
                await node.command("dialplan reload")
                port = free_port(socket.SOCK_DGRAM)
                sipp = Sipp(folder, f"127.0.0.1:{settings.asterisk.sip_port}")
                await sipp.register(every, port)
                yield Stage(settings, node, sipp, port, len(every))
        finally:
            await database.close()
            remove(node, settings)


async def play(stage: Stage, way: str, load: Load) -> Round:
    """One load on one way; the controller runs for its own way alone."""
    stage.number += 1
    name = f"round-{stage.number}"
    async with contextlib.AsyncExitStack() as stack:
        arrivals = await stack.enter_async_context(stage.sipp.answering(stage.port, talk=load.talk, name=name))
        program = None
        if way == WITH:
            # what the other way's calls told is not this round's work to write down
            await asyncio.to_thread(stage.node.paths.journal.write_bytes, b"")
            program = await stack.enter_async_context(controller(stage.settings, stage.sipp.folder))
        await all_reachable(stage.node, stage.seats)
        before = cpu(stage, program)
        began = asyncio.get_running_loop().time()
        speak = max(1, load.calls // 4)
        calling = asyncio.gather(
            stage.sipp.call(NUMBER[way], f"13{stage.number:02d}1", load.rate / 4, speak, patience=load.talk + 12),
            stage.sipp.call(
                NUMBER[way], f"13{stage.number:02d}2", load.rate * 3 / 4, load.calls - speak, speaks=False,
                patience=load.talk + 12,
            ),
        )  # fmt: skip
        await asyncio.sleep(load.calls / load.rate)
        after = cpu(stage, program)
        took = asyncio.get_running_loop().time() - began
        logs = await calling
        await asyncio.sleep(1.5)
        starts = {caller: at for log in logs for caller, at in moments(log).items()}
        rings, answers = moments(arrivals), moments(arrivals, answered=True)
    waits = [rings[caller] - at for caller, at in starts.items() if caller in rings]
    served = sum(1 for caller in starts if caller in answers)
    return Round(
        served=served / load.calls,
        ring=statistics.median(waits) if waits else 0.0,
        ring_p99=percentile(waits, 0.99) if waits else float("inf"),
        whole=whole_recordings(stage.node.paths.recordings, load) / load.calls,
        cpu={part: (after[part] - before.get(part, 0.0)) / took for part in after},
    )


def whole_recordings(spool: Path, load: Load) -> int:
    """Calls with two legs of one length that hold the talk; the files are taken away."""
    whole = 0
    for said in spool.glob("*.rx.sln16"):
        heard = said.with_name(said.name.replace(".rx.", ".tx."))
        sizes = [leg.stat().st_size for leg in (said, heard) if leg.exists()]
        whole += len(sizes) == 2 and sizes[0] == sizes[1] >= WHOLE * load.talk * LEG_BYTES_PER_SECOND
        said.unlink()
        heard.unlink(missing_ok=True)
    return whole


def cpu(stage: Stage, program: psutil.Process | None) -> dict[str, float]:
    """Seconds of processor time that each part has taken so far."""
    spent = {"asterisk": 0.0, "postgres": 0.0, "sipp": 0.0, "controller": 0.0}
    for process in psutil.process_iter(["name", "ppid", "pid"]):
        with contextlib.suppress(psutil.Error):
            part = _part(stage, program, process)
            if part:
                times = process.cpu_times()
                spent[part] += times.user + times.system
    return spent


def _part(stage: Stage, program: psutil.Process | None, process: psutil.Process) -> str:
    if program is not None and process.pid == program.pid:
        return "controller"
    if process.pid == stage.node.pid:
        return "asterisk"
    mine = os.getpid()
    if process.name() == "sipp" and process.ppid() == mine:
        return "sipp"
    if process.name().startswith("postgres") and str(stage.sipp.folder) in " ".join(process.cmdline()[:6]):
        return "postgres"
    if process.name().startswith("postgres") and (above := process.parent()) is not None:
        return "postgres" if str(stage.sipp.folder) in " ".join(above.cmdline()) else ""
    return ""


async def search(stage: Stage, loads: list[Load], what: str) -> dict[str, float]:
    """Go through the loads until neither way bears them; the last that each bore."""
    borne = {WITHOUT: 0.0, WITH: 0.0}
    out: set[str] = set()
    for turn, load in enumerate(loads):
        for way in (WITHOUT, WITH) if turn % 2 == 0 else (WITH, WITHOUT):
            if way in out:
                continue
            found = await play(stage, way, load)
            used = "  ".join(f"{part} {share * 100:.0f} %" for part, share in found.cpu.items() if share > 0.005)
            print(
                f"{what} {way:<16} {load.rate:>5.1f}/s x {load.talk:g} s  served {found.served:>6.1%}  ring p50"
                f" {found.ring * 1000:.0f} p99 {found.ring_p99 * 1000:.0f} ms  whole recordings {found.whole:>6.1%}  "
                f"{'borne' if found.borne else 'NOT BORNE'}  [{used}]",
                flush=True,
            )
            if found.borne:
                borne[way] = load.rate * load.talk if what == "concurrent" else load.rate
            else:
                out.add(way)
        if len(out) == 2:
            break
    return borne


async def measure(arguments: argparse.Namespace, folder: Path) -> None:
    async with stage(arguments.seats, folder) as ready:
        rates = [Load(rate, 0.5, int(rate * arguments.seconds)) for rate in arguments.rates]
        verdict("calls per second", await search(ready, rates, "rate"))
        held = [Load(many / arguments.hold, arguments.hold, many * 2) for many in arguments.concurrent]
        verdict("concurrent recorded calls", await search(ready, held, "concurrent"))
        if arguments.profile:
            await profile(ready, arguments.rates[0])


def verdict(what: str, borne: dict[str, float]) -> None:
    ratio = borne[WITH] / borne[WITHOUT] if borne[WITHOUT] else float("nan")
    print(f"{what}: {borne[WITH]:g} with the controller, {borne[WITHOUT]:g} without: ratio {ratio:.2f} (aim 0.95)")


async def profile(ready: Stage, rate: float) -> None:
    """Where the controller's time goes, at a load that is surely borne; the profiler itself slows it down."""
    kept = ready.sipp.folder / "controller.profile"
    os.environ["BENCH_PROFILE"] = str(kept)
    try:
        await play(ready, WITH, Load(rate, 0.5, int(rate * 15)))
    finally:
        del os.environ["BENCH_PROFILE"]
    pstats.Stats(str(kept)).sort_stats("tottime").print_stats(12)


def numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=numbers, default=[10, 20, 30, 40, 50, 60, 75, 90])
    parser.add_argument("--seconds", type=float, default=12, help="how long each rate lasts")
    parser.add_argument(
        "--concurrent", type=lambda text: [int(part) for part in text.split(",")], default=[50, 100, 150, 200]
    )
    parser.add_argument("--hold", type=float, default=12, help="seconds of talk of a concurrent call")
    parser.add_argument("--seats", type=int, default=260, help="for each way")
    parser.add_argument("--profile", action="store_true", help="at the end, where the controller's time goes")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="capacity-"))
    folder.chmod(0o755)  # PostgreSQL is no root
    try:
        print(f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the run")
        asyncio.run(measure(arguments, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
