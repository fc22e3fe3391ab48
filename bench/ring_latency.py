"""From a caller's INVITE to the seat's telephone, beside Asterisk's own `Queue()`.

    .venv/bin/python bench/ring_latency.py [--rates 1,5,20] [--calls 40,100,300] [--seats 24]

One real Asterisk, one PostgreSQL that flushes to disk, one controller process; SIPp plays the callers and the seats.
Both paths enter by the same dialplan lines (caller filtered, recording started, answered) without prompts or menu;
then our callers wait in `acd-hold` for the controller, the peer's in `Queue()` with the same seats as members. The
peer tells nobody anything: no milestones, no journal, no database. Half a round each, in turns, so that both meet the
same machine. A seat is always idle: it rings 0.1 s and talks 0.2 s. Time runs from just before SIPp sends the caller's
INVITE to the moment SIPp has the seat's INVITE.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import platform
import re
import shutil
import socket
import statistics
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil
from pydantic import SecretStr
from sqlalchemy import create_engine

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from acd import desk
from acd.words import Level
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.embedded import EmbeddedPostgres
from hotline.migrations.rooms import metadata
from hotline.processes.asterisk import AsteriskNode
from hotline.schema import create_all
from hotline.settings import CHECKOUT, AcdSettings, AmiSettings, AsteriskSettings, Settings
from ivr.node import SeatAccount

SCENARIOS = Path(__file__).parent / "sipp"
SECRET = "for-the-bench-only"
OURS, QUEUE = "20001", "20002"
AIM = 0.250


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_for(instance: str, database_url: str) -> Settings:
    return Settings(
        instance=instance,
        database_url=SecretStr(database_url),
        log_level="INFO",
        ami=AmiSettings(port=free_port(), secret=SecretStr(SECRET)),
        asterisk=AsteriskSettings(
            node="b1",
            sip_port=free_port(socket.SOCK_DGRAM),
            http_port=free_port(),
            rtp_start=40000,
            rtp_end=48000,
            access_numbers=["10015"],
        ),
        acd=AcdSettings(wrap_up_seconds=0),
    )


# ---- the peer and the way in --------------------------------------------------------------------------------------


def dialplan(rendered: str) -> str:
    """Two numbers that enter as `hl-entry` does, less its prompts: one to our queue, one to Asterisk's."""
    block = re.search(r"^\[hl-entry\]\n(.*?)(?=^\[|^#include)", rendered, re.S | re.M)
    assert block is not None, "the dialplan has no [hl-entry]"
    entry = [line for line in block[1].splitlines() if line and not line.startswith(";") and "Playback(" not in line][
        :-1
    ]  # the last line goes to the menu
    ways = {OURS: ["Set(HL_SERVICE=complaint)", "Goto(acd-hold,s,1)"], QUEUE: ["Queue(bench,,,,60)", "Hangup()"]}
    lines = ["[hotline-entry](+)", *(f"exten => {number},1,Goto(bench-{number},s,1)" for number in ways)]
    quiet = [line for line in entry if "UserEvent(" not in line and "hangup_handler" not in line]
    for number, steps in ways.items():
        lines += [
            f"[bench-{number}]",
            *(quiet if number == QUEUE else entry),
            *(f" same => n,{step}" for step in steps),
        ]
    return "\n" + "\n".join(lines) + "\n"


def unasked(rendered: str) -> str:
    """Without the question after the talk, which would keep each of our callers for a quarter of a minute more."""
    assert "Goto(acd-survey,s,1)" in rendered
    return rendered.replace("Goto(acd-survey,s,1)", "Hangup()")


async def with_peer(node: AsteriskNode, seats: list[str]) -> None:
    """The two ways in, and the queue with the same seats."""
    extensions, queues = node.paths.etc / "extensions.conf", node.paths.etc / "queues.conf"
    rendered = unasked(extensions.read_text())
    extensions.write_text(rendered + dialplan(rendered))
    queues.write_text(queues.read_text() + queue(seats))
    await node.command("dialplan reload")
    await node.command("module reload app_queue.so")


def queue(seats: list[str]) -> str:
    members = "".join(f"member => PJSIP/{seat}\n" for seat in seats)
    return (
        "\n[bench]\nstrategy = leastrecent\nmusicclass = hold\ntimeout = 7\nretry = 1\nautofill = yes\n"
        f"ringinuse = no\nwrapuptime = 0\n{members}"
    )


# ---- SIPp ---------------------------------------------------------------------------------------------------------


@dataclass
class Sipp:
    """SIPp runs in one folder; what it logs lies there."""

    folder: Path
    target: str

    async def start(self, name: str, *arguments: str) -> asyncio.subprocess.Process:
        with (self.folder / f"{name}.out").open("wb") as output:
            return await asyncio.create_subprocess_exec(
                *("sipp", self.target, "-i", "127.0.0.1", "-nostdin", *arguments),
                cwd=self.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def __post_init__(self) -> None:
        (self.folder / "silence.alaw").write_bytes(b"\xd5" * 8000)

    async def register(self, seats: list[str], port: int) -> None:
        rows = [f"{seat};[authentication username={seat} password={SECRET}-{seat}]" for seat in seats]
        (self.folder / "seats.csv").write_text("SEQUENTIAL\n" + "\n".join(rows) + "\n")
        process = await self.start(
            "register", "-sf", str(SCENARIOS / "register.xml"), "-inf", "seats.csv", "-p", str(port),
            *("-m", str(len(seats)), "-r", "40", "-timeout", f"{30 + len(seats) // 10}s"),
        )  # fmt: skip
        if await process.wait() != 0:
            raise SystemExit(f"the seats could not register; see {self.folder}")

    @contextlib.asynccontextmanager
    async def answering(self, port: int, *, talk: float = 0.2, name: str = "seats") -> AsyncIterator[Path]:
        """All seats at one port, each hanging up after `talk` seconds; yields the file of their arrivals."""
        log = self.folder / f"{name}.log"
        scenario = self.folder / f"{name}.xml"
        pause = '<pause milliseconds="200"/>'
        scenario.write_text(
            (SCENARIOS / "seat.xml").read_text().replace(pause, f'<pause milliseconds="{int(talk * 1000)}"/>')
        )
        process = await self.start(
            name, "-sf", str(scenario), "-p", str(port), "-mp", str(free_port(socket.SOCK_DGRAM)),
            *("-aa", "-trace_logs", "-log_file", str(log)),
        )  # fmt: skip
        try:
            yield log
        finally:
            process.kill()
            await process.wait()

    async def call(
        self, number: str, prefix: str, rate: float, calls: int, *, speaks: bool = True, patience: float = 40
    ) -> Path:
        """So many calls at that rate; returns the file of their starts."""
        text = (SCENARIOS / "caller.xml").read_text().replace("@NUMBER@", number).replace("@PREFIX@", prefix)
        if not speaks:
            text = text.replace('<nop><action><exec rtp_stream="silence.alaw,-1,8"/></action></nop>', "").replace(
                "[rtpstream_audio_port]", "[media_port]"
            )
        scenario = self.folder / f"caller-{prefix}.xml"
        scenario.write_text(text)
        log = self.folder / f"caller-{prefix}.log"
        process = await self.start(
            f"caller-{prefix}", "-sf", str(scenario), "-p", str(free_port(socket.SOCK_DGRAM)),
            *("-mp", "50000" if speaks else "54000", "-r", str(rate), "-m", str(calls), "-l", "2000"),
            *("-trace_logs", "-log_file", str(log), "-timeout", f"{int(calls / rate + patience)}s"),
            *("-deadcall_wait", "0"),
        )  # fmt: skip
        await process.wait()
        return log


_LINE = re.compile(r"(\d{4}-\d\d-\d\d)[T\s](\d\d:\d\d:\d\d\.\d+)\S*.*?\s(up )?(\d{6,})\s*$")


def moments(log: Path, *, answered: bool = False) -> dict[str, float]:
    """First moment by caller number: of the INVITE, or of the answer being acknowledged."""
    found: dict[str, float] = {}
    for line in log.read_text("utf-8", "replace").splitlines():
        match = _LINE.search(line)
        if match and bool(match[3]) is answered:
            found.setdefault(match[4], datetime.fromisoformat(f"{match[1]} {match[2]}").timestamp())
    return found


# ---- the run ------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def controller(settings: Settings, folder: Path) -> AsyncIterator[psutil.Process]:
    """The real program in a process of its own, once it leads and the floor is picked up."""
    assert settings.database_url is not None
    environment = os.environ | {
        "HOTLINE_INSTANCE": settings.instance,
        "HOTLINE_DATABASE_URL": settings.database_url.get_secret_value(),
        "HOTLINE_AMI__PORT": str(settings.ami.port),
        "HOTLINE_AMI__SECRET": SECRET,
        "HOTLINE_ACD__WRAP_UP_SECONDS": "0",
        "HOTLINE_METRICS_PORT": str(free_port()),
    }
    ready, told = os.pipe()
    environment["HOTLINE_READY_FD"] = str(told)
    with (folder / "controller.log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *profiled(str(CHECKOUT / ".venv/bin/hotline"), "run", "controller"),
            cwd=CHECKOUT,
            env=environment,
            pass_fds=(told,),
            stdout=output,
            stderr=output,
        )
    os.close(told)
    try:
        word = await asyncio.wait_for(asyncio.to_thread(os.read, ready, 100), 60)
        if not word:
            raise SystemExit((folder / "controller.log").read_text()[-2000:])
        yield psutil.Process(process.pid)
    finally:
        os.close(ready)
        if process.returncode is None:
            process.terminate()
            await process.wait()


def profiled(*command: str) -> tuple[str, ...]:
    """The command as it is, or under cProfile where `BENCH_PROFILE` names a file for what it finds."""
    kept = os.environ.get("BENCH_PROFILE")
    return (sys.executable, "-m", "cProfile", "-o", kept, *command) if kept else command


async def prepare(database: Database, seats: list[str]) -> None:
    clock = SystemClock()
    async with database.transaction() as session:
        for seat in seats:
            await desk.add_seat(session, seat, name=f"seat {seat}", level=Level.JUNIOR, now=clock.now())
            await desk.log_in(session, seat, clock.now())
            await desk.ready(session, seat, clock.now())


async def measure(arguments: argparse.Namespace, folder: Path) -> dict[tuple[float, str], list[float]]:
    seats = [str(8001 + number) for number in range(arguments.seats)]
    instance = f"bench-{uuid.uuid4().hex[:10]}"
    with EmbeddedPostgres(folder / "postgres") as postgres:
        url = postgres.url()
        engine = create_engine(url)
        with engine.begin() as connection:
            assert metadata.tables
            create_all(connection)
        engine.dispose()
        database = Database(url)
        await prepare(database, seats)
        settings = settings_for(instance, url)
        node = AsteriskNode(
            settings, [SeatAccount(seat, SecretStr(f"{SECRET}-{seat}")) for seat in seats], die_with_parent=True
        )
        try:
            async with node:
                await with_peer(node, seats)
                sipp = Sipp(folder, f"127.0.0.1:{settings.asterisk.sip_port}")
                port = free_port(socket.SOCK_DGRAM)
                await sipp.register(seats, port)
                async with sipp.answering(port) as arrivals, controller(settings, folder) as program:
                    await all_reachable(node, len(seats))
                    before = program.cpu_times()
                    found = await rounds(arguments, sipp, arrivals)
                    after = program.cpu_times()
                    spent = after.user + after.system - before.user - before.system
                    calls = sum(len(waits) for (_, path), waits in found.items() if path == OURS)
                    print(f"controller: {spent / calls * 1000:.0f} ms of processor time a call")
                    return found
        finally:
            await database.close()
            shutil.rmtree(node.paths.base, ignore_errors=True)
            shutil.rmtree(settings.instance_dir, ignore_errors=True)


async def all_reachable(node: AsteriskNode, count: int) -> None:
    async with asyncio.timeout(60):
        while (await node.command("pjsip show contacts")).count(" Avail ") < count:  # noqa: ASYNC110 - Asterisk tells nobody
            await asyncio.sleep(0.5)
    await asyncio.sleep(2)


async def rounds(arguments: argparse.Namespace, sipp: Sipp, arrivals: Path) -> dict[tuple[float, str], list[float]]:
    found: dict[tuple[float, str], list[float]] = {}
    number = 0
    for rate, calls in zip(arguments.rates, arguments.calls, strict=True):
        for half in range(2):
            for path in (OURS, QUEUE) if half == 0 else (QUEUE, OURS):
                number += 1
                starts = moments(await sipp.call(path, f"13{number:02d}000", rate, calls // 2))
                await asyncio.sleep(1.0)
                rings = moments(arrivals)
                waits = [rings[caller] - start for caller, start in starts.items() if caller in rings]
                if len(waits) < calls // 2:
                    print(
                        f"  {calls // 2 - len(waits)} of {calls // 2} callers at {rate:g}/s to {path} never rang a seat"
                    )
                found.setdefault((rate, path), []).extend(waits)
                await asyncio.sleep(2.0)
    return found


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def report(found: dict[tuple[float, str], list[float]]) -> None:
    """One line per rate; a ratio above 1 means that the hotline is quicker."""
    print("            hotline          Queue()          ratio")
    print("calls/s  calls    p50     p99     p50     p99     p50    p99")
    for rate in sorted({rate for rate, _ in found}):
        ours, peer = found[(rate, OURS)], found[(rate, QUEUE)]
        mine = statistics.median(ours), percentile(ours, 0.99)
        theirs = statistics.median(peer), percentile(peer, 0.99)
        cells = [f"{value * 1000:>5.0f}ms" for value in (*mine, *theirs)]
        ratios = [f"{their / my:>6.2f}" for my, their in zip(mine, theirs, strict=True)]
        verdict = "within" if mine[1] < AIM else "above"
        print(f"{rate:>7g} {len(ours):>6} ", *cells, *ratios, f"  p99 {verdict} {AIM * 1000:.0f} ms")


def numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=numbers, default=[1, 5, 20])
    parser.add_argument("--calls", type=lambda text: [int(part) for part in text.split(",")], default=[40, 100, 300])
    parser.add_argument("--seats", type=int, default=24)
    parser.add_argument("--keep", action="store_true", help="leave SIPp's and the controller's logs")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ring-latency-"))
    try:
        print(f"machine: {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the run")
        print(f"peer:    Asterisk's Queue(), leastrecent, same {arguments.seats} seats, same Asterisk, in turns")
        report(asyncio.run(measure(arguments, folder)))
    finally:
        if arguments.keep:
            print(f"logs:    {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
