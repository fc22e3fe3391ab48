"""Writing down what was heard, behind the controller's back: a database that is away delays it, nothing more."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError

from acd.events import CallEvent
from acd.record import Pending, write
from acd.words import CustomerClass
from hotline.clock import Clock
from hotline.database import Database

BATCH = 50
"""Calls written in one transaction."""
LIMIT = 50_000
"""Events kept while the database is away (an hour of 20 calls a minute is 10 000); past that the journal has to
serve."""
LINGER_SECONDS = 0.2
"""What comes within this time goes into one transaction: a call's milestones come in bursts, and each transaction takes
processor time from callers who wait for a seat. The journal has them already."""
BACK_OFF_SECONDS = (0.2, 0.5, 1.0, 2.0)
STUCK_SECONDS = 30.0

_log = structlog.get_logger(__name__)


class Outbox:
    """Events that are not yet in the database, by call, oldest call first."""

    def __init__(self, database: Database, clock: Clock, *, promise: float, limit: int = LIMIT) -> None:
        self._database = database
        self._clock = clock
        self._promise = promise
        self._limit = limit
        self._pending: dict[str, Pending] = {}
        self._writing: list[Pending] = []
        self._events = 0
        self._filled = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self.overflowed = False
        """Events were left out since this was last cleared: read the journal."""

    def __repr__(self) -> str:
        return f"<Outbox: {self._events} events of {len(self._pending)} calls>"

    @property
    def events(self) -> int:
        """How many are not in the database yet."""
        return self._events

    def add(self, event: CallEvent, customer_class: CustomerClass | None = None, priority: int = 0) -> None:
        if self._events >= self._limit:
            if not self.overflowed:
                _log.error("acd.outbox.full", events=self._events)
            self.overflowed = True
            return
        pending = self._of(event.call)
        self._events += event not in pending.events
        pending.events.add(event)
        pending.customer_class = customer_class or pending.customer_class
        pending.priority = max(priority, pending.priority)

    def touch(self, uid: str) -> None:
        """Have a call's row and breach written anew: only time has passed."""
        self._of(uid)

    def _of(self, uid: str) -> Pending:
        self._filled.set()
        self._empty.clear()
        return self._pending.setdefault(uid, Pending(uid))

    def unwritten(self) -> list[CallEvent]:
        """What the database does not know yet."""
        return [event for pending in [*self._writing, *self._pending.values()] for event in pending.events]

    async def close(self, *, seconds: float = 2.0) -> None:
        """Write what is left if the database lets it; the journal has it in any case."""
        if not self._pending:
            return
        writing = asyncio.create_task(self.run())
        await self.drained(seconds)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)

    async def drained(self, seconds: float) -> bool:
        """Wait until everything is written; False when that takes longer than `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Write until cancelled."""
        failures = 0
        while True:
            await self._filled.wait()
            await asyncio.sleep(LINGER_SECONDS)
            batch = [self._pending.pop(uid) for uid in list(self._pending)[:BATCH]]
            self._writing = batch
            try:
                await self._write(batch)
                self._writing = []
                failures = 0
            except (OperationalError, OSError, TimeoutError) as error:
                self._put_back(batch)
                pause = BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS) - 1)]
                failures += 1
                if failures == 1:
                    _log.warning("acd.outbox.database_away", error=type(error).__name__, events=self._events)
                await asyncio.sleep(pause)
                continue
            except asyncio.CancelledError:
                self._put_back(batch)
                raise
            self._events = sum(len(pending.events) for pending in self._pending.values())
            if not self._pending:
                self._filled.clear()
                self._empty.set()

    async def _write(self, batch: list[Pending]) -> None:
        """One transaction for all; should the database refuse one call's data, each call by itself without that one."""
        try:
            await self._transact(batch)
        except OperationalError:
            raise
        except DBAPIError as error:
            if error.connection_invalidated:
                raise OperationalError(error.statement, error.params, error.orig or error) from error
            if len(batch) == 1:
                _log.error("acd.outbox.refused", call=batch[0].uid, error=type(error.orig).__name__)
                return
            for pending in batch:
                await self._write([pending])

    async def _transact(self, batch: list[Pending]) -> None:
        async with asyncio.timeout(STUCK_SECONDS), self._database.transaction() as session:
            await write(session, batch, promise=self._promise, now=self._clock.now())

    def _put_back(self, batch: list[Pending]) -> None:
        self._writing = []
        for old in batch:
            newer = self._pending.get(old.uid)
            if newer is not None:
                old.events |= newer.events
                old.customer_class = newer.customer_class or old.customer_class
                old.priority = max(old.priority, newer.priority)
        rest = {uid: pending for uid, pending in self._pending.items() if uid not in {old.uid for old in batch}}
        self._pending = {old.uid: old for old in batch} | rest
