"""What is wrong on the floor right now, as a pure function of what is known and of the thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from acd.breaks import break_until
from acd.floor import FloorView, SeatView
from acd.seats import SeatState
from acd.today import Total
from console.errors import N_
from hotline.settings import WallboardSettings
from recordings.findings import Problem
from transcribe.given_up import GivenUp


class Weight(StrEnum):
    BAD = "bad"
    """With a sound of two tones."""
    WARN = "warn"
    """With one soft tone."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """`key` stays the same while the alarm lasts: a wall sounds once for it, until it is over and comes back."""

    key: str
    weight: Weight
    text: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    wall: WallboardSettings
    break_minutes: Mapping[str, float]
    """How long a break may last, by its reason."""


@dataclass(frozen=True, slots=True)
class Health:
    """What the machines say; `None` where it could not be asked."""

    leads: bool
    """A controller holds the leader's lock."""
    linked: bool
    """It is connected to Asterisk and has picked the floor up."""
    worker: bool
    disk: str
    """`ok`, `low` or `full`."""
    free_mb: int
    recordings: Mapping[Problem, int]
    """Open problems of recordings by kind (D66)."""
    given_up: GivenUp = field(default_factory=GivenUp)
    """Recordings that could not be recognised and wait for a clerk to listen."""


_RECORDINGS: Mapping[Problem, tuple[Weight, str]] = {
    Problem.UNREADABLE: (Weight.BAD, N_("%(count)s stored recordings are damaged or gone")),
    Problem.MISSING: (Weight.BAD, N_("%(count)s calls have no recording")),
    Problem.SHORT: (Weight.WARN, N_("%(count)s recordings are shorter than their calls")),
    Problem.CALLER_SILENT: (Weight.WARN, N_("%(count)s recordings have no sound of the caller")),
    Problem.SEAT_SILENT: (Weight.WARN, N_("%(count)s recordings have no sound of the seat")),
    Problem.LEGS_DIFFER: (Weight.WARN, N_("%(count)s recordings have sides of different length")),
    Problem.NO_CALL: (Weight.WARN, N_("%(count)s recordings belong to no known call")),
}


def alarms(floor: FloorView, lately: Total, health: Health, limits: Limits) -> list[Alarm]:
    """The worst first. `lately` is of the present and the last half hour."""
    return [*_machines(health), *_callers(floor, lately, limits.wall), *_seats(floor, limits), *_files(health)]


def _machines(health: Health) -> list[Alarm]:
    found = []
    if not health.leads:
        found.append(Alarm("controller", Weight.BAD, N_("No controller: callers go to the fallback queue")))
    elif not health.linked:
        found.append(Alarm("link", Weight.BAD, N_("No connection to Asterisk: seats are not offered calls")))
    if not health.worker:
        found.append(Alarm("worker", Weight.WARN, N_("The worker has stopped: recordings wait to be stored")))
    if health.disk == "full":
        found.append(Alarm("disk_full", Weight.BAD, N_("The disk is full: calls are not recorded")))
    elif health.disk == "low":
        values = {"free": health.free_mb}
        found.append(Alarm("disk_low", Weight.WARN, N_("The disk is nearly full: %(free)s MB left"), values))
    return found


def _callers(floor: FloorView, lately: Total, limits: WallboardSettings) -> list[Alarm]:
    found = []
    if len(floor.waiting) >= limits.waiting:
        found.append(Alarm("waiting", Weight.BAD, N_("%(count)s callers are waiting"), {"count": len(floor.waiting)}))
    longest = max((caller.seconds for caller in floor.waiting), default=0.0)
    if longest > limits.wait_seconds:
        values = {"seconds": round(limits.wait_seconds)}
        found.append(Alarm("wait", Weight.BAD, N_("A caller has waited for more than %(seconds)s s"), values))
    if lately.level is not None and lately.decided >= limits.level_calls and lately.level < limits.level:
        values = {"share": round(lately.level * 100)}
        found.append(Alarm("level", Weight.WARN, N_("Service level of the last half hour: %(share)s%%"), values))
    ready = any(seat.state == "ready" and seat.reachable for seat in floor.seats)
    if floor.waiting and not ready and not any(seat.state == "ringing" for seat in floor.seats):
        found.append(Alarm("nobody_ready", Weight.WARN, N_("Callers wait and no seat is ready")))
    return found


def _seats(floor: FloorView, limits: Limits) -> list[Alarm]:
    found = []
    away = [seat.extension for seat in floor.seats if seat.state == SeatState.NOT_ANSWERING]
    if away:
        found.append(Alarm("away", Weight.WARN, N_("Ring in vain: %(seats)s"), {"seats": " ".join(away[:6])}))
    long = [seat.extension for seat in floor.seats if over_break(seat, limits.break_minutes, floor.taken_at)]
    if long:
        found.append(Alarm("breaks", Weight.WARN, N_("Break over its limit: %(seats)s"), {"seats": " ".join(long[:6])}))
    return found


def _files(health: Health) -> list[Alarm]:
    """What fails in holding calls against their recordings, with the reason; which calls, the recordings' page says."""
    found = [
        Alarm(f"recordings_{kind}", weight, text, {"count": health.recordings[kind]})
        for kind, (weight, text) in _RECORDINGS.items()
        if health.recordings.get(kind)
    ]
    if health.given_up.calls:
        values = {"count": health.given_up.calls, "reason": health.given_up.reason}
        found.append(
            Alarm("given_up", Weight.WARN, N_("%(count)s recordings cannot be recognised: %(reason)s"), values)
        )
    return found


def over_break(seat: SeatView, minutes: Mapping[str, float], now: datetime) -> bool:
    """Whether a seat's break has lasted longer than its reason allows."""
    if seat.state != SeatState.BREAK:
        return False
    end = break_until(seat.break_reason, now - timedelta(seconds=seat.seconds), minutes)
    return end is not None and now > end
