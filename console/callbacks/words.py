"""Catalogue keys of call-backs: states, steps of their history, and what keeps one waiting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from console.errors import N_

STATES: Final[Mapping[str, str]] = {
    "waiting": N_("waits in line"),
    "dialling": N_("customer is rung"),
    "connected": N_("on the telephone"),
    "done": N_("called back"),
    "expired": N_("expired, not reached"),
    "given_up": N_("given up, not reached"),
    "cancelled": N_("cancelled"),
}
TONES: Final[Mapping[str, str]] = {
    "dialling": "warn",
    "connected": "good",
    "done": "good",
    "expired": "bad",
    "given_up": "bad",
}
STEPS: Final[Mapping[str, str]] = {
    "asked": N_("asked for"),
    "refused": N_("this number may not be called"),
    "dialled": N_("rung for seat"),
    "reached": N_("customer answered"),
    "no_answer": N_("no answer"),
    "busy": N_("busy"),
    "unreachable": N_("not reachable"),
    "lost": N_("attempt lost"),
    "hung_up": N_("customer hung up before a seat answered"),
    "done": N_("talked with seat"),
    "expired": N_("expired"),
    "call_now": N_("pause ended by"),
    "cancelled": N_("cancelled by"),
}
OBSTACLES: Final[Mapping[str, str]] = {
    "no_trunk": N_("No line to the public network is set (asterisk.outbound)."),
    "not_allowed": N_("This number may not be called."),
    "out_of_hours": N_("Customers are not called at this hour."),
    "pause": N_("The pause after the last attempt is not over."),
    "live_callers": N_("Callers who came earlier still wait on the line."),
    "no_seat": N_("No seat is free."),
}
"""Where there is none: it is dialled in this moment."""
