"""Which SIP messages of a browser go on to Asterisk: those that it may send as its own seat.

Asterisk takes callers' SIP from this machine, where the console runs, so that a browser that wrote a stranger's number
into From would be taken for a caller. Hence every request outside a dialog must come from the seat itself.
"""

from __future__ import annotations

import re

METHODS = frozenset({"REGISTER", "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "UPDATE"})
LONGEST = 65_535
"""Characters of one message; an INVITE of a browser has about 3000."""

_KEEP_ALIVE = frozenset({"\r\n", "\r\n\r\n"})
_BARE_END = re.compile(r"(?<!\r)\n|\r(?!\n)")
_NAME_ADDR = re.compile(r'(?:"[^"<>]*" *|[^"<>]*)<sips?:([^@<>]*)@[^<>]*>([^<>]*)')


def may_pass(frame: str, extension: str) -> bool:
    """Whether `frame` is a keep-alive, a response, or a request that seat `extension` may send."""
    if frame in _KEEP_ALIVE:
        return True
    head = frame.partition("\r\n\r\n")[0]
    if len(frame) > LONGEST or _BARE_END.search(head) or "\0" in head:
        return False
    start, *lines = head.split("\r\n")
    if start.startswith("SIP/2.0 "):
        return True
    if start.partition(" ")[0] not in METHODS or any(line[:1] in {" ", "\t"} for line in lines):
        return False  # a folded line could hide a header from us that Asterisk sees
    sender, to = _only(lines, "from", "f"), _only(lines, "to", "t")
    if sender is None or to is None:
        return False
    return _in_dialog(to) or sender[1] == extension


def _only(lines: list[str], *names: str) -> re.Match[str] | None:
    """The value of the one header of these names, where it has the form `name <sip:user@host>;parameters`."""
    found = [value for name, _, value in (line.partition(":") for line in lines) if name.strip().lower() in names]
    return _NAME_ADDR.fullmatch(found[0].strip()) if len(found) == 1 else None


def _in_dialog(to: re.Match[str]) -> bool:
    """Asterisk matches such a request with a call that it knows, or refuses it."""
    return any(parameter.strip().lower().startswith("tag=") for parameter in to[2].split(";"))
