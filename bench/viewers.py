"""From an event to 200 open pages, beside 200 pages that ask every second.

    .venv/bin/python bench/viewers.py [--viewers 200] [--seats 50] [--seconds 20] [--rates 1,10]

The console is served by a process of its own over a PostgreSQL that flushes to disk, with a day of 6 000 calls behind
it. A stream of changes is written as the controller writes them: one seat's row, `pg_notify` in the same statement.
Viewers are plain asyncio clients on loopback in this process. Time runs from just before the change's statement to the
moment a viewer holds the whole board that shows it. In the same run the peer: as many viewers that each fetch the
board every second over a kept connection, which is what a page without a stream does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg
from sqlalchemy import create_engine, event

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from acd.claims import COLUMNS, save, seat_of
from acd.models import Call, Seat
from acd.seats import BreakTaken, Ready, step
from hotline import accounts
from hotline.database import Database
from hotline.embedded import EmbeddedPostgres, libpq_url
from hotline.migrations.rooms import metadata
from hotline.roles import Role
from hotline.schema import create_all
from hotline.settings import Settings

CHANGED = "8101"
"""The seat whose changes are followed."""
SHOWN = re.compile(rb">8101<.{0,400}?data-since=\"(\d+)\"", re.DOTALL)
"""Where either face of the floor shows since when that seat has been in its state, in milliseconds."""
CALLS = 6000
DRAIN_SECONDS = 20.0
"""How long after the last change it is waited for pages that have not shown it."""


# ---- the served console -------------------------------------------------------------------------------------------


def serve(url: str, port: int, data: Path) -> None:
    """The console as the web process serves it; on SIGUSR1 it prints how many statements it has sent."""
    import structlog
    import uvicorn
    from sqlalchemy.engine import Engine

    from console.app import create_app

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    sent = [0]
    event.listen(Engine, "before_cursor_execute", lambda *_: sent.__setitem__(0, sent[0] + 1))
    signal.signal(signal.SIGUSR1, lambda *_: print(sent[0], flush=True))
    app = create_app(Settings(data=data), Database(url, pool_size=10))
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False)


class Served:
    """The console's process."""

    def __init__(self, url: str, data: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        command = [sys.executable, __file__, "--serve", url, "--port", str(self.port), "--data", str(data)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self._ps = psutil.Process(self._process.pid)

    async def ready(self) -> None:
        async with asyncio.timeout(120):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.1)
                else:
                    writer.close()
                    return

    async def quiet(self) -> None:
        """Until what an earlier round asked for is answered: pages that have gone may still be waited upon."""
        async with asyncio.timeout(120):
            before = -1
            while (now := self.queries()) != before:
                before = now
                await asyncio.sleep(1.5)

    def queries(self) -> int:
        assert self._process.stdout is not None
        os.kill(self._process.pid, signal.SIGUSR1)
        return int(self._process.stdout.readline())

    def cpu(self) -> float:
        times = self._ps.cpu_times()
        return float(times.user + times.system)

    def end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()


# ---- viewers --------------------------------------------------------------------------------------------------------


@dataclass
class Watch:
    """What all viewers of one round have seen: seconds from each change to each of them."""

    changes: list[tuple[int, float]] = field(default_factory=list)
    """Milliseconds since 1970 of the seat's new state, and the monotonic time just before it was written."""
    seen: list[float] = field(default_factory=list)
    bytes: int = 0
    boards: int = 0


class Viewer:
    """Reads boards and notes for each change when it was first on one."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._next = 0

    def board(self, content: bytes, now: float) -> None:
        self._watch.boards += 1
        self._watch.bytes += len(content)
        found = SHOWN.search(content)
        since = int(found[1]) if found else 0
        changes = self._watch.changes
        while self._next < len(changes) and changes[self._next][0] <= since + 1:
            self._watch.seen.append(now - changes[self._next][1])
            self._next += 1


class Streaming(asyncio.Protocol):
    """One page with an open stream of server-sent events."""

    def __init__(self, viewer: Viewer, request: bytes) -> None:
        self._viewer, self._request = viewer, request
        self._chunks: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(self._request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._chunks.append(data)
        if data.endswith(b"\n\n\r\n"):  # an event, and the end of its HTTP chunk
            self._viewer.board(b"".join(self._chunks), time.monotonic())
            self._chunks.clear()


async def poll(port: int, request: bytes, viewer: Viewer, offset: float) -> None:
    """One page that fetches the board every second; one that is late asks at once and does not make up for it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.sleep(offset)
    try:
        while True:
            begun = time.monotonic()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(re.search(rb"content-length: (\d+)", head)[1])  # type: ignore[index]
            content = await reader.readexactly(length)
            viewer.board(content, time.monotonic())
            await asyncio.sleep(max(0.0, 1.0 - (time.monotonic() - begun)))
    finally:
        writer.close()


# ---- changes --------------------------------------------------------------------------------------------------------


async def change(url: str, watch: Watch, rate: float, seconds: float) -> None:
    """Let a seat go on a break and back, `rate` times a second, by the controller's own statement."""
    async with await psycopg.AsyncConnection.connect(libpq_url(url), autocommit=True) as connection:
        begun = time.monotonic()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
            cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
            await cursor.execute(f"SELECT {COLUMNS} FROM seats WHERE extension = %s", (CHANGED,))
            row = await cursor.fetchone()
            assert row is not None
            before = seat_of(row)
            now = datetime.now(UTC)
            after = step(before, Ready() if before.state == "break" else BreakTaken("rest"), now)
            watch.changes.append((round(now.timestamp() * 1000), time.monotonic()))
            assert await save(connection, before, after)


@dataclass
class Round:
    name: str
    rate: float
    watch: Watch
    queries: float
    cpu: float
    seconds: float
    expected: int

    def line(self, viewers: int) -> str:
        seen = sorted(self.watch.seen)
        changes = len(self.watch.changes)
        if not seen:
            return f"| {self.name} | {self.rate:g} | no page showed any change within {DRAIN_SECONDS:g} s of the last |"
        p50, p99 = statistics.median(seen), seen[int(len(seen) * 0.99)]
        return (
            f"| {self.name} | {self.rate:g} | {p50 * 1000:.0f} ms | {p99 * 1000:.0f} ms | {seen[-1] * 1000:.0f} ms |"
            f" {len(seen) / self.expected:.1%} | {self.queries / changes:.1f} |"
            f" {self.cpu / self.seconds / viewers * 1000:.2f} ms/s | {self.cpu / self.seconds:.0%} |"
            f" {self.watch.bytes / max(1, self.watch.boards) / 1000:.0f} kB |"
        )


async def measure(
    served: Served, url: str, kind: tuple[str, Callable[[Watch], Any]], rate: float, arguments: argparse.Namespace
) -> Round:
    """One round: viewers look, changes come, the viewers leave."""
    name, start = kind
    watch = Watch()
    await served.quiet()
    stop = await start(watch)
    begun = time.monotonic()
    while watch.boards < arguments.viewers and time.monotonic() - begun < DRAIN_SECONDS:  # noqa: ASYNC110 - as below
        await asyncio.sleep(0.2)
    await asyncio.sleep(2)
    watch.boards = watch.bytes = 0
    queries, cpu, begun = served.queries(), served.cpu(), time.monotonic()
    await change(url, watch, rate, arguments.seconds)
    took = time.monotonic() - begun
    spent = served.cpu() - cpu
    asked = served.queries() - queries
    drained = time.monotonic() + DRAIN_SECONDS
    wanted = len(watch.changes) * arguments.viewers
    while len(watch.seen) < wanted and time.monotonic() < drained:  # noqa: ASYNC110 - the pages know of no event
        await asyncio.sleep(0.2)
    await stop()
    return Round(name, rate, watch, asked, spent, took, len(watch.changes) * arguments.viewers)


async def bench(arguments: argparse.Namespace) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="bench-viewers-") as folder,
        EmbeddedPostgres(Path(folder) / "pg") as server,
    ):
        url = server.url("postgres")
        assert metadata.tables, "the rooms' tables are not imported"
        engine = create_engine(url)
        with engine.begin() as connection:
            create_all(connection)
        engine.dispose()
        token = await fill(url, arguments.seats)
        served = Served(url, Path(folder) / "data")
        try:
            await served.ready()
            await rounds(served, url, token, arguments)
        finally:
            served.end()


async def rounds(served: Served, url: str, token: str, arguments: argparse.Namespace) -> None:
    head = f" HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: hotline_session={token}\r\n\r\n"

    def streaming(path: str) -> Callable[[Watch], Any]:
        async def start(watch: Watch) -> Callable[[], Any]:
            loop = asyncio.get_running_loop()
            request = f"GET {path}{head}".encode()
            open_ = [
                (await loop.create_connection(lambda: Streaming(Viewer(watch), request), "127.0.0.1", served.port))[0]
                for _ in range(arguments.viewers)
            ]

            async def stop() -> None:
                for transport in open_:
                    transport.close()
                await asyncio.sleep(1)

            return stop

        return start

    async def polling(watch: Watch) -> Callable[[], Any]:
        request = f"GET /floor/board{head}".encode()
        pages = [
            asyncio.create_task(poll(served.port, request, Viewer(watch), number / arguments.viewers))
            for number in range(arguments.viewers)
        ]

        async def stop() -> None:
            for page in pages:
                page.cancel()
            for ended in await asyncio.gather(*pages, return_exceptions=True):
                if isinstance(ended, Exception):
                    raise ended

        return stop

    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f};", end=" "
    )
    print(f"{arguments.viewers} viewers, {arguments.seats} seats, {CALLS} calls today")
    print("\n| viewers | changes/s | p50 | p99 | longest | seen | queries per change | CPU per viewer | CPU | board |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for rate in arguments.rates:
        for kind in (
            ("floor, stream", streaming("/floor/stream")),
            ("wallboard, stream", streaming("/wallboard/stream")),
            ("floor, asking every second", polling),
        ):
            found = await measure(served, url, kind, rate, arguments)
            print(found.line(arguments.viewers), flush=True)


async def fill(url: str, seats: int) -> str:
    """Seats at work, a day of calls, and somebody who may look; gives the session's token."""
    database = Database(url)
    now = datetime.now(UTC)
    async with database.transaction() as session:
        await accounts.create_user(
            session, login="leader", name="L", role=Role.SHIFT_LEADER, password="bench bench 1", now=now
        )
        for number in range(seats):
            session.add(
                Seat(
                    extension=str(int(CHANGED) + number), name="-", level="junior", skills={"complaint": 3},
                    sip_secret="-", state="ready" if number == 0 else "talking", state_since=now, reachable=True,
                    epoch=0,
                )
            )  # fmt: skip
        for number in range(CALLS):
            entered = now - timedelta(seconds=number * 5)
            session.add(
                Call(
                    uid=f"b-{number}", caller="13900000000", service="complaint", state="ended", outcome="answered",
                    entered_at=entered, queued_at=entered, answered_at=entered + timedelta(seconds=number % 20),
                    ended_at=entered + timedelta(seconds=90), seat=CHANGED,
                )
            )  # fmt: skip
    async with database.transaction() as session:
        _, token = await accounts.authenticate(session, "leader", "bench bench 1", now)
    await database.close()
    return token


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--seats", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rates", type=lambda text: [float(part) for part in text.split(",")], default=[1.0, 10.0])
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve, arguments.port, arguments.data)
    else:
        asyncio.run(bench(arguments))


if __name__ == "__main__":
    main()
