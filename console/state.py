"""What every handler of the console stands on, made once by `console.app` and hung on the application."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from fastapi import Request

from hotline.clock import Clock
from hotline.database import Database
from hotline.settings import Settings

if TYPE_CHECKING:
    from console.floor.board import Board
    from console.floor.sessions import StreamSessions
    from console.floor.stream import FloorHub
    from console.login.limit import LoginLimit
    from console.pages import Pages
    from console.phone.sockets import PhoneSockets
    from console.seat.stream import SeatHub
    from console.wallboard.wall import Wall
    from hotline.bounded import BoundedWork
    from recordings.objects import Objects


@dataclass(frozen=True)
class Console:
    settings: Settings
    database: Database
    clock: Clock
    pages: Pages
    board: Board
    hub: FloorHub
    login_limit: LoginLimit
    objects: Objects
    bounded: BoundedWork
    """Looks at what strangers sent."""
    seat_hub: SeatHub
    phones: PhoneSockets
    wall: Wall
    sessions: StreamSessions

    def now(self) -> datetime:
        return self.clock.now()

    def close_streams(self) -> None:
        """End every open stream, so that the server can stop; browsers come back by themselves."""
        self.hub.close()
        self.seat_hub.close()


def console_of(request: Request) -> Console:
    """The console that serves this request."""
    console = request.app.state.console
    assert isinstance(console, Console)
    return console
