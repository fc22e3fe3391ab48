"""Names of channels, reply channels and refusals on screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cases.text_entries import Channel, Reply, TextState
from cases.text_pages import Refusal
from console.errors import N_

CHANNELS: Final[Mapping[str, str]] = {
    Channel.LETTER: N_("Letter"),
    Channel.FAX: N_("Fax"),
    Channel.EMAIL: N_("E-mail"),
    Channel.WALK_IN: N_("Visitor"),
    Channel.DEPARTMENT: N_("Other department"),
    Channel.WEB: N_("Web site"),
    Channel.SMS: N_("Short message"),
}
REPLIES: Final[Mapping[str, str]] = {
    Reply.PHONE: N_("By telephone"),
    Reply.LETTER: N_("By letter"),
    Reply.FAX: N_("By fax"),
    Reply.EMAIL: N_("By e-mail"),
    Reply.SMS: N_("By short message"),
    Reply.VISIT: N_("When the visitor comes again"),
    Reply.DEPARTMENT: N_("Through the department that sent it"),
    Reply.NONE: N_("No answer is wanted"),
}
STATES: Final[Mapping[str, str]] = {
    TextState.OPEN: N_("to be keyed"),
    TextState.ORDERED: N_("order made"),
    TextState.DISCARDED: N_("no order made"),
}
REFUSALS: Final[Mapping[str, str]] = {
    Refusal.UNKNOWN_KIND: N_("This is no PDF, JPEG, PNG or TIFF, whatever its name says; scan it as one of them."),
    Refusal.DAMAGED: N_("The file is damaged or cut off; scan it again."),
    Refusal.LOCKED: N_("This PDF is locked with a password; ask for one without."),
    Refusal.EMPTY: N_("The file is empty; scan it again."),
    Refusal.TOO_LARGE: N_("The file is too large; scan it with fewer dots per inch."),
    Refusal.TOO_MANY_PAGES: N_("The file has too many pages; split it."),
    Refusal.TOO_MANY_PIXELS: N_("A page of it has too many pixels; scan it with fewer dots per inch."),
    Refusal.TOO_MANY_FILES: N_("This text has as many files already as it may have."),
    Refusal.TOO_MUCH: N_("The file overstrains what reads it and cannot be shown safely; scan the paper anew."),
}  # fmt: skip
PROBLEMS: Final[Mapping[str, str]] = {
    "received_at": N_("Give the moment at which it reached the centre; it cannot lie in the future."),
    "reply_to": N_("Say where the answer goes."),
    "words": N_("This text cannot be kept: it is too long, or has characters that cannot be printed."),
}
WRONG_LINE: Final = N_("This is too long, or has characters that cannot be printed.")
"""Of a line of the head that nothing else is said about."""
