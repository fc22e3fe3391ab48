"""What a controller on duty has in hand: its link, its board, its term of leading, and the things that happen to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from acd.assign import Rules
from acd.board import Board
from acd.callback_list import CallbackList
from acd.events import CallEvent
from acd.leader import Term
from acd.outbox import Outbox
from acd.ports import Link, LinkEvent
from acd.resync import FloorSnapshot
from acd.seats import Customs, Seat
from acd.telling import Telling
from hotline.clock import Clock
from hotline.database import Database
from hotline.settings import AcdSettings

INBOX = 1_000


@dataclass(frozen=True, slots=True)
class Led:
    """This controller leads from now on."""

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
    """A Redirect was not carried out."""

    call: str
    seat: str
    epoch: int
    reason: str


@dataclass(frozen=True, slots=True)
class LeaseOver:
    """Claims that were neither answered nor returned in time."""

    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """Asterisk was asked what there is."""

    seen: FloorSnapshot


@dataclass(frozen=True, slots=True)
class Asked:
    """Agents have asked for something during their calls (`acd.commands`)."""


@dataclass(frozen=True, slots=True)
class Retold:
    """The node's journal has grown."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What the controller itself did to a call, to be heard like anything that is told."""

    event: CallEvent


@dataclass(frozen=True, slots=True)
class Due:
    """A moment that was waited for has come."""

    act: Callable[[], Awaitable[None]]


Item = LinkEvent | Led | TermOver | SeatPressed | RingFailed | LeaseOver | Looked | Retold | Asked | Noted | Due


@dataclass
class Duty:
    """State of one controller; only the task that handles items touches what is on the board.

    `journal` is the node's CEL journal where this host can read it.
    """

    link: Link
    database: Database
    clock: Clock
    settings: AcdSettings
    journal: Path | None
    board: Board = field(init=False)
    outbox: Outbox = field(init=False)
    inbox: asyncio.Queue[Item] = field(default_factory=lambda: asyncio.Queue(INBOX))
    acting: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once this controller has led and picked the floor up."""
    term: Term | None = None
    linked: bool = False
    resumed: bool = False
    """The board is what is true; nobody is offered a seat before."""
    away_since: datetime | None = None
    """When this controller stopped acting, None while it acts or before it ever did."""
    contacts: dict[str, bool] = field(default_factory=dict)
    """Which telephones are registered, those of seats that were just added included."""
    journal_read: int = 0
    """How far the journal was read when the floor was last picked up; what came after was also heard."""
    journal_told: int = 0
    """How far the journal was read along with the events (`acd.retelling`)."""
    outgoing: dict[str, str] = field(default_factory=dict)
    """Numbers to be dialled once the agent who wants to call them has picked up, by call."""
    customs: Customs = field(init=False)
    lease: float = field(init=False)
    """Seconds a claim lasts."""
    widening: asyncio.TimerHandle | None = None
    rings: set[asyncio.Task[None]] = field(default_factory=set)
    """Redirects, and other things told to Asterisk, whose answer is awaited."""
    callbacks: CallbackList = field(default_factory=CallbackList)
    telling: Telling = field(default_factory=Telling)

    def __post_init__(self) -> None:
        settings = self.settings
        rules = Rules(
            settings.ageing_seconds,
            settings.senior_only_seconds,
            settings.manager_only_seconds,
            settings.any_seat_seconds,
            settings.skill_wanted,
        )
        self.board = Board(
            rules,
            settings.important_priority,
            owner_wait=settings.owner_wait_seconds,
            clerk_overflow=settings.clerk_overflow_waiting,
        )
        self.customs = Customs(
            settings.misses_before_away,
            settings.wrap_up_seconds,
            {str(service): seconds for service, seconds in settings.wrap_up_by_service.items()},
        )
        self.outbox = Outbox(self.database, self.clock, promise=settings.promise_seconds)
        self.lease = max(settings.lease_seconds, settings.ring_seconds + 5.0)

    @property
    def acts(self) -> bool:
        """Whether seats may be claimed and callers redirected."""
        return self.resumed and self.linked and self.term is not None and not self.term.lost.is_set()

    def stop_acting(self) -> None:
        """No offers from here to the next pick-up."""
        self.away_since = self.away_since or self.clock.now()
        if not self.linked:
            self.resumed = False

    def note(self, event: CallEvent) -> None:
        """Hear `event` in its turn."""
        try:
            self.inbox.put_nowait(Noted(event))
        except asyncio.QueueFull:
            asyncio.get_running_loop().call_later(0.05, self.note, event)

    def later(self, seconds: float, act: Callable[[], Awaitable[None]]) -> asyncio.TimerHandle:
        """Handle `act` like anything else that happens, in its turn."""
        return asyncio.get_running_loop().call_later(seconds, self._due, act)

    def _due(self, act: Callable[[], Awaitable[None]]) -> None:
        try:
            self.inbox.put_nowait(Due(act))
        except asyncio.QueueFull:
            self.later(0.05, act)
