"""The controller: hears what happens in Asterisk, and gives each waiting caller a seat.

The story of a call here:

1. `queued` is heard (`hearing.py`) → the caller is on the board; an idle seat that fits is **claimed** in the database,
   and one **Redirect** takes the caller out of the dialplan's hold loop to ring it (`offering.py`);
2. `answered` → the seat talks; `returned` → the seat rests a moment and the caller is offered another one;
3. `ended` → the seat wraps up (`seatwork.py`), the call is written down, its recording is finalised by a job.

One task handles one thing at a time (`_work`), so nothing here races with itself. All that touches seats runs on the
connection that holds the leader's lock (`leader.py`); calls are written behind (`outbox.py`). Whenever events may have
been missed, the floor is picked up anew (`pickup.py`) before anybody is offered a seat or the heartbeat goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import structlog

from acd import callback_rows, callback_work, claims, clock_jumps, commands, desk, eavesdrop, figures, monitoring
from acd.callback_list import CallbackList
from acd.callbacks import Policy
from acd.duty import Asked, Due, Duty, Item, LeaseOver, Led, Looked, Noted, Retold, RingFailed, SeatPressed, TermOver
from acd.errors import NotLeadingError
from acd.events import Kind
from acd.hearing import compare, hear, hear_link
from acd.leader import Term, lead
from acd.offering import lease_over, offer, ring_failed
from acd.oncall.carry import carry_out
from acd.pickup import pick_up
from acd.ports import AmiEvent, Link, LinkDown, LinkError, LinkUp
from acd.presence import GRACE_SECONDS, heartbeat
from acd.resync import snapshot
from acd.retelling import retell, watch
from acd.seatwork import reload
from hotline.clock import Clock
from hotline.database import Database
from hotline.embedded import libpq_url
from hotline.listening import listen
from hotline.settings import AcdSettings

LOOK_SECONDS = 15.0
"""How often Asterisk is asked what there is, beside what it tells."""
PROVE_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class Controller:
    """One controller process; any number may run, one leads.

    `journal` is the node's CEL journal where this host can read it. Timing comes from `settings`, all in seconds.
    `callbacks` None: there is no way out to the public network, so that nobody is called back.
    """

    def __init__(
        self,
        link: Link,
        database: Database,
        clock: Clock,
        settings: AcdSettings,
        *,
        journal: Path | None = None,
        callbacks: Policy | None = None,
    ) -> None:
        self.duty = Duty(link, database, clock, settings, journal, callbacks=CallbackList(callbacks))
        self._conninfo = libpq_url(database.url)

    def __repr__(self) -> str:
        duty = self.duty
        leads = "leads" if duty.term is not None else "waits to lead"
        return f"<Controller {leads}, {'resumed' if duty.resumed else 'not resumed'}, {duty.board!r}>"

    @property
    def acting(self) -> asyncio.Event:
        """Set once this controller has led and picked the floor up."""
        return self.duty.acting

    @property
    def serves(self) -> bool:
        """Whether it leads, is connected to Asterisk and acts, right now."""
        return self._well() is not None

    async def run(self) -> None:
        """Work until cancelled; what was heard is written down before this ends, if the database lets it."""
        duty = self.duty
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._lead(tasks))
                tasks.create_task(duty.outbox.run())
                for channel, heard in self._channels().items():
                    tasks.create_task(listen(self._conninfo, channel, heard, name="hotline-controller"))
                tasks.create_task(heartbeat(duty.link, self._well, duty.settings.heartbeat_seconds))
                tasks.create_task(self._work())
                tasks.create_task(clock_jumps.watch(duty.database, duty.clock, asyncio.get_running_loop().time))
        finally:
            for ring in duty.rings:
                ring.cancel()
            if duty.term is not None:
                await duty.term.end()
            await duty.outbox.close()

    # ---- one thing at a time ----------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            item = await self.duty.inbox.get()
            try:
                await self._handle(item)
                await offer(self.duty)
                figures.show(self.duty)
            except NotLeadingError:
                _log.info("acd.not_leading", item=type(item).__name__)
            except Exception:
                if not isinstance(item, AmiEvent):
                    raise  # ends this controller; the one that is started next picks the floor up
                # one event must never be able to end every controller that hears it
                _log.exception("acd.event_failed", name=item.name)

    async def _handle(self, item: Item) -> None:
        duty = self.duty
        match item:
            case AmiEvent():
                if item.name == "Hangup" or item["Kind"] == Kind.ENDED:
                    await retell(duty)  # first all that happened before the end
                await hear_link(duty, item)
            case Retold():
                await retell(duty)
            case LinkUp(restarted):
                _log.info("acd.link_up", restarted=restarted)
                duty.linked = True
                await pick_up(duty)
            case LinkDown():
                duty.linked = False
                duty.stop_acting()
            case Led(term):
                duty.term = term
                duty.resumed = False
                await pick_up(duty)
            case TermOver(term):
                if duty.term is term:
                    duty.stop_acting()
            case SeatPressed(extension):
                await reload(duty, extension or None)
            case RingFailed():
                await ring_failed(duty, item)
            case LeaseOver(seats):
                for seat in seats:
                    await lease_over(duty, seat)
            case Looked(seen):
                await compare(duty, seen)
            case Asked():
                await carry_out(duty)
            case Noted(event):
                await hear(duty, event)
            case Due(act):
                await act()

    # ---- leading ----------------------------------------------------------------------------------------------

    async def _lead(self, tasks: asyncio.TaskGroup) -> None:
        """Wait to lead; keep proving it; begin again when the term is over. The link is up from the first term on."""
        inbox, linked = self.duty.inbox, False
        while True:
            term = await lead(self._conninfo)
            _log.info("acd.leads", epoch=term.epoch)
            await inbox.put(Led(term))
            if not linked:
                linked = True
                tasks.create_task(self.duty.link.run())
                tasks.create_task(self._read_link())
                tasks.create_task(self._look())
                tasks.create_task(watch(self.duty))
            await self._prove(term)
            _log.warning("acd.term_over", epoch=term.epoch)
            await inbox.put(TermOver(term))

    async def _prove(self, term: Term) -> None:
        """Until the term is over: sweep leases each second, which proves the connection as well."""
        while not term.lost.is_set():
            try:
                overdue = await term.run(lambda connection: claims.expired(connection, self.duty.clock.now()))
            except NotLeadingError:
                return
            if overdue:
                await self.duty.inbox.put(LeaseOver(tuple(overdue)))
            try:
                async with asyncio.timeout(PROVE_SECONDS):
                    await term.lost.wait()
            except TimeoutError:
                continue

    def _channels(self) -> Mapping[str, Callable[[str], Awaitable[None]]]:
        """What others tell a controller, and what it does about it."""
        return {
            desk.CHANNEL: lambda extension: self.duty.inbox.put(SeatPressed(extension)),
            commands.CHANNEL: self._asked,
            callback_rows.CHANNEL: self._callbacks,
            monitoring.CHANNEL: self._monitor,
        }

    async def _asked(self, command: str) -> None:
        await self.duty.inbox.put(Asked())

    async def _callbacks(self, _: str) -> None:
        await self.duty.inbox.put(Due(lambda: callback_work.refresh(self.duty)))

    async def _monitor(self, listening: str) -> None:
        await eavesdrop.carry_out(self.duty)  # touches neither board nor seats, so that it need not wait its turn

    def _well(self) -> int | None:
        """The term's epoch while the dialplan may count on this controller."""
        duty, term = self.duty, self.duty.term
        if not duty.resumed or not duty.linked or term is None:
            return None
        return term.epoch if asyncio.get_running_loop().time() - term.proven_at < GRACE_SECONDS else None

    async def _read_link(self) -> None:
        async for item in self.duty.link.events():
            await self.duty.inbox.put(item)

    async def _look(self) -> None:
        """Ask now and then what there is, so that nothing that was missed stays so."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not self.duty.linked:
                continue
            try:
                seen = await snapshot(self.duty.link, self.duty.clock)
            except LinkError as error:
                _log.warning("acd.look_failed", code=error.code)
                continue
            await self.duty.inbox.put(Looked(seen))
