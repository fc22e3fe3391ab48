"""One controller acts at a time: who holds a session-level advisory lock leads, the others wait for it.

All that a leader does to seats runs on the very connection that holds the lock. The server frees the lock when that
session ends, so a controller that was cut off or slept too long finds its statements failing, not working on beside a
new leader. A term has an epoch from the sequence of claims: whatever an earlier leader claimed is older than the
term, and the dialplan refuses it (`ACD_FENCE`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import psycopg
import structlog

from acd import claims
from acd.claims import Connection
from acd.errors import NotLeadingError

LOCK = (0x484F544C, 0x494E4501)
"""The lock's two keys; every installation has its own database, and locks are per database."""

STATEMENT_SECONDS = 3.0
"""A statement on a few rows that takes longer means a database that cannot be worked with. Shorter than the
heartbeat's grace."""
BACK_OFF_SECONDS = (0.2, 0.5, 1.0, 2.0)

_T = TypeVar("_T")
_log = structlog.get_logger(__name__)


class Term:
    """The time during which this controller leads. Statements run one after another, in the order they were asked."""

    def __init__(self, connection: Connection, epoch: int) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()
        self.epoch = epoch
        self.lost = asyncio.Event()
        self.proven_at = asyncio.get_running_loop().time()
        """Loop time at which the database last answered: leadership was certain then."""

    def __repr__(self) -> str:
        return f"<Term {self.epoch}{' lost' if self.lost.is_set() else ''}>"

    async def run(self, work: Callable[[Connection], Awaitable[_T]]) -> _T:
        """Do `work` on the leader's connection; raises NotLeadingError once the connection is lost or too slow."""
        async with self._turn:
            if self.lost.is_set():
                raise NotLeadingError("this controller's term is over; it waits to lead again")
            task = asyncio.ensure_future(work(self._connection))
            try:
                done, _ = await asyncio.wait({task}, timeout=STATEMENT_SECONDS)
            except asyncio.CancelledError:
                await self._give_up(task)
                raise
            if not done:
                await self._give_up(task)
                raise NotLeadingError(f"the database did not answer within {STATEMENT_SECONDS:.0f} s; the term is over")
            try:
                result = task.result()
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                await self._give_up(task)
                raise NotLeadingError("the database connection that holds the leader's lock is lost") from error
            self.proven_at = asyncio.get_running_loop().time()
            return result

    async def end(self) -> None:
        """Stop leading: the lock is free as soon as the server sees the connection closed."""
        self.lost.set()
        # finish() rather than close(): it works however the connection is stuck
        self._connection.pgconn.finish()

    async def _give_up(self, task: asyncio.Future[Any]) -> None:
        await self.end()
        task.cancel()
        with contextlib.suppress(psycopg.Error, asyncio.CancelledError, OSError):
            await asyncio.wait({task}, timeout=0.1)


async def lead(conninfo: str) -> Term:
    """Wait, as long as it takes, until this controller leads; a database that is away is tried again."""
    failures = 0
    while True:
        try:
            return await _lead_once(conninfo)
        except (psycopg.Error, OSError) as error:
            pause = BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS) - 1)]
            failures += 1
            if failures == 1:
                _log.warning("acd.leader.database_away", error=type(error).__name__)
            await asyncio.sleep(pause)


async def _lead_once(conninfo: str) -> Term:
    connection: Connection = await psycopg.AsyncConnection.connect(
        conninfo,
        autocommit=True,
        connect_timeout=5,
        application_name=own_name(),
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
        tcp_user_timeout=10_000,
    )
    try:
        await connection.execute("SELECT pg_advisory_lock(%s, %s)", LOCK)
        epoch = await claims.term_epoch(connection)
        # Every seat's row follows from what Asterisk tells, and is set right by the next pick-up after a crash of the
        # database. Waiting for the disk at each step is what callers would stand in line for (bench/ring_latency.py).
        await connection.execute("SET synchronous_commit = off")
        return Term(connection, epoch)
    except BaseException:
        connection.pgconn.finish()
        raise


def own_name() -> str:
    """How this process is named in `pg_stat_activity`, where the floor reads who leads."""
    return f"hotline-controller {socket.gethostname()[:32]}:{os.getpid()}"
