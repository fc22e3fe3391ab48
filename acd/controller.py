"""The controller: hears what happens in Asterisk, and gives each waiting caller a seat.

The story of a call here:

1. `queued` arrives → the caller is in the index; an idle seat that fits is **claimed** in the database (epoch, lease);
2. one **Redirect** takes the caller out of the dialplan's hold loop to ring that seat (`acd-ring`);
3. `answered` → the seat talks; `returned` → the seat rests a moment and the caller is offered another one;
4. `ended` → the seat wraps up, the call is written down, its recording is finalised by a job.

One task handles one thing at a time (`_handle`), so nothing here races with itself. All that touches seats runs on the
connection that holds the leader's lock (`leader.py`); calls are written behind (`outbox.py`). Whenever events may have
been missed, `_resume` puts the floor together anew before anybody is offered a seat or the heartbeat goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from acd import claims, record
from acd.assign import Rules
from acd.board import Board, LiveCall
from acd.calls import Attempt, CallFacts, CallState
from acd.customers import class_of_numbers
from acd.errors import EventRefusedError, NotLeadingError
from acd.events import CallEvent, Kind, SeatContact
from acd.journal import read_journal
from acd.leader import Term, lead
from acd.outbox import Outbox
from acd.ports import (
    ActionRefused,
    ActionTimeout,
    AmiEvent,
    Link,
    LinkDown,
    LinkDownError,
    LinkError,
    LinkEvent,
    LinkUp,
)
from acd.presence import GRACE_SECONDS, heartbeat, listen
from acd.resume import Resumed, events_by_call, missed, resume
from acd.resync import FloorSnapshot, snapshot
from acd.seats import ContactChanged, RingOver, Seat, SeatEvent, SeatState, WrapUpOver, step
from acd.translate import translate
from acd.words import CustomerClass
from hotline.clock import Clock
from hotline.database import Database
from hotline.embedded import libpq_url
from hotline.settings import AcdSettings

HOLD_SECONDS = 1.0
"""How long a caller is not offered after a claim or Redirect that failed for no known reason."""
HANGUP_GRACE_SECONDS = 3.0
"""A channel is gone and its `ended` was not told: so long it is waited for."""
RETRY_SECONDS = 1.0
LOOK_SECONDS = 15.0
"""How often Asterisk is asked what there is, beside what it tells."""
INBOX = 1_000
_T = TypeVar("_T")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Led:
    term: Term


@dataclass(frozen=True, slots=True)
class TermOver:
    term: Term


@dataclass(frozen=True, slots=True)
class SeatPressed:
    """A row of `seats` was changed by somebody else; empty: any may have been."""

    extension: str


@dataclass(frozen=True, slots=True)
class RingFailed:
    call: str
    seat: str
    epoch: int
    reason: str


@dataclass(frozen=True, slots=True)
class LeaseOver:
    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """Asterisk was asked what there is."""

    seen: FloorSnapshot


@dataclass(frozen=True, slots=True)
class Due:
    """A moment that was waited for has come."""

    act: Callable[[], Awaitable[None]]


Item = LinkEvent | Led | TermOver | SeatPressed | RingFailed | LeaseOver | Looked | Due


class Controller:
    """One controller process; any number may run, one leads.

    `journal` is the node's CEL journal where this host can read it. Timing comes from `settings`, all in seconds.
    """

    def __init__(
        self, link: Link, database: Database, clock: Clock, settings: AcdSettings, *, journal: Path | None = None
    ) -> None:
        self._link = link
        self._database = database
        self._conninfo = libpq_url(database.url)
        self._clock = clock
        self._settings = settings
        self._journal = journal
        rules = Rules(settings.ageing_seconds, settings.senior_only_seconds)
        self._board = Board(rules, settings.important_priority)
        self._outbox = Outbox(database, clock, promise=settings.promise_seconds)
        self._inbox: asyncio.Queue[Item] = asyncio.Queue(INBOX)
        self.acting = asyncio.Event()
        """Set once this controller has led and picked the floor up."""
        self._term: Term | None = None
        self._linked = False
        self._resumed = False
        self._away_since: datetime | None = None
        self._contacts: dict[str, bool] = {}
        """Which telephones are registered, those of seats that were just added included."""
        self._lease = max(settings.lease_seconds, settings.ring_seconds + 5.0)
        self._widening: asyncio.TimerHandle | None = None
        self._tasks: asyncio.TaskGroup | None = None

    def __repr__(self) -> str:
        leads = "leads" if self._term is not None else "waits to lead"
        return f"<Controller {leads}, {'resumed' if self._resumed else 'not resumed'}, {self._board!r}>"

    async def run(self) -> None:
        """Work until cancelled; what was heard is written down before this ends, if the database lets it."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                tasks.create_task(self._lead())
                tasks.create_task(self._outbox.run())
                tasks.create_task(listen(self._conninfo, lambda extension: self._inbox.put(SeatPressed(extension))))
                tasks.create_task(heartbeat(self._link, self._well, self._settings.heartbeat_seconds))
                tasks.create_task(self._work())
        finally:
            if self._term is not None:
                await self._term.end()
            await self._outbox.close()

    # ---- leading ----------------------------------------------------------------------------------------------

    async def _lead(self) -> None:
        """Wait to lead; keep proving it; begin again when the term is over. The link is up from the first term on."""
        assert self._tasks is not None
        linked = False
        while True:
            term = await lead(self._conninfo)
            _log.info("acd.leads", epoch=term.epoch)
            await self._inbox.put(Led(term))
            if not linked:
                linked = True
                self._tasks.create_task(self._link.run())
                self._tasks.create_task(self._read_link())
                self._tasks.create_task(self._look())
            await self._prove(term)
            _log.warning("acd.term_over", epoch=term.epoch)
            await self._inbox.put(TermOver(term))

    async def _prove(self, term: Term) -> None:
        """Until the term is over: sweep leases each second, which proves the connection as well."""
        while not term.lost.is_set():
            try:
                overdue = await term.run(lambda connection: claims.expired(connection, self._clock.now()))
            except NotLeadingError:
                return
            if overdue:
                await self._inbox.put(LeaseOver(tuple(overdue)))
            try:
                async with asyncio.timeout(1.0):
                    await term.lost.wait()
            except TimeoutError:
                continue

    async def _read_link(self) -> None:
        async for item in self._link.events():
            await self._inbox.put(item)

    def _well(self) -> int | None:
        """The term's epoch while the dialplan may count on this controller."""
        term = self._term
        if not self._resumed or not self._linked or term is None:
            return None
        return term.epoch if asyncio.get_running_loop().time() - term.proven_at < GRACE_SECONDS else None

    async def _look(self) -> None:
        """Ask now and then what there is, so that nothing that was missed stays so."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not self._linked:
                continue
            try:
                seen = await snapshot(self._link, self._clock)
            except LinkError as error:
                _log.warning("acd.look_failed", code=error.code)
                continue
            await self._inbox.put(Looked(seen))

    # ---- one thing at a time ----------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            item = await self._inbox.get()
            try:
                await self._handle(item)
                await self._offer()
            except NotLeadingError:
                _log.info("acd.not_leading", item=type(item).__name__)
            except Exception:
                if not isinstance(item, AmiEvent):
                    raise  # ends this controller; the one that is started next picks the floor up
                # one event must never be able to end every controller that hears it
                _log.exception("acd.event_failed", name=item.name)

    async def _handle(self, item: Item) -> None:
        match item:
            case AmiEvent():
                await self._hear_link(item)
            case LinkUp(restarted):
                _log.info("acd.link_up", restarted=restarted)
                self._linked = True
                await self._resume()
            case LinkDown():
                self._linked = False
                self._stop_acting()
            case Led(term):
                self._term = term
                self._resumed = False
                if self._linked:
                    await self._resume()
            case TermOver(term):
                if self._term is term:
                    self._stop_acting()
            case SeatPressed(extension):
                await self._reload(extension or None)
            case RingFailed():
                await self._ring_failed(item)
            case LeaseOver(seats):
                for seat in seats:
                    await self._lease_over(seat)
            case Looked(seen):
                await self._compare(seen)
            case Due(act):
                await act()

    def _stop_acting(self) -> None:
        """No offers from here to the next resume. The heartbeat goes on while `_well`."""
        self._away_since = self._away_since or self._clock.now()
        if not self._linked:
            self._resumed = False

    @property
    def _acts(self) -> bool:
        return self._resumed and self._linked and self._term is not None and not self._term.lost.is_set()

    # ---- hearing ----------------------------------------------------------------------------------------------

    async def _hear_link(self, event: AmiEvent) -> None:
        try:
            told = translate(event)
        except EventRefusedError as error:
            _log.warning("acd.event_refused", code=error.reason, name=event.name)
            return
        match told:
            case CallEvent():
                await self._hear(told)
            case SeatContact(seat, reachable):
                self._contacts[seat] = reachable
                if seat in self._board.seats:
                    await self._tell_seat(seat, ContactChanged(reachable))
            case None if event.name == "Hangup" and event["Uniqueid"] in self._board.calls:
                self._await_end(event["Uniqueid"])
            case None:
                pass

    async def _compare(self, seen: FloorSnapshot) -> None:
        """Hear what was missed; a telephone that could not be rung for a moment is tried again."""
        for event in missed(seen, {uid: call.facts for uid, call in self._board.calls.items()}):
            _log.warning("acd.missed", call=event.call, kind=event.kind.value)
            await self._hear(event)
        self._contacts = dict.fromkeys(seen.seats_registered, True)
        for extension in list(self._board.seats):
            await self._tell_seat(extension, ContactChanged(extension in seen.seats_registered))

    def _await_end(self, uid: str) -> None:
        """The channel is gone: should its `ended` not be told, the hang-up itself was the end."""
        at = self._clock.now()

        async def end() -> None:
            if uid in self._board.calls:
                await self._hear(CallEvent(uid, Kind.ENDED, at, detail="hangup"))

        self._later(HANGUP_GRACE_SECONDS, end)

    async def _hear(self, event: CallEvent) -> None:
        """Take in a milestone: the board changes, seats follow, and it is written down."""
        heard = self._board.hear(event)
        if heard is None or not heard.changed:
            self._outbox.add(event)
            return
        call = heard.call
        if call.customer_class is None and call.facts.caller:
            await self._look_up([call])
        self._outbox.add(event, call.customer_class, self._board.priority_of(call))
        for extension, follows in heard.seats:
            await self._tell_seat(extension, follows)
        if event.kind is Kind.REFUSED and call.facts.state is CallState.WAITING:
            self._rest(event.seat)  # whatever keeps the dialplan from ringing it is not over in a millisecond
        if event.kind is Kind.QUEUED:
            self._watch_promise(call.facts)
        _log.info(
            "acd.call", call=event.call, kind=event.kind.value, state=call.facts.state.value, seat=event.seat or None,
            epoch=event.epoch or None, detail=event.detail or None,
        )  # fmt: skip

    async def _look_up(self, calls: list[LiveCall]) -> None:
        """Learn who calls (D18); left for the next resume where the database is away."""
        if self._term is None:
            return
        numbers = [call.facts.caller for call in calls]
        try:
            found = await self._term.run(lambda connection: class_of_numbers(connection, numbers))
        except NotLeadingError:
            return
        for call in calls:
            call.customer_class = found.get(call.facts.caller, CustomerClass.ORDINARY)
            self._board.index_call(call.facts.uid)

    def _watch_promise(self, facts: CallFacts) -> None:
        """Note a breach when it happens, not only at the end (D9)."""
        if facts.queued_at is None:
            return
        gone = max(0.0, (self._clock.now() - facts.queued_at).total_seconds())
        uid = facts.uid

        async def broken() -> None:
            call = self._board.calls.get(uid)
            if call is not None and call.facts.wait_over_at is None:
                self._outbox.touch(uid)

        self._later(max(0.0, self._settings.promise_seconds - gone) + 0.05, broken)

    # ---- seats ------------------------------------------------------------------------------------------------

    async def _tell_seat(self, extension: str, event: SeatEvent) -> None:
        """Step a seat here and in the database; should somebody have changed the row meanwhile, on the fresh row."""
        seat = self._board.seats.get(extension)
        if seat is None:
            _log.warning("acd.unknown_seat", seat=extension, told=type(event).__name__)
            return
        for attempt in range(3):
            before, after = seat, step(seat, event, self._clock.now())
            if after is before:
                if attempt:
                    self._board.put_seat(before)
                return
            if self._term is None or self._term.lost.is_set():
                break  # the next resume sets the row right
            try:
                if await self._term.run(lambda connection, b=before, a=after: claims.save(connection, b, a)):  # type: ignore[misc]
                    break
                fresh = await self._term.run(lambda connection: claims.load(connection, extension))
            except NotLeadingError:
                break
            if not fresh:
                self._board.drop_seat(extension)
                return
            seat = fresh[0]
        self._board.put_seat(after)
        self._follow_seat(after)
        if isinstance(event, RingOver) and event.ignored:
            self._rest(extension)
        if isinstance(event, RingOver) and event.unreachable:
            self._contacts[extension] = False

    def _follow_seat(self, seat: Seat) -> None:
        """Wrap-up ends by itself."""
        if seat.state is not SeatState.WRAP_UP or seat.state_since is None:
            return
        since = seat.state_since
        over = since + timedelta(seconds=self._settings.wrap_up_seconds)

        async def wrapped_up() -> None:
            current = self._board.seats.get(seat.extension)
            if current is not None and current.state is SeatState.WRAP_UP and current.state_since == since:
                await self._tell_seat(seat.extension, WrapUpOver())

        self._later(max(0.0, (over - self._clock.now()).total_seconds()), wrapped_up)

    def _rest(self, extension: str) -> None:
        """A seat that was rung in vain is offered nothing for a moment."""
        if self._settings.ring_penalty_seconds <= 0:
            return
        self._board.rest(extension)

        async def rested() -> None:
            self._board.rested(extension)

        self._later(self._settings.ring_penalty_seconds, rested)

    async def _reload(self, extension: str | None) -> None:
        """Read what agents pressed; everything once more where that may have been missed."""
        if self._term is None or not self._resumed:
            return  # the next resume reads all
        fresh = await self._term.run(lambda connection: claims.load(connection, extension))
        if extension is not None and not fresh:
            self._board.drop_seat(extension)
        for seat in fresh:
            self._board.put_seat(seat)
            self._follow_seat(seat)
            if self._contacts.get(seat.extension, seat.reachable) != seat.reachable:
                await self._tell_seat(seat.extension, ContactChanged(not seat.reachable))

    # ---- offering ---------------------------------------------------------------------------------------------

    async def _offer(self) -> None:
        """Claim a seat for everyone who can be given one, and ring it at once."""
        if not self._acts:
            return
        assert self._term is not None
        term = self._term
        now = self._clock.now()
        offers = self._board.offers(now.timestamp())
        for number, offer in enumerate(offers):
            try:
                claimed = await term.run(
                    lambda connection, o=offer: claims.claim(  # type: ignore[misc]
                        connection, o.uid, o.extension, now=self._clock.now(), lease=self._lease
                    )
                )
                if claimed is None:
                    await self._reload(offer.extension)
            except NotLeadingError:
                for open_offer in offers[number:]:
                    self._put_back(open_offer.uid, open_offer.extension)
                raise
            if claimed is None:
                self._hold(offer.uid)
                continue
            self._ring(offer.uid, claimed)
        self._await_widening()

    def _ring(self, uid: str, seat: Seat) -> None:
        """One Redirect, sent at once; its answer is awaited beside, so that the next caller need not wait for it."""
        call = self._board.calls[uid]
        call.claimed = (seat.extension, seat.epoch)
        self._board.put_seat(seat)
        assert self._tasks is not None
        self._tasks.create_task(self._redirect(uid, seat, len(call.facts.rings) + 1))

    async def _redirect(self, uid: str, seat: Seat, attempt: int) -> None:
        try:
            await self._link.action(
                "Redirect",
                {
                    "Channel": uid,
                    "Context": "acd-ring",
                    "Exten": f"{seat.extension}*{seat.epoch}*{attempt}",
                    "Priority": "1",
                },
            )
        except ActionRefused as error:
            reason = error.code  # the caller is gone
        except ActionTimeout:
            return  # it may be carried out yet; the lease decides
        except LinkDownError as error:
            if error.sent:
                return
            reason = error.code
        except LinkError as error:
            reason = error.code
        else:
            return
        await self._inbox.put(RingFailed(uid, seat.extension, seat.epoch, reason))

    async def _ring_failed(self, failed: RingFailed) -> None:
        _log.warning("acd.ring_failed", call=failed.call, seat=failed.seat, reason=failed.reason)
        await self._tell_seat(failed.seat, RingOver(failed.call, failed.epoch))
        self._release(failed.call, failed.epoch)

    async def _lease_over(self, overdue: Seat) -> None:
        if overdue.call_uid is None:
            return
        uid, seat, epoch = overdue.call_uid, overdue.extension, overdue.epoch
        _log.warning("acd.lease_over", call=uid, seat=seat, epoch=epoch)
        call = self._board.calls.get(uid)
        ring = call.facts.rings.get(epoch) if call is not None else None
        if ring is not None and ring.result is Attempt.RINGING:
            # it rang, and what came of it was told to nobody: the dialplan has long taken the caller back
            await self._hear(CallEvent(uid, Kind.RETURNED, self._clock.now(), seat, epoch, detail="UNKNOWN"))
        await self._tell_seat(seat, RingOver(uid, epoch))
        self._rest(seat)
        self._release(uid, epoch)

    def _release(self, uid: str, epoch: int) -> None:
        """The claim is off; the caller, if still there, is offered again in a moment."""
        call = self._board.calls.get(uid)
        if call is not None and call.claimed is not None and call.claimed[1] == epoch:
            call.claimed = None
            self._hold(uid)

    def _hold(self, uid: str) -> None:
        call = self._board.calls.get(uid)
        if call is None:
            return
        call.held = True
        self._board.index_call(uid)

        async def released() -> None:
            held = self._board.calls.get(uid)
            if held is not None:
                held.held = False
                self._board.index_call(uid)

        self._later(HOLD_SECONDS, released)

    def _put_back(self, uid: str, extension: str) -> None:
        self._board.index_call(uid)
        if extension in self._board.seats:
            self._board.put_seat(self._board.seats[extension])

    def _await_widening(self) -> None:
        """Wake when a caller has waited long enough for a senior (D18)."""
        if self._widening is not None:
            self._widening.cancel()
            self._widening = None
        moment = self._board.next_change()
        if moment is None:
            return

        async def widen() -> None:
            """`_offer` follows whatever is handled."""

        self._widening = self._later(max(0.01, moment - self._clock.now().timestamp()), widen)

    # ---- picking the floor up ---------------------------------------------------------------------------------

    async def _resume(self) -> None:
        """Put the floor together from Asterisk, database and journal, then act; tried again until it succeeds."""
        term = self._term
        if term is None or term.lost.is_set() or not self._linked:
            return
        try:
            await self._fence(term)
            await self._outbox.drained(RETRY_SECONDS)
            seen = await snapshot(self._link, self._clock)
            journal = await asyncio.to_thread(read_journal, self._journal)
            told = events_by_call([*journal.events, *self._outbox.unwritten()])
            async with self._database.transaction() as session:
                known = await record.open_calls(session)
                over = await record.ended_among(session, list(told))
            seats = await term.run(claims.load)
        except LinkError as error:
            self._resume_later(error.code)
            return
        except (SQLAlchemyError, OSError) as error:
            self._resume_later(type(error).__name__)
            return
        floor = resume(
            snapshot=seen,
            seats=seats,
            known={uid: facts for uid, (facts, _) in known.items()},
            journal={uid: events for uid, events in told.items() if uid not in over},
            gone_at=journal.last_seen,
            away_since=self._away_since,
            now=self._clock.now(),
            lease=self._lease,
        )
        await self._take_over(term, floor, {uid: customer_class for uid, (_, customer_class) in known.items()})

    async def _take_over(self, term: Term, floor: Resumed, classes: dict[str, CustomerClass]) -> None:
        for event in floor.events:
            self._outbox.add(event)
        for before, after in floor.seats:
            if after is not before:
                await term.run(lambda connection, b=before, a=after: claims.save(connection, b, a))  # type: ignore[misc]
        seats = await term.run(claims.load)
        calls = {uid: LiveCall(facts, classes.get(uid)) for uid, facts in floor.calls.items()}
        for call in calls.values():
            call.tried = {ring.seat for ring in call.facts.rings.values() if ring.in_vain}
        self._board.reset(seats, calls)
        self._contacts = {seat.extension: seat.reachable for seat in seats}
        await self._look_up([call for call in calls.values() if call.customer_class is None and call.facts.caller])
        for seat in seats:
            self._follow_seat(seat)
        for call in calls.values():
            if call.facts.state in {CallState.WAITING, CallState.RINGING}:
                self._watch_promise(call.facts)
        self._outbox.overflowed = False
        self._resumed = True
        self._away_since = None
        self.acting.set()
        _log.info("acd.resumed", epoch=term.epoch, calls=len(calls), seats=len(seats), written=len(floor.events))

    def _resume_later(self, reason: str) -> None:
        _log.warning("acd.resume_failed", reason=reason)
        self._later(RETRY_SECONDS, self._resume)

    async def _fence(self, term: Term) -> None:
        """From here on the dialplan refuses whatever was claimed before this term.

        A dialplan that remembers higher numbers than ours outlived the database it got them from: ours must pass them.
        """
        highest = await self._remembered("ACD_FENCE")
        if highest >= term.epoch:
            for seat in await term.run(claims.load):
                highest = max(highest, await self._remembered(f"ACD_E_{seat.extension}"))
            _log.warning("acd.epochs_behind", ours=term.epoch, theirs=highest)
            term.epoch = await term.run(lambda connection: claims.next_epoch(connection, above=highest))
        await self._link.action("Setvar", {"Variable": "ACD_FENCE", "Value": str(term.epoch)})

    async def _remembered(self, variable: str) -> int:
        answer = await self._link.action("Getvar", {"Variable": variable})
        value = answer.get("Value")
        return int(value) if value.isdecimal() else 0

    # ---- time -------------------------------------------------------------------------------------------------

    def _later(self, seconds: float, act: Callable[[], Awaitable[None]]) -> asyncio.TimerHandle:
        """Handle `act` like anything else that happens, in its turn."""
        return asyncio.get_running_loop().call_later(seconds, self._due, act)

    def _due(self, act: Callable[[], Awaitable[None]]) -> None:
        try:
            self._inbox.put_nowait(Due(act))
        except asyncio.QueueFull:
            self._later(0.05, act)
