"""An agent's own seat: what it does now, and which of the desk's buttons fit."""

from __future__ import annotations

from dataclasses import dataclass

from acd.seats import SeatState
from console.errors import N_
from console.floor.board import SeatRow


@dataclass(frozen=True, slots=True)
class Button:
    action: str
    name: str
    style: str = ""


LOG_IN = Button("log-in", N_("Sign in at my seat"), "primary")
READY = Button("ready", N_("Ready for calls"), "primary")
BACK = Button("ready", N_("I am back"), "primary")
LOG_OUT = Button("log-out", N_("Sign out of my seat"))

BUTTONS: dict[str, tuple[Button, ...]] = {
    SeatState.OFFLINE: (LOG_IN,),
    SeatState.READY: (LOG_OUT,),
    SeatState.RINGING: (),
    SeatState.TALKING: (),
    SeatState.WRAP_UP: (READY, LOG_OUT),
    SeatState.BREAK: (READY, LOG_OUT),
    SeatState.NOT_ANSWERING: (BACK, LOG_OUT),
}
MAY_BREAK = frozenset(
    {SeatState.READY, SeatState.RINGING, SeatState.TALKING, SeatState.WRAP_UP, SeatState.NOT_ANSWERING}
)


@dataclass(frozen=True, slots=True)
class OwnSeat:
    seat: SeatRow
    buttons: tuple[Button, ...]
    may_break: bool


def own_seat(seats: list[SeatRow], extension: str | None) -> OwnSeat | None:
    """The controls of the person who works at `extension`; None where that is no seat of the floor."""
    for seat in seats:
        if seat.extension == extension:
            return OwnSeat(seat, BUTTONS.get(seat.state, ()), seat.state in MAY_BREAK)
    return None
