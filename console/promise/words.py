"""The milestones of a call in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from console.errors import N_

MILESTONES: Final[Mapping[str, str]] = {
    "entered": N_("entered the hotline"),
    "menu": N_("chose in the menu"),
    "noticed": N_("heard that the call is recorded, and stayed"),
    "queued": N_("stood in line"),
    "ringing": N_("a seat rings"),
    "refused": N_("the seat could not be rung"),
    "answered": N_("a seat answered"),
    "returned": N_("nobody picked up"),
    "talked": N_("the seat hung up"),
    "survey": N_("gave a mark"),
    "voicemail": N_("went to the message box"),
    "message": N_("left a message in the box"),
    "callback": N_("asked for a call-back"),
    "called_back": N_("was called back"),
    "fallback": N_("went to the fallback queue"),
    "fallback_answered": N_("answered from the fallback queue"),
    "handed": N_("was handed on"),
    "reattached": N_("the seat's telephone came back"),
    "lost": N_("the seat's telephone fell silent"),
    "left": N_("the seat left the call"),
    "joined": N_("a second seat joined"),
    "consulting": N_("the seat consults"),
    "consult_over": N_("the consultation is over"),
    "consulted": N_("consultation begins"),
    "placed": N_("call to the customer placed"),
    "held": N_("on hold"),
    "resumed": N_("off hold"),
    "paused": N_("the recording was paused"),
    "unpaused": N_("the recording went on"),
    "interrupted": N_("nobody could assign the caller for a while"),
    "ended": N_("the call ended"),
}
ENDS: Final[Mapping[str, str]] = {
    "answered": N_("answered late"),
    "abandoned": N_("gave up waiting"),
    "voicemail": N_("went to the box"),
    "callback": N_("wants a call-back"),
    "waiting": N_("still waits"),
}
