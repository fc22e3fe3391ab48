"""The lines that tell a milestone, and what may be written into an Asterisk configuration at all."""

from __future__ import annotations

import re

from ivr.errors import RenderError

_PLAIN = re.compile(r"[A-Za-z0-9 ._/:+*%@=<>-]*")
"""Nothing that Asterisk's parser reads as more than text: no line break, `;`, `,`, `$`, bracket, quote, backslash."""


class Lines(str):
    """Dialplan text made by this package, exempt from the check on inserted values."""

    __slots__ = ()


def checked(value: object) -> object:
    """Jinja's `finalize`: refuse a value that could end its line or begin something else.

    Raises RenderError. Settings, extensions and secrets come through here, prompts and menus too.
    """
    if isinstance(value, Lines) or value is None:
        return value
    text = str(value)
    if not _PLAIN.fullmatch(text):
        raise RenderError(
            f"the value {text[:40]!r} cannot stand in an Asterisk configuration; "
            "use letters, digits and . _ / : + - only"
        )
    return text


def tell(
    kind: str,
    detail: str = "",
    *,
    at: str = "${HL_AT}",
    call: str = "${UNIQUEID}",
    service: str = "${HL_SERVICE}",
    caller: str = "${HL_CALLER}",
    seat: str = "${HL_SEAT}",
    epoch: str = "${HL_EPOCH}",
) -> Lines:
    """Dialplan lines that tell a milestone: first to the journal, then as the last line to the controller.

    `At` is Asterisk's clock in seconds with milliseconds. The arguments are dialplan text: plain words or variables
    that the dialplan itself has set from digits.
    """
    lines = []
    if at == "${HL_AT}":
        lines.append("Set(HL_AT=${STRFTIME(,UTC,%s.%3q)})")
    lines.append(f"CELGenUserEvent(HL_{kind},{call}|{at}|{service}|{caller}|{seat}|{epoch}|{detail})")
    lines.append(
        f"UserEvent(Hotline,Kind: {kind},Call: {call},At: {at},Service: {service},Caller: {caller},"
        f"Seat: {seat},Epoch: {epoch},Detail: {detail})"
    )
    return Lines("\n".join(f" same => n,{line}" for line in lines))
